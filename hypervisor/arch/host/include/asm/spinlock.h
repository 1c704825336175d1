/* SPDX-License-Identifier: ISC */
/*
 * Host spin locks. In the tests with one thread (lock.c) "locking" is checking the order and
 * catching re-entry; in those where threads are the CPUs (threads.c) it locks, too.
 */
#ifndef ASM_SPINLOCK_H
#define ASM_SPINLOCK_H

#include <lib/types.h>

struct spinlock {
	uint8_t rank;
	bool held;
};

#define SPINLOCK_INIT(r)    \
	{                   \
		.rank = (r) \
	}

void host_lock_acquire(struct spinlock *l, bool same_rank);
bool host_lock_try(struct spinlock *l);
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
	return host_lock_try(l);
}

static inline void spin_unlock(struct spinlock *l)
{
	host_lock_release(l);
}

static inline bool spin_is_locked(const struct spinlock *l)
{
	return __atomic_load_n(&l->held, __ATOMIC_RELAXED);
}

#endif
