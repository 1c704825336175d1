/* SPDX-License-Identifier: ISC */
/*
 * Panic: log the reason, registers and a backtrace into the log that survives, and stop every CPU.
 */
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <lib/lib.h>
#include <lib/log.h>

static uint32_t panicking;
static void (*stop_others)(void);

void panic_init(void (*stop_other_cpus)(void))
{
	stop_others = stop_other_cpus;
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

	if (atomic_swap(&panicking, 1))
		arch_cpu_halt(); /* another CPU panics, or the panic itself failed */
	log_panic_mode();
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	log_err("PANIC on CPU %u: %s", this_cpu()->id, why);
	arch_panic_state();
	print_backtrace();
	log_err("halted; after a warm reset `vmctl dmesg --previous` shows this");
	if (stop_others)
		stop_others();
	arch_cpu_halt();
}
