/* SPDX-License-Identifier: ISC */
/* Guests: their rings, hostile and not; how they come and go. */
#include "world.h"

static struct client *dom0;

static int setup(void **state)
{
	world_open(state);
	dom0 = world_with_ring("here");
	return 0;
}

static int teardown(void **state)
{
	client_close(dom0);
	return world_close(state);
}

/* ---- the guest's side ---- */

static struct xenstore_domain_interface *page(void)
{
	return fake[3].page;
}

static void put(const void *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		page()->req[page()->req_prod++ % XENSTORE_RING_SIZE] = ((const char *)data)[i];
}

static void ring_bell(void)
{
	world_ring(3);
	for (int i = 0; i < 100 && (store_end_turn(&world) || world_pause()); i++)
		store_go_on(&world);
}

static size_t get(void *data, size_t len)
{
	size_t done = 0;

	while (done < len && page()->rsp_cons != page()->rsp_prod)
		((char *)data)[done++] = page()->rsp[page()->rsp_cons++ % XENSTORE_RING_SIZE];
	return done;
}

static void request(uint32_t type, uint32_t id, const void *data, size_t len)
{
	const struct xsd_sockmsg head = {type, id, 0, (uint32_t)len};

	put(&head, sizeof(head));
	put(data, len);
}

/* The next answer or event, its data with a NUL; head.type XS_INVALID when there is none. */
static struct xsd_sockmsg answer(char *data)
{
	struct xsd_sockmsg head = {.type = XS_INVALID};
	size_t done = 0;

	if (get(&head, sizeof(head)) < sizeof(head))
		return (struct xsd_sockmsg){.type = XS_INVALID};
	for (int i = 0; done < head.len && i < 100; i++) {
		done += get(data + done, head.len - done);
		ring_bell();
	}
	assert_int_equal(done, head.len);
	data[done] = '\0';
	return head;
}

static void expect_read(uint32_t id)
{
	char data[XENSTORE_PAYLOAD_MAX + 1];
	struct xsd_sockmsg head = answer(data);

	assert_int_equal(head.type, XS_READ);
	assert_int_equal(head.req_id, id);
	assert_string_equal(data, "here");
}

/* ---- a guest that does as it should ---- */

static void test_request(void **state)
{
	(void)state;
	request(XS_READ, 1, "data", 5);
	ring_bell();
	assert_int_equal(fake[3].notified, 1);
	assert_int_equal(page()->req_cons, page()->req_prod);
	expect_read(1);
}

/* Each byte alone, with and without a bell; Linux rings only when the ring was empty. */
static void test_pieces(void **state)
{
	const struct xsd_sockmsg head = {XS_READ, 2, 0, 5};

	(void)state;
	for (int bells = 0; bells < 2; bells++) {
		for (size_t i = 0; i < sizeof(head); i++) {
			put((const char *)&head + i, 1);
			if (bells)
				ring_bell();
		}
		for (size_t i = 0; i < 5; i++) {
			put("data" + i, 1);
			if (bells || i == 4)
				ring_bell();
			assert_true(!bells || page()->req_cons == page()->req_prod);
		}
		expect_read(2);
	}
}

static void test_indices_wrap(void **state)
{
	(void)state;
	assert_int_equal(store_release(&world, 3), 0);
	page()->req_cons = page()->req_prod = 0xffffffff - 10;
	page()->rsp_cons = page()->rsp_prod = 0xffffffff - 5;
	set_perms(dom0, 0, "/local/domain/3", "n0 r3");
	write_text(dom0, 0, "/local/domain/3/data", "here");
	assert_int_equal(store_introduce(&world, 3, 0x39001, 7), 0);
	for (uint32_t i = 0; i < 200; i++) {
		request(XS_READ, i, "data", 5);
		ring_bell();
		expect_read(i);
	}
}

/* Bigger than the ring, both ways. */
static void test_big_messages(void **state)
{
	static char data[XENSTORE_PAYLOAD_MAX + 1];
	const struct xsd_sockmsg head = {XS_WRITE, 4, 0, 2053};
	size_t done = 0;

	(void)state;
	put(&head, sizeof(head));
	memcpy(data, "data", 5);
	memset(data + 5, 'x', 2048);
	while (done < 2053) {
		size_t len = XENSTORE_RING_SIZE - (page()->req_prod - page()->req_cons);

		len = len < 2053 - done ? len : 2053 - done;
		put(data + done, len);
		done += len;
		ring_bell();
	}
	assert_int_equal(answer(data).type, XS_WRITE);
	request(XS_READ, 5, "data", 5);
	ring_bell();
	assert_int_equal(answer(data).len, 2048);
}

/* The ring is full of answers: the requests wait, and nothing is lost. */
static void test_backpressure(void **state)
{
	uint32_t sent = 0, read = 0;

	(void)state;
	for (int round = 0; round < 50; round++) {
		while (page()->req_prod - page()->req_cons + 21 <= XENSTORE_RING_SIZE)
			request(XS_READ, sent++, "data", 5);
		ring_bell();
		while (page()->rsp_cons != page()->rsp_prod) {
			expect_read(read++);
			ring_bell();
		}
	}
	assert_int_equal(read, sent);
	assert_true(sent > 1000);
}

static void test_events_come(void **state)
{
	char data[XENSTORE_PAYLOAD_MAX + 1];

	(void)state;
	request(XS_WATCH, 1, "data\0tok", 9);
	ring_bell();
	assert_int_equal(answer(data).type, XS_WATCH);
	assert_int_equal(answer(data).type, XS_WATCH_EVENT);
	fake[3].notified = 0;
	write_text(dom0, 0, "/local/domain/3/data/x", "1");
	assert_int_equal(fake[3].notified, 1);
	assert_int_equal(answer(data).type, XS_WATCH_EVENT);
	assert_memory_equal(data, "data/x\0tok", 11);
}

/* ---- one that does not ---- */

static void expect_cut(uint32_t error)
{
	ring_bell();
	assert_int_equal(page()->error, error);
	assert_int_equal(world.domains.zero->dead, false);
	/* It is not listened to; the others are. */
	request(XS_READ, 1, "data", 5);
	ring_bell();
	assert_int_equal(ask_text(dom0, XS_READ, 0, "/local/domain/3/data"), 0);
}

static void test_hostile_request_indices(void **state)
{
	static const uint32_t evil[] = {1025, 0x7fffffff, 0x80000000, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < sizeof(evil) / sizeof(evil[0]); i++) {
		page()->req_prod = page()->req_cons + evil[i];
		expect_cut(XENSTORE_ERROR_RINGIDX);
		page()->connection = XENSTORE_RECONNECT;
		ring_bell();
		assert_int_equal(page()->connection, XENSTORE_CONNECTED);
	}
}

static void test_hostile_answer_indices(void **state)
{
	(void)state;
	page()->rsp_cons = page()->rsp_prod + 1;
	request(XS_READ, 1, "data", 5);
	expect_cut(XENSTORE_ERROR_RINGIDX);
}

static void test_hostile_length(void **state)
{
	const struct xsd_sockmsg head = {XS_READ, 1, 0, 0xffffffff};

	(void)state;
	put(&head, sizeof(head));
	expect_cut(XENSTORE_ERROR_PROTO);
}

/* Anything at all in the page, at any time. */
static void test_random_page(void **state)
{
	uint8_t *bytes = (uint8_t *)page();

	(void)state;
	random_seed(7);
	for (int i = 0; i < 20000; i++) {
		uint32_t at = random_below(4) ? 2048 + random_below(28) : random_below(1024);

		bytes[at] = (uint8_t)random_below(256);
		if (random_below(50) == 0)
			page()->connection = XENSTORE_RECONNECT;
		if (random_below(3) == 0)
			page()->req_prod = page()->req_cons + random_below(1025);
		ring_bell();
	}
	assert_int_equal(ask_text(dom0, XS_READ, 0, "/tool"), 0);
	assert_int_equal(check_store(&world), 0);
}

static void test_reconnect(void **state)
{
	char data[XENSTORE_PAYLOAD_MAX + 1];
	struct domain *domain = domains_find(&world.domains, 3);

	(void)state;
	request(XS_WATCH, 1, "data\0tok", 9);
	request(XS_TRANSACTION_START, 2, "", 1);
	ring_bell();
	assert_int_equal(domain->watches, 1);
	assert_int_equal(domain->txns, 1);
	page()->connection = XENSTORE_RECONNECT;
	ring_bell();
	assert_int_equal(domain->watches, 0);
	assert_int_equal(domain->txns, 0);
	assert_int_equal(page()->rsp_prod, 0);
	request(XS_READ, 1, "data", 5);
	ring_bell();
	assert_int_equal(answer(data).type, XS_READ);
	assert_true(page()->server_features & XENSTORE_SERVER_FEATURE_RECONNECTION);
}

/* ---- domains that come and go ---- */

static void test_introduce(void **state)
{
	(void)state;
	ask_two(dom0, XS_WATCH, 0, "@introduceDomain", "i");
	drop_events(dom0);
	assert_int_equal(ask(dom0, XS_INTRODUCE, 0, "4\0001\0002", 6), 0);
	assert_int_equal(dom0->events, 1);
	assert_int_equal(ask(dom0, XS_INTRODUCE, 0, "4\0001\0003", 6), 0); /* another port */
	assert_int_equal(dom0->events, 0);
	assert_int_equal(ask_text(dom0, XS_IS_DOMAIN_INTRODUCED, 0, "4"), 0);
	assert_string_equal(dom0->answer, "T");
	assert_int_equal(ask(dom0, XS_INTRODUCE, 0, "9\0001\0002", 6), -EINVAL);   /* not there */
	assert_int_equal(ask(dom0, XS_INTRODUCE, 0, "5\0001\0000", 6), -EINVAL);   /* no port */
	assert_int_equal(ask(dom0, XS_INTRODUCE, 0, "5\0001\000666", 8), -EINVAL); /* bad port */
	assert_false(fake[5].mapped);
	assert_int_equal(ask_text(dom0, XS_RELEASE, 0, "9"), -ENOENT);
	assert_int_equal(ask_text(dom0, XS_RELEASE, 0, "0"), -EINVAL);
	assert_int_equal(ask_text(dom0, XS_RELEASE, 0, "4"), 0);
	assert_false(fake[4].mapped || fake[4].bound);
	assert_int_equal(ask_text(dom0, XS_RESUME, 0, "3"), 0);
	assert_int_equal(ask_text(dom0, XS_RESUME, 0, "4"), -ENOENT);
}

/* With a depth of 1 the events of domains tell which; so does a path that names one. */
static void test_which_domain(void **state)
{
	struct client *other = client_open(0);

	(void)state;
	assert_int_equal(ask_words(dom0, XS_WATCH,
				   "@introduceDomain\0i\0"
				   "1"),
			 0);
	assert_int_equal(ask_words(dom0, XS_WATCH,
				   "@releaseDomain\0r\0"
				   "1"),
			 0);
	assert_int_equal(ask_two(dom0, XS_WATCH, 0, "@releaseDomain/4", "four"), 0);
	assert_int_equal(ask_words(dom0, XS_WATCH,
				   "@releaseDomain\0none\0"
				   "0"),
			 -EINVAL);
	assert_int_equal(ask_words(dom0, XS_WATCH,
				   "@releaseDomain\0two\0"
				   "2"),
			 -EINVAL);
	drop_events(dom0);
	assert_int_equal(ask(other, XS_INTRODUCE, 0, "4\0001\0002", 6), 0);
	assert_string_equal(next_event(dom0), "@introduceDomain/4 i");
	assert_null(next_event(dom0));
	fake[3].state = DOMAIN_HAS_SHUT_DOWN;
	store_check_domains(&world);
	assert_string_equal(next_event(dom0), "@releaseDomain/3 r");
	assert_string_equal(next_event(dom0), "@releaseDomain r"); /* and who knows who else */
	assert_null(next_event(dom0));
	assert_int_equal(ask_text(other, XS_RELEASE, 0, "4"), 0);
	assert_string_equal(next_event(dom0), "@releaseDomain/4 r");
	assert_string_equal(next_event(dom0), "@releaseDomain/4 four");
	assert_null(next_event(dom0));
	client_close(other);
}

static void test_shutdown_and_end(void **state)
{
	(void)state;
	ask_two(dom0, XS_WATCH, 0, "@releaseDomain", "r");
	drop_events(dom0);
	fake[3].state = DOMAIN_HAS_SHUT_DOWN;
	store_check_domains(&world);
	assert_string_equal(next_event(dom0), "@releaseDomain r");
	assert_true(fake[3].mapped); /* it is still there */
	fake[3].state = DOMAIN_GONE;
	store_check_domains(&world);
	assert_string_equal(next_event(dom0), "@releaseDomain r");
	assert_false(fake[3].mapped || fake[3].bound);
	/* What was its own is gone, what dom0 made for it is dom0's to remove. */
	assert_int_equal(ask_text(dom0, XS_READ, 0, "/local/domain/3/data"), -ENOENT);
	assert_int_equal(ask_text(dom0, XS_READ, 0, "/local/domain/3"), 0);
	assert_null(domains_find(&world.domains, 3) && domains_find(&world.domains, 3)->conn
			    ? dom0
			    : NULL);
}

/* A number that is used again does not come with what the one before had. */
static void test_number_again(void **state)
{
	struct client *guest;

	(void)state;
	write_text(dom0, 0, "/elsewhere", "");
	set_perms(dom0, 0, "/elsewhere", "b0");
	guest = client_open(3);
	write_text(guest, 0, "/elsewhere/of3", "mine");
	client_close(guest);
	write_text(dom0, 0, "/shown", "secret");
	set_perms(dom0, 0, "/shown", "n0 b3");
	fake[3].state = DOMAIN_GONE;
	store_check_domains(&world);
	assert_int_equal(ask_text(dom0, XS_READ, 0, "/elsewhere/of3"), -ENOENT);
	assert_int_equal(ask_text(dom0, XS_GET_PERMS, 0, "/shown"), 0);
	assert_int_equal(dom0->answer_len, 3); /* "n0" alone */
	/* Permissions for one that does not exist now are not for one that will. */
	assert_int_equal(set_perms(dom0, 0, "/elsewhere", "n0 b3"), 0);
	fake[3].state = DOMAIN_RUNS;
	guest = client_open(3);
	assert_int_equal(ask_text(guest, XS_READ, 0, "/shown"), -EACCES);
	assert_int_equal(ask_text(guest, XS_READ, 0, "/elsewhere"), -EACCES);
	assert_int_equal(guest->conn.domain->nodes, 0);
	client_close(guest);
}

static void test_target(void **state)
{
	struct client *helper = client_open(4);

	(void)state;
	assert_int_equal(store_introduce(&world, 4, 1, 8), 0);
	assert_int_equal(ask_text(helper, XS_READ, 0, "/local/domain/3/data"), -EACCES);
	assert_int_equal(ask_two(dom0, XS_SET_TARGET, 0, "4", "3"), 0);
	assert_int_equal(ask_text(helper, XS_READ, 0, "/local/domain/3/data"), 0);
	assert_int_equal(write_text(helper, 0, "/local/domain/3/data/x", "1"), 0);
	assert_int_equal(ask_two(dom0, XS_SET_TARGET, 0, "4", "9"), -ENOENT);
	client_close(helper);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_request),
		TEST(test_pieces),
		TEST(test_indices_wrap),
		TEST(test_big_messages),
		TEST(test_backpressure),
		TEST(test_events_come),
		TEST(test_hostile_request_indices),
		TEST(test_hostile_answer_indices),
		TEST(test_hostile_length),
		TEST(test_random_page),
		TEST(test_reconnect),
		TEST(test_introduce),
		TEST(test_which_domain),
		TEST(test_shutdown_and_end),
		TEST(test_number_again),
		TEST(test_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
