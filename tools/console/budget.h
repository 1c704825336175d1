/* SPDX-License-Identifier: ISC */
/*
 * How much of the daemon one guest may have: so many bytes and so many events a time slice. Past
 * that its ring is not read and its event channel stays masked until the next slice, so the guest
 * waits for room in its ring, and nobody else waits for the guest.
 */
#ifndef PLINTH_CONSOLE_BUDGET_H
#define PLINTH_CONSOLE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUDGET_SLICE_MS 100
#define BUDGET_BYTES    (32 * 1024) /* a slice: 320 KiB/s, some 30 times a serial line */
#define BUDGET_EVENTS   64 /* a slice; an event costs the daemon a turn even without data */

struct budget {
	int64_t slice; /* number of the slice that the counts belong to */
	uint32_t bytes, events;
};

/* What may still be read in this slice; 0: wait for budget_next_ms(). */
size_t budget_left(struct budget *budget, int64_t now_ms);
void budget_use(struct budget *budget, size_t bytes);
void budget_use_event(struct budget *budget, int64_t now_ms);

/* When the next slice begins. */
int64_t budget_next_ms(int64_t now_ms);

#endif
