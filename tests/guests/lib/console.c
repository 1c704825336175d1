/* SPDX-License-Identifier: ISC */
/* Output: console_io when this is dom0, otherwise the PV console ring, otherwise nothing. */

#include "abi.h"

static struct xencons_interface *ring;
static u32 ring_port;
static bool privileged;
static struct lock console_lock;

#define RING_PATIENCE 200000 /* yields: a console daemon that never reads must not hang a test */

void console_init(void)
{
	u64 pfn, port;

	if (!xen_present())
		return;
	privileged = xen_is_dom0();
	if (privileged || xen_get_param(HVM_PARAM_CONSOLE_PFN, &pfn) ||
	    xen_get_param(HVM_PARAM_CONSOLE_EVTCHN, &port) || !pfn)
		return;
	mmu_map_blocks(pfn * PAGE_SIZE & ~(BLOCK_SIZE - 1), BLOCK_SIZE, MMU_NORMAL);
	ring_port = (u32)port;
	ring = (struct xencons_interface *)(pfn * PAGE_SIZE);
}

const char *console_kind(void)
{
	return privileged ? "console_io" : ring ? "ring" : "none";
}

static void ring_notify(void)
{
	struct evtchn_send send = {.port = ring_port};

	xen_event_op(EVTCHNOP_send, &send);
}

static bool ring_wait_room(void)
{
	for (unsigned n = 0; n < RING_PATIENCE; n++) {
		u32 cons = __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE);

		if (ring->out_prod - cons < sizeof(ring->out))
			return true;
		if (n % 64 == 0)
			ring_notify();
		guest_yield();
	}
	return false;
}

static void ring_put(char c)
{
	if (!ring_wait_room())
		return;
	ring->out[ring->out_prod & (sizeof(ring->out) - 1)] = c;
	/* partner: the console daemon reads out_prod before the bytes below it */
	__atomic_store_n(&ring->out_prod, ring->out_prod + 1, __ATOMIC_RELEASE);
}

static void ring_write(const char *text, size_t length)
{
	for (size_t n = 0; n < length; n++) {
		if (text[n] == '\n')
			ring_put('\r');
		ring_put(text[n]);
	}
	ring_notify();
}

void console_write(const char *text, size_t length)
{
	u64 daif = SYSREG_READ(daif);

	IRQ_OFF(); /* an interrupt hook that prints must not wait for the lock that it interrupted
		    */
	lock_acquire(&console_lock);
	if (privileged)
		xen_console_io(CONSOLEIO_write, length, text);
	else if (ring)
		ring_write(text, length);
	lock_release(&console_lock);
	SYSREG_WRITE(daif, daif);
}
