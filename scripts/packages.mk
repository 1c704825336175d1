# SPDX-License-Identifier: ISC
# What Plinth is built from: Debian packages of this machine, and the target's, unpacked below build/.

# ---- this machine's packages ----
# Looked at (not installed again) before every build, so that a first `make` works on a fresh machine.
HOST_CROSS_arm64 := gcc-aarch64-linux-gnu libc6-dev-arm64-cross
HOST_CROSS_arm := gcc-arm-linux-gnueabihf libc6-dev-armhf-cross
HOST_PACKAGES := gcc g++ libc6-dev relacy-dev make $(HOST_CROSS_$(ARCH)) device-tree-compiler \
	libfdt-dev libyajl-dev libcmocka-dev zlib1g-dev libncurses-dev pkgconf qemu-system-arm cpio kmod \
	xz-utils e2fsprogs fakeroot python3 python3-pexpect python3-pytest python3-pytest-xdist debian-archive-keyring

# clang is big, and only the fuzzers need it; llvm has its tools that count the lines reached.
ifneq ($(filter test test-fuzz fuzz/% fuzz-%,$(MAKECMDGOALS)),)
HOST_PACKAGES += clang libclang-rt-dev llvm
endif

# What only the checks need; what is made for ARMv7 by tests.
ifneq ($(filter test test-check check check-%,$(MAKECMDGOALS)),)
HOST_PACKAGES += clang-format-14 shellcheck
endif
ifneq ($(filter test test-check check check-% test-abi test-arm,$(MAKECMDGOALS)),)
HOST_PACKAGES += $(HOST_CROSS_arm)
endif

PYTHON ?= /usr/bin/python3
PREFIX ?= /usr
DESTDIR ?=

ifneq ($(MAKELEVEL),0)
else ifneq ($(filter-out clean distclean help,$(or $(MAKECMDGOALS),all)),)
ifneq ($(lastword $(shell scripts/host-packages.sh $(HOST_PACKAGES) >&2; echo $$?)),0)
$(error the packages that Plinth is built with are not all installed)
endif
endif

# ---- the target's packages ----
# Debian's name of the architecture, of its kernel, and what ends the names of its folders.
DEBIAN_arm64 := arm64 linux-image-arm64
DEBIAN_arm := armhf linux-image-armmp-lpae -armhf
DEBIAN_ARCH := $(word 1,$(DEBIAN_$(ARCH)))
DEBIAN_KERNEL := $(word 2,$(DEBIAN_$(ARCH)))
DEBIAN_SUFFIX := $(word 3,$(DEBIAN_$(ARCH)))

# Libraries and headers that dom0's programs are linked with, busybox, and the Debian kernel (6.1).
ROOT_PACKAGES := $(DEBIAN_KERNEL) busybox-static libc6 libfdt1 libfdt-dev libyajl2 libyajl-dev \
	zlib1g zlib1g-dev libncurses6 libncurses-dev libtinfo6 libxml2 libxml2-dev liblzma5 libicu72 \
	libgcc-s1 libstdc++6 libxen-dev libmnl0 libmnl-dev
# Stock Xen 4.17 with its tools: the peer that tests and benchmarks compare with.
XEN_PACKAGES := xen-hypervisor-4.17-$(DEBIAN_ARCH) xen-utils-4.17 xen-utils-common xenstore-utils libxencall1 \
	libxendevicemodel1 libxenevtchn1 libxenforeignmemory1 libxengnttab1 libxenhypfs1 \
	libxenmisc4.17 libxenstore4 libxentoolcore1 libxentoollog1 libext2fs2 libcom-err2 libuuid1 \
	bash bsdutils util-linux
# A newer kernel; nothing else is taken from this suite.
ROOT_612_PACKAGES := $(DEBIAN_KERNEL)

# The newest kernel that the mirror has, for `make test-newest`. Backports follow Debian's unstable closely.
NEWEST_SUITE ?= trixie-backports
ROOT_NEWEST_PACKAGES := $(DEBIAN_KERNEL)

# What the Debian guest has beyond the essential packages; those that these need come with them.
GUEST_PACKAGES := systemd-sysv udev usr-is-merged kmod e2fsprogs iproute2 iputils-ping netcat-openbsd

# Folders, and the files to depend on: a stamp's name carries its list's checksum.
ROOT := $(B)/root$(DEBIAN_SUFFIX)
XEN_ROOT := $(B)/xen$(DEBIAN_SUFFIX)
ROOT_612 := $(B)/root-6.12$(DEBIAN_SUFFIX)
ROOT_NEWEST := $(B)/newest-$(NEWEST_SUITE)$(DEBIAN_SUFFIX)
GUEST_DEBS := $(B)/guest-debs$(DEBIAN_SUFFIX)
ROOT_LIB := $(ROOT)/usr/lib/$(TRIPLET)
# What make clean keeps.
DOWNLOADS := $(notdir $(ROOT) $(XEN_ROOT) $(ROOT_612) $(ROOT_NEWEST) $(GUEST_DEBS))
DOWNLOADS := apt $(DOWNLOADS:%$(DEBIAN_SUFFIX)=%)
DOWNLOADS += $(patsubst %,%-armhf,$(DOWNLOADS))
sum_of = $(shell cksum scripts/fetch-packages.sh - <<<'$(1)' | cksum | cut -d' ' -f1)
stamp_of = $(B)/apt/$(1)$(DEBIAN_SUFFIX)@$(call sum_of,$(2)).stamp
ROOT_STAMP := $(call stamp_of,root,$(ROOT_PACKAGES))
XEN_STAMP := $(call stamp_of,xen,$(XEN_PACKAGES))
ROOT_612_STAMP := $(call stamp_of,root-6.12,$(ROOT_612_PACKAGES))
ROOT_NEWEST_STAMP := $(call stamp_of,newest-$(NEWEST_SUITE),$(ROOT_NEWEST_PACKAGES))
GUEST_STAMP := $(call stamp_of,guest-debs,$(GUEST_PACKAGES))

define fetch_rule
$(1):
	@rm -f $(B)/apt/$(notdir $(2))@*.stamp
	@scripts/fetch-packages.sh $(5) $(DEBIAN_ARCH) $(B)/apt/$(3)$(DEBIAN_SUFFIX) $(3) $(2) $(4)
	@touch $$@
endef
$(eval $(call fetch_rule,$(ROOT_STAMP),$(ROOT),bookworm,$(ROOT_PACKAGES)))
$(eval $(call fetch_rule,$(XEN_STAMP),$(XEN_ROOT),bookworm,$(XEN_PACKAGES)))
$(eval $(call fetch_rule,$(ROOT_612_STAMP),$(ROOT_612),trixie,$(ROOT_612_PACKAGES)))
$(eval $(call fetch_rule,$(ROOT_NEWEST_STAMP),$(ROOT_NEWEST),$(NEWEST_SUITE),$(ROOT_NEWEST_PACKAGES)))
$(eval $(call fetch_rule,$(GUEST_STAMP),$(GUEST_DEBS),bookworm,$(GUEST_PACKAGES),--system))
# Files below a root may be named as prerequisites: they come with the stamp.
$(ROOT)/%: | $(ROOT_STAMP) ;
$(XEN_ROOT)/%: | $(XEN_STAMP) ;
# One apt at a time in one folder of lists.
$(XEN_STAMP): | $(ROOT_STAMP)
$(GUEST_STAMP): | $(XEN_STAMP)

# What is made for arm64 and uses something of armhf: a make for that fetches it.
ifneq ($(ARCH),arm)
$(B)/root-armhf/%:
	$(Q)$(MAKE) --no-print-directory ARCH=arm $@
endif

.PHONY: packages
## make packages   download and unpack the target's packages (no root needed)
packages: $(ROOT_STAMP) $(XEN_STAMP) $(ROOT_612_STAMP) $(GUEST_STAMP)
