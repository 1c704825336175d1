#!/bin/bash
# SPDX-License-Identifier: ISC
# Boots the QEMU machine that everything here is tried on; arguments go to QEMU as they are. By environment:
#   ARCH=arm64|arm      arm: ARMv7, two Cortex-A15, with what make ARCH=arm images made    default arm64
#   HV=plinth|xen|none  the hypervisor (none: Linux on the bare machine)      default plinth
#   KERNEL=6.1|6.12|newest  dom0's Debian kernel (newest: after make build/images/newest/dom0.cpio)  default 6.1
#   TOOLS=plinth|xl|mixed  the toolstack in dom0; mixed: vmctl, with stock xenstored  default plinth
#   GIC=2|3 SMP=N MEM=MiB CPU=MODEL the machine                  default 3, 2, 2048, cortex-a57; arm: 2, ..., cortex-a15
#   DOM0_MEM=SIZE HV_ARGS=... DOM0_ARGS=...  more for the command lines       default 512M
#   REBOOT=1            a reset boots again (default: it ends QEMU)
#   INITRD="FILE..."    more (uncompressed) cpio archives for dom0
#   DISKS=N             disks with a Debian system each, for guests: /dev/disk/by-id/virtio-debian1 to N in dom0,
#                       and a bridge xenbr0. What is written to them is gone when QEMU ends     default 0
#   PLINTH=FILE IMAGES=FOLDER  what is booted                                 default build/...
# The console is the terminal: ctrl-a x ends QEMU, ctrl-a c is its monitor.
set -eu
top=$(dirname "$(dirname "$(realpath "$0")")")
build=${B:-$top/build}
hv=${HV:-plinth} tools=${TOOLS:-plinth}

die() { echo "run-qemu.sh: $*" >&2; exit 2; }
# By architecture: hypervisor and its peer, images, the machine. Initrds lie behind the kernel's size in memory: an Image
# names it at offset 16, with its bss; a zImage unpacks itself into less than 64 MiB.
case ${ARCH:-arm64} in
arm64) plinth=$build/hyp/plinth xen=$build/xen/boot/xen-4.17-arm64 images=${IMAGES:-$build/images}
	gic=3 cpu=cortex-a57 ;;
arm) plinth=$build/hyp-arm/plinth xen=$build/xen-armhf/boot/xen-4.17-armhf images=${IMAGES:-$build/arm/images}
	gic=2 cpu=cortex-a15 ;;
*) die "ARCH=$ARCH: arm64 or arm" ;;
esac
kernel=$images/${KERNEL:=6.1}/Image
need() { [ -r "$1" ] || die "$1 is missing: run make first"; }

parts=("$images/$KERNEL/dom0.cpio")
case $tools in
plinth) [ ! -r "$images"/tools.cpio ] || parts+=("$images/tools.cpio") ;;
xl) parts+=("$images/xen.cpio") ;;
mixed) parts+=("$images/xen.cpio" "$images/tools.cpio") ;;
*) die "TOOLS=$tools: plinth, xl or mixed" ;;
esac
read -r -a more <<<"${INITRD:-}"
parts+=("${more[@]}")
for file in "$kernel" "${parts[@]}"; do need "$file"; done

# QEMU reads the joined archive through an open descriptor, so that nothing is left behind when it is killed.
joined=$(mktemp)
exec 9<"$joined"
cat "${parts[@]}" >"$joined"
rm -f "$joined"
initrd=/proc/self/fd/9

machine=(qemu-system-aarch64 -M "virt,virtualization=on,gic-version=${GIC:-$gic}" -cpu "${CPU:-$cpu}"
	-smp "${SMP:-2}" -m "${MEM:-2048}" -nographic -nic none)
[ -n "${REBOOT:-}" ] || machine+=(-no-reboot)
[ "${DISKS:-0}" -eq 0 ] || DOM0_ARGS="bridge=10.55.0.1 ${DOM0_ARGS:-}"
for ((n = 1; n <= ${DISKS:-0}; n++)); do
	need "$images"/debian.img
	machine+=(-drive "file=$images/debian.img,format=raw,snapshot=on,if=none,id=debian$n,cache=unsafe"
		-device "virtio-blk-device,drive=debian$n,serial=debian$n")
done
dom0_args="rdinit=/init tools=$tools ${DOM0_ARGS:-}"

if [ "$hv" = none ]; then
	exec "${machine[@]}" -kernel "$kernel" -initrd $initrd -append "console=ttyAMA0 $dom0_args" "$@"
fi
case $hv in
plinth) image=${PLINTH:-$plinth} hv_args="console=/pl011@9000000 dom0_mem=${DOM0_MEM:-512M}" ;;
xen) image=$xen
	hv_args="console=dtuart dtuart=/pl011@9000000 dom0_mem=${DOM0_MEM:-512M}" ;;
*) die "HV=$hv: plinth, xen or none" ;;
esac
need "$image"

# Plinth uses the modules where they lie: both inside the 512 MiB from 0x48000000 that dom0 gets, the
# initrd behind the kernel.
kernel_at=$((0x50000000))
kernel_size=$((64 << 20))
[ "${ARCH:-arm64}" = arm ] || kernel_size=$(od -A n -t u8 -j 16 -N 8 "$kernel")
initrd_at=$(((kernel_at + kernel_size + 0x1fffff) & ~0x1fffff))
exec "${machine[@]}" -kernel "$image" -append "$hv_args ${HV_ARGS:-}" \
	-device "guest-loader,addr=$kernel_at,kernel=$kernel,bootargs=console=hvc0 ${dom0_args//,/,,}" \
	-device "guest-loader,addr=$initrd_at,initrd=$initrd" "$@"
