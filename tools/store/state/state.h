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
 * What a commit adds ends with its sum, so a reader tells damage. When the room is used up a new
 * file is begun with a dump, or, where that cannot be, the file grows. When it cannot grow either
 * (memory, descriptors), the file stays for the next daemon with a mark that clients have seen more
 * than is in it, and a new one is tried every second. Space and a descriptor for it are kept.
 *
 * Live update: the same dump, with the socket clients and open transactions too, in a memory file
 * that the next program inherits.
 */
#ifndef PLINTH_STORE_STATE_H
#define PLINTH_STORE_STATE_H

#include "record.h"
#include "store/journal.h"
#include "store/store.h"

#define STATE_DIR "/run/plinth/stored.d"

/* The form of what is written. A program reads the forms from STATE_OLDEST to its own. */
#define STATE_OLDEST 1
#define STATE_FORMAT 2

struct conn;
struct txn;
struct watch;

/*
 * Begins to write into FOLDER/journal, after having read what is there: 1 then, 0 when there was
 * nothing, or a negative errno. Without a state everything else here does nothing.
 */
int state_open(struct store *store, const char *folder);
void state_close(struct store *store); /* the journal stays, for the next daemon */

/* For those who look after the daemon. false: there is no journal by intention. */
struct state_report {
	size_t size, used; /* bytes of the file */
	uint64_t written;  /* bytes of records since the start, those of dumps included */
	uint32_t dumps;
	int error; /* not 0: it cannot be written */
};
bool state_report(const struct store *store, struct state_report *report);

/*
 * For exec(): a descriptor with everything in it, or a negative errno. All that it names is kept
 * open over exec().
 */
int state_hand_over(struct store *store);
void state_hand_back(struct store *store, int fd); /* exec() has failed */
int state_take_over(struct store *store, int fd);  /* 0 or a negative errno */

/* The journal that state_open() sets in the store: state_note.c. */
extern const struct journal state_notes;

/* ---- state_dump.c, state_load.c: all there is to and from records ---- */

/* Where records go. */
struct sink {
	void (*add)(struct sink *sink, const struct record *record);
};
enum dump_what { DUMP_FOR_CRASH, DUMP_FOR_EXEC };
void dump_store(struct store *store, struct sink *sink, enum dump_what what);

/* behind: the node of the record before, or NULL. */
void dump_node(struct record *record, const struct node *node, const struct node *behind);
void dump_domain(struct record *record, const struct domain *domain);
void dump_watch(struct record *record, const struct watch *watch);
void dump_txn(struct record *record, const struct txn *txn);
void dump_taken(struct record *record, const struct conn *conn);
uint32_t dump_client(const struct conn *conn); /* its number in records */

/* Makes the store what the records say; it is as store_init() made it. */
void load_store(struct store *store, const char *data, size_t len, enum dump_what what);

#endif
