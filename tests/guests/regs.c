/* SPDX-License-Identifier: ISC */
/*
 * No vCPU sees or loses another's system registers. A search, not a list: vCPU 0 writes patterns to
 * every encoding that a guest can write; for each, vCPU 1 reads every encoding that a guest can
 * read, which must not have changed, and then vCPU 0 must find what it had written. Both share a
 * CPU, or there is nothing to be seen.
 */

#include "abi.h"
#include "gic.h"

const char guest_name[] = "regs";

#define SYSREG_FIRST SYSREG_CODE(2, 0, 0, 0, 0)
#define SYSREG_COUNT 0x8000 /* op0 2 and 3 */
#define FOUND_MAX    1024
#define RET          0xd65f03c0

enum {
	CHANGES = 1,   /* by itself; not compared */
	FORGOTTEN = 2, /* of a hidden feature: the writer may lose it, nobody else may see it */
};

/*
 * Encodings that need care. mask: the bits that are written; what the others hold matters to this
 * guest.
 */
static const struct special {
	unsigned reg;
	u64 mask;
	unsigned flags;
	const char *why;
} specials[] = {
	{SYSREG_CODE(3, 0, 1, 0, 0), 0x405c000, 0, "SCTLR_EL1: only what concerns EL0"},
	{SYSREG_CODE(3, 0, 2, 0, 0), 0xffffUL << 48, 0, "TTBR0_EL1: only the ASID"},
	{SYSREG_CODE(3, 0, 2, 0, 2), BIT(38), 0, "TCR_EL1: only TBI1"},
	{SYSREG_CODE(3, 0, 10, 2, 0), ~0UL << 24, 0, "MAIR_EL1: only what no mapping uses"},
	{SYSREG_CODE(3, 0, 4, 2, 0), 0, 0, "SPSel: would take the stack away"},
	{SYSREG_CODE(3, 3, 4, 2, 1), 0, 0, "DAIF: would let interrupts in"},
	{SYSREG_CODE(3, 3, 4, 2, 0), 0, CHANGES, "NZCV: the compiler's"},
	{SYSREG_CODE(3, 0, 12, 11, 5), 0, 0,
	 "ICC_SGI1R_EL1: raises interrupts elsewhere, as it should"},
	/*
	 * QEMU 7.2 asserts in its own code when a value has bits above the field, and the field is
	 * 0.
	 */
	{SYSREG_CODE(3, 0, 12, 12, 3), 7, 0, "ICC_BPR1_EL1: QEMU breaks on some values"},
	{SYSREG_CODE(3, 3, 14, 0, 1), 0, CHANGES, "CNTPCT_EL0"},
	{SYSREG_CODE(3, 3, 14, 0, 2), 0, CHANGES, "CNTVCT_EL0"},
	{SYSREG_CODE(3, 3, 14, 0, 5), 0, CHANGES, "CNTPCTSS_EL0"},
	{SYSREG_CODE(3, 3, 14, 0, 6), 0, CHANGES, "CNTVCTSS_EL0"},
	/* QEMU 7.2 hangs when a deadline of the virtual timer wraps. */
	{SYSREG_CODE(3, 3, 14, 2, 0), 0x3fffffff, CHANGES, "CNTP_TVAL_EL0: counts"},
	{SYSREG_CODE(3, 3, 14, 3, 0), 0x3fffffff, CHANGES, "CNTV_TVAL_EL0: counts"},
	{SYSREG_CODE(3, 3, 14, 2, 2), ~0UL >> 4, 0, "CNTP_CVAL_EL0"},
	{SYSREG_CODE(3, 3, 14, 3, 2), ~0UL >> 4, 0, "CNTV_CVAL_EL0"},
	{SYSREG_CODE(3, 3, 14, 2, 1), 3, 0, "CNTP_CTL_EL0: ISTATUS is read-only"},
	{SYSREG_CODE(3, 3, 14, 3, 1), 3, 0, "CNTV_CTL_EL0: ISTATUS is read-only"},
	{SYSREG_CODE(3, 3, 2, 4, 0), 0, CHANGES, "RNDR"},
	{SYSREG_CODE(3, 3, 2, 4, 1), 0, CHANGES, "RNDRRS"},
	{SYSREG_CODE(3, 0, 12, 1, 1), ~0UL, FORGOTTEN, "DISR_EL1: RAS is hidden"},
	{SYSREG_CODE(3, 3, 13, 0, 5), ~0UL, FORGOTTEN, "TPIDR2_EL0: SME is hidden"},
};

/*
 * Encodings that can be read, or written, and for each a function of one instruction that does it.
 */
struct access {
	unsigned count;
	u16 reg[FOUND_MAX];
	u32 code[FOUND_MAX][2] __attribute__((aligned(64)));
};

static struct access readers, writers;
static u64 seen[FOUND_MAX];  /* what vCPU 1 read, by the number of the reader */
static bool told[FOUND_MAX]; /* of that reader: reported once */

/* How vCPU 0 asks vCPU 1 to look. */
static u32 asked, answered, stop;
static unsigned now_written; /* by vCPU 0, for the report */

/* FPCR and FPSR are registers too. */
static void fp_on(void)
{
	SYSREG_WRITE(cpacr_el1, 3UL << 20);
	ISB();
}

static const struct special *special_of(unsigned reg)
{
	for (unsigned n = 0; n < ARRAY_SIZE(specials); n++)
		if (specials[n].reg == reg)
			return &specials[n];
	return NULL;
}

static u64 mask_of(unsigned reg)
{
	const struct special *s = special_of(reg);

	return s ? s->mask : ~0UL;
}

static unsigned flags_of(unsigned reg)
{
	const struct special *s = special_of(reg);

	return s ? s->flags : 0;
}

static u64 reg_read(unsigned n)
{
	return ((u64(*)(void))readers.code[n])();
}

static void reg_write(unsigned n, u64 value)
{
	((void (*)(u64))writers.code[n])(value);
	ISB();
}

static void publish_code(const void *code, size_t size)
{
	for (u64 p = (u64)code; p < (u64)code + size; p += CACHE_LINE)
		asm volatile("dc cvau, %0\n\tdsb ish\n\tic ivau, %0" ::"r"(p) : "memory");
	DSB();
	ISB();
}

/* The number of the reader of reg, -1: it cannot be read. */
static int reader_of(unsigned reg)
{
	for (unsigned n = 0; n < readers.count; n++)
		if (readers.reg[n] == reg)
			return (int)n;
	return -1;
}

static u64 value_of(unsigned reg)
{
	int n = reader_of(reg);

	return n < 0 ? 0 : reg_read((unsigned)n);
}

/* Those that are no exception: a write is of what was read, or of 0 where nothing can be read. */
static void find(struct access *a, u32 instruction, bool writing)
{
	static u32 batch[512][2] __attribute__((aligned(64)));

	for (unsigned first = 0; first < SYSREG_COUNT; first += 512) {
		for (unsigned n = 0; n < 512; n++) {
			batch[n][0] = instruction | (SYSREG_FIRST + first + n) << 5;
			batch[n][1] = RET;
		}
		publish_code(batch, sizeof(batch));
		for (unsigned n = 0; n < 512; n++) {
			unsigned reg = (unsigned)SYSREG_FIRST + first + n;
			u64 x0 = writing ? value_of(reg) : 0;

			if (probe_call((u64)batch[n], &x0) || a->count == FOUND_MAX)
				continue;
			a->reg[a->count] = (u16)reg;
			memcpy(a->code[a->count++], batch[n], sizeof(batch[n]));
		}
	}
	publish_code(a->code, sizeof(a->code));
}

static void report(const char *what, unsigned written, unsigned read, u64 was, u64 is)
{
	char w[32], r[32];

	sysreg_describe(w, sizeof(w), written);
	sysreg_describe(r, sizeof(r), read);
	/* stock Xen 4.17 neither switches nor traps DISR_EL1, among others */
	XEN_DIFFERS("%s: %s was written; %s was 0x%lx, now 0x%lx", what, w, r, was, is);
}

/* Only what stays the same by itself can be compared; what else changes has to be in the table. */
static void look(const char *what)
{
	for (unsigned n = 0; n < readers.count; n++) {
		u64 value = reg_read(n);

		if (value != seen[n] && !(flags_of(readers.reg[n]) & CHANGES) && !told[n]) {
			report(what, now_written, readers.reg[n], seen[n], value);
			told[n] = true;
		}
		seen[n] = value;
	}
}

static void job_look(struct cpu *cpu, void *arg)
{
	(void)cpu;
	(void)arg;
	fp_on();
	for (unsigned n = 0; n < readers.count; n++)
		seen[n] = reg_read(n);
	for (unsigned n = 0; n < 3; n++)
		look("changes by itself");
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		u32 turn = __atomic_load_n(&asked, __ATOMIC_ACQUIRE);

		if (turn != answered) {
			look("seen by another vCPU");
			__atomic_store_n(&answered, turn, __ATOMIC_RELEASE);
		}
		guest_yield();
	}
}

static void other_looks(void)
{
	u32 turn = asked + 1;

	__atomic_store_n(&asked, turn, __ATOMIC_RELEASE);
	for (unsigned n = 0; n < 1000000; n++) {
		if (__atomic_load_n(&answered, __ATOMIC_ACQUIRE) == turn)
			return;
		guest_yield();
	}
}

/*
 * While the pattern is in the register nothing is called that uses TPIDR_EL1, and no exception is
 * taken: the register may be any. Interrupts are masked.
 */
static void write_one(unsigned n, u64 pattern, void (*meanwhile)(void))
{
	unsigned reg = writers.reg[n];
	u64 mask = mask_of(reg), old = value_of(reg), kept, is;
	int reader = reader_of(reg);

	if (!(pattern & mask))
		return;
	now_written = reg;
	reg_write(n, old ^ (pattern & mask));
	kept = reader < 0 ? 0 : reg_read((unsigned)reader);
	meanwhile();
	is = reader < 0 ? 0 : reg_read((unsigned)reader);
	reg_write(n, old);
	if ((is ^ kept) & mask && !flags_of(reg))
		report("lost", reg, reg, kept, is);
}

static void write_all(void (*meanwhile)(void))
{
	static const u64 patterns[] = {~0UL, 0x5555555555555555UL, 1};

	for (unsigned n = 0; n < writers.count; n++)
		for (unsigned k = 0; k < ARRAY_SIZE(patterns); k++)
			write_one(n, patterns[k], meanwhile);
}

static void check_find(void)
{
	unsigned both = 0;

	find(&readers, 0xd5200000, false);
	find(&writers, 0xd5000000, true);
	for (unsigned n = 0; n < writers.count; n++)
		both += reader_of(writers.reg[n]) >= 0;
	check_note("%u encodings can be read, %u written, %u both", readers.count, writers.count,
		   both);
	CHECK(readers.count > 50 && readers.count < FOUND_MAX);
	CHECK(both > 30 && writers.count < FOUND_MAX);
}

/* The patterns do reach registers: else there would be nothing to be seen. */
static void check_patterns(void)
{
	static const unsigned kept[] = {
		SYSREG_CODE(3, 0, 13, 0, 4),
		SYSREG_CODE(3, 3, 13, 0, 2), /* TPIDR_EL1, _EL0 */
		SYSREG_CODE(3, 0, 12, 0, 0),
		SYSREG_CODE(3, 0, 6, 0, 0), /* VBAR_EL1, FAR_EL1 */
		SYSREG_CODE(3, 3, 14, 3, 2),
		SYSREG_CODE(3, 0, 7, 4, 0), /* CNTV_CVAL_EL0, PAR_EL1 */
	};

	for (unsigned k = 0; k < ARRAY_SIZE(kept); k++) {
		bool found = false;

		for (unsigned n = 0; n < writers.count; n++)
			found |= writers.reg[n] == kept[k];
		CHECK(found && reader_of(kept[k]) >= 0);
	}
}

static void nothing(void)
{
}

static void check_alone(void)
{
	write_all(nothing);
}

static void check_others(void)
{
	CHECK_EQ(smp_start_all(), board.cpu_count);
	smp_run(1, job_look, NULL);
	write_all(other_looks);
	CHECK(asked >= 3 * 30);
	CHECK_EQ(answered, asked);
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	CHECK(smp_wait(1));
}

/* The timer's interrupt ends the sleep: these registers would keep it from doing so. */
static bool wakes(unsigned reg)
{
	unsigned crn = reg >> 7 & 15, crm = reg >> 3 & 15;

	return crn == 14 || (crn == 12 && crm >= 8) || reg == SYSREG_CODE(3, 0, 4, 6, 0);
}

/* A sleep takes the vCPU off its CPU altogether. */
static void sleep_briefly(void)
{
	u64 deadline = timer_now() + timer_frequency() / 5000;

	SYSREG_WRITE(cntv_cval_el0, deadline);
	SYSREG_WRITE(cntv_ctl_el0, TIMER_ENABLE);
	ISB();
	while (timer_now() < deadline)
		WFI();
	SYSREG_WRITE(cntv_ctl_el0, 0);
	ISB();
}

static void check_sleep(void)
{
	gic_enable(board.ppi_virt);
	for (unsigned n = 0; n < writers.count; n++)
		if (!wakes(writers.reg[n]))
			write_one(n, ~0UL, sleep_briefly);
	gic_disable(board.ppi_virt);
}

static const struct check checks[] = {
	{"find", check_find},   {"patterns", check_patterns}, {"alone", check_alone},
	{"sleep", check_sleep}, {"others", check_others},
};

void guest_main(void)
{
	gic_init();
	fp_on();
	check_run(checks, board.cpu_count > 1 ? ARRAY_SIZE(checks) : ARRAY_SIZE(checks) - 1);
}
