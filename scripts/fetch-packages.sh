#!/bin/bash
# SPDX-License-Identifier: ISC
# Downloads arm64 Debian packages with a private apt configuration and unpacks them below a folder; needs no
# root and leaves this machine's own package lists alone.
#   fetch-packages.sh APTDIR SUITE ROOT PACKAGE...
# APTDIR keeps the package lists and the downloaded files, so that a second run fetches only what is new.
# linux-image-arm64 stands for the kernel package that it depends on.
set -eu
apt=$(realpath -m "$1") suite=$2 root=$(realpath -m "$3")
shift 3

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
		APT::Architecture "arm64";
		APT::Architectures { "arm64"; };
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

# The kernel's real package name carries its version: ask the metapackage.
expand_name() {
	case $1 in
	linux-image-arm64)
		apt-cache depends --no-recommends --no-suggests "$1" |
			sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' ;;
	*) echo "$1" ;;
	esac
}

# apt's own lines, cut down to what a person wants to know.
show_progress() {
	sed -u -n -e 's/^Get:[0-9]* [^ ]* [^ ]* [^ ]* \([^ ]*\) .* \([^ ]*\) \[\(.*\)\]$/  FETCH    \1 \2 (\3)/p' \
		-e '/^[EW]:/p' -e '/^Err:/p'
}

write_config
echo "  UPDATE   package lists of $suite (arm64)"
apt-get -q update 2>&1 | sed -u -n '/^[EW]:\|^Err:/p'
packages=()
for package in "$@"; do
	name=$(expand_name "$package")
	[ -n "$name" ] || die "$suite has no package $package for arm64"
	packages+=("$name")
done
(cd "$apt"/debs && set -o pipefail && apt-get -q download "${packages[@]}" 2>&1 | show_progress) ||
	die "downloading failed: run make again, it goes on where it stopped"

rm -rf "$root".new
mkdir -p "$root".new
for package in "${packages[@]}"; do
	# Debian writes an epoch's colon as %3a in file names; the newest file wins when an update left two.
	deb=$(ls -t "$apt"/debs/"$package"_*.deb | head -n 1)
	dpkg-deb -x "$deb" "$root".new || die "$deb does not unpack: delete it and run make again"
done
rm -rf "$root"
mv "$root".new "$root"
echo "  UNPACK   ${#packages[@]} packages into ${root#"$PWD"/}"
