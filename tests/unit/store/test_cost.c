/* SPDX-License-Identifier: ISC */
/*
 * What requests of a guest cost the daemon: bounded for each KiB of them, whatever they ask; and no
 * guest has more of the daemon than its share.
 */
#include "heap.h"
#include "world.h"

#include <daemon/daemon.h>

#include <limits.h>
#include <unistd.h>

static char folder[32], log_path[64];
static struct client *dom0, *guest;

static int setup(void **state)
{
	world_open(state);
	strcpy(folder, "/tmp/plinth-store-XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(state_open(&world, folder), 0);
	dom0 = world_with_guest("here");
	guest = client_open(3);
	return 0;
}

static int teardown(void **state)
{
	client_close(guest);
	client_close(dom0);
	world_close(state);
	world_forget(folder);
	return 0;
}

/* ---- each kind of request, as dear as a guest can make it ---- */

#define DEEP 2000 /* bytes of a path of many names */

struct message {
	uint32_t type, tx;
	size_t len;
	char data[XENSTORE_PAYLOAD_MAX];
};
static uint32_t open_tx;

static void add(struct message *message, const char *text)
{
	size_t size = strlen(text) + 1;

	if (message->len + size > sizeof(message->data))
		return;
	memcpy(message->data + message->len, text, size);
	message->len += size;
}

static void add_deep(struct message *message, unsigned round)
{
	char path[DEEP + 1];
	size_t at = (size_t)sprintf(path, "data/%u", round % 4);

	for (; at + 2 <= DEEP; at += 2)
		memcpy(path + at, "/a", 3);
	add(message, path);
}

static void put_path(struct message *message, unsigned round)
{
	(void)round;
	add(message, "data");
}

static void put_nothing(struct message *message, unsigned round)
{
	(void)round;
	add(message, "");
}

static void put_deep(struct message *message, unsigned round)
{
	add_deep(message, round);
}

static void put_top(struct message *message, unsigned round)
{
	char path[32];

	sprintf(path, "data/%u", round % 4);
	add(message, path);
}

static void put_value(struct message *message, unsigned round)
{
	(void)round;
	add(message, "data");
	memset(message->data + message->len, 'v', 2048);
	message->len += 2048;
}

static void put_perms(struct message *message, unsigned round)
{
	(void)round;
	add(message, "data");
	add(message, "n3");
	for (unsigned i = 0; message->len < XENSTORE_PAYLOAD_MAX - 8; i++) {
		char text[8];

		sprintf(text, "r%u", 9000 + i);
		add(message, text);
	}
}

static void put_some_perms(struct message *message, unsigned round)
{
	char text[8];

	add(message, "data");
	add(message, "n3");
	for (unsigned i = 0; i < 4; i++) {
		sprintf(text, "r%u", 9000 + i + round);
		add(message, text);
	}
}

static void put_watch(struct message *message, unsigned round)
{
	add_deep(message, round);
	add(message, "token");
}

static void put_domid(struct message *message, unsigned round)
{
	char text[16];

	sprintf(text, "%u", round % 30000);
	add(message, text);
}

static void put_end(struct message *message, unsigned round)
{
	add(message, round % 2 ? "T" : "F");
}

static void put_part(struct message *message, unsigned round)
{
	(void)round;
	add(message, "data");
	add(message, "3000");
}

/* Types without a row are for domain 0 alone, or no requests. */
static const struct row {
	uint32_t type;
	void (*put)(struct message *message, unsigned round);
	bool in_transaction;
} rows[] = {
	{XS_DIRECTORY, put_path, false},
	{XS_DIRECTORY, put_path, true},
	{XS_READ, put_path, false},
	{XS_READ, put_deep, false},
	{XS_READ, put_deep, true},
	{XS_GET_PERMS, put_path, false},
	{XS_WATCH, put_watch, false},
	{XS_UNWATCH, put_watch, false},
	{XS_TRANSACTION_START, put_nothing, false},
	{XS_TRANSACTION_END, put_end, true},
	{XS_GET_DOMAIN_PATH, put_domid, false},
	{XS_WRITE, put_value, false},
	{XS_WRITE, put_value, true},
	{XS_MKDIR, put_deep, false},
	{XS_MKDIR, put_deep, true},
	{XS_RM, put_top, false},
	{XS_RM, put_top, true},
	{XS_SET_PERMS, put_perms, false},
	{XS_SET_PERMS, put_some_perms, false},
	{XS_SET_PERMS, put_some_perms, true},
	{XS_IS_DOMAIN_INTRODUCED, put_domid, false},
	{XS_RESET_WATCHES, put_nothing, false},
	{XS_DIRECTORY_PART, put_part, false},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static size_t send_row(const struct row *row, unsigned round)
{
	static struct message message;

	message = (struct message){.type = row->type, .tx = row->in_transaction ? open_tx : 0};
	row->put(&message, round);
	ask(guest, message.type, message.tx, message.data, message.len);
	if (row->type == XS_TRANSACTION_END)
		open_tx = begin(guest);
	drop_events(guest);
	return sizeof(struct xsd_sockmsg) + message.len;
}

/* ---- what they cost ---- */

static uint64_t journal_bytes(void)
{
	struct state_report report;

	assert_true(state_report(&world, &report));
	return report.written;
}

struct cost {
	uint64_t bytes; /* of requests */
	uint64_t calls, asked, journal, work;
};

static struct cost look(void)
{
	return (struct cost){0, heap_calls(), world_asked, journal_bytes(), work_done};
}

/* For the whole KiB: a request that is short may cost something by itself. */
static void check_cost(const char *what, const struct cost *before, uint64_t bytes)
{
	struct cost now = look();
	uint64_t kib = bytes / 1024 + 1;
	bool good = now.calls - before->calls <= 1100 * kib &&
		    now.asked - before->asked <= 80 * kib &&
		    now.journal - before->journal <= 64 * 1024 * kib;

	if (!good)
		print_error("%s: for each KiB %lu allocations, %lu questions, %lu journal bytes\n",
			    what, (now.calls - before->calls) / kib,
			    (now.asked - before->asked) / kib,
			    (now.journal - before->journal) / kib);
	assert_true(good);
}

static void test_each_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct cost before;
		uint64_t bytes = 0;

		open_tx = begin(guest);
		before = look();
		for (unsigned round = 0; round < 50; round++)
			bytes += send_row(&rows[i], round);
		check_cost(wire_type_name(rows[i].type), &before, bytes);
		ask_text(guest, XS_RESET_WATCHES, 0, "");
		ask_text(guest, XS_RM, 0, "data/0");
	}
}

/* Paths of many names are made and removed, with a full store around them. */
static void test_make_and_remove(void **state)
{
	const struct row make = {XS_MKDIR, put_deep, false}, remove = {XS_RM, put_top, false};
	struct cost before;
	uint64_t bytes = 0;
	char path[64];

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		sprintf(path, "/local/domain/%u/device/vif/0/%u", i % 300, i);
		write_text(dom0, 0, path, "value");
	}
	before = look();
	for (unsigned round = 0; round < 100; round++)
		bytes += send_row(&make, round) + send_row(&remove, round);
	check_cost("MKDIR and RM", &before, bytes);
}

/* The number of entries is looked at before what they say, and so is the node. */
static void test_permissions(void **state)
{
	unsigned asked = world_asked;
	char perms[XENSTORE_PAYLOAD_MAX - 64] = "n3";
	size_t len = 2;

	(void)state;
	for (unsigned i = 0; len < sizeof(perms) - 8; i++)
		len += (size_t)sprintf(perms + len, " r%u", 9000 + i % 100);
	assert_int_equal(set_perms(guest, 0, "data", perms), -ENOSPC);
	assert_int_equal(set_perms(guest, 0, "/tool", "n3 r9000"), -EACCES);
	assert_int_equal(set_perms(guest, 0, "data/none", "n3 r9000"), -ENOENT);
	assert_int_equal(set_perms(guest, 0, "data", "n4 r9000"), -EPERM);
	assert_int_equal(world_asked, asked);
	assert_int_equal(set_perms(guest, 0, "data", "n3 r9000 w9000 b9001"), 0);
	assert_int_equal(world_asked, asked + 2);
	/* Domain 0 may have as many as it likes: a number is asked for once. */
	assert_int_equal(set_perms(dom0, 0, "/tool", perms), 0);
	assert_in_range(world_asked, asked + 2, asked + 103);
}

/* ---- shares ---- */

static struct xenstore_domain_interface *page(void)
{
	return fake[3].page;
}

/* Fills the ring with requests, as many as there is room for. */
static void flood(const void *data, size_t len)
{
	while (page()->req_prod - page()->req_cons + len <= XENSTORE_RING_SIZE)
		for (size_t i = 0; i < len; i++)
			page()->req[page()->req_prod++ % XENSTORE_RING_SIZE] =
				((const char *)data)[i];
	page()->rsp_cons = page()->rsp_prod;
}

static struct {
	struct xsd_sockmsg head;
	char path[600];
} deep_request = {.head = {.len = 600}};

static void become_a_ring(void)
{
	client_close(guest);
	assert_int_equal(store_introduce(&world, 3, 0x39001, 7), 0);
	guest = client_open(3);
	for (size_t i = 0; i + 2 < sizeof(deep_request.path); i += 2)
		memcpy(deep_request.path + i, "a/", 2);
	memcpy(deep_request.path, "data/0/", 7);
	deep_request.path[sizeof(deep_request.path) - 2] = 'a';
}

static void flood_with_paths(unsigned turn)
{
	deep_request.head.type = turn % 2 ? XS_MKDIR : XS_RM;
	flood(&deep_request, sizeof(deep_request));
}

/* Small requests, and each makes many long events. */
static void flood_with_events(unsigned turn)
{
	static const struct {
		struct xsd_sockmsg head;
		char path[8];
	} request = {{.type = XS_WRITE, .len = 8}, "data/w"};

	(void)turn;
	flood(&request, sizeof(request));
}

static void add_watches(void)
{
	static struct {
		struct xsd_sockmsg head;
		char data[900];
	} request = {.head = {.type = XS_WATCH, .len = 900}};

	for (unsigned i = 0; i < 60; i++) {
		memset(request.data, 't', sizeof(request.data) - 1);
		memcpy(request.data, "data", 5);
		sprintf(request.data + 890, "%u", i);
		memset(request.data + 890 + strlen(request.data + 890), 't', 5);
		flood(&request, sizeof(request));
		world_ring(3);
		while (store_end_turn(&world) || world_pause())
			store_go_on(&world);
		page()->rsp_cons = page()->rsp_prod;
	}
	assert_true(guest->conn.domain->watches == 60);
}

/*
 * A guest that floods gets its slices, not more, and domain 0 its turn after each of the guest's.
 */
static void check_flood(void (*fill)(unsigned turn))
{
	uint64_t work = work_done, most = 0;
	unsigned pauses = 0;

	for (unsigned i = 0; i < 20000; i++) {
		uint64_t before = work_done;

		fill(i);
		world_ring(3);
		if (store_end_turn(&world))
			store_go_on(&world);
		most = work_done - before > most ? work_done - before : most;
		assert_int_equal(ask_text(dom0, XS_READ, 0, "/tool"), 0);
		if (i % 10 == 9) { /* a turn takes a tenth of a millisecond */
			world_pass(1);
			if (store_is_due(&world))
				store_go_on(&world);
		}
		pauses += guest->conn.domain->conn->paused_until != 0;
	}
	/* 2000 ms are 20 slices, and the one at hand. */
	assert_true(work_done - work <= 21 * 2 * BUDGET_SLICE + 20000 * 40);
	assert_true(most < 8 * BUDGET_TURN);
	assert_true(pauses > 1000);
}

static void test_flood(void **state)
{
	(void)state;
	become_a_ring();
	check_flood(flood_with_paths);
	add_watches();
	check_flood(flood_with_events);
}

/* Events without requests: few are taken in a slice, then the port stays masked to its end. */
static void test_storm_of_events(void **state)
{
	unsigned taken = 0;

	(void)state;
	become_a_ring();
	for (unsigned i = 0; i < 100000; i++) {
		if (store_port_listens(&world, 103)) {
			store_port_ready(&world, 103);
			taken++;
		}
		store_end_turn(&world);
	}
	assert_in_range(taken, 100, 1000);
	assert_int_equal(fake[3].unmasked, 0);
	assert_true(store_wait_ms(&world, false) > 0); /* the daemon sleeps */
	assert_false(store_is_due(&world));
	/* It is heard again after that. */
	assert_true(world_pause());
	assert_int_equal(fake[3].unmasked, 1);
	assert_true(store_port_listens(&world, 103));
	assert_int_equal(store_wait_ms(&world, false), -1);
}

/* Bytes of the log so far. */
static long log_bytes(void)
{
	FILE *file = fopen(log_path, "r");
	long bytes;

	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	bytes = ftell(file);
	fclose(file);
	return bytes;
}

/* Cut off and connected again, all the time: the log says so once in a while. */
static void test_reconnects(void **state)
{
	unsigned times = 0;
	const struct domain *domain;

	(void)state;
	snprintf(log_path, sizeof(log_path), "%s/log", folder);
	assert_int_equal(daemon_set_log_file(log_path), 0);
	become_a_ring();
	domain = guest->conn.domain;
	for (unsigned i = 0; i < 10000; i++) {
		page()->req_prod = page()->req_cons + 5000;
		page()->connection = XENSTORE_RECONNECT;
		world_ring(3);
		page()->req_prod = page()->req_cons + 5000;
		world_ring(3);
		store_end_turn(&world);
		times += page()->error != 0;
		world_pass(1);
		if (store_is_due(&world))
			store_go_on(&world);
	}
	assert_true(times > 0);
	assert_in_range(domain->breaks, 100, 5000);
	assert_in_range(log_bytes(), 1, 3 * 200); /* 10 seconds */
	unlink(log_path);
}

/* ---- transactions beside a guest that changes what they touch, all the time ---- */

static void flood_with_writes(unsigned ms)
{
	static const struct {
		struct xsd_sockmsg head;
		char path[8];
	} request = {{.type = XS_WRITE, .len = 8}, "data/w"};

	for (unsigned i = 0; i < ms; i++) {
		flood(&request, sizeof(request));
		world_ring(3);
		if (store_end_turn(&world) || store_is_due(&world))
			store_go_on(&world);
		world_pass(1);
	}
}

/* One attempt, of three steps that take so long; the last one's answer. */
static int attempt(struct client *client, unsigned step_ms)
{
	uint32_t tx = begin(client);
	int ret;

	flood_with_writes(step_ms);
	assert_int_equal(ask_text(client, XS_READ, tx, "/local/domain/3/data/w"), 0);
	flood_with_writes(step_ms);
	assert_int_equal(write_text(client, tx, "/local/domain/3/data/w", "mine"), 0);
	flood_with_writes(step_ms);
	ret = finish(client, tx, true);
	drop_events(client);
	return ret;
}

static void test_transactions_come_to_an_end(void **state)
{
	static const unsigned step_ms[] = {1, 10, 60, 250};

	(void)state;
	become_a_ring();
	for (size_t i = 0; i < 4; i++) {
		unsigned attempts = 1;

		flood_with_writes(100);
		while (attempt(dom0, step_ms[i]) == -EAGAIN)
			assert_true(++attempts <= 10);
	}
	/* It goes on after that, and in the end as before. */
	world_pass(SPOIL_FORGET_MS);
	assert_int_equal(write_text(dom0, 0, "/local/domain/3/data/w", "mine"), 0);
	flood_with_writes(200);
	assert_int_equal(ask_text(dom0, XS_READ, 0, "/local/domain/3/data/w"), 0);
	assert_int_equal(dom0->answer_len, 1);
}

/* A domain that may only read what a guest changes, or that gives up, cannot have it paused. */
static void test_nobody_is_made_to_pay(void **state)
{
	struct client *reader = client_open(4);

	(void)state;
	become_a_ring();
	flood_with_writes(10);
	set_perms(dom0, 0, "/local/domain/3/data/w", "n3 r4");
	for (unsigned i = 0; i < 50; i++) {
		uint32_t tx = begin(reader), other = begin(dom0);

		assert_int_equal(ask_text(reader, XS_READ, tx, "/local/domain/3/data/w"), 0);
		assert_int_equal(ask_text(dom0, XS_READ, other, "/local/domain/3/data/w"), 0);
		world_pass(200); /* not paused for the work that it makes */
		flood_with_writes(3);
		assert_int_equal(finish(reader, tx, true), -EAGAIN);
		assert_int_equal(finish(dom0, other, false), 0);
		drop_events(reader);
		drop_events(dom0);
	}
	assert_int_equal(guest->conn.domain->spoilt, 0);
	client_close(reader);
}

/* Who does what guests do is never paused. */
static void test_usual_guest(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 50000; i++) {
		uint32_t tx = begin(guest);

		assert_int_equal(ask_text(guest, XS_READ, tx, "data"), 0);
		assert_int_equal(write_text(guest, tx, "data/state", "4"), 0);
		assert_int_equal(finish(guest, tx, true), 0);
		drop_events(guest);
		world_pass(1);
		assert_int_equal(guest->conn.paused_until, 0);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_each_type),
		TEST(test_make_and_remove),
		TEST(test_permissions),
		TEST(test_flood),
		TEST(test_storm_of_events),
		TEST(test_reconnects),
		TEST(test_usual_guest),
		TEST(test_transactions_come_to_an_end),
		TEST(test_nobody_is_made_to_pay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
