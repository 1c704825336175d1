/* SPDX-License-Identifier: ISC */
/*
 * Limits the daemon's time that one client may use. The code that does the work counts it. A unit
 * is roughly a tenth of a microsecond on a fast machine. Counted are steps in the tree, nodes made
 * and removed, watches examined, bytes written to the journal and hypercalls.
 *
 * A client that has used its share of a turn continues in the next turn, after all others. A guest
 * that has used its share of a slice is ignored, with its event channel masked, until the slice is
 * over. A guest that uses several slices at once waits for as many slices.
 */
#ifndef PLINTH_STORE_BUDGET_H
#define PLINTH_STORE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define BUDGET_SLICE_MS        100
#define BUDGET_SLICE           32768u /* units per guest */
#define BUDGET_TURN            2048u  /* units per guest and turn */
#define BUDGET_TURN_PRIVILEGED 16384u

enum work_units {
	WORK_REQUEST = 10,
	WORK_STEP = 1,          /* to a node, a watch or an entry of a transaction */
	WORK_MAKE = 4,          /* a node is made or removed, or a message is sent */
	WORK_DOMAIN_STATE = 50, /* a query to the hypervisor */
	WORK_EVENT = 10,        /* an event with work to do */
	WORK_EMPTY_EVENT = 100, /* an event without work still costs a turn */
	WORK_RECONNECT = 1000,
};
#define WORK_BYTES(len) ((uint32_t)(len) / 32)
#define WORK_NAMES(len) ((uint32_t)(len) / 8) /* a step for each name of a list */

/* Units used by all clients since the start. */
extern uint64_t work_done;

static inline void work_add(uint32_t units)
{
	work_done += units;
}

struct budget {
	int64_t begin_ms; /* start of the slice */
	uint64_t used;    /* units used in the slice */
};

/* Adds work to the slice. Returns 0, or the time until which the client must wait. */
int64_t budget_use(struct budget *budget, uint64_t units);

#endif
