/* SPDX-License-Identifier: ISC */
/*
 * Host spin locks: single-threaded tests, so "locking" is checking the order and catching re-entry.
 */
#ifndef ASM_SPINLOCK_H
#define ASM_SPINLOCK_H

struct spinlock {
	uint8_t rank;
	bool held;
};

#define SPINLOCK_INIT(r)    \
	{                   \
		.rank = (r) \
	}

/* Implemented in arch/host/host.c. */
void host_lock_acquire(struct spinlock *l, bool same_rank);
void host_lock_release(struct spinlock *l);
unsigned host_locks_held(void);

static inline void spin_lock_init(struct spinlock *l, enum lock_rank rank)
{
	*l = (struct spinlock){.rank = (uint8_t)rank};
}

static inline void spin_lock(struct spinlock *l)
{
	host_lock_acquire(l, false);
}

static inline void spin_lock_same_rank(struct spinlock *l)
{
	host_lock_acquire(l, true);
}

static inline bool spin_trylock(struct spinlock *l)
{
	if (l->held)
		return false;
	host_lock_acquire(l, true);
	return true;
}

static inline void spin_unlock(struct spinlock *l)
{
	host_lock_release(l);
}

static inline bool spin_is_locked(const struct spinlock *l)
{
	return l->held;
}

#endif
