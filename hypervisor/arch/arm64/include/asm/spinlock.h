/* SPDX-License-Identifier: ISC */
/* Ticket spin locks: fair, 32 bits, waiting in WFE. */
#ifndef ASM_SPINLOCK_H
#define ASM_SPINLOCK_H

#include <lib/types.h>

struct spinlock {
	union {
		uint32_t both;
		struct {
			uint16_t owner; /* ticket being served */
			uint16_t next;  /* ticket to draw */
		};
	};
};

#define SPINLOCK_INIT(rank) \
	{                   \
		{           \
			0   \
		}           \
	}

static inline void spin_lock_init(struct spinlock *l, enum lock_rank rank __unused)
{
	l->both = 0;
}

/*
 * Draw a ticket, and if it is not served yet, wait in spin_wait() (spinlock.S), which takes its
 * arguments in these registers and goes on at label 2. The acquire loads pair with the
 * store-release in spin_unlock().
 */
static inline void spin_lock(struct spinlock *l)
{
	register struct spinlock *lock asm("x15") = l;
	register uint32_t ticket asm("x16");
	uint32_t tmp;

	asm volatile("1:	ldaxr	%w0, [%3]\n"
		     "	add	%w1, %w0, #0x10000\n"
		     "	stxr	w17, %w1, [%3]\n"
		     "	cbnz	w17, 1b\n"
		     "	eor	%w1, %w0, %w0, ror #16\n"
		     "	cbz	%w1, 2f\n"
		     "	adr	x17, 2f\n"
		     "	b	spin_wait\n"
		     "2:"
		     : "=&r"(ticket), "=&r"(tmp), "+m"(*l)
		     : "r"(lock)
		     : "x14", "x17", "memory", "cc");
}

static inline void spin_lock_same_rank(struct spinlock *l)
{
	spin_lock(l);
}

static inline bool spin_trylock(struct spinlock *l)
{
	uint32_t old, tmp, fail;

	asm volatile("1:	ldaxr	%w0, %3\n"
		     "	eor	%w1, %w0, %w0, ror #16\n"
		     "	cbnz	%w1, 2f\n"
		     "	add	%w0, %w0, #0x10000\n"
		     "	stxr	%w2, %w0, %3\n"
		     "	cbnz	%w2, 1b\n"
		     "2:"
		     : "=&r"(old), "=&r"(tmp), "=&r"(fail), "+Q"(l->both)
		     :
		     : "memory", "cc");
	return tmp == 0;
}

/* Pairs with the load-acquire of the next owner in spin_lock(). */
static inline void spin_unlock(struct spinlock *l)
{
	uint16_t next = (uint16_t)(l->owner + 1);

	asm volatile("stlrh %w1, %0" : "=Q"(l->owner) : "r"(next) : "memory");
}

static inline bool spin_is_locked(const struct spinlock *l)
{
	return READ_ONCE(l->owner) != READ_ONCE(l->next);
}

#endif
