/* SPDX-License-Identifier: ISC */
/*
 * The generic timer (Arm ARM D12): the counter, the hypervisor's own timer (CNTHP), and the virtual
 * timer of vCPUs, which is the hardware's.
 */
#include <arm/context.h>
#include <asm/gtimer.h>
#include <hyp/arch.h>
#include <hyp/domain.h>
#include <vdev/vtimer.h>

/* Control registers (Arm ARM D19.12.16). */
#define CNT_CTL_ENABLE  BIT64(0)
#define CNT_CTL_IMASK   BIT64(1)
#define CNT_CTL_ISTATUS BIT64(2)
/* In the saved copy, no register has it: v is loaded, and the hardware's registers count. */
#define CNT_CTL_LOADED BIT64(32)

uint64_t time_ticks(void)
{
	return counter_read();
}

uint32_t arch_timer_frequency(void)
{
	return counter_frequency();
}

void arch_timer_program(uint64_t deadline)
{
	if (deadline == TIMER_OFF)
		hyp_timer_stop();
	else
		hyp_timer_start(deadline);
}

void vtimer_save(struct vcpu *v)
{
	v->arch.vtimer.ctl = vtimer_ctl_read();
	v->arch.vtimer.cval = vtimer_cval_read();
	if (v->arch.vtimer.ctl & CNT_CTL_ENABLE)
		vtimer_ctl_write(0);
}

static bool enabled(uint64_t ctl)
{
	return (ctl & (CNT_CTL_ENABLE | CNT_CTL_IMASK)) == CNT_CTL_ENABLE;
}

/*
 * Only a blocked vCPU needs a software timer: one that waits for a CPU sees the hardware fire
 * when it gets one. If the timer's interrupt was delivered and the guest sleeps all the same, it
 * is not woken; vgic_save() must have run for that to be known.
 */
void vtimer_arm_wake(struct vcpu *v)
{
	if (READ_ONCE(v->blocked) && enabled(v->arch.vtimer.ctl) &&
	    !(v->vgic.phys_local & BIT(VTIMER_PPI)))
		timer_set(&v->vtimer_wake, v->arch.vtimer.cval);
}

void vtimer_load(struct vcpu *v)
{
	timer_cancel(&v->vtimer_wake);
	vtimer_cval_write(v->arch.vtimer.cval);
	vtimer_ctl_write(v->arch.vtimer.ctl);
	v->arch.vtimer.ctl = CNT_CTL_LOADED;
}

/* vgic_save() and vgic_load() find the saved copy; see vcpu_unload() and vcpu_load(). */
bool arch_vtimer_line(const struct vcpu *v)
{
	if (v->arch.vtimer.ctl == CNT_CTL_LOADED)
		return (vtimer_ctl_read() & (CNT_CTL_ENABLE | CNT_CTL_IMASK | CNT_CTL_ISTATUS)) ==
		       (CNT_CTL_ENABLE | CNT_CTL_ISTATUS);
	return enabled(v->arch.vtimer.ctl) && time_ticks() >= v->arch.vtimer.cval;
}
