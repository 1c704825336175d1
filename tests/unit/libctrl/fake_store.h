/* SPDX-License-Identifier: ISC */
/* A small store daemon in a thread of the test: a flat list of nodes, and faults on demand. */
#ifndef FAKE_STORE_H
#define FAKE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_store;

/* Listens, and has $XENSTORED_PATH name the socket. One client at a time is served. */
struct fake_store *fake_store_new(void);
void fake_store_delete(struct fake_store *f);

/* The next commits answer EAGAIN, and nothing of the transaction is done. */
void fake_store_conflict(struct fake_store *f, unsigned int times);
/* Every request of this type is answered with the error's name. NULL: no longer. */
void fake_store_fail(struct fake_store *f, uint32_t type, const char *error);
/* Instead of its next answer the daemon sends these bytes and hangs up. */
void fake_store_garbage(struct fake_store *f, const void *data, size_t size);

/* What it has: a value (valid until the next change), or NULL. Permissions as sent, '\0' as ','. */
const char *fake_store_value(struct fake_store *f, const char *path);
/* The same question while it is being changed: has it this value? NULL: is it not there? */
bool fake_store_is(struct fake_store *f, const char *path, const char *value);
const char *fake_store_perms(struct fake_store *f, const char *path);
void fake_store_put(struct fake_store *f, const char *path, const char *value);

/* Send the events of the watches that a change of this path concerns, "@introduceDomain" too. */
void fake_store_tell(struct fake_store *f, const char *path);
/* From now on it refuses watches that have a depth, as xenstored 4.17 does. */
void fake_store_refuse_depth(struct fake_store *f);
/* Hang up, as a daemon does that ends. */
void fake_store_hang_up(struct fake_store *f);

/* Requests since the beginning. */
unsigned int fake_store_requests(struct fake_store *f);
/* Whether a domain is introduced, and with what. */
bool fake_store_introduced(struct fake_store *f, uint32_t domid, uint64_t *gfn, uint32_t *port);

#endif
