/* SPDX-License-Identifier: ISC */
/* Tells a guest's clients, and the log, what a turn of the guest has brought. */
#include "server.h"

#include "daemon/daemon.h"

#include <stdio.h>
#include <string.h>

/*
 * Advancing a client handles its requests, which may add and drop guests: that is for the end of
 * the round, when no list is being walked.
 */
static void mark_due(struct console_server *server, struct console_guest *guest)
{
	pty_advance(guest);
	for (struct console_conn *conn = server->conns; conn; conn = conn->next)
		if (conn->guest == guest)
			conn->due = true;
}

static void notice_all(struct console_server *server, const struct console_guest *guest,
		       const char *text)
{
	for (struct console_conn *conn = server->conns; conn; conn = conn->next)
		if (conn->guest == guest)
			conn_notice(conn, text);
}

static void report_log(struct console_server *server, struct console_guest *guest, unsigned did)
{
	char text[CONSOLE_TEXT_MAX + 1];

	if (did & GUEST_LOG_FAILED)
		snprintf(text, sizeof(text),
			 "the log file of guest %s cannot be written: %s; its console goes on "
			 "without it",
			 guest->name, strerror(guest->log_error));
	else
		snprintf(text, sizeof(text),
			 "the log file of guest %s is written again; it lacks %llu bytes",
			 guest->name, (unsigned long long)guest->log_lost);
	daemon_log("%s", text);
	notice_all(server, guest, text);
}

void server_report_turn(struct console_server *server, struct console_guest *guest, unsigned did)
{
	char text[CONSOLE_TEXT_MAX + 1];

	if (did & (GUEST_LOG_FAILED | GUEST_LOG_HEALTHY))
		report_log(server, guest, did);
	if (did & GUEST_BROKE) {
		snprintf(text, sizeof(text),
			 "guest %s (domain %u) broke its console ring; the guest runs on without a "
			 "console",
			 guest->name, guest->add.domid);
		daemon_log("%s", text);
		notice_all(server, guest, text);
	}
	if ((did & (GUEST_OUTPUT | GUEST_TAKEN | GUEST_BROKE)) == 0)
		return;
	mark_due(server, guest);
}
