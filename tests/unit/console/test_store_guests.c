/* SPDX-License-Identifier: ISC */
/* What the console daemon makes of what its thread finds in the store. */
#include "unit.h"

#include "fake_ctrl.h"
#include "fake_link.h"
#include "world.h"

#include <errno.h>

static int setup(void **state)
{
	world_set_up(state);
	assert_int_equal(pty_init(&server), 0);
	assert_int_equal(server_open_store(&server), 0);
	return 0;
}

static int teardown(void **state)
{
	server_close_store(&server);
	return world_tear_down(state);
}

static struct console_guest *tell_found(uint32_t domid, uint32_t kind, const char *name)
{
	struct link_message message = {
		.type = LINK_FOUND,
		.domid = domid,
		.kind = kind,
		.gfn = kind == CONSOLE_PV ? FAKE_RING_GFN : FAKE_UART_GFN,
		.port = kind == CONSOLE_PV ? FAKE_PORT : FAKE_UART_PORT,
	};

	memcpy(message.uuid, fake_uuid(domid), 16);
	snprintf(message.text, sizeof(message.text), "%s", name);
	fake_link_tell(&message);
	assert_int_equal(loop_run_once(&server.loop, 0), 0);
	return server_find_domain(&server, domid, fake_uuid(domid), kind);
}

/* A guest of xl's: both its consoles are served, and their terminals named. */
static void test_taken_over(void **state)
{
	struct console_guest *pv, *uart;

	(void)state;
	fake_add_domain(3);
	pv = tell_found(3, CONSOLE_PV, "stock");
	uart = tell_found(3, CONSOLE_VUART, "stock");
	assert_string_equal(pv->name, "stock");
	assert_int_equal(uart->state, CONSOLE_LIVE);
	assert_int_equal(fake_link.count, 2);
	assert_int_equal(fake_link.sent[1].type, LINK_TERMINAL);
	assert_int_equal(fake_link.sent[1].kind, CONSOLE_VUART);
	assert_string_equal(fake_link.sent[1].text, uart->pty.path);
	assert_memory_equal(fake_link.sent[1].uuid, fake_uuid(3), 16);
	assert_ptr_equal(tell_found(3, CONSOLE_PV, "stock"), pv); /* again: ours already */
	assert_int_equal(fake->domains[3].maps, 1);
}

static void test_names(void **state)
{
	(void)state;
	for (uint32_t domid = 1; domid < 5; domid++)
		fake_add_domain(domid);
	assert_string_equal(tell_found(1, CONSOLE_PV, "a")->name, "a");
	assert_string_equal(tell_found(2, CONSOLE_PV, "a")->name, "domain-2");
	assert_string_equal(tell_found(3, CONSOLE_PV, "../x")->name, "domain-3");
	assert_string_equal(tell_found(4, CONSOLE_PV, "")->name, "domain-4");
}

/* What cannot be served is left alone. */
static void test_cannot_be_served(void **state)
{
	(void)state;
	assert_null(tell_found(5, CONSOLE_PV, "gone"));
	fake_add_domain(6);
	fake->bind_error = -EINVAL; /* another daemon has its port */
	assert_null(tell_found(6, CONSOLE_PV, "taken"));
	assert_false(fake->domains[6].mapped);
	fake_link_tell(&(struct link_message){.type = LINK_LOG, .text = "a line"});
	assert_int_equal(loop_run_once(&server.loop, 0), 0);
}

/* The thread waits for the store: a name that cannot be told now is told later. */
static void test_told_later(void **state)
{
	struct console_guest *guest;

	(void)state;
	fake_add_domain(3);
	fake_link.full = true;
	guest = tell_found(3, CONSOLE_PV, "g");
	assert_true(guest->pty.unpublished);
	server_publish_again(&server);
	assert_int_equal(fake_link.count, 0);
	fake_link.full = false;
	server_check_guests(&server);
	assert_int_equal(fake_link.count, 1);
	assert_string_equal(fake_link.sent[0].text, guest->pty.path);
	server_check_guests(&server);
	assert_int_equal(fake_link.count, 1);
}

/* Domains went: the dead are let go of at once, not at the next look. */
static void test_domains_went(void **state)
{
	(void)state;
	fake_add_domain(3);
	tell_found(3, CONSOLE_PV, "g");
	fake->domains[3].info.dying = true;
	fake_link_tell(&(struct link_message){.type = LINK_DOMAINS});
	assert_int_equal(loop_run_once(&server.loop, 0), 0);
	assert_false(fake->domains[3].mapped);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_taken_over), TEST(test_names),        TEST(test_cannot_be_served),
		TEST(test_told_later), TEST(test_domains_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
