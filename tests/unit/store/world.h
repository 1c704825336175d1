/* SPDX-License-Identifier: ISC */
/* A store in the test's process, its clients, and a hypervisor that is made up. */
#ifndef TESTS_UNIT_STORE_WORLD_H
#define TESTS_UNIT_STORE_WORLD_H

#include "unit.h"

#include "store/changes/change.h"
#include "store/changes/txn.h"
#include "store/changes/watch.h"
#include "store/check.h"
#include "store/conn/conn.h"
#include "store/conn/wire.h"
#include "store/control.h"
#include "store/state/state.h"
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORLD_DOMAINS 16
#define ANSWER_MAX    (1 << 20)

/* ---- the hypervisor: what tests set and see ---- */
struct fake_domain {
	enum domain_state state;
	uint8_t uuid;                           /* one byte of it */
	bool no_memory;                         /* for mapping its ring */
	struct xenstore_domain_interface *page; /* shared with the "guest" */
	bool mapped, bound;
	unsigned notified, unmasked;
};
extern struct fake_domain fake[WORLD_DOMAINS];
extern struct store world;
extern unsigned world_asked; /* questions for the state of a domain */

int world_open(void **state); /* domains 0 to 7 run; setup and teardown for cmocka */
int world_close(void **state);
void world_stop(void); /* the daemon alone; the domains stay */
void world_start(void);
/* The daemon's clock: it stands still but for this. */
void world_pass(int64_t ms);
bool world_pause(void);                /* until the next pause of a client is over; false: none */
void world_ring(uint32_t domid);       /* the guest's event reaches the daemon */
void world_turn(void);                 /* what the daemon does in a turn */
int world_connect(void);               /* a client by socket: its end */
void world_forget(const char *folder); /* removes its journal, and then the folder */
void world_reopen(const char *folder); /* another daemon, after the first was killed */

/* ---- clients that speak directly, in the name of a domain ---- */
struct client {
	struct conn conn; /* first */
	char *data;       /* what has come, not yet looked at */
	size_t len, at;
	unsigned events; /* that came before the last answer */
	char answer[XENSTORE_PAYLOAD_MAX + 1];
	size_t answer_len;
	unsigned flushed; /* 1: it was sent something first of all, and so on */
	bool deaf;        /* takes nothing */
	bool cut;
};
struct client *client_open(uint32_t domid);
void client_close(struct client *client);

/* Sends one message and reads up to its answer: 0 or the answer's error, negative. */
int ask(struct client *client, uint32_t type, uint32_t tx, const void *data, size_t len);

/* The same with strings: ask_text(c, XS_READ, 0, "/a") sends "/a\0". */
int ask_text(struct client *client, uint32_t type, uint32_t tx, const char *text);
/*
 * With a literal of several strings, outside of transactions: ask_words(c, XS_WATCH, "/a\0token")
 */
#define ask_words(client, type, words) ask(client, type, 0, words, sizeof(words))
int ask_two(struct client *client, uint32_t type, uint32_t tx, const char *one, const char *two);
int write_text(struct client *client, uint32_t tx, const char *path, const char *value);
uint32_t begin(struct client *client);
int finish(struct client *client, uint32_t tx, bool commit);
int set_perms(struct client *client, uint32_t tx, const char *path,
	      const char *perms); /* "n1 r2" */

/* The next message that is there: its type, or -1 for none; its data in answer. */
int next_message(struct client *client);
/* The next event as "path token", or NULL. Valid until the next call. */
const char *next_event(struct client *client);
void drop_events(struct client *client);

/* All of the store as text, one node a line with value and permissions, in the order of paths. */
char *world_text(void);

/* ---- a made-up sequence of numbers, the same in each run ---- */
uint32_t random_below(uint32_t limit);
void random_seed(uint32_t seed);

/* A client of domain 0, which has given domain 3 nodes: it may read all, and write its data. */
struct client *world_with_guest(const char *data);
/* The same, and the guest has a ring. */
struct client *world_with_ring(const char *data);

#endif
