/* SPDX-License-Identifier: ISC */
/*
 * What guests get from "firmware": PSCI 1.1 (Arm DEN0022) and the SMC calling convention's own
 * calls (DEN0028), by HVC #0 or SMC #0 alike. Nothing is ever passed to the real firmware.
 */
#include <arm/psci.h>
#include <arm/spectre.h>
#include <arm/trap.h>
#include <asm/context.h>
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <hyp/domain.h>
#include <vdev/vtimer.h>
#include <hyp/version.h>
#include <public/sched.h>

typedef int64_t smccc_fn(struct vcpu *v);

static bool is_64bit(const struct vcpu *v)
{
	return vcpu_x(v, 0) & BIT(30);
}

/* Arguments of a 32-bit call are the low halves. */
static uint64_t arg(const struct vcpu *v, unsigned n)
{
	uint64_t x = vcpu_x(v, n);

	return is_64bit(v) ? x : (uint32_t)x;
}

/* The vCPU with these MPIDR affinity fields: Aff1 counts in sixteens, the others are 0. */
static struct vcpu *vcpu_by_affinity(struct domain *d, uint64_t aff)
{
	if (aff & ~0xff0fULL)
		return NULL;
	return domain_vcpu(d, (unsigned)(aff >> 8 << 4 | (aff & 0xf)));
}

static int64_t psci_version(struct vcpu *v __unused)
{
	return PSCI_VERSION_1_1;
}

/*
 * A vCPU that calls CPU_OFF is off when its state has left the CPU, so that it can be started again
 * at once.
 */
static bool is_on(const struct vcpu *v)
{
	return !READ_ONCE(v->offline) || atomic_load_acq(&v->running);
}

/*
 * Only one caller at a time may change `offline` from 1 to 0: the domain's lock. Context is set up
 * before the vCPU can run; nobody else touches an offline one.
 */
static int64_t cpu_on(struct vcpu *v)
{
	struct domain *d = v->domain;
	struct vcpu *target = vcpu_by_affinity(d, arg(v, 1));
	uint64_t entry = arg(v, 2);
	mfn_t mfn;
	enum p2m_type type;
	int64_t ret = PSCI_SUCCESS;
	/* Bit 0 selects T32 in a 32-bit guest. */
	uint64_t misaligned = vcpu_is_32bit(v) && entry & 1 ? 0 : entry % 4;

	if (!target)
		return PSCI_INVALID_PARAMETERS;
	if (misaligned || p2m_lookup(d, gpa_to_gfn(entry), &mfn, &type, NULL) != 0)
		return PSCI_INVALID_ADDRESS;
	spin_lock(&d->lock);
	if (is_on(target)) {
		ret = PSCI_ALREADY_ON;
	} else {
		arch_vcpu_reset(target, entry, arg(v, 3));
		vgic_vcpu_reset(target);
		atomic_store(&target->blocked, 0);
		atomic_store_rel(&target->offline, 0);
	}
	spin_unlock(&d->lock);
	if (ret == PSCI_SUCCESS)
		sched_wake(target);
	return ret;
}

static int64_t cpu_off(struct vcpu *v)
{
	vtimer_vcpu_stop(v);
	atomic_store(&v->offline, 1);
	atomic_or(&this_cpu()->todo, TODO_RESCHED);
	return PSCI_SUCCESS; /* seen by nobody: the next start is a reset */
}

/* Standby only: the vCPU wakes up where it was. */
static int64_t cpu_suspend(struct vcpu *v)
{
	vcpu_block(v, SLEEP_IRQ);
	return PSCI_SUCCESS;
}

static int64_t affinity_info(struct vcpu *v)
{
	struct domain *d = v->domain;
	uint64_t aff = arg(v, 1), level = arg(v, 2), ignore;
	bool found = false;
	struct vcpu *other;

	if (level > 3)
		return PSCI_INVALID_PARAMETERS;
	/* Fields below the level do not matter: any CPU of the cluster that is on makes it on. */
	ignore = level == 3 ? 0xffffff : BIT64(8 * level) - 1;
	for_each_vcpu (d, other) {
		uint64_t its = (uint64_t)(other->id >> 4) << 8 | (other->id & 0xf);

		if ((its & ~ignore) != (aff & ~ignore))
			continue;
		found = true;
		if (is_on(other))
			return PSCI_AFFINITY_ON;
	}
	return found ? PSCI_AFFINITY_OFF : PSCI_INVALID_PARAMETERS;
}

/* 2: no trusted OS that would have to be migrated. */
static int64_t migrate_info_type(struct vcpu *v __unused)
{
	return 2;
}

static int64_t system_off(struct vcpu *v)
{
	domain_shutdown(v->domain, SHUTDOWN_poweroff);
	return PSCI_INTERNAL_FAILURE; /* only if somebody resumes it */
}

static int64_t system_reset(struct vcpu *v)
{
	domain_shutdown(v->domain, SHUTDOWN_reboot);
	return PSCI_INTERNAL_FAILURE;
}

static int64_t smccc_version(struct vcpu *v __unused)
{
	return SMCCC_VERSION_1_2;
}

/*
 * The way here has done it, if this machine has it at all (arch/arm/spectre.h); the call returns
 * nothing.
 */
static int64_t workaround(struct vcpu *v)
{
	return spectre_guest_feature(&spectre_all, (uint32_t)vcpu_x(v, 0)) >= 0
		       ? 0
		       : SMCCC_NOT_SUPPORTED;
}

static smccc_fn psci_features, arch_features, hyp_count, std_count;

static const struct {
	uint32_t id;
	smccc_fn *fn;
} calls[] = {
	{PSCI_VERSION, psci_version},
	{PSCI_CPU_SUSPEND_32, cpu_suspend},
	{PSCI_CPU_SUSPEND_64, cpu_suspend},
	{PSCI_CPU_OFF, cpu_off},
	{PSCI_CPU_ON_32, cpu_on},
	{PSCI_CPU_ON_64, cpu_on},
	{PSCI_AFFINITY_INFO_32, affinity_info},
	{PSCI_AFFINITY_INFO_64, affinity_info},
	{PSCI_MIGRATE_INFO_TYPE, migrate_info_type},
	{PSCI_SYSTEM_OFF, system_off},
	{PSCI_SYSTEM_RESET, system_reset},
	{PSCI_FEATURES, psci_features},
	{SMCCC_VERSION, smccc_version},
	{SMCCC_ARCH_FEATURES, arch_features},
	{SMCCC_ARCH_WORKAROUND_1, workaround},
	{SMCCC_ARCH_WORKAROUND_2, workaround},
	{SMCCC_ARCH_WORKAROUND_3, workaround},
	{SMCCC_HYP_CALL_COUNT, hyp_count},
	{SMCCC_STD_CALL_COUNT, std_count},
};

/* A 32-bit guest has no calls with 64-bit arguments (DEN0028 2.5). */
static smccc_fn *find_call(const struct vcpu *v, uint32_t id)
{
	if (id & BIT(30) && vcpu_is_32bit(v))
		return NULL;
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].id == id)
			return calls[i].fn;
	return NULL;
}

/* Exists: 0; for CPU_SUSPEND 0 also says "original format, no OS-initiated mode". */
static int64_t psci_features(struct vcpu *v)
{
	uint32_t id = (uint32_t)vcpu_x(v, 1);

	if ((id & 0xbfffffe0) != PSCI_VERSION && id != SMCCC_VERSION)
		return PSCI_NOT_SUPPORTED;
	return find_call(v, id) ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED;
}

/* The architecture's own calls that exist, and what becomes of the workarounds of speculation. */
static int64_t arch_features(struct vcpu *v)
{
	uint32_t id = (uint32_t)vcpu_x(v, 1);

	if (id == SMCCC_VERSION || id == SMCCC_ARCH_FEATURES)
		return 0;
	return spectre_guest_feature(&spectre_all, id);
}

static int64_t hyp_count(struct vcpu *v __unused)
{
	return 3; /* count, UID, revision */
}

static int64_t std_count(struct vcpu *v __unused)
{
	return 12; /* the PSCI calls above */
}

/*
 * Calls with more than one result: a UUID in four words, a revision in two. The hypervisor
 * service's is the one that guests of this ABI know; the standard service's is our own.
 */
static const struct {
	uint32_t id;
	unsigned nr;
	uint32_t value[4];
} identities[] = {
	{SMCCC_HYP_UID, 4, {0xdc1218a7, 0x694398c6, 0xd179cf9a, 0x67e6de8d}},
	{SMCCC_STD_UID, 4, {0x1f8a2d6c, 0x4e4b5c8d, 0x2b9c61a8, 0x37e5c04d}},
	{SMCCC_HYP_REVISION, 2, {XEN_ABI_MAJOR, XEN_ABI_MINOR}},
	{SMCCC_STD_REVISION, 2, {1, 1}},
};

static bool answer_identity(struct vcpu *v)
{
	for (unsigned i = 0; i < ARRAY_SIZE(identities); i++) {
		if (identities[i].id != (uint32_t)vcpu_x(v, 0))
			continue;
		for (unsigned j = 0; j < identities[i].nr; j++)
			vcpu_set_x(v, j, identities[i].value[j]);
		return true;
	}
	return false;
}

void smccc_call(struct vcpu *v)
{
	smccc_fn *fn = find_call(v, (uint32_t)vcpu_x(v, 0));
	bool wide = is_64bit(v);
	int64_t ret;

	if (!fn && answer_identity(v))
		return;
	ret = fn ? fn(v) : SMCCC_NOT_SUPPORTED;
	vcpu_set_x(v, 0, wide || ret < 0 ? (uint64_t)ret : (uint32_t)ret);
}
