/* SPDX-License-Identifier: ISC */
/* PSCI and SMCCC as a guest calls them: ids, errors, and vCPUs that go on, off and on again. */

#include "abi.h"
#include "gic.h"
#include "psci.h"

const char guest_name[] = "psci";

static bool many; /* more than one vCPU */

static void check_version(void)
{
	CHECK_RC(psci_call(PSCI_VERSION, 0, 0, 0), 0x10001);
	CHECK(psci_call(SMCCC_VERSION, 0, 0, 0) >= 0x10001);
	CHECK_RC(psci_call(PSCI_MIGRATE_INFO_TYPE, 0, 0, 0), 2); /* no trusted OS to migrate */
}

static void check_features(void)
{
	static const u32 present[] = {
		PSCI_VERSION,          PSCI_CPU_SUSPEND_32, PSCI_CPU_SUSPEND,
		PSCI_CPU_OFF,          PSCI_CPU_ON_32,      PSCI_CPU_ON,
		PSCI_AFFINITY_INFO_32, PSCI_AFFINITY_INFO,  PSCI_MIGRATE_INFO_TYPE,
		PSCI_SYSTEM_OFF,       PSCI_SYSTEM_RESET,   PSCI_FEATURES,
		SMCCC_VERSION,
	};
	static const u32 absent[] = {0x84000005, 0xc4000005, 0x84000007, 0x8400000b, 0x8400000c,
				     0x8400000d, 0x8400000f, 0xc400000e, 0x84000010, 0x84000012,
				     0xc4000012, 0x8400001f, 0x84001234, 0,          0xffffffff};

	for (unsigned n = 0; n < ARRAY_SIZE(present); n++) {
		long rc = psci_call(PSCI_FEATURES, present[n], 0, 0);

		if (rc < 0)
			CHECK_FAIL("PSCI_FEATURES(0x%x) is %ld, expected 0 or more", present[n],
				   rc);
	}
	for (unsigned n = 0; n < ARRAY_SIZE(absent); n++) {
		long rc = psci_call(PSCI_FEATURES, absent[n], 0, 0);

		if (rc != PSCI_NOT_SUPPORTED)
			CHECK_FAIL("PSCI_FEATURES(0x%x) is %ld, expected -1", absent[n], rc);
	}
}

static void check_smccc(void)
{
	struct smccc_result uid = smccc_call(SMCCC_VENDOR_HYP_UID, 0, 0, 0);

	/* DEN 0028, 7.3: mandatory functions report themselves. Xen knows the workarounds only. */
	if (psci_call(SMCCC_ARCH_FEATURES, SMCCC_ARCH_FEATURES, 0, 0) ||
	    psci_call(SMCCC_ARCH_FEATURES, SMCCC_VERSION, 0, 0))
		XEN_DIFFERS("SMCCC_ARCH_FEATURES does not know the SMCCC functions themselves");
	CHECK_RC(psci_call(SMCCC_ARCH_FEATURES, 0x80001234, 0, 0), PSCI_NOT_SUPPORTED);
	CHECK_RC(psci_call(SMCCC_ARCH_FEATURES, 0, 0, 0), PSCI_NOT_SUPPORTED);
	/*
	 * Whose hypervisor: nobody's, as on Xen 4.17, or Xen's own
	 * a71812dc-c698-4369-9acf-79d18ddee667. KVM's would make Linux use KVM's interfaces.
	 */
	if ((u32)uid.x[0] != 0xffffffff)
		CHECK(((u32)uid.x[0] == 0xdc1218a7 && (u32)uid.x[1] == 0x694398c6 &&
		       (u32)uid.x[2] == 0xd179cf9a && (u32)uid.x[3] == 0x67e6de8d) ||
		      ((u32)uid.x[0] == 0xa71812dc && (u32)uid.x[1] == 0xc6984369));
}

/* Everything that nobody implements is -1, whatever the calling convention and the owner. */
static void check_unknown(void)
{
	static const u32 owners[] = {0x00000000, 0x01000000, 0x02000000, 0x03000000,
				     0x04000000, 0x05000000, 0x06000000, 0x07000000,
				     0x30000000, 0x32000000, 0x3f000000};
	static const u32 kinds[] = {0x80000000, 0xc0000000, 0x00000000, 0x40000000};
	static const u32 numbers[] = {0x0200, 0x1234, 0xfff0, 0x8123};

	for (unsigned o = 0; o < ARRAY_SIZE(owners); o++)
		for (unsigned k = 0; k < ARRAY_SIZE(kinds); k++)
			for (unsigned n = 0; n < ARRAY_SIZE(numbers); n++) {
				u32 id = owners[o] | kinds[k] | numbers[n];
				long rc = psci_call(id, 1, 2, 3);

				if (rc != PSCI_NOT_SUPPORTED)
					CHECK_FAIL("function 0x%x is %ld, expected -1", id, rc);
			}
}

/* SMCCC 1.1 and later: x4 to x17 are preserved (DEN 0028, 2.6). */
static void check_registers(void)
{
	static u64 after[32];
	register u64 *x18 asm("x18") = after;

	asm volatile(".irp r, 4,5,6,7,8,9,10,11,12,13,14,15,16,17\n\t"
		     "mov x\\r, #(0x5500 + \\r)\n\t"
		     ".endr\n\t"
		     "mov x0, #0x84000000\n\t"
		     "hvc #0\n\t"
		     "str x0, [x18]\n\t"
		     ".irp r, 4,5,6,7,8,9,10,11,12,13,14,15,16,17\n\t"
		     "str x\\r, [x18, #8 * \\r]\n\t"
		     ".endr\n\t"
		     : "+r"(x18)
		     :
		     : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
		       "x12", "x13", "x14", "x15", "x16", "x17", "memory");
	CHECK_EQ(after[0], 0x10001);
	for (unsigned n = 4; n < 18; n++)
		if (after[n] != 0x5500 + n)
			CHECK_FAIL("x%u is 0x%lx after hvc #0, expected 0x%x", n, after[n],
				   0x5500 + n);
}

#define INSTRUCTION_SMC(imm) (0xd4000003 | (imm) << 5)

/* smc goes the same way as hvc, and continues behind itself; nothing of it reaches EL3. */
static void check_smc(void)
{
	u64 x0 = PSCI_VERSION;
	u64 esr = probe_instruction(INSTRUCTION_SMC(0), &x0);

	CHECK_EQ(esr, 0);
	CHECK_EQ(x0, 0x10001);
	x0 = 0x84001234;
	esr = probe_instruction(INSTRUCTION_SMC(0), &x0);
	CHECK_EQ(esr, 0);
	CHECK_EQ((u32)x0, 0xffffffff);
	x0 = 0xabcdef;
	esr = probe_instruction(INSTRUCTION_SMC(7), &x0);
	CHECK_EQ(ESR_EC(esr), EC_UNKNOWN);
	CHECK_EQ(x0, 0xabcdef);
}

static void check_affinity(void)
{
	const u64 self = cpu_self()->mpidr;

	CHECK_RC(psci_call(PSCI_AFFINITY_INFO, self, 0, 0), 0);
	CHECK_RC(psci_call(PSCI_AFFINITY_INFO_32, self, 0, 0), 0);
	CHECK_RC(psci_call(PSCI_AFFINITY_INFO, self, 1, 0), 0); /* its cluster is on, too */
	CHECK_RC(psci_call(PSCI_AFFINITY_INFO, self, 4, 0), PSCI_INVALID_PARAMETERS);
	/* DEN 0022, 5.7.2: no such CPU. Xen answers OFF. */
	if (psci_call(PSCI_AFFINITY_INFO, 0xff00ffff0f, 0, 0) != PSCI_INVALID_PARAMETERS)
		XEN_DIFFERS("AFFINITY_INFO of a CPU that does not exist is %ld, expected -2",
			    psci_call(PSCI_AFFINITY_INFO, 0xff00ffff0f, 0, 0));
	for (unsigned n = 1; n < board.cpu_count; n++)
		CHECK_RC(psci_call(PSCI_AFFINITY_INFO, cpus[n].mpidr, 0, 0), 1);
}

extern char secondary_entry[];

static void check_cpu_on_errors(void)
{
	const u64 entry = (u64)secondary_entry;

	CHECK_RC(psci_call(PSCI_CPU_ON, cpu_self()->mpidr, entry, 0), PSCI_ALREADY_ON);
	CHECK_RC(psci_call(PSCI_CPU_ON, 0xff00ffff0f, entry, 0), PSCI_INVALID_PARAMETERS);
	CHECK_RC(psci_call(PSCI_CPU_ON, 0xffffffffffffffff, entry, 0), PSCI_INVALID_PARAMETERS);
	CHECK_RC(psci_call(PSCI_CPU_ON, 0x80, entry, 0), PSCI_INVALID_PARAMETERS);
	if (!many)
		return;
	/* an odd address would be Thumb */
	CHECK_RC(psci_call(PSCI_CPU_ON, cpus[1].mpidr, entry | 1, 0), PSCI_INVALID_ADDRESS);
	CHECK_RC(psci_call(PSCI_AFFINITY_INFO, cpus[1].mpidr, 0, 0), 1);
}

/* What a fresh vCPU found, written with its MMU off by the entry below. */
static struct fresh {
	u64 context, others, sctlr, daif, current_el, vbar, ttbr, tpidr, cntv_ctl, mpidr;
	u64 done;
	u64 pad[5];
} fresh __attribute__((aligned(64)));

void fresh_entry(void);
asm(".text\n"
    ".global fresh_entry\n"
    ".hidden fresh_entry\n"
    "fresh_entry:\n\t"
    "orr x1, x1, x2\n\t"
    ".irp r, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30\n\t"
    "orr x1, x1, x\\r\n\t"
    ".endr\n\t"
    "stp x0, x1, [x0]\n\t"
    "mrs x1, sctlr_el1\n\t"
    "mrs x2, daif\n\t"
    "stp x1, x2, [x0, #16]\n\t"
    "mrs x1, currentel\n\t"
    "mrs x2, vbar_el1\n\t"
    "stp x1, x2, [x0, #32]\n\t"
    "mrs x1, ttbr0_el1\n\t"
    "mrs x2, tpidr_el1\n\t"
    "stp x1, x2, [x0, #48]\n\t"
    "mrs x1, cntv_ctl_el0\n\t"
    "mrs x2, mpidr_el1\n\t"
    "stp x1, x2, [x0, #64]\n\t"
    "dsb sy\n\t"
    "mov x1, #1\n\t"
    "str x1, [x0, #80]\n\t"
    "dsb sy\n\t"
    "movz x0, #0x8400, lsl #16\n\t" /* CPU_OFF */
    "movk x0, #2\n\t"
    "hvc #0\n\t"
    "b .\n");

static bool fresh_done(void)
{
	cache_clean_invalidate(&fresh, sizeof(fresh));
	return READ_ONCE(fresh.done);
}

static void check_fresh(void)
{
	for (unsigned round = 0; many && round < 3; round++) {
		const u64 mpidr = cpus[1].mpidr;

		memset(&fresh, 0x5a, sizeof(fresh));
		fresh.done = 0;
		cache_clean_invalidate(&fresh, sizeof(fresh));
		CHECK_RC(psci_call(round & 1 ? PSCI_CPU_ON_32 : PSCI_CPU_ON, mpidr,
				   (u64)fresh_entry, (u64)&fresh),
			 0);
		CHECK(WAIT_FOR(fresh_done()));
		CHECK_EQ(fresh.context, (u64)&fresh);
		CHECK_EQ(fresh.others, 0);
		CHECK_EQ(fresh.sctlr & 0x1005, 0);
		/* D as well in PSCI's text, but Xen's PSR_GUEST64_INIT leaves it clear */
		CHECK_EQ(fresh.daif & 0x1c0, 0x1c0);
		CHECK_EQ(fresh.current_el, 1 << 2);
		CHECK_EQ(fresh.ttbr, 0);
		CHECK_EQ(fresh.tpidr, 0);
		CHECK_EQ(fresh.cntv_ctl & 1, 0);
		CHECK_EQ(fresh.mpidr & 0xff00ffffffUL, mpidr);
		smp_wait_off(1);
	}
}

static void check_on_off(void)
{
	for (unsigned round = 0; many && round < 20; round++) {
		unsigned n = 1 + round % (board.cpu_count - 1);
		const u64 entry = (u64)secondary_entry, cpu = (u64)&cpus[n];

		CHECK_RC(smp_start_cpu(n), PSCI_SUCCESS);
		CHECK_RC(psci_call(PSCI_AFFINITY_INFO, cpus[n].mpidr, 0, 0), 0);
		CHECK_RC(psci_call(PSCI_CPU_ON, cpus[n].mpidr, entry, cpu), PSCI_ALREADY_ON);
		CHECK_RC(psci_call(PSCI_CPU_ON_32, cpus[n].mpidr, entry, cpu), PSCI_ALREADY_ON);
		smp_stop_cpu(n);
		if (check_failed())
			return;
	}
}

/* Every CPU starts the last one at the same moment: one of them succeeds. */
static struct {
	u32 ready, go;
	long rc[8];
} race;

static void job_race(struct cpu *cpu, void *arg)
{
	(void)arg;
	__atomic_add_fetch(&race.ready, 1, __ATOMIC_ACQ_REL);
	while (!__atomic_load_n(&race.go, __ATOMIC_ACQUIRE))
		guest_yield();
	race.rc[cpu->index] = psci_call(PSCI_CPU_ON, cpus[board.cpu_count - 1].mpidr,
					(u64)secondary_entry, (u64)&cpus[board.cpu_count - 1]);
}

static void check_race(void)
{
	const unsigned racers = board.cpu_count - 1;

	if (board.cpu_count < 3 || racers > ARRAY_SIZE(race.rc))
		return;
	for (unsigned n = 1; n < racers; n++)
		CHECK_RC(smp_start_cpu(n), PSCI_SUCCESS);
	for (unsigned round = 0; round < 10 && !check_failed(); round++) {
		unsigned successes = 0;

		memset(&race, 0, sizeof(race));
		for (unsigned n = 1; n < racers; n++)
			smp_run(n, job_race, NULL);
		CHECK(WAIT_FOR(__atomic_load_n(&race.ready, __ATOMIC_ACQUIRE) == racers - 1));
		__atomic_store_n(&race.go, 1, __ATOMIC_RELEASE);
		job_race(&cpus[0], NULL);
		for (unsigned n = 1; n < racers; n++)
			CHECK(smp_wait(n));
		for (unsigned n = 0; n < racers; n++) {
			successes += race.rc[n] == 0;
			if (race.rc[n] && race.rc[n] != PSCI_ALREADY_ON &&
			    race.rc[n] != PSCI_ON_PENDING)
				CHECK_FAIL("cpu %u's CPU_ON is %ld, expected 0, -4 or -5", n,
					   race.rc[n]);
		}
		/* two that come at the same moment can both succeed on stock Xen */
		if (successes > 1)
			XEN_DIFFERS("%u CPU_ON of one CPU succeeded", successes);
		CHECK(successes > 0);
		CHECK(smp_wait(racers));
		smp_stop_cpu(racers);
	}
	for (unsigned n = 1; n < racers; n++)
		smp_stop_cpu(n);
}

/* Standby: back at once when something is pending, else at the timer; the state is kept. */
static void check_suspend(void)
{
	u64 deadline = timer_now() + timer_frequency() / 200;

	gic_enable(board.ppi_virt);
	SYSREG_WRITE(cntv_cval_el0, deadline);
	SYSREG_WRITE(cntv_ctl_el0, TIMER_ENABLE);
	ISB();
	while (timer_now() < deadline)
		if (!CHECK_RC(psci_call(PSCI_CPU_SUSPEND, 0, 0, 0), PSCI_SUCCESS))
			break;
	CHECK_RC(psci_call(PSCI_CPU_SUSPEND_32, 0, 0, 0), PSCI_SUCCESS);
	SYSREG_WRITE(cntv_ctl_el0, 0);
	ISB();
	IRQ_ON();
	guest_yield();
	IRQ_OFF();
	gic_disable(board.ppi_virt);
}

static void timer_off(struct cpu *cpu, unsigned intid)
{
	(void)cpu;
	if (intid == board.ppi_virt)
		SYSREG_WRITE(cntv_ctl_el0, 0);
}

static const struct check checks[] = {
	{"version", check_version},
	{"features", check_features},
	{"smccc", check_smccc},
	{"unknown", check_unknown},
	{"registers", check_registers},
	{"smc", check_smc},
	{"affinity-info", check_affinity},
	{"cpu-on-errors", check_cpu_on_errors},
	{"fresh-vcpu", check_fresh},
	{"on-off", check_on_off},
	{"race", check_race},
	{"suspend", check_suspend},
};

void guest_main(void)
{
	gic_init();
	irq_hook = timer_off;
	many = board.cpu_count > 1;
	check_run(checks, ARRAY_SIZE(checks));
}
