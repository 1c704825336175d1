/* SPDX-License-Identifier: ISC */
/*
 * The monitor daemon's socket protocol, version 1: frames (base/frame.h) over a Unix stream
 * socket; one request a connection, one answer, then the daemon hangs up.
 *
 *   REGISTER  u32 domid, u8 uuid[16], u32 on[4] (enum monitor_action by enum monitor_event),
 *             string name, u32 count, count bytes of config text      OK or ERROR
 *   FORGET    u32 domid, u8 uuid[16]                                  OK or ERROR
 *   CALL_OFF  string name                                             OK or ERROR
 *   EXPLAIN   u8 uuid[16], string sentence: why its restart failed    OK or ERROR
 *   NEXT      u8 uuid[16]: the first one with a pending restart       PENDING or OK (no more)
 *             whose uuid is greater
 *   OK -      ERROR s32 errno (negative), string sentence
 *   PENDING   u8 uuid[16], u32 working, u32 tries, u32 due_ms, string name, string reason
 *
 * A RECORD is no message: it is what the daemon's state files hold. u32 state, u32 action,
 * u32 quick_deaths, u64 started_ms, then as REGISTER, then string reason (daemons of before this
 * was kept have written none).
 */
#ifndef PLINTH_MONITOR_PROTOCOL_H
#define PLINTH_MONITOR_PROTOCOL_H

#include "base/frame.h"
#include "monitor_client.h"

#define MONITOR_VERSION   1
#define MONITOR_FRAME_MAX (MONITOR_CONFIG_MAX + 1024) /* bytes of data */

enum monitor_message {
	MONITOR_REGISTER = 1,
	MONITOR_FORGET,
	MONITOR_CALL_OFF,
	MONITOR_EXPLAIN,
	MONITOR_NEXT,
	MONITOR_OK = 64,
	MONITOR_ERROR,
	MONITOR_PENDING,
	MONITOR_RECORD = 128,
};

struct monitor_guest_at { /* which guest */
	uint32_t domid;
	uint8_t uuid[16];
};

/* What a state file holds beside the guest. */
struct monitor_progress {
	uint32_t state;        /* enum record_state */
	uint32_t action;       /* enum monitor_action */
	uint32_t quick_deaths; /* struct guard */
	int64_t started_ms; /* CLOCK_MONOTONIC: outlives the daemon, and /run does not outlive it */
	char reason[MONITOR_TEXT_MAX + 1]; /* why it is not restarted yet; "": it is not said */
};

struct monitor_reason {
	uint8_t uuid[16];
	char sentence[MONITOR_TEXT_MAX + 1];
};

/* Each returns the size of the whole frame, or -EMSGSIZE. */
ssize_t monitor_put_register(void *buffer, size_t size, const struct monitor_guest *guest);
ssize_t monitor_put_forget(void *buffer, size_t size, const struct monitor_guest_at *at);
ssize_t monitor_put_call_off(void *buffer, size_t size, const char *name);
ssize_t monitor_put_explain(void *buffer, size_t size, const struct monitor_reason *reason);
ssize_t monitor_put_next(void *buffer, size_t size, const uint8_t uuid[16]);
ssize_t monitor_put_pending(void *buffer, size_t size, const struct monitor_pending *pending);
ssize_t monitor_put_record(void *buffer, size_t size, const struct monitor_progress *progress,
			   const struct monitor_guest *guest);
ssize_t monitor_put_error(void *buffer, size_t size, int error, const char *sentence);
ssize_t monitor_put_ok(void *buffer, size_t size);

/*
 * Each returns 0, or -EPROTO when the data is not exactly what the type demands. guest->name points
 * to name and guest->config into the frame (not NUL-terminated) afterwards.
 */
int monitor_get_register(const struct frame *frame, struct monitor_guest *guest,
			 char name[MONITOR_NAME_MAX + 1]);
int monitor_get_forget(const struct frame *frame, struct monitor_guest_at *at);
int monitor_get_call_off(const struct frame *frame, char name[MONITOR_NAME_MAX + 1]);
int monitor_get_explain(const struct frame *frame, struct monitor_reason *reason);
int monitor_get_next(const struct frame *frame, uint8_t uuid[16]);
int monitor_get_pending(const struct frame *frame, struct monitor_pending *pending);
int monitor_get_record(const struct frame *frame, struct monitor_progress *progress,
		       struct monitor_guest *guest, char name[MONITOR_NAME_MAX + 1]);

#endif
