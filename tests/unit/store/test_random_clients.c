/* SPDX-License-Identifier: ISC */
/* Random requests from sockets of dom0 and rings of guests: the store keeps its invariants. */
#include "heap.h"
#include "world.h"

#include <sys/socket.h>
#include <unistd.h>

#define STEPS    100000
#define PROGRAMS 10
#define GUESTS   4 /* domains 1 to 4 */

static int programs[PROGRAMS]; /* their ends of their sockets */

/* ---- what they say ---- */

/* Words that mean something in one place or another; the first ones are paths. */
static const char *const words[] = {
	"/a",    "/a/b", "/a/b/c", "x", "x/y", "/local/domain/3/x", "tok", "T", "F", "n0", "b3",
	"check", "1",    "7",      "",  "//",  "@releaseDomain"};
#define WORDS (sizeof(words) / sizeof(words[0]))
#define PATHS 6

static size_t put_words(char *data)
{
	uint32_t limit = random_below(4) ? PATHS : WORDS;
	size_t len = 0;

	for (uint32_t count = random_below(4); count; count--, limit = WORDS) {
		const char *word = words[random_below(limit)];

		memcpy(data + len, word, strlen(word) + 1);
		len += strlen(word) + 1;
	}
	for (uint32_t count = random_below(8) ? 0 : random_below(1500); count; count--)
		data[len++] = (char)random_below(256);
	return len;
}

static uint32_t any_type(void)
{
	static const uint32_t often[] = {
		XS_WATCH, XS_WRITE, XS_MKDIR, XS_RM, XS_TRANSACTION_START, XS_TRANSACTION_END};

	return random_below(2) ? often[random_below(6)] : random_below(26);
}

/* A request, or nearly: once in a while one that is too long. */
static size_t put_request(char *data)
{
	struct xsd_sockmsg head = {.type = any_type(),
				   .tx_id = random_below(3) ? 0 : random_below(40)};

	head.len = (uint32_t)put_words(data + sizeof(head));
	if (!random_below(300))
		head.len = random_below(5000);
	memcpy(data, &head, sizeof(head));
	return sizeof(head) + head.len;
}

/* ---- programs ---- */

static bool send_something(int program)
{
	static char data[1 << 17];
	size_t len = 0;

	for (uint32_t count = random_below(4) ? 1 : random_below(20); count; count--)
		len += put_request(data + len);
	if (!random_below(20))
		len = random_below((uint32_t)len + 1); /* the rest never comes */
	return send(program, data, len, MSG_NOSIGNAL) >= 0 || errno == EAGAIN;
}

static bool read_something(int program)
{
	static char data[1 << 16];
	ssize_t count =
		recv(program, data, random_below(2) ? sizeof(data) : 1 + random_below(200), 0);

	return count > 0 || (count < 0 && errno == EAGAIN);
}

static void act_as_program(void)
{
	int *program = &programs[random_below(PROGRAMS)];
	uint32_t choice = random_below(100);
	bool goes_on = false;

	if (choice == 0)
		shutdown(*program, SHUT_WR);
	if (choice > 1)
		goes_on = choice < 50 ? read_something(*program) : send_something(*program);
	if (goes_on)
		return;
	close(*program);
	*program = world_connect();
}

/* ---- guests ---- */

static void put_into(struct xenstore_domain_interface *page, const char *data, size_t len)
{
	uint32_t room = XENSTORE_RING_SIZE - (page->req_prod - page->req_cons);

	for (size_t i = 0; i < len && i < room; i++)
		page->req[(page->req_prod + i) % XENSTORE_RING_SIZE] = data[i];
	page->req_prod += len < room ? (uint32_t)len : room;
}

static void act_as_guest(void)
{
	static char data[1 << 13];
	uint32_t domid = 1 + random_below(GUESTS);
	struct xenstore_domain_interface *page = fake[domid].page;
	uint32_t *const indices[] = {&page->req_prod, &page->req_cons, &page->rsp_prod,
				     &page->rsp_cons};
	uint32_t choice = random_below(200);

	if (!fake[domid].mapped) {
		fake[domid].state = DOMAIN_RUNS;
		memset(page, 0, sizeof(*page));
		assert_int_equal(store_introduce(&world, domid, 0x39001, 7), 0);
	} else if (choice == 0) {
		fake[domid].state = random_below(2) ? DOMAIN_GONE : DOMAIN_HAS_SHUT_DOWN;
		store_check_domains(&world);
	} else if (choice < 3) {
		*indices[random_below(4)] += random_below(3000);
	} else if (choice < 10) {
		page->connection = XENSTORE_RECONNECT;
	} else if (choice < 120) {
		put_into(page, data, put_request(data));
	} else {
		page->rsp_cons =
			random_below(8) ? page->rsp_prod : page->rsp_cons + random_below(100);
	}
	if (fake[domid].bound && random_below(2))
		world_ring(domid);
}

/* ---- memory ---- */

#define CLIENT_BYTES (48 * 1024) /* its buffers, as long as they are not many messages long */

static size_t heap_before;
static uint64_t accounts;

static void add_account(struct domain *domain, void *arg)
{
	(void)arg;
	accounts += domain->bytes;
}

static size_t count_clients(void)
{
	size_t count = 0;

	for (const struct conn *conn = world.conns; conn; conn = conn->next)
		count++;
	return count;
}

/* What is allocated is on somebody's account; queues may be a quarter full. */
static void check_accounts(void)
{
	accounts = 0;
	domains_each(&world.domains, add_account, NULL);
	assert_true(heap_bytes() - heap_before <= 4 * accounts + CLIENT_BYTES * count_clients());
	for (uint32_t domid = 1; domid <= GUESTS; domid++) {
		const struct domain *domain = domains_find(&world.domains, domid);

		assert_true(!domain ||
			    domain->bytes <= world.quota.max[QUOTA_MEMORY] + CLIENT_BYTES);
	}
}

/* ---- the test ---- */

static void test_random_clients(void **state)
{
	(void)state;
	random_seed(1);
	heap_before = heap_bytes();
	for (int i = 0; i < PROGRAMS; i++)
		programs[i] = world_connect();
	for (int i = 0; i < STEPS; i++) {
		if (random_below(3))
			act_as_program();
		else
			act_as_guest();
		if (!random_below(10))
			world_turn();
		world_pass(random_below(100) ? 0 : random_below(300));
		check_accounts();
	}
	for (int i = 0; i < PROGRAMS; i++)
		close(programs[i]);
	for (uint32_t domid = 1; domid <= GUESTS; domid++)
		fake[domid].state = DOMAIN_GONE;
	store_check_domains(&world);
	for (int i = 0; i < 100; i++)
		world_turn();
	assert_null(world.conns);
	assert_int_equal(check_store(&world), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random_clients, world_open, world_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
