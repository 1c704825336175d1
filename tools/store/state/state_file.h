/* SPDX-License-Identifier: ISC */
/* A file of records: a head with the length that counts, and groups of records with their sums. */
#ifndef PLINTH_STORE_STATE_FILE_H
#define PLINTH_STORE_STATE_FILE_H

#include "state.h"

#include <sys/types.h>

#define MAGIC_1  0x31304554534c50ull /* "PLSTE01": without sums */
#define MAGIC    0x32304554534c50ull /* "PLSTE02" */
#define STALE    0x4c415453534c50ull /* "PLSSTAL": clients have seen more than the file holds */
#define SUM_SIZE (RECORD_HEAD + sizeof(uint64_t))

struct journal_head {
	uint64_t magic;
	uint64_t len; /* bytes of records that count */
	char records[];
};

/* Into a file by write(), in big pieces. */
struct file_sink {
	struct sink sink;
	int fd;
	int error;
	size_t total; /* bytes of records */
	size_t used;
	size_t summed; /* bytes of data that no sum is for: the file's head */
	char data[2 * RECORD_MAX + SUM_SIZE];
};

/* Writes the sum of len bytes of records after them; there is room for SUM_SIZE bytes. */
void state_file_put_sum(char *records, size_t len);

/*
 * Writes a head and a dump of the store to fd. The head says 0 bytes until the dump is complete.
 * Returns the bytes of records or a negative errno. file is the buffer, so nothing is allocated.
 */
ssize_t state_file_write(struct store *store, struct file_sink *file, int fd, enum dump_what what);

/* Loads such a file. 0, -ENODATA when fd is not such a file, or another negative errno. */
int state_file_read(struct store *store, int fd, enum dump_what what);

#endif
