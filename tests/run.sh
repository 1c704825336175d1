#!/bin/bash
# SPDX-License-Identifier: ISC
# Runs kinds of tests one after the other (make test-KIND), goes on where one fails, and ends with one line of sums.
#   run.sh BUILD KIND...
set -u
build=$1
shift
logs=$build/tests
mkdir -p "$logs"

# Every kind prints a line "N passed" or "N passed, M failed" (pytest: "M failed, N passed"); the last one counts.
count() { # WORD LOG
	grep -E '(^|[^0-9.])[0-9]+ (passed|failed)' "$2" | tail -n 1 | grep -oE "[0-9]+ $1" | grep -oE '^[0-9]+' || echo 0
}

passed=0 failed=0 broken=()
for kind in "$@"; do
	echo "== make test-$kind"
	make --no-print-directory -k -j"$(nproc)" "test-$kind" 2>&1 | tee "$logs/$kind.log"
	status=${PIPESTATUS[0]}
	good=$(count passed "$logs/$kind.log") bad=$(($(count failed "$logs/$kind.log") + $(count errors? "$logs/$kind.log")))
	# What failed without having been counted (a build, a crash) counts once, and so does testing nothing.
	if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$good" -eq 0 ]; }; then bad=1; fi
	[ "$bad" -eq 0 ] || broken+=("$kind")
	passed=$((passed + good)) failed=$((failed + bad))
done

[ ${#broken[@]} -eq 0 ] || echo "Failing kinds: ${broken[*]} (logs: $logs/*.log, consoles: $build/test-logs)"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
