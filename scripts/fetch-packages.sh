#!/bin/bash
# SPDX-License-Identifier: ISC
# Downloads Debian packages of another architecture (arm64, armhf) with a private apt configuration; needs no root and leaves this machine's own
# package lists alone.
#   fetch-packages.sh ARCH APTDIR SUITE ROOT PACKAGE...           and unpacks just these below ROOT
#   fetch-packages.sh --system ARCH APTDIR SUITE DEBS PACKAGE...  and all that a system with them needs: links to
#                                                                 the files of the packages, in DEBS
# APTDIR keeps the package lists and the downloaded files, so that a second run fetches only what is new.
# linux-image-arm64 and linux-image-armmp-lpae stand for the kernel package that they depend on, and for those that this
# one consists of.
set -eu
deliver=unpack
if [ "$1" = --system ]; then
	deliver=link
	shift
fi
arch=$1 apt=$(realpath -m "$2") suite=$3 root=$(realpath -m "$4")
shift 4

die() { echo "fetch-packages.sh: $*" >&2; exit 1; }

# The mirror is the one that this machine's own apt uses for the same suite, else its first one for "main".
find_mirror() {
	apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
		awk -v suite="$suite" '$2 != "main" || $1 ~ /(security|updates)/ { next }
			$1 == suite { exact = exact ? exact : $3 } { first = first ? first : $3 }
			END { print exact ? exact : first }'
}

write_config() {
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg mirror
	mirror=$(find_mirror)
	[ -n "$mirror" ] || die "this machine's apt knows no Debian mirror (apt-get indextargets is empty): add one to /etc/apt"
	[ -r $keyring ] || die "$keyring is missing: install debian-archive-keyring"
	mkdir -p "$apt"/lists/partial "$apt"/cache/archives/partial "$apt"/debs
	: >"$apt"/status
	echo "deb [signed-by=$keyring] $mirror $suite main" >"$apt"/sources.list
	cat >"$apt"/apt.conf <<-CONF
		APT::Architecture "$arch";
		APT::Architectures { "$arch"; };
		Acquire::Languages "none";
		Acquire::Retries "5";
		Dir::State::Lists "$apt/lists";
		Dir::State::status "$apt/status";
		Dir::Cache "$apt/cache";
		Dir::Etc::SourceList "$apt/sources.list";
		Dir::Etc::SourceParts "/dev/null";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "/dev/null";
		APT::Sandbox::User "$(id -un)";
	CONF
	export APT_CONFIG=$apt/apt.conf
}

# depends PACKAGE PATTERN: those packages that it depends on whose names match
depends() {
	apt-cache depends --no-recommends --no-suggests "$1" | sed -n "s/^ *Depends: \\($2\\)\$/\\1/p"
}

# The kernel's real package name carries its version: ask the metapackage. From Linux 7 on that package is one too:
# the Image, the modules and what both need are packages of their own.
expand_name() {
	local image
	case $1 in
	linux-image-arm64 | linux-image-armmp-lpae)
		image=$(depends "$1" 'linux-image-[^ ]*')
		echo "$image"
		depends "$image" 'linux-[a-z]*-[0-9][^ ]*' ;;
	*) echo "$1" ;;
	esac
}

# The packages themselves, or all packages of a system that has them: the essential ones, and what all these depend on.
list_packages() {
	local package
	if [ $deliver = link ]; then
		apt-get -q -s --no-install-recommends install '?essential?not(?exact-name(apt))' "$@" |
			sed -n 's/^Inst \([^ ]*\) .*/\1/p'
		return
	fi
	for package in "$@"; do expand_name "$package"; done
}

# Debian writes an epoch's colon as %3a in file names; the newest file wins when an update left two.
file_of() { ls -t "$apt"/debs/"$1"_*.deb | head -n 1; }

deliver_unpack() { dpkg-deb -x "$1" "$2"; }
deliver_link() { ln -sr "$1" "$2"/; }

# apt's own lines, cut down to what a person wants to know.
show_progress() {
	sed -u -n -e 's/^Get:[0-9]* [^ ]* [^ ]* [^ ]* \([^ ]*\) .* \([^ ]*\) \[\(.*\)\]$/  FETCH    \1 \2 (\3)/p' \
		-e '/^[EW]:/p' -e '/^Err:/p'
}

write_config
echo "  UPDATE   package lists of $suite ($arch)"
apt-get -q update 2>&1 | sed -u -n '/^[EW]:\|^Err:/p'
mapfile -t packages < <(list_packages "$@")
[ ${#packages[@]} -ge $# ] || die "$suite does not have all of these for $arch: $*"
(cd "$apt"/debs && set -o pipefail && apt-get -q download "${packages[@]}" 2>&1 | show_progress) ||
	die "downloading failed: run make again, it goes on where it stopped"

rm -rf "$root".new
mkdir -p "$root".new
for package in "${packages[@]}"; do
	deb=$(file_of "$package")
	deliver_$deliver "$deb" "$root".new || die "$deb does not unpack: delete it and run make again"
done
rm -rf "$root"
mv "$root".new "$root"
echo "  UNPACK   ${#packages[@]} packages into ${root#"$PWD"/}"
