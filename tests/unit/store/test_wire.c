/* SPDX-License-Identifier: ISC */
/* Strings, paths and numbers of messages; and messages that come in pieces. */
#include "world.h"

static void test_strings(void **state)
{
	const char *strings[2];

	(void)state;
	assert_int_equal(wire_strings("", 0, strings, 2), 0);
	assert_int_equal(wire_strings("abc", 3, strings, 2), 0);
	assert_int_equal(wire_strings("abc", 4, strings, 2), 1);
	assert_string_equal(strings[0], "abc");
	assert_int_equal(wire_strings("a\0b\0c\0rest", 10, strings, 2), 3);
	assert_string_equal(strings[1], "b");
}

static int check(const char *text, bool special, const char *expected)
{
	struct path path;
	bool relative;
	int ret = wire_path(text, strlen(text), "/local/domain/3", 2048, special, &path, &relative);

	if (expected) {
		assert_int_equal(ret, 0);
		assert_string_equal(path.text, expected);
		assert_int_equal(path.len, strlen(expected));
		assert_int_equal(path.hash, path_hash(PATH_HASH, expected, strlen(expected)));
		assert_int_equal(relative, text[0] != '/' && text[0] != '@');
	}
	return ret;
}

static void test_paths(void **state)
{
	static const char *const bad[] = {"",     "//",  "/a/", "/a//b", "a/", "/a b",
					  "/a.b", "/a!", "/\n", "a//b",  "@x", "/\xc3\xa4"};
	static const char *const bad_special[] = {"@a/", "@a//b", "@a b", "@a\n"};

	(void)state;
	check("/", false, "/");
	check("/a", false, "/a");
	check("/A-z_0@/b", false, "/A-z_0@/b");
	check("name", false, "/local/domain/3/name");
	check("a/b", false, "/local/domain/3/a/b");
	check("@releaseDomain", true, "@releaseDomain");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(check(bad[i], false, NULL), -EINVAL);
	for (size_t i = 0; i < sizeof(bad_special) / sizeof(bad_special[0]); i++)
		assert_int_equal(check(bad_special[i], true, NULL), -EINVAL);
}

/* A path of so many letters behind a prefix. */
static int check_long(const char *prefix, size_t letters)
{
	static char text[8192];
	size_t len = strlen(prefix);

	memcpy(text, prefix, len);
	memset(text + len, 'x', letters);
	text[len + letters] = '\0';
	return check(text, false, NULL);
}

static void test_path_lengths(void **state)
{
	(void)state;
	assert_int_equal(check_long("/", 2047), 0);
	assert_int_equal(check_long("/", 2048), -EINVAL);
	/* What is in front of a domain's own part does not count. */
	assert_int_equal(check_long("/local/domain/7/", 2048), 0);
	assert_int_equal(check_long("/local/domain/7/", 2049), -EINVAL);
	assert_int_equal(check_long("/local/domain/123456/", 2040), -EINVAL);
	assert_int_equal(check_long("", 2048), 0);
	assert_int_equal(check_long("", 2049), -EINVAL);
	assert_int_equal(check_long("", 4000), -EINVAL);
	for (size_t letters = 0; letters < 4200; letters += 13)
		check_long("/local/domain/", letters);
}

/* Three requests; whatever the pieces, the answers are the same. */
static size_t make_stream(char *stream)
{
	static const struct {
		uint32_t type;
		const char *data;
		uint32_t len;
	} requests[] = {
		{XS_WRITE, "/split\0value", 12}, {XS_READ, "/split", 7}, {XS_RM, "/split", 7}};
	size_t len = 0;

	for (size_t i = 0; i < 3; i++) {
		struct xsd_sockmsg head = {requests[i].type, (uint32_t)i, 0, requests[i].len};

		memcpy(stream + len, &head, sizeof(head));
		memcpy(stream + len + sizeof(head), requests[i].data, requests[i].len);
		len += sizeof(head) + requests[i].len;
	}
	return len;
}

static void expect_answers(struct client *client)
{
	store_end_turn(&world);
	assert_int_equal(next_message(client), XS_WRITE);
	assert_int_equal(next_message(client), XS_READ);
	assert_string_equal(client->answer, "value");
	assert_int_equal(next_message(client), XS_RM);
	assert_int_equal(next_message(client), -1);
}

static void test_every_split(void **state)
{
	struct client *client = client_open(0);
	char stream[256];
	size_t len = make_stream(stream);

	(void)state;
	for (size_t first = 0; first <= len; first++) {
		size_t used = conn_take(&client->conn, stream, first);

		assert_true(used <= first);
		assert_int_equal(conn_take(&client->conn, stream + used, len - used), len - used);
		expect_answers(client);
	}
	client_close(client);
}

static void test_too_long(void **state)
{
	struct client *client = client_open(3);
	struct xsd_sockmsg head = {XS_READ, 1, 0, XENSTORE_PAYLOAD_MAX + 1};

	(void)state;
	conn_take(&client->conn, (const char *)&head, sizeof(head));
	store_end_turn(&world);
	assert_true(client->cut);
	client_close(client);
}

/* Any type, any data: an answer for each, and the store stays whole. */
static void test_nonsense(void **state)
{
	struct client *client = client_open(0), *guest = client_open(3);
	char data[64];

	(void)state;
	random_seed(5);
	for (int i = 0; i < 20000; i++) {
		uint32_t type = random_below(26), len = random_below(sizeof(data));

		for (uint32_t k = 0; k < len; k++)
			data[k] = "/ab\0\0T@0123"[random_below(11)];
		ask(random_below(2) ? client : guest, type, random_below(4) ? 0 : random_below(50),
		    data, len);
	}
	assert_int_equal(check_store(&world), 0);
	client_close(client);
	client_close(guest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_path_lengths),
		cmocka_unit_test_setup_teardown(test_every_split, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_too_long, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_nonsense, world_open, world_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
