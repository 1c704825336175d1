/* SPDX-License-Identifier: ISC */
/* The console ring: wrapping, full, empty, and every kind of impossible index. */
#include "unit.h"

#include "console/ring.h"

#include <errno.h>

static struct console_ring_page page;
static struct console_ring ring;

static int setup(void **state)
{
	(void)state;
	memset(&page, 0, sizeof(page));
	assert_int_equal(console_ring_open(&ring, &page), 0);
	return 0;
}

/* The guest's side, as a kernel does it. */
static void guest_puts(const char *text)
{
	for (; *text; text++)
		page.out[page.out_prod++ % CONSOLE_RING_OUT] = *text;
}

static void test_reads_in_order(void **state)
{
	char data[64];

	(void)state;
	assert_int_equal(console_ring_read(&ring, data, sizeof(data)), 0);
	guest_puts("hello");
	assert_int_equal(console_ring_output(&ring), 5);
	assert_int_equal(console_ring_read(&ring, data, 3), 3);
	assert_memory_equal(data, "hel", 3);
	assert_int_equal(page.out_cons, 3);
	assert_int_equal(console_ring_read(&ring, data, sizeof(data)), 2);
	assert_memory_equal(data, "lo", 2);
	assert_int_equal(page.out_cons, 5);
}

static void test_wraps(void **state)
{
	char data[CONSOLE_RING_OUT];

	(void)state;
	/* free-running indices pass 2^32 as well as the ring's end */
	page.out_prod = page.out_cons = 0xfffffffe;
	page.in_prod = page.in_cons = 0xfffffffd;
	assert_int_equal(console_ring_open(&ring, &page), 0);
	guest_puts("abcdef");
	assert_int_equal(page.out_prod, 4);
	assert_int_equal(console_ring_read(&ring, data, sizeof(data)), 6);
	assert_memory_equal(data, "abcdef", 6);
	assert_int_equal(console_ring_write(&ring, "123456", 6), 6);
	assert_int_equal(page.in_prod, 3);
	assert_int_equal(page.in[CONSOLE_RING_IN - 3], '1');
	assert_int_equal(page.in[0], '4');
	assert_int_equal(page.in[2], '6');
}

static void test_full_ring(void **state)
{
	char data[CONSOLE_RING_OUT + 10];

	(void)state;
	memset(page.out, 'x', sizeof(page.out));
	page.out_prod = CONSOLE_RING_OUT;
	assert_int_equal(console_ring_read(&ring, data, sizeof(data)), CONSOLE_RING_OUT);
	memset(data, 'y', sizeof(data));
	assert_int_equal(console_ring_write(&ring, data, sizeof(data)), CONSOLE_RING_IN);
	assert_int_equal(console_ring_write(&ring, data, 1), 0);
	assert_int_equal(console_ring_untaken(&ring), CONSOLE_RING_IN);
	page.in_cons += 1;
	assert_int_equal(console_ring_write(&ring, data, sizeof(data)), 1);
}

static void test_hostile_indices(void **state)
{
	static const uint32_t evil[] = {CONSOLE_RING_OUT + 1, 0x7fffffff, 0x80000000, 0xffffffff,
					0xfffff7ff};
	char data[16];

	(void)state;
	for (size_t i = 0; i < sizeof(evil) / sizeof(evil[0]); i++) {
		page.out_prod = evil[i];
		assert_int_equal(console_ring_read(&ring, data, sizeof(data)), -EBADMSG);
		assert_int_equal(console_ring_output(&ring), -EBADMSG);
		page.out_prod = 0;
		page.in_cons = evil[i];
		if (0 - evil[i] > CONSOLE_RING_IN)
			assert_int_equal(console_ring_write(&ring, data, sizeof(data)), -EBADMSG);
		page.in_cons = 0;
	}
	assert_int_equal(console_ring_read(&ring, data, sizeof(data)), 0);
	page.in_cons = 1; /* has taken more than there was */
	assert_int_equal(console_ring_write(&ring, data, 1), -EBADMSG);
	assert_int_equal(console_ring_untaken(&ring), -EBADMSG);
}

/* Our two indices are kept privately: what the guest writes there changes nothing. */
static void test_own_indices_are_private(void **state)
{
	char data[16];

	(void)state;
	guest_puts("abc");
	page.out_cons = 0xdeadbeef;
	page.in_prod = 0xdeadbeef;
	assert_int_equal(console_ring_read(&ring, data, sizeof(data)), 3);
	assert_memory_equal(data, "abc", 3);
	assert_int_equal(page.out_cons, 3);
	assert_int_equal(console_ring_write(&ring, "x", 1), 1);
	assert_int_equal(page.in_prod, 1);
	assert_int_equal(page.in[0], 'x');
}

static void test_opening_a_broken_ring(void **state)
{
	(void)state;
	page.out_prod = 5000;
	assert_int_equal(console_ring_open(&ring, &page), -EBADMSG);
	page.out_prod = 0;
	page.in_prod = 1025;
	assert_int_equal(console_ring_open(&ring, &page), -EBADMSG);
	page.in_prod = 1024;
	assert_int_equal(console_ring_open(&ring, &page), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_reads_in_order, setup),
		cmocka_unit_test_setup(test_wraps, setup),
		cmocka_unit_test_setup(test_full_ring, setup),
		cmocka_unit_test_setup(test_hostile_indices, setup),
		cmocka_unit_test_setup(test_own_indices_are_private, setup),
		cmocka_unit_test_setup(test_opening_a_broken_ring, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
