/* SPDX-License-Identifier: ISC */
/*
 * Memory that a guest makes the store use is on its account, and the account is within its quota.
 */
#include "heap.h"
#include "world.h"

#define OWN_BYTES 40000 /* the buffers that each client has, whatever it does */

static struct client *dom0, *guest;
static struct domain *account;
static size_t heap_before;

static int setup(void **state)
{
	world_open(state);
	dom0 = world_with_guest("");
	write_text(dom0, 0, "/common", "");
	set_perms(dom0, 0, "/common", "b0");
	guest = client_open(3);
	account = guest->conn.domain;
	heap_before = heap_bytes();
	return 0;
}

static int teardown(void **state)
{
	client_close(guest);
	client_close(dom0);
	return world_close(state);
}

static size_t used(void)
{
	return heap_bytes() - heap_before;
}

/* By the factor of the allocator's blocks and of buffers that are not full. */
static void check_account(unsigned factor)
{
	assert_true(account->bytes <= world.quota.max[QUOTA_MEMORY] + OWN_BYTES);
	assert_true(used() <= factor * account->bytes + OWN_BYTES);
}

/* "PREFIX/a/a/..." of len bytes; number makes it another path than the others. */
static const char *deep(const char *prefix, unsigned number, size_t len)
{
	static char path[XENSTORE_ABS_PATH_MAX];
	size_t at = (size_t)sprintf(path, "%s/%u", prefix, number);

	for (; at + 2 <= len; at += 2)
		memcpy(path + at, "/a", 3);
	return path;
}

/* ---- what a guest may keep ---- */

/* Watches of paths where nothing is: each name of each path is a place. */
static void watch_missing_paths(void)
{
	int ret = 0;

	for (unsigned i = 0; i < 128; i++)
		ret = ask_two(guest, XS_WATCH, 0, deep("/no", i, 2000), "t");
	assert_int_equal(ret, -ENOMEM);
	assert_true(account->hits[QUOTA_MEMORY] > 0);
}

static void test_watches_of_missing_paths(void **state)
{
	(void)state;
	watch_missing_paths();
	check_account(1);
	assert_true(account->watches > 8);
	assert_int_equal(ask_text(guest, XS_RESET_WATCHES, 0, ""), 0);
	assert_true(used() < OWN_BYTES);
}

/* A watch costs at least as much as an event of it would: 128 usual ones are far from the quota. */
static void test_usual_watches(void **state)
{
	char path[64];

	(void)state;
	for (unsigned i = 0; i < 128; i++) {
		sprintf(path, "/local/domain/0/backend/vif/3/%u/state", i);
		assert_int_equal(ask_two(guest, XS_WATCH, 0, path, "0123456789abcdef"), 0);
	}
	assert_true(account->bytes < world.quota.max[QUOTA_MEMORY] / 8);
	check_account(1);
}

static void fill_transactions(void)
{
	static char value[2049];
	char path[64];
	int ret = 0;

	memset(value, 'v', 2048);
	for (unsigned i = 0; i < 10; i++) {
		uint32_t tx = begin(guest);

		ret = 0;
		for (unsigned k = 0; k < 1000 && ret == 0; k++) {
			sprintf(path, "data/%u", k);
			ret = write_text(guest, tx, path, value);
		}
	}
	assert_int_equal(ret, -ENOMEM);
}

/* Values that only open transactions hold. */
static void test_open_transactions(void **state)
{
	(void)state;
	fill_transactions();
	check_account(1);
	assert_true(account->bytes > world.quota.max[QUOTA_MEMORY] / 2);
	assert_int_equal(ask_text(guest, XS_RESET_WATCHES, 0, ""), 0);
	assert_true(used() < OWN_BYTES);
}

static void test_watches_and_transactions(void **state)
{
	(void)state;
	watch_missing_paths();
	fill_transactions();
	check_account(1);
}

/* A transaction keeps what it has read when somebody else changes it. */
static void test_kept_values(void **state)
{
	static char value[2049];
	char path[64];

	(void)state;
	memset(value, 'v', 2048);
	for (unsigned i = 0; i < 800; i++) {
		sprintf(path, "/common/%u", i);
		write_text(dom0, 0, path, value);
	}
	heap_before = heap_bytes();
	for (unsigned round = 0; round < 10; round++) {
		uint32_t tx = begin(guest);

		for (unsigned i = 0; i < 800; i++) {
			sprintf(path, "/common/%u", i);
			ask_text(guest, XS_READ, tx, path);
			drop_events(guest);
		}
		for (unsigned i = 0; i < 800; i++) {
			value[0] = (char)('a' + round);
			sprintf(path, "/common/%u", i);
			write_text(dom0, 0, path, value);
		}
	}
	check_account(1);
	assert_true(account->txns == 10);
}

/* Places whose nodes were removed stay, with all above them, for a transaction that knows them. */
static void test_places_of_removed_nodes(void **state)
{
	uint32_t tx[10];

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		tx[i] = begin(guest);
	for (unsigned i = 0; i < 300; i++) {
		const char *path = deep("data", i, 1800);
		char top[32];

		ask_text(guest, XS_MKDIR, 0, path);
		ask_text(guest, XS_READ, tx[i % 10], path);
		sprintf(top, "data/%u", i);
		ask_text(guest, XS_RM, 0, top);
		check_account(1);
	}
}

/* No two nodes have the same permissions, and some name domains that there are not. */
static void test_permissions(void **state)
{
	char path[64], perms[64];

	(void)state;
	for (unsigned i = 0; i < 900; i++) {
		sprintf(path, "data/%u", i);
		sprintf(perms, "n3 r%u w%u b%u r%u", 1000 + i, 2000 + i, 4 + i % 4, 3000 + i);
		assert_int_equal(write_text(guest, 0, path, "x"), 0);
		assert_int_equal(set_perms(guest, 0, path, perms), 0);
	}
	check_account(1);
	account->table->store->quota.max[QUOTA_MEMORY] = account->bytes + 10;
	assert_int_equal(set_perms(guest, 0, "data", "n3 r1 w2 b4 r5"), -ENOMEM);
}

/* Queued events, of which some were read: the buffer goes down with them. */
static void test_queue(void **state)
{
	static char token[1000];
	char path[64];

	(void)state;
	memset(token, 't', sizeof(token) - 1);
	ask_two(guest, XS_WATCH, 0, "/common", token);
	drop_events(guest);
	guest->deaf = true;
	for (unsigned i = 0; i < 1500; i++) {
		sprintf(path, "/common/%u", i);
		write_text(dom0, 0, path, "");
		ask_text(dom0, XS_RM, 0, path);
	}
	assert_false(guest->cut);
	assert_true(account->bytes > 1000000);
	assert_true(used() <= 4 * account->bytes + OWN_BYTES);
	conn_sent(&guest->conn, buffer_len(&guest->conn.out) - 100);
	assert_true(used() <= 4 * account->bytes + OWN_BYTES);
}

/*
 * All or nothing: a path of which not all nodes may be made leaves none of them, nor in a
 * transaction.
 */
static void test_refused_as_a_whole(void **state)
{
	char *before, *after;
	uint32_t tx;

	(void)state;
	world.quota.max[QUOTA_MEMORY] = account->bytes + 100000;
	before = world_text();
	assert_int_equal(ask_text(guest, XS_MKDIR, 0, deep("data", 1, 2000)), -ENOMEM);
	tx = begin(guest);
	assert_int_equal(ask_text(guest, XS_MKDIR, tx, deep("data", 1, 2000)), -ENOMEM);
	assert_int_equal(finish(guest, tx, true), 0);
	after = world_text();
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* ---- anything ---- */

static const char *any_path(void)
{
	static const char *const prefixes[] = {"data", "/common", "/no", "data/1", "/common/1"};

	return deep(prefixes[random_below(5)], random_below(20),
		    random_below(3) ? random_below(60) : random_below(1900));
}

static void any_request(void)
{
	static const uint32_t types[] = {XS_READ, XS_MKDIR, XS_RM, XS_DIRECTORY, XS_GET_PERMS};
	static char text[2049];
	uint32_t tx = random_below(2) ? 0 : 1 + random_below(world.next_txn + 1);
	char perms[64];

	memset(text, 'v', sizeof(text) - 1);
	text[random_below(2049)] = '\0';
	sprintf(perms, "b3 r%u w%u", random_below(9), random_below(100));
	switch (random_below(16)) {
	case 0:
	case 1:
		ask_two(guest, XS_WATCH, 0, any_path(), text);
		break;
	case 2:
		ask_two(guest, XS_UNWATCH, 0, any_path(), text);
		break;
	case 3:
		ask_text(guest, XS_TRANSACTION_START, 0, "");
		break;
	case 4:
		finish(guest, tx, random_below(2));
		break;
	case 5:
		set_perms(guest, tx, any_path(), perms);
		break;
	case 6:
		write_text(dom0, 0, deep("/common", random_below(20), random_below(200)), text);
		break;
	case 7:
		ask_text(dom0, XS_RM, 0, deep("/common", random_below(20), random_below(200)));
		break;
	case 8:
	case 9:
	case 10:
		write_text(guest, tx, any_path(), text);
		break;
	default:
		ask_text(guest, types[random_below(5)], tx, any_path());
	}
}

static uint64_t accounts;

static void add_account(struct domain *domain, void *arg)
{
	(void)arg;
	accounts += domain->bytes;
}

/*
 * All that there is, is on somebody's account: that of domain 0 counts too, as it makes nodes here.
 */
static void test_anything(void **state)
{
	(void)state;
	random_seed(5);
	for (unsigned i = 0; i < 20000; i++) {
		any_request();
		accounts = 0;
		domains_each(&world.domains, add_account, NULL);
		assert_true(account->bytes <= world.quota.max[QUOTA_MEMORY] + XENSTORE_PAYLOAD_MAX);
		assert_true(used() <= accounts + OWN_BYTES);
		if (random_below(2000) == 0)
			ask_text(guest, XS_RESET_WATCHES, 0, "");
	}
	assert_true(account->hits[QUOTA_MEMORY] > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_watches_of_missing_paths),
		TEST(test_usual_watches),
		TEST(test_open_transactions),
		TEST(test_watches_and_transactions),
		TEST(test_kept_values),
		TEST(test_places_of_removed_nodes),
		TEST(test_permissions),
		TEST(test_queue),
		TEST(test_refused_as_a_whole),
		TEST(test_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
