/* SPDX-License-Identifier: ISC */
/*
 * Models of what the hypervisor does without a lock, run by relacy through every interleaving, and
 * every value that the C++11 memory model lets a load return. Each model is a template: as<true> is
 * what the hypervisor does and must hold, as<false> lacks one barrier and must fail, which shows that
 * the model needs it.
 *
 * C++11 is weaker than Arm's model in what it promises, so what holds here holds there. Atomics are
 * those of lib/atomic.h: relaxed, _acq, _rel, _full.
 */
#ifndef TESTS_LITMUS_LITMUS_HPP
#define TESTS_LITMUS_LITMUS_HPP

#include <relacy/relacy.hpp>
#include <cstdio>
#include <iostream>

static const rl::memory_order relaxed = rl::mo_relaxed, acquire = rl::mo_acquire,
			      release = rl::mo_release, full = rl::mo_acq_rel;

/* smp_mb(), and DSB: more than that. */
#define smp_mb() rl::atomic_thread_fence(rl::mo_seq_cst, $)

/* Without a word: relacy tells all that it does on std::cout. */
template <typename Model> static bool holds()
{
	rl::test_params p;
	std::streambuf *out = std::cout.rdbuf(NULL);
	bool ok;

	p.search_type = rl::fair_full_search_scheduler_type;
	ok = rl::simulate<Model>(p);
	std::cout.rdbuf(out);
	return ok;
}

template <template <bool> class Model> static int litmus(const char *name, const char *barrier)
{
	if (!holds<Model<true>>()) {
		printf("%s: does not hold\n", name);
		return 1;
	}
	if (holds<Model<false>>()) {
		printf("%s: does not need %s, so it shows nothing\n", name, barrier);
		return 1;
	}
	printf("%s: holds, and needs %s\n", name, barrier);
	return 0;
}

#endif
