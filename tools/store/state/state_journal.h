/* SPDX-License-Identifier: ISC */
/* The journal as a mapped file: what state.c and state_note.c need of it. */
#ifndef PLINTH_STORE_STATE_JOURNAL_H
#define PLINTH_STORE_STATE_JOURNAL_H

#include "state_file.h"

#include <limits.h>

struct state {
	char path[PATH_MAX],
		fresh[PATH_MAX + 8]; /* the journal, and the one that is to replace it */
	int fd;                      /* of the journal, so that it can grow; -1 */
	int reserve;                 /* a descriptor for the next file; -1 */
	size_t spare;                /* bytes that the fresh file has already */
	struct journal_head *head;   /* the mapped file; NULL: it could not be made */
	size_t size;                 /* of the file */
	size_t used;                 /* bytes of records, those included that do not count yet */
	size_t limit;                /* past so many a fresh file is written */
	size_t dropped;              /* bytes of the file that need not be in memory */
	bool full;        /* a record found no room: nothing is written until a fresh file is */
	bool lost;        /* and clients have seen what is not in it */
	int error;        /* why */
	int64_t retry_ms; /* when the next attempt is due */
	uint64_t written; /* for state_report() */
	uint32_t dumps;
	const struct node *behind; /* the last record is of this node; NULL: of something else */
	struct record record;      /* the one that is being written */
	struct file_sink file;     /* here, as memory may be what there is none of */
};

/* Starts a fresh journal if none can be written to; retries at most once a second. */
void state_journal_heal(struct store *store);

/* Opens the descriptor that is kept for the next file, if it is not open. */
void state_journal_keep_descriptor(struct state *state);

void state_journal_unmap(struct state *state);

/* All records so far count from now on. */
void state_journal_commit(struct store *store);
int64_t state_journal_retry_ms(const struct store *store);

/* A record to fill in, or NULL: nothing is to be written. wanted: the record survives a crash. */
struct record *state_journal_begin(struct store *store, bool wanted);
void state_journal_end(struct store *store, const struct record *record);

#endif
