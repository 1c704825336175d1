/* SPDX-License-Identifier: ISC */
/* Ticket spin locks: fair, 32 bits, waiting in WFE. */
#ifndef ASM_SPINLOCK_H
#define ASM_SPINLOCK_H

#include <asm/barrier.h>
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

/* Draw a ticket, then wait until it is served. The barrier makes the lock an acquire. */
static inline void spin_lock(struct spinlock *l)
{
	uint32_t ticket, next, fail;

	asm volatile("1:	ldrex	%0, %3\n"
		     "	add	%1, %0, #0x10000\n"
		     "	strex	%2, %1, %3\n"
		     "	teq	%2, #0\n"
		     "	bne	1b"
		     : "=&r"(ticket), "=&r"(next), "=&r"(fail), "+Q"(l->both)
		     :
		     : "memory", "cc");
	while (READ_ONCE(l->owner) != ticket >> 16)
		asm volatile("wfe" ::: "memory");
	smp_mb();
}

static inline void spin_lock_same_rank(struct spinlock *l)
{
	spin_lock(l);
}

/* The owner's half is the other half rotated into place: equal halves mean that it is free. */
static inline bool spin_trylock(struct spinlock *l)
{
	uint32_t old, busy, fail;

	asm volatile("1:	ldrex	%0, %3\n"
		     "	eors	%1, %0, %0, ror #16\n"
		     "	bne	2f\n"
		     "	add	%0, %0, #0x10000\n"
		     "	strex	%2, %0, %3\n"
		     "	teq	%2, #0\n"
		     "	bne	1b\n"
		     "2:"
		     : "=&r"(old), "=&r"(busy), "=&r"(fail), "+Q"(l->both)
		     :
		     : "memory", "cc");
	smp_mb();
	return busy == 0;
}

/* The barriers make the store a release, and visible before the event that ends a waiter's WFE. */
static inline void spin_unlock(struct spinlock *l)
{
	smp_mb();
	WRITE_ONCE(l->owner, (uint16_t)(l->owner + 1));
	asm volatile("dsb ishst\n sev" ::: "memory");
}

static inline bool spin_is_locked(const struct spinlock *l)
{
	return READ_ONCE(l->owner) != READ_ONCE(l->next);
}

#endif
