#!/bin/bash
# SPDX-License-Identifier: ISC
# Makes the files that the QEMU machine boots, from unpacked packages:
#   make-images.sh kernel KERNEL_ROOT ROOT OUT   OUT/Image, OUT/dom0.cpio; OUT/domu.cpio.gz, OUT/disk.cpio for guests
#   make-images.sh tools DESTDIR ROOT OUT.cpio   what `make install DESTDIR=` installed, and the libraries it needs
#   make-images.sh xen XEN_ROOT ROOT OUT.cpio    stock Xen's tools and the libraries they need
# An initrd may be several cpio archives, one behind the other: dom0.cpio changes rarely, the tools often.
# OUT/Image is Debian's kernel as it is: on armhf a zImage. Modules are lists of words.
# shellcheck disable=SC2086
set -eu
here=$(dirname "$(realpath "$0")")
what=$1 source=$(realpath "$2") root=$(realpath "$3") out=$(realpath -m "$4")
PATH=$PATH:/usr/sbin:/sbin

# Modules that dom0 loads at boot, in this order; the rest of the list is there for the kernel to ask for.
boot_modules="xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs xen-blkback xen-netback loop bridge
	virtio_pci virtio_mmio virtio_blk virtio_net"
more_modules="ext4 vfat nls_ascii nls_cp437"
# What a guest's disks and networks need; guest-init loads them.
guest_modules="xen-blkfront xen-netfront"
# What disk-init loads; the virtio ones are for a machine without Xen, autofs4 is for systemd.
disk_modules="$guest_modules autofs4 virtio_mmio virtio_pci virtio_blk virtio_net ext4"
# Libraries that every dom0 has; the C library opens libgcc_s by name when a thread is cancelled.
base_libraries="ld-linux-*.so.? libc.so.6 libm.so.6 libgcc_s.so.1 libfdt.so.1 libyajl.so.2 libz.so.1"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# pack FOLDER: a cpio archive on stdout, the same for the same content, everything owned by root
pack() { (cd "$1" && find . -mindepth 1 | LC_ALL=C sort | cpio -o -H newc -R 0:0 --reproducible --quiet); }

copy_modules() { # VERSION TO NAMES...
	local version=$1 top=$2 to=$2/lib/modules/$1 tree name file
	shift 2
	tree=$source/usr; [ -d "$tree/lib/modules" ] || tree=$source
	depmod -b "$tree" "$version"
	mkdir -p "$to"
	cp "$tree/lib/modules/$version"/modules.{order,builtin,builtin.modinfo} "$to"/
	for name in "$@"; do
		modprobe -d "$tree" -S "$version" --show-depends "$name" || {
			echo "make-images.sh: $version has no module $name" >&2
			exit 1
		}
	done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | while read -r file; do
		install -D -m 644 -t "$to/$(dirname "${file#"$tree/lib/modules/$version/"}")" "$file"
	done
	find "$to" -name '*.xz' -exec xz -d {} +
	depmod -b "$top" "$version"
}

copy_library() { # NAME TO
	local found
	found=$(find "$root"/lib "$root"/usr/lib "$source" -name "$1" -print -quit)
	if [ -z "$found" ]; then
		echo "make-images.sh: no package in the list has $1" >&2
		exit 1
	fi
	install -D "$found" "$2/lib/$(basename "$found")"
}

is_base_library() { # NAME
	local pattern
	for pattern in $base_libraries; do
		# shellcheck disable=SC2053 # it is a pattern
		[[ $1 != $pattern ]] || return 0
	done
	return 1
}

# The libraries that the programs below FOLDER need, and those which these need, but for what dom0 has anyway.
copy_libraries() { # FOLDER
	local again=1 name
	while [ $again = 1 ]; do
		again=0
		for name in $(find "$1" -type f \( -perm -100 -o -name '*.so*' \) -exec readelf -d {} + 2>/dev/null |
			sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u); do
			is_base_library "$name" && continue
			[ -z "$(find "$1" -name "$name" -print -quit)" ] || continue
			copy_library "$name" "$1"
			again=1
		done
	done
}

make_kernel() {
	local image version name
	# Debian has the Image below /boot, from Linux 7 on beside the modules.
	for image in "$source"/boot/vmlinuz-* "$source"/usr/lib/modules/*/vmlinuz; do [ ! -e "$image" ] || break; done
	[ -e "$image" ] || { echo "make-images.sh: no kernel below $source" >&2; exit 1; }
	case $image in
	*/boot/vmlinuz-*) version=${image#*/boot/vmlinuz-} ;;
	*) version=$(basename "$(dirname "$image")") ;;
	esac
	mkdir -p "$out" "$work"/domu/bin "$work"/dom0/{bin,etc,guests}
	cp "$image" "$out"/Image
	cp "$root"/bin/busybox "$work"/domu/bin/
	install "$here"/guest-init "$work"/domu/init
	install -D "$here"/guest-end "$work"/domu/sbin/poweroff
	install "$here"/guest-end "$work"/domu/sbin/reboot
	copy_modules "$version" "$work"/domu $guest_modules
	pack "$work"/domu | gzip -9n >"$out"/domu.cpio.gz

	mkdir -p "$work"/disk/{bin,etc}
	cp "$root"/bin/busybox "$work"/disk/bin/
	install "$here"/disk-init "$work"/disk/init
	printf '%s\n' $disk_modules >"$work"/disk/etc/modules
	copy_modules "$version" "$work"/disk $disk_modules
	pack "$work"/disk >"$out"/disk.cpio

	cp "$root"/bin/busybox "$work"/dom0/bin/
	install "$here"/dom0-init "$work"/dom0/init
	printf '%s\n' $boot_modules >"$work"/dom0/etc/modules
	copy_modules "$version" "$work"/dom0 $boot_modules $more_modules
	for name in $base_libraries; do copy_library "$name" "$work"/dom0; done
	cp "$out"/{Image,domu.cpio.gz,disk.cpio} "$work"/dom0/guests/
	# A zImage is compressed already.
	[[ $image == *armmp* ]] || gzip -1n <"$out"/Image >"$work"/dom0/guests/Image.gz
	pack "$work"/dom0 >"$out"/dom0.cpio.new
	mv "$out"/dom0.cpio.new "$out"/dom0.cpio
}

make_tools() {
	cp -a "$source" "$work"/tools
	mkdir -p "$work"/tools/guests
	cp "$work"/tools/usr/share/doc/plinth/examples/* "$work"/tools/guests/ 2>/dev/null || :
	copy_libraries "$work"/tools
	pack "$work"/tools >"$out"
}

make_xen() {
	mkdir -p "$work"/xen/{bin,etc/xen,usr/lib,usr/bin}
	cp -a "$source"/usr/lib/xen-4.17 "$work"/xen/usr/lib/
	cp -a "$source"/usr/bin/xenstore* "$work"/xen/usr/bin/
	# xl runs these for disks and networks; they are written for bash, and lock by flock.
	cp -a "$source"/etc/xen/scripts "$work"/xen/etc/xen/
	cp -a "$source"/bin/bash "$work"/xen/bin/
	cp -a "$source"/usr/bin/flock "$source"/usr/bin/script "$work"/xen/usr/bin/
	rm -rf "$work"/xen/usr/lib/xen-4.17/{boot,lib/python*}
	copy_libraries "$work"/xen
	pack "$work"/xen >"$out"
}

make_"$what"
