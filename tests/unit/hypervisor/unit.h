/* SPDX-License-Identifier: ISC */
/* cmocka with the headers that it wants before it, and a repeatable random generator. */
#ifndef TESTS_UNIT_HYPERVISOR_UNIT_H
#define TESTS_UNIT_HYPERVISOR_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* xorshift64*: the same sequence in every run. */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1d;
}

static inline uint64_t random_below(uint64_t *state, uint64_t limit)
{
	return (random_next(state) >> 16) % limit;
}

#endif
