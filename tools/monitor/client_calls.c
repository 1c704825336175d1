/* SPDX-License-Identifier: ISC */
/* The calls of the monitor daemon's clients: register, forget, call off. */
#include "protocol.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int ask(const char *sock, const void *request, ssize_t size, char *err, size_t err_size)
{
	const struct frame_peer peer = {
		.socket = sock ? sock : MONITOR_SOCKET,
		.daemon = "plinth-monitord",
		.version = MONITOR_VERSION,
		.limit = MONITOR_FRAME_MAX,
		.timeout_ms = MONITOR_TIMEOUT_MS,
	};

	return frame_ask(&peer, request, size, MONITOR_OK, MONITOR_ERROR, err, err_size);
}

int monitor_client_register(const char *sock, const struct monitor_guest *guest, char *err,
			    size_t err_size)
{
	size_t size = FRAME_HEADER_SIZE + MONITOR_FRAME_MAX;
	void *request = malloc(size);
	int ret;

	if (!request) {
		snprintf(err, err ? err_size : 0,
			 "no memory to register the guest with plinth-monitord");
		return -ENOMEM;
	}
	ret = ask(sock, request, monitor_put_register(request, size, guest), err, err_size);
	free(request);
	return ret;
}

int monitor_client_forget(const char *sock, uint32_t domid, const uint8_t uuid[16], char *err,
			  size_t err_size)
{
	struct monitor_guest_at at = {.domid = domid};
	uint8_t request[FRAME_HEADER_SIZE + 64];

	memcpy(at.uuid, uuid, sizeof(at.uuid));
	return ask(sock, request, monitor_put_forget(request, sizeof(request), &at), err, err_size);
}

int monitor_client_call_off(const char *sock, const char *name, char *err, size_t err_size)
{
	uint8_t request[FRAME_HEADER_SIZE + MONITOR_NAME_MAX + 16];
	ssize_t size = monitor_put_call_off(request, sizeof(request), name);

	if (size < 0)
		return -ENOENT; /* no guest has a name that long */
	return ask(sock, request, size, err, err_size);
}
