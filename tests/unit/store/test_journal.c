/* SPDX-License-Identifier: ISC */
/*
 * The journal when the machine has no space, no descriptors: it is lost for a moment at most, and
 * heals.
 */
#include "world.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[32];
static struct client *dom0;
static struct rlimit files, bytes; /* as they were */

static int setup(void **state)
{
	strcpy(folder, "/tmp/plinth-store-XXXXXX");
	assert_non_null(mkdtemp(folder));
	world_open(state);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &bytes), 0);
	assert_int_equal(state_open(&world, folder), 0);
	dom0 = world_with_ring("here");
	store_end_turn(&world);
	return 0;
}

static int teardown(void **state)
{
	setrlimit(RLIMIT_NOFILE, &files);
	setrlimit(RLIMIT_FSIZE, &bytes);
	world_close(state);
	world_forget(folder);
	return 0;
}

static void kill_and_restart(void)
{
	world_reopen(folder);
	dom0 = client_open(0);
}

static void expect_all_survives(void)
{
	char *before = world_text(), *after;

	kill_and_restart();
	assert_false(world.stale);
	after = world_text();
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* ---- what there is none of ---- */

static void limit_bytes(rlim_t limit)
{
	const struct rlimit less = {limit, bytes.rlim_max};

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
}

static void take_descriptors(void)
{
	int fd = open("/dev/null", O_RDONLY);
	const struct rlimit less = {(rlim_t)fd, files.rlim_max};

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
	assert_true(open("/dev/null", O_RDONLY) < 0);
}

static void give_back(void)
{
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &bytes), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
}

static struct state_report report(void)
{
	struct state_report report;

	assert_true(state_report(&world, &report));
	return report;
}

/* Writes nodes of 2000 bytes. */
static void fill(unsigned from, unsigned to)
{
	char path[64], value[2001];

	memset(value, 'v', 2000);
	value[2000] = '\0';
	for (; from < to; from++) {
		sprintf(path, "/filled/%u", from);
		assert_int_equal(write_text(dom0, 0, path, value), 0);
	}
}

/* The same nodes again and again: there is more in the journal than in the store. */
static void rewrite(unsigned times)
{
	while (times--)
		fill(0, 10);
}

/* ---- */

static void test_no_space_for_a_moment(void **state)
{
	(void)state;
	limit_bytes(500000);
	fill(0, 400);
	assert_int_equal(report().error, -EFBIG);
	assert_int_equal(ask_text(dom0, XS_CONTROL, 0, "check"), 0);
	assert_string_equal(dom0->answer, "OK, but the state cannot be written: File too large");
	assert_int_equal(ask_text(dom0, XS_CONTROL, 0, "memreport"), 0);
	assert_contains(dom0->answer, "it cannot be written: File too large");
	give_back();
	fill(400, 410);
	assert_int_equal(report().error, -EFBIG); /* not at each commit */
	assert_in_range(store_wait_ms(&world, false), 1, 1000);
	world_pass(1000);
	store_end_turn(&world);
	assert_int_equal(report().error, 0);
	assert_int_equal(store_wait_ms(&world, false), -1);
	fill(410, 420);
	expect_all_survives();
}

/* The store is small and is written all the time: a fresh file has its space already. */
static void test_space_is_kept(void **state)
{
	(void)state;
	rewrite(3);
	limit_bytes((rlim_t)report().size);
	rewrite(200);
	assert_int_equal(report().error, 0);
	assert_true(report().dumps > 5);
	expect_all_survives();
}

static void test_descriptor_is_kept(void **state)
{
	(void)state;
	take_descriptors();
	rewrite(200);
	assert_int_equal(report().error, 0);
	assert_true(report().dumps > 5);
	give_back();
	expect_all_survives();
}

/* While fresh files cannot be made the old one grows. */
static void test_grows_instead(void **state)
{
	char fresh[64];

	(void)state;
	snprintf(fresh, sizeof(fresh), "%s/journal.new", folder);
	unlink(fresh);
	assert_int_equal(mkdir(fresh, 0700), 0);
	rewrite(200);
	assert_int_equal(report().error, 0);
	assert_int_equal(report().dumps, 1);
	assert_true(report().size > 2000000);
	assert_int_equal(rmdir(fresh), 0);
	expect_all_survives();
	rewrite(200);
	assert_true(report().size < 1000000);
}

/* Killed before it was healed: the next daemon has an older state, and knows. Guests go on. */
static void test_killed_while_lost(void **state)
{
	struct xenstore_domain_interface *page = fake[3].page;
	static const struct xsd_sockmsg request = {XS_READ, 1, 0, 5};
	uint32_t before;

	(void)state;
	fill(0, 5);
	limit_bytes(400000);
	fill(5, 400);
	assert_true(report().error != 0);
	for (int i = 0; i < 3; i++) { /* positions in the ring that the file does not know */
		memcpy(page->req + page->req_prod, &request, sizeof(request));
		memcpy(page->req + page->req_prod + sizeof(request), "data", 5);
		page->req_prod += sizeof(request) + 5;
		world_ring(3);
		store_end_turn(&world);
	}
	before = page->rsp_prod;
	give_back();
	kill_and_restart();
	assert_true(world.stale);
	assert_int_equal(ask_text(dom0, XS_READ, 0, "/filled/4"), 0);
	assert_int_equal(ask_text(dom0, XS_READ, 0, "/filled/399"), -ENOENT);
	assert_int_equal(page->req_cons, page->req_prod);
	assert_int_equal(page->rsp_prod, before);
	memcpy(page->req + page->req_prod, &request, sizeof(request));
	memcpy(page->req + page->req_prod + sizeof(request), "data", 5);
	page->req_prod += sizeof(request) + 5;
	world_ring(3);
	store_end_turn(&world);
	assert_int_equal(page->rsp_prod, before + sizeof(request) + 4);
	/* From now on it is the truth again. */
	expect_all_survives();
}

/* A daemon that cannot write when it starts goes on, and what it found is not lost meanwhile. */
static void test_lost_from_the_start(void **state)
{
	(void)state;
	fill(0, 5);
	world_stop();
	world_start();
	limit_bytes(1000);
	assert_int_equal(state_open(&world, folder), 1);
	store_attach_rings(&world);
	dom0 = client_open(0);
	store_end_turn(&world);
	assert_int_equal(report().error, -EFBIG);
	write_text(dom0, 0, "/later", "1");
	kill_and_restart();
	assert_true(world.stale);
	assert_int_equal(ask_text(dom0, XS_READ, 0, "/filled/4"), 0);
	give_back();
	world_pass(1000);
	write_text(dom0, 0, "/later", "1");
	expect_all_survives();
}

/* ---- damage is told, and what is before it is used ---- */

static void damage(off_t at, bool cut)
{
	char path[64], byte;
	int fd;

	snprintf(path, sizeof(path), "%s/journal", folder);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	if (cut) {
		assert_int_equal(ftruncate(fd, at), 0);
	} else {
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 4;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	close(fd);
}

static void check_damage(bool cut)
{
	off_t middle;

	fill(0, 10);
	middle = (off_t)report().used - 2000;
	fill(10, 20);
	state_close(&world); /* nothing more is written */
	damage(middle + 3000, cut);
	kill_and_restart();
	assert_true(world.stale);
	assert_int_equal(ask_text(dom0, XS_READ, 0, "/filled/9"), 0);
	assert_int_equal(ask_text(dom0, XS_READ, 0, "/filled/10"), -ENOENT);
	assert_int_equal(ask_text(dom0, XS_READ, 0, "/filled/19"), -ENOENT);
	expect_all_survives();
}

static void test_flipped_bit(void **state)
{
	(void)state;
	check_damage(false);
}

static void test_cut(void **state)
{
	(void)state;
	check_damage(true);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_no_space_for_a_moment), TEST(test_space_is_kept),
		TEST(test_descriptor_is_kept),    TEST(test_grows_instead),
		TEST(test_killed_while_lost),     TEST(test_lost_from_the_start),
		TEST(test_flipped_bit),           TEST(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
