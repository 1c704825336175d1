/* SPDX-License-Identifier: ISC */
/*
 * Calls of several vCPUs that interrupt each other anywhere, counted after at
 * interleave/interleave.h. OPS and SEEDS in the environment say how many calls for each of how many
 * seeds, SEED which is the first one.
 */
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "interleave.h"

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);

	return s && *s ? strtoull(s, NULL, 0) : otherwise;
}

static void run(uint64_t seed, uint64_t calls)
{
	report_begin(seed);
	world_start();
	world_run(calls);
	world_stop();
}

/*
 * Each seed is a process of its own: a machine that is started anew, and a failure that leaves the
 * others alone.
 */
static void test_seeds(void **state)
{
	uint64_t calls = from_environment("OPS", 100000), seeds = from_environment("SEEDS", 4),
		 first = from_environment("SEED", 1);
	unsigned failed = 0;

	(void)state;
	for (uint64_t seed = first; seed < first + seeds; seed++) {
		pid_t child = fork();
		int status;

		assert_true(child >= 0);
		if (!child) {
			run(seed, calls);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		if (status)
			fprintf(stderr, "again: SEED=%llu SEEDS=1 OPS=%llu\n",
				(unsigned long long)seed, (unsigned long long)calls);
		else
			printf("seed %llu: %llu calls\n", (unsigned long long)seed,
			       (unsigned long long)calls);
		fflush(stdout);
		failed += status != 0;
	}
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
