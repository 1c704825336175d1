/* SPDX-License-Identifier: ISC */
/* What a client may ask of the console daemon: one function a request, one table. */
#include "server.h"

#include "daemon/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void answer_ok(struct console_conn *conn)
{
	uint8_t frame[FRAME_HEADER_SIZE];

	conn_queue(conn, frame, console_put_empty(frame, sizeof(frame), CONSOLE_OK));
}

static int handle_add(struct console_conn *conn, const struct frame *frame)
{
	struct console_add add;
	char name[CONSOLE_NAME_MAX + 1];
	struct report report;
	int ret = console_get_add(frame, &add, name);

	if (ret < 0)
		return ret;
	if (!console_name_is_valid(name)) {
		conn_error(conn, -EINVAL, "\"%s\" cannot be a guest's name on a console", name);
		return 0;
	}
	ret = server_add_guest(conn->server, &add, &report);
	if (ret < 0)
		conn_error(conn, ret, "%s", report.text);
	else
		answer_ok(conn);
	return 0;
}

static int handle_died(struct console_conn *conn, const struct frame *frame)
{
	struct console_died died;
	struct console_guest *guest;
	int ret = console_get_died(frame, &died);

	if (ret < 0)
		return ret;
	guest = server_find_domain(conn->server, died.domid, died.uuid, CONSOLE_KINDS);
	if (!guest) {
		conn_error(conn, -ENOENT, "the console daemon knows no guest in domain %u",
			   died.domid);
		return 0;
	}
	for (; guest;
	     guest = server_find_domain(conn->server, died.domid, died.uuid, CONSOLE_KINDS))
		server_guest_died(conn->server, guest, died.reason);
	answer_ok(conn);
	return 0;
}

static int handle_forget(struct console_conn *conn, const struct frame *frame)
{
	char name[CONSOLE_NAME_MAX + 1];
	int ret = console_get_text(frame, name, sizeof(name));

	if (ret < 0)
		return ret;
	if (server_forget(conn->server, name[0] ? name : NULL) == 0 && name[0])
		conn_error(conn, -ENOENT, "no output of a dead guest called %s is kept", name);
	else
		answer_ok(conn);
	return 0;
}

static unsigned count_clients(const struct console_server *server,
			      const struct console_guest *guest)
{
	unsigned count = 0;

	for (const struct console_conn *conn = server->conns; conn; conn = conn->next)
		count += conn->guest == guest;
	return count;
}

static int handle_list(struct console_conn *conn, const struct frame *frame)
{
	uint8_t buffer[FRAME_HEADER_SIZE + 256];

	if (frame->size != 0)
		return -EPROTO;
	for (struct console_guest *guest = conn->server->guests; guest; guest = guest->next) {
		struct console_entry entry = {
			.domid = guest->add.domid,
			.kind = guest->add.kind,
			.state = guest->state,
			.clients = count_clients(conn->server, guest),
			.output = guest->output.end,
		};

		snprintf(entry.name, sizeof(entry.name), "%s", guest->name);
		conn_queue(conn, buffer, console_put_entry(buffer, sizeof(buffer), &entry));
	}
	answer_ok(conn);
	return 0;
}

/* Only of guests that live: the last words of a dead one are in its output. */
static int handle_next(struct console_conn *conn, const struct frame *frame)
{
	uint8_t buffer[FRAME_HEADER_SIZE + sizeof(struct console_note)];
	const struct console_guest *first = NULL;
	struct console_note note;
	uint32_t after;
	int ret = console_get_u32(frame, &after);

	if (ret < 0)
		return ret;
	for (const struct console_guest *guest = conn->server->guests; guest; guest = guest->next)
		if (*guest->panic.text && guest->state != CONSOLE_DEAD &&
		    guest->add.domid > after && (!first || guest->add.domid < first->add.domid))
			first = guest;
	if (!first) {
		answer_ok(conn);
		return 0;
	}
	note = (struct console_note){.domid = first->add.domid};
	memcpy(note.uuid, first->add.uuid, sizeof(note.uuid));
	strcpy(note.panic, first->panic.text);
	conn_queue(conn, buffer, console_put_note(buffer, sizeof(buffer), &note));
	return 0;
}

static void answer_opened(struct console_conn *conn, const struct console_guest *guest)
{
	uint8_t buffer[FRAME_HEADER_SIZE + 256];
	struct console_opened opened = {.domid = guest->add.domid, .state = guest->state};

	memcpy(opened.uuid, guest->add.uuid, sizeof(opened.uuid));
	snprintf(opened.name, sizeof(opened.name), "%s", guest->name);
	conn_queue(conn, buffer, console_put_opened(buffer, sizeof(buffer), &opened));
}

static int handle_open(struct console_conn *conn, const struct frame *frame)
{
	struct console_open open;
	struct report report;
	struct console_guest *guest;
	int ret = console_get_open(frame, &open);

	if (ret < 0 || conn->guest)
		return -EPROTO;
	server_check_guests(conn->server);
	guest = server_find_guest(conn->server, open.guest, open.kind);
	if (!guest)
		ret = server_adopt(conn->server, open.guest, open.kind, &guest, &report);
	if (ret < 0) {
		conn_error(conn, ret, "%s", report.text);
		return 0;
	}
	answer_opened(conn, guest);
	conn->guest = guest;
	conn->read_only = (open.flags & CONSOLE_OPEN_READ_ONLY) != 0;
	conn->position = open.flags & CONSOLE_OPEN_NO_REPLAY ? guest->output.end
							     : scrollback_start(&guest->output);
	conn->replay_end = guest->output.end;
	if (guest->state == CONSOLE_BROKEN)
		conn_notice(conn, "this guest broke its console ring: nothing new will come");
	return 0;
}

static int handle_input(struct console_conn *conn, const struct frame *frame)
{
	struct console_guest *guest = conn->guest;
	int ret;

	if (!guest || conn->read_only || frame->size == 0 || frame->size > CONSOLE_INPUT_MAX)
		return -EPROTO;
	if (guest->state != CONSOLE_LIVE)
		return 0; /* the client learns of it by ENDED or NOTICE */
	if (console_guest_room(guest) < frame->size)
		return -EAGAIN;
	ret = console_guest_type(guest, frame->data, frame->size);
	if (ret < 0)
		return ret;
	conn->typed += frame->size;
	conn->typed_before = guest->typed;
	return 0;
}

static int (*const handlers[CONSOLE_REQUEST_COUNT])(struct console_conn *, const struct frame *) = {
	[CONSOLE_ADD] = handle_add,       [CONSOLE_DIED] = handle_died,
	[CONSOLE_FORGET] = handle_forget, [CONSOLE_LIST] = handle_list,
	[CONSOLE_OPEN] = handle_open,     [CONSOLE_INPUT] = handle_input,
	[CONSOLE_NEXT] = handle_next,
};

int request_handle(struct console_conn *conn, const struct frame *frame)
{
	int ret;

	if (frame->version != CONSOLE_VERSION) {
		conn_error(conn, -EPROTONOSUPPORT,
			   "this console daemon speaks version %d of its protocol, the client "
			   "version %u",
			   CONSOLE_VERSION, frame->version);
		return -EPROTONOSUPPORT;
	}
	if (frame->type >= CONSOLE_REQUEST_COUNT || !handlers[frame->type])
		ret = -EPROTO;
	else
		ret = handlers[frame->type](conn, frame);
	if (ret < 0 && ret != -EAGAIN)
		conn_error(conn, ret, "the console daemon cannot take request %u: %s", frame->type,
			   strerror(-ret));
	return ret;
}
