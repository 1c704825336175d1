/* SPDX-License-Identifier: ISC */
/* Which CPU needs what against speculation: Arm's lists, by MIDR. */
#include <arm/psci.h>
#include <arm/spectre.h>
#include <lib/lib.h>

#define ARM(part)    (0x41000000U | (part) << 4)
#define AMPERE(part) (0xc0000000U | (part) << 4)
#define MODEL(midr) \
	((uint32_t)(midr)&0xff00fff0) /* implementer and part, without variant and revision */

enum {
	IN_ORDER = BIT(0),  /* does not speculate past an indirect branch */
	NO_BYPASS = BIT(1), /* loads do not overtake stores */
};

/*
 * Arm's paper on CVE-2022-23960 has the number of rounds that overwrite the history. On CPUs that
 * are not here only the firmware can do it (Cortex-A73, A75), or they tell by their ID registers.
 */
static const struct model {
	uint32_t model;
	uint8_t flags;
	uint8_t loop;
} models[] = {
	{ARM(0xd04), IN_ORDER | NO_BYPASS, 0}, /* Cortex-A35 */
	{ARM(0xd03), IN_ORDER | NO_BYPASS, 0}, /* A53 */
	{ARM(0xd05), IN_ORDER | NO_BYPASS, 0}, /* A55 */
	{ARM(0xd46), IN_ORDER, 0},             /* A510 */
	{ARM(0xd80), IN_ORDER, 0},             /* A520 */
	{ARM(0xd07), 0, 8},                    /* A57 */
	{ARM(0xd08), 0, 8},                    /* A72 */
	{ARM(0xd0b), 0, 24},                   /* A76 */
	{ARM(0xd0e), 0, 24},                   /* A76AE */
	{ARM(0xd0d), 0, 24},                   /* A77 */
	{ARM(0xd0c), 0, 24},                   /* Neoverse N1 */
	{ARM(0xd41), 0, 32},                   /* A78 */
	{ARM(0xd42), 0, 32},                   /* A78AE */
	{ARM(0xd4b), 0, 32},                   /* A78C */
	{ARM(0xd44), 0, 32},                   /* X1 */
	{ARM(0xd4c), 0, 32},                   /* X1C */
	{ARM(0xd47), 0, 32},                   /* A710 */
	{ARM(0xd48), 0, 32},                   /* X2 */
	{ARM(0xd49), 0, 32},                   /* Neoverse N2 */
	{ARM(0xd40), 0, 32},                   /* Neoverse V1 */
	{ARM(0xd4d), 0, 38},                   /* A715 */
	{ARM(0xd81), 0, 38},                   /* A720 */
	{ARM(0xd4e), 0, 132},                  /* X3 */
	{ARM(0xd4f), 0, 132},                  /* Neoverse V2 */
	{AMPERE(0xac3), 0, 11},                /* AmpereOne */
};

static struct model model_of(uint64_t midr)
{
	for (unsigned i = 0; i < ARRAY_SIZE(models); i++)
		if (models[i].model == MODEL(midr))
			return models[i];
	return (struct model){0};
}

/* Fields of ID registers (Arm ARM D19.2.64, .66, .61, .58). */
#define CSV2(c)            \
	((c)->pfr0 >> 56 & \
	 0xf) /* 1: not by another context's branch targets; 3: nor by its history */
#define SSBS(c)   ((c)->pfr1 >> 4 & 0xf)
#define ECBHB(c)  ((c)->mmfr1 >> 60 & 0xf) /* an exception to a higher level forgets the history */
#define CLRBHB(c) ((c)->isar2 >> 28 & 0xf)

/* What the firmware says of a workaround: 0 it exists, 1 this CPU needs none. */
static enum spectre_state by_firmware(int32_t answer)
{
	return answer == 0   ? SPECTRE_MITIGATED
	       : answer == 1 ? SPECTRE_UNAFFECTED
			     : SPECTRE_VULNERABLE;
}

/* Workaround 3 does what workaround 1 does, too. */
static void decide_v2(const struct spectre_cpu *c, const struct model *m, struct spectre_plan *p)
{
	if (CSV2(c) || m->flags & IN_ORDER)
		return;
	p->v2 = by_firmware(c->wa1);
	if (p->v2 == SPECTRE_VULNERABLE && c->wa3 == 0)
		p->v2 = SPECTRE_MITIGATED;
	if (p->v2 == SPECTRE_MITIGATED) {
		p->entry = ENTRY_FIRMWARE;
		p->call = c->wa3 == 0 ? SMCCC_ARCH_WORKAROUND_3 : SMCCC_ARCH_WORKAROUND_1;
	}
}

static void decide_bhb(const struct spectre_cpu *c, const struct model *m, struct spectre_plan *p)
{
	if (CSV2(c) >= 3 || m->flags & IN_ORDER)
		return;
	p->bhb = SPECTRE_MITIGATED;
	if (ECBHB(c) || p->call == SMCCC_ARCH_WORKAROUND_3)
		return;
	if (CLRBHB(c)) {
		p->entry = MAX(p->entry, ENTRY_CLRBHB);
	} else if (m->loop) {
		p->loop = m->loop;
		p->entry = MAX(p->entry, ENTRY_LOOP);
	} else {
		p->bhb = by_firmware(c->wa3);
		if (p->bhb == SPECTRE_MITIGATED) {
			p->entry = ENTRY_FIRMWARE;
			p->call = SMCCC_ARCH_WORKAROUND_3;
		}
	}
}

/*
 * With SSBS, PSTATE says it for each context; entry to the hypervisor clears it (SCTLR_EL2.DSSBS is
 * 0).
 */
static void decide_ssb(const struct spectre_cpu *c, const struct model *m, struct spectre_plan *p)
{
	if (m->flags & NO_BYPASS || c->wa2 == 1 || c->wa2 == SMCCC_NOT_REQUIRED)
		return;
	p->call_wa2 = c->wa2 == 0;
	p->ssb = c->wa2 == 0 || SSBS(c) ? SPECTRE_MITIGATED : SPECTRE_VULNERABLE;
}

void spectre_decide(const struct spectre_cpu *cpu, struct spectre_plan *plan)
{
	struct model m = model_of(cpu->midr);

	*plan = (struct spectre_plan){0};
	decide_v2(cpu, &m, plan);
	decide_bhb(cpu, &m, plan);
	decide_ssb(cpu, &m, plan);
}

void spectre_add(struct spectre_plan *all, const struct spectre_plan *one)
{
	all->v2 = MAX(all->v2, one->v2);
	all->bhb = MAX(all->bhb, one->bhb);
	all->ssb = MAX(all->ssb, one->ssb);
	all->call_wa2 |= one->call_wa2;
}

/*
 * A guest's call traps, and the entry has done the work by then: there is nothing left to do for
 * it.
 */
static int32_t answer_of(enum spectre_state state)
{
	static const int32_t answers[] = {
		[SPECTRE_UNAFFECTED] = 1,
		[SPECTRE_MITIGATED] = 0,
		[SPECTRE_VULNERABLE] = SMCCC_NOT_SUPPORTED,
	};

	return answers[state];
}

int32_t spectre_guest_feature(const struct spectre_plan *all, uint32_t id)
{
	if (id == SMCCC_ARCH_WORKAROUND_1)
		return answer_of(all->v2);
	if (id == SMCCC_ARCH_WORKAROUND_3)
		return answer_of(MAX(all->v2, all->bhb));
	/* Where the firmware's is used it is always on; guests cannot switch it off. */
	if (id == SMCCC_ARCH_WORKAROUND_2 &&
	    (all->ssb == SPECTRE_UNAFFECTED || (all->ssb == SPECTRE_MITIGATED && all->call_wa2)))
		return SMCCC_NOT_REQUIRED;
	return SMCCC_NOT_SUPPORTED;
}
