/* SPDX-License-Identifier: ISC */
/* A guest's share of the daemon: bytes and events a time slice. */
#include "budget.h"

static void enter_slice(struct budget *budget, int64_t now_ms)
{
	int64_t slice = now_ms / BUDGET_SLICE_MS;

	if (budget->slice != slice)
		*budget = (struct budget){.slice = slice};
}

size_t budget_left(struct budget *budget, int64_t now_ms)
{
	enter_slice(budget, now_ms);
	if (budget->events > BUDGET_EVENTS || budget->bytes >= BUDGET_BYTES)
		return 0;
	return BUDGET_BYTES - budget->bytes;
}

void budget_use(struct budget *budget, size_t bytes)
{
	budget->bytes += (uint32_t)bytes;
}

void budget_use_event(struct budget *budget, int64_t now_ms)
{
	enter_slice(budget, now_ms);
	budget->events++;
}

int64_t budget_next_ms(int64_t now_ms)
{
	return (now_ms / BUDGET_SLICE_MS + 1) * BUDGET_SLICE_MS;
}
