/* SPDX-License-Identifier: ISC */
/* AArch32 state of a guest: conditions of instructions, and what the CPU does for an exception. */
#include <arm/aarch32.h>
#include <arm/trap.h>

#define ESR_CV      BIT(24)
#define COND_ALWAYS 0xeU /* 0xf too: no condition */

#define SCTLR_V  BIT(13) /* vectors at 0xffff0000 */
#define SCTLR_EE BIT(25) /* handlers are big endian */
#define SCTLR_TE BIT(30) /* handlers are T32 */

/* Fields that every exception clears (G1.13.2): IT state, J, single-step and illegal state. */
#define AA32_CLEARED (AA32_MODE | AA32_T | AA32_E | AA32_IT | BIT(24) | BIT(21) | BIT(20))

const struct aarch32_exception aarch32_undefined = {AA32_UND, 0x04, {4, 2}, false};
const struct aarch32_exception aarch32_prefetch_abort = {AA32_ABT, 0x0c, {4, 4}, true};
const struct aarch32_exception aarch32_data_abort = {AA32_ABT, 0x10, {8, 8}, true};

bool aarch32_is_guest_mode(uint32_t cpsr)
{
	const uint32_t modes = BIT(AA32_USR) | BIT(AA32_FIQ) | BIT(AA32_IRQ) | BIT(AA32_SVC) |
			       BIT(AA32_ABT) | BIT(AA32_UND) | BIT(AA32_SYS);

	return modes >> (cpsr & AA32_MODE) & 1;
}

static unsigned condition(uint32_t syndrome, uint32_t cpsr)
{
	if (syndrome & ESR_CV)
		return syndrome >> 20 & 0xf;
	return cpsr & AA32_IT ? cpsr >> 12 & 0xf : COND_ALWAYS; /* IT[7:4] */
}

/* Pairs of conditions, each with its opposite in the odd number (F1.3.1). */
bool aarch32_passed(uint32_t syndrome, uint32_t cpsr)
{
	bool n = cpsr >> 31 & 1, z = cpsr >> 30 & 1, c = cpsr >> 29 & 1, v = cpsr >> 28 & 1;
	const bool holds[] = {z, c, n, v, c && !z, n == v, n == v && !z};
	unsigned cond = condition(syndrome, cpsr);

	return cond >= COND_ALWAYS || holds[cond >> 1] != (cond & 1);
}

uint32_t aarch32_next_it(uint32_t cpsr)
{
	uint32_t it = (cpsr >> 10 & 0x3f) << 2 | (cpsr >> 25 & 3);

	it = it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0; /* 0: that was the last of the block */
	return (cpsr & ~AA32_IT) | (it >> 2) << 10 | (it & 3) << 25;
}

uint32_t aarch32_cpsr_in(const struct aarch32_exception *e, uint32_t cpsr, uint32_t sctlr)
{
	return (cpsr & ~AA32_CLEARED) | e->mode | AA32_I | (e->masks_aborts ? AA32_A : 0) |
	       (sctlr & SCTLR_TE ? AA32_T : 0) | (sctlr & SCTLR_EE ? AA32_E : 0);
}

uint32_t aarch32_handler(const struct aarch32_exception *e, uint32_t sctlr, uint32_t vbar)
{
	return (sctlr & SCTLR_V ? 0xffff0000 : vbar) + e->vector;
}
