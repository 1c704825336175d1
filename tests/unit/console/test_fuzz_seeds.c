/* SPDX-License-Identifier: ISC */
/* The fuzzer's body on good messages with made-up damage, the same each time, under the sanitizers.
 */
#include "unit.h"

#include "clients/console_protocol.h"
#include "clients/monitor_protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t seed = 1;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static size_t make_messages(uint8_t *buffer, size_t size)
{
	static const struct console_add add = {
		.domid = 3, .name = "web", .ring_gfn = 5, .guest_port = 1};
	static const struct monitor_guest guest = {
		.domid = 3, .name = "web", .config = "abc\n", .config_size = 4};
	static const struct console_open open = {.guest = "web"};
	static const struct console_entry entry = {.name = "web"};
	ssize_t used = console_put_add(buffer, size, &add);

	used += monitor_put_register(buffer + used, size - (size_t)used, &guest);
	used += console_put_open(buffer + used, size - (size_t)used, &open);
	used += console_put_entry(buffer + used, size - (size_t)used, &entry);
	used += console_put_text(buffer + used, size - (size_t)used, CONSOLE_NOTICE,
				 "123x abc\n 99x\n");
	assert_true(used > 0);
	return (size_t)used;
}

static void test_damaged_messages(void **state)
{
	uint8_t good[1024];
	size_t size = make_messages(good, sizeof(good));

	(void)state;
	LLVMFuzzerTestOneInput(good, size);
	for (int round = 0; round < 20000; round++) {
		size_t cut = draw(8) ? size : draw((uint32_t)size + 1);
		/* of its own size, so that a read past the end is caught */
		uint8_t *bad = malloc(cut ? cut : 1);

		memcpy(bad, good, cut);
		for (uint32_t i = draw(6); cut && i > 0; i--)
			bad[draw((uint32_t)cut)] =
				draw(2) ? (uint8_t)draw(256) : (uint8_t)(draw(2) ? 0xff : 0);
		LLVMFuzzerTestOneInput(bad, cut);
		free(bad);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_damaged_messages)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
