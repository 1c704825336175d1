/* SPDX-License-Identifier: ISC */
/* The console daemon's rounds: each guest that wants one gets a turn, then its clients. */
#include "server.h"

#include "budget.h"

static void advance_due(struct console_server *server)
{
	struct console_conn *conn = server->conns;

	while (conn) {
		if (!conn->due) {
			conn = conn->next;
			continue;
		}
		conn_advance(conn);
		conn = server->conns; /* its requests may have made others due */
	}
}

void server_take_events(struct console_server *server)
{
	int64_t now = loop_now_ms();
	uint32_t port;

	while (ctrl_evtchn_pending(server->host.evtchn, &port) == 0) {
		struct console_guest *guest = server->guests;

		while (guest && (guest->state != CONSOLE_LIVE || guest->port != port))
			guest = guest->next;
		if (guest)
			console_guest_event(guest, now);
	}
}

/* When it has to be looked at again even if nothing happens; INT64_MAX: not at all. */
static int64_t give_turn(struct console_server *server, struct console_guest *guest, int64_t now_ms)
{
	int64_t due = guest->state == CONSOLE_DEAD ? pty_end(guest, now_ms) : INT64_MAX;

	if (guest->pending || guest->typed != guest->taken) {
		unsigned did = console_guest_turn(&server->host, guest, now_ms);

		if (did & GUEST_MORE)
			due = now_ms;
		else if ((did & GUEST_THROTTLED) && due > budget_next_ms(now_ms))
			due = budget_next_ms(now_ms);
		server_report_turn(server, guest, did);
	}
	guest->awake =
		guest->state == CONSOLE_DEAD || guest->pending || guest->typed != guest->taken;
	return due;
}

int server_round(struct console_server *server, int64_t now_ms)
{
	int64_t due = INT64_MAX;
	bool living = false;

	if (now_ms >= server->check_ms)
		server_check_guests(server);
	for (struct console_guest *guest = server->guests; guest; guest = guest->next) {
		int64_t guest_due = guest->awake ? give_turn(server, guest, now_ms) : INT64_MAX;

		due = guest_due < due ? guest_due : due;
		living |= guest->state != CONSOLE_DEAD;
	}
	advance_due(server);
	if (living && due > server->check_ms)
		due = server->check_ms;
	if (due == INT64_MAX)
		return -1;
	return due > now_ms ? (int)(due - now_ms) : 0;
}
