/* SPDX-License-Identifier: ISC */
/* Ticket spin locks: fair, 32 bits, waiting in WFE. */
#ifndef ASM_SPINLOCK_H
#define ASM_SPINLOCK_H

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
 * Draw a ticket, then wait until it is served. The acquire loads pair with the store-release in
 * spin_unlock(). Waiting: LDAXRH sets the exclusive monitor, the unlocker's store clears it, and
 * that wakes WFE (Arm ARM D1.6.1, "WFE wake-up events").
 */
static inline void spin_lock(struct spinlock *l)
{
	uint32_t ticket, tmp, fail;

	asm volatile("1:	ldaxr	%w0, %3\n"
		     "	add	%w1, %w0, #0x10000\n"
		     "	stxr	%w2, %w1, %3\n"
		     "	cbnz	%w2, 1b\n"
		     "	eor	%w1, %w0, %w0, ror #16\n"
		     "	cbz	%w1, 3f\n"
		     "	sevl\n"
		     "2:	wfe\n"
		     "	ldaxrh	%w1, %4\n"
		     "	eor	%w2, %w1, %w0, lsr #16\n"
		     "	cbnz	%w2, 2b\n"
		     "3:"
		     : "=&r"(ticket), "=&r"(tmp), "=&r"(fail), "+Q"(l->both)
		     : "Q"(l->owner)
		     : "memory", "cc");
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
