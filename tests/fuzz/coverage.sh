#!/bin/bash
# SPDX-License-Identifier: ISC
# Prints how many lines of each file the inputs of fuzz targets reach, and fails where a file of the hypervisor that guests
# reach by calls and accesses is below the limit.
#   coverage.sh LIMIT PROGRAM...     each PROGRAM has been run and left PROGRAM.raw
set -eu
limit=$1
shift
for tool in profdata cov; do
	command -v "llvm-$tool" >/dev/null || { echo "llvm-$tool is missing: apt-get install llvm" >&2; exit 1; }
done

merged=$1.prof
llvm-profdata merge -o "$merged" "${@/%/.raw}"
objects=("$1")
for program in "${@:2}"; do objects+=(-object "$program"); done
llvm-cov export -summary-only -instr-profile="$merged" "${objects[@]}" 2>/dev/null |
	python3 -c '
import json, os, sys
limit = float(sys.argv[1])
rooms = ("hypervisor/core/", "hypervisor/mem/", "hypervisor/calls/", "hypervisor/vdev/")
# What the C library has: the host has its own, and test_lib tests these.
library = ("hypervisor/lib/lib.c", "hypervisor/lib/mem_unaligned.c")
below = 0
for entry in sorted(json.load(sys.stdin)["data"][0]["files"], key=lambda e: e["filename"]):
    name, lines = os.path.relpath(entry["filename"]), entry["summary"]["lines"]
    held = name.startswith(rooms) and name.endswith(".c") and name not in library
    low = held and lines["percent"] < limit
    below += low
    if held:
        print("%6.1f %%  %5d of %5d lines  %s%s" % (lines["percent"], lines["covered"], lines["count"], name,
              "   BELOW %g %%" % limit if low else ""))
print("%d files below %g %%" % (below, limit))
sys.exit(below != 0)
' "$limit"
