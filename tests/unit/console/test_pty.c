/* SPDX-License-Identifier: ISC */
/* Consoles as terminals: opened and closed by anybody, read or not. */
#include "unit.h"

#include "fake_ctrl.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static int setup(void **state)
{
	world_set_up(state);
	assert_int_equal(pty_init(&server), 0);
	return 0;
}

static int open_terminal(const struct console_guest *guest)
{
	int fd = open(guest->pty.path, O_RDWR | O_NOCTTY | O_NONBLOCK);

	assert_true(fd >= 0);
	world_run();
	return fd;
}

static void expect_text(int fd, const char *text)
{
	char data[512];
	size_t have = 0;

	for (int tries = 0; have < strlen(text) && tries < 100; tries++) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		ssize_t count;

		world_run();
		poll(&ready, 1, 20);
		count = read(fd, data + have, strlen(text) - have);
		have += count > 0 ? (size_t)count : 0;
	}
	assert_int_equal(have, strlen(text));
	assert_memory_equal(data, text, have);
}

static void expect_nothing(int fd)
{
	char byte;

	world_run();
	assert_int_equal(read(fd, &byte, 1), -1);
	assert_int_equal(errno, EAGAIN);
}

/* The kernel moves what is written to a terminal in its own time. */
static void give_time(void)
{
	world_run();
	usleep(1000);
}

/* What the guest got, as far as it comes. */
static void expect_typed(uint32_t domid, const char *text)
{
	char data[512];
	size_t have = 0;

	for (int tries = 0; have < strlen(text) && tries < 100; tries++) {
		give_time();
		have += fake_guest_read(domid, data + have, sizeof(data) - have);
		fake_guest_notify(domid);
	}
	assert_int_equal(have, strlen(text));
	assert_memory_equal(data, text, have);
}

/* ---- tests ---- */

static void test_both_ways(void **state)
{
	struct console_guest *guest = world_guest(1, "g");
	struct termios settings;
	struct stat about;
	int fd;

	(void)state;
	guest_says(1, "before\r\n");
	assert_int_equal(stat(guest->pty.path, &about), 0);
	assert_int_equal(about.st_mode & 0777, 0600);
	fd = open_terminal(guest);
	assert_int_equal(tcgetattr(fd, &settings), 0);
	assert_false(settings.c_lflag & (ICANON | ECHO | ISIG));
	assert_false(settings.c_oflag & OPOST);
	expect_text(fd, "before\r\n");
	guest_says(1, "now");
	expect_text(fd, "now");
	assert_int_equal(write(fd, "ls\r\003", 4), 4);
	expect_typed(1, "ls\r\003");
	expect_nothing(fd); /* no echo */
	close(fd);
}

/* The second one gets what is kept, not what the first one has left. */
static void test_one_after_the_other(void **state)
{
	struct console_guest *guest = world_guest(1, "g");

	(void)state;
	guest_says(1, "one");
	for (int i = 0; i < 5; i++) {
		int fd = open_terminal(guest);

		assert_true(guest->pty.open);
		if (i % 2)
			expect_text(fd, "one");
		close(fd);
		world_run();
		assert_false(guest->pty.open);
		assert_true(guest->pty.source.fd >= 0);
	}
	guest_says(1, "two");
	int fd = open_terminal(guest);

	expect_text(fd, "onetwo");
	close(fd);
}

static void test_two_at_once(void **state)
{
	struct console_guest *guest = world_guest(1, "g");
	int a = open_terminal(guest), b = open_terminal(guest);

	(void)state;
	close(a);
	guest_says(1, "x");
	expect_text(b, "x");
	close(b);
}

/* Nobody reads: neither guest nor daemon waits, and the gap is told of. */
static void test_flood(void **state)
{
	struct console_guest *guest = world_guest(1, "g");
	int fd = open_terminal(guest);
	char line[1001], data[4096];
	bool told = false;
	ssize_t count;

	(void)state;
	memset(line, 'x', 1000);
	line[1000] = '\0';
	for (int i = 0; i < 400; i++) {
		fake_guest_write(1, line, 1000);
		fake_guest_notify(1);
		guest->budget = (struct budget){0};
		server_take_events(&server);
		server_round(&server, loop_now_ms());
	}
	assert_int_equal(fake->domains[1].page.ring.out_prod, fake->domains[1].page.ring.out_cons);
	assert_true(guest->pty.position < guest->output.end);
	for (int i = 0; i < 10000 && guest->pty.position < guest->output.end; i++) {
		count = read(fd, data, sizeof(data) - 1);
		if (count > 0) {
			data[count] = '\0';
			told |= strstr(data, "are missing here]") != NULL;
			world_run();
		} else {
			give_time();
		}
	}
	assert_int_equal(guest->pty.position, guest->output.end);
	assert_true(told);
	close(fd);
}

/* A guest that takes nothing: what is typed waits in the terminal, and goes on later. */
static void test_input_waits(void **state)
{
	struct console_guest *guest = world_guest(1, "g");
	int fd = open_terminal(guest);
	size_t typed = 0, taken = 0;
	ssize_t count = 1;
	char data[512];

	(void)state;
	memset(data, 'k', sizeof(data));
	for (int i = 0; i < 10000 && (count > 0 || console_guest_room(guest)); i++) {
		count = write(fd, data, sizeof(data));
		typed += count > 0 ? (size_t)count : 0;
		give_time();
	}
	assert_true(typed >= GUEST_INPUT_MAX + CONSOLE_RING_IN);
	assert_int_equal(console_guest_room(guest), 0);
	assert_false(guest->pty.source.events & EPOLLIN); /* or the loop would spin */
	for (int i = 0; i < 10000 && taken < typed; i++) {
		taken += fake_guest_read(1, data, sizeof(data));
		fake_guest_notify(1);
		give_time();
	}
	assert_int_equal(taken, typed);
	close(fd);
}

static void test_death(void **state)
{
	struct console_guest *guest = world_guest(1, "g");
	int fd = open_terminal(guest);
	char path[PTY_PATH_MAX];

	(void)state;
	strcpy(path, guest->pty.path);
	fake_guest_write(1, "last words", 10);
	server_guest_died(&server, guest, 0);
	assert_int_equal(write(fd, "x", 1), 1); /* is dropped */
	expect_text(fd, "last words");
	for (int i = 0; i < 100 && guest->pty.source.fd >= 0; i++) {
		world_run();
		usleep(PTY_LINGER_MS * 1000 / 50);
	}
	assert_int_equal(guest->pty.source.fd, -1);
	assert_true(read(fd, path, 1) <= 0); /* hung up */
	close(fd);
	guest = world_guest(2, "h"); /* nobody has it open: gone at once */
	server_guest_died(&server, guest, 0);
	world_run();
	assert_int_equal(guest->pty.source.fd, -1);
}

static void test_broken_ring(void **state)
{
	struct console_guest *guest = world_guest(1, "g");
	int fd = open_terminal(guest);

	(void)state;
	fake->domains[1].page.ring.out_prod += 5000;
	fake_guest_notify(1);
	world_run();
	assert_int_equal(guest->state, CONSOLE_BROKEN);
	assert_int_equal(write(fd, "x", 1), 1);
	world_run();
	assert_int_equal(guest->typed, 0);
	close(fd);
	world_run();
}

static void test_no_terminals(void **state)
{
	struct console_guest *guest;

	(void)state;
	pty_exit(&server);
	guest = world_guest(1, "g");
	assert_int_equal(guest->pty.source.fd, -1);
	guest_says(1, "all the same");
	assert_int_equal(guest->output.end, 12);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_both_ways),   TEST(test_one_after_the_other), TEST(test_two_at_once),
		TEST(test_flood),       TEST(test_input_waits),         TEST(test_death),
		TEST(test_broken_ring), TEST(test_no_terminals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
