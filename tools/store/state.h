/* SPDX-License-Identifier: ISC */
/*
 * What the next daemon needs to know.
 *
 * Journal: a file in memory (tmpfs) that is mapped, so a change costs a copy of its record and no
 * system call. The length in its head says how much of it counts; it is set once what belongs
 * together is complete, and before any of it can be seen from outside. So a daemon that is killed
 * between any two instructions leaves what its clients have seen, and their next bytes.
 *
 *	| magic | length ----------------------------+
 *	| dump of all there was | records since then v          room |
 *
 * When the room is used up a new file is begun with a dump.
 *
 * Live update: the same dump, with the socket clients and open transactions too, in a memory file
 * that the next program inherits.
 */
#ifndef PLINTH_STORE_STATE_H
#define PLINTH_STORE_STATE_H

#include "record.h"
#include "store.h"

#define STATE_DIR "/run/plinth/stored.d"

struct conn;
struct txn;
struct watch;

/*
 * Begins to write into FOLDER/journal, after having read what is there: 1 then, 0 when there was
 * nothing, or a negative errno. Without a state everything else here does nothing.
 */
int state_open(struct store *store, const char *folder);
void state_close(struct store *store); /* the journal stays, for the next daemon */

/* All that was noted so far counts from now on. */
void state_commit(struct store *store);

/* For exec(): a descriptor with everything in it, or a negative errno. All that it names is kept open
 * over exec(). */
int state_hand_over(struct store *store);
int state_take_over(struct store *store, int fd); /* 0 or a negative errno */

/* Changes, after they were made. */
void state_note_node(struct store *store, const struct node *node);
void state_note_removed(struct store *store, const struct node *node);
void state_note_watch(struct store *store, const struct watch *watch);
void state_note_unwatch(struct store *store, const struct watch *watch); /* before it is freed */
void state_note_reset(struct store *store, const struct conn *conn);
void state_note_reconnect(struct store *store, const struct conn *conn);
void state_note_txn(struct store *store, const struct txn *txn);
void state_note_txn_end(struct store *store, const struct txn *txn); /* before it is freed */
void state_note_domain(struct store *store, const struct domain *domain);
void state_note_domain_end(struct store *store, const struct domain *domain);
void state_note_quota(struct store *store, enum quota quota);
void state_note_taken(struct store *store, const struct conn *conn);
/* The last len bytes of what is to be sent are new. */
void state_note_out(struct store *store, const struct conn *conn, size_t len);

/* ---- state_dump.c, state_load.c: all there is to and from records ---- */

/* Where records go. */
struct sink {
	void (*add)(struct sink *sink, const struct record *record);
};
enum dump_what { DUMP_FOR_CRASH, DUMP_FOR_EXEC };
void dump_store(struct store *store, struct sink *sink, enum dump_what what);

void dump_node(struct record *record, const struct node *node);
void dump_domain(struct record *record, const struct domain *domain);
void dump_watch(struct record *record, const struct watch *watch);
void dump_txn(struct record *record, const struct txn *txn);
void dump_taken(struct record *record, const struct conn *conn);
uint32_t dump_client(const struct conn *conn); /* its number in records */

/* Makes the store what the records say; it is as store_init() made it. */
void load_store(struct store *store, const char *data, size_t len, enum dump_what what);

#endif
