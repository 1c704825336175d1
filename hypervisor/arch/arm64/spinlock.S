/* SPDX-License-Identifier: ISC */
/* The waiting part of spin_lock(), once for all locks. */
	.text

/*
 * x15: the lock; w16: the ticket, in the upper half; x17: where to go on; changes x14. LDAXRH sets
 * the exclusive monitor, the unlocker's store clears it, and that wakes WFE (Arm ARM D1.6.1, "WFE
 * wake-up events").
 */
	.globl	spin_wait
	.type	spin_wait, %function
spin_wait:
	sevl
1:	wfe
	ldaxrh	w14, [x15]
	eor	w14, w14, w16, lsr #16
	cbnz	w14, 1b
	br	x17
	.size	spin_wait, . - spin_wait
