/* SPDX-License-Identifier: ISC */
/*
 * The guests of the console daemon: added, renamed, found, dying, and found again after a restart.
 */
#include "unit.h"

#include "base/read_file.h"
#include "daemon/daemon.h"
#include "fake_ctrl.h"
#include "world.h"

#include <errno.h>
#include <unistd.h>

static void test_add_over_the_socket(void **state)
{
	struct console_add add = {
		.domid = 1, .name = "g1", .ring_gfn = FAKE_RING_GFN, .guest_port = FAKE_PORT};
	struct client client;
	uint8_t frame[256];
	char text[512];

	(void)state;
	client_connect(&client);
	client_send(&client, frame, console_put_add(frame, sizeof(frame), &add));
	world_run();
	assert_int_equal(client_error(&client, text), -ESRCH);
	fake_add_domain(1);
	memcpy(add.uuid, fake_uuid(2), 16); /* the domain is somebody else's */
	client_send(&client, frame, console_put_add(frame, sizeof(frame), &add));
	world_run();
	assert_int_equal(client_error(&client, text), -ESRCH);
	memcpy(add.uuid, fake_uuid(1), 16);
	add.name = "../../etc/passwd";
	client_send(&client, frame, console_put_add(frame, sizeof(frame), &add));
	world_run();
	assert_int_equal(client_error(&client, text), -EINVAL);
	add.name = "g1";
	client_send(&client, frame, console_put_add(frame, sizeof(frame), &add));
	client_send(&client, frame,
		    console_put_add(frame, sizeof(frame), &add)); /* twice does no harm */
	world_run();
	assert_int_equal(client_next(&client), CONSOLE_OK);
	assert_int_equal(client_next(&client), CONSOLE_OK);
	assert_int_equal(fake->domains[1].maps, 1);
	close(client.fd);
}

static void test_name_in_use(void **state)
{
	(void)state;
	world_guest(1, "g1");
	fake_add_domain(2);
	assert_int_equal(world_add(2, "g1", CONSOLE_PV), -EEXIST);
	assert_contains(report.text, "domain 1");
	fake->domains[1].exists = false; /* nobody told, but it is gone */
	assert_int_equal(world_add(2, "g1", CONSOLE_PV), 0);
	assert_false(fake->domains[1].mapped);
}

/* A guest that is called otherwise keeps what it has said, and so do those who listen. */
static void test_rename(void **state)
{
	struct console_add add = {.domid = 1, .name = "new", .guest_port = CONSOLE_PORT_FIND};
	struct client before, after;

	(void)state;
	world_guest(1, "old");
	world_guest(2, "other");
	guest_says(1, "said before");
	client_open(&before, "old", 0);
	memcpy(add.uuid, fake_uuid(1), 16);
	assert_int_equal(server_add_guest(&server, &add, &report), 0);
	assert_int_equal(fake->domains[1].maps, 1); /* the ring was not let go */
	client_open(&after, "new", 0);
	client_expect_opened(&before);
	client_expect_opened(&after);
	client_expect_output(&after, "said before");
	assert_int_equal(server_find_domain(&server, 1, fake_uuid(1), CONSOLE_PV)->state,
			 CONSOLE_LIVE);
	add.name = "other";
	assert_int_equal(server_add_guest(&server, &add, &report), -EEXIST);
	close(before.fd);
	close(after.fd);
}

/* A guest whose console has a log, too, which world_guest() leaves out. */
static void add_logged(uint32_t domid, const char *name)
{
	struct console_add add = {
		.domid = domid,
		.name = name,
		.ring_gfn = FAKE_RING_GFN,
		.guest_port = FAKE_PORT,
	};

	fake_add_domain(domid);
	memcpy(add.uuid, fake_uuid(domid), 16);
	assert_int_equal(server_add_guest(&server, &add, &report), 0);
}

static void expect_log(const char *name, const char *content)
{
	char path[300], *data;
	size_t size;

	snprintf(path, sizeof(path), "%s/%s.log", folder, name);
	assert_int_equal(read_regular_file(path, 4096, &data, &size), 0);
	assert_string_equal(data, content);
	free(data);
}

/* A guest whose name looks like another one's UART has a log of its own. */
static void test_logs_are_not_shared(void **state)
{
	(void)state;
	add_logged(3, "a");
	assert_int_equal(world_add(3, "a", CONSOLE_VUART), 0);
	add_logged(4, "a-vuart");
	guest_says(3 + FAKE_UART, "of a");
	guest_says(4, "of a-vuart");
	expect_log("a@vuart", "of a");
	expect_log("a-vuart", "of a-vuart");
	fake->domains[3].exists = fake->domains[4].exists = false;
}

/* As logrotate does: the files are moved away, and the daemon is told. */
static void test_logs_are_moved(void **state)
{
	char old[300], new[300];

	(void)state;
	add_logged(3, "a");
	guest_says(3, "before, ");
	snprintf(old, sizeof(old), "%s/a.log", folder);
	snprintf(new, sizeof(new), "%s/a-20260101.log", folder);
	assert_int_equal(rename(old, new), 0);
	guest_says(3, "while it is moved");
	server_reopen_logs(&server);
	guest_says(3, "after");
	expect_log("a-20260101", "before, while it is moved");
	expect_log("a", "after");
	fake->domains[3].exists = false;
}

/* Which guests' consoles show a panic: one by one, with the line, until they are dead. */
static void test_panic_notes(void **state)
{
	struct console_note note = {.domid = 0};
	struct client client;
	uint8_t frame[64];

	(void)state;
	world_guest(5, "five");
	world_guest(1, "one");
	world_guest(3, "fine");
	guest_says(5, "[ 1.0] Kernel panic - not syncing: no init\r\n");
	guest_says(1, "Kernel panic - not syncing: \033[2J\n");
	guest_says(3, "all is well\n");
	world_run();
	client_connect(&client);
	for (int i = 0; i < 2; i++) {
		client_send(&client, frame,
			    console_put_u32(frame, sizeof(frame), CONSOLE_NEXT, note.domid));
		world_run();
		assert_int_equal(client_next(&client), CONSOLE_NOTE);
		assert_int_equal(console_get_note(&client.frame, &note), 0);
		assert_int_equal(note.domid, i ? 5 : 1);
		assert_memory_equal(note.uuid, fake_uuid(note.domid), 16);
		assert_string_equal(note.panic, i ? "Kernel panic - not syncing: no init"
						  : "Kernel panic - not syncing: ?[2J");
	}
	server_guest_died(&server, world_find("five"), -1);
	client_send(&client, frame, console_put_u32(frame, sizeof(frame), CONSOLE_NEXT, 1));
	world_run();
	assert_int_equal(client_next(&client), CONSOLE_OK);
	close(client.fd);
}

/* Two consoles of one guest: each its own output, input, log and file; one end for both. */
static void test_two_kinds(void **state)
{
	struct client pv, uart, none;
	char path[300], text[512];
	size_t size;
	char *data;

	(void)state;
	world_guest(3, "g");
	assert_int_equal(world_add(3, "g", CONSOLE_VUART), 0);
	assert_int_equal(world_add(3, "g", CONSOLE_VUART), 0); /* again: the same */
	assert_int_equal(fake->domains[3].maps, 1);
	assert_int_equal(fake->domains[3 + FAKE_UART].maps, 1);
	client_open(&pv, "g", 0);
	client_open_kind(&uart, "3", 0, CONSOLE_VUART);
	client_expect_replay(&pv, NULL);
	client_expect_replay(&uart, NULL);
	guest_says(3, "to hvc0");
	guest_says(3 + FAKE_UART, "to ttyAMA0");
	client_expect_output(&pv, "to hvc0");
	client_expect_output(&uart, "to ttyAMA0");
	client_type(&uart, "x");
	assert_int_equal(fake_guest_read(3, text, sizeof(text)), 0);
	assert_int_equal(fake_guest_read(3 + FAKE_UART, text, sizeof(text)), 1);
	snprintf(path, sizeof(path), "%s/g@vuart.log", folder);
	assert_int_equal(read_regular_file(path, 100, &data, &size), 0);
	assert_string_equal(data, "to ttyAMA0");
	free(data);
	world_run();
	assert_int_equal(client_next(&uart), CONSOLE_TAKEN);

	server_close(&server); /* the next daemon finds both */
	server_restore(&server);
	assert_non_null(server_find_domain(&server, 3, fake_uuid(3), CONSOLE_PV));
	assert_non_null(server_find_domain(&server, 3, fake_uuid(3), CONSOLE_VUART));
	close(pv.fd);
	close(uart.fd);

	world_guest(4, "h"); /* has no UART */
	client_open_kind(&none, "4", 0, CONSOLE_VUART);
	assert_int_equal(client_error(&none, text), -ENODEV);
	close(none.fd);

	fake->domains[3].exists = false;
	server_check_guests(&server);
	assert_false(fake->domains[3].mapped || fake->domains[3 + FAKE_UART].mapped);
	client_open_kind(&uart, "g", 0, CONSOLE_VUART); /* kept, like the other */
	client_expect_opened(&uart);
	close(uart.fd);
}

static void test_reused_domid(void **state)
{
	struct console_guest *guest;

	(void)state;
	world_guest(1, "old");
	fake_guest_write(1, "bye", 3);
	memset(fake->domains[1].info.uuid, 0x99, 16);
	server_check_guests(&server);
	guest = world_find("old");
	assert_non_null(guest);
	assert_int_equal(guest->state, CONSOLE_DEAD);
	assert_int_equal(guest->output.end, 3);
}

static void test_death(void **state)
{
	struct client client, late;
	struct console_died died = {.domid = 1, .reason = 3};
	uint8_t frame[64];
	uint32_t reason;

	(void)state;
	world_guest(1, "g1");
	client_open(&client, "g1", 0);
	fake_guest_write(1, "last words", 10); /* without telling */
	memcpy(died.uuid, fake_uuid(1), 16);
	client_connect(&late);
	client_send(&late, frame, console_put_died(frame, sizeof(frame), &died));
	world_run();
	assert_int_equal(client_next(&late), CONSOLE_OK);
	assert_false(fake->domains[1].mapped);
	client_expect_replay(&client, NULL);
	client_expect_output(&client, "last words");
	assert_int_equal(client_next(&client), CONSOLE_ENDED);
	assert_int_equal(console_get_u32(&client.frame, &reason), 0);
	assert_int_equal(reason, 3);
	assert_int_equal(client_next(&client), -1);
	close(client.fd);
	close(late.fd);
	client_open(&late, "g1", 0); /* the output is kept */
	client_expect_replay(&late, "last words");
	assert_int_equal(client_next(&late), CONSOLE_ENDED);
	close(late.fd);
	assert_int_equal(server_forget(&server, "other"), 0);
	assert_int_equal(server_forget(&server, "g1"), 1);
	assert_null(world_find("g1"));
}

static void test_death_that_nobody_tells(void **state)
{
	struct client client;

	(void)state;
	world_guest(1, "g1");
	client_open(&client, "g1", CONSOLE_OPEN_NO_REPLAY);
	client_expect_replay(&client, NULL);
	fake->domains[1].info.dying = true;
	world_run_at(loop_now_ms() + SERVER_CHECK_MS);
	assert_int_equal(client_next(&client), CONSOLE_ENDED);
	assert_false(fake->domains[1].mapped);
	close(client.fd);
}

static void test_dead_guests_are_bounded(void **state)
{
	unsigned count = 0;
	char name[16];

	(void)state;
	for (uint32_t domid = 1; domid <= SERVER_MAX_DEAD + 10; domid++) {
		snprintf(name, sizeof(name), "g%u", domid % 20);
		world_guest(domid, name);
		server_guest_died(&server, world_find(name), 0);
	}
	for (struct console_guest *guest = server.guests; guest; guest = guest->next)
		count++;
	assert_int_equal(count, SERVER_MAX_DEAD);
	assert_non_null(world_find("g6")); /* the last one */
	assert_int_equal(world_find("g6")->add.domid, SERVER_MAX_DEAD + 10);
	assert_int_equal(server_forget(&server, NULL), SERVER_MAX_DEAD);
}

static void test_the_living_wins_a_name(void **state)
{
	(void)state;
	world_guest(1, "g1");
	server_guest_died(&server, world_find("g1"), 1);
	world_guest(2, "g1");
	assert_int_equal(world_find("g1")->add.domid, 2);
	assert_int_equal(world_find("1")->add.domid, 1);
	server_guest_died(&server, world_find("g1"), 1);
	assert_int_equal(world_find("g1")->add.domid, 2);
	assert_null(world_find("1"));
}

/* Killed without a word, started again: everything alive is there, what died meanwhile is not. */
static void test_restart(void **state)
{
	struct client client;

	(void)state;
	world_guest(1, "g1");
	world_guest(2, "g2");
	world_guest(3, "g3");
	guest_says(1, "before");
	for (uint32_t domid = 1; domid <= 3;
	     domid++) /* what the kernel does for a killed process */
		fake->domains[domid].mapped = fake->domains[domid].bound = false;
	while (server.guests) {
		struct console_guest *guest = server.guests;

		server.guests = guest->next;
		guest->page = NULL;
		console_guest_free(&server.host, guest);
	}
	fake->domains[2].exists = false;
	memset(fake->domains[3].info.uuid, 1, 16); /* another guest's now */
	fake_guest_write(1, "meanwhile", 9);
	server_restore(&server);
	assert_non_null(world_find("g1"));
	assert_null(world_find("g2"));
	assert_null(world_find("g3"));
	client_open(&client, "g1", 0);
	client_expect_opened(&client);
	/* the scrollback is gone with the old daemon, the output since is not */
	world_run();
	assert_true(client_next(&client) == CONSOLE_OUTPUT ||
		    client_next(&client) == CONSOLE_OUTPUT);
	assert_memory_equal(client.frame.data, "meanwhile", 9);
	close(client.fd);
}

static void test_rubbish_in_the_state_folder(void **state)
{
	char path[PATH_MAX];
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/9.guest", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("this is no message at all", file);
	fclose(file);
	server_restore(&server);
	assert_null(server.guests);
	assert_int_equal(access(path, F_OK), -1);
}

/* A client that asks for this guest: what it is told. */
static const char *expect_refused(const char *guest, int error)
{
	static char text[512];
	struct client client;

	client_open(&client, guest, 0);
	assert_int_equal(client_error(&client, text), error);
	close(client.fd);
	return text;
}

static void test_adopts_by_number(void **state)
{
	struct client client;

	(void)state;
	fake_add_domain(5);
	client_open(&client, "5", 0);
	client_expect_opened(&client);
	assert_true(fake->domains[5].mapped);
	close(client.fd);
	expect_refused("6", -ENOENT);
	fake_add_domain(7);
	fake->bind_error = -EINVAL; /* another daemon serves it: that is no missing guest */
	expect_refused("7", -EINVAL);
	expect_refused("0", -ENOENT);
	assert_string_equal(expect_refused("nobody", -ENOENT), "there is no guest called nobody");
}

/* Nothing to do: the daemon sleeps until the next look at its guests, or for ever without any. */
static void test_sleeps(void **state)
{
	(void)state;
	world_run();
	assert_int_equal(server_round(&server, loop_now_ms()), -1);
	world_guest(1, "g1");
	world_run();
	assert_in_range(server_round(&server, loop_now_ms()), 1, SERVER_CHECK_MS);
	server_guest_died(&server, world_find("g1"), 0);
	world_run();
	assert_int_equal(server_round(&server, loop_now_ms()), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_add_over_the_socket),
		TEST(test_name_in_use),
		TEST(test_rename),
		TEST(test_panic_notes),
		TEST(test_two_kinds),
		TEST(test_logs_are_not_shared),
		TEST(test_logs_are_moved),
		TEST(test_reused_domid),
		TEST(test_death),
		TEST(test_death_that_nobody_tells),
		TEST(test_dead_guests_are_bounded),
		TEST(test_the_living_wins_a_name),
		TEST(test_restart),
		TEST(test_rubbish_in_the_state_folder),
		TEST(test_adopts_by_number),
		TEST(test_sleeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
