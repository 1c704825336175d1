# SPDX-License-Identifier: ISC
# What the QEMU machine boots, and the targets that boot it.

IMAGES := $(B)/images
TOOLS_TREE := $(B)/tools-tree

$(IMAGES)/6.1/dom0.cpio: KERNEL_ROOT := $(ROOT)
$(IMAGES)/6.12/dom0.cpio: KERNEL_ROOT := $(ROOT_612)
$(IMAGES)/6.12/dom0.cpio: $(ROOT_612_STAMP)
$(IMAGES)/%/dom0.cpio: scripts/make-images.sh scripts/dom0-init scripts/guest-init $(ROOT_STAMP)
	$(call say,IMAGES,$(@D))
	$(Q)scripts/make-images.sh kernel $(KERNEL_ROOT) $(ROOT) $(@D)

$(IMAGES)/xen.cpio: scripts/make-images.sh $(XEN_STAMP) $(ROOT_STAMP)
	$(call say,CPIO,$@)
	$(Q)mkdir -p $(@D)
	$(Q)scripts/make-images.sh xen $(XEN_ROOT) $(ROOT) $@

# Plinth's own programs as `make install` places them. Built again whenever something installed has changed.
$(IMAGES)/tools.cpio: scripts/make-images.sh scripts/images.mk $(ROOT_STAMP) $(INSTALL_FILES)
	$(call say,CPIO,$@)
	$(Q)mkdir -p $(@D)
	$(Q)rm -rf $(TOOLS_TREE)
	$(Q)$(MAKE) --no-print-directory -s install DESTDIR=$(TOOLS_TREE) PREFIX=/usr
	$(Q)scripts/make-images.sh tools $(TOOLS_TREE) $(ROOT) $@
