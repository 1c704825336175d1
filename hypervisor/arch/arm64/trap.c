/* SPDX-License-Identifier: ISC */
/*
 * Exceptions from guests, what is arm64's own of them: the table of classes, SError, A64
 * instructions.
 */
#include <arm/trap.h>
#include <arm/width.h>
#include <asm/context.h>
#include <lib/log.h>
#include <mem/guest_access.h>
#include <vdev/mmio.h>
#include <public/xen.h>

/* Called from vectors.S. */
void trap_serror(struct vcpu *v);

/* In sysreg.c. */
trap_fn trap_sysreg;

/*
 * CP15, CP14 and SMC of 32-bit EL0, SVE, PAuth, ...: not offered to guests, so undefined. HVC has a
 * way of its own.
 */
static trap_fn *const trap_table[NR_EXCEPTION_CLASSES] = {
	[EC_UNKNOWN] = trap_undef,
	[EC_WFX] = trap_wfx,
	[EC_WFX + 1 ... EC_FP - 1] = trap_undef,
	[EC_FP] = trap_fp,
	[EC_FP + 1 ... EC_SMC64 - 1] = trap_undef,
	[EC_SMC64] = trap_smc,
	[EC_SYSREG] = trap_sysreg,
	[EC_SYSREG + 1 ... EC_IABT_GUEST - 1] = trap_undef,
	[EC_IABT_GUEST] = trap_instruction_abort,
	[EC_IABT_GUEST + 1 ... EC_DABT_GUEST - 1] = trap_undef,
	[EC_DABT_GUEST] = trap_data_abort,
	[EC_DABT_GUEST + 1 ... NR_EXCEPTION_CLASSES - 1] = trap_undef,
};

void trap_sync(struct vcpu *v, uint64_t esr)
{
	trap_table[ESR_EC(esr)](v, esr);
}

/*
 * EL2 runs with PSTATE.A set, so a pending SError is taken when the guest runs, and was most likely
 * caused by it (or by a device that it drives): it gets it back.
 */
void trap_serror(struct vcpu *v)
{
	log_guest(v->domain, "SError, syndrome %llx, passed on to vCPU %u",
		  (unsigned long long)read_sysreg(esr_el2), v->id);
	inject_serror(v);
}

static bool emulate_insn(struct vcpu *v, uint64_t esr, uint64_t far)
{
	struct mmio_fault fault = {far, fault_page() | (far & 0xfff), esr & ESR_WNR};
	bool sp_el1 = (current_pstate() & 0xf) == PSR_MODE_EL1h;
	uint64_t sp = sp_el1 ? read_sysreg(sp_el1) : read_sysreg(sp_el0);
	uint32_t insn;

	if (copy_from_guest(v, &insn, current_pc(), sizeof(insn)) ||
	    !mmio_emulate_insn(v, insn, &sp, &fault))
		return false;
	if (sp_el1)
		write_sysreg(sp_el1, sp);
	else
		write_sysreg(sp_el0, sp);
	return true;
}

void trap_insn(struct vcpu *v)
{
	uint64_t esr = read_sysreg(esr_el2), far = read_sysreg(far_el2);

	if (emulate_insn(v, esr, far))
		trap_skip(esr);
	else
		data_abort_refused(v, fault_page() | (far & 0xfff), esr & ESR_WNR);
}
