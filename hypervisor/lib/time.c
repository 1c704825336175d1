/* SPDX-License-Identifier: ISC */
/* System time: the counter of the generic timer, in nanoseconds since boot. */
#include <hyp/arch.h>
#include <lib/time.h>

uint32_t time_hz;
uint64_t time_boot_ticks;

/* ns = ticks * mult >> 32 and back, with factors made once: no divisions later. */
static uint64_t ns_per_tick_q32, ticks_per_ns_q32;

void time_init(uint32_t hz)
{
	time_hz = hz;
	time_boot_ticks = time_ticks();
	ns_per_tick_q32 = (1000000000ULL << 32) / hz;
	ticks_per_ns_q32 = ((uint64_t)hz << 32) / 1000000000ULL;
}

/*
 * a * q32 >> 32, modulo 2^64. The product has 96 bits, so it is made of halves: 32-bit CPUs have no
 * wider multiplication than 32 x 32 bits.
 */
static uint64_t mul_q32(uint64_t a, uint64_t q32)
{
	uint64_t whole = q32 >> 32, fraction = (uint32_t)q32;

	return a * whole + (a >> 32) * fraction + ((uint32_t)a * fraction >> 32);
}

uint64_t time_ns_to_ticks(ns_t ns)
{
	return mul_q32(ns, ticks_per_ns_q32);
}

ns_t time_ticks_to_ns(uint64_t t)
{
	return mul_q32(t, ns_per_tick_q32);
}

ns_t time_now(void)
{
	return time_ticks_to_ns(time_ticks() - time_boot_ticks);
}
