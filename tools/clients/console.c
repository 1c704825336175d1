/* SPDX-License-Identifier: ISC */
/* The one-question calls of the console daemon's clients: add, died, next. */
#include "console_calls.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOOK_MS 2000 /* the limit of what only shows */

struct frame_peer console_peer(const char *sock)
{
	return (struct frame_peer){
		.socket = sock ? sock : CONSOLE_SOCKET,
		.daemon = "plinth-consoled",
		.version = CONSOLE_VERSION,
		.limit = CONSOLE_FRAME_MAX,
		.timeout_ms = CONSOLE_CLIENT_TIMEOUT_MS,
	};
}

static int ask(const char *sock, const void *request, ssize_t size, struct report *report)
{
	struct frame_peer peer = console_peer(sock);

	return frame_ask(&peer, request, size, CONSOLE_OK, CONSOLE_ERROR, report);
}

int console_client_add(const char *sock, const struct console_add *guest, struct report *report)
{
	uint8_t request[FRAME_HEADER_SIZE + CONSOLE_FRAME_MAX];

	return ask(sock, request, console_put_add(request, sizeof(request), guest), report);
}

int console_client_died(const char *sock, uint32_t domid, const uint8_t uuid[16], int reason,
			struct report *report)
{
	struct console_died died = {.domid = domid, .reason = reason};
	uint8_t request[FRAME_HEADER_SIZE + 64];

	memcpy(died.uuid, uuid, sizeof(died.uuid));
	return ask(sock, request, console_put_died(request, sizeof(request), &died), report);
}

int console_client_next_note(const char *sock, struct console_note *note, struct report *report)
{
	uint8_t request[FRAME_HEADER_SIZE + 4], buffer[FRAME_HEADER_SIZE + CONSOLE_FRAME_MAX];
	ssize_t size = console_put_u32(request, sizeof(request), CONSOLE_NEXT, note->domid);
	struct frame_peer peer = console_peer(sock);
	struct frame answer;
	int ret;

	peer.timeout_ms = LOOK_MS;
	ret = frame_call(&peer, request, (size_t)size, CONSOLE_ERROR, buffer, &answer, report);
	if (ret < 0)
		return ret;
	if (answer.type == CONSOLE_OK)
		return -ENOENT;
	ret = answer.type == CONSOLE_NOTE ? console_get_note(&answer, note) : -EPROTO;
	if (ret < 0)
		return report_set(report, ret, "plinth-consoled gave an answer that is no answer");
	return 0;
}
