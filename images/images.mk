# SPDX-License-Identifier: ISC
# What is installed, what the QEMU machine boots, and the targets that boot it.

# ---- install ----
# Each room has added rows FILE:FOLDER to INSTALL, FOLDER below PREFIX.
INSTALL_FILES := $(foreach row,$(INSTALL),$(firstword $(subst :, ,$(row))))
# dom0's part of it: neither the hypervisor nor what only a developer reads.
DOM0_INSTALL := $(filter-out $(B)/hyp/% $(B)/hyp-arm/% %:include %/pkgconfig %/man1 %/man3 %/man5 %/man8,$(INSTALL))
DOM0_FILES := $(foreach row,$(DOM0_INSTALL),$(firstword $(subst :, ,$(row))))

## make install    hypervisor, libctrl, tools, man pages and example configs, below DESTDIR and PREFIX=/usr
install: $(INSTALL_FILES)
	$(Q)scripts/install.sh '$(DESTDIR)' '$(PREFIX)' $(INSTALL)

# ---- images ----
IMAGES_arm64 := $(B)/images
IMAGES_arm := $(BT)/images
IMAGES := $(IMAGES_$(ARCH))
# ARMv7 has no Debian guest with a disk, and Linux 6.1 only.
DOM0_KERNELS_arm64 := 6.1 6.12
DOM0_KERNELS_arm := 6.1
DOM0_IMAGES := $(DOM0_KERNELS_$(ARCH):%=$(IMAGES)/%/dom0.cpio)

$(IMAGES)/6.1/dom0.cpio: KERNEL_ROOT := $(ROOT)
$(IMAGES)/6.12/dom0.cpio: KERNEL_ROOT := $(ROOT_612)
$(IMAGES)/6.12/dom0.cpio: $(ROOT_612_STAMP)
# Not among what `make images` makes: only `make test-newest` and `make build/images/newest/dom0.cpio` download it.
NEWEST_IMAGE := $(IMAGES)/newest/dom0.cpio
$(NEWEST_IMAGE): KERNEL_ROOT := $(ROOT_NEWEST)
$(NEWEST_IMAGE): $(ROOT_NEWEST_STAMP)
$(DOM0_IMAGES) $(NEWEST_IMAGE): images/make-images.sh $(addprefix images/,dom0-init guest-init guest-end disk-init) \
		$(ROOT_STAMP)
	$(call say,IMAGE,$@)
	$(Q)images/make-images.sh kernel $(KERNEL_ROOT) $(ROOT) $(@D)

$(IMAGES)/xen.cpio: images/make-images.sh $(XEN_STAMP) $(ROOT_STAMP)
	$(call say,IMAGE,$@)
	$(Q)images/make-images.sh xen $(XEN_ROOT) $(ROOT) $@

$(IMAGES)/tools.cpio: images/make-images.sh scripts/install.sh $(ROOT_STAMP) $(DOM0_FILES)
	$(call say,IMAGE,$@)
	$(Q)rm -rf $(IMAGES)/tools
	$(Q)mkdir -p $(IMAGES)/tools
	$(Q)scripts/install.sh $(IMAGES)/tools /usr $(DOM0_INSTALL)
	$(Q)images/make-images.sh tools $(IMAGES)/tools $(ROOT) $@

# The disk of a Debian guest; what it is made of decides, not when the kernel that configures it was unpacked.
GUEST_DISK_arm64 := $(IMAGES)/debian.img
GUEST_DISK := $(GUEST_DISK_$(ARCH))
$(GUEST_DISK_arm64): images/make-debian.sh $(shell find images/debian -type f) $(GUEST_STAMP) | $(IMAGES)/6.1/dom0.cpio
	$(call say,IMAGE,$@)
	$(Q)images/make-debian.sh $(GUEST_DEBS) $(IMAGES)/6.1/Image $(IMAGES)/6.1/disk.cpio $@

# ---- the machine ----
PLINTH_arm64 := $(B)/hyp/plinth
PLINTH_arm := $(B)/hyp-arm/plinth
PLINTH := $(PLINTH_$(ARCH))
RUN_FILES := $(PLINTH) $(IMAGES)/6.1/dom0.cpio $(IMAGES)/tools.cpio

.PHONY: images
## make images     all that is booted in tests: dom0 with Debian 6.1 and 6.12, stock Xen and its tools, a guest's disk
images: $(DOM0_IMAGES) $(IMAGES)/tools.cpio $(IMAGES)/xen.cpio $(GUEST_DISK)

## make run        boot Plinth and a Debian dom0 in QEMU, with a shell on this terminal (ctrl-a x leaves)
run: $(RUN_FILES) $(GUEST_DISK)
	@echo "Booting Plinth and its dom0. To leave: poweroff -f in the shell, or ctrl-a x."
	@ARCH=$(ARCH) DISKS=$(words $(GUEST_DISK) $(GUEST_DISK)) scripts/run-qemu.sh

## make demo       boot that machine and watch two guests being created, used and destroyed
demo: $(RUN_FILES)
	@ARCH=$(ARCH) scripts/demo.sh
