/* SPDX-License-Identifier: ISC */
/* The one-question calls of the console daemon's clients: add, died, forget. */
#include "client_calls.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

/* Send one built request, expect OK. */
static int ask(const char *sock, const void *request, ssize_t size, char *err, size_t err_size)
{
	struct frame_peer peer = console_peer(sock);
	uint8_t buffer[FRAME_HEADER_SIZE + CONSOLE_FRAME_MAX];
	struct frame answer;
	int ret;

	if (!err)
		err_size = 0;
	if (size < 0) {
		snprintf(err, err_size, "the request to %s is too long", peer.daemon);
		return (int)size;
	}
	ret = frame_call(&peer, request, (size_t)size, CONSOLE_ERROR, buffer, &answer, err,
			 err_size);
	if (ret == 0 && answer.type != CONSOLE_OK) {
		snprintf(err, err_size, "%s gave an answer that is no answer", peer.daemon);
		ret = -EPROTO;
	}
	return ret;
}

int console_client_add(const char *sock, const struct console_add *guest, char *err,
		       size_t err_size)
{
	uint8_t request[FRAME_HEADER_SIZE + CONSOLE_FRAME_MAX];

	return ask(sock, request, console_put_add(request, sizeof(request), guest), err, err_size);
}

int console_client_died(const char *sock, uint32_t domid, const uint8_t uuid[16], int reason,
			char *err, size_t err_size)
{
	struct console_died died = {.domid = domid, .reason = reason};
	uint8_t request[FRAME_HEADER_SIZE + 64];

	memcpy(died.uuid, uuid, sizeof(died.uuid));
	return ask(sock, request, console_put_died(request, sizeof(request), &died), err, err_size);
}

int console_client_forget(const char *sock, const char *name, char *err, size_t err_size)
{
	uint8_t request[FRAME_HEADER_SIZE + 2 + CONSOLE_NAME_MAX];
	ssize_t size = console_put_text(request, sizeof(request), CONSOLE_FORGET, name ? name : "");

	return ask(sock, request, size, err, err_size);
}
