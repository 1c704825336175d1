/* SPDX-License-Identifier: ISC */
/*
 * Speculative execution: which of its leaks a CPU has, what is done about them when a guest enters
 * the hypervisor, and what guests are told (Arm DEN0028 7.5 to 7.8, the workaround calls of the
 * firmware).
 */
#ifndef ARM_SPECTRE_H
#define ARM_SPECTRE_H

#include <lib/types.h>

/* What is known of a CPU. */
struct spectre_cpu {
	uint64_t midr, pfr0, pfr1, mmfr1, isar2; /* MIDR_EL1, ID_AA64PFR0_EL1 ... */
	int32_t wa1, wa2, wa3; /* SMCCC_ARCH_FEATURES of the workarounds there: 0, 1, or negative */
};

enum spectre_state { SPECTRE_UNAFFECTED, SPECTRE_MITIGATED, SPECTRE_VULNERABLE };

/* What a CPU does first when a guest enters: in its vectors, arch/arm64/entries.S. */
enum spectre_entry {
	ENTRY_PLAIN,
	ENTRY_LOOP,     /* overwrites the branch history by `loop` rounds of branches */
	ENTRY_CLRBHB,   /* the instruction does it */
	ENTRY_FIRMWARE, /* calls `call`; and CLRBHB or the loop if that does not do all */
	NR_ENTRIES,
};

struct spectre_plan {
	enum spectre_state v2;  /* branch targets, CVE-2017-5715 */
	enum spectre_state bhb; /* branch history, CVE-2022-23960 */
	enum spectre_state ssb; /* store bypass, CVE-2018-3639 */
	enum spectre_entry entry;
	uint32_t loop, call;
	bool call_wa2; /* once: the firmware keeps the CPU from bypassing stores */
};

void spectre_decide(const struct spectre_cpu *cpu, struct spectre_plan *plan);

/* The same for all CPUs: the worst of each. */
void spectre_add(struct spectre_plan *all, const struct spectre_plan *one);

/*
 * What guests get as the answer of SMCCC_ARCH_FEATURES for a workaround. `id` is none:
 * SMCCC_NOT_SUPPORTED.
 */
int32_t spectre_guest_feature(const struct spectre_plan *all, uint32_t id);

/* Of the machine that runs: arch/arm64/mitigate.c. */
extern struct spectre_plan spectre_all;

#endif
