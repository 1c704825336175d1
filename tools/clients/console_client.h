/* SPDX-License-Identifier: ISC */
/*
 * What other tools ask of the console daemon (plinth-consoled): hand it a new guest's console ring,
 * tell it of a death, and be a console on a terminal or in a script.
 *
 * Every call opens its own connection, waits at most CONSOLE_CLIENT_TIMEOUT_MS for the answer and
 * is thread-safe. "sock" may be NULL for CONSOLE_SOCKET. Calls return 0 or a negative errno; on
 * failure the report (NULL: none is wanted) says what failed and what to do. -ECONNREFUSED means
 * that no daemon runs (whatever the cause), -ETIMEDOUT that it does not answer, -EPROTO that
 * something else than a daemon of this version answers.
 */
#ifndef PLINTH_CONSOLE_CLIENT_H
#define PLINTH_CONSOLE_CLIENT_H

#include "base/report.h"

#include <stddef.h>
#include <stdint.h>

#define CONSOLE_SOCKET            "/run/plinth/consoled.sock"
#define CONSOLE_LOG_DIR           "/var/log/plinth/console"
#define CONSOLE_CLIENT_TIMEOUT_MS 10000

#define CONSOLE_NAME_MAX  63         /* bytes of a guest's name, without the NUL */
#define CONSOLE_PORT_FIND UINT32_MAX /* guest_port: read both from the guest's HVM parameters */

/* Exit statuses of console_client_main() and console_client_run(). */
enum console_exit {
	CONSOLE_EXIT_OK = 0,          /* detached, input ended, every --expect matched */
	CONSOLE_EXIT_ERROR = 1,       /* connection lost, a system call failed */
	CONSOLE_EXIT_USAGE = 2,       /* wrong command line, bad regular expression */
	CONSOLE_EXIT_GONE = 3,        /* no such guest, or it died before what was waited for */
	CONSOLE_EXIT_TIMEOUT = 4,     /* --timeout passed before --expect matched */
	CONSOLE_EXIT_UNREACHABLE = 6, /* the daemon does not run */
};

/* A guest has one of each at most. */
enum console_kind {
	CONSOLE_PV,    /* the paravirtual console, hvc0 */
	CONSOLE_VUART, /* an emulated UART */
	CONSOLE_KINDS,
};
extern const char *const console_kind_words[CONSOLE_KINDS]; /* "pv", "vuart" */

#define CONSOLE_ADD_NO_LOG 1u /* keep no log file of this guest */

/* A console of a guest that the daemon shall own. Zero means the default wherever one is named. */
struct console_add {
	uint32_t domid;
	uint8_t uuid[16];  /* the domain's handle; tells a reused domid from the old one */
	const char *name;  /* 1..CONSOLE_NAME_MAX bytes; others attach by it; names the log file */
	uint64_t ring_gfn; /* guest frame of the ring page (HVM_PARAM_CONSOLE_PFN, or the UART's) */
	uint32_t
		guest_port; /* the guest's unbound port (HVM_PARAM_CONSOLE_EVTCHN), remote = dom0 */
	uint32_t flags;     /* CONSOLE_ADD_* */
	uint32_t kind;      /* enum console_kind */
	uint32_t scrollback; /* bytes kept for later attaches; 0: 64 KiB; at most 1 MiB */
	uint64_t log_limit;  /* bytes of the log file before it is rotated once; 0: 1 MiB */
};

/*
 * Call while the guest is paused, after its ring frame and its event channel exist. On return the
 * ring is mapped and the port is bound: not a byte of the guest's output can be lost. A guest that
 * is already there under the same domid, uuid and kind is re-attached (0), or, with
 * CONSOLE_PORT_FIND, only given the name, and keeps its output; the same name held by another
 * living guest is -EEXIST. Other errors are those of the mapping and the binding (-ESRCH, -EINVAL,
 * -EPERM...).
 */
int console_client_add(const char *sock, const struct console_add *guest, struct report *report);

/*
 * Call right after the destroy domctl (and on failure of a half-made guest): the daemon reads what
 * is left in the ring and unmaps it, so that the hypervisor can free the domain; a mapped ring
 * keeps a dying domain alive. The output stays readable under the guest's name. reason is a
 * SHUTDOWN_* number or -1 when it was destroyed. -ENOENT: the daemon does not know this guest
 * (harmless).
 */
int console_client_died(const char *sock, uint32_t domid, const uint8_t uuid[16], int reason,
			struct report *report);

/* What a guest's output tells of its state. */
#define CONSOLE_NOTE_MAX 200 /* bytes of text, without the NUL */
struct console_note {
	uint32_t domid;
	uint8_t uuid[16];
	char panic[CONSOLE_NOTE_MAX + 1]; /* "Kernel panic - not syncing: ...", printable */
};

/*
 * The notes, in the order of domain numbers: the first one after *note's domid, and 0 is before
 * them all. -ENOENT: there are no more. Waits 2 s at most.
 */
int console_client_next_note(const char *sock, struct console_note *note, struct report *report);

/* One step of a script, done in order. */
struct console_step {
	enum { CONSOLE_STEP_EXPECT, CONSOLE_STEP_SEND } kind;
	const char *text; /* EXPECT: a POSIX extended regular expression; SEND: as it is typed */
};

struct console_options {
	const char *sock;  /* NULL: CONSOLE_SOCKET */
	const char *guest; /* a domid or a name; a living guest wins over a dead one */
	enum console_kind kind;
	int read_only; /* never send anything */
	int no_replay; /* do not show what was output before */
	int quiet;     /* no "Connected to..." line */
	int raw;       /* show what was output before as it was, see replay_filter.h */
	const struct console_step *steps; /* a script instead of stdin; NULL: a person or a pipe */
	size_t step_count;
	unsigned timeout_s; /* for each EXPECT, and for a pipe's end; 0: 60 s */
	unsigned settle_s;  /* silence that ends a piped session; 0: 2 s */
};

/*
 * Be a console until it ends; messages go to stderr, the guest's output to stdout. Returns an
 * enum console_exit. The terminal's settings are restored on every way out, signals included.
 */
int console_client_run(const struct console_options *options);

/*
 * The same from a command line, argv[0] being "console":
 *   console [-r] [-n] [-q] [-t pv|vuart] [--expect REGEX | --send TEXT]... [--timeout S]
 *           [--settle S] GUEST
 *   console --list
 * vmctl passes its own arguments on as they are. TEXT knows \r \n \t \e \\ and \xHH.
 *
 * With a terminal as standard input, keys go to the guest and ^] detaches. With anything else, what
 * is read is typed as fast as the guest takes it; after its end the session ends when the guest has
 * taken all of it and has then been silent for the settle time (or, with a guest that is never
 * silent, when the timeout has passed). An input with nothing in it (/dev/null) means to look only:
 * the session ends with the guest, or by a signal. With --expect or --send, standard input is not
 * read.
 */
int console_client_main(int argc, char *const argv[]);
extern const char console_client_usage[];

#endif
