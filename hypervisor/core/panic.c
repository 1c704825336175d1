/* SPDX-License-Identifier: ISC */
/*
 * The end: say why, with registers and a backtrace, into the log that survives, and stop every CPU.
 */
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <hyp/irq.h>
#include <hyp/lib.h>
#include <hyp/log.h>

static uint32_t panicking;

void panic_registers(const uint64_t *regs)
{
	log_panic_mode();
	for (unsigned i = 0; i < 30; i += 3)
		log_err("x%-2u %016llx  x%-2u %016llx  x%-2u %016llx", i,
			(unsigned long long)regs[i], i + 1, (unsigned long long)regs[i + 1], i + 2,
			(unsigned long long)regs[i + 2]);
	log_err("x30 %016llx  pc  %016llx  psr %016llx", (unsigned long long)regs[30],
		(unsigned long long)regs[31], (unsigned long long)regs[32]);
}

static void print_backtrace(void)
{
	uintptr_t pc[16];
	unsigned n = arch_backtrace(pc, ARRAY_SIZE(pc));

	for (unsigned i = 0; i < n; i++)
		log_err("  called from %016llx", (unsigned long long)pc[i]);
}

void panic(const char *fmt, ...)
{
	char why[160];
	va_list ap;
	struct cpu *c;

	if (atomic_swap(&panicking, 1))
		arch_cpu_halt(); /* another CPU is at it, or the panic itself failed */
	log_panic_mode();
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	log_err("PANIC on CPU %u: %s", this_cpu()->id, why);
	arch_panic_state();
	print_backtrace();
	log_err("halted; after a warm reset `vmctl dmesg --previous` shows this");
	if (irqchip)
		for_each_cpu (c)
			if (c != this_cpu())
				irqchip->send_ipi(c, IPI_HALT);
	arch_cpu_halt();
}
