/* SPDX-License-Identifier: ISC */
/* Exceptions that the current vCPU takes to its own modes (DDI 0406C B1.9). */
#include <arm/aarch32.h>
#include <arm/trap.h>
#include <arm/width.h>
#include <asm/context.h>

#define TTBCR_EAE       (1U << 31)
#define FSR_LPAE        (1U << 9)
#define FSR_EXTERNAL_64 0x10U /* synchronous external abort, in the long format */
#define FSR_EXTERNAL_32 0x08U

/* The mode that is entered: its SPSR and LR are written by the caller. */
static uint32_t link(const struct aarch32_exception *e)
{
	return (uint32_t)current_pc() + e->link[!!(current_pstate() & CPSR_T)];
}

static void take(const struct aarch32_exception *e)
{
	uint32_t sctlr = read_cp(SCTLR);

	write_banked(SPSR_cxsf, aarch32_cpsr_in(e, (uint32_t)current_pstate(), sctlr));
	current_set_pc(aarch32_handler(e, sctlr, read_cp(VBAR)));
}

static void take_abort(const struct aarch32_exception *e)
{
	write_banked(SPSR_abt, (uint32_t)current_pstate());
	write_banked(LR_abt, link(e));
	take(e);
}

/* DFSR and IFSR: a synchronous external abort, in the format of the guest's tables. */
static uint32_t external_abort(void)
{
	return read_cp(TTBCR) & TTBCR_EAE ? FSR_LPAE | FSR_EXTERNAL_64 : FSR_EXTERNAL_32;
}

void inject_undef(struct vcpu *v __unused, bool il __unused)
{
	write_banked(SPSR_und, (uint32_t)current_pstate());
	write_banked(LR_und, link(&aarch32_undefined));
	take(&aarch32_undefined);
}

void inject_data_abort(struct vcpu *v __unused, uint64_t far)
{
	write_cp(DFAR, far);
	write_cp(DFSR, external_abort());
	take_abort(&aarch32_data_abort);
}

void inject_instruction_abort(struct vcpu *v __unused, uint64_t far)
{
	write_cp(IFAR, far);
	write_cp(IFSR, external_abort());
	take_abort(&aarch32_prefetch_abort);
}

/* An asynchronous data abort (HCR.VA). */
void inject_serror(struct vcpu *v __unused)
{
	write_cp(HCR, read_cp(HCR) | (uint32_t)HCR_VSE);
}
