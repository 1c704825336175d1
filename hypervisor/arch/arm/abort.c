/* SPDX-License-Identifier: ISC */
/*
 * Aborts from guests: accesses to emulated devices, accesses that another CPU's change of the p2m
 * disturbed, and those that the guest gets an abort for.
 */
#include <arm/trap.h>
#include <arm/width.h>
#include <asm/context.h>
#include <hyp/cpu.h>
#include <hyp/domain.h>
#include <vdev/mmio.h>

/*
 * Guest physical address of a stage 2 fault at the virtual address va. The hardware reports the
 * page only for translation and access flag faults and for faults on stage 1 walks (D19.2.60);
 * for a permission fault stage 1 is asked. false: the address went away meanwhile.
 */
static bool fault_gpa(uint64_t esr, uint64_t va, gpaddr_t *gpa)
{
	if (FSC_CLASS(esr) == FSC_PERMISSION && !(esr & ESR_S1PTW))
		return guest_stage1(va, gpa);
	*gpa = fault_page() | (va & ~PAGE_MASK);
	return true;
}

void data_abort_refused(struct vcpu *v, gpaddr_t gpa, bool write)
{
	/*
	 * Another CPU may have been replacing this mapping, which makes it invalid for a moment
	 * (break-before-make). If the access is allowed by now, the guest repeats it.
	 */
	if (!p2m_allows(v->domain, gpa, write))
		inject_data_abort(v, fault_data_va());
}

/*
 * A walk of stage 1 in Device memory (HCR.PTW), or its update of a descriptor that stage 2 maps
 * read-only. Repeating it does not help.
 */
static bool is_refused_walk(uint64_t esr)
{
	return FSC_CLASS(esr) == FSC_PERMISSION && esr & ESR_S1PTW;
}

/*
 * Nothing is mapped there, and the syndrome does not describe the access (D19.2.37, ISV):
 * writeback, two registers.
 */
static bool needs_insn(uint64_t esr)
{
	return !(esr & (ESR_ISV | ESR_CM | ESR_S1PTW)) && FSC_CLASS(esr) == FSC_TRANSLATION &&
	       current_insn_decodable();
}

/* All but an access that the syndrome describes, to an emulated device that accepts it. */
static __noinline void data_abort_other(struct vcpu *v, uint64_t esr)
{
	uint64_t va = fault_data_va();
	gpaddr_t gpa;

	if ((FSC_CLASS(esr) != FSC_TRANSLATION && FSC_CLASS(esr) != FSC_PERMISSION &&
	     FSC_CLASS(esr) != FSC_ACCESS_FLAG) ||
	    is_refused_walk(esr))
		inject_data_abort(v, va); /* a real external abort: the guest caused it */
	else if (needs_insn(esr))
		atomic_or(&this_cpu()->todo, TODO_INSN); /* once all registers are in v */
	else if (!fault_gpa(esr, va, &gpa))
		return; /* another vCPU changed stage 1 meanwhile: try again */
	else if (esr & ESR_CM)
		trap_skip(esr); /* cache maintenance on nothing: nothing to do */
	else
		data_abort_refused(v, gpa, (esr & (ESR_WNR | ESR_S1PTW)) == ESR_WNR);
}

static uint64_t sign_extend(uint64_t value, unsigned size, uint64_t esr)
{
	unsigned shift = 64 - 8 * size;

	value = (uint64_t)((int64_t)(value << shift) >> shift);
	return esr & ESR_SF ? value : (uint32_t)value;
}

static inline bool mmio_emulate(struct vcpu *v, uint64_t esr, gpaddr_t gpa)
{
	unsigned size = 1u << ESR_SAS(esr);
	size_t rt = ESR_SRT(esr);
	struct mmio_result r;

	if (esr & ESR_WNR)
		return mmio_write(v, gpa, size, mmio_cut(vcpu_x(v, rt), size));
	r = mmio_read(v, gpa, size);
	if (unlikely(!r.done))
		return false;
	vcpu_set_x(v, rt,
		   unlikely(esr & ESR_SSE) ? sign_extend(r.value, size, esr)
					   : mmio_cut(r.value, size));
	return true;
}

/*
 * Nearly always an emulated device: nothing is mapped there, the syndrome describes the access, and
 * the hardware reports the page.
 */
void trap_data_abort(struct vcpu *v, uint64_t esr)
{
	const uint64_t bits = ESR_ISV | ESR_CM | ESR_S1PTW | FSC_CLASS_MASK;

	if (likely((esr & bits) == (ESR_ISV | FSC_TRANSLATION)) &&
	    likely(mmio_emulate(v, esr, fault_page() | (fault_data_va() & ~PAGE_MASK))))
		trap_skip(esr);
	else
		data_abort_other(v, esr);
}

void trap_instruction_abort(struct vcpu *v, uint64_t esr)
{
	uint64_t va = fault_insn_va();
	gpaddr_t gpa;

	if (FSC_CLASS(esr) == FSC_TRANSLATION && fault_gpa(esr, va, &gpa) &&
	    p2m_allows(v->domain, gpa, false))
		return; /* another CPU was replacing the mapping */
	inject_instruction_abort(v, va);
}
