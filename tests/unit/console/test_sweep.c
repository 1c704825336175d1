/* SPDX-License-Identifier: ISC */
/* The monitor hears that a process has let go of its lock file, and starts one worker at a time. */
#include "unit.h"

#include "guest/abandoned.h"
#include "base/loop.h"
#include "monitor/sweep.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct monitor monitor;
static struct loop loop;
static char *folder;
static int64_t now;
static unsigned looks;
static unsigned *cleared; /* shared with the workers */
static enum abandoned found;

/* The worker's hypervisor, of which it asks nothing here. */
int ctrl_open(struct ctrl **ctrl)
{
	*ctrl = NULL;
	return 0;
}

void ctrl_close(struct ctrl *ctrl)
{
	(void)ctrl;
}

enum abandoned abandoned_look(const char *registry)
{
	assert_string_equal(registry, folder);
	looks++;
	return found;
}

void abandoned_clear(struct ctrl *ctrl, const struct abandoned_options *options)
{
	(void)ctrl;
	*cleared += strcmp(options->registry, folder) == 0;
}

static int setup(void **state)
{
	(void)state;
	folder = make_folder();
	cleared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	monitor = (struct monitor){.registry = folder};
	looks = 0;
	found = ABANDONED_NOTHING;
	assert_int_equal(loop_init(&loop), 0);
	now = loop_now_ms();
	sweep_start(&monitor, &loop, now);
	assert_int_equal(sweep_run_due(now), -1); /* once at the start; then the kernel tells */
	assert_int_equal(looks, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sweep_stop();
	loop_close(&loop);
	munmap(cleared, 4096);
	remove_folder(folder);
	return 0;
}

static void close_a_file(const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	unlink(path);
}

/*
 * A creation closes some files: that is one look, a little later, and the next is heard of again.
 */
static void test_hears_of_closed_files(void **state)
{
	(void)state;
	for (unsigned round = 2; round < 5; round++) {
		close_a_file("3.json.abcdef.new");
		close_a_file("web.lock");
		assert_int_equal(loop_run_once(&loop, 1000), 0);
		now = loop_now_ms();
		assert_in_range(sweep_run_due(now), 1, 1000);
		assert_int_equal(loop_run_once(&loop, 0), 0);
		assert_int_equal(looks, round - 1);
		assert_int_equal(sweep_run_due(now + 1000), -1);
		assert_int_equal(looks, round);
	}
	assert_int_equal(*cleared, 0);
}

static pid_t start_worker(void)
{
	found = ABANDONED_FOUND;
	close_a_file("web.lock");
	assert_int_equal(loop_run_once(&loop, 1000), 0);
	now = loop_now_ms() + 1000;
	assert_true(sweep_run_due(now) > 1000); /* the worker's limit */
	return wait(NULL);
}

static void test_one_worker_at_a_time(void **state)
{
	pid_t worker = start_worker();

	(void)state;
	assert_true(worker > 0);
	assert_int_equal(*cleared, 1);
	close_a_file("mail.lock"); /* while it is at it, as far as is known */
	assert_int_equal(loop_run_once(&loop, 1000), 0);
	sweep_run_due(now + 1000);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_false(sweep_worker_done(worker + 1, now));
	assert_true(sweep_worker_done(worker, now));
	sweep_run_due(now + 2000);
	worker = wait(NULL);
	assert_true(worker > 0);
	assert_int_equal(*cleared, 2);
	found = ABANDONED_NOTHING;
	assert_true(sweep_worker_done(worker, now));
	assert_int_equal(sweep_run_due(now + 60000), -1);
}

/* A file of a process that lives is looked at again, without a word of the kernel. */
static void test_looks_again(void **state)
{
	(void)state;
	found = ABANDONED_NOT_YET;
	close_a_file("web.lock");
	assert_int_equal(loop_run_once(&loop, 1000), 0);
	now = loop_now_ms() + 1000;
	assert_in_range(sweep_run_due(now), 1000, 60000);
	found = ABANDONED_NOTHING;
	assert_int_equal(sweep_run_due(now + 60000), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hears_of_closed_files),
		TEST(test_one_worker_at_a_time),
		TEST(test_looks_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
