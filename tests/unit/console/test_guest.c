/* SPDX-License-Identifier: ISC */
/* A guest's console in the daemon: attaching and its failures, turns, budget, hostility, death,
 * log. */
#include "unit.h"

#include "console/console_guest.h"
#include "fake_ctrl.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static struct console_host host;
static struct console_guest *guest;
static char *folder;
static struct report report;

static const struct console_add add = {
	.domid = 1,
	.name = "g1",
	.ring_gfn = FAKE_RING_GFN,
	.guest_port = FAKE_PORT,
};

static struct console_ring_page *ring(void)
{
	return &fake->domains[1].page.ring;
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	fake_add_domain(1);
	folder = make_folder();
	host.log_dir = folder;
	guest = console_guest_new(&add);
	assert_non_null(guest);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	console_guest_free(&host, guest);
	assert_false(fake->domains[1].mapped);
	assert_false(fake->domains[1].bound);
	remove_folder(folder);
	return 0;
}

static void attach(void)
{
	assert_int_equal(console_guest_attach(&host, guest, &report), 0);
}

static size_t kept(char *data, size_t size)
{
	uint64_t position = 0, lost;

	return scrollback_read(&guest->output, &position, data, size, &lost);
}

static void test_attach_takes_what_is_there(void **state)
{
	char data[16];

	(void)state;
	fake_guest_write(1, "early", 5); /* nobody was notified of this */
	attach();
	assert_int_equal(guest->state, CONSOLE_LIVE);
	assert_true(guest->pending);
	assert_int_equal(console_guest_turn(&host, guest, 0), GUEST_OUTPUT);
	assert_int_equal(kept(data, sizeof(data)), 5);
	assert_memory_equal(data, "early", 5);
	assert_false(guest->pending);
	assert_int_equal(fake->domains[1].unmasked, 1);
	assert_true(fake->domains[1].notified >= 1);
}

static void test_attach_fails_cleanly(void **state)
{
	(void)state;
	fake->map_error = -EPERM;
	assert_int_equal(console_guest_attach(&host, guest, &report), -EPERM);
	assert_contains(report.text, "g1");
	assert_contains(report.text, "that frame cannot be mapped");
	fake->map_error = 0;
	fake->bind_error = -EINVAL;
	assert_int_equal(console_guest_attach(&host, guest, &report), -EINVAL);
	assert_contains(report.text, "event channel");
	assert_false(fake->domains[1].mapped);
	fake->bind_error = 0;
	ring()->out_prod = 9999;
	assert_int_equal(console_guest_attach(&host, guest, &report), -EBADMSG);
	assert_false(fake->domains[1].mapped);
}

static void test_finds_the_ring_itself(void **state)
{
	(void)state;
	guest->add.ring_gfn = 0;
	guest->add.guest_port = CONSOLE_PORT_FIND;
	attach();
	assert_int_equal(guest->add.ring_gfn, FAKE_RING_GFN);
	assert_int_equal(guest->add.guest_port, FAKE_PORT);
}

/* A guest that writes without end gets its slice and no more; it goes on in the next one. */
static void test_chatty_guest_is_held_back(void **state)
{
	static char flood[CONSOLE_RING_OUT];
	int64_t now = 77 * BUDGET_SLICE_MS;
	unsigned did, unmasked, turns = 0;

	(void)state;
	attach();
	do {
		fake_guest_write(1, flood, sizeof(flood));
		guest->pending = true;
		unmasked = fake->domains[1].unmasked;
		did = console_guest_turn(&host, guest, now);
		turns++;
		assert_true(turns < 1000);
	} while (!(did & GUEST_THROTTLED));
	assert_int_equal(guest->output.end, BUDGET_BYTES);
	assert_true(guest->pending);
	assert_int_equal(fake->domains[1].unmasked,
			 unmasked); /* its events do not come through either */
	fake_guest_write(1, flood, sizeof(flood));
	assert_int_equal(console_guest_turn(&host, guest, now + 1), GUEST_THROTTLED);
	assert_int_equal(guest->output.end, BUDGET_BYTES);
	did = console_guest_turn(&host, guest, now + BUDGET_SLICE_MS);
	assert_true(did & GUEST_OUTPUT);
	assert_true(guest->output.end > BUDGET_BYTES);
}

static void test_event_storm_is_held_back(void **state)
{
	int64_t now = 5 * BUDGET_SLICE_MS;

	(void)state;
	attach();
	console_guest_turn(&host, guest, now);
	for (int i = 0; i < BUDGET_EVENTS; i++) {
		console_guest_event(guest, now);
		assert_int_equal(console_guest_turn(&host, guest, now), 0);
	}
	console_guest_event(guest, now);
	assert_int_equal(console_guest_turn(&host, guest, now), GUEST_THROTTLED);
	assert_int_equal(console_guest_turn(&host, guest, now + BUDGET_SLICE_MS), 0);
	assert_false(guest->pending);
}

/* While it fills the ring again and again, one turn reads one ring at most. */
static void test_one_turn_is_bounded(void **state)
{
	static char flood[CONSOLE_RING_OUT];

	(void)state;
	attach();
	fake_guest_write(1, flood, sizeof(flood));
	console_guest_turn(&host, guest, 0);
	assert_int_equal(guest->output.end, sizeof(flood));
}

static void test_hostile_ring_breaks_its_console_only(void **state)
{
	(void)state;
	attach();
	fake_guest_write(1, "last words", 10);
	console_guest_turn(&host, guest, 0);
	ring()->out_prod += 5000;
	guest->pending = true;
	assert_true(console_guest_turn(&host, guest, 0) & GUEST_BROKE);
	assert_int_equal(guest->state, CONSOLE_BROKEN);
	assert_false(fake->domains[1].mapped);
	assert_false(fake->domains[1].bound);
	assert_int_equal(guest->output.end, 10);
	assert_int_equal(console_guest_turn(&host, guest, 0), 0);
	console_guest_die(&host, guest, 3, 0);
	assert_int_equal(guest->state, CONSOLE_DEAD);
}

static void test_hostile_input_index(void **state)
{
	(void)state;
	attach();
	assert_int_equal(console_guest_type(guest, "ls\n", 3), 0);
	ring()->in_cons = 99999;
	assert_true(console_guest_turn(&host, guest, 0) & GUEST_BROKE);
	assert_false(fake->domains[1].mapped);
}

static void test_input_waits_for_room(void **state)
{
	char data[GUEST_INPUT_MAX], back[GUEST_INPUT_MAX];
	size_t got = 0;

	(void)state;
	attach();
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)i;
	assert_int_equal(console_guest_room(guest), GUEST_INPUT_MAX);
	assert_int_equal(console_guest_type(guest, data, sizeof(data)), 0);
	assert_int_equal(console_guest_room(guest), 0);
	console_guest_turn(&host, guest, 0);
	assert_int_equal(console_guest_room(guest), CONSOLE_RING_IN);
	assert_int_equal(guest->taken, 0);
	while (got < sizeof(data)) {
		unsigned did;

		got += fake_guest_read(1, back + got, sizeof(back) - got);
		did = console_guest_turn(&host, guest, 0);
		assert_true(did & GUEST_TAKEN);
		assert_int_equal(guest->taken, got);
	}
	assert_memory_equal(data, back, sizeof(data));
	assert_int_equal(guest->typed, guest->taken);
}

static void test_death_takes_the_last_output(void **state)
{
	static char flood[CONSOLE_RING_OUT];

	(void)state;
	attach();
	guest->budget =
		(struct budget){.slice = 0, .bytes = BUDGET_BYTES}; /* it may not be read now... */
	fake_guest_write(1, flood, sizeof(flood));
	assert_int_equal(console_guest_turn(&host, guest, 0), GUEST_THROTTLED);
	assert_true(console_guest_die(&host, guest, 3, 0) &
		    GUEST_OUTPUT); /* ...but now is the last time */
	assert_int_equal(guest->output.end, sizeof(flood));
	assert_int_equal(guest->reason, 3);
	assert_false(fake->domains[1].mapped);
}

static long file_size(const char *name)
{
	char path[PATH_MAX];
	struct stat status;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return stat(path, &status) < 0 ? -1 : (long)status.st_size;
}

static void test_log_is_capped(void **state)
{
	char line[1000];

	(void)state;
	memset(line, 'l', sizeof(line));
	guest->add.log_limit = 10000;
	attach();
	for (int i = 0; i < 35; i++) {
		fake_guest_write(1, line, sizeof(line));
		guest->pending = true;
		assert_int_equal(console_guest_turn(&host, guest, i * BUDGET_SLICE_MS),
				 GUEST_OUTPUT);
	}
	assert_int_equal(file_size("g1.log"), 5000);
	assert_int_equal(file_size("g1.log.1"), 10000);
	assert_int_equal(file_size("g1.log.2"), -1);
}

static void test_no_log_when_not_wanted(void **state)
{
	(void)state;
	guest->add.flags = CONSOLE_ADD_NO_LOG;
	attach();
	fake_guest_write(1, "x", 1);
	console_guest_turn(&host, guest, 0);
	assert_int_equal(file_size("g1.log"), -1);
}

/* A file that may not grow stands for a full disk: told once, the console goes on, then healed. */
static void test_full_disk(void **state)
{
	struct rlimit old, tight = {.rlim_cur = 4, .rlim_max = RLIM_INFINITY};

	(void)state;
	attach();
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	tight.rlim_max = old.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	fake_guest_write(1, "123456", 6);
	assert_int_equal(console_guest_turn(&host, guest, 0), GUEST_OUTPUT | GUEST_LOG_FAILED);
	assert_int_equal(guest->log_error, EFBIG);
	for (int i = 0; i < 3; i++) {
		fake_guest_write(1, "more", 4);
		guest->pending = true;
		assert_int_equal(console_guest_turn(&host, guest, 0), GUEST_OUTPUT);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	fake_guest_write(1, "again", 5);
	guest->pending = true;
	assert_int_equal(console_guest_turn(&host, guest, 0), GUEST_OUTPUT | GUEST_LOG_HEALTHY);
	assert_int_equal(guest->log_lost, 2 + 12);
	assert_int_equal(guest->output.end, 6 + 12 + 5);
}

static void test_log_folder_missing(void **state)
{
	(void)state;
	host.log_dir = "/nonexistent/plinth";
	attach();
	fake_guest_write(1, "x", 1);
	assert_int_equal(console_guest_turn(&host, guest, 0), GUEST_OUTPUT | GUEST_LOG_FAILED);
	assert_int_equal(guest->log_error, ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_attach_takes_what_is_there),
		TEST(test_attach_fails_cleanly),
		TEST(test_finds_the_ring_itself),
		TEST(test_chatty_guest_is_held_back),
		TEST(test_event_storm_is_held_back),
		TEST(test_one_turn_is_bounded),
		TEST(test_hostile_ring_breaks_its_console_only),
		TEST(test_hostile_input_index),
		TEST(test_input_waits_for_room),
		TEST(test_death_takes_the_last_output),
		TEST(test_log_is_capped),
		TEST(test_no_log_when_not_wanted),
		TEST(test_full_disk),
		TEST(test_log_folder_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
