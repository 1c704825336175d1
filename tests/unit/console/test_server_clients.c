/* SPDX-License-Identifier: ISC */
/*
 * The clients of the console daemon: many, slow ones, silent ones, and those that break the
 * protocol.
 */
#include "unit.h"

#include "fake_ctrl.h"
#include "world.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static void test_output_replay_and_live(void **state)
{
	struct client first, second, third;

	(void)state;
	world_guest(1, "g1");
	guest_says(1, "one");
	client_open(&first, "g1", 0);
	client_expect_replay(&first, "one");
	assert_int_equal(client_next(&first), 0);
	client_open(&second, "1", CONSOLE_OPEN_NO_REPLAY);
	guest_says(1, "two");
	client_open(&third, "g1", 0);
	client_expect_output(&first, "two");
	client_expect_replay(&second, NULL);
	client_expect_output(&second, "two");
	client_expect_replay(&third, "onetwo");
	close(first.fd);
	close(second.fd);
	close(third.fd);
	world_run();
	assert_int_equal(server.conn_count, 0);
}

static void test_all_may_type_unless_read_only(void **state)
{
	struct client a, b, looker;
	char data[64], text[512];
	uint64_t taken;

	(void)state;
	world_guest(1, "g1");
	client_open(&a, "g1", CONSOLE_OPEN_NO_REPLAY);
	client_open(&b, "g1", CONSOLE_OPEN_NO_REPLAY);
	client_open(&looker, "g1", CONSOLE_OPEN_NO_REPLAY | CONSOLE_OPEN_READ_ONLY);
	client_type(&a, "aa");
	client_type(&b, "b");
	assert_int_equal(fake_guest_read(1, data, sizeof(data)), 3);
	assert_memory_equal(data, "aab", 3);
	fake_guest_notify(1);
	world_run();
	client_expect_replay(&a, NULL);
	assert_int_equal(client_next(&a), CONSOLE_TAKEN);
	assert_int_equal(console_get_u64(&a.frame, &taken), 0);
	assert_int_equal(taken, 2);
	client_expect_replay(&b, NULL);
	assert_int_equal(client_next(&b), CONSOLE_TAKEN);
	assert_int_equal(console_get_u64(&b.frame, &taken), 0);
	assert_int_equal(taken, 1);
	client_expect_replay(&looker, NULL);
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
	world_guest(1, "g1");
	world_guest(2, "g2");
	client_open(&typist, "g1", 0);
	client_open(&other, "g2", 0);
	for (int i = 0; i < 12; i++, sent += CONSOLE_INPUT_MAX)
		client_type(&typist, piece);
	assert_int_equal(world_find("g1")->input_used, GUEST_INPUT_MAX);
	client_type(&other, "hi");
	assert_int_equal(fake_guest_read(2, data, sizeof(data)), 2);
	while (got < sent) {
		size_t count = fake_guest_read(1, data, sizeof(data));

		assert_true(count > 0);
		got += count;
		fake_guest_notify(1);
		world_run();
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
	world_guest(1, "g1");
	client_open(&slow, "g1", 0);
	client_open(&quick, "g1", 0);
	client_expect_replay(&quick, NULL);
	for (int i = 0; i < 500; i++) {
		assert_int_equal(fake_guest_write(1, flood, CONSOLE_RING_OUT), CONSOLE_RING_OUT);
		fake_guest_notify(1);
		now += BUDGET_SLICE_MS;
		server_take_events(&server);
		server_round(&server, now);
		total += CONSOLE_RING_OUT;
		client_expect_output(&quick, flood);
	}
	world_run_at(now);
	while ((type = client_next(&slow)) > 0) {
		if (type == CONSOLE_OUTPUT)
			got += slow.frame.size;
		if (type == CONSOLE_NOTICE) {
			assert_int_equal(console_get_text(&slow.frame, text, sizeof(text)), 0);
			assert_contains(text, "too slow");
			got += strtoull(text, NULL, 10);
			notices++;
		}
		world_run_at(now);
	}
	assert_int_equal(type, 0);
	assert_int_equal(notices, 1);
	assert_int_equal(got, total);
	close(slow.fd);
	close(quick.fd);
}

static void test_broken_ring_tells_its_clients(void **state)
{
	struct client client, other;
	char text[512];

	(void)state;
	world_guest(1, "g1");
	world_guest(2, "g2");
	client_open(&client, "g1", CONSOLE_OPEN_NO_REPLAY);
	client_open(&other, "g2", CONSOLE_OPEN_NO_REPLAY);
	client_expect_replay(&client, NULL);
	client_expect_replay(&other, NULL);
	fake->domains[1].page.ring.out_prod = 0x10000;
	fake_guest_notify(1);
	guest_says(2, "fine");
	assert_int_equal(client_next(&client), CONSOLE_NOTICE);
	assert_int_equal(console_get_text(&client.frame, text, sizeof(text)), 0);
	assert_contains(text, "broke its console ring");
	client_expect_output(&other, "fine");
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
	world_guest(1, "noisy");
	world_guest(2, "quiet");
	client_open(&client, "quiet", CONSOLE_OPEN_NO_REPLAY);
	client_expect_replay(&client, NULL);
	for (int i = 0; i < 100; i++) {
		fake_guest_write(1, flood, sizeof(flood));
		fake_guest_notify(1);
		fake_guest_write(2, ".", 1);
		fake_guest_notify(2);
		server_take_events(&server);
		server_round(&server, loop_now_ms());
		if (i < BUDGET_EVENTS)
			client_expect_output(&client, ".");
	}
	slices = loop_now_ms() / BUDGET_SLICE_MS - began / BUDGET_SLICE_MS + 1;
	assert_true(world_find("noisy")->output.end <= (uint64_t)slices * BUDGET_BYTES);
	close(client.fd);
}

/* A frame that is none of a client's. */
static void expect_violation(const void *frame, ssize_t size)
{
	struct client client;
	char text[512];

	client_connect(&client);
	client_send(&client, frame, size);
	world_run();
	assert_int_equal(client_error(&client, text), -EPROTO);
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
	world_run();
	assert_int_equal(client_next(&client), CONSOLE_OK);
	assert_int_equal(client_error(&client, text), -EPROTONOSUPPORT);
	assert_int_equal(client_next(&client), -1);
	close(client.fd);
	client_connect(&client); /* too long */
	memset(frame, 0xff, 4);
	client_send(&client, frame, FRAME_HEADER_SIZE);
	world_run();
	assert_int_equal(client_next(&client), -1);
	close(client.fd);
	/* Typing without a guest, and an answer as a request. */
	expect_violation(frame, console_put_bytes(frame, sizeof(frame), CONSOLE_INPUT, "x", 1));
	expect_violation(frame, console_put_empty(frame, sizeof(frame), CONSOLE_OK));
	world_run();
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
		world_guest(domid, name);
	}
	client_connect(&client);
	for (int i = 0; i < 100000 && server.conn_count; i++) {
		if (send(client.fd, frame, (size_t)size, MSG_NOSIGNAL) < 0)
			break;
		if (i % 16 == 0)
			world_run();
	}
	world_run();
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
		world_run();
	assert_int_equal(server.conn_count, 0);
	assert_int_equal(conn_open(&server, fds[0]), 0);
	close(fds[1]);
	world_run();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_output_replay_and_live),
		TEST(test_all_may_type_unless_read_only),
		TEST(test_input_backpressure),
		TEST(test_slow_client),
		TEST(test_broken_ring_tells_its_clients),
		TEST(test_fair_rounds),
		TEST(test_protocol_violations),
		TEST(test_client_that_reads_no_answers),
		TEST(test_too_many_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
