#!/bin/bash
# SPDX-License-Identifier: ISC
# Makes a disk image (ext4, no partitions) with a Debian system for arm64 out of a folder of packages; needs no root.
#   make-debian.sh DEBS KERNEL RAMDISK IMAGE
# First the packages are unpacked here. What their maintainer scripts do needs an arm64 machine: KERNEL and RAMDISK
# (images/disk-init) boot the image once in QEMU, where images/debian/configure runs and switches off.
# An interrupted run leaves nothing that a later one would take for an image.
set -eu
here=$(dirname "$(realpath "$0")")
PATH=$PATH:/usr/sbin:/sbin
size=640M         # as the guest sees it; the file is sparse
limit=900         # seconds for configuring, of which it takes about 100
# As in images/debian/files/etc/dpkg/dpkg.cfg.d/small; of the documents, those called copyright stay.
unwanted=('./usr/share/'{man,info,locale,lintian,bug}'/*' './usr/share/doc/*/'{'[!c]','c[!o]','co[!p]'}'*' './usr/lib/udev/hwdb.d/*')

die() { echo "make-debian.sh: $*" >&2; exit 1; }

# dpkg's database, as if dpkg itself had unpacked the package and not configured it yet.
register_package() { # DEB TREE
	local deb=$1 database=$2/var/lib/dpkg control name file
	control=$(mktemp -d)
	dpkg-deb -e "$deb" "$control"
	name=$(dpkg-deb -f "$deb" Package)
	! dpkg-deb -f "$deb" Multi-Arch | grep -qx same || name=$name:arm64
	dpkg-deb --fsys-tarfile "$deb" | tar -t | sed -e 's,^\./$,/.,' -e 's,^\.,,' -e 's,/$,,' >"$database/info/$name.list"
	{
		sed '/^Package:/a Status: install ok unpacked' "$control"/control
		if [ -s "$control"/conffiles ]; then
			printf 'Conffiles:\n'
			sed 's/.*/ & newconffile/' "$control"/conffiles
		fi
		echo
	} >>"$database"/status
	rm "$control"/control
	for file in "$control"/*; do
		[ ! -e "$file" ] || cp "$file" "$database/info/$name.${file##*/}"
	done
	rm -r "$control"
}

# Runs below fakeroot: owners and modes are as in the packages.
make_tree() { # DEBS TREE
	local tree=$2 deb
	mkdir -p "$tree"/usr/{bin,sbin,lib} "$tree"/var/lib/dpkg/{info,updates,triggers}
	ln -s usr/bin usr/sbin usr/lib "$tree"
	echo 1 >"$tree"/var/lib/dpkg/info/format
	: >"$tree"/var/lib/dpkg/available
	for deb in "$1"/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$tree" -p --numeric-owner --keep-directory-symlink \
			"${unwanted[@]/#/--exclude=}"
		register_package "$deb" "$tree"
	done
	cp -rT --no-preserve=ownership "$here"/debian/files "$tree"
	install -D -m 755 "$here"/debian/configure "$tree"/usr/lib/plinth/configure
}

make_image() { # DEBS TREE IMAGE
	make_tree "$1" "$2"
	truncate -s "$size" "$3"
	mke2fs -q -F -t ext4 -L debian -m 1 -E lazy_itable_init=0,root_owner=0:0 -d "$2" "$3"
}

# The machine is one without a hypervisor; what it prints goes to LOG, and names of packages to the terminal.
configure_image() { # KERNEL RAMDISK IMAGE LOG
	timeout -s KILL $limit qemu-system-aarch64 -M virt -cpu cortex-a57 -smp 2 -m 512 -nographic -nic none -no-reboot \
		-kernel "$1" -initrd "$2" -append "console=ttyAMA0 quiet root=/dev/vda rw init=/usr/lib/plinth/configure" \
		-drive "file=$3,if=none,id=root,format=raw,cache=unsafe" -device virtio-blk-device,drive=root </dev/null 2>&1 |
		sed -u 's/\r//g' | tee "$4" | sed -u -n 's/^configure: /  DEBIAN   /p' || :
	grep -q '^configure: done$' "$4" || die "configuring failed, or took more than $limit s; the console is in $4"
}

if [ "${1:-}" = --image ]; then # below fakeroot
	shift
	make_image "$@"
	exit
fi

[ $# -eq 4 ] || die "usage: make-debian.sh DEBS KERNEL RAMDISK IMAGE"
debs=$1 kernel=$2 ramdisk=$3 image=$4
work=$image.work
trap 'rm -rf "$work"' EXIT
rm -rf "$work"
mkdir -p "$work"
packages=("$debs"/*)
echo "  DEBIAN   unpacking ${#packages[@]} packages into ${image#"$PWD"/}"
fakeroot -- "$0" --image "$debs" "$work"/tree "$image.new"
configure_image "$kernel" "$ramdisk" "$image.new" "$image.log"
e2fsck -f -n "$image.new" >"$work"/fsck 2>&1 || die "the new file system is damaged: $(cat "$work"/fsck)"
mv "$image.new" "$image"
