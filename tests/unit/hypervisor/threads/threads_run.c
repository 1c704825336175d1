/* SPDX-License-Identifier: ISC */
/*
 * The threads of test_threads.c, apart: the C library's scheduler has names that the hypervisor's
 * has.
 */
#include "threads_guest.h"
#include <pthread.h>
#include <stdint.h>

#define MAX_THREADS 16

static struct {
	void (*fn)(unsigned n);
	pthread_barrier_t begin;
} run;

static void *thread(void *n)
{
	pthread_barrier_wait(&run.begin);
	run.fn((unsigned)(uintptr_t)n);
	return NULL;
}

void threads_run(unsigned nr, void (*fn)(unsigned n))
{
	pthread_t t[MAX_THREADS];

	run.fn = fn;
	pthread_barrier_init(&run.begin, NULL, nr);
	for (unsigned i = 0; i < nr; i++)
		pthread_create(&t[i], NULL, thread, (void *)(uintptr_t)i);
	for (unsigned i = 0; i < nr; i++)
		pthread_join(t[i], NULL);
	pthread_barrier_destroy(&run.begin);
}
