/* SPDX-License-Identifier: ISC */
/* The calls of the monitor daemon's clients: register, forget, call off; what is pending. */
#include "monitor_protocol.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct frame_peer make_peer(const char *sock)
{
	return (struct frame_peer){
		.socket = sock ? sock : MONITOR_SOCKET,
		.daemon = "plinth-monitord",
		.version = MONITOR_VERSION,
		.limit = MONITOR_FRAME_MAX,
		.timeout_ms = MONITOR_TIMEOUT_MS,
	};
}

static int ask(const char *sock, const void *request, ssize_t size, struct report *report)
{
	const struct frame_peer peer = make_peer(sock);

	return frame_ask(&peer, request, size, MONITOR_OK, MONITOR_ERROR, report);
}

int monitor_client_register(const char *sock, const struct monitor_guest *guest,
			    struct report *report)
{
	size_t size = FRAME_HEADER_SIZE + MONITOR_FRAME_MAX;
	void *request = malloc(size);
	int ret;

	if (!request) {
		return report_set(report, -ENOMEM,
				  "no memory to register the guest with plinth-monitord");
	}
	ret = ask(sock, request, monitor_put_register(request, size, guest), report);
	free(request);
	return ret;
}

int monitor_client_forget(const char *sock, uint32_t domid, const uint8_t uuid[16],
			  struct report *report)
{
	struct monitor_guest_at at = {.domid = domid};
	uint8_t request[FRAME_HEADER_SIZE + 64];

	memcpy(at.uuid, uuid, sizeof(at.uuid));
	return ask(sock, request, monitor_put_forget(request, sizeof(request), &at), report);
}

int monitor_client_call_off(const char *sock, const char *name, struct report *report)
{
	uint8_t request[FRAME_HEADER_SIZE + MONITOR_NAME_MAX + 16];
	ssize_t size = monitor_put_call_off(request, sizeof(request), name);

	if (size < 0)
		return -ENOENT; /* no guest has a name that long */
	return ask(sock, request, size, report);
}

int monitor_client_explain(const char *sock, const uint8_t uuid[16], const char *sentence)
{
	uint8_t request[FRAME_HEADER_SIZE + sizeof(struct monitor_reason)];
	struct monitor_reason reason;

	memcpy(reason.uuid, uuid, sizeof(reason.uuid));
	snprintf(reason.sentence, sizeof(reason.sentence), "%s", sentence);
	return ask(sock, request, monitor_put_explain(request, sizeof(request), &reason), NULL);
}

/* --- pending restarts --- */

#define PENDING_FRAME (sizeof(struct monitor_pending) + 64) /* bytes of data, at most */

int monitor_client_next(const char *sock, struct monitor_pending *pending, struct report *report)
{
	uint8_t request[FRAME_HEADER_SIZE + 16], buffer[FRAME_HEADER_SIZE + PENDING_FRAME];
	ssize_t size = monitor_put_next(request, sizeof(request), pending->uuid);
	struct frame_peer peer = make_peer(sock);
	struct frame answer;
	int ret;

	peer.limit = PENDING_FRAME;
	peer.timeout_ms = MONITOR_LOOK_MS;
	ret = frame_call(&peer, request, (size_t)size, MONITOR_ERROR, buffer, &answer, report);
	if (ret < 0)
		return ret;
	if (answer.type == MONITOR_OK)
		return -ENOENT;
	ret = answer.type == MONITOR_PENDING ? monitor_get_pending(&answer, pending) : -EPROTO;
	if (ret < 0)
		return report_set(report, ret, "plinth-monitord gave an answer that is no answer");
	return 0;
}

int monitor_client_find(const char *sock, const char *name, const uint8_t *uuid,
			struct monitor_pending *pending)
{
	int ret;

	*pending = (struct monitor_pending){0};
	do {
		ret = monitor_client_next(sock, pending, NULL);
	} while (!ret && strcmp(pending->name, name) != 0 &&
		 (!uuid || memcmp(pending->uuid, uuid, sizeof(pending->uuid)) != 0));
	return ret;
}

char *monitor_pending_text(const struct monitor_pending *pending, char text[MONITOR_PENDING_TEXT])
{
	const char *reason = pending->reason, *open = *reason ? " (" : "",
		   *close = *reason ? ")" : "";
	unsigned int seconds = (pending->due_ms + 999) / 1000;

	if (pending->working)
		snprintf(text, MONITOR_PENDING_TEXT, "it is being restarted%s%s%s", open, reason,
			 close);
	else
		snprintf(text, MONITOR_PENDING_TEXT,
			 "its restart is pending: attempt %u is in %u s%s%s%s", pending->tries + 1,
			 seconds, open, reason, close);
	return text;
}
