/* SPDX-License-Identifier: ISC */
/* What tools that were killed have left half done is taken away, and nothing else is. */
#include "unit.h"

#include "guest/abandoned.h"
#include "guest/devices.h"
#include "base/lockfile.h"
#include "guest/registry.h"
#include "fake_host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint8_t uuid[16] = {0x9d, 1, 2, 3};
static char *directory, told[512];
static unsigned taken_back;
static int take_back_error;

static void note_told(const char *text)
{
	snprintf(told, sizeof(told), "%s", text);
}

static struct abandoned_options options = {
	.console_socket = "console.sock",
	.monitor_socket = "monitor.sock",
	.tell = note_told,
};

/* The devices, of which only words are wanted here. */
const char *device_kind_word(enum device_kind kind)
{
	return kind == DEVICE_DISK ? "vbd" : "vif";
}

char *device_name(enum device_kind kind, uint32_t devid, char name[DEVICE_NAME_SIZE])
{
	snprintf(name, DEVICE_NAME_SIZE, "%s %u", device_kind_word(kind), devid);
	return name;
}

int guest_take_back_half_attached(const struct guest_devices *guest, enum device_kind kind,
				  uint32_t devid, struct report *report)
{
	taken_back++;
	assert_int_equal(guest->domid, DOMID);
	assert_memory_equal(guest->uuid, uuid, 16);
	assert_int_equal(kind, DEVICE_VIF);
	assert_int_equal(devid, 2);
	return take_back_error ? report_set(report, take_back_error, "no") : 0;
}

static int set_up(void **state)
{
	(void)state;
	directory = make_folder();
	options.registry = directory;
	fake_reset();
	*told = '\0';
	taken_back = 0;
	take_back_error = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	remove_folder(directory);
	return 0;
}

static size_t count_files(void)
{
	DIR *folder = opendir(directory);
	struct dirent *file;
	size_t count = 0;

	while ((file = readdir(folder)))
		count += file->d_name[0] != '.';
	closedir(folder);
	return count;
}

/* In a process of its own, which is killed with SIGKILL where go() has come to its end. */
static void kill_after(int (*go)(void))
{
	pid_t child = fork();
	int status;

	if (!child) {
		if (go())
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
}

static int begin_to_make(void)
{
	int lock = registry_lock_name(directory, "web", &(struct lock_wait){0}, NULL);

	return lock < 0 ? lock
			: registry_note_making(lock, uuid, fake.present, (size_t)fake.present_count,
					       NULL);
}

static int begin_to_rename(void)
{
	return registry_lock_name(directory, "web", &(struct lock_wait){0}, NULL) < 0;
}

static int begin_to_attach(void)
{
	char path[128];
	int lock;

	snprintf(path, sizeof(path), "%s/%d-vif-2.device", directory, DOMID);
	lock = lockfile_take(path, &(struct lock_wait){0}, NULL);
	return lock < 0 ? lock
			: lockfile_note(lock, "attaching 9d010203-0000-0000-0000-000000000000\n");
}

/* A domain with the number and uuid of what was being made. */
static void add_domain(bool started)
{
	fake.present[1] = (struct ctrl_domain_info){
		.domid = DOMID,
		.paused = !started,
		.cpu_time = started,
	};
	memcpy(fake.present[1].uuid, uuid, 16);
	fake.present_count = 2;
	fake.is_present = true;
}

static void clear(const char *calls, size_t files)
{
	*fake.calls = '\0';
	abandoned_clear(NULL, &options);
	assert_string_equal(fake.calls, calls);
	assert_int_equal(count_files(), files);
}

static void test_nothing(void **state)
{
	(void)state;
	assert_int_equal(abandoned_look(directory), ABANDONED_NOTHING);
	assert_int_equal(abandoned_look("/nonexistent"), ABANDONED_NOTHING);
	clear("", 0);
}

static void test_killed_before_the_domain(void **state)
{
	(void)state;
	kill_after(begin_to_make);
	assert_int_equal(abandoned_look(directory), ABANDONED_FOUND);
	clear("domains", 0);
	kill_after(begin_to_rename);
	clear("", 0);
}

static void test_killed_with_a_domain(void **state)
{
	(void)state;
	kill_after(begin_to_make);
	add_domain(false);
	clear("domains pause unpublish destroy died", 0); /* the monitor sees it by itself */
	assert_string_equal(told, "domain 7, half made by a process that ended, is destroyed");
	assert_false(fake.is_present);
}

/* It was complete: only the file is removed. */
static void test_killed_after_the_start(void **state)
{
	(void)state;
	kill_after(begin_to_make);
	add_domain(true);
	clear("domains", 0);
	assert_true(fake.is_present);
}

/* A guest of the same uuid that was there before, and paused, is none of that. */
static void test_another_of_this_uuid(void **state)
{
	(void)state;
	add_domain(false);
	kill_after(begin_to_make);
	clear("domains", 0);
	assert_true(fake.is_present);
}

static void test_maker_lives(void **state)
{
	int lock;

	(void)state;
	lock = registry_lock_name(directory, "web", &(struct lock_wait){0}, NULL);
	assert_int_equal(registry_note_making(lock, uuid, NULL, 0, NULL), 0);
	add_domain(false);
	assert_int_equal(abandoned_look(directory), ABANDONED_NOT_YET);
	clear("", 1);
	registry_unlock_name(directory, "web", lock);
}

static void test_tried_again(void **state)
{
	(void)state;
	kill_after(begin_to_make);
	add_domain(false);
	fake.failing = "destroy";
	fake.failure = -EPERM;
	clear("domains pause unpublish destroy", 1);
	assert_string_equal(told, "domain 7, half made by a process that ended, stays: the "
				  "hypervisor says no");
	fake.failing = NULL;
	clear("domains pause unpublish destroy died", 0);
}

static void test_devices(void **state)
{
	(void)state;
	kill_after(begin_to_attach);
	clear("", 0); /* the domain has gone, and all that it had */
	assert_int_equal(taken_back, 0);

	fake.has_domain = true;
	kill_after(begin_to_attach);
	clear("", 0); /* the number is another domain's */
	assert_int_equal(taken_back, 0);

	memcpy(fake.zombie_uuid, uuid, 16);
	kill_after(begin_to_attach);
	take_back_error = -ETIMEDOUT;
	clear("", 1);
	assert_string_equal(told, "vif 2 of domain 7, half attached by a process that ended, "
				  "stays: no");
	take_back_error = 0;
	clear("", 0);
	assert_string_equal(told, "vif 2 of domain 7, half attached by a process that ended, is "
				  "taken away");
	assert_int_equal(taken_back, 2);
}

/* The new version of an entry is removed as soon as its writer does not hold its lock. */
static void test_new_versions(void **state)
{
	char path[128];
	int lock;

	(void)state;
	snprintf(path, sizeof(path), "%s/7.json.aBcDeF.new", directory);
	lock = lockfile_take(path, &(struct lock_wait){0}, NULL);
	assert_true(lock >= 0);
	assert_int_equal(abandoned_look(directory), ABANDONED_NOT_YET);
	clear("", 1);
	close(lock);
	assert_int_equal(abandoned_look(directory), ABANDONED_FOUND);
	clear("", 0);
	snprintf(path, sizeof(path), "%s/7.json", directory);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	assert_int_equal(abandoned_look(directory), ABANDONED_NOTHING);
	clear("", 1);
}

/* An entry is written, whenever abandoned_clear() looks at its new version. */
static void test_written_while_cleared(void **state)
{
	char name[] = "web", config[] = "name = 'web'\n";
	const struct registry_entry entry = {.domid = DOMID, .name = name, .config = config};
	pid_t child;
	int status;

	(void)state;
	child = fork();
	if (!child) {
		int failed = 0;

		for (int i = 0; i < 3000; i++)
			failed += registry_write(directory, &entry, NULL) != 0;
		_exit(failed != 0);
	}
	while (waitpid(child, &status, WNOHANG) == 0)
		abandoned_clear(NULL, &options);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	clear("", 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing),
		TEST(test_killed_before_the_domain),
		TEST(test_killed_with_a_domain),
		TEST(test_killed_after_the_start),
		TEST(test_another_of_this_uuid),
		TEST(test_maker_lives),
		TEST(test_tried_again),
		TEST(test_devices),
		TEST(test_new_versions),
		TEST(test_written_while_cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
