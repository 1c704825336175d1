/* SPDX-License-Identifier: ISC */
/* The input: bytes, and what they stand for. */
#include <public/xen.h>
#include "fuzz.h"

static const uint8_t *in;
static size_t left;

void input_set(const uint8_t *data, size_t size)
{
	in = data;
	left = size;
}

bool input_left(void)
{
	return left != 0;
}

uint8_t byte(void)
{
	return left ? (left--, *in++) : 0;
}

uint64_t bytes(unsigned n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | byte();
	return v;
}

domid_t a_domid(void)
{
	uint8_t b = byte();
	const domid_t ids[] = {
		DOMID_SELF, 0, guest_id[0], guest_id[1], DOMID_INVALID, (domid_t)(guest_id[1] + 1)};

	return b < 240 ? ids[b % ARRAY_SIZE(ids)] : (domid_t)bytes(2);
}

/* Where something is in the callers' address spaces, or not. */
uint64_t a_gfn(uint64_t base)
{
	uint8_t b = byte();

	switch (b >> 5) {
	case 0:
	case 1:
		return (base >> PAGE_SHIFT) + b % 32;
	case 2:
		return RAM0 + b % 32;
	case 3:
		return GRANTS + b % 4;
	case 4:
		return (GiB(4) >> PAGE_SHIFT) + b % 8;
	case 5:
		return (GiB(512) >> PAGE_SHIFT) + b % 32;
	case 6:
		return b % 32;
	default:
		return bytes(8);
	}
}

/* Buffers of the caller: a list of frames, anything, the end of its memory, none. */
uint64_t a_handle(uint64_t base)
{
	uint8_t b = byte();
	static const uint64_t places[] = {PAGE_SIZE, PAGE_SIZE, 2 * PAGE_SIZE, 3 * PAGE_SIZE - 8,
					  GUEST_PAGES * PAGE_SIZE - 16};

	if (b < 230)
		return base + places[b % ARRAY_SIZE(places)];
	return b < 240 ? 0 : bytes(8);
}

uint64_t small(void)
{
	uint8_t b = byte();

	return b < 224 ? b % 24 : b < 240 ? ~0ULL : bytes(4);
}
