/* SPDX-License-Identifier: ISC */
/* physdev_op: what dom0 announces of its PCI devices. */
#include <hyp/domain.h>
#include <hyp/hypercall.h>
#include <lib/errno.h>
#include <public/physdev.h>

/* Linux announces its PCI devices. Nothing here needs the announcement, so success is returned. */
long do_physdev_op(struct vcpu *v __unused, uint64_t *arg)
{
	switch ((uint32_t)arg[0]) {
	case PHYSDEVOP_pci_device_add:
	case PHYSDEVOP_pci_device_remove:
	case PHYSDEVOP_manage_pci_add:
	case PHYSDEVOP_manage_pci_remove:
	case PHYSDEVOP_manage_pci_add_ext:
		return v->domain->privileged ? 0 : -EPERM;
	}
	return -ENOSYS;
}
