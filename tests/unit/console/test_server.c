/* SPDX-License-Identifier: ISC */
/* The console daemon without its main(): requests over socket pairs, many clients, slow ones,
 * restart. */
#include "unit.h"

#include "common/daemon.h"
#include "console/server.h"
#include "fake_ctrl.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static struct console_server server;
static char *folder, err[512];

struct client {
	int fd;
	uint8_t in[FRAME_HEADER_SIZE + CONSOLE_FRAME_MAX];
	struct frame frame;
};

static int setup(void **state)
{
	(void)state;
	fake_reset();
	folder = make_folder();
	memset(&server, 0, sizeof(server));
	server.host.log_dir = server.state_dir = folder;
	server.terminals.fd = -1;
	assert_int_equal(loop_init(&server.loop), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	server_close(&server);
	loop_close(&server.loop);
	for (unsigned i = 0; i < FAKE_DOMAINS; i++)
		assert_false(fake->domains[i].mapped || fake->domains[i].bound);
	remove_folder(folder);
	return 0;
}

/* Let the daemon run until it has nothing to do any more. */
static void run_at(int64_t now)
{
	for (int i = 0; i < 50; i++) {
		server_take_events(&server);
		server_round(&server, now);
		conn_free_dead(&server);
		assert_int_equal(loop_run_once(&server.loop, 0), 0);
	}
}

static void run(void)
{
	run_at(loop_now_ms());
}

static void client_connect(struct client *client)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	assert_int_equal(conn_open(&server, fds[0]), 0);
	client->fd = fds[1];
}

static void client_send(struct client *client, const void *frame, ssize_t size)
{
	assert_true(size > 0);
	assert_int_equal(send(client->fd, frame, (size_t)size, MSG_NOSIGNAL), size);
}

/* The type of the next frame, 0: none, -1: hung up. */
static int client_next(struct client *client)
{
	size_t have = 0;
	ssize_t count;

	while (frame_parse(client->in, have, CONSOLE_FRAME_MAX, &client->frame) == 0) {
		size_t want = have < FRAME_HEADER_SIZE
				      ? FRAME_HEADER_SIZE - have
				      : FRAME_HEADER_SIZE + client->frame.size - have;

		count = recv(client->fd, client->in + have, want, 0);
		if (count == 0)
			return -1;
		if (count < 0 && have == 0)
			return errno == EAGAIN ? 0 : -1;
		assert_true(count > 0);
		have += (size_t)count;
	}
	return client->frame.type;
}

static int client_error(struct client *client, char *text)
{
	struct frame_reader r;
	int error;

	assert_int_equal(client_next(client), CONSOLE_ERROR);
	frame_open(&r, &client->frame);
	error = (int)frame_get_u32(&r);
	frame_get_string(&r, text, 512);
	assert_int_equal(frame_close(&r), 0);
	return error;
}

static int add_guest(uint32_t domid, const char *name)
{
	struct console_add add = {
		.domid = domid,
		.name = name,
		.ring_gfn = FAKE_RING_GFN,
		.guest_port = FAKE_PORT,
		.flags = CONSOLE_ADD_NO_LOG,
	};

	memcpy(add.uuid, fake_uuid(domid), 16);
	return server_add_guest(&server, &add, err, sizeof(err));
}

static int add_uart(uint32_t domid, const char *name)
{
	struct console_add add = {
		.domid = domid,
		.name = name,
		.kind = CONSOLE_VUART,
		.ring_gfn = FAKE_UART_GFN,
		.guest_port = FAKE_UART_PORT,
	};

	memcpy(add.uuid, fake_uuid(domid), 16);
	return server_add_guest(&server, &add, err, sizeof(err));
}

static struct console_guest *find(const char *guest)
{
	return server_find_guest(&server, guest, CONSOLE_PV);
}

static void new_guest(uint32_t domid, const char *name)
{
	fake_add_domain(domid);
	assert_int_equal(add_guest(domid, name), 0);
}

static void client_open_kind(struct client *client, const char *guest, uint32_t flags,
			     uint32_t kind)
{
	struct console_open open = {.flags = flags, .kind = kind};
	uint8_t frame[256];

	client_connect(client);
	snprintf(open.guest, sizeof(open.guest), "%s", guest);
	client_send(client, frame, console_put_open(frame, sizeof(frame), &open));
	run();
}

static void client_open(struct client *client, const char *guest, uint32_t flags)
{
	client_open_kind(client, guest, flags, CONSOLE_PV);
}

static void client_type(struct client *client, const char *text)
{
	uint8_t frame[FRAME_HEADER_SIZE + CONSOLE_FRAME_MAX];

	client_send(client, frame,
		    console_put_bytes(frame, sizeof(frame), CONSOLE_INPUT, text, strlen(text)));
	run();
}

static void guest_says(uint32_t domid, const char *text)
{
	assert_int_equal(fake_guest_write(domid, text, strlen(text)), strlen(text));
	fake_guest_notify(domid);
	run();
}

static void expect_output(struct client *client, const char *text)
{
	assert_int_equal(client_next(client), CONSOLE_OUTPUT);
	assert_int_equal(client->frame.size, strlen(text));
	assert_memory_equal(client->frame.data, text, strlen(text));
}

static void expect_opened(struct client *client)
{
	assert_int_equal(client_next(client), CONSOLE_OPENED);
}

/* ---- the tests ---- */

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
	run();
	assert_int_equal(client_error(&client, text), -ESRCH);
	fake_add_domain(1);
	memcpy(add.uuid, fake_uuid(2), 16); /* the domain is somebody else's */
	client_send(&client, frame, console_put_add(frame, sizeof(frame), &add));
	run();
	assert_int_equal(client_error(&client, text), -ESRCH);
	memcpy(add.uuid, fake_uuid(1), 16);
	add.name = "../../etc/passwd";
	client_send(&client, frame, console_put_add(frame, sizeof(frame), &add));
	run();
	assert_int_equal(client_error(&client, text), -EINVAL);
	add.name = "g1";
	client_send(&client, frame, console_put_add(frame, sizeof(frame), &add));
	client_send(&client, frame,
		    console_put_add(frame, sizeof(frame), &add)); /* twice does no harm */
	run();
	assert_int_equal(client_next(&client), CONSOLE_OK);
	assert_int_equal(client_next(&client), CONSOLE_OK);
	assert_int_equal(fake->domains[1].maps, 1);
	close(client.fd);
}

static void test_name_in_use(void **state)
{
	(void)state;
	new_guest(1, "g1");
	fake_add_domain(2);
	assert_int_equal(add_guest(2, "g1"), -EEXIST);
	assert_non_null(strstr(err, "domain 1"));
	fake->domains[1].exists = false; /* nobody told, but it is gone */
	assert_int_equal(add_guest(2, "g1"), 0);
	assert_false(fake->domains[1].mapped);
}

/* A guest that is called otherwise keeps what it has said, and so do those who listen. */
static void test_rename(void **state)
{
	struct console_add add = {.domid = 1, .name = "new", .guest_port = CONSOLE_PORT_FIND};
	struct client before, after;

	(void)state;
	new_guest(1, "old");
	new_guest(2, "other");
	guest_says(1, "said before");
	client_open(&before, "old", 0);
	memcpy(add.uuid, fake_uuid(1), 16);
	assert_int_equal(server_add_guest(&server, &add, err, sizeof(err)), 0);
	assert_int_equal(fake->domains[1].maps, 1); /* the ring was not let go */
	client_open(&after, "new", 0);
	expect_opened(&before);
	expect_opened(&after);
	expect_output(&after, "said before");
	assert_int_equal(server_find_domain(&server, 1, fake_uuid(1), CONSOLE_PV)->state,
			 CONSOLE_LIVE);
	add.name = "other";
	assert_int_equal(server_add_guest(&server, &add, err, sizeof(err)), -EEXIST);
	close(before.fd);
	close(after.fd);
}

/* Two consoles of one guest: each its own output, input, log and file; one end for both. */
static void test_two_kinds(void **state)
{
	struct client pv, uart, none;
	char path[300], text[512];
	size_t size;
	char *data;

	(void)state;
	new_guest(3, "g");
	assert_int_equal(add_uart(3, "g"), 0);
	assert_int_equal(add_uart(3, "g"), 0); /* again: the same */
	assert_int_equal(fake->domains[3].maps, 1);
	assert_int_equal(fake->domains[3 + FAKE_UART].maps, 1);
	client_open(&pv, "g", 0);
	client_open_kind(&uart, "3", 0, CONSOLE_VUART);
	expect_opened(&pv);
	expect_opened(&uart);
	assert_int_equal(client_next(&pv), CONSOLE_REPLAYED);
	assert_int_equal(client_next(&uart), CONSOLE_REPLAYED);
	guest_says(3, "to hvc0");
	guest_says(3 + FAKE_UART, "to ttyAMA0");
	expect_output(&pv, "to hvc0");
	expect_output(&uart, "to ttyAMA0");
	client_type(&uart, "x");
	assert_int_equal(fake_guest_read(3, text, sizeof(text)), 0);
	assert_int_equal(fake_guest_read(3 + FAKE_UART, text, sizeof(text)), 1);
	snprintf(path, sizeof(path), "%s/g-vuart.log", folder);
	assert_int_equal(daemon_read_file(path, 100, &data, &size), 0);
	assert_string_equal(data, "to ttyAMA0");
	free(data);
	run();
	assert_int_equal(client_next(&uart), CONSOLE_TAKEN);

	server_close(&server); /* the next daemon finds both */
	server_restore(&server);
	assert_non_null(server_find_domain(&server, 3, fake_uuid(3), CONSOLE_PV));
	assert_non_null(server_find_domain(&server, 3, fake_uuid(3), CONSOLE_VUART));
	close(pv.fd);
	close(uart.fd);

	new_guest(4, "h"); /* has no UART */
	client_open_kind(&none, "4", 0, CONSOLE_VUART);
	assert_int_equal(client_error(&none, text), -ENODEV);
	close(none.fd);

	fake->domains[3].exists = false;
	server_check_guests(&server);
	assert_false(fake->domains[3].mapped || fake->domains[3 + FAKE_UART].mapped);
	client_open_kind(&uart, "g", 0, CONSOLE_VUART); /* kept, like the other */
	expect_opened(&uart);
	close(uart.fd);
}

static void test_reused_domid(void **state)
{
	struct console_guest *guest;

	(void)state;
	new_guest(1, "old");
	fake_guest_write(1, "bye", 3);
	memset(fake->domains[1].info.uuid, 0x99, 16);
	server_check_guests(&server);
	guest = find("old");
	assert_non_null(guest);
	assert_int_equal(guest->state, CONSOLE_DEAD);
	assert_int_equal(guest->output.end, 3);
}

static void test_output_replay_and_live(void **state)
{
	struct client first, second, third;

	(void)state;
	new_guest(1, "g1");
	guest_says(1, "one");
	client_open(&first, "g1", 0);
	expect_opened(&first);
	expect_output(&first, "one");
	assert_int_equal(client_next(&first), CONSOLE_REPLAYED);
	assert_int_equal(client_next(&first), 0);
	client_open(&second, "1", CONSOLE_OPEN_NO_REPLAY);
	guest_says(1, "two");
	client_open(&third, "g1", 0);
	expect_output(&first, "two");
	expect_opened(&second);
	assert_int_equal(client_next(&second), CONSOLE_REPLAYED);
	expect_output(&second, "two");
	expect_opened(&third);
	expect_output(&third, "onetwo");
	assert_int_equal(client_next(&third), CONSOLE_REPLAYED);
	close(first.fd);
	close(second.fd);
	close(third.fd);
	run();
	assert_int_equal(server.conn_count, 0);
}

static void test_all_may_type_unless_read_only(void **state)
{
	struct client a, b, looker;
	char data[64], text[512];
	uint64_t taken;

	(void)state;
	new_guest(1, "g1");
	client_open(&a, "g1", CONSOLE_OPEN_NO_REPLAY);
	client_open(&b, "g1", CONSOLE_OPEN_NO_REPLAY);
	client_open(&looker, "g1", CONSOLE_OPEN_NO_REPLAY | CONSOLE_OPEN_READ_ONLY);
	client_type(&a, "aa");
	client_type(&b, "b");
	assert_int_equal(fake_guest_read(1, data, sizeof(data)), 3);
	assert_memory_equal(data, "aab", 3);
	fake_guest_notify(1);
	run();
	expect_opened(&a);
	assert_int_equal(client_next(&a), CONSOLE_REPLAYED);
	assert_int_equal(client_next(&a), CONSOLE_TAKEN);
	assert_int_equal(console_get_u64(&a.frame, &taken), 0);
	assert_int_equal(taken, 2);
	expect_opened(&b);
	assert_int_equal(client_next(&b), CONSOLE_REPLAYED);
	assert_int_equal(client_next(&b), CONSOLE_TAKEN);
	assert_int_equal(console_get_u64(&b.frame, &taken), 0);
	assert_int_equal(taken, 1);
	expect_opened(&looker);
	assert_int_equal(client_next(&looker), CONSOLE_REPLAYED);
	client_type(&looker, "x");
	assert_int_equal(client_error(&looker, text), -EPROTO);
	assert_int_equal(client_next(&looker), -1);
	assert_int_equal(fake_guest_read(1, data, sizeof(data)), 0);
	close(a.fd);
	close(b.fd);
	close(looker.fd);
}

/* A guest that takes nothing: its typist waits in the socket, everybody else goes on. */
static void test_input_backpressure(void **state)
{
	char piece[CONSOLE_INPUT_MAX + 1], data[CONSOLE_INPUT_MAX];
	struct client typist, other;
	size_t got = 0, sent = 0;

	(void)state;
	memset(piece, 'p', CONSOLE_INPUT_MAX);
	piece[CONSOLE_INPUT_MAX] = '\0';
	new_guest(1, "g1");
	new_guest(2, "g2");
	client_open(&typist, "g1", 0);
	client_open(&other, "g2", 0);
	for (int i = 0; i < 12; i++, sent += CONSOLE_INPUT_MAX)
		client_type(&typist, piece);
	assert_int_equal(find("g1")->input_used, GUEST_INPUT_MAX);
	client_type(&other, "hi");
	assert_int_equal(fake_guest_read(2, data, sizeof(data)), 2);
	while (got < sent) {
		size_t count = fake_guest_read(1, data, sizeof(data));

		assert_true(count > 0);
		got += count;
		fake_guest_notify(1);
		run();
	}
	close(typist.fd);
	close(other.fd);
}

/* A client that does not read loses output, is told where, and holds up nobody. */
static void test_slow_client(void **state)
{
	static char flood[CONSOLE_RING_OUT + 1];
	struct client slow, quick;
	uint64_t got = 0, total = 0;
	int type, notices = 0;
	char text[512];
	int64_t now = loop_now_ms();

	(void)state;
	memset(flood, 'f', CONSOLE_RING_OUT);
	new_guest(1, "g1");
	client_open(&slow, "g1", 0);
	client_open(&quick, "g1", 0);
	expect_opened(&quick);
	assert_int_equal(client_next(&quick), CONSOLE_REPLAYED);
	for (int i = 0; i < 500; i++) {
		assert_int_equal(fake_guest_write(1, flood, CONSOLE_RING_OUT), CONSOLE_RING_OUT);
		fake_guest_notify(1);
		now += BUDGET_SLICE_MS;
		server_take_events(&server);
		server_round(&server, now);
		total += CONSOLE_RING_OUT;
		expect_output(&quick, flood);
	}
	run_at(now);
	while ((type = client_next(&slow)) > 0) {
		if (type == CONSOLE_OUTPUT)
			got += slow.frame.size;
		if (type == CONSOLE_NOTICE) {
			assert_int_equal(console_get_text(&slow.frame, text, sizeof(text)), 0);
			assert_non_null(strstr(text, "too slow"));
			got += strtoull(text, NULL, 10);
			notices++;
		}
		run_at(now);
	}
	assert_int_equal(type, 0);
	assert_int_equal(notices, 1);
	assert_int_equal(got, total);
	close(slow.fd);
	close(quick.fd);
}

static void test_death(void **state)
{
	struct client client, late;
	struct console_died died = {.domid = 1, .reason = 3};
	uint8_t frame[64];
	uint32_t reason;

	(void)state;
	new_guest(1, "g1");
	client_open(&client, "g1", 0);
	fake_guest_write(1, "last words", 10); /* without telling */
	memcpy(died.uuid, fake_uuid(1), 16);
	client_connect(&late);
	client_send(&late, frame, console_put_died(frame, sizeof(frame), &died));
	run();
	assert_int_equal(client_next(&late), CONSOLE_OK);
	assert_false(fake->domains[1].mapped);
	expect_opened(&client);
	assert_int_equal(client_next(&client), CONSOLE_REPLAYED);
	expect_output(&client, "last words");
	assert_int_equal(client_next(&client), CONSOLE_ENDED);
	assert_int_equal(console_get_u32(&client.frame, &reason), 0);
	assert_int_equal(reason, 3);
	assert_int_equal(client_next(&client), -1);
	close(client.fd);
	close(late.fd);
	client_open(&late, "g1", 0); /* the output is kept */
	expect_opened(&late);
	expect_output(&late, "last words");
	assert_int_equal(client_next(&late), CONSOLE_REPLAYED);
	assert_int_equal(client_next(&late), CONSOLE_ENDED);
	close(late.fd);
	assert_int_equal(server_forget(&server, "other"), 0);
	assert_int_equal(server_forget(&server, "g1"), 1);
	assert_null(find("g1"));
}

static void test_death_that_nobody_tells(void **state)
{
	struct client client;

	(void)state;
	new_guest(1, "g1");
	client_open(&client, "g1", CONSOLE_OPEN_NO_REPLAY);
	expect_opened(&client);
	assert_int_equal(client_next(&client), CONSOLE_REPLAYED);
	fake->domains[1].info.dying = true;
	run_at(loop_now_ms() + SERVER_CHECK_MS);
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
		new_guest(domid, name);
		server_guest_died(&server, find(name), 0);
	}
	for (struct console_guest *guest = server.guests; guest; guest = guest->next)
		count++;
	assert_int_equal(count, SERVER_MAX_DEAD);
	assert_non_null(find("g6")); /* the last one */
	assert_int_equal(find("g6")->add.domid, SERVER_MAX_DEAD + 10);
	assert_int_equal(server_forget(&server, NULL), SERVER_MAX_DEAD);
}

static void test_the_living_wins_a_name(void **state)
{
	(void)state;
	new_guest(1, "g1");
	server_guest_died(&server, find("g1"), 1);
	new_guest(2, "g1");
	assert_int_equal(find("g1")->add.domid, 2);
	assert_int_equal(find("1")->add.domid, 1);
	server_guest_died(&server, find("g1"), 1);
	assert_int_equal(find("g1")->add.domid, 2);
	assert_null(find("1"));
}

/* Killed without a word, started again: everything alive is there, what died meanwhile is not. */
static void test_restart(void **state)
{
	struct client client;

	(void)state;
	new_guest(1, "g1");
	new_guest(2, "g2");
	new_guest(3, "g3");
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
	assert_non_null(find("g1"));
	assert_null(find("g2"));
	assert_null(find("g3"));
	client_open(&client, "g1", 0);
	expect_opened(&client);
	/* the scrollback is gone with the old daemon, the output since is not */
	run();
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

static void test_adopts_by_number(void **state)
{
	struct client client;
	char text[512];

	(void)state;
	fake_add_domain(5);
	client_open(&client, "5", 0);
	expect_opened(&client);
	assert_true(fake->domains[5].mapped);
	close(client.fd);
	client_open(&client, "6", 0);
	assert_int_equal(client_error(&client, text), -ENOENT);
	close(client.fd);
	fake_add_domain(7);
	fake->bind_error = -EINVAL; /* another daemon serves it: that is no missing guest */
	client_open(&client, "7", 0);
	assert_int_equal(client_error(&client, text), -EINVAL);
	close(client.fd);
	client_open(&client, "0", 0);
	assert_int_equal(client_error(&client, text), -ENOENT);
	close(client.fd);
	client_open(&client, "nobody", 0);
	assert_int_equal(client_error(&client, text), -ENOENT);
	assert_string_equal(text, "there is no guest called nobody");
	close(client.fd);
}

static void test_broken_ring_tells_its_clients(void **state)
{
	struct client client, other;
	char text[512];

	(void)state;
	new_guest(1, "g1");
	new_guest(2, "g2");
	client_open(&client, "g1", CONSOLE_OPEN_NO_REPLAY);
	client_open(&other, "g2", CONSOLE_OPEN_NO_REPLAY);
	expect_opened(&client);
	expect_opened(&other);
	assert_int_equal(client_next(&client), CONSOLE_REPLAYED);
	assert_int_equal(client_next(&other), CONSOLE_REPLAYED);
	fake->domains[1].page.ring.out_prod = 0x10000;
	fake_guest_notify(1);
	guest_says(2, "fine");
	assert_int_equal(client_next(&client), CONSOLE_NOTICE);
	assert_int_equal(console_get_text(&client.frame, text, sizeof(text)), 0);
	assert_non_null(strstr(text, "broke its console ring"));
	expect_output(&other, "fine");
	close(client.fd);
	close(other.fd);
}

/* While one guest floods, another one's line comes through within the same round. */
static void test_fair_rounds(void **state)
{
	static char flood[CONSOLE_RING_OUT];
	struct client client;
	int64_t began = loop_now_ms(), slices;

	(void)state;
	new_guest(1, "noisy");
	new_guest(2, "quiet");
	client_open(&client, "quiet", CONSOLE_OPEN_NO_REPLAY);
	expect_opened(&client);
	assert_int_equal(client_next(&client), CONSOLE_REPLAYED);
	for (int i = 0; i < 100; i++) {
		fake_guest_write(1, flood, sizeof(flood));
		fake_guest_notify(1);
		fake_guest_write(2, ".", 1);
		fake_guest_notify(2);
		server_take_events(&server);
		server_round(&server, loop_now_ms());
		if (i < BUDGET_EVENTS)
			expect_output(&client, ".");
	}
	slices = loop_now_ms() / BUDGET_SLICE_MS - began / BUDGET_SLICE_MS + 1;
	assert_true(find("noisy")->output.end <= (uint64_t)slices * BUDGET_BYTES);
	close(client.fd);
}

static void test_protocol_violations(void **state)
{
	struct client client;
	uint8_t frame[FRAME_HEADER_SIZE + 16] = {0};
	char text[512];

	(void)state;
	client_connect(&client); /* of another version */
	client_send(&client, frame, console_put_empty(frame, sizeof(frame), CONSOLE_LIST));
	frame[6] = CONSOLE_VERSION + 1;
	client_send(&client, frame, FRAME_HEADER_SIZE);
	run();
	assert_int_equal(client_next(&client), CONSOLE_OK);
	assert_int_equal(client_error(&client, text), -EPROTONOSUPPORT);
	assert_int_equal(client_next(&client), -1);
	close(client.fd);
	client_connect(&client); /* too long */
	memset(frame, 0xff, 4);
	client_send(&client, frame, FRAME_HEADER_SIZE);
	run();
	assert_int_equal(client_next(&client), -1);
	close(client.fd);
	client_connect(&client); /* typing without a guest */
	client_send(&client, frame, console_put_bytes(frame, sizeof(frame), CONSOLE_INPUT, "x", 1));
	run();
	assert_int_equal(client_error(&client, text), -EPROTO);
	close(client.fd);
	client_connect(&client); /* an answer as a request */
	client_send(&client, frame, console_put_empty(frame, sizeof(frame), CONSOLE_OK));
	run();
	assert_int_equal(client_error(&client, text), -EPROTO);
	close(client.fd);
	run();
	assert_int_equal(server.conn_count, 0);
}

static void test_client_that_reads_no_answers(void **state)
{
	struct client client;
	uint8_t frame[FRAME_HEADER_SIZE];
	ssize_t size = console_put_empty(frame, sizeof(frame), CONSOLE_LIST);

	(void)state;
	for (uint32_t domid = 1; domid < 60; domid++) {
		char name[16];

		snprintf(name, sizeof(name), "g%u", domid);
		new_guest(domid, name);
	}
	client_connect(&client);
	for (int i = 0; i < 100000 && server.conn_count; i++) {
		if (send(client.fd, frame, (size_t)size, MSG_NOSIGNAL) < 0)
			break;
		if (i % 16 == 0)
			run();
	}
	run();
	assert_int_equal(server.conn_count, 0);
	close(client.fd);
}

static void test_too_many_clients(void **state)
{
	static struct client clients[SERVER_MAX_CONNS];
	int fds[2];

	(void)state;
	for (int i = 0; i < SERVER_MAX_CONNS; i++)
		client_connect(&clients[i]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(conn_open(&server, fds[0]), -EMFILE);
	for (int i = 0; i < SERVER_MAX_CONNS; i++)
		close(clients[i].fd);
	for (int i = 0; i < SERVER_MAX_CONNS / LOOP_BATCH; i++)
		run();
	assert_int_equal(server.conn_count, 0);
	assert_int_equal(conn_open(&server, fds[0]), 0);
	close(fds[1]);
	run();
}

/* Nothing to do: the daemon sleeps until the next look at its guests, or for ever without any. */
static void test_sleeps(void **state)
{
	(void)state;
	run();
	assert_int_equal(server_round(&server, loop_now_ms()), -1);
	new_guest(1, "g1");
	run();
	assert_in_range(server_round(&server, loop_now_ms()), 1, SERVER_CHECK_MS);
	server_guest_died(&server, find("g1"), 0);
	run();
	assert_int_equal(server_round(&server, loop_now_ms()), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_add_over_the_socket),
		TEST(test_name_in_use),
		TEST(test_rename),
		TEST(test_two_kinds),
		TEST(test_reused_domid),
		TEST(test_output_replay_and_live),
		TEST(test_all_may_type_unless_read_only),
		TEST(test_input_backpressure),
		TEST(test_slow_client),
		TEST(test_death),
		TEST(test_death_that_nobody_tells),
		TEST(test_dead_guests_are_bounded),
		TEST(test_the_living_wins_a_name),
		TEST(test_restart),
		TEST(test_rubbish_in_the_state_folder),
		TEST(test_adopts_by_number),
		TEST(test_broken_ring_tells_its_clients),
		TEST(test_fair_rounds),
		TEST(test_protocol_violations),
		TEST(test_client_that_reads_no_answers),
		TEST(test_too_many_clients),
		TEST(test_sleeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
