/* SPDX-License-Identifier: ISC */
/*
 * A program that is to replace the daemon is asked whether it can; who asked for it is answered by
 * it.
 */
#include "store/state/takeover.h"
#include "world.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[32], script[64];

static int setup(void **state)
{
	strcpy(folder, "/tmp/plinth-store-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(script, sizeof(script), "%s/script", folder);
	world_open(state);
	assert_int_equal(state_open(&world, folder), 0);
	return 0;
}

static int teardown(void **state)
{
	world_close(state);
	unlink(script);
	world_forget(folder);
	return 0;
}

/* ---- the question ---- */

static int check_script(const char *text)
{
	FILE *file = fopen(script, "we");

	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", text);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(script, 0755), 0);
	return takeover_check(script, 1000);
}

static void test_question(void **state)
{
	char text[128];

	(void)state;
	snprintf(text, sizeof(text),
		 "[ \"$*\" = -T ] && echo plinth-stored state 1 %d 99; exec sleep 99",
		 STATE_FORMAT);
	assert_int_equal(check_script(text), 0);
	snprintf(text, sizeof(text), "echo plinth-stored state %d", STATE_FORMAT);
	assert_int_equal(check_script(text), 0);
	assert_int_equal(check_script("echo plinth-stored state 1 99"), -ENOEXEC);
	assert_int_equal(check_script("echo plinth-stored state"), -ENOEXEC);
	assert_int_equal(check_script("echo usage: plinth-stored; exit 2"), -ENOEXEC);
	assert_int_equal(check_script("exec sleep 99"), -ENOEXEC);
	assert_int_equal(check_script("exec yes"), -ENOEXEC);
	assert_int_equal(takeover_check("/bin/true", 1000), -ENOEXEC);
	assert_int_equal(takeover_check("/dev/null", 1000), -EACCES);
	assert_int_equal(takeover_check("/there/is/no/such/file", 1000), -ENOENT);
}

/* What this one says of itself. */
static void test_own_answer(void **state)
{
	char path[64], text[128];
	int out = dup(1), fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/answer", folder);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	fflush(stdout);
	dup2(fd, 1);
	takeover_print();
	fflush(stdout);
	dup2(out, 1);
	close(out);
	close(fd);
	snprintf(text, sizeof(text), "cat %s", path);
	assert_int_equal(check_script(text), 0);
	unlink(path);
}

/* ---- the answer ---- */

static const char request[] = "live-update\0-s";

static void ask_update(int client, uint32_t id)
{
	const struct xsd_sockmsg head = {XS_CONTROL, id, 0, sizeof(request)};

	assert_int_equal(write(client, &head, sizeof(head)), sizeof(head));
	assert_int_equal(write(client, request, sizeof(request)), sizeof(request));
	for (int i = 0; i < 10; i++)
		world_turn();
}

static void expect_answer(int client, uint32_t id, const char *text)
{
	struct xsd_sockmsg head;
	char data[64];

	assert_int_equal(read(client, &head, sizeof(head)), sizeof(head));
	assert_int_equal(head.type, XS_CONTROL);
	assert_int_equal(head.req_id, id);
	assert_int_equal(read(client, data, head.len), strlen(text) + 1);
	assert_string_equal(data, text);
}

static void expect_silence(int client)
{
	char byte;

	assert_true(read(client, &byte, 1) < 0);
}

/* As exec() would: the client's socket goes on, nothing else does. */
static void become_the_next(void)
{
	int fd = conn_socket_fd(world.update.conn), copy = dup(fd);
	int state_fd = state_hand_over(&world);

	assert_true(state_fd >= 0);
	world_stop();
	world_start();
	assert_int_equal(dup2(copy, fd), fd);
	close(copy);
	assert_int_equal(state_take_over(&world, state_fd), 0);
	assert_int_equal(state_open(&world, folder), 1);
	for (int i = 0; i < 10; i++)
		world_turn();
}

static void test_answer_of_the_next(void **state)
{
	int client = world_connect();

	(void)state;
	ask_update(client, 7);
	assert_true(world.restart);
	expect_silence(client);
	become_the_next();
	expect_answer(client, 7, "OK");
	expect_silence(client);
	close(client);
}

static void test_who_asks_goes_away(void **state)
{
	int client = world_connect(), other = world_connect();

	(void)state;
	ask_update(client, 7);
	ask_update(other, 8);
	expect_answer(other, 8, "BUSY");
	close(client);
	for (int i = 0; i < 10; i++)
		world_turn();
	assert_null(world.update.conn);
	close(other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_question),
		TEST(test_own_answer),
		TEST(test_answer_of_the_next),
		TEST(test_who_asks_goes_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
