/* SPDX-License-Identifier: ISC */
/* A daemon that is killed, at any moment, and the one that comes after it. */
#include "world.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/plinth-store-XXXXXX";
static struct client *dom0;

static int setup(void **state)
{
	strcpy(folder, "/tmp/plinth-store-XXXXXX");
	assert_non_null(mkdtemp(folder));
	world_open(state);
	assert_int_equal(state_open(&world, folder), 0);
	dom0 = world_with_ring("here");
	store_end_turn(&world);
	return 0;
}

static int teardown(void **state)
{
	world_close(state);
	world_forget(folder);
	return 0;
}

/* The daemon is gone and another comes: clients on sockets are lost, guests are not. */
static void kill_and_restart(void)
{
	world_reopen(folder);
	dom0 = client_open(0);
}

/* ---- the guest's side ---- */

static void put(uint32_t type, uint32_t tx, const void *data, size_t len)
{
	struct xenstore_domain_interface *page = fake[3].page;
	const struct xsd_sockmsg head = {type, 9, tx, (uint32_t)len};
	const char *bytes[] = {(const char *)&head, data};
	const size_t lens[] = {sizeof(head), len};

	for (int part = 0; part < 2; part++)
		for (size_t i = 0; i < lens[part]; i++)
			page->req[page->req_prod++ % XENSTORE_RING_SIZE] = bytes[part][i];
}

static int get(char *data)
{
	struct xenstore_domain_interface *page = fake[3].page;
	struct xsd_sockmsg head;

	if (page->rsp_prod - page->rsp_cons < sizeof(head))
		return -1;
	for (size_t i = 0; i < sizeof(head); i++)
		((char *)&head)[i] = page->rsp[page->rsp_cons++ % XENSTORE_RING_SIZE];
	for (size_t i = 0; i < head.len; i++)
		data[i] = page->rsp[page->rsp_cons++ % XENSTORE_RING_SIZE];
	data[head.len] = '\0';
	return (int)head.type;
}

static void serve(void)
{
	world_ring(3);
	store_end_turn(&world);
	while (world_pause())
		store_end_turn(&world);
}

/* ---- what must survive ---- */

static void expect_same_text(char *before)
{
	char *after = world_text();

	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void test_tree_survives(void **state)
{
	(void)state;
	write_text(dom0, 0, "/a/b/c", "value");
	write_text(dom0, 0, "/gone", "x");
	ask_text(dom0, XS_RM, 0, "/gone");
	set_perms(dom0, 0, "@releaseDomain", "n0 r3");
	ask(dom0, XS_CONTROL, 0,
	    "quota\0set\0nodes\0"
	    "77",
	    19);
	for (int i = 0; i < 3; i++) {
		char *before = world_text();

		kill_and_restart();
		expect_same_text(before);
		assert_int_equal(world.quota.max[QUOTA_NODES], 77);
		write_text(dom0, 0, "/a/b/c", "next");
	}
}

/*
 * As plinth-stored begins: the first nodes come after it has looked for a state, and no client made
 * them.
 */
static void test_first_nodes_survive(void **state)
{
	char *before;

	(void)state;
	world_stop();
	world_forget(folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	world_start();
	assert_int_equal(state_open(&world, folder), 0);
	assert_int_equal(store_make_dom0_nodes(&world), 0);
	store_end_turn(&world);
	dom0 = client_open(0);
	write_text(dom0, 0, "/local/domain/3/data", "below nodes that nobody wrote");
	before = world_text();
	kill_and_restart();
	expect_same_text(before);
}

static void test_guest_goes_on(void **state)
{
	char data[XENSTORE_PAYLOAD_MAX + 1];

	(void)state;
	put(XS_WATCH, 0, "data\0tok", 9);
	put(XS_TRANSACTION_START, 0, "", 1);
	serve();
	assert_int_equal(get(data), XS_WATCH);
	assert_int_equal(get(data), XS_WATCH_EVENT);
	assert_int_equal(get(data), XS_TRANSACTION_START);
	kill_and_restart();
	assert_int_equal(get(data), -1);       /* nothing is said twice */
	assert_int_equal(fake[3].notified, 2); /* once for its answers, once by the next daemon */
	/* Its watch is there. */
	write_text(dom0, 0, "/local/domain/3/data/x", "1");
	assert_int_equal(get(data), XS_WATCH_EVENT);
	assert_string_equal(data, "data/x");
	/* Its transaction has to be done again. */
	put(XS_WRITE, 1, "data/y\0z", 8);
	put(XS_TRANSACTION_END, 1, "T", 2);
	serve();
	assert_int_equal(get(data), XS_WRITE);
	assert_int_equal(get(data), XS_ERROR);
	assert_string_equal(data, "EAGAIN");
}

/* Killed after what was done counts, and before the guest can see anything of it. */
static void test_answers_are_not_lost(void **state)
{
	char data[XENSTORE_PAYLOAD_MAX + 1];

	(void)state;
	put(XS_WRITE, 0,
	    "data/x\0"
	    "1",
	    8);
	put(XS_READ, 0, "data/x", 7);
	store_port_ready(&world, 103); /* and not the end of the turn, where answers are sent */
	assert_int_equal(get(data), -1);
	kill_and_restart();
	assert_int_equal(get(data), XS_WRITE);
	assert_int_equal(get(data), XS_READ);
	assert_string_equal(data, "1");
	assert_int_equal(get(data), -1);
}

/* Half a request has come; more answers are queued than the ring can hold. */
static void test_queues_survive(void **state)
{
	struct xenstore_domain_interface *page = fake[3].page;
	char data[XENSTORE_PAYLOAD_MAX + 1];
	uint32_t whole;

	(void)state;
	for (int i = 0; i < 20; i++)
		put(XS_GET_DOMAIN_PATH, 0, "3", 2);
	serve();
	for (int i = 0; i < 15; i++)
		put(XS_GET_DOMAIN_PATH, 0, "3", 2);
	serve(); /* 35 answers of 32 bytes are 1120 */
	put(XS_READ, 0, "data", 5);
	whole = page->req_prod;
	page->req_prod -= 3;
	serve();
	kill_and_restart();
	for (int i = 0; i < 35; i++) {
		assert_int_equal(get(data), XS_GET_DOMAIN_PATH);
		serve();
	}
	page->req_prod = whole;
	serve();
	assert_int_equal(get(data), XS_READ);
	assert_string_equal(data, "here");
}

/* A domain that ended while nobody looked. */
static void test_end_in_between(void **state)
{
	(void)state;
	fake[3].state = DOMAIN_GONE;
	kill_and_restart();
	assert_int_equal(ask_text(dom0, XS_READ, 0, "/local/domain/3/data"), -ENOENT);
	assert_int_equal(ask_text(dom0, XS_IS_DOMAIN_INTRODUCED, 0, "3"), 0);
	assert_string_equal(dom0->answer, "F");
	assert_false(fake[3].mapped);
}

/* A domain that ended, and another one got its number, while nobody looked. */
static void test_another_in_between(void **state)
{
	struct client *guest;

	(void)state;
	write_text(dom0, 0, "/shown", "secret");
	set_perms(dom0, 0, "/shown", "n0 r3 r5"); /* 5 is known by this alone */
	store_end_turn(&world);
	for (int i = 0; i < 2; i++) { /* from the journal's changes, and from its dump */
		kill_and_restart();
		guest = client_open(3);
		assert_int_equal(ask_text(guest, XS_READ, 0, "data"), 0);
		client_close(guest);
	}
	fake[3].uuid = 77;
	fake[5].uuid = 78;
	kill_and_restart();
	assert_int_equal(ask_text(dom0, XS_READ, 0, "/local/domain/3/data"), -ENOENT);
	assert_int_equal(ask_text(dom0, XS_IS_DOMAIN_INTRODUCED, 0, "3"), 0);
	assert_string_equal(dom0->answer, "F");
	assert_false(fake[3].mapped);
	guest = client_open(3);
	assert_int_equal(ask_text(guest, XS_READ, 0, "/shown"), -EACCES);
	assert_int_equal(ask_text(guest, XS_DIRECTORY, 0, "/local/domain/3"), -EACCES);
	client_close(guest);
	guest = client_open(5);
	assert_int_equal(ask_text(guest, XS_READ, 0, "/shown"), -EACCES);
	client_close(guest);
	assert_int_equal(store_introduce(&world, 3, 0x39002, 8), 0);
}

/* There is no memory for a ring when the daemon comes back: its guest waits, and goes on. */
static void test_ring_cannot_be_mapped(void **state)
{
	char data[XENSTORE_PAYLOAD_MAX + 1];

	(void)state;
	put(XS_READ, 0, "data", 5);
	fake[3].no_memory = true;
	kill_and_restart();
	assert_int_equal(ask_text(dom0, XS_READ, 0, "/local/domain/3/data"), 0);
	assert_in_range(store_wait_ms(&world, false), 1, 1000);
	world_pass(1000);
	world_turn(); /* in vain */
	fake[3].no_memory = false;
	world_pass(1000);
	world_turn();
	store_end_turn(&world);
	assert_true(fake[3].mapped);
	assert_int_equal(get(data), XS_READ);
	assert_string_equal(data, "here");
	assert_int_equal(store_wait_ms(&world, false), -1);
}

/* Random requests of all kinds, with many restarts and several new journals in between. */
static void test_random_restarts(void **state)
{
	char path[64], value[600], data[XENSTORE_PAYLOAD_MAX + 1];

	(void)state;
	random_seed(11);
	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	for (int i = 0; i < 6000; i++) {
		sprintf(path, "/r/%u/%u", random_below(8), random_below(8));
		value[random_below(500)] = (char)('a' + random_below(26));
		switch (random_below(7)) {
		case 0:
			ask_text(dom0, XS_RM, 0, path);
			break;
		case 1:
			set_perms(dom0, 0, path, random_below(2) ? "n0 r3" : "b3");
			break;
		case 2:
			put(XS_WRITE, 0, path + 1, strlen(path) + 1);
			serve();
			break;
		case 3:
			while (get(data) >= 0)
				serve();
			break;
		default:
			write_text(dom0, 0, path, value + random_below(600));
		}
		if (random_below(200) == 0) {
			char *before = world_text();

			kill_and_restart();
			expect_same_text(before);
		}
	}
}

/* ---- journals that are not as they should be ---- */

static void test_damaged_journals(void **state)
{
	char path[PATH_MAX];
	struct stat status;

	(void)state;
	snprintf(path, sizeof(path), "%s/journal", folder);
	random_seed(13);
	for (int i = 0; i < 300; i++) {
		int fd = open(path, O_RDWR);
		uint64_t len;

		assert_true(fd >= 0);
		assert_int_equal(fstat(fd, &status), 0);
		assert_int_equal(pread(fd, &len, sizeof(len), 8), sizeof(len));
		for (int k = 0; k < 3; k++) {
			uint8_t byte = (uint8_t)random_below(256);

			assert_int_equal(pwrite(fd, &byte, 1, 8 + random_below((uint32_t)len)), 1);
		}
		close(fd);
		/* Whatever it says, the store that comes of it is whole. */
		world_stop();
		world_start();
		state_open(&world, folder);
		store_attach_rings(&world);
		store_end_turn(&world);
		check_store(&world);
		dom0 = client_open(0);
		write_text(dom0, 0, "/tool", "");
	}
}

/* ---- handed over ---- */

static void test_hand_over(void **state)
{
	char data[XENSTORE_PAYLOAD_MAX + 1];
	char *before;
	int fd;

	(void)state;
	put(XS_TRANSACTION_START, 0, "", 1);
	put(XS_WRITE, 1,
	    "data/t\0"
	    "5",
	    8);
	serve();
	get(data);
	get(data);
	before = world_text();
	fd = state_hand_over(&world);
	assert_true(fd >= 0);
	world_stop();
	world_start();
	assert_int_equal(state_take_over(&world, fd), 0);
	assert_int_equal(state_open(&world, folder), 1);
	store_attach_rings(&world);
	expect_same_text(before);
	put(XS_TRANSACTION_END, 1, "T", 2);
	serve();
	assert_int_equal(get(data), XS_TRANSACTION_END); /* it was not interrupted */
	dom0 = client_open(0);
	assert_int_equal(ask_text(dom0, XS_READ, 0, "/local/domain/3/data/t"), 0);
	assert_string_equal(dom0->answer, "5");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_tree_survives),
		TEST(test_first_nodes_survive),
		TEST(test_guest_goes_on),
		TEST(test_answers_are_not_lost),
		TEST(test_queues_survive),
		TEST(test_another_in_between),
		TEST(test_ring_cannot_be_mapped),
		TEST(test_end_in_between),
		TEST(test_random_restarts),
		TEST(test_damaged_journals),
		TEST(test_hand_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
