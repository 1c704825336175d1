/* SPDX-License-Identifier: ISC */
/* dom0's end of a guest's console ring, which holds whatever the guest wants it to hold. */
#include "ring.h"

#include <errno.h>
#include <string.h>

_Static_assert(offsetof(struct console_ring_page, out) == 1024, "ABI");
_Static_assert(offsetof(struct console_ring_page, in_cons) == 3072, "ABI");
_Static_assert(offsetof(struct console_ring_page, in_prod) == 3076, "ABI");
_Static_assert(offsetof(struct console_ring_page, out_cons) == 3080, "ABI");
_Static_assert(offsetof(struct console_ring_page, out_prod) == 3084, "ABI");
_Static_assert(sizeof(struct console_ring_page) == 3088, "ABI");

/* One read of an index of the guest's; pairs with the guest's barrier between data and index. */
static uint32_t load(const uint32_t *index)
{
	return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

/* Publish an index of ours after the copy that it stands for; pairs with the guest's read barrier.
 */
static void publish(uint32_t *index, uint32_t value)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(index, value, __ATOMIC_RELEASE);
	/* And before the notification that follows, or the guest may miss it and sleep. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Bytes between two free-running indices, where more than size is impossible. */
static ssize_t distance(uint32_t prod, uint32_t cons, uint32_t size)
{
	return prod - cons > size ? -EBADMSG : (ssize_t)(prod - cons);
}

ssize_t console_ring_output(const struct console_ring *ring)
{
	return distance(load(&ring->page->out_prod), ring->out_cons, CONSOLE_RING_OUT);
}

ssize_t console_ring_untaken(const struct console_ring *ring)
{
	return distance(ring->in_prod, load(&ring->page->in_cons), CONSOLE_RING_IN);
}

int console_ring_open(struct console_ring *ring, void *page)
{
	ring->page = page;
	ring->in_prod = load(&ring->page->in_prod);
	ring->out_cons = load(&ring->page->out_cons);
	return console_ring_output(ring) < 0 || console_ring_untaken(ring) < 0 ? -EBADMSG : 0;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

ssize_t console_ring_read(struct console_ring *ring, void *data, size_t size)
{
	ssize_t waiting = console_ring_output(ring);
	size_t start = ring->out_cons % CONSOLE_RING_OUT;
	size_t first;

	if (waiting <= 0)
		return waiting;
	size = smaller(size, (size_t)waiting);
	first = smaller(size, CONSOLE_RING_OUT - start);
	memcpy(data, ring->page->out + start, first);
	memcpy((char *)data + first, ring->page->out, size - first);
	ring->out_cons += (uint32_t)size;
	publish(&ring->page->out_cons, ring->out_cons);
	return (ssize_t)size;
}

ssize_t console_ring_write(struct console_ring *ring, const void *data, size_t size)
{
	ssize_t untaken = console_ring_untaken(ring);
	size_t start = ring->in_prod % CONSOLE_RING_IN;
	size_t first;

	if (untaken < 0)
		return untaken;
	size = smaller(size, CONSOLE_RING_IN - (size_t)untaken);
	if (size == 0)
		return 0;
	first = smaller(size, CONSOLE_RING_IN - start);
	memcpy(ring->page->in + start, data, first);
	memcpy(ring->page->in, (const char *)data + first, size - first);
	ring->in_prod += (uint32_t)size;
	publish(&ring->page->in_prod, ring->in_prod);
	return (ssize_t)size;
}
