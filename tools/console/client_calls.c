/* SPDX-License-Identifier: ISC */
/* The one-question calls of the console daemon's clients: add, died, forget. */
#include "client_calls.h"

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

static int ask(const char *sock, const void *request, ssize_t size, char *err, size_t err_size)
{
	struct frame_peer peer = console_peer(sock);

	return frame_ask(&peer, request, size, CONSOLE_OK, CONSOLE_ERROR, err, err_size);
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
