/* SPDX-License-Identifier: ISC */
/* A panic's registers and backtrace, and the CPU's end. */
#include <arm/trap.h>
#include <asm/context.h>
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <lib/log.h>
#include <lib/lib.h>

/* Called from vectors.S. */
void trap_hyp(unsigned vector, const uint64_t *regs) __noreturn;

#define DAIF_ALL (0xfUL << 6)

void arch_cpu_halt(void)
{
	write_sysreg(daif, DAIF_ALL);
	for (;;)
		asm volatile("wfi" ::: "memory");
}

/* A frame of x0-x30, pc and pstate. */
static void panic_registers(const uint64_t *regs)
{
	for (unsigned i = 0; i < 30; i += 3)
		log_err("x%-2u %016llx  x%-2u %016llx  x%-2u %016llx", i,
			(unsigned long long)regs[i], i + 1, (unsigned long long)regs[i + 1], i + 2,
			(unsigned long long)regs[i + 2]);
	log_err("x30 %016llx  pc  %016llx  psr %016llx", (unsigned long long)regs[30],
		(unsigned long long)regs[31], (unsigned long long)regs[32]);
}

static const char *const vector_names[8] = {
	"synchronous exception (SP0)", "IRQ (SP0)", "FIQ (SP0)", "SError (SP0)",
	"synchronous exception",       "IRQ",       "FIQ",       "SError",
};

/* An exception at EL2 itself. */
void trap_hyp(unsigned vector, const uint64_t *regs)
{
	uint64_t esr = read_sysreg(esr_el2), far = read_sysreg(far_el2);

	log_panic_mode();
	panic_registers(regs);
	panic("%s at EL2: ESR %llx FAR %llx", vector_names[vector % ARRAY_SIZE(vector_names)],
	      (unsigned long long)esr, (unsigned long long)far);
}

void arch_panic_state(void)
{
	const struct vcpu *v = this_cpu()->current;
	uintptr_t sp;

	asm volatile("mov %0, sp" : "=r"(sp));
	log_err("sp  %016llx  esr %016llx  far %016llx", (unsigned long long)sp,
		(unsigned long long)read_sysreg(esr_el2), (unsigned long long)read_sysreg(far_el2));
	log_err("elr %016llx  spsr %016llx  hcr %016llx", (unsigned long long)read_sysreg(elr_el2),
		(unsigned long long)read_sysreg(spsr_el2),
		(unsigned long long)read_sysreg(hcr_el2));
	if (v)
		log_err("loaded: d%uv%u", v->domain->id, v->id);
}

/*
 * Frame records (AAPCS64 6.4.6): x29 points to {previous x29, return address}, within this CPU's
 * stack. The previous one may be lower: after an overflow the panic has begun again at the top.
 */
unsigned arch_backtrace(uintptr_t *pc, unsigned max)
{
	uintptr_t fp = (uintptr_t)__builtin_frame_address(0), top = (uintptr_t)this_cpu();
	unsigned n = 0;

	while (n < max && fp < top && fp >= top - (STACK_SIZE - GUARD_SIZE) && fp % 8 == 0) {
		const uintptr_t *record = (const uintptr_t *)fp;

		if (record[1])
			pc[n++] = record[1];
		fp = record[0];
	}
	return n;
}
