/* SPDX-License-Identifier: ISC */
/* A panic's registers and backtrace, and the CPU's end. */
#include <arm/trap.h>
#include <asm/context.h>
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <lib/lib.h>
#include <lib/log.h>

/* Called from vectors.S. */
void trap_hyp(unsigned vector, const uint32_t *regs) __noreturn;

void arch_cpu_halt(void)
{
	asm volatile("cpsid aif");
	for (;;)
		asm volatile("wfi" ::: "memory");
}

/* A frame of r0-r12, lr, pc and cpsr. */
static void panic_registers(const uint32_t *regs)
{
	for (unsigned i = 0; i < 12; i += 4)
		log_err("r%-2u %08x  r%-2u %08x  r%-2u %08x  r%-2u %08x", i, regs[i], i + 1,
			regs[i + 1], i + 2, regs[i + 2], i + 3, regs[i + 3]);
	log_err("r12 %08x  lr  %08x  pc  %08x  psr %08x", regs[12], regs[13], regs[14], regs[15]);
}

static const char *const vector_names[] = {"reset", "undefined instruction", "HVC",
					   "prefetch abort", "data abort"};

/* An exception in Hyp mode itself. */
void trap_hyp(unsigned vector, const uint32_t *regs)
{
	uint32_t hsr = read_cp(HSR), far = read_cp(HDFAR);

	log_panic_mode();
	panic_registers(regs);
	panic("%s in Hyp mode: HSR %x HDFAR %x", vector_names[vector % ARRAY_SIZE(vector_names)],
	      hsr, far);
}

void arch_panic_state(void)
{
	const struct vcpu *v = this_cpu()->current;

	log_err("elr %08x  spsr %08x  hcr %08x  hsr %08x", read_banked(ELR_hyp), read_banked(SPSR),
		read_cp(HCR), read_cp(HSR));
	if (v)
		log_err("loaded: d%uv%u", v->domain->id, v->id);
}

/*
 * Frames of this compiler in A32 with -fno-omit-frame-pointer: fp points at the saved lr, below it
 * is the previous fp. Within this CPU's stack.
 */
unsigned arch_backtrace(uintptr_t *pc, unsigned max)
{
	uintptr_t fp = (uintptr_t)__builtin_frame_address(0), top = (uintptr_t)this_cpu();
	unsigned n = 0;

	while (n < max && fp < top && fp >= top - (STACK_SIZE - GUARD_SIZE) && fp % 4 == 0) {
		const uintptr_t *record = (const uintptr_t *)fp;

		if (record[0])
			pc[n++] = record[0];
		fp = record[-1];
	}
	return n;
}
