/* SPDX-License-Identifier: ISC */
/* Physical devices: the sub-operations of physdev_op(cmd, arg) that Linux issues on ARM. */
#ifndef PUBLIC_PHYSDEV_H
#define PUBLIC_PHYSDEV_H

/*
 * Facts from xen/physdev.h. Linux tells of every PCI device it finds, newest operation first, and
 * goes on without when it gets -ENOSYS.
 */
#include "xen.h"

#define PHYSDEVOP_manage_pci_add     15
#define PHYSDEVOP_manage_pci_remove  16
#define PHYSDEVOP_manage_pci_add_ext 20
#define PHYSDEVOP_pci_device_add     25
#define PHYSDEVOP_pci_device_remove  26
#define PHYSDEVOP_dbgp_op            29

struct physdev_pci_device {
	uint16_t seg;
	uint8_t bus;
	uint8_t devfn; /* device << 3 | function */
};

/* physdev_pci_device_add.flags */
#define XEN_PCI_DEV_EXTFN  0x1
#define XEN_PCI_DEV_VIRTFN 0x2
#define XEN_PCI_DEV_PXM    0x4 /* optarr[0] is the proximity domain */

struct physdev_pci_device_add {
	uint16_t seg;
	uint8_t bus;
	uint8_t devfn;
	uint32_t flags; /* XEN_PCI_DEV_* */
	struct {
		uint8_t bus;
		uint8_t devfn;
	} physfn; /* of a virtual function */
	uint32_t optarr[];
};

/* Layout, in bytes. */
XEN_ASSERT_SIZE(struct physdev_pci_device, 4);
XEN_ASSERT_OFFSET(struct physdev_pci_device, bus, 2);
XEN_ASSERT_OFFSET(struct physdev_pci_device, devfn, 3);
XEN_ASSERT_SIZE(struct physdev_pci_device_add, 12);
XEN_ASSERT_OFFSET(struct physdev_pci_device_add, bus, 2);
XEN_ASSERT_OFFSET(struct physdev_pci_device_add, devfn, 3);
XEN_ASSERT_OFFSET(struct physdev_pci_device_add, flags, 4);
XEN_ASSERT_OFFSET(struct physdev_pci_device_add, physfn, 8);
XEN_ASSERT_OFFSET(struct physdev_pci_device_add, physfn.devfn, 9);
XEN_ASSERT_OFFSET(struct physdev_pci_device_add, optarr, 12);

#endif /* PUBLIC_PHYSDEV_H */
