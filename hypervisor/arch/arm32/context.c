/* SPDX-License-Identifier: ISC */
/* Registers of a vCPU: reset, the ABI's view of them, and moving them in and out of the CPU. */
#include <arm/aarch32.h>
#include <arm/vmid.h>
#include <arm/width.h>
#include <asm/context.h>
#include <asm/hyp_values.h>
#include <asm/vcpu_offsets.h>
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <lib/errno.h>
#include <lib/lib.h>
#include <public/arch-arm.h>
#include <public/vcpu.h>

_Static_assert(offsetof(struct vcpu, arch.r) == VCPU_R, "vectors.S");
_Static_assert(offsetof(struct vcpu, arch.lr_usr) == VCPU_LR_USR, "vectors.S");
_Static_assert(offsetof(struct fp_regs, fpexc) == FP_FPEXC, "fp.S");
_Static_assert(offsetof(struct fp_regs, fpscr) == FP_FPSCR, "fp.S");
_Static_assert(offsetof(struct fp_regs, fpinst) == FP_FPINST, "fp.S");
_Static_assert(offsetof(struct fp_regs, fpinst2) == FP_FPINST2, "fp.S");
_Static_assert(offsetof(struct cpu, todo) == CPU_TODO, "vectors.S");
_Static_assert(sizeof(struct cpu) <= CPU_AREA, "struct cpu lives above the stack");

/* ---- Registers of modes ---- */

/* Each mode's SP, LR and SPSR, by the names that MRS and MSR have for them (B9.3.9). */
#define MODES(row) row(svc, svc) row(abt, abt) row(und, und) row(irq, irq) row(fiq, fiq)

static void banked_save(struct guest_regs *r)
{
#define SAVE(mode, field)                     \
	r->field.sp = read_banked(SP_##mode); \
	r->field.lr = read_banked(LR_##mode); \
	r->field.spsr = read_banked(SPSR_##mode);
	MODES(SAVE)
#undef SAVE
	r->fiq_r[0] = read_banked(r8_fiq);
	r->fiq_r[1] = read_banked(r9_fiq);
	r->fiq_r[2] = read_banked(r10_fiq);
	r->fiq_r[3] = read_banked(r11_fiq);
	r->fiq_r[4] = read_banked(r12_fiq);
}

static void banked_load(const struct guest_regs *r)
{
#define LOAD(mode, field)                     \
	write_banked(SP_##mode, r->field.sp); \
	write_banked(LR_##mode, r->field.lr); \
	write_banked(SPSR_##mode, r->field.spsr);
	MODES(LOAD)
#undef LOAD
	write_banked(r8_fiq, r->fiq_r[0]);
	write_banked(r9_fiq, r->fiq_r[1]);
	write_banked(r10_fiq, r->fiq_r[2]);
	write_banked(r11_fiq, r->fiq_r[3]);
	write_banked(r12_fiq, r->fiq_r[4]);
}

/* ---- CP15 and CP14 (B3.17) ---- */

#define REGISTERS(row)                                                                          \
	row(sctlr, SCTLR) row(cpacr, CPACR) row(ttbcr, TTBCR) row(dacr, DACR) row(vbar, VBAR)   \
		row(dfsr, DFSR) row(ifsr, IFSR) row(adfsr, ADFSR) row(aifsr, AIFSR)             \
			row(dfar, DFAR) row(ifar, IFAR) row(mair0, MAIR0) row(mair1, MAIR1)     \
				row(amair0, AMAIR0) row(amair1, AMAIR1)                         \
					row(contextidr, CONTEXTIDR) row(tpidrurw, TPIDRURW)     \
						row(tpidruro, TPIDRURO) row(tpidrprw, TPIDRPRW) \
							row(csselr, CSSELR) row(cntkctl, CNTKCTL)

#define REGISTERS_64(row) row(ttbr0, TTBR0) row(ttbr1, TTBR1) row(par, PAR)

static void cp_save(struct guest_regs *r)
{
#define SAVE(field, reg)    r->field = read_cp(reg);
#define SAVE_64(field, reg) r->field = read_cp64(reg);
	REGISTERS(SAVE)
	REGISTERS_64(SAVE_64)
#undef SAVE
#undef SAVE_64
	if (has_thumbee()) {
		r->teecr = read_cp(TEECR);
		r->teehbr = read_cp(TEEHBR);
	}
}

static void cp_load(const struct guest_regs *r)
{
#define LOAD(field, reg)    write_cp(reg, r->field);
#define LOAD_64(field, reg) write_cp64(reg, r->field);
	REGISTERS(LOAD)
	REGISTERS_64(LOAD_64)
#undef LOAD
#undef LOAD_64
	if (has_thumbee()) {
		write_cp(TEECR, r->teecr);
		write_cp(TEEHBR, r->teehbr);
	}
}

/* ---- Switching ---- */

void guest_regs_save(struct vcpu *v)
{
	v->arch.pc = read_banked(ELR_hyp);
	v->arch.cpsr = read_banked(SPSR);
	v->arch.sp_usr = read_banked(SP_usr);
	v->arch.hcr = read_cp(HCR); /* a virtual abort may have been taken meanwhile */
	banked_save(&v->arch.regs);
	cp_save(&v->arch.regs);
}

void guest_regs_none(void)
{
	write_cp(HTPIDR, 0);
	write_cp64(VTTBR, vttbr_none());
	isb();
}

/* The ERET that enters the guest synchronises all of this (A3.8.3). */
void guest_regs_load(struct vcpu *v)
{
	write_cp(HTPIDR, (uintptr_t)v);
	write_cp64(VTTBR, vttbr_of(v->domain));
	/* WFE traps until trap_wfx() finds that no other vCPU waits for this CPU. */
	write_cp(HCR, v->arch.hcr | (uint32_t)HCR_TWE);
	write_cp(VMPIDR, v->arch.vmpidr);
	banked_load(&v->arch.regs);
	cp_load(&v->arch.regs);
	write_banked(SP_usr, v->arch.sp_usr);
	write_banked(ELR_hyp, v->arch.pc);
	write_banked(SPSR_cxsf, v->arch.cpsr);
}

int arch_vcpu_init(struct vcpu *v)
{
	v->arch.vmpidr = VMPIDR_RES1 | (uint32_t)vgic_vcpu_affinity(v->id);
	arch_vcpu_reset(v, 0, 0);
	return 0;
}

/* Bit 0 of the entry address selects T32, the context is in r0 (DEN0022 5.6). */
void arch_vcpu_reset(struct vcpu *v, uint64_t pc, uint64_t context)
{
	memset(v->arch.r, 0, sizeof(v->arch.r));
	memset(&v->arch.regs, 0, sizeof(v->arch.regs));
	memset(&v->arch.vtimer, 0, sizeof(v->arch.vtimer));
	memset(&v->arch.fp, 0, sizeof(v->arch.fp));
	v->arch.sp_usr = v->arch.lr_usr = 0;
	v->arch.fp_cpu = (uint16_t)~0;
	v->arch.hcr = HCR_GUEST;
	v->arch.ptimer.ctl = 0;
	v->arch.regs.sctlr = SCTLR_RESET;
	v->arch.pc = (uint32_t)pc & ~1U;
	v->arch.cpsr = CPSR_RESET | (pc & 1 ? AA32_T : 0);
	v->arch.r[0] = (uint32_t)context;
}

/* r1: no machine's number (Linux's Documentation/arm/booting). */
void arch_vcpu_boot(struct vcpu *v, uint64_t entry, gpaddr_t dtb)
{
	arch_vcpu_reset(v, entry, 0);
	v->arch.r[1] = ~0U;
	v->arch.r[2] = (uint32_t)dtb;
}

/* ---- The ABI's view: fields by their names in 32 bits, whose upper halves are zero ---- */

#define GENERAL(row)                                                                              \
	row(x0, r[0]) row(x1, r[1]) row(x2, r[2]) row(x3, r[3]) row(x4, r[4]) row(x5, r[5]) row(  \
		x6, r[6]) row(x7, r[7]) row(x8, r[8]) row(x9, r[9]) row(x10, r[10])               \
		row(x11, r[11]) row(x12, r[12]) row(x13, sp_usr) row(x14, lr_usr) row(            \
			x16, regs.irq.lr) row(x17, regs.irq.sp) row(x18, regs.svc.lr)             \
			row(x19, regs.svc.sp) row(x20, regs.abt.lr) row(x21, regs.abt.sp) row(    \
				x22, regs.und.lr) row(x23, regs.und.sp) row(x24, regs.fiq_r[0])   \
				row(x25, regs.fiq_r[1]) row(x26, regs.fiq_r[2]) row(              \
					x27, regs.fiq_r[3]) row(x28, regs.fiq_r[4])               \
					row(x29, regs.fiq.sp) row(x30, regs.fiq.lr) row(pc64, pc) \
						row(spsr_svc, regs.svc.spsr) row(spsr_fiq,        \
										 regs.fiq.spsr)   \
							row(spsr_irq, regs.irq.spsr)              \
								row(spsr_und, regs.und.spsr) row( \
									spsr_abt, regs.abt.spsr)

#define CONTROL(row) \
	row(sctlr, regs.sctlr) row(ttbcr, regs.ttbcr) row(ttbr0, regs.ttbr0) row(ttbr1, regs.ttbr1)

/* The toolstack names these; anything else of a vCPU starts at reset. */
int arch_vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
	if (!aarch32_is_guest_mode((uint32_t)c->user_regs.cpsr))
		return -EINVAL;
#define SET(from, to) v->arch.to = (__typeof__(v->arch.to))c->user_regs.from;
	GENERAL(SET)
#undef SET
#define SET(from, to) v->arch.to = (__typeof__(v->arch.to))c->from;
	CONTROL(SET)
#undef SET
	v->arch.cpsr = (uint32_t)c->user_regs.cpsr & ~(uint32_t)0x01f00000;
	return 0;
}

void arch_vcpu_get_context(const struct vcpu *v, struct vcpu_guest_context *c)
{
#define GET(to, from) c->user_regs.to = v->arch.from;
	GENERAL(GET)
#undef GET
#define GET(to, from) c->to = v->arch.from;
	CONTROL(GET)
#undef GET
	c->user_regs.cpsr = v->arch.cpsr;
	c->flags = v->offline ? 0 : VGCF_online;
}

/* ---- Registers that an instruction names ---- */

/*
 * r8-r14 as the guest's mode has them, while v is loaded. LR of User mode is in v, as Hyp mode uses
 * the same register; r8-r12 are there too, but for FIQ mode's.
 */
#define READ_OR_WRITE(reg)                         \
	({                                         \
		if (value)                         \
			write_banked(reg, *value); \
		value ? *value : read_banked(reg); \
	})

static uint32_t access_fiq(size_t n, const uint32_t *value)
{
	switch (n) {
	case 8:
		return READ_OR_WRITE(r8_fiq);
	case 9:
		return READ_OR_WRITE(r9_fiq);
	case 10:
		return READ_OR_WRITE(r10_fiq);
	case 11:
		return READ_OR_WRITE(r11_fiq);
	case 12:
		return READ_OR_WRITE(r12_fiq);
	case 13:
		return READ_OR_WRITE(SP_fiq);
	default:
		return READ_OR_WRITE(LR_fiq);
	}
}

static uint32_t access_sp(uint32_t mode, const uint32_t *value)
{
	switch (mode) {
	case MODE_SVC:
		return READ_OR_WRITE(SP_svc);
	case MODE_ABT:
		return READ_OR_WRITE(SP_abt);
	case MODE_UND:
		return READ_OR_WRITE(SP_und);
	case MODE_IRQ:
		return READ_OR_WRITE(SP_irq);
	default:
		return READ_OR_WRITE(SP_usr);
	}
}

static uint32_t access_lr(uint32_t mode, uint32_t *lr_usr, const uint32_t *value)
{
	switch (mode) {
	case MODE_SVC:
		return READ_OR_WRITE(LR_svc);
	case MODE_ABT:
		return READ_OR_WRITE(LR_abt);
	case MODE_UND:
		return READ_OR_WRITE(LR_und);
	case MODE_IRQ:
		return READ_OR_WRITE(LR_irq);
	default:
		return value ? (*lr_usr = *value) : *lr_usr;
	}
}

static uint32_t access_banked(struct vcpu *v, size_t n, const uint32_t *value)
{
	uint32_t mode = (uint32_t)current_pstate() & CPSR_MODE;

	if (n > 14)
		return 0; /* pc: UNPREDICTABLE */
	if (mode == MODE_FIQ)
		return access_fiq(n, value);
	if (n < 13)
		return value ? (v->arch.r[n] = *value) : v->arch.r[n];
	return n == 13 ? access_sp(mode, value) : access_lr(mode, &v->arch.lr_usr, value);
}

uint32_t vcpu_banked(const struct vcpu *v, size_t n)
{
	return access_banked((struct vcpu *)(uintptr_t)v, n, NULL);
}

void vcpu_set_banked(struct vcpu *v, size_t n, uint32_t value)
{
	(void)access_banked(v, n, &value);
}
