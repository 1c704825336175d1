/* SPDX-License-Identifier: ISC */
/*
 * What other tools ask of the monitor daemon (plinth-monitord), which carries out on_poweroff,
 * on_reboot, on_crash and on_watchdog after the tool that created the guest is gone.
 *
 * Calls, errors and reports are as in clients/console_client.h: 0 or a negative errno with one
 * sentence; -ECONNREFUSED: no daemon runs; sock NULL: MONITOR_SOCKET.
 */
#ifndef PLINTH_MONITOR_CLIENT_H
#define PLINTH_MONITOR_CLIENT_H

#include "base/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MONITOR_SOCKET     "/run/plinth/monitord.sock"
#define MONITOR_LOG        "/var/log/plinth/monitord.log"
#define MONITOR_TIMEOUT_MS 10000
#define MONITOR_LOOK_MS    2000 /* the limit of what only shows */
#define MONITOR_NAME_MAX   63
#define MONITOR_TEXT_MAX   511          /* bytes of a sentence */
#define MONITOR_CONFIG_MAX (128 * 1024) /* bytes of the config text */

/* What to do with a guest that has shut down. */
enum monitor_action {
	MONITOR_DESTROY,        /* "destroy" */
	MONITOR_RESTART,        /* "restart": destroy it, create it again from its config */
	MONITOR_PRESERVE,       /* "preserve": leave it as it is, for a post-mortem */
	MONITOR_RENAME_RESTART, /* "rename-restart": preserve under another name, create it again */
	MONITOR_ACTION_COUNT
};

/* Which way it went: the index of monitor_guest.on[]. */
enum monitor_event {
	MONITOR_ON_POWEROFF, /* SHUTDOWN_poweroff 0; default destroy */
	MONITOR_ON_REBOOT,   /* SHUTDOWN_reboot 1; default restart */
	MONITOR_ON_CRASH,    /* SHUTDOWN_crash 3; default destroy */
	MONITOR_ON_WATCHDOG, /* SHUTDOWN_watchdog 4; default destroy */
	MONITOR_EVENT_COUNT
};

struct monitor_guest {
	uint32_t domid;
	uint8_t uuid[16];
	const char *name;   /* 1..MONITOR_NAME_MAX bytes */
	const char *config; /* the whole config text, overrides of the command line appended */
	size_t config_size; /* bytes, 1..MONITOR_CONFIG_MAX */
	enum monitor_action on[MONITOR_EVENT_COUNT];
};

/* "destroy" and so on; "?" when out of range */
const char *monitor_action_name(enum monitor_action action);

/*
 * Register a new guest before it is unpaused. From then on its end is the daemon's business: the
 * domain is destroyed or re-created as on[] says. A guest under the same uuid replaces the older
 * record (that is how a re-created guest comes in).
 */
int monitor_client_register(const char *sock, const struct monitor_guest *guest,
			    struct report *report);

/*
 * Take a guest out of the daemon's hands, before destroying it on purpose: its end starts nothing.
 * -ENOENT: not known (harmless). A pending re-creation of this guest is called off too.
 */
int monitor_client_forget(const char *sock, uint32_t domid, const uint8_t uuid[16],
			  struct report *report);

/*
 * Call off the restart of a guest that has no domain at the moment: one that is put off, or under
 * way and not done. -ENOENT: none such is pending under this name; its domain may be there again.
 */
int monitor_client_call_off(const char *sock, const char *name, struct report *report);

/* A guest that has ended and is to be created again. It has no domain, or not yet. */
struct monitor_pending {
	uint8_t uuid[16];
	bool working;    /* it is being created right now */
	uint32_t tries;  /* quick deaths and failed creations in a row */
	uint32_t due_ms; /* until the next attempt */
	char name[MONITOR_NAME_MAX + 1];
	char reason[MONITOR_TEXT_MAX + 1]; /* why it is not there yet; "": only the pause */
};

/*
 * The pending restarts, in the order of uuids: the first one after the uuid that *pending has, and
 * all zero is before them all. -ENOENT: there are no more. Waits MONITOR_LOOK_MS at most.
 */
int monitor_client_next(const char *sock, struct monitor_pending *pending, struct report *report);

/* The one of a name, or else of a uuid (NULL: whatever it is). -ENOENT: there is none. */
int monitor_client_find(const char *sock, const char *name, const uint8_t *uuid,
			struct monitor_pending *pending);

/* "its restart is pending: attempt 4 is in 8 s (REASON)" */
#define MONITOR_PENDING_TEXT (MONITOR_TEXT_MAX + 160)
char *monitor_pending_text(const struct monitor_pending *pending, char text[MONITOR_PENDING_TEXT]);

/* For the daemon's worker: why the guest of this uuid could not be created again. */
int monitor_client_explain(const char *sock, const uint8_t uuid[16], const char *sentence);

#endif
