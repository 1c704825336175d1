#!/bin/bash
# SPDX-License-Identifier: ISC
# `make demo`: boots Plinth with a Debian dom0 in QEMU, which runs images/demo-dom0, and shows the console.
# Ends by itself, with status 0 if every step went well; the environment of run-qemu.sh applies.
set -eu
here=$(dirname "$(realpath "$0")")
build=${B:-$(dirname "$here")/build}
limit=${LIMIT:-300} # seconds; it takes about 30
log=$build/demo.log
[ "${ARCH:-arm64}" = arm64 ] || log=$build/demo-$ARCH.log

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$(dirname "$here")"/images/demo-dom0 "$work"/autorun
(cd "$work" && echo autorun | cpio -o -H newc -R 0:0 --quiet >demo.cpio)

echo "Booting Plinth and its dom0 in QEMU (no longer than $limit s, usually a tenth of that)"
INITRD="${INITRD:-} $work/demo.cpio" DOM0_ARGS="quiet ${DOM0_ARGS:-}" \
	timeout -s KILL "$limit" "$here"/run-qemu.sh </dev/null 2>&1 |
	sed -u -e 's/\r//g' -e 's/\x1b\[6n//g' | tee "$log" || :

if ! grep -q '^demo: all went well$' "$log"; then
	echo "The demo did not go well. The whole console is in $log"
	exit 1
fi
echo "This was the demo. 'make run' gives you the same machine with a shell in dom0; the console's log is in $log"
