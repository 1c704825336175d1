/* SPDX-License-Identifier: ISC */
/*
 * The emulated physical timer (Arm ARM D12.2.4), and what wakes a vCPU that sleeps with its virtual
 * timer armed.
 */
#include <hyp/arch.h>
#include <hyp/domain.h>
#include <vdev/vtimer.h>

#define CTL_ENABLE  BIT(0)
#define CTL_IMASK   BIT(1)
#define CTL_ISTATUS BIT(2)

/* "The timer condition is met": counter and CVAL are unsigned numbers of 64 bits. */
static bool ptimer_condition(const struct vcpu *v)
{
	return time_ticks() >= v->arch.ptimer.cval;
}

static bool ptimer_on(const struct vcpu *v)
{
	return (v->arch.ptimer.ctl & (CTL_ENABLE | CTL_IMASK)) == CTL_ENABLE;
}

/* Output line and software timer follow the registers. Under the lock. */
static void ptimer_update(struct vcpu *v)
{
	bool on = ptimer_on(v), due = on && ptimer_condition(v);

	timer_cancel(&v->ptimer);
	vgic_set_local_level(v, PTIMER_PPI, due);
	if (on && !due)
		timer_set(&v->ptimer, v->arch.ptimer.cval);
}

/* May come late, on a CPU that the vCPU has left: what counts are the registers now. */
static void ptimer_expired(struct timer *t)
{
	struct vcpu *v = container_of(t, struct vcpu, ptimer);

	spin_lock(&v->ptimer_lock);
	if (ptimer_on(v) && ptimer_condition(v))
		vgic_set_local_level(v, PTIMER_PPI, true);
	spin_unlock(&v->ptimer_lock);
}

static void vtimer_wake(struct timer *t)
{
	/* The interrupt itself comes from the hardware once the vCPU is loaded again. */
	vcpu_unblock(container_of(t, struct vcpu, vtimer_wake));
}

void vtimer_vcpu_init(struct vcpu *v)
{
	spin_lock_init(&v->ptimer_lock, RANK_VTIMER);
	v->ptimer.fn = ptimer_expired;
	v->vtimer_wake.fn = vtimer_wake;
}

void vtimer_vcpu_stop(struct vcpu *v)
{
	spin_lock(&v->ptimer_lock);
	v->arch.ptimer.ctl = 0;
	ptimer_update(v);
	spin_unlock(&v->ptimer_lock);
	timer_cancel(&v->vtimer_wake);
}

void vtimer_vcpu_end(struct vcpu *v)
{
	vtimer_vcpu_stop(v);
	timer_cancel_sync(&v->ptimer);
	timer_cancel_sync(&v->vtimer_wake);
}

/* Only the vCPU itself changes its registers, so it may read them without the lock. */
uint64_t ptimer_read(struct vcpu *v, enum ptimer_reg reg)
{
	uint32_t ctl = v->arch.ptimer.ctl;

	if (reg == PTIMER_CVAL)
		return v->arch.ptimer.cval;
	if (reg == PTIMER_TVAL)
		return (uint32_t)(v->arch.ptimer.cval - time_ticks());
	return ctl | (ctl & CTL_ENABLE && ptimer_condition(v) ? CTL_ISTATUS : 0);
}

void ptimer_write(struct vcpu *v, enum ptimer_reg reg, uint64_t value)
{
	spin_lock(&v->ptimer_lock);
	if (reg == PTIMER_CVAL)
		v->arch.ptimer.cval = value;
	else if (reg == PTIMER_TVAL)
		v->arch.ptimer.cval = time_ticks() + (uint64_t)(int64_t)(int32_t)value;
	else
		v->arch.ptimer.ctl = value & (CTL_ENABLE | CTL_IMASK);
	ptimer_update(v);
	spin_unlock(&v->ptimer_lock);
}
