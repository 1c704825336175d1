#!/bin/bash
# SPDX-License-Identifier: ISC
# Sees to it that the Debian packages given as arguments are installed on this machine.
# Says nothing and changes nothing when they all are; otherwise names what it installs.
set -u

missing=()
installed=" $(dpkg-query -W -f '${db:Status-Abbrev}${Package} ' "$@" 2>/dev/null) "
for package in "$@"; do
	case $installed in
	*" ii $package "*) ;;
	*) missing+=("$package") ;;
	esac
done
[ ${#missing[@]} -eq 0 ] && exit 0

install=(apt-get -q -y -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}")
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "These Debian packages are missing: ${missing[*]}" >&2
		echo "There is no sudo here: run as root:  ${install[*]}" >&2
		exit 1
	fi
	as_root=(sudo env DEBIAN_FRONTEND=noninteractive)
else
	as_root=(env DEBIAN_FRONTEND=noninteractive)
fi

echo "These Debian packages are missing and will be installed${as_root:+ with ${as_root[0]}}: ${missing[*]}"
if ! "${as_root[@]}" "${install[@]}"; then
	# A machine whose package lists are old or absent (a fresh container) needs an update first.
	"${as_root[@]}" apt-get -q update && "${as_root[@]}" "${install[@]}"
fi || {
	echo "Installing failed: see the lines above. Once they are installed by hand, run make again:" >&2
	echo "  ${install[*]}" >&2
	exit 1
}
