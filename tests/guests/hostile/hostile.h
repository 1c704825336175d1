/* SPDX-License-Identifier: ISC */
/* The parts of the guest "hostile": hostile.c beside this folder, and what is in it. */
#ifndef GUEST_HOSTILE_H
#define GUEST_HOSTILE_H

#include "events.h"
#include "psci.h"

#define POOL_PAGES 32

extern u8 pool[POOL_PAGES][PAGE_SIZE]; /* frames that come and go */
extern domid_t own_domid, peer_domid;
extern bool pages_with_peer; /* it may have some of ours mapped */

u64 rnd(u64 *seed);
void short_timer(u64 *seed);          /* the virtual timer, in less than a millisecond */
void touch(unsigned page, u64 *seed); /* reads and writes there, if anything is there */
void memory_check(void);              /* populates the pool again */

void grants_prepare(void);
void grants_step(struct cpu *cpu, u64 *seed);
void grants_check(void);

void events_prepare(void);
void events_step(struct cpu *cpu, u64 *seed);
void events_check(void);

void fifo_prepare(void);
void fifo_step(struct cpu *cpu, u64 *seed);

#endif
