/* SPDX-License-Identifier: ISC */
/* The monitor's socket: clients that say nothing, or half of it, keep nobody out. */
#include "unit.h"

#include "daemon/daemon.h"
#include "base/loop.h"
#include "fake_ctrl.h"
#include "monitor/monitor.h"
#include "clients/monitor_protocol.h"
#include "daemon/listener.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PLACES 32

static struct monitor monitor;
static struct loop loop;
static struct listener listener;
static struct sockaddr_un address;
static char *folder;

static int serve(int fd)
{
	return request_accept(&monitor, &loop, fd);
}

static int setup(void **state)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	(void)state;
	fake_reset();
	folder = make_folder();
	monitor = (struct monitor){.state_dir = folder};
	address = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/sock", folder);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(loop_init(&loop), 0);
	assert_int_equal(listener_open(&listener, &loop, fd, serve), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	request_close_all();
	listener_close(&listener);
	close(listener.source.fd);
	loop_close(&loop);
	remove_folder(folder);
	return 0;
}

static int connect_client(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(loop_run_once(&loop, 0), 0);
	return fd;
}

static bool is_hung_up(int fd)
{
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	char byte;

	return poll(&poller, 1, 0) == 1 && recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

/* A whole request, and whether it is answered. */
static bool is_served(int fd)
{
	uint8_t request[256], answer[512];
	ssize_t size = monitor_put_call_off(request, sizeof(request), "nobody");
	struct frame frame;

	assert_int_equal(send(fd, request, (size_t)size, MSG_NOSIGNAL), size);
	assert_int_equal(loop_run_once(&loop, 0), 0);
	size = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
	return size > 0 && frame_parse(answer, (size_t)size, sizeof(answer), &frame) == size &&
	       frame.type == MONITOR_ERROR;
}

static void test_idle_clients(void **state)
{
	int silent = connect_client(), half = connect_client();
	int64_t now = loop_now_ms();

	(void)state;
	assert_int_equal(send(half, "abc", 3, 0), 3);
	assert_int_equal(loop_run_once(&loop, 0), 0);
	assert_in_range(request_drop_idle(now), 1, 10000);
	assert_false(is_hung_up(silent) || is_hung_up(half));
	assert_int_equal(request_drop_idle(now + 20000), -1);
	assert_true(is_hung_up(silent) && is_hung_up(half));
	close(silent);
	close(half);
}

/* More than there are places for: the oldest give way. */
static void test_crowd(void **state)
{
	int crowd[2 * PLACES], last;

	(void)state;
	for (int i = 0; i < 2 * PLACES; i++)
		crowd[i] = connect_client();
	last = connect_client();
	assert_true(is_served(last));
	assert_true(is_hung_up(crowd[0]));
	for (int i = 0; i < 2 * PLACES; i++)
		close(crowd[i]);
	close(last);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_idle_clients),
		TEST(test_crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
