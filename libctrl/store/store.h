/* SPDX-License-Identifier: ISC */
/* What the store's files share: the connection, and messages out and in. */
#ifndef LIBCTRL_STORE_H
#define LIBCTRL_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <public/io/xs_wire.h>

#include "../internal.h"

#define STORE_MAX_MESSAGE (sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX)

struct store_event {
	struct store_event *next;
	char *path;
	const char *token; /* in the same allocation */
};

struct ctrl_store {
	int fd;
	bool is_device; /* /dev/xen/xenbus: takes one message at a time */
	int timeout_ms; /* for each answer */
	int broken;     /* the error that the connection died of, 0: it lives */
	uint32_t next_id;
	struct store_event *events, **last_event;
	size_t in_size; /* bytes that are in */
	char in[2 * STORE_MAX_MESSAGE];
	char node[128]; /* where it is connected to, for sentences */
};

/* One request's answer. */
struct store_answer {
	uint32_t type;    /* of the request */
	int err;          /* 0 or a negative errno, from XS_ERROR */
	const char *data; /* of the receive buffer: gone with the next message */
	size_t size;
};

/* Messages to send, written one behind the other. */
struct store_out {
	char *data;
	size_t size, capacity;
	size_t count; /* messages */
};

/* A part of a payload; strings go out with their NUL. */
struct store_part {
	const void *data;
	size_t size;
};
#define STORE_STRING(text)             \
	(struct store_part)            \
	{                              \
		text, strlen(text) + 1 \
	}

/* Appends one message. 0, -ENOMEM, or -E2BIG for a payload over the limit. No sentence. */
int store_out_add(struct store_out *out, uint32_t type, uint32_t tx, const struct store_part *parts,
		  size_t nr);

/*
 * Sends the messages and calls take() with each one's answer, in their order. A negative errno,
 * with the sentence set, when the connection is no use any more; what an answer says is take()'s
 * affair.
 */
typedef void store_take_fn(void *context, size_t index, const struct store_answer *answer);
int store_exchange(struct ctrl_store *s, struct store_out *out, store_take_fn *take, void *context);

/* Permissions as the protocol has them: strings, STORE_PERM_MAX bytes each at most. The size. */
#define STORE_PERM_MAX 16
size_t store_perms_to_text(const struct ctrl_store_perm *perms, size_t nr, char *text);

#endif /* LIBCTRL_STORE_H */
