/* SPDX-License-Identifier: ISC */
/* Frames and messages of both daemons: there and back, cut short at every byte, and with lies in
 * them. */
#include "unit.h"

#include "clients/console_protocol.h"
#include "clients/monitor_protocol.h"

#include <errno.h>

static uint8_t buffer[FRAME_HEADER_SIZE + MONITOR_FRAME_MAX];

static const struct console_add add = {
	.domid = 7,
	.uuid = {1, 2, 3, [15] = 0xff},
	.name = "web-1",
	.ring_gfn = 0x123456789a,
	.guest_port = 3,
	.flags = CONSOLE_ADD_NO_LOG,
	.scrollback = 4096,
	.log_limit = 0x100000000,
};

static struct frame parse(ssize_t size)
{
	struct frame frame;

	assert_true(size > 0);
	assert_int_equal(frame_parse(buffer, (size_t)size, MONITOR_FRAME_MAX, &frame), size);
	return frame;
}

static void test_frame_needs_all_its_bytes(void **state)
{
	ssize_t size = console_put_add(buffer, sizeof(buffer), &add);
	struct frame frame;

	(void)state;
	for (size_t have = 0; have < (size_t)size; have++)
		assert_int_equal(frame_parse(buffer, have, CONSOLE_FRAME_MAX, &frame), 0);
	assert_int_equal(frame_parse(buffer, (size_t)size + 5, CONSOLE_FRAME_MAX, &frame), size);
	assert_int_equal(frame.type, CONSOLE_ADD);
	assert_int_equal(frame.version, CONSOLE_VERSION);
	/* a length that lies is refused as soon as the header is there */
	buffer[3] = 0xff;
	assert_int_equal(frame_parse(buffer, FRAME_HEADER_SIZE, CONSOLE_FRAME_MAX, &frame),
			 -EMSGSIZE);
}

static void test_frame_that_does_not_fit(void **state)
{
	char small[FRAME_HEADER_SIZE + 10];

	(void)state;
	for (size_t size = 0; size < sizeof(small); size++)
		assert_int_equal(console_put_add(small, size, &add), -EMSGSIZE);
}

static void test_add_there_and_back(void **state)
{
	struct frame frame = parse(console_put_add(buffer, sizeof(buffer), &add));
	struct console_add back;
	char name[CONSOLE_NAME_MAX + 1];

	(void)state;
	assert_int_equal(console_get_add(&frame, &back, name), 0);
	assert_int_equal(back.domid, add.domid);
	assert_memory_equal(back.uuid, add.uuid, 16);
	assert_string_equal(back.name, "web-1");
	assert_int_equal(back.ring_gfn, add.ring_gfn);
	assert_int_equal(back.guest_port, add.guest_port);
	assert_int_equal(back.flags, add.flags);
	assert_int_equal(back.scrollback, add.scrollback);
	assert_int_equal(back.log_limit, add.log_limit);
}

/* Every shorter and every longer data is refused, whatever the message. */
static void test_wrong_length(void **state)
{
	struct frame frame = parse(console_put_add(buffer, sizeof(buffer), &add));
	uint32_t right = frame.size;
	struct console_add back;
	struct console_died died;
	struct console_entry entry;
	char name[CONSOLE_NAME_MAX + 1];

	(void)state;
	for (uint32_t size = 0; size <= right + 1; size++) {
		frame.size = size;
		assert_int_equal(console_get_add(&frame, &back, name), size == right ? 0 : -EPROTO);
		assert_true(strlen(name) <= CONSOLE_NAME_MAX);
		assert_int_equal(console_get_died(&frame, &died), size == 24 ? 0 : -EPROTO);
		assert_int_equal(console_get_entry(&frame, &entry), -EPROTO);
	}
}

static void test_string_limits(void **state)
{
	char text[200], back[64];
	struct frame frame;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[63] = '\0';
	frame = parse(console_put_text(buffer, sizeof(buffer), CONSOLE_NOTICE, text));
	assert_int_equal(console_get_text(&frame, back, sizeof(back)), 0);
	assert_string_equal(back, text);
	text[63] = 'a';
	text[64] = '\0';
	frame = parse(console_put_text(buffer, sizeof(buffer), CONSOLE_NOTICE, text));
	assert_int_equal(console_get_text(&frame, back, sizeof(back)), -EPROTO);
	assert_string_equal(back, "");
	frame = parse(console_put_text(buffer, sizeof(buffer), CONSOLE_NOTICE, "abc"));
	buffer[FRAME_HEADER_SIZE + 3] = '\0'; /* a NUL within the string */
	assert_int_equal(console_get_text(&frame, back, sizeof(back)), -EPROTO);
}

static void test_names(void **state)
{
	static const char *const good[] = {"a", "web-1", "A.b_c", "1a", "x:y+z"};
	static const char *const bad[] = {"",     "12",  ".a",  "-a",      "a/b",
					  "../x", "a b", "a\n", "\xc3\xa4"};
	char name[CONSOLE_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(console_name_is_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(console_name_is_valid(bad[i]));
	memset(name, 'n', sizeof(name));
	name[CONSOLE_NAME_MAX] = '\0';
	assert_true(console_name_is_valid(name));
	name[CONSOLE_NAME_MAX] = 'n';
	name[CONSOLE_NAME_MAX + 1] = '\0';
	assert_false(console_name_is_valid(name));
}

static struct monitor_guest monitor_guest = {
	.domid = 9,
	.uuid = {9, 8, 7},
	.name = "db",
	.config = "name = \"db\"\n",
	.config_size = 12,
	.on = {MONITOR_DESTROY, MONITOR_RESTART, MONITOR_PRESERVE, MONITOR_RENAME_RESTART},
};

static void test_monitor_there_and_back(void **state)
{
	const struct monitor_progress progress = {
		.state = 1, .action = 3, .quick_deaths = 4, .started_ms = -5, .reason = "no disk"};
	struct frame frame =
		parse(monitor_put_record(buffer, sizeof(buffer), &progress, &monitor_guest));
	struct monitor_progress back;
	struct monitor_guest guest;
	char name[MONITOR_NAME_MAX + 1];
	uint32_t right = frame.size;

	(void)state;
	assert_int_equal(monitor_get_record(&frame, &back, &guest, name), 0);
	assert_int_equal(back.state, 1);
	assert_int_equal(back.action, 3);
	assert_int_equal(back.quick_deaths, 4);
	assert_int_equal(back.started_ms, -5);
	assert_string_equal(guest.name, "db");
	assert_int_equal(guest.config_size, 12);
	assert_memory_equal(guest.config, monitor_guest.config, 12);
	assert_memory_equal(guest.on, monitor_guest.on, sizeof(guest.on));
	assert_string_equal(back.reason, "no disk");
	/* cut off everywhere; without the reason alone it is one of a daemon that kept none */
	for (frame.size = 0; frame.size < right; frame.size++)
		assert_int_equal(
			monitor_get_record(&frame, &back, &guest, name),
			right - frame.size == sizeof(uint16_t) + strlen("no disk") ? 0 : -EPROTO);
	frame.size = right - (uint32_t)(sizeof(uint16_t) + strlen("no disk"));
	assert_int_equal(monitor_get_record(&frame, &back, &guest, name), 0);
	assert_string_equal(back.reason, "");
}

static void test_pending_there_and_back(void **state)
{
	struct monitor_pending pending = {.uuid = {1, 2}, .working = true, .tries = 3, .due_ms = 4},
			       back;
	struct monitor_reason reason = {.uuid = {5}, .sentence = "why"}, reason_back;
	struct frame frame;
	uint8_t uuid[16];
	uint32_t right;

	(void)state;
	strcpy(pending.name, "db");
	memset(pending.reason, 'r', MONITOR_TEXT_MAX);
	frame = parse(monitor_put_pending(buffer, sizeof(buffer), &pending));
	assert_int_equal(monitor_get_pending(&frame, &back), 0);
	assert_memory_equal(back.uuid, pending.uuid, 16);
	assert_true(back.working);
	assert_int_equal(back.tries, 3);
	assert_int_equal(back.due_ms, 4);
	assert_string_equal(back.name, "db");
	assert_string_equal(back.reason, pending.reason);
	right = frame.size;
	for (frame.size = 0; frame.size < right; frame.size++)
		assert_int_equal(monitor_get_pending(&frame, &back), -EPROTO);
	frame = parse(monitor_put_explain(buffer, sizeof(buffer), &reason));
	assert_int_equal(monitor_get_explain(&frame, &reason_back), 0);
	assert_memory_equal(reason_back.uuid, reason.uuid, 16);
	assert_string_equal(reason_back.sentence, "why");
	frame = parse(monitor_put_next(buffer, sizeof(buffer), pending.uuid));
	assert_int_equal(monitor_get_next(&frame, uuid), 0);
	assert_memory_equal(uuid, pending.uuid, 16);
	frame.size--;
	assert_int_equal(monitor_get_next(&frame, uuid), -EPROTO);
}

static void test_monitor_lies(void **state)
{
	struct frame frame = parse(monitor_put_register(buffer, sizeof(buffer), &monitor_guest));
	uint8_t *action = buffer + FRAME_HEADER_SIZE + 20, *count = action + 16 + 4;
	struct monitor_guest guest;
	char name[MONITOR_NAME_MAX + 1];

	(void)state;
	assert_int_equal(monitor_get_register(&frame, &guest, name), 0);
	*action = MONITOR_ACTION_COUNT;
	assert_int_equal(monitor_get_register(&frame, &guest, name), -EPROTO);
	*action = MONITOR_DESTROY;
	for (unsigned value = 0; value < 256; value++) {
		*count = (uint8_t)value;
		assert_int_equal(monitor_get_register(&frame, &guest, name),
				 value == 12 ? 0 : -EPROTO);
	}
	*count = 12;
	count[3] = 0xff; /* 4 GiB of config */
	assert_int_equal(monitor_get_register(&frame, &guest, name), -EPROTO);
	count[3] = 0;
	count[4] = '\0'; /* a NUL in the config */
	assert_int_equal(monitor_get_register(&frame, &guest, name), -EPROTO);
}

static void test_biggest_config(void **state)
{
	struct monitor_guest big = monitor_guest, guest;
	char *config = malloc(MONITOR_CONFIG_MAX + 1), name[MONITOR_NAME_MAX + 1];
	struct frame frame;

	(void)state;
	memset(config, '#', MONITOR_CONFIG_MAX + 1);
	big.config = config;
	big.config_size = MONITOR_CONFIG_MAX;
	frame = parse(monitor_put_register(buffer, sizeof(buffer), &big));
	assert_int_equal(monitor_get_register(&frame, &guest, name), 0);
	big.config_size++;
	frame = parse(monitor_put_register(buffer, sizeof(buffer), &big));
	assert_int_equal(monitor_get_register(&frame, &guest, name), -EPROTO);
	free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frame_needs_all_its_bytes),
		cmocka_unit_test(test_frame_that_does_not_fit),
		cmocka_unit_test(test_add_there_and_back),
		cmocka_unit_test(test_wrong_length),
		cmocka_unit_test(test_string_limits),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_monitor_there_and_back),
		cmocka_unit_test(test_pending_there_and_back),
		cmocka_unit_test(test_monitor_lies),
		cmocka_unit_test(test_biggest_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
