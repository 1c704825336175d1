/* SPDX-License-Identifier: ISC */
/* What clients may do, what they are told of, and how much they may have. */
#include "world.h"

/* ---- permissions ---- */

/* For each kind of entry: what its domain (3), the owner (2), dom0 and a stranger (4) may do. */
static void test_permission_matrix(void **state)
{
	static const struct {
		const char *perms;
		bool read, write;         /* domain 3 */
		bool any_read, any_write; /* domain 4 */
	} rows[] = {
		{"n2", false, false, false, false},   {"r2", true, false, true, false},
		{"w2", false, true, false, true},     {"b2", true, true, true, true},
		{"n2 r3", true, false, false, false}, {"n2 w3", false, true, false, false},
		{"n2 b3", true, true, false, false},  {"b2 n3", false, false, true, true},
		{"r2 w3", false, true, true, false},  {"n2 r4", false, false, true, false},
	};
	struct client *dom0 = client_open(0), *owner = client_open(2);
	struct client *three = client_open(3), *four = client_open(4);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_text(dom0, 0, "/p", "x");
		assert_int_equal(set_perms(dom0, 0, "/p", rows[i].perms), 0);
		assert_int_equal(ask_text(three, XS_READ, 0, "/p"), rows[i].read ? 0 : -EACCES);
		assert_int_equal(write_text(three, 0, "/p", "y"), rows[i].write ? 0 : -EACCES);
		assert_int_equal(ask_text(four, XS_READ, 0, "/p"), rows[i].any_read ? 0 : -EACCES);
		assert_int_equal(write_text(four, 0, "/p", "y"), rows[i].any_write ? 0 : -EACCES);
		assert_int_equal(ask_text(owner, XS_READ, 0, "/p"), 0);
		assert_int_equal(write_text(owner, 0, "/p", "y"), 0);
		assert_int_equal(ask_text(dom0, XS_READ, 0, "/p"), 0);
		assert_int_equal(set_perms(three, 0, "/p", "n2"), -EACCES);
		ask_text(dom0, XS_RM, 0, "/p");
	}
	client_close(dom0);
	client_close(owner);
	client_close(three);
	client_close(four);
}

static void test_ownership(void **state)
{
	struct client *dom0 = client_open(0), *guest = client_open(3);

	(void)state;
	write_text(dom0, 0, "/home", "");
	assert_int_equal(set_perms(dom0, 0, "/home", "b3 r4"), 0);
	/* What a guest makes is its own, with the rest of the permissions from above. */
	assert_int_equal(write_text(guest, 0, "/home/a/b", "1"), 0);
	assert_int_equal(ask_text(guest, XS_GET_PERMS, 0, "/home/a"), 0);
	assert_memory_equal(guest->answer, "b3\0r4", 6);
	/* What dom0 makes there belongs to the guest too. */
	assert_int_equal(write_text(dom0, 0, "/home/c", "1"), 0);
	assert_int_equal(ask_text(dom0, XS_GET_PERMS, 0, "/home/c"), 0);
	assert_memory_equal(dom0->answer, "b3\0r4", 6);
	/* A guest cannot give its nodes away, and cannot take others'. */
	assert_int_equal(set_perms(guest, 0, "/home/a", "n4"), -EPERM);
	assert_int_equal(set_perms(guest, 0, "/tool", "n3"), -EACCES);
	assert_int_equal(set_perms(guest, 0, "/home/a", "n3 b5"), 0);
	assert_int_equal(set_perms(dom0, 0, "/home/a", "n4"), 0);
	assert_int_equal(ask_text(guest, XS_READ, 0, "/home/a"), -EACCES);
	client_close(dom0);
	client_close(guest);
}

/* Whether something exists is not for everybody to know. */
static void test_hidden_nodes(void **state)
{
	struct client *dom0 = client_open(0), *guest = client_open(3);

	(void)state;
	assert_int_equal(ask_text(guest, XS_READ, 0, "/tool"), -EACCES);
	assert_int_equal(ask_text(guest, XS_READ, 0, "/there-is-no-such-node"), -EACCES);
	assert_int_equal(ask_text(guest, XS_MKDIR, 0, "/mine"), -EACCES);
	assert_int_equal(ask_text(guest, XS_RM, 0, "/tool"), -EACCES);
	assert_int_equal(ask_text(guest, XS_RM, 0, "/nothing"), -EACCES);
	write_text(dom0, 0, "/open", "");
	set_perms(dom0, 0, "/open", "r0");
	assert_int_equal(ask_text(guest, XS_READ, 0, "/open/nothing"), -ENOENT);
	assert_int_equal(write_text(guest, 0, "/open/nothing", ""), -EACCES);
	assert_int_equal(ask_text(dom0, XS_RM, 0, "/"), -EINVAL);
	assert_int_equal(ask_text(dom0, XS_RM, 0, "/open/nothing"), 0);
	assert_int_equal(ask_text(dom0, XS_RM, 0, "/open/nothing/below"), -ENOENT);
	client_close(dom0);
	client_close(guest);
}

/* Nor whether it changes: a transaction does not depend on what its client may not see. */
static void test_hidden_changes(void **state)
{
	struct client *dom0 = client_open(0), *guest = client_open(3);
	uint32_t tx;

	(void)state;
	write_text(dom0, 0, "/open", "");
	set_perms(dom0, 0, "/open", "r0");
	tx = begin(guest);
	assert_int_equal(ask_text(guest, XS_READ, tx, "/tool"), -EACCES);
	assert_int_equal(ask_text(guest, XS_DIRECTORY, tx, "/tool"), -EACCES);
	assert_int_equal(ask_text(guest, XS_READ, tx, "/local/domain/7"), -EACCES);
	assert_int_equal(write_text(guest, tx, "/open/mine", ""), -EACCES);
	assert_int_equal(ask_text(guest, XS_RM, tx, "/open"), -EACCES);
	write_text(dom0, 0, "/tool", "changed");
	write_text(dom0, 0, "/tool/more", "");
	write_text(dom0, 0, "/local/domain/7", "");
	write_text(dom0, 0, "/open", "changed");
	write_text(dom0, 0, "/open/mine", "");
	assert_int_equal(finish(guest, tx, true), 0);
	tx = begin(guest);
	assert_int_equal(ask_text(guest, XS_READ, tx, "/open/later"), -ENOENT);
	write_text(dom0, 0, "/open/later", "");
	assert_int_equal(finish(guest, tx, true), -EAGAIN);
	client_close(dom0);
	client_close(guest);
}

static void test_bad_permissions(void **state)
{
	static const char *const bad[] = {"",   "x1",     "r",      "1",   "r-1", "r1x",
					  "rr", "r32752", "r99999", "n0 ", "n0 x"};
	struct client *dom0 = client_open(0);

	(void)state;
	write_text(dom0, 0, "/p", "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(set_perms(dom0, 0, "/p", bad[i]), -EINVAL);
	assert_int_equal(ask_text(dom0, XS_SET_PERMS, 0, "/p"), -EINVAL);
	assert_int_equal(set_perms(dom0, 0, "/none", "n0"), -ENOENT);
	client_close(dom0);
}

static void test_privileged_requests(void **state)
{
	static const uint32_t types[] = {XS_CONTROL, XS_INTRODUCE, XS_RELEASE, XS_RESUME,
					 XS_SET_TARGET};
	struct client *guest = client_open(3);

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		assert_int_equal(ask_words(guest, types[i], "3\0001\0002"), -EACCES);
	assert_int_equal(ask_text(guest, XS_GET_DOMAIN_PATH, 0, "3"), 0);
	assert_string_equal(guest->answer, "/local/domain/3");
	assert_int_equal(ask_text(guest, XS_IS_DOMAIN_INTRODUCED, 0, "3"), 0);
	assert_string_equal(guest->answer, "F");
	client_close(guest);
}

/* ---- watches ---- */

static void test_events(void **state)
{
	struct client *client = client_open(0), *other = client_open(0);

	(void)state;
	write_text(other, 0, "/w/a/b", "1");
	assert_int_equal(ask_two(client, XS_WATCH, 0, "/w/a", "tok"), 0);
	assert_string_equal(next_event(client), "/w/a tok"); /* once at once */
	write_text(other, 0, "/w/a", "2");
	assert_string_equal(next_event(client), "/w/a tok");
	write_text(other, 0, "/w/a/b/c/d", "2");
	assert_string_equal(next_event(client), "/w/a/b/c/d tok");
	assert_null(next_event(client)); /* nothing of the nodes that were made on the way */
	write_text(other, 0, "/w", "2");
	write_text(other, 0, "/w/ab", "2");
	ask_text(other, XS_READ, 0, "/w/a");
	ask_text(other, XS_MKDIR, 0, "/w/a/b"); /* there already */
	assert_null(next_event(client));
	set_perms(other, 0, "/w/a/b", "r0");
	assert_string_equal(next_event(client), "/w/a/b tok");
	ask_text(other, XS_RM, 0, "/w/a/b");
	assert_string_equal(next_event(client), "/w/a/b tok");
	ask_text(other, XS_RM, 0, "/w");
	assert_string_equal(next_event(client), "/w/a tok");
	assert_null(next_event(client));
	write_text(other, 0, "/w/a", "again");
	assert_string_equal(next_event(client), "/w/a tok");
	assert_int_equal(ask_two(client, XS_UNWATCH, 0, "/w/a", "tok"), 0);
	write_text(other, 0, "/w/a", "3");
	assert_null(next_event(client));
	client_close(client);
	client_close(other);
}

static void test_watch_errors(void **state)
{
	struct client *client = client_open(0);

	(void)state;
	assert_int_equal(ask_two(client, XS_WATCH, 0, "/w", "t"), 0);
	assert_int_equal(ask_two(client, XS_WATCH, 0, "/w", "t"), -EEXIST);
	assert_int_equal(ask_two(client, XS_WATCH, 0, "/w", "u"), 0);
	assert_int_equal(ask_two(client, XS_UNWATCH, 0, "/w", "v"), -ENOENT);
	assert_int_equal(ask_two(client, XS_UNWATCH, 0, "/x", "t"), -ENOENT);
	assert_int_equal(ask_text(client, XS_WATCH, 0, "/w"), -EINVAL);
	assert_int_equal(ask_two(client, XS_WATCH, 0, "//", "t"), -EINVAL);
	assert_int_equal(ask_two(client, XS_WATCH, 0, "/w/", "t"), -EINVAL);
	assert_int_equal(ask_words(client, XS_WATCH, "/w\0t\0x"), -EINVAL);
	client_close(client);
}

static void test_relative_watch(void **state)
{
	struct client *guest = client_open(3), *dom0 = client_open(0);

	(void)state;
	write_text(dom0, 0, "/local/domain/3/device", "");
	set_perms(dom0, 0, "/local/domain/3", "n0 r3");
	set_perms(dom0, 0, "/local/domain/3/device", "n3");
	assert_int_equal(ask_two(guest, XS_WATCH, 0, "device", "t"), 0);
	assert_string_equal(next_event(guest), "device t");
	write_text(dom0, 0, "/local/domain/3/device/vbd/0/state", "4");
	assert_string_equal(next_event(guest), "device/vbd/0/state t");
	client_close(guest);
	client_close(dom0);
}

static void test_depth(void **state)
{
	struct client *client = client_open(0), *other = client_open(0);

	(void)state;
	assert_int_equal(ask_words(client, XS_WATCH,
				   "/d\0one\0"
				   "1"),
			 0);
	assert_int_equal(ask_words(client, XS_WATCH,
				   "/d\0zero\0"
				   "0"),
			 0);
	drop_events(client);
	write_text(other, 0, "/d/1/2", "");
	assert_null(next_event(client));
	write_text(other, 0, "/d/1", "");
	assert_string_equal(next_event(client), "/d/1 one");
	assert_null(next_event(client));
	write_text(other, 0, "/d", "x");
	drop_events(client);
	client_close(client);
	client_close(other);
}

/* A guest is told only of what it may read, or whose parent it may read. */
static void test_secret_events(void **state)
{
	struct client *guest = client_open(3), *dom0 = client_open(0);

	(void)state;
	assert_int_equal(ask_two(guest, XS_WATCH, 0, "/", "all"), 0);
	assert_int_equal(ask_two(guest, XS_WATCH, 0, "@releaseDomain", "end"), 0);
	drop_events(guest);
	write_text(dom0, 0, "/secret/x", "1");
	store_check_domains(&world);
	assert_null(next_event(guest));
	set_perms(dom0, 0, "/secret/x", "n0 r3");
	assert_string_equal(next_event(guest), "/secret/x all");
	set_perms(dom0, 0, "/secret/x", "n0"); /* it sees that it lost sight of it */
	assert_string_equal(next_event(guest), "/secret/x all");
	write_text(dom0, 0, "/secret/x", "2");
	assert_null(next_event(guest));
	set_perms(dom0, 0, "@releaseDomain", "n0 r3");
	store_check_domains(&world);
	assert_string_equal(next_event(guest), "@releaseDomain end");
	client_close(guest);
	client_close(dom0);
}

static void test_events_of_transactions(void **state)
{
	struct client *client = client_open(0), *other = client_open(0);
	uint32_t tx;

	(void)state;
	write_text(other, 0, "/gone/x", "");
	ask_two(client, XS_WATCH, 0, "/", "t");
	ask_two(client, XS_WATCH, 0, "/gone/x", "x");
	drop_events(client);
	tx = begin(other);
	write_text(other, tx, "/made", "1");
	write_text(other, tx, "/made", "2");
	write_text(other, tx, "/passing", "1");
	ask_text(other, XS_RM, tx, "/passing");
	ask_text(other, XS_RM, tx, "/gone");
	assert_null(next_event(client));
	finish(other, tx, true);
	assert_string_equal(next_event(client), "/made t");
	assert_string_equal(next_event(client), "/gone t");
	assert_string_equal(next_event(client), "/gone/x x");
	assert_null(next_event(client));
	tx = begin(other);
	write_text(other, tx, "/made", "3");
	finish(other, tx, false);
	assert_null(next_event(client));
	client_close(client);
	client_close(other);
}

/* An event that is still unread is not said twice. */
static void test_repeated_events(void **state)
{
	struct client *client = client_open(0), *other = client_open(0);

	(void)state;
	ask_two(client, XS_WATCH, 0, "/n", "t");
	drop_events(client);
	client->deaf = true;
	for (int i = 0; i < 100; i++)
		write_text(other, 0, "/n", "x");
	client->deaf = false;
	conn_mark(&client->conn);
	assert_string_equal(next_event(client), "/n t");
	assert_null(next_event(client));
	write_text(other, 0, "/n", "x");
	assert_string_equal(next_event(client), "/n t");
	client_close(client);
	client_close(other);
}

/*
 * Nor is one among others: a client that sleeps while few nodes change all the time has few events.
 */
static void test_alternating_events(void **state)
{
	struct client *client = client_open(0), *other = client_open(0);
	char path[16];

	(void)state;
	ask_two(client, XS_WATCH, 0, "/n", "t");
	ask_two(client, XS_WATCH, 0, "/n/1", "u");
	drop_events(client);
	client->deaf = true;
	for (int i = 0; i < 10000; i++) {
		sprintf(path, "/n/%d", i % 3);
		write_text(other, 0, path, "x");
	}
	assert_true(buffer_len(&client->conn.out) < 4 * 32);
	client->deaf = false;
	conn_mark(&client->conn);
	assert_string_equal(next_event(client), "/n/0 t");
	assert_string_equal(next_event(client), "/n/1 u");
	assert_string_equal(next_event(client), "/n/1 t");
	assert_string_equal(next_event(client), "/n/2 t");
	assert_null(next_event(client));
	/* What was read comes again. */
	write_text(other, 0, "/n/2", "x");
	assert_string_equal(next_event(client), "/n/2 t");
	client_close(client);
	client_close(other);
}

/* A client that has just broken the protocol, and is not cut off yet, gets no events. */
static void test_events_for_a_broken_client(void **state)
{
	static const struct xsd_sockmsg too_long = {.type = XS_READ,
						    .len = XENSTORE_PAYLOAD_MAX + 1};
	struct client *client = client_open(0), *other = client_open(0);
	uint32_t tx;

	(void)state;
	ask_two(client, XS_WATCH, 0, "/n", "t");
	drop_events(client);
	tx = begin(other);
	write_text(other, tx, "/n/a", "x");
	write_text(other, tx, "/n/b", "x");
	conn_drop_queues(&client->conn); /* as after an answer that was long */
	conn_take(&client->conn, (const char *)&too_long, sizeof(too_long));
	assert_int_equal(client->conn.broken, XENSTORE_ERROR_PROTO);
	assert_int_equal(finish(other, tx, true), 0); /* two events at once */
	assert_int_equal(client->events, 0);
	client_close(client);
	client_close(other);
}

/* An event that no message can hold is left out, whatever the token. */
static void test_long_token(void **state)
{
	struct client *client = client_open(0);
	char token[4000], path[200];

	(void)state;
	memset(token, 't', sizeof(token) - 1);
	token[sizeof(token) - 1] = '\0';
	memset(path, 'p', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(ask_two(client, XS_WATCH, 0, "/", token), 0);
	drop_events(client);
	write_text(client, 0, path, "");
	assert_int_equal(client->events, 0);
	assert_int_equal(ask_two(client, XS_UNWATCH, 0, "/", token), 0);
	client_close(client);
}

/* ---- quotas ---- */

static struct client *guest_with_home(struct client *dom0)
{
	write_text(dom0, 0, "/local/domain/3/data", "");
	set_perms(dom0, 0, "/local/domain/3", "n0 r3");
	set_perms(dom0, 0, "/local/domain/3/data", "n3");
	return client_open(3);
}

static void test_quota_of_nodes(void **state)
{
	struct client *dom0 = client_open(0), *guest = guest_with_home(dom0);
	const struct domain *domain = guest->conn.domain;
	char path[32];
	int made = 1, ret = 0;
	uint32_t tx;

	(void)state;
	while (ret == 0) {
		sprintf(path, "data/%d", made);
		ret = write_text(guest, 0, path, "x");
		made += ret == 0;
	}
	assert_int_equal(ret, -ENOSPC);
	assert_int_equal(made, 1000);
	assert_int_equal(domain->nodes, 1000);
	assert_int_equal(domain->hits[QUOTA_NODES], 1);
	assert_int_equal(ask_text(guest, XS_RM, 0, "data/1"), 0);
	assert_int_equal(write_text(guest, 0, "data/a/b", "x"), -ENOSPC); /* one too many */
	tx = begin(guest);
	assert_int_equal(write_text(guest, tx, "data/a", "x"), 0);
	assert_int_equal(write_text(guest, tx, "data/b", "x"), -ENOSPC);
	assert_int_equal(finish(guest, tx, true), 0);
	assert_int_equal(domain->nodes, 1000);
	/* dom0 may always. */
	assert_int_equal(write_text(dom0, 0, "/local/domain/3/data/more", "x"), 0);
	client_close(dom0);
	client_close(guest);
}

static void test_other_quotas(void **state)
{
	struct client *dom0 = client_open(0), *guest = guest_with_home(dom0);
	char text[3000], token[16];
	int ret = 0, count = 0;

	(void)state;
	memset(text, 'v', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(write_text(guest, 0, "data/big", text), -ENOSPC);
	text[2048] = '\0';
	assert_int_equal(write_text(guest, 0, "data/big", text), 0);
	assert_int_equal(set_perms(guest, 0, "data", "n3 r1 r2 r4 r5 r6"), -ENOSPC);
	assert_int_equal(set_perms(guest, 0, "data", "n3 r1 r2 r4 r5"), 0);
	for (; ret == 0; count += ret == 0) {
		sprintf(token, "%d", count);
		ret = ask_two(guest, XS_WATCH, 0, "data", token);
	}
	assert_int_equal(ret, -E2BIG);
	assert_int_equal(count, 128);
	for (ret = count = 0; ret == 0; count += ret == 0)
		ret = ask_text(guest, XS_TRANSACTION_START, 0, "");
	assert_int_equal(ret, -ENOSPC);
	assert_int_equal(count, 10);
	assert_int_equal(ask_text(guest, XS_RESET_WATCHES, 0, ""), 0);
	assert_int_equal(guest->conn.domain->watches, 0);
	assert_int_equal(guest->conn.domain->txns, 0);
	client_close(dom0);
	client_close(guest);
}

static void test_quota_of_transactions(void **state)
{
	struct client *dom0 = client_open(0), *guest = guest_with_home(dom0);
	uint32_t tx = begin(guest);
	char path[32];
	int ret = 0, count = 0;

	(void)state;
	for (; ret == -ENOENT || ret == 0; count++) {
		sprintf(path, "data/%d", count);
		ret = ask_text(guest, XS_READ, tx, path);
	}
	assert_int_equal(ret, -ENOSPC);
	assert_int_equal(count, 1025);
	assert_int_equal(finish(guest, tx, false), 0);
	client_close(dom0);
	client_close(guest);
	assert_int_equal(world.tree.places, world.tree.nodes - 2);
}

/* One that does not read is not answered; and events that pile up end with its connection. */
static void test_quota_of_memory(void **state)
{
	struct client *dom0 = client_open(0), *guest = guest_with_home(dom0);
	struct domain *domain = domain_get(guest->conn.domain);
	char path[64];

	(void)state;
	ask_two(guest, XS_WATCH, 0, "data", "t");
	drop_events(guest);
	guest->deaf = true;
	for (int i = 0; i < 100000 && !guest->cut; i++) {
		sprintf(path, "/local/domain/3/data/%d", i);
		write_text(dom0, 0, path, "");
	}
	assert_true(guest->cut);
	assert_true(domain->hits[QUOTA_MEMORY] > 0);
	assert_int_equal(domain->watches, 0);
	/* The others go on as before. */
	assert_int_equal(ask_text(dom0, XS_RM, 0, "/local/domain/3/data"), 0);
	client_close(dom0);
	client_close(guest);
	assert_int_equal(domain->bytes, 0);
	domain_put(domain);
}

static void test_full_client(void **state)
{
	struct client *dom0 = client_open(0), *guest = guest_with_home(dom0);
	const struct xsd_sockmsg head = {XS_READ, 1, 0, 5};
	char stream[30 * 21];

	(void)state;
	for (int i = 0; i < 30; i++) {
		memcpy(stream + i * 21, &head, sizeof(head));
		memcpy(stream + i * 21 + sizeof(head), "data", 5);
	}
	guest->deaf = true;
	assert_int_equal(conn_take(&guest->conn, stream, sizeof(stream)), 20 * 21);
	assert_true(conn_is_full(&guest->conn));
	assert_false(store_end_turn(&world));
	guest->deaf = false;
	conn_mark(&guest->conn);
	assert_true(store_end_turn(&world)); /* the rest can be handled now */
	client_close(dom0);
	client_close(guest);
}

/* Who asked first is answered first, whoever goes away in between. */
static void test_answers_in_order(void **state)
{
	static const struct {
		struct xsd_sockmsg head;
		char path[2];
	} request = {{XS_READ, 1, 0, 2}, "/"};
	struct client *clients[5];

	(void)state;
	for (int i = 0; i < 5; i++) {
		clients[i] = client_open(0);
		conn_take(&clients[i]->conn, (const char *)&request, sizeof(request.head) + 2);
		if (i == 1 || i == 3) /* in the middle, and the last of the queue for now */
			client_close(clients[i]);
	}
	store_end_turn(&world);
	assert_true(clients[0]->flushed && clients[0]->flushed + 1 == clients[2]->flushed &&
		    clients[2]->flushed + 1 == clients[4]->flushed);
	for (int i = 0; i < 5; i += 2)
		client_close(clients[i]);
}

static void test_control(void **state)
{
	struct client *dom0 = client_open(0);

	(void)state;
	assert_int_equal(ask(dom0, XS_CONTROL, 0,
			     "quota\0set\0nodes\0"
			     "5",
			     18),
			 0);
	assert_int_equal(world.quota.max[QUOTA_NODES], 5);
	assert_int_equal(ask_text(dom0, XS_CONTROL, 0, "quota"), 0);
	assert_contains(dom0->answer, "nodes            :        5");
	assert_int_equal(ask_two(dom0, XS_CONTROL, 0, "quota", "0"), 0);
	assert_contains(dom0->answer, "Domain 0:");
	assert_int_equal(ask_text(dom0, XS_CONTROL, 0, "check"), 0);
	assert_string_equal(dom0->answer, "OK");
	assert_int_equal(ask_text(dom0, XS_CONTROL, 0, "memreport"), 0);
	assert_contains(dom0->answer, "domain 0:");
	assert_int_equal(ask_text(dom0, XS_CONTROL, 0, "help"), 0);
	assert_contains(dom0->answer, "live-update");
	assert_int_equal(ask_text(dom0, XS_CONTROL, 0, "nonsense"), -EINVAL);
	assert_int_equal(ask_words(dom0, XS_CONTROL, "quota\0set\0nodes"), -EINVAL);
	assert_int_equal(ask(dom0, XS_CONTROL, 0,
			     "quota\0set\0no\0"
			     "5",
			     15),
			 -EINVAL);
	assert_int_equal(ask_two(dom0, XS_CONTROL, 0, "quota", "7000"), -ENOENT);
	assert_int_equal(ask_two(dom0, XS_CONTROL, 0, "log", "on"), 0);
	assert_int_equal(ask_two(dom0, XS_CONTROL, 0, "log", "off"), 0);
	client_close(dom0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)
	const struct CMUnitTest tests[] = {
		TEST(test_permission_matrix),
		TEST(test_ownership),
		TEST(test_hidden_nodes),
		TEST(test_hidden_changes),
		TEST(test_bad_permissions),
		TEST(test_privileged_requests),
		TEST(test_events),
		TEST(test_watch_errors),
		TEST(test_relative_watch),
		TEST(test_depth),
		TEST(test_secret_events),
		TEST(test_events_of_transactions),
		TEST(test_repeated_events),
		TEST(test_alternating_events),
		TEST(test_events_for_a_broken_client),
		TEST(test_long_token),
		TEST(test_quota_of_nodes),
		TEST(test_other_quotas),
		TEST(test_quota_of_transactions),
		TEST(test_quota_of_memory),
		TEST(test_full_client),
		TEST(test_answers_in_order),
		TEST(test_control),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
