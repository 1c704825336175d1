/* SPDX-License-Identifier: ISC */
/*
 * Loads of several kinds, each between two markers, thrice; the same static program on the bare
 * machine, in dom0, and as a guest's init, which switches off at the end.
 */
#include <err.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void marker_set(unsigned long number);

#define FIRST_MARKER 64
#define ROUNDS       3          /* the middle one counts: something else may happen meanwhile */
#define WORDS        (1u << 18) /* 2 MiB: more than a TLB covers */
#define SYSCALLS     100000
#define FORKS        300
#define WORK         60    /* passes over the words, while interrupts come */
#define PERIOD_NS    20000 /* of these interrupts */
#define SLEEPS       2000
#define SLEEP_NS     100000

static uint64_t words[WORDS];

/* A pass: dependent arithmetic, and memory in an order that no prefetcher guesses. */
static void pass(void)
{
	static uint64_t x = 1;

	for (unsigned n = 0; n < WORDS / 8; n++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		words[x % WORDS] += x;
	}
}

static void load_cpu(void)
{
	for (unsigned n = 0; n < 250; n++)
		pass();
}

static void load_syscall(void)
{
	for (unsigned n = 0; n < SYSCALLS; n++)
		syscall(SYS_getppid);
}

static void load_fork(void)
{
	for (unsigned n = 0; n < FORKS; n++) {
		pid_t child = fork();

		if (child < 0)
			err(1, "fork");
		if (!child)
			_exit(0);
		if (waitpid(child, NULL, 0) != child)
			err(1, "waitpid");
	}
}

static volatile unsigned ticks;

static void at_tick(int number)
{
	(void)number;
	ticks++;
}

/* The same work each time, while a timer interrupts it. */
static void load_interrupts(void)
{
	struct sigaction action = {.sa_handler = at_tick, .sa_flags = SA_RESTART};
	struct itimerspec period = {.it_value.tv_nsec = PERIOD_NS,
				    .it_interval.tv_nsec = PERIOD_NS};
	timer_t timer;

	sigaction(SIGALRM, &action, NULL);
	if (timer_create(CLOCK_MONOTONIC, NULL, &timer) || timer_settime(timer, 0, &period, NULL))
		err(1, "a timer");
	for (unsigned n = 0; n < WORK; n++)
		pass();
	timer_delete(timer);
}

static void load_sleep(void)
{
	const struct timespec time = {.tv_nsec = SLEEP_NS};

	for (unsigned n = 0; n < SLEEPS; n++)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

#define KINDS 5
static void (*const loads[KINDS])(void) = {load_cpu, load_syscall, load_fork, load_interrupts,
					   load_sleep};

int main(void)
{
	prctl(PR_SET_TIMERSLACK, 1);
	memset(words, 1, sizeof(words));
	for (unsigned n = 0; n < ROUNDS * KINDS; n++) {
		marker_set(FIRST_MARKER + 2 * (n % KINDS));
		loads[n % KINDS]();
		marker_set(FIRST_MARKER + 2 * (n % KINDS) + 1);
	}
	printf("load: done, %u ticks\n", ticks);
	fflush(stdout);
	if (getpid() == 1)
		reboot(RB_POWER_OFF);
	return 0;
}
