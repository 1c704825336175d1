/* SPDX-License-Identifier: ISC */
/*
 * Mitigations of speculative execution on the CPU that runs: arch/arm/spectre.c decides, this asks
 * and acts.
 */
#include <arm/psci.h>
#include <arm/spectre.h>
#include <arm/width.h>
#include <asm/barrier.h>
#include <asm/smccc.h>
#include <asm/sysreg.h>
#include <asm/vcpu_offsets.h>
#include <hyp/cpu.h>
#include <lib/lib.h>
#include <lib/log.h>

_Static_assert(offsetof(struct cpu, entry_loop) == CPU_ENTRY_LOOP, "entries.S");
_Static_assert(offsetof(struct cpu, entry_call) == CPU_ENTRY_CALL, "entries.S");

extern char vectors_guarded[];

struct spectre_plan spectre_all;
static bool smccc_1_1; /* the firmware has SMCCC_ARCH_FEATURES, and its calls keep x4-x17 */

static int32_t firmware(uint32_t fn, uint64_t arg)
{
	return (int32_t)smccc_firmware(false, fn, arg, 0, 0);
}

/*
 * Each step says whether the next call exists (DEN0028 appendix C): a CPU without EL3 must not meet
 * an SMC.
 */
void mitigate_init(bool present)
{
	smccc_1_1 = present && firmware(PSCI_VERSION, 0) >= PSCI_VERSION_1_0 &&
		    firmware(PSCI_FEATURES, SMCCC_VERSION) >= 0 &&
		    firmware(SMCCC_VERSION, 0) >= SMCCC_VERSION_1_1;
}

static int32_t firmware_feature(uint32_t fn)
{
	return smccc_1_1 ? firmware(SMCCC_ARCH_FEATURES, fn) : SMCCC_NOT_SUPPORTED;
}

/* A line for each kind of CPU, as big and LITTLE ones come in a row. */
static void report(uint64_t midr, const struct spectre_plan *p)
{
	static const char *const state[] = {"not affected", "mitigated", "vulnerable"};
	static const char *const entry[NR_ENTRIES] = {"plain", "branch loop", "CLRBHB",
						      "firmware call"};
	static uint64_t last;

	if (midr == last)
		return;
	last = midr;
	log_info("CPU type %llx: branch targets %s, branch history %s, store bypass %s; entry: %s",
		 (unsigned long long)midr, state[p->v2], state[p->bhb], state[p->ssb],
		 entry[p->entry]);
}

void mitigate_init_cpu(struct cpu *c)
{
	struct spectre_cpu cpu = {
		.midr = read_sysreg(midr_el1),
		.pfr0 = read_sysreg(id_aa64pfr0_el1),
		.pfr1 = read_sysreg(id_aa64pfr1_el1),
		.mmfr1 = read_sysreg(id_aa64mmfr1_el1),
		.isar2 = read_sysreg(s3_0_c0_c6_2), /* ID_AA64ISAR2_EL1 */
		.wa1 = firmware_feature(SMCCC_ARCH_WORKAROUND_1),
		.wa2 = firmware_feature(SMCCC_ARCH_WORKAROUND_2),
		.wa3 = firmware_feature(SMCCC_ARCH_WORKAROUND_3),
	};
	struct spectre_plan p;

	spectre_decide(&cpu, &p);
	if (p.call_wa2)
		firmware(SMCCC_ARCH_WORKAROUND_2, 1);
	c->entry_loop = p.loop;
	c->entry_call = p.call;
	if (p.entry != ENTRY_PLAIN) {
		write_sysreg(vbar_el2, (uintptr_t)vectors_guarded);
		isb();
	}
	spectre_add(&spectre_all, &p); /* one CPU starts after the other */
	report(cpu.midr, &p);
}
