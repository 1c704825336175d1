/* SPDX-License-Identifier: ISC */
/*
 * Locks whose holders are stopped, killed, or slow: the wait ends, and the sentence says whose it
 * is.
 */
#include "unit.h"

#include "base/lockfile.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char folder[64], path[80];
static struct report report;
static pid_t holder;

static int set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/plinth-test-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/a.lock", folder);
	holder = 0;
	return 0;
}

static void kill_holder(void)
{
	if (holder)
		kill(holder, SIGKILL);
	if (holder)
		waitpid(holder, NULL, 0);
	holder = 0;
}

static int tear_down(void **state)
{
	(void)state;
	kill_holder();
	unlink(path);
	return rmdir(folder);
}

/* A process that takes the lock, notes something and does not end by itself. */
static void start_holder(void)
{
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	holder = fork();
	if (!holder) {
		int lock = lockfile_take(path, &(struct lock_wait){0}, NULL);

		if (lock < 0 || lockfile_note(lock, "half\ndone\n") < 0 ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What an admin has stopped with ^Z keeps its locks; others must not stand still with it. */
static void test_stopped_holder(void **state)
{
	const struct lock_wait wait = {.timeout_ms = 200};
	long begin = now_ms();
	char expected[64];
	int status;

	(void)state;
	start_holder();
	kill(holder, SIGSTOP);
	assert_int_equal(waitpid(holder, &status, WUNTRACED), holder);
	assert_int_equal(lockfile_take(path, &wait, &report), -EBUSY);
	assert_true(now_ms() - begin >= 200 && now_ms() - begin < 5000);
	snprintf(expected, sizeof(expected), "/a.lock is locked by process %d (", (int)holder);
	assert_contains(report.text, expected);
	assert_contains(report.text, "test_lockfile");
	assert_contains(report.text, "), which is stopped");
	assert_int_equal(lockfile_take_abandoned(path), -EBUSY);
}

static int looks;

static bool cancelled(void *context)
{
	assert_ptr_equal(context, &looks);
	return ++looks == 3;
}

static void test_cancelled(void **state)
{
	const struct lock_wait wait = {1000 * 1000, cancelled, &looks};

	(void)state;
	start_holder();
	looks = 0;
	assert_int_equal(lockfile_take(path, &wait, &report), -EINTR);
	assert_int_equal(looks, 3);
	assert_contains(report.text, "interrupted while waiting for the lock ");
}

static void test_killed_holder(void **state)
{
	int lock;
	char *note;

	(void)state;
	assert_int_equal(lockfile_take_abandoned(path), -ENOENT);
	start_holder();
	kill_holder();
	lock = lockfile_take_abandoned(path);
	assert_true(lock >= 0);
	note = lockfile_read(lock);
	assert_string_equal(note, "half\ndone\n");
	free(note);
	close(lock);
	lock = lockfile_take(path, &(struct lock_wait){0}, &report);
	assert_true(lock >= 0);
	assert_null(lockfile_read(lock)); /* of this holder's there is nothing */
	lockfile_remove(path, lock);
	assert_int_equal(access(path, F_OK), -1);
}

/* Who waits takes it as soon as it is free, although the file is another one then. */
static void test_waits(void **state)
{
	const struct lock_wait wait = {.timeout_ms = 20000};
	int lock = lockfile_take(path, &wait, &report), status;
	pid_t waiter;

	(void)state;
	assert_true(lock >= 0);
	waiter = fork();
	if (!waiter)
		_exit(lockfile_take(path, &wait, NULL) < 0);
	usleep(100 * 1000);
	lockfile_remove(path, lock);
	assert_int_equal(waitpid(waiter, &status, 0), waiter);
	assert_int_equal(status, 0);
}

static void test_cannot_lock(void **state)
{
	(void)state;
	assert_int_equal(lockfile_take("/nonexistent/x", &(struct lock_wait){0}, &report), -ENOENT);
	assert_string_equal(report.text, "cannot lock /nonexistent/x: No such file or directory");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_stopped_holder), TEST(test_cancelled),   TEST(test_killed_holder),
		TEST(test_waits),          TEST(test_cannot_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
