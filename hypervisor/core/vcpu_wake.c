/* SPDX-License-Identifier: ISC */
/* Waking a vCPU. */
#include <hyp/cpu.h>
#include <hyp/domain.h>

void vcpu_unblock(struct vcpu *v)
{
	if (READ_ONCE(v->blocked) && atomic_swap(&v->blocked, 0))
		sched_wake(v);
}

void vcpu_notify(struct vcpu *v)
{
	smp_mb(); /* pairs with the barrier in vcpu_block() */
	if (READ_ONCE(v->blocked))
		vcpu_unblock(v);
	else if (READ_ONCE(v->running) && this_cpu()->current != v)
		cpu_kick(cpus[READ_ONCE(v->sched.cpu)], TODO_VGIC);
}
