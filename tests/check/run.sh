#!/bin/bash
# SPDX-License-Identifier: ISC
# Runs checks (the names after check_ and before .py) as many at a time as there are CPUs, prints what each prints, and
# ends with the sums.
set -u
cd "$(dirname "$(realpath "$0")")"/../.. || exit 1
logs=build/check
mkdir -p "$logs"
export PYTHONDONTWRITEBYTECODE=1

printf '%s\n' "$@" | xargs -P "$(nproc)" -I NAME sh -c 'tests/check/check_NAME.py >'"$logs"'/NAME.log 2>&1'
passed=0 failed=0
for name in "$@"; do
	cat "$logs/$name.log"
	sums=$(tail -n 1 "$logs/$name.log" | sed -n "s/^$name: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p")
	# A check that ended without its sums failed.
	read -r good bad <<<"${sums:-0 1}"
	passed=$((passed + good)) failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
