/* SPDX-License-Identifier: ISC */
/* One guest's console in the daemon: ring, event channel, scrollback, log file, input on its way.
 */
#ifndef PLINTH_CONSOLE_GUEST_H
#define PLINTH_CONSOLE_GUEST_H

#include "budget.h"
#include "daemon/logfile.h"
#include "panic.h"
#include "clients/console_protocol.h"
#include "pty.h"
#include "ring.h"
#include "scrollback.h"

#include <libctrl.h>

#define GUEST_INPUT_MAX          4096u /* bytes typed that wait for room in the ring */
#define GUEST_SCROLLBACK_DEFAULT (64u * 1024)
#define GUEST_SCROLLBACK_MAX     (1024u * 1024)
#define GUEST_LOG_LIMIT_DEFAULT  (1024u * 1024)
#define GUEST_LOG_LIMIT_MIN      4096u

/* What all guests share. */
struct console_host {
	struct ctrl *ctrl;
	struct ctrl_evtchn *evtchn;
	const char *log_dir;
};

struct console_guest {
	struct console_guest *next;
	char name[CONSOLE_NAME_MAX + 1];
	struct console_add add; /* as given, add.name is name */
	enum console_state state;
	int reason;     /* of the death, -1: destroyed */
	uint64_t death; /* running number of the death, to drop the oldest first */

	void *page; /* NULL unless live */
	struct console_ring ring;
	uint32_t port; /* ours */
	bool pending;  /* an event came and the port is masked since, or there may be output */
	bool awake; /* the next round has to look at it; kept by console_guest.c and that round */

	struct budget budget;
	struct scrollback output;
	struct panic panic;
	struct logfile log;
	bool has_log;
	uint64_t log_lost; /* of the last LOG_HEALTHY */
	int log_error;     /* errno of the last LOG_FAILED */

	struct console_pty pty;

	char *input; /* GUEST_INPUT_MAX bytes once somebody types, NULL before */
	size_t input_used;
	uint64_t typed, taken; /* bytes ever queued, bytes of these that the guest took */
};

/* What came of a turn. */
enum {
	GUEST_OUTPUT = 1,    /* there is new output in the scrollback */
	GUEST_MORE = 2,      /* another turn would read more now */
	GUEST_THROTTLED = 4, /* it has used its slice: a turn in the next one */
	GUEST_BROKE = 8,     /* impossible indices: state is CONSOLE_BROKEN now */
	GUEST_TAKEN = 16,    /* the guest took input: there is room in the queue */
	GUEST_LOG_FAILED = 32,
	GUEST_LOG_HEALTHY = 64,
};

/*
 * Map the ring and bind the channel. 0, or a negative errno with a sentence; on failure nothing is
 * held. A guest whose ring is impossible is -EBADMSG.
 */
int console_guest_attach(const struct console_host *host, struct console_guest *guest,
			 struct report *report);

/* What follows the guest's name where consoles of all kinds are named: "" or "-vuart". */
const char *console_guest_suffix(const struct console_guest *guest);

/* A guest with the defaults filled in and nothing attached; NULL: no memory. */
struct console_guest *console_guest_new(const struct console_add *add);
void console_guest_free(const struct console_host *host, struct console_guest *guest);

/* The kernel told that the port is pending. */
void console_guest_event(struct console_guest *guest, int64_t now_ms);

/* One turn: at most one ring of output, within the budget; input moved on. GUEST_* flags. */
unsigned console_guest_turn(const struct console_host *host, struct console_guest *guest,
			    int64_t now_ms);

/* Room in the input queue; queue size bytes (no more than the room). -ENOMEM when it cannot. */
size_t console_guest_room(const struct console_guest *guest);
int console_guest_type(struct console_guest *guest, const void *data, size_t size);

/* It is gone: take what is left, let go of ring, channel and log. GUEST_* flags. */
unsigned console_guest_die(const struct console_host *host, struct console_guest *guest, int reason,
			   int64_t now_ms);

#endif
