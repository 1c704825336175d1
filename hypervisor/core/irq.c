/* SPDX-License-Identifier: ISC */
/*
 * Physical interrupts: one at a time, to the hypervisor's own handlers, the running vCPU's timer,
 * or dom0.
 */
#include <hyp/arch.h>
#include <hyp/domain.h>
#include <hyp/errno.h>
#include <hyp/irq.h>
#include <hyp/lib.h>
#include <hyp/log.h>
#include <hyp/vtimer.h>

const struct irqchip *irqchip;
unsigned nr_irqs, nr_lrs;
bool irq_hw_link = true;
paddr_t gicv_base;

/* Interrupts that the hypervisor keeps: few, so a short list. */
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

static bool handle_own(unsigned intid)
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

/* SGIs between CPUs: what is to be done stands in cpu.todo, except for the end. */
static void handle_ipi(unsigned intid)
{
	irqchip->deactivate(intid);
	if (intid == IPI_HALT)
		arch_cpu_halt();
}

static void spurious(unsigned intid)
{
	log_warn("irq: nobody wants interrupt %u: disabled", intid);
	irqchip->disable(intid);
	irqchip->deactivate(intid);
}

static bool handle_other(unsigned intid)
{
	if (intid >= MAX_IRQS)
		return false;
	if (intid == VTIMER_PPI)
		irqchip->deactivate(intid); /* raised just before its vCPU was switched out: it is
					       armed again */
	else if (intid < NR_SGIS)
		handle_ipi(intid);
	else if (handle_own(intid))
		;
	else if (intid >= NR_LOCALS && domain0 &&
		 intid < NR_LOCALS + (unsigned)domain0->vgic.nr_spis)
		vgic_forward_spi(domain0, intid);
	else
		spurious(intid);
	return true;
}

/* A guest's timer is the most frequent one by far. */
bool irq_handle_one(struct vcpu *v)
{
	unsigned intid = irqchip->acknowledge();

	if (unlikely(intid != VTIMER_PPI || !v))
		return handle_other(intid);
	vgic_forward_vtimer(v);
	return true;
}

void cpu_kick(struct cpu *c, uint32_t todo)
{
	uint32_t old = atomic_or_full(&c->todo, todo);

	/* Whoever set the first bit sent the interrupt that makes it look at all of them. */
	if (c != this_cpu() && (old & todo) != todo)
		irqchip->send_ipi(c, IPI_KICK);
}
