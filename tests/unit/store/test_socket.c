/* SPDX-License-Identifier: ISC */
/* Clients by socket: what they send in any pieces is handled, and nobody is forgotten. */
#include "world.h"

#include <sys/socket.h>
#include <unistd.h>

#define REQUEST 21 /* bytes: a read of "data", which is not there */
#define ANSWER  (sizeof(struct xsd_sockmsg) + sizeof("ENOENT"))

static int fd; /* the client's end */

static int open_client(void **state)
{
	int ret = world_open(state);

	fd = world_connect();
	return ret;
}

static int close_client(void **state)
{
	close(fd);
	return world_close(state);
}

/* As the daemon goes on until it has to wait. */
static void turn(void)
{
	for (int i = 0; i < 100; i++)
		world_turn();
}

static char *requests(size_t count)
{
	const struct xsd_sockmsg head = {XS_READ, 1, 0, 5};
	char *data = malloc(count * REQUEST);

	assert_non_null(data);
	for (size_t i = 0; i < count; i++) {
		memcpy(data + i * REQUEST, &head, sizeof(head));
		memcpy(data + i * REQUEST + sizeof(head), "data", 5);
	}
	return data;
}

/* Sends what the socket takes; returns how much. */
static size_t push(const char *data, size_t len)
{
	ssize_t count = send(fd, data, len, MSG_NOSIGNAL);

	return count < 0 ? 0 : (size_t)count;
}

/* Reads what has come; returns how much. */
static size_t pull(void)
{
	static char data[4096];
	size_t sum = 0;
	ssize_t count;

	while ((count = recv(fd, data, sizeof(data), 0)) > 0)
		sum += (size_t)count;
	return sum;
}

static bool is_connected(void)
{
	return world.conns != NULL;
}

static void test_pieces(void **state)
{
	char *data = requests(2);

	(void)state;
	for (int i = 0; i < 2 * REQUEST; i++) {
		assert_int_equal(push(data + i, 1), 1);
		turn();
		assert_int_equal(pull(), (i + 1) % REQUEST ? 0 : ANSWER);
	}
	free(data);
}

/* More than is taken in a turn, and no event follows that would tell of the rest. */
static void test_more_than_a_turn(void **state)
{
	size_t count = 2000;
	char *data = requests(count);

	(void)state;
	assert_int_equal(push(data, count * REQUEST), count * REQUEST);
	turn();
	assert_int_equal(pull(), count * ANSWER);
	free(data);
}

/* It does not read until its socket is full, and the daemon's patience too; then it reads all. */
static void test_slow_reader(void **state)
{
	size_t count = 100000, sent = 0, got = 0, before;
	char *data = requests(count);

	(void)state;
	do {
		before = sent;
		sent += push(data + sent, count * REQUEST - sent);
		turn();
	} while (sent != before);
	assert_true(sent < count * REQUEST); /* it is not listened to any more */
	assert_true(conn_is_full(world.conns));
	do {
		before = got;
		got += pull();
		sent += push(data + sent, count * REQUEST - sent);
		turn();
	} while (got != before);
	assert_int_equal(sent, count * REQUEST);
	assert_int_equal(got, count * ANSWER);
	free(data);
}

static void test_end(void **state)
{
	(void)state;
	turn();
	assert_true(is_connected());
	close(fd);
	turn();
	assert_false(is_connected());
}

/* Its last requests and its end come together. */
static void test_end_behind_requests(void **state)
{
	size_t count = 1000;
	char *data = requests(count);

	(void)state;
	assert_int_equal(push(data, count * REQUEST), count * REQUEST);
	close(fd);
	turn();
	assert_false(is_connected());
	free(data);
}

static void test_half_close(void **state)
{
	char *data = requests(1);

	(void)state;
	assert_int_equal(push(data, REQUEST), REQUEST);
	shutdown(fd, SHUT_WR);
	turn();
	assert_int_equal(pull(), ANSWER);
	assert_false(is_connected());
	free(data);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, open_client, close_client)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(test_pieces), ROW(test_more_than_a_turn),    ROW(test_slow_reader),
		ROW(test_end),    ROW(test_end_behind_requests), ROW(test_half_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
