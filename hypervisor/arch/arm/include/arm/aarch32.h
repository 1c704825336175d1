/* SPDX-License-Identifier: ISC */
/*
 * AArch32 state of a guest: what does not depend on whether the hypervisor has 32 or 64 bits. The
 * Arm ARM describes it in G1.
 */
#ifndef ARM_AARCH32_H
#define ARM_AARCH32_H

#include <lib/types.h>

/* Fields of CPSR and of every SPSR (G8.2.33). IT[7:2] is in bits 15-10, IT[1:0] in 26-25. */
#define AA32_MODE  0x1fU
#define AA32_T     BIT(5)
#define AA32_F     BIT(6)
#define AA32_I     BIT(7)
#define AA32_A     BIT(8)
#define AA32_E     BIT(9)
#define AA32_GE    (0xfU << 16)
#define AA32_IT    0x0600fc00U
#define AA32_NZCVQ (0x1fU << 27)

enum aarch32_mode {
	AA32_USR = 0x10,
	AA32_FIQ = 0x11,
	AA32_IRQ = 0x12,
	AA32_SVC = 0x13,
	AA32_ABT = 0x17,
	AA32_UND = 0x1b,
	AA32_SYS = 0x1f,
};

/* A mode of a guest, that is neither Monitor nor Hyp mode nor reserved. */
bool aarch32_is_guest_mode(uint32_t cpsr);

/*
 * Did the trapped instruction pass its condition? A trap may come before the check. The condition
 * is in the syndrome or, for T32 instructions, in the IT state (D19.2.37, CV and COND).
 */
bool aarch32_passed(uint32_t syndrome, uint32_t cpsr);

/*
 * CPSR for the next instruction: an IT block goes on, or ends (G1.13.1, ITSTATE). Nothing else
 * changes.
 */
uint32_t aarch32_next_it(uint32_t cpsr);

/* An exception that a guest takes to one of its own modes (G1.13). */
struct aarch32_exception {
	uint8_t mode;    /* enum aarch32_mode */
	uint8_t vector;  /* offset, in bytes */
	uint8_t link[2]; /* the preferred return address is pc + link[T], in the new mode's LR */
	bool masks_aborts;
};
extern const struct aarch32_exception aarch32_undefined, aarch32_prefetch_abort, aarch32_data_abort;

/* CPSR in the handler, from CPSR before it and SCTLR. */
uint32_t aarch32_cpsr_in(const struct aarch32_exception *e, uint32_t cpsr, uint32_t sctlr);

/* The handler's address. */
uint32_t aarch32_handler(const struct aarch32_exception *e, uint32_t sctlr, uint32_t vbar);

#endif
