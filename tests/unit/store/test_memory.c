/* SPDX-License-Identifier: ISC */
/*
 * Memory runs out, at each place where it can: requests fail, the store stays whole, nothing leaks.
 */
#include "world.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static int countdown = -1; /* allocations that still succeed; -1: all */
static bool failed;

static bool runs_out(void)
{
	if (countdown < 0)
		return false;
	if (countdown-- > 0)
		return false;
	failed = true;
	countdown = -1; /* once */
	return true;
}

void *__wrap_malloc(size_t size)
{
	return runs_out() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return runs_out() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return runs_out() ? NULL : __real_realloc(old, size);
}

/* ---- one request of each kind; each may fail, and then has done nothing ---- */

static struct client *client;

static int do_write(void)
{
	return write_text(client, 0, "/m/a/b/c", "value");
}

static int do_overwrite(void)
{
	return write_text(client, 0, "/tool", "value");
}

static int do_mkdir(void)
{
	return ask_text(client, XS_MKDIR, 0, "/m/a");
}

static int do_perms(void)
{
	return set_perms(client, 0, "/tool", "n5 r6 w7 b4");
}

static int do_watch(void)
{
	return ask_two(client, XS_WATCH, 0, "/w/x/y/z", "token");
}

static int do_remove(void)
{
	return ask_text(client, XS_RM, 0, "/tool");
}

static int do_introduce(void)
{
	return store_introduce(&world, 4, 1, 2);
}

static int do_transaction(void)
{
	struct txn *txn;
	int ret = txn_start(&client->conn, 0, &txn);
	uint32_t id;
	int end;

	if (ret < 0)
		return ret;
	id = txn->id;
	ret = write_text(client, id, "/m/t/u", "1");
	if (ret == 0)
		ret = ask_text(client, XS_RM, id, "/tool");
	end = finish(client, id, ret == 0);
	return ret < 0 && end != -EPIPE ? ret : end;
}

static int (*const requests[])(void) = {do_write, do_overwrite, do_mkdir,     do_perms,
					do_watch, do_remove,    do_introduce, do_transaction};

/* The client may be cut off instead of being answered. */
static int run(int (*request)(void), int after)
{
	int ret;

	failed = false;
	countdown = after;
	ret = request();
	countdown = -1;
	return ret;
}

static void test_each_allocation(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		for (int after = 0; after < 200; after++) {
			char *before, *text;
			int ret;

			world_open(state);
			client = client_open(0);
			before = world_text();
			ret = run(requests[i], after);
			text = world_text();
			if (ret < 0) {
				assert_true(failed);
				/*
				 * Without memory for the answer it is done, and the client cut off.
				 */
				if (ret != -EPIPE)
					assert_string_equal(before, text);
			}
			free(before);
			free(text);
			client_close(client);
			world_close(state);
			if (!failed) {
				assert_int_equal(ret, 0);
				break;
			}
			assert_true(after < 199);
		}
	}
}

/* A store that cannot begin leaves nothing behind. */
static void test_beginning(void **state)
{
	int ret = -1;

	(void)state;
	for (int after = 0; ret < 0; after++) {
		countdown = after;
		ret = store_init(&world);
		countdown = -1;
		if (ret == 0)
			store_free(&world);
		assert_true(after < 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation),
		cmocka_unit_test(test_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
