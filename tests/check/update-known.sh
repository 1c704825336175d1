#!/bin/bash
# SPDX-License-Identifier: ISC
# Writes known.txt anew: what the checks find today. For a change that makes it shorter, and for moves of files; look at the difference before you commit it.
set -u
cd "$(dirname "$(realpath "$0")")"/../.. || exit 1
here=tests/check
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT

grep '^#' $here/known.txt >"$new"/head
for check in headers sizes widths shell symbols; do
	WRITE_KNOWN=$new/known $here/check_$check.py >/dev/null
done
cat "$new"/head "$new"/known >$here/known.txt
