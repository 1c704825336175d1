/* SPDX-License-Identifier: ISC */
/*
 * What made a guest come here: one handler an exception class. vectors.S calls trap_hvc, trap_sync,
 * trap_irq ...
 */
#include <arm/trap.h>
#include <asm/context.h>
#include <hyp/domain.h>
#include <hyp/guest_access.h>
#include <hyp/hypercall.h>
#include <hyp/irq.h>
#include <hyp/lib.h>
#include <hyp/log.h>
#include <hyp/mmio.h>
#include <public/xen.h>

/* Called from vectors.S. */
void trap_hvc(struct vcpu *v, uint64_t esr);
void trap_sync(struct vcpu *v, uint64_t esr);
void trap_irq(struct vcpu *v);
void trap_serror(struct vcpu *v);
struct vcpu *trap_resched(struct vcpu *v);
void trap_hyp(unsigned kind, const uint64_t *regs) __noreturn;

/*
 * HVC: pc is behind it already. A long hypercall that gives way has updated its arguments in x0-x4
 * and is issued again.
 */
void trap_hvc(struct vcpu *v, uint64_t esr)
{
	unsigned imm = esr & 0xffff;

	if (likely(imm == XEN_HYPERCALL_TAG)) {
		long ret = hypercall_dispatch(v, v->arch.x[16], v->arch.x);

		if (unlikely(ret == -ERESTART))
			current_set_pc(current_pc() - 4);
		else
			v->arch.x[0] = (uint64_t)ret;
		return;
	}
	if (imm == 0) {
		smccc_call(v);
		return;
	}
	current_set_pc(current_pc() - 4); /* an undefined instruction is not skipped */
	inject_undef(v, true);
}

/* SMC traps before it executes. Same calls as HVC #0; nothing reaches the firmware. */
static void trap_smc(struct vcpu *v, uint64_t esr)
{
	if ((esr & 0xffff) != 0) {
		inject_undef(v, true);
		return;
	}
	trap_skip(esr);
	smccc_call(v);
}

static void trap_undef(struct vcpu *v, uint64_t esr)
{
	inject_undef(v, esr & ESR_IL_32BIT);
}

/*
 * WFI (TI = 0): sleep until there is something to do. WFE: let others have the CPU; where nobody could
 * use it, wait by itself, without a trap, until the vCPU is next switched to.
 */
static void trap_wfx(struct vcpu *v, uint64_t esr)
{
	trap_skip(esr);
	if (!(esr & 1))
		vcpu_block(v, SLEEP_IRQ);
	else if (!sched_yield(v))
		write_sysreg(hcr_el2, read_sysreg(hcr_el2) & ~HCR_TWE);
}

static void trap_fp(struct vcpu *v, uint64_t esr __unused)
{
	vcpu_fp_trap(v);
}

static inline gpaddr_t hpfar_gpa(void)
{
	return read_sysreg(hpfar_el2) >> 4 << 12;
}

/*
 * Guest physical address of a stage 2 fault. HPFAR_EL2 holds the page only for translation and
 * access flag faults and for faults on stage 1 walks (D19.2.60); for a permission fault ask the
 * hardware. 0 and false: the address went away.
 */
static bool fault_gpa(uint64_t esr, uint64_t far, gpaddr_t *gpa)
{
	uint64_t saved, par;

	if (FSC_CLASS(esr) != FSC_PERMISSION || (esr & ESR_S1PTW)) {
		*gpa = hpfar_gpa() | (far & 0xfff);
		return true;
	}
	saved = read_sysreg(par_el1);
	asm volatile("at s1e1r, %0\n isb" ::"r"(far) : "memory");
	par = read_sysreg(par_el1);
	write_sysreg(par_el1, saved);
	if (par & 1)
		return false;
	*gpa = (par & 0xffffffffff000UL) | (far & 0xfff);
	return true;
}

static void data_abort_refused(struct vcpu *v, gpaddr_t gpa, bool write)
{
	/*
	 * Another CPU may have been replacing this mapping, which makes it invalid for a moment (break-before-make):
	 * if the access is allowed by now, it is just done again.
	 */
	if (!p2m_allows(v->domain, gpa, write))
		inject_data_abort(v, read_sysreg(far_el2));
}

/* Whatever is not simply an access to an address where nothing is mapped, or is refused by what is emulated there. */
static __noinline void data_abort_other(struct vcpu *v, uint64_t esr)
{
	uint64_t far = read_sysreg(far_el2);
	gpaddr_t gpa;

	if (FSC_CLASS(esr) != FSC_TRANSLATION && FSC_CLASS(esr) != FSC_PERMISSION &&
	    FSC_CLASS(esr) != FSC_ACCESS_FLAG)
		inject_data_abort(
			v, far); /* a real external abort: the guest's own doing, hand it on */
	else if (!fault_gpa(esr, far, &gpa))
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
 * Nearly always an emulated device: nothing is mapped there, and the syndrome tells all about the access. HPFAR_EL2
 * then has the page (Arm ARM D19.2.60).
 */
static void trap_data_abort(struct vcpu *v, uint64_t esr)
{
	const uint64_t bits = ESR_ISV | ESR_CM | ESR_S1PTW | FSC_CLASS(~0UL);

	if (likely((esr & bits) == (ESR_ISV | FSC_TRANSLATION)) &&
	    likely(mmio_emulate(v, esr, hpfar_gpa() | (read_sysreg(far_el2) & 0xfff))))
		trap_skip(esr);
	else
		data_abort_other(v, esr);
}

static void trap_instruction_abort(struct vcpu *v, uint64_t esr)
{
	uint64_t far = read_sysreg(far_el2);
	gpaddr_t gpa;

	if (FSC_CLASS(esr) == FSC_TRANSLATION && fault_gpa(esr, far, &gpa) &&
	    p2m_allows(v->domain, gpa, false))
		return; /* as above: it was being replaced */
	inject_instruction_abort(v, far);
}

/*
 * By exception class. CP15, CP14 and SMC of 32-bit EL0, SVE, PAuth, ...: not offered to guests, so undefined.
 */
static trap_fn *const trap_table[64] = {
	[0x00] = trap_undef,
	[0x01] = trap_wfx,
	[0x02 ... 0x06] = trap_undef,
	[0x07] = trap_fp,
	[0x08 ... 0x16] = trap_undef,
	[0x17] = trap_smc,
	[0x18] = trap_sysreg,
	[0x19 ... 0x1f] = trap_undef,
	[0x20] = trap_instruction_abort,
	[0x21 ... 0x23] = trap_undef,
	[0x24] = trap_data_abort,
	[0x25 ... 0x3f] = trap_undef,
};

void trap_sync(struct vcpu *v, uint64_t esr)
{
	trap_table[ESR_EC(esr)](v, esr);
}

void trap_irq(struct vcpu *v)
{
	irq_handle_one(v);
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

/* On the way back to a guest with something to do first. v is NULL on a CPU's first entry. */
struct vcpu *trap_resched(struct vcpu *v)
{
	struct cpu *c = this_cpu();
	uint32_t todo = atomic_swap(&c->todo, 0);

	if (todo & TODO_VGIC && v)
		vgic_flush(v);
	if (todo & TODO_SLICE)
		sched_start_slice(c);
	if (todo & TODO_RESCHED || !v)
		return sched_next(c);
	return v;
}

static const char *const vector_names[8] = {
	"synchronous exception (SP0)", "IRQ (SP0)", "FIQ (SP0)", "SError (SP0)",
	"synchronous exception",       "IRQ",       "FIQ",       "SError",
};

void trap_hyp(unsigned kind, const uint64_t *regs)
{
	uint64_t esr = read_sysreg(esr_el2), far = read_sysreg(far_el2);

	panic_registers(regs);
	panic("%s at EL2: ESR %llx FAR %llx", vector_names[kind & 7], (unsigned long long)esr,
	      (unsigned long long)far);
}

/*
 * One page of guest virtual memory to machine memory, by the hardware's own walk through both
 * stages, so that the permissions of both apply. The caller holds the p2m lock, so stage 2 does not
 * change under it.
 */
int arch_guest_ram(struct vcpu *v __unused, gvaddr_t va, bool write, paddr_t *pa)
{
	uint64_t saved = read_sysreg(par_el1), par;

	if (write)
		asm volatile("at s12e1w, %0\n isb" ::"r"(va) : "memory");
	else
		asm volatile("at s12e1r, %0\n isb" ::"r"(va) : "memory");
	par = read_sysreg(par_el1);
	write_sysreg(par_el1, saved);
	/*
	 * PAR_EL1 (D19.2.108): bit 0 fault; bits 63:56 attributes, 0x0X is Device memory. What
	 * stage 2 maps as Normal is RAM, and everything else as Device.
	 */
	if (par & 1 || !(par >> 60))
		return -EFAULT;
	*pa = (par & 0xffffffffff000UL) | (va & (PAGE_SIZE - 1));
	return 0;
}
