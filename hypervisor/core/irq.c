/* SPDX-License-Identifier: ISC */
/* The physical interrupts that the hypervisor handles itself. */
#include <hyp/irq.h>
#include <lib/errno.h>
#include <lib/lib.h>

/* Only few interrupts are reserved, so a short list is enough. */
static struct {
	uint16_t intid;
	void (*handler)(unsigned intid);
	const char *name;
} own[8];
static unsigned nr_own;

int irq_request(unsigned intid, void (*handler)(unsigned intid), const char *name)
{
	if (irq_is_reserved(intid))
		return -EBUSY;
	if (nr_own == ARRAY_SIZE(own))
		return -ENOSPC;
	own[nr_own].intid = (uint16_t)intid;
	own[nr_own].handler = handler;
	own[nr_own].name = name;
	nr_own++;
	return 0;
}

bool irq_is_reserved(unsigned intid)
{
	for (unsigned i = 0; i < nr_own; i++)
		if (own[i].intid == intid)
			return true;
	return false;
}

bool irq_handle_own(unsigned intid)
{
	for (unsigned i = 0; i < nr_own; i++) {
		if (own[i].intid != intid)
			continue;
		own[i].handler(intid);
		irqchip->deactivate(intid);
		return true;
	}
	return false;
}
