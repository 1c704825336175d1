/* SPDX-License-Identifier: ISC */
/* Clients by socket: what they send in any pieces is handled, and nobody is forgotten. */
#include "daemon/listener.h"
#include "world.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
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

/* A program that sleeps, with a watch of nodes that are always others. */
static void test_deaf(void **state)
{
	static const struct {
		struct xsd_sockmsg head;
		char path[3], token[2];
	} watch = {{XS_WATCH, 1, 0, 5}, "/n", "t"};
	struct client *other = client_open(0);
	uint32_t most = 0;
	char path[200];

	(void)state;
	assert_int_equal(push((const char *)&watch, 21), 21);
	turn();
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	for (unsigned i = 0; i < 200000 && world.conns->next; i++) {
		int len = sprintf(path, "/n/%u", i);

		path[len] = 'p';
		write_text(other, 0, path, "");
		ask_text(other, XS_RM, 0, path);
		drop_events(other);
		if (world.conns->next && buffer_len(&world.conns->next->out) > most)
			most = buffer_len(&world.conns->next->out);
	}
	assert_null(world.conns->next); /* cut off */
	assert_in_range(most, 15 << 20, 16 << 20);
	client_close(other);
}

/* ---- the socket that they connect to ---- */

static struct listener listener;
static int listener_fd;
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static struct rlimit files;

static int serve(int client)
{
	return conn_socket_accept(&world, client);
}

static int open_listener(void **state)
{
	int ret = world_open(state);

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	sprintf(address.sun_path, "/tmp/plinth-store-socket.%d", (int)getpid());
	listener_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(listener_fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener_fd, 64), 0);
	assert_int_equal(listener_open(&listener, world.loop, listener_fd, serve), 0);
	return ret;
}

static int close_listener(void **state)
{
	setrlimit(RLIMIT_NOFILE, &files);
	listener_close(&listener);
	close(listener_fd);
	unlink(address.sun_path);
	return world_close(state);
}

static int connect_one(void)
{
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(client >= 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	return client;
}

/* So many descriptors more can be opened. */
static void allow_descriptors(unsigned more)
{
	int next = open("/dev/null", O_RDONLY);
	const struct rlimit less = {(rlim_t)next + more, files.rlim_max};

	assert_true(next >= 0);
	close(next);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
}

static bool is_closed(int client)
{
	char byte;

	return recv(client, &byte, 1, 0) == 0;
}

/* Who cannot be served is told so, at once, and the others go on. */
static void test_no_descriptors(void **state)
{
	int clients[6];

	(void)state;
	for (int i = 0; i < 6; i++)
		clients[i] = connect_one();
	allow_descriptors(2);
	turn();
	for (int i = 0; i < 6; i++)
		assert_int_equal(is_closed(clients[i]), i >= 2);
	assert_int_equal(world.sockets, 2);
	assert_int_equal(listener.rejected, 4);
	assert_true(listener.reserve >= 0);
	assert_int_equal(listener.rests_until, 0);
	for (int i = 0; i < 6; i++)
		close(clients[i]);
	turn();
	assert_int_equal(world.sockets, 0);
}

/* Not even one for turning away: the socket rests, and is not looked at all the time. */
static void test_rest(void **state)
{
	int client = connect_one();

	(void)state;
	close(listener.reserve);
	listener.reserve = -1;
	allow_descriptors(0);
	turn();
	assert_true(listener.rests_until > 0);
	assert_int_equal(listener.rejected, 1); /* of a hundred turns */
	assert_in_range(listener_due(&listener, loop_now_ms()), 1, LISTENER_REST_MS);
	setrlimit(RLIMIT_NOFILE, &files);
	world_pass(LISTENER_REST_MS);
	assert_int_equal(listener_due(&listener, loop_now_ms()), -1);
	turn();
	assert_int_equal(world.sockets, 1);
	assert_false(is_closed(client));
	assert_int_equal(listener.rests_until, 0);
	close(client);
	turn();
}

static void test_limit_of_clients(void **state)
{
	int clients[10];

	(void)state;
	world.max_sockets = 7;
	for (int i = 0; i < 10; i++)
		clients[i] = connect_one();
	turn();
	for (int i = 0; i < 10; i++)
		assert_int_equal(is_closed(clients[i]), i >= 7);
	for (int i = 0; i < 10; i++)
		close(clients[i]);
	turn();
	assert_int_equal(world.sockets, 0);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, open_client, close_client)

#define LISTENER(test) cmocka_unit_test_setup_teardown(test, open_listener, close_listener)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(test_pieces),
		ROW(test_more_than_a_turn),
		ROW(test_slow_reader),
		ROW(test_end),
		ROW(test_end_behind_requests),
		ROW(test_half_close),
		ROW(test_deaf),
		LISTENER(test_no_descriptors),
		LISTENER(test_rest),
		LISTENER(test_limit_of_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
