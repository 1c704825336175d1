/* SPDX-License-Identifier: ISC */
/* The console daemon's thread and a store daemon in the test. */
#include "unit.h"

#include "clients/console_client.h"
#include "console/store_link.h"
#include "fake_store.h"

#include <libctrl.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <public/io/xs_wire.h>

#define PATIENCE_MS 20000 /* a limit against hangs */

static struct store_link *link_;
static struct fake_store *store;

/* ---- the hypervisor: which domains there are ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct ctrl_domain_info domains[8];
static int domain_count, lists;

int ctrl_list_all_domains(struct ctrl *c, struct ctrl_domain_info **list)
{
	int count;

	(void)c;
	*list = malloc(sizeof(domains));
	pthread_mutex_lock(&lock);
	lists++;
	memcpy(*list, domains, sizeof(domains));
	count = domain_count;
	pthread_mutex_unlock(&lock);
	return count;
}

int ctrl_get_domain(struct ctrl *c, uint32_t domid, struct ctrl_domain_info *info)
{
	int ret = -ESRCH;

	(void)c;
	pthread_mutex_lock(&lock);
	for (int i = 0; i < domain_count; i++) {
		if (domains[i].domid == domid) {
			*info = domains[i];
			ret = 0;
		}
	}
	pthread_mutex_unlock(&lock);
	return ret;
}

static int count_lists(void)
{
	int count;

	pthread_mutex_lock(&lock);
	count = lists;
	pthread_mutex_unlock(&lock);
	return count;
}

/* For error sentences of other calls than those made here. */
uint64_t ctrl_free_kib(struct ctrl *c);
uint64_t ctrl_free_kib(struct ctrl *c)
{
	(void)c;
	return 0;
}

static void set_domains(int count, const uint32_t ids[], uint8_t uuid)
{
	pthread_mutex_lock(&lock);
	for (int i = 0; i < count; i++) {
		domains[i] = (struct ctrl_domain_info){.domid = ids[i]};
		memset(domains[i].uuid, uuid, 16);
	}
	domain_count = count;
	pthread_mutex_unlock(&lock);
}

/* ---- */

static int setup(void **state)
{
	(void)state;
	set_domains(1, (uint32_t[]){0}, 0);
	store = fake_store_new();
	assert_int_equal(store_link_start(NULL, &link_), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	store_link_stop(link_);
	if (store)
		fake_store_delete(store);
	store = NULL;
	return 0;
}

/* The next message of this type; others before it are dropped. */
static struct link_message await(enum link_type type)
{
	struct link_message message;

	for (;;) {
		struct pollfd ready = {.fd = store_link_fd(link_), .events = POLLIN};

		if (poll(&ready, 1, PATIENCE_MS) != 1)
			fail_msg("no message of type %d", type);
		if (store_link_receive(link_, &message) == 0 && message.type == type)
			return message;
	}
}

static void await_value(const char *path, const char *value)
{
	for (int i = 0; i < PATIENCE_MS / 10; i++) {
		if (fake_store_is(store, path, value))
			return;
		usleep(10000);
	}
	fail_msg("%s is not \"%s\"", path, value);
}

static void put(uint32_t domid, const char *node, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, node);
	fake_store_put(store, path, value);
	fake_store_tell(store, path);
}

static void introduce(uint32_t domid, uint8_t uuid)
{
	set_domains(2, (uint32_t[]){0, domid}, uuid);
	fake_store_tell(store, "@introduceDomain");
}

static void send_terminal(uint32_t domid, uint8_t uuid, uint32_t kind, const char *path)
{
	struct link_message message = {.type = LINK_TERMINAL, .domid = domid, .kind = kind};

	memset(message.uuid, uuid, 16);
	strcpy(message.text, path);
	assert_int_equal(store_link_send(link_, &message), 0);
}

static void put_console(uint32_t domid, const char *folder, const char *port)
{
	static const char *const nodes[][2] = {{"ring-ref", "233472"}, {"type", "xenconsoled"}};
	char node[64];

	for (int i = 0; i < 2; i++) {
		snprintf(node, sizeof(node), "%s/%s", folder, nodes[i][0]);
		put(domid, node, nodes[i][1]);
	}
	snprintf(node, sizeof(node), "%s/port", folder);
	put(domid, node, port);
}

/* ---- tests ---- */

/* As xl does it: introduced first, the nodes after that. */
static void test_found(void **state)
{
	struct link_message message;

	(void)state;
	assert_contains(await(LINK_LOG).text, "connected");
	put(3, "name", "guest");
	introduce(3, 0x33);
	await(LINK_DOMAINS);
	put_console(3, "console", "2");
	message = await(LINK_FOUND);
	assert_int_equal(message.domid, 3);
	assert_int_equal(message.kind, CONSOLE_PV);
	assert_int_equal(message.gfn, 233472);
	assert_int_equal(message.port, 2);
	assert_int_equal(message.uuid[7], 0x33);
	assert_string_equal(message.text, "guest");
	put_console(3, "vuart/0", "7");
	message = await(LINK_FOUND);
	assert_int_equal(message.kind, CONSOLE_VUART);
	assert_int_equal(message.port, 7);
	send_terminal(3, 0x33, CONSOLE_VUART, "/dev/pts/5");
	await_value("/local/domain/3/vuart/0/tty", "/dev/pts/5");
	send_terminal(3, 0x33, CONSOLE_VUART, "/dev/pts/6");
	await_value("/local/domain/3/vuart/0/tty", "/dev/pts/6");
	assert_true(fake_store_is(store, "/local/domain/3/console/tty", NULL));
}

/* A store that tells which domain it is: the others are not looked at. */
static void test_met_by_number(void **state)
{
	struct link_message message;
	int before;

	(void)state;
	await(LINK_LOG);
	await(LINK_DOMAINS); /* of the watches' first events */
	before = count_lists();
	set_domains(2, (uint32_t[]){0, 5}, 0x55);
	fake_store_tell(store, "@introduceDomain/5");
	fake_store_tell(store, "@introduceDomain/6"); /* gone again */
	put_console(5, "console", "2");
	message = await(LINK_FOUND);
	assert_int_equal(message.domid, 5);
	assert_int_equal(message.uuid[0], 0x55);
	assert_int_equal(count_lists(), before);
}

static void test_store_without_depth(void **state)
{
	(void)state;
	await(LINK_LOG);
	fake_store_refuse_depth(store);
	fake_store_hang_up(store);
	while (!strstr(await(LINK_LOG).text, "connected"))
		;
	introduce(3, 0x33);
	put_console(3, "console", "2");
	assert_int_equal(await(LINK_FOUND).domid, 3);
}

/* As vmctl does it: the daemon has the console before the store knows of the guest. */
static void test_terminal_before_nodes(void **state)
{
	(void)state;
	await(LINK_LOG);
	set_domains(2, (uint32_t[]){0, 4}, 0x44);
	send_terminal(4, 0x44, CONSOLE_PV, "/dev/pts/1");
	await(LINK_DOMAINS); /* of the watches' first events */
	usleep(50000);
	assert_true(
		fake_store_is(store, "/local/domain/4/console", NULL)); /* it makes no folders */
	put_console(4, "console", "2");
	await(LINK_FOUND);
	await_value("/local/domain/4/console/tty", "/dev/pts/1");
}

/* A number that another domain had: all is new. */
static void test_reused_number(void **state)
{
	(void)state;
	await(LINK_LOG);
	introduce(3, 0x33);
	put_console(3, "console", "2");
	await(LINK_FOUND);
	send_terminal(3, 0x33, CONSOLE_PV, "/dev/pts/1");
	await_value("/local/domain/3/console/tty", "/dev/pts/1");
	put(3, "console/tty", "");
	introduce(3, 0x99);
	assert_int_equal(await(LINK_FOUND).uuid[0], 0x99);
	set_domains(1, (uint32_t[]){0}, 0);
	fake_store_tell(store, "@releaseDomain");
	await(LINK_DOMAINS);
	introduce(3, 0x77);
	assert_int_equal(await(LINK_FOUND).uuid[0], 0x77);
}

static void test_not_for_us(void **state)
{
	static const char *const bad[][2] = {
		{"console/port", "x"},       {"console/port", ""},
		{"console/port", "-1"},      {"console/port", "4294967296"},
		{"console/ring-ref", "0x1"}, {"console/type", "ioemu"},
	};

	(void)state;
	await(LINK_LOG);
	introduce(3, 0x33);
	await(LINK_DOMAINS);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(3, "console/ring-ref", "1");
		put(3, "console/type", "ioemu");
		put(3, "console/port", "2");
		put(3, bad[i][0], bad[i][1]);
		if (strcmp(bad[i][0], "console/type") != 0)
			put(3, "console/type", "xenconsoled");
	}
	put_console(3, "console", "9");
	assert_int_equal(await(LINK_FOUND).port, 9);
}

/* Nodes that a guest could have written. */
static void test_guests_nodes(void **state)
{
	(void)state;
	await(LINK_LOG);
	introduce(3, 0x33);
	fake_store_fail(store, XS_GET_PERMS, "EACCES");
	put_console(3, "console", "2");
	put_console(3, "vuart/0", "3");
	usleep(100000);
	fake_store_fail(store, 0, NULL);
	put(3, "vuart/0/limit", "1");
	assert_int_equal(await(LINK_FOUND).port, 2);
	assert_int_equal(await(LINK_FOUND).port, 3);
}

/* The store daemon is started anew, with its nodes or without. */
static void test_reconnects(void **state)
{
	(void)state;
	await(LINK_LOG);
	introduce(3, 0x33);
	put_console(3, "console", "2");
	await(LINK_FOUND);
	send_terminal(3, 0x33, CONSOLE_PV, "/dev/pts/1");
	await_value("/local/domain/3/console/tty", "/dev/pts/1");
	fake_store_put(store, "/local/domain/3/console/tty", "");
	fake_store_hang_up(store);
	assert_contains(await(LINK_LOG).text, "lost");
	assert_contains(await(LINK_LOG).text, "connected");
	await_value("/local/domain/3/console/tty", "/dev/pts/1");
}

/* No store daemon: the thread waits for one, and ends when it is told to. */
static void test_no_store(void **state)
{
	(void)state;
	await(LINK_LOG);
	fake_store_delete(store);
	store = NULL;
	assert_contains(await(LINK_LOG).text, "lost");
	send_terminal(3, 0x33, CONSOLE_PV, "/dev/pts/1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_found),
		TEST(test_terminal_before_nodes),
		TEST(test_reused_number),
		TEST(test_not_for_us),
		TEST(test_guests_nodes),
		TEST(test_reconnects),
		TEST(test_no_store),
		TEST(test_met_by_number),
		TEST(test_store_without_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
