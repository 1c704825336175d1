/* SPDX-License-Identifier: ISC */
/*
 * Records: how the store is written down. A file of records makes the store when it is read from
 * the beginning: first a dump of all there is, then what has changed since.
 *
 *	length, type | fields, one after the other; strings with their NUL; the last field to the
 *	end
 *
 * The reader is a later daemon on the same machine, maybe a newer one: types and fields are only
 * added.
 */
#ifndef PLINTH_STORE_RECORD_H
#define PLINTH_STORE_RECORD_H

#include "base/reader.h"

#include <stddef.h>
#include <stdint.h>

enum record_type {
	RECORD_NODE = 1, /* it exists, with this: path, permissions, value */
	RECORD_REMOVED,  /* it and all below are gone: path */
	RECORD_DOMAIN,   /* number, frame, port, flags, target, UUID */
	RECORD_DOMAIN_END,
	RECORD_QUOTA,     /* number, limit */
	RECORD_WATCH,     /* client, depth, skip, path, token */
	RECORD_UNWATCH,   /* client, path, token */
	RECORD_RESET,     /* client: has no watches and transactions any more */
	RECORD_RECONNECT, /* client: and its ring is empty */
	RECORD_TXN,       /* client, number, conflict, nodes made */
	RECORD_TXN_END,   /* client, number */
	RECORD_TOUCH,     /* client, number, flags, path, exists, permissions, value */
	RECORD_TAKEN,     /* client, position in its requests, beginning of the next */
	RECORD_OUT,       /* client, position in its answers, bytes to be sent */
	RECORD_SOCKET,    /* client, descriptor */
	/*
	 * A node too, behind the record of another node and maybe a sum: how many levels above that
	 * one the node's parent is (0: it is the parent), name, permissions, value. A path of many
	 * names costs its length once and not for each of its nodes.
	 */
	RECORD_BELOW,
	/* of all bytes since the last one, or since the beginning; they count with it */
	RECORD_SUM,
	RECORD_COUNT
};

#define RECORD_HEAD 8     /* bytes: length of it all, type */
#define RECORD_MAX  32768 /* bytes of one record; longer fields are cut up into several */

/* What is being written. */
struct record {
	size_t len;
	char data[RECORD_MAX];
};

void record_begin(struct record *record, enum record_type type);
void record_u32(struct record *record, uint32_t value);
void record_u64(struct record *record, uint64_t value);
void record_string(struct record *record, const char *text);
void record_bytes(struct record *record, const void *data, size_t len);
void record_end(struct record *record); /* sets the length */

/* The next record of data: its type, 0 at the end or where none is whole. Moves *at on. */
unsigned record_next(const char **at, const char *end, struct reader *reader);
const char *record_get_string(struct reader *reader); /* "" when bad */
const char *record_get_rest(struct reader *reader, size_t *len);

#endif
