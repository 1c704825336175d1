/* SPDX-License-Identifier: ISC */
/* V0-V31, FPSR and FPCR keep a pattern across yields and interrupts while other vCPUs use others.
 */

#include "abi.h"
#include "gic.h"

const char guest_name[] = "fp";

#define ROUNDS 400

/*
 * u64 fp_round(u64 seed, u64 yields): fills V0-V31 with seed-derived values and FPSR/FPCR with
 * legal ones, gives way so often, and compares. 0, or 1 + the number of the register that differs
 * (33: FPSR, 34: FPCR).
 */
u64 fp_round(u64 seed, u64 yields);
asm(".text\n"
    ".arch_extension fp\n"
    ".arch_extension simd\n"
    ".global fp_round\n"
    ".hidden fp_round\n"
    "fp_round:\n\t"
    "mov x9, x0\n\t"
    "mov x10, x1\n\t"
    ".irp r, "
    "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\t"
    "add x2, x9, #(\\r * 64)\n\t"
    "mov v\\r\\().d[0], x2\n\t"
    "mvn x2, x2\n\t"
    "mov v\\r\\().d[1], x2\n\t"
    ".endr\n\t"
    "and x2, x9, #0x1f\n\t" /* FPSR: the cumulative exception bits */
    "msr fpsr, x2\n\t"
    "mov x11, x2\n\t"
    "and x2, x9, #3\n\t" /* FPCR.RMode */
    "lsl x2, x2, #22\n\t"
    "msr fpcr, x2\n\t"
    "mov x12, x2\n"
    "1:\tcbz x10, 2f\n\t"
    "sub x10, x10, #1\n\t"
    "mov x0, #0\n\t" /* SCHEDOP_yield */
    "mov x1, #0\n\t"
    "mov x16, #29\n\t"
    "hvc #0xEA1\n\t"
    "b 1b\n"
    "2:\tmov x0, #1\n\t"
    ".irp r, "
    "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\t"
    "add x2, x9, #(\\r * 64)\n\t"
    "mov x3, v\\r\\().d[0]\n\t"
    "mvn x4, x2\n\t"
    "mov x5, v\\r\\().d[1]\n\t"
    "cmp x2, x3\n\t"
    "ccmp x4, x5, #0, eq\n\t"
    "b.ne 3f\n\t"
    "add x0, x0, #1\n\t"
    ".endr\n\t"
    "mrs x2, fpsr\n\t"
    "cmp x2, x11\n\t"
    "b.ne 3f\n\t"
    "add x0, x0, #1\n\t"
    "mrs x2, fpcr\n\t"
    "cmp x2, x12\n\t"
    "b.ne 3f\n\t"
    "mov x0, #0\n"
    "3:\tret\n");

static void fp_on(void)
{
	SYSREG_WRITE(cpacr_el1, 3UL << 20);
	ISB();
}

static void rounds(struct cpu *cpu, unsigned count, u64 yields)
{
	for (unsigned n = 0; n < count && !check_failed(); n++) {
		u64 seed = (u64)cpu->index << 56 | (u64)n << 16 | (n * 7 & 0x1f);
		u64 bad = fp_round(seed, yields);

		if (bad)
			CHECK_FAIL("cpu %u round %u: register %lu (32 FPSR, 33 FPCR) has changed",
				   cpu->index, n, bad - 1);
	}
}

/* A fresh vCPU's registers are nobody's. */
static u64 residue;

static void fresh_look(void)
{
	u64 sum;

	asm volatile(".arch_extension simd\n\t"
		     "orr v0.16b, v0.16b, v1.16b\n\t"
		     ".irp r, "
		     "2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,"
		     "30,31\n\t"
		     "orr v0.16b, v0.16b, v\\r\\().16b\n\t"
		     ".endr\n\t"
		     "mov %0, v0.d[0]\n\t"
		     "mov x1, v0.d[1]\n\t"
		     "orr %0, %0, x1"
		     : "=&r"(sum)::"x1");
	residue = sum;
}

static u32 stop;

static void job_fresh(struct cpu *cpu, void *arg)
{
	(void)cpu;
	(void)arg;
	fp_on();
	fresh_look();
}

static void job_fp(struct cpu *cpu, void *arg)
{
	(void)arg;
	fp_on();
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE) && !check_failed())
		rounds(cpu, 1, 3);
}

static void check_alone(void)
{
	rounds(cpu_self(), ROUNDS, 1);
}

static void timer_hook(struct cpu *cpu, unsigned intid)
{
	(void)cpu;
	if (intid != board.ppi_virt)
		return;
	SYSREG_WRITE(cntv_cval_el0, timer_now() + timer_frequency() / 5000);
	SYSREG_WRITE(cntv_ctl_el0, TIMER_ENABLE);
}

static void check_interrupts(void)
{
	irq_hook = timer_hook;
	gic_enable(board.ppi_virt);
	SYSREG_WRITE(cntv_cval_el0, timer_now());
	SYSREG_WRITE(cntv_ctl_el0, TIMER_ENABLE);
	IRQ_ON();
	CHECK(WAIT_FOR(
		(rounds(cpu_self(), 50, 3), check_failed() || irq_count(board.ppi_virt) > 50)));
	IRQ_OFF();
	SYSREG_WRITE(cntv_ctl_el0, 0);
	irq_hook = NULL;
}

static void check_fresh(void)
{
	if (board.cpu_count < 2)
		return;
	rounds(cpu_self(), 10, 1);
	CHECK_RC(smp_start_cpu(1), 0);
	smp_run(1, job_fresh, NULL);
	CHECK(smp_wait(1));
	CHECK_EQ(residue, 0);
}

static void check_others(void)
{
	if (board.cpu_count < 2)
		return;
	smp_start_all();
	for (unsigned n = 1; n < board.cpu_count; n++)
		smp_run(n, job_fp, NULL);
	rounds(cpu_self(), ROUNDS, 5);
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	for (unsigned n = 1; n < board.cpu_count; n++)
		CHECK(smp_wait(n));
}

/* Switched off at EL1, an access is the guest's own affair: a trap to EL1, nothing to EL2. */
static void check_disabled(void)
{
	u64 x0 = 0, esr;

	SYSREG_WRITE(cpacr_el1, 0);
	ISB();
	esr = probe_instruction(0x9e670000, &x0); /* fmov d0, x0 */
	fp_on();
	CHECK_EQ(ESR_EC(esr), 0x07);
	CHECK_EQ(probe_instruction(0x9e670000, &x0), 0);
}

static const struct check checks[] = {
	{"alone", check_alone},   {"interrupts", check_interrupts}, {"fresh", check_fresh},
	{"others", check_others}, {"disabled", check_disabled},
};

void guest_main(void)
{
	gic_init();
	fp_on();
	check_run(checks, ARRAY_SIZE(checks));
}
