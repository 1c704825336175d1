/* SPDX-License-Identifier: ISC */
/* Limits the daemon's time that one client may use. */
#include "budget.h"
#include "base/loop.h"

uint64_t work_done;

/* The clock is read only when a slice is used up; ordinary clients rarely reach that. */
int64_t budget_use(struct budget *budget, uint64_t units)
{
	int64_t now, end;

	budget->used += units;
	if (budget->used < BUDGET_SLICE)
		return 0;
	now = loop_now_ms();
	end = budget->begin_ms + (int64_t)(budget->used / BUDGET_SLICE) * BUDGET_SLICE_MS;
	*budget = (struct budget){.begin_ms = now < end ? end : now};
	return now < end ? end : 0;
}
