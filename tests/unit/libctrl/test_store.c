/* SPDX-License-Identifier: ISC */
/* The store's client against a small daemon in this process: requests, batches, events, faults. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include <libctrl.h>
#include <public/io/xs_wire.h>

#include "fake_store.h"

struct fixture {
	struct fake_store *f;
	struct ctrl_store *s;
};

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	x->f = fake_store_new();
	assert_int_equal(ctrl_store_open(&x->s), 0);
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	ctrl_store_close(x->s);
	fake_store_delete(x->f);
	free(x);
	return 0;
}

static void sentence_has(const char *words)
{
	if (!strstr(ctrl_error(), words))
		fail_msg("\"%s\" is not in: %s", words, ctrl_error());
}

static void nobody_there(void **state)
{
	struct ctrl_store *s;

	(void)state;
	setenv("XENSTORED_PATH", "/nowhere/socket", 1);
	assert_int_equal(ctrl_store_open(&s), -ENOENT);
	sentence_has("/nowhere/socket");
	sentence_has("is plinth-stored running?");
	unsetenv("XENSTORED_PATH");
	setenv("XENSTORED_RUNDIR", "/nowhere/else", 1);
	assert_int_equal(ctrl_store_open(&s), -ENOENT);
	sentence_has("/nowhere/else/socket");
	unsetenv("XENSTORED_RUNDIR");
	ctrl_store_close(NULL);
}

static void nodes(void **state)
{
	struct fixture *x = *state;
	char *value;
	size_t size;

	assert_int_equal(ctrl_store_write(x->s, 0, "/a/b", "one\0two", 7), 0);
	assert_int_equal(ctrl_store_read(x->s, 0, "/a/b", &value, &size), 0);
	assert_int_equal(size, 7);
	assert_memory_equal(value, "one\0two", 8); /* with a NUL behind it */
	free(value);
	assert_int_equal(ctrl_store_printf(x->s, 0, "/a/c", "%d-%s", 3, "x"), 0);
	assert_string_equal(fake_store_value(x->f, "/a/c"), "3-x");
	assert_int_equal(ctrl_store_mkdir(x->s, 0, "/a/d"), 0);
	assert_int_equal(ctrl_store_read(x->s, 0, "/a/d", &value, NULL), 0);
	assert_string_equal(value, "");
	free(value);

	assert_int_equal(ctrl_store_read(x->s, 0, "/none", &value, NULL), -ENOENT);
	sentence_has("cannot read /none in the store");
	sentence_has("ENOENT");
	assert_int_equal(ctrl_store_remove(x->s, 0, "/a"), 0);
	assert_int_equal(ctrl_store_remove(x->s, 0, "/a"), 0); /* gone is gone */
	assert_null(fake_store_value(x->f, "/a/b"));

	fake_store_fail(x->f, XS_WRITE, "EACCES");
	assert_int_equal(ctrl_store_write(x->s, 0, "/a", "", 0), -EACCES);
	sentence_has("cannot write /a in the store");
	fake_store_fail(x->f, XS_WRITE, "ENOTHINGKNOWN");
	assert_int_equal(ctrl_store_write(x->s, 0, "/a", "", 0), -EIO);
}

static void too_long(void **state)
{
	struct fixture *x = *state;
	char big[CTRL_STORE_MAX_VALUE] = "";

	assert_int_equal(ctrl_store_write(x->s, 0, "/a", big, sizeof(big) - 3), 0);
	assert_int_equal(ctrl_store_write(x->s, 0, "/a", big, sizeof(big) - 2), -E2BIG);
	sentence_has("cannot write /a in the store");
	assert_int_equal(ctrl_store_mkdir(x->s, 0, "/b"), 0); /* the connection lives on */
}

static void lists(void **state)
{
	struct fixture *x = *state;
	char **names, path[64];

	fake_store_put(x->f, "/few/one/below", "");
	fake_store_put(x->f, "/few/two", "");
	fake_store_put(x->f, "/none", "");
	assert_int_equal(ctrl_store_list(x->s, 0, "/few", &names), 2);
	assert_string_equal(names[0], "one");
	assert_string_equal(names[1], "two");
	assert_null(names[2]);
	free(names);
	assert_int_equal(ctrl_store_list(x->s, 0, "/none", &names), 0);
	assert_null(names[0]);
	free(names);
	assert_int_equal(ctrl_store_list(x->s, 0, "/nowhere", &names), -ENOENT);
	sentence_has("cannot list /nowhere in the store");

	for (int i = 0; i < 500; i++) {
		snprintf(path, sizeof(path), "/many/a-rather-long-name-%03d", i);
		fake_store_put(x->f, path, "");
	}
	assert_int_equal(ctrl_store_list(x->s, 0, "/many", &names), 500);
	for (int i = 0; i < 500; i++) {
		snprintf(path, sizeof(path), "a-rather-long-name-%03d", i);
		assert_string_equal(names[i], path);
	}
	free(names);
	fake_store_fail(x->f, XS_DIRECTORY_PART, "EACCES");
	assert_int_equal(ctrl_store_list(x->s, 0, "/many", &names), -EACCES);
}

static void permissions(void **state)
{
	const struct ctrl_store_perm set[] = {{0, CTRL_STORE_NONE},
					      {3, CTRL_STORE_READ},
					      {12345, CTRL_STORE_READ | CTRL_STORE_WRITE}};
	struct fixture *x = *state;
	struct ctrl_store_perm *got;

	fake_store_put(x->f, "/a", "");
	assert_int_equal(ctrl_store_set_perms(x->s, 0, "/a", set, 3), 0);
	assert_string_equal(fake_store_perms(x->f, "/a"), "n0,r3,b12345,");
	assert_int_equal(ctrl_store_get_perms(x->s, 0, "/a", &got), 3);
	assert_memory_equal(got, set, sizeof(set));
	free(got);
	assert_int_equal(ctrl_store_set_perms(x->s, 0, "/a", set, 0), -EINVAL);
	assert_int_equal(ctrl_store_get_perms(x->s, 0, "/none", &got), -ENOENT);
}

static void transactions(void **state)
{
	struct fixture *x = *state;
	uint32_t tx;

	assert_int_equal(ctrl_store_begin(x->s, &tx), 0);
	assert_int_equal(ctrl_store_write(x->s, tx, "/t", "1", 1), 0);
	assert_null(fake_store_value(x->f, "/t"));
	assert_int_equal(ctrl_store_commit(x->s, tx), 0);
	assert_string_equal(fake_store_value(x->f, "/t"), "1");

	assert_int_equal(ctrl_store_begin(x->s, &tx), 0);
	assert_int_equal(ctrl_store_write(x->s, tx, "/t", "2", 1), 0);
	assert_int_equal(ctrl_store_abort(x->s, tx), 0);
	assert_string_equal(fake_store_value(x->f, "/t"), "1");

	fake_store_conflict(x->f, 1);
	assert_int_equal(ctrl_store_begin(x->s, &tx), 0);
	assert_int_equal(ctrl_store_commit(x->s, tx), -EAGAIN);
	sentence_has("others have changed");
}

static void domains(void **state)
{
	struct fixture *x = *state;
	uint64_t gfn;
	uint32_t port;
	char *path;

	assert_int_equal(ctrl_store_is_introduced(x->s, 3), 0);
	assert_int_equal(ctrl_store_introduce(x->s, 3, 0x39001, 2), 0);
	assert_true(fake_store_introduced(x->f, 3, &gfn, &port));
	assert_int_equal(gfn, 0x39001);
	assert_int_equal(port, 2);
	assert_int_equal(ctrl_store_is_introduced(x->s, 3), 1);
	assert_int_equal(ctrl_store_resume(x->s, 3), 0);
	assert_int_equal(ctrl_store_set_target(x->s, 4, 3), 0);
	assert_int_equal(ctrl_store_get_domain_path(x->s, 3, &path), 0);
	assert_string_equal(path, "/local/domain/3");
	free(path);
	assert_int_equal(ctrl_store_release(x->s, 3), 0);
	assert_int_equal(ctrl_store_release(x->s, 3), -ENOENT);
	sentence_has("cannot release domain 3");
}

static void expect_event(struct ctrl_store *s, const char *path, const char *token)
{
	struct ctrl_store_event event;

	assert_int_equal(ctrl_store_next_event(s, 5000, &event), 0);
	assert_string_equal(event.path, path);
	assert_string_equal(event.token, token);
	free(event.path);
}

static void watches(void **state)
{
	struct fixture *x = *state;
	struct ctrl_store_event event;
	struct pollfd waiting = {.fd = ctrl_store_fd(x->s), .events = POLLIN};

	assert_int_equal(ctrl_store_next_event(x->s, 0, &event), -EAGAIN);
	assert_int_equal(ctrl_store_watch(x->s, "/w", "first"), 0);
	assert_int_equal(ctrl_store_watch(x->s, "/w/x", "second"), 0);
	/* events that come between answers wait their turn */
	assert_int_equal(ctrl_store_write(x->s, 0, "/w/x", "1", 1), 0);
	assert_int_equal(ctrl_store_write(x->s, 0, "/v", "1", 1), 0);
	expect_event(x->s, "/w", "first");
	expect_event(x->s, "/w/x", "second");
	expect_event(x->s, "/w/x", "first");
	expect_event(x->s, "/w/x", "second");
	assert_int_equal(ctrl_store_next_event(x->s, 0, &event), -EAGAIN);
	assert_int_equal(poll(&waiting, 1, 0), 0);
	assert_int_equal(ctrl_store_unwatch(x->s, "/w", "first"), 0);
	assert_int_equal(ctrl_store_unwatch(x->s, "/w", "first"), -ENOENT);
	assert_int_equal(ctrl_store_write(x->s, 0, "/w/x", "2", 1), 0);
	expect_event(x->s, "/w/x", "second");
	assert_int_equal(ctrl_store_write(x->s, 0, "/w/x", "3", 1), 0);
	/* and what is not fetched goes with the connection */
}

static void control(void **state)
{
	static const char *const words[] = {"memreport", "now"};
	struct fixture *x = *state;
	char *answer;

	assert_int_equal(ctrl_store_control(x->s, words, 2, &answer), 0);
	assert_string_equal(answer, "memreport");
	free(answer);
	assert_int_equal(ctrl_store_control(x->s, words, 0, &answer), -EINVAL);
}

/* --- batches --- */

static void batch(void **state)
{
	const struct ctrl_store_perm perms[] = {{0, CTRL_STORE_NONE}, {7, CTRL_STORE_READ}};
	struct fixture *x = *state;
	struct ctrl_store_batch *b;
	char *there, *missing;
	unsigned int before;

	fake_store_put(x->f, "/old/below", "1");
	fake_store_put(x->f, "/there", "yes");
	assert_int_equal(ctrl_store_batch_new(x->s, &b), 0);
	ctrl_store_batch_base(b, "/local/domain/%u", 7u);
	ctrl_store_batch_mkdir(b, "");
	ctrl_store_batch_perms(b, "", perms, 2);
	ctrl_store_batch_write(b, "name", "%s", "seven");
	ctrl_store_batch_write(b, "/vm/x", "%d", 42);
	ctrl_store_batch_remove(b, "/old");
	ctrl_store_batch_remove(b, "/never/was");
	ctrl_store_batch_read(b, "/there", &there);
	ctrl_store_batch_read(b, "/missing", &missing);
	assert_int_equal(fake_store_requests(x->f), 0); /* nothing is sent yet */
	assert_int_equal(ctrl_store_batch_commit(b), 0);
	assert_int_equal(fake_store_requests(x->f), 10);
	assert_string_equal(fake_store_value(x->f, "/local/domain/7/name"), "seven");
	assert_string_equal(fake_store_perms(x->f, "/local/domain/7"), "n0,r7,");
	assert_string_equal(fake_store_value(x->f, "/vm/x"), "42");
	assert_null(fake_store_value(x->f, "/old/below"));
	assert_string_equal(there, "yes");
	assert_null(missing);

	/* again, around a conflict: the values are read anew */
	before = fake_store_requests(x->f);
	fake_store_put(x->f, "/there", "changed");
	fake_store_conflict(x->f, 2);
	assert_int_equal(ctrl_store_batch_commit(b), 0);
	assert_int_equal(fake_store_requests(x->f), before + 30);
	assert_string_equal(there, "changed");
	fake_store_conflict(x->f, 100000);
	assert_int_equal(ctrl_store_batch_commit(b), -EAGAIN);
	fake_store_conflict(x->f, 0);
	assert_int_equal(ctrl_store_batch_run(b), 0);
	free(there);
	ctrl_store_batch_free(b);
	ctrl_store_batch_free(NULL);
}

static void batch_failures(void **state)
{
	const struct ctrl_store_perm perms[] = {{0, CTRL_STORE_NONE}};
	struct fixture *x = *state;
	struct ctrl_store_batch *b;

	assert_int_equal(ctrl_store_batch_new(x->s, &b), 0);
	ctrl_store_batch_write(b, "/one", "1");
	ctrl_store_batch_perms(b, "/two", perms, 1);
	ctrl_store_batch_write(b, "/three", "3");
	assert_int_equal(ctrl_store_batch_commit(b), -ENOENT);
	sentence_has("cannot set the permissions of /two in the store");
	assert_null(fake_store_value(x->f, "/one")); /* all or nothing */
	assert_int_equal(ctrl_store_batch_run(b), -ENOENT);
	assert_string_equal(fake_store_value(x->f, "/one"), "1");
	assert_string_equal(fake_store_value(x->f, "/three"), "3");
	ctrl_store_batch_free(b);

	assert_int_equal(ctrl_store_batch_new(x->s, &b), 0);
	ctrl_store_batch_write(b, "/big", "%5000d", 1);
	ctrl_store_batch_write(b, "/small", "1");
	assert_int_equal(ctrl_store_batch_run(b), -E2BIG);
	sentence_has("/big");
	assert_null(fake_store_value(x->f, "/small"));
	ctrl_store_batch_free(b);
}

/* More than the sockets' buffers hold on both ways at once. */
static void big_batch(void **state)
{
	struct fixture *x = *state;
	struct ctrl_store_batch *b;
	char path[64], value[3000], *back[300];

	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	assert_int_equal(ctrl_store_batch_new(x->s, &b), 0);
	for (int i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), "/big/%d", i);
		ctrl_store_batch_write(b, path, "%s%d", value, i);
		ctrl_store_batch_read(b, path, &back[i]);
	}
	assert_int_equal(ctrl_store_batch_run(b), 0);
	for (int i = 0; i < 300; i++) {
		assert_int_equal(atoi(back[i] + sizeof(value) - 1), i);
		free(back[i]);
	}
	ctrl_store_batch_free(b);
}

/* --- a daemon that has lost its mind --- */

static void insane(void **state)
{
	static const struct {
		struct xsd_sockmsg header;
		char data[8];
		size_t size;
		const char *words;
	} cases[] = {
		{{XS_READ, 0, 0, 5000}, "", 16, "too long"},
		{{XS_READ, 77, 0, 0}, "", 16, "something else"},
		{{XS_WRITE, 0, 0, 0}, "", 16, "something else"},
		{{XS_READ, 0, 0, 4}, "ab", 18, "closed"},
		{{XS_WATCH_EVENT, 0, 0, 0}, "", 16, "an event that is none"},
		{{XS_WATCH_EVENT, 0, 0, 4}, "abcd", 20, "an event that is none"},
		{{XS_WATCH_EVENT, 0, 0, 4}, "abc", 20, "without a token"},
		{{XS_READ, 0, 0, 0}, "", 0, "closed"},
	};
	struct fixture *x = *state;
	char *value;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_store_garbage(x->f, &cases[i].header, cases[i].size);
		assert_true(ctrl_store_read(x->s, 0, "/a", &value, NULL) < 0);
		sentence_has("connection to the store daemon");
		sentence_has(cases[i].words);
		/* dead for good, and no waiting for an answer */
		assert_true(ctrl_store_read(x->s, 0, "/a", &value, NULL) < 0);
		ctrl_store_close(x->s);
		assert_int_equal(ctrl_store_open(&x->s), 0);
	}
}

static void unasked(void **state)
{
	const struct xsd_sockmsg answer = {XS_READ, 0, 0, 0};
	struct fixture *x = *state;
	struct ctrl_store_event event;
	char data[64];

	/* an event, then an answer to nothing, both in place of what a watch brings */
	memcpy(data, &answer, sizeof(answer));
	assert_int_equal(ctrl_store_watch(x->s, "/w", "t"), 0);
	expect_event(x->s, "/w", "t");
	fake_store_garbage(x->f, data, sizeof(answer));
	assert_true(ctrl_store_write(x->s, 0, "/w", "", 0) < 0);
	assert_true(ctrl_store_next_event(x->s, 1000, &event) < 0);
	sentence_has("is lost");
}

/* A daemon that hangs: it listens, and that is all. */
static int listen_only(struct sockaddr_un *address, char folder[32], int backlog)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(folder, "/tmp/plinth-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(address->sun_path, sizeof(address->sun_path), "%s/socket", folder);
	assert_int_equal(bind(fd, (struct sockaddr *)address, sizeof(*address)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	setenv("XENSTORED_PATH", address->sun_path, 1);
	return fd;
}

static void stop_listening(int fd, const struct sockaddr_un *address, const char *folder)
{
	unsetenv("XENSTORED_PATH");
	close(fd);
	unlink(address->sun_path);
	rmdir(folder);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void no_answer(void **state)
{
	struct sockaddr_un address;
	struct ctrl_store *s;
	char folder[32], *value;
	int fd = listen_only(&address, folder, 8);
	long begin = now_ms();

	(void)state;
	assert_int_equal(ctrl_store_open(&s), 0);
	ctrl_store_set_timeout(s, 1000);
	assert_int_equal(ctrl_store_read(s, 0, "/a", &value, NULL), -ETIMEDOUT);
	sentence_has("has not answered for 1 seconds: does plinth-stored hang?");
	assert_in_range(now_ms() - begin, 1000, 5000);
	assert_int_equal(ctrl_store_read(s, 0, "/a", &value, NULL), -ETIMEDOUT); /* at once */
	assert_in_range(now_ms() - begin, 1000, 5000);
	ctrl_store_close(s);
	stop_listening(fd, &address, folder);
}

/* With its queue full connect() would wait for ever. */
static void no_room(void **state)
{
	struct sockaddr_un address;
	struct ctrl_store *s;
	char folder[32];
	int fd = listen_only(&address, folder, 0), waiting[4];
	long begin;

	(void)state;
	for (int i = 0; i < 4; i++) {
		waiting[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(waiting[i], (struct sockaddr *)&address, sizeof(address)) < 0)
			assert_true(i > 0 && errno == EAGAIN); /* it is full */
	}
	begin = now_ms();
	assert_int_equal(ctrl_store_open(&s), -ETIMEDOUT);
	sentence_has("has not accepted a connection for 5 seconds: does plinth-stored hang?");
	assert_in_range(now_ms() - begin, 4900, 15000);
	for (int i = 0; i < 4; i++)
		close(waiting[i]);
	stop_listening(fd, &address, folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_there),
		cmocka_unit_test(no_answer),
		cmocka_unit_test(no_room),
		cmocka_unit_test_setup_teardown(nodes, setup, teardown),
		cmocka_unit_test_setup_teardown(too_long, setup, teardown),
		cmocka_unit_test_setup_teardown(lists, setup, teardown),
		cmocka_unit_test_setup_teardown(permissions, setup, teardown),
		cmocka_unit_test_setup_teardown(transactions, setup, teardown),
		cmocka_unit_test_setup_teardown(domains, setup, teardown),
		cmocka_unit_test_setup_teardown(watches, setup, teardown),
		cmocka_unit_test_setup_teardown(control, setup, teardown),
		cmocka_unit_test_setup_teardown(batch, setup, teardown),
		cmocka_unit_test_setup_teardown(batch_failures, setup, teardown),
		cmocka_unit_test_setup_teardown(big_batch, setup, teardown),
		cmocka_unit_test_setup_teardown(insane, setup, teardown),
		cmocka_unit_test_setup_teardown(unasked, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
