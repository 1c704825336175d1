#!/bin/bash
# SPDX-License-Identifier: ISC
# Boots dom0, puts files into it, runs one command there, prints its output and exits with its status.
#   [HV=xen] scripts/try-in-dom0.sh [-v] [-t SECONDS] [FILE...] -- COMMAND
# FILE (or folder) lands in /try, which is the working directory and first in PATH and LD_LIBRARY_PATH. COMMAND is a
# shell command line. -v shows the whole console, -t is the hard limit (120 s; then the status is 137).
# The environment of run-qemu.sh applies (HV, KERNEL, GIC, SMP, MEM, TOOLS, ...), so HV=xen TOOLS=xl -- xl info works.
set -eu
here=$(dirname "$(realpath "$0")")
usage() { sed -n 's/^# \?//; 3,8p' "$0" >&2; exit 2; }

verbose=0 limit=120 files=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	case $1 in
	-v) verbose=1 ;;
	-t) limit=$2; shift ;;
	-*) usage ;;
	*) files+=("$1") ;;
	esac
	shift
done
[ $# -ge 2 ] || usage
shift

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/root/try
[ ${#files[@]} -eq 0 ] || cp -rL "${files[@]}" "$work"/root/try/
printf '%s\n' "$*" >"$work"/root/try/.command
cat >"$work"/root/autorun <<'EOS'
cd /try
echo 'try: begin'
PATH=/try:$PATH LD_LIBRARY_PATH=/try sh .command 2>&1
printf '\ntry: status %d\n' $?
EOS
(cd "$work"/root && find . -mindepth 1 | cpio -o -H newc -R 0:0 --quiet) >"$work"/try.cpio

# shellcheck disable=SC2086 # a list of words
INITRD="${INITRD:-} $work/try.cpio" timeout -s KILL "$limit" "$here"/run-qemu.sh ${QEMU_ARGS:-} </dev/null 2>&1 |
	tr -d '\r' | tee "$work"/log |
	if [ $verbose = 1 ]; then cat; else sed -u -n '/^try: begin$/,/^try: status/{/^try: /!p}'; fi || :
status=$(sed -n 's/^try: status \([0-9]*\)$/\1/p' "$work"/log | tail -n 1)
if [ -z "$status" ]; then
	echo "try-in-dom0.sh: the command did not end within $limit s; the end of the console:" >&2
	tail -n 40 "$work"/log >&2
	exit 137
fi
exit "$status"
