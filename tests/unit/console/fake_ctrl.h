/* SPDX-License-Identifier: ISC */
/*
 * A libctrl that is made up, for the daemons' tests: domains in a table, one ring page each, event
 * channels through pipes. All of it lies in memory that forked processes share.
 */
#ifndef TESTS_UNIT_CONSOLE_FAKE_CTRL_H
#define TESTS_UNIT_CONSOLE_FAKE_CTRL_H

#include "console/ring.h"

#include <libctrl.h>

#define FAKE_DOMAINS   64
#define FAKE_UART      32 /* what is of slot n + this is domain n's second console */
#define FAKE_RING_GFN  0x39000
#define FAKE_UART_GFN  0x39003
#define FAKE_PORT      1 /* the guest's side, of every guest */
#define FAKE_UART_PORT 2
#define FAKE_OUR_PORTS 1000 /* our side of domain n's channel is this + n */

struct fake_domain {
	struct ctrl_domain_info info;
	bool exists, mapped, bound, masked;
	unsigned notified, unmasked, maps;
	union {
		struct console_ring_page ring;
		char page[4096];
	} page;
};

struct fake_ctrl {
	struct fake_domain domains[FAKE_DOMAINS];
	int map_error, bind_error, list_error; /* negative errno: the next calls fail so */
	unsigned lists;
	int event_pipe[2];  /* ports that are pending, u32 each */
	int notify_pipe[2]; /* ports that were notified, u32 each; only when notify_told */
	bool notify_told;
};

extern struct fake_ctrl *fake;

void fake_reset(void); /* fresh state; the first call makes the memory */
struct fake_domain *fake_add_domain(uint32_t domid);
const uint8_t *fake_uuid(uint32_t domid); /* what fake_add_domain() gave it */

/* The guest's side. */
size_t fake_guest_write(uint32_t domid, const void *data,
			size_t size); /* as much as there is room for */
size_t fake_guest_read(uint32_t domid, void *data, size_t size);
void fake_guest_notify(uint32_t domid); /* unless the port is masked */

#endif
