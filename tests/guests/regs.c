/* SPDX-License-Identifier: ISC */
/* Each vCPU's EL1 system registers hold its own pattern, however often vCPUs change places. */

#include "abi.h"
#include "gic.h"

const char guest_name[] = "regs";

#define ROUNDS 3000

/* name, the bits that a guest may set without changing what it runs on */
#define REGISTERS(X)                           \
	X(tpidr_el0, ~0UL)                     \
	X(tpidrro_el0, ~0UL)                   \
	X(contextidr_el1, 0xffffffff)          \
	X(afsr0_el1, 0xffffffff)               \
	X(afsr1_el1, 0xffffffff)               \
	X(far_el1, ~0UL)                       \
	X(esr_el1, 0xffffffff)                 \
	X(elr_el1, 0xfffffffffffcUL)           \
	X(spsr_el1, 0xf0000000)                \
	X(sp_el0, 0xfffffffffff0UL)            \
	X(ttbr1_el1, 0xfffffffff000UL)         \
	X(par_el1, 0xfffffffff000UL)           \
	X(csselr_el1, 3)                       \
	X(cntkctl_el1, 0x303)                  \
	X(cntv_cval_el0, 0x0fffffffffffffffUL) \
	X(cntp_cval_el0, 0x0fffffffffffffffUL) \
	X(cpacr_el1, 3UL << 20)

struct reg {
	const char *name;
	u64 mask;
	u64 (*read)(void);
	void (*write)(u64 value);
};

#define DEFINE(name_, mask_)                 \
	static u64 read_##name_(void)        \
	{                                    \
		return SYSREG_READ(name_);   \
	}                                    \
	static void write_##name_(u64 value) \
	{                                    \
		SYSREG_WRITE(name_, value);  \
	}
REGISTERS(DEFINE)

#define ROW(name_, mask_) {#name_, mask_, read_##name_, write_##name_},
static const struct reg regs[] = {REGISTERS(ROW)};

/* What the register keeps of the pattern (AFSR may be read-only zero, ...), learnt once a CPU. */
static u64 kept[MAX_CPUS][ARRAY_SIZE(regs)];

static u64 pattern(unsigned cpu, unsigned reg)
{
	u64 x = 0x9e3779b97f4a7c15UL * (cpu * 64 + reg + 1);

	return x & regs[reg].mask;
}

static void fill(unsigned cpu)
{
	for (unsigned n = 0; n < ARRAY_SIZE(regs); n++)
		regs[n].write(pattern(cpu, n));
	ISB();
	for (unsigned n = 0; n < ARRAY_SIZE(regs); n++)
		kept[cpu][n] = regs[n].read();
}

static bool compare(unsigned cpu, unsigned round)
{
	bool ok = true;

	for (unsigned n = 0; n < ARRAY_SIZE(regs); n++) {
		u64 value = regs[n].read();

		if (value != kept[cpu][n])
			ok = CHECK_FAIL("cpu %u round %u: %s is 0x%lx, expected 0x%lx", cpu, round,
					regs[n].name, value, kept[cpu][n]);
	}
	return ok;
}

/* With interrupts masked: ELR and SPSR are the guest's as long as it takes no exception. */
static void rounds(struct cpu *cpu, unsigned count)
{
	fill(cpu->index);
	for (unsigned n = 0; n < count; n++) {
		guest_yield();
		if (!compare(cpu->index, n))
			break;
	}
}

static u32 stop;

static void job_regs(struct cpu *cpu, void *arg)
{
	(void)arg;
	fill(cpu->index);
	for (unsigned n = 0; !__atomic_load_n(&stop, __ATOMIC_ACQUIRE); n++) {
		guest_yield();
		if (!compare(cpu->index, n))
			break;
	}
}

/* Most of them do keep what is written; otherwise there would be nothing to compare. */
static void check_written(void)
{
	unsigned plain = 0;

	fill(0);
	for (unsigned n = 0; n < ARRAY_SIZE(regs); n++) {
		plain += (kept[0][n] & regs[n].mask) == pattern(0, n);
		if ((kept[0][n] & regs[n].mask) != pattern(0, n))
			check_note("%s keeps 0x%lx of 0x%lx", regs[n].name, kept[0][n],
				   pattern(0, n));
	}
	CHECK(plain >= ARRAY_SIZE(regs) - 4);
}

static void check_alone(void)
{
	rounds(cpu_self(), 200);
}

static void check_others(void)
{
	if (board.cpu_count < 2)
		return;
	smp_start_all();
	for (unsigned n = 1; n < board.cpu_count; n++)
		smp_run(n, job_regs, NULL);
	rounds(cpu_self(), ROUNDS);
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	for (unsigned n = 1; n < board.cpu_count; n++)
		CHECK(smp_wait(n));
}

/* A sleep takes the vCPU off its CPU altogether. */
static void check_sleep(void)
{
	gic_enable(board.ppi_virt);
	for (unsigned n = 0; n < 20; n++) {
		u64 deadline = timer_now() + timer_frequency() / 1000;

		fill(0);
		SYSREG_WRITE(cntv_cval_el0, deadline);
		SYSREG_WRITE(cntv_ctl_el0, TIMER_ENABLE);
		ISB();
		while (timer_now() < deadline)
			WFI();
		SYSREG_WRITE(cntv_ctl_el0, 0);
		SYSREG_WRITE(cntv_cval_el0, pattern(0, 14));
		ISB();
		if (!compare(0, n))
			break;
	}
	gic_disable(board.ppi_virt);
}

static const struct check checks[] = {
	{"written", check_written},
	{"alone", check_alone},
	{"sleep", check_sleep},
	{"others", check_others},
};

void guest_main(void)
{
	gic_init();
	check_run(checks, ARRAY_SIZE(checks));
}
