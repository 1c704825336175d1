/* SPDX-License-Identifier: ISC */
/*
 * The monitor's records, one a guest, and what becomes of them.
 *
 *     REGISTER --> WATCHING --shutdown--> WORKING --worker done--> gone (destroyed, preserved)
 *                   ^   |                  |   ^
 *                   |   | domain vanished  |   | due
 *                   |   v                  v   |
 *                   |  gone              WAITING   (restart backed off, or failed and tried again)
 *                   +---- REGISTER by the worker that created the guest anew
 *
 * Destroying and creating take long and may fail in many ways, so a forked worker does them, by the
 * very functions that vmctl uses; it registers the new guest over the daemon's own socket.
 */
#ifndef PLINTH_MONITOR_MONITOR_H
#define PLINTH_MONITOR_MONITOR_H

#include "clients/policy.h"

#include <libctrl.h>

#include <stdbool.h>
#include <sys/types.h>

#define MONITOR_STATE_DIR   "/run/plinth/monitord.d"
#define MONITOR_MAX_WORKERS 4
#define MONITOR_POLL_MS     1000 /* between looks when nobody tells of shutdowns */
#define MONITOR_WATCH_MS    2000 /* when the store reports shutdowns: it may not know every guest */
#define MONITOR_WORK_MS     300000 /* for a worker; the devices of a guest may take 30 s each */
#define MONITOR_CHECK_MS    10000  /* when VIRQ_DOM_EXC does: to be safe */

enum record_state {
	RECORD_WATCHING, /* its domain lives, as far as is known */
	RECORD_WORKING,  /* a worker is at it */
	RECORD_WAITING,  /* its domain is gone; to be created again at due_ms */
};

struct record {
	struct record *next;
	struct monitor_guest guest; /* name and config are the record's own memory */
	enum record_state state;
	struct guard guard;
	int64_t started_ms;         /* when it was registered */
	int64_t due_ms;             /* WAITING: when to create it; WATCHING: do not act before */
	enum monitor_action action; /* what is being done, or was last */
	int delay_ms;               /* pause between destroying and creating */
	int shutdown;               /* the SHUTDOWN_* that it acts on, -1: none */
	pid_t worker;               /* 0: none */
	int64_t kill_ms;            /* when the worker has taken too long */
	bool registered;            /* the worker's new guest has come in */
	bool cancelled;             /* forgotten while a worker was at it */
	char reason[MONITOR_TEXT_MAX + 1]; /* of a restart: why it is not done yet */
};

/* What a worker is to do, in this order; it runs in a process of its own. */
struct work {
	const struct record *record;
	bool destroy; /* the old domain */
	bool rename;  /* keep it under another name */
	bool create;  /* the guest anew */
};

/* How it went: the worker's exit status. */
enum work_result {
	WORK_DONE = 0,
	WORK_KEEP_FAILED = 1, /* destroying or renaming: the old domain is as it was */
	WORK_CREATE_FAILED = 2,
	WORK_KILLED = 3, /* it did not come to its end */
};

struct monitor {
	struct ctrl *ctrl;
	const char *state_dir;
	const char
		*registry; /* whose folder is looked at for what is abandoned; NULL: REGISTRY_DIR */
	const char *console_socket, *monitor_socket;
	struct record *records;
	unsigned workers;
	enum { MONITOR_NOT_TOLD, MONITOR_TOLD_BY_STORE, MONITOR_TOLD_BY_VIRQ } told; /* of ends */
	int64_t check_ms; /* when to look next */

	/* Starts a worker: its process, or a negative errno. */
	pid_t (*start_work)(struct monitor *monitor, const struct work *work);
	/* Tells the console daemon that a domain is gone, without waiting for it. */
	void (*tell_dead)(struct monitor *monitor, const struct record *record);
	/* Ends a worker that takes too long. */
	void (*kill_work)(pid_t worker);
};

/* REGISTER, FORGET and CALL_OFF. 0 or a negative errno with a sentence. */
int monitor_register(struct monitor *monitor, const struct monitor_guest *guest, int64_t now_ms,
		     struct report *report);
int monitor_forget(struct monitor *monitor, uint32_t domid, const uint8_t uuid[16],
		   struct report *report);
int monitor_call_off(struct monitor *monitor, const char *name, struct report *report);

/* EXPLAIN. 0, or -ENOENT with a sentence. */
int monitor_explain(struct monitor *monitor, const uint8_t uuid[16], const char *sentence,
		    struct report *report);

/* NEXT. False: there is none after this uuid. */
bool monitor_next_pending(const struct monitor *monitor, const uint8_t after[16], int64_t now_ms,
			  struct monitor_pending *pending);

/* Look at the domains and act on those that have shut down or vanished. */
void monitor_check(struct monitor *monitor, int64_t now_ms);

/* Starts what is due. Milliseconds until something is due next, -1: nothing is. */
int monitor_run_due(struct monitor *monitor, int64_t now_ms);

/* A worker has ended. */
void monitor_worker_done(struct monitor *monitor, pid_t worker, enum work_result result,
			 int64_t now_ms);

/* After a restart of the daemon: take up the records where they were. */
void monitor_restore(struct monitor *monitor, int64_t now_ms);
void monitor_free(struct monitor *monitor);

/* --- records.c --- */
struct record *record_find(struct monitor *monitor, const uint8_t uuid[16]);
int record_save(const struct monitor *monitor, const struct record *record);
void record_drop(struct monitor *monitor, struct record *record);
/* The guest's record, new or the one found, with what the message says. NULL: no memory. */
struct record *record_obtain(struct monitor *monitor, struct record *found,
			     const struct monitor_guest *guest);
void records_load(struct monitor *monitor);
void record_free(struct record *record);

/* --- worker.c --- */
pid_t worker_start(struct monitor *monitor, const struct work *work);
void worker_tell_dead(struct monitor *monitor, const struct record *record);
void worker_kill(pid_t worker);

/* --- requests.c: a connection, until it is answered; see struct listener --- */
struct loop;
int request_accept(struct monitor *monitor, struct loop *loop, int fd);
void request_close_all(void);

/* Hangs up on clients that do not come to a request. Milliseconds until the next, -1: none. */
int request_drop_idle(int64_t now_ms);

#endif
