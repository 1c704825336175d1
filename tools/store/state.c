/* SPDX-License-Identifier: ISC */
/* The journal, and what is handed over to the next program. */
#include "state.h"

#include "conn.h"
#include "txn.h"
#include "watch.h"

#include "common/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC      0x31304554534c50ull /* "PLSTE01" */
#define ROOM       (256u * 1024)       /* at least so much for records behind the dump */
#define KEEP_PAGES (64u * 1024)        /* so much of what was written stays mapped in */
#define PAGE       4096u

struct journal_head {
	uint64_t magic;
	uint64_t len; /* bytes of records that count */
	char records[];
};

struct state {
	char path[PATH_MAX];
	struct journal_head *head; /* the mapped file; NULL: it could not be made */
	size_t size;               /* of the file */
	size_t used;               /* bytes of records, those included that do not count yet */
	size_t dropped;            /* bytes of the file that need not be in memory */
	bool full;                 /* a record found no room: a new file is due */
	struct record record;      /* the one that is being written */
};

/* ---- files of records ---- */

/* Into a file by write(), in big pieces. */
struct file_sink {
	struct sink sink;
	int fd;
	int error;
	size_t total; /* bytes of records */
	size_t used;
	char data[2 * RECORD_MAX];
};

static void flush_file(struct file_sink *file)
{
	size_t done = 0;

	while (done < file->used && !file->error) {
		ssize_t count = write(file->fd, file->data + done, file->used - done);

		if (count < 0 && errno != EINTR)
			file->error = -errno;
		done += count > 0 ? (size_t)count : 0;
	}
	file->used = 0;
}

static void add_to_file(struct sink *sink, const struct record *record)
{
	struct file_sink *file = (struct file_sink *)sink;

	if (file->used + record->len > sizeof(file->data))
		flush_file(file);
	memcpy(file->data + file->used, record->data, record->len);
	file->used += record->len;
	file->total += record->len;
}

/* A head and a dump; the head says 0 bytes until it is all there. Bytes of records or an errno. */
static ssize_t write_dump(struct store *store, int fd, enum dump_what what)
{
	struct file_sink *file = calloc(1, sizeof(*file));
	struct journal_head head = {.magic = MAGIC};
	ssize_t ret;

	if (!file)
		return -ENOMEM;
	file->sink.add = add_to_file;
	file->fd = fd;
	memcpy(file->data, &head, sizeof(head));
	file->used = sizeof(head);
	dump_store(store, &file->sink, what);
	flush_file(file);
	ret = file->error ? file->error : (ssize_t)file->total;
	free(file);
	if (ret >= 0) {
		head.len = (uint64_t)ret;
		if (pwrite(fd, &head, sizeof(head), 0) != sizeof(head))
			ret = -EIO;
	}
	return ret;
}

/* Reads such a file. 0, or -ENODATA when it is not one, or an errno. */
static int read_dump(struct store *store, int fd, enum dump_what what)
{
	struct journal_head *head;
	struct stat status;
	size_t size;

	if (fstat(fd, &status) < 0)
		return -errno;
	size = (size_t)status.st_size;
	if (size < sizeof(*head))
		return -ENODATA;
	head = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (head == MAP_FAILED)
		return -errno;
	if (head->magic != MAGIC || head->len > size - sizeof(*head) || !head->len) {
		munmap(head, size);
		return -ENODATA;
	}
	load_store(store, head->records, head->len, what);
	munmap(head, size);
	return 0;
}

/* ---- the journal ---- */

static void unmap(struct state *state)
{
	if (state->head)
		munmap(state->head, state->size);
	state->head = NULL;
}

/* Without a journal an old one would be taken for the truth. */
static void give_up(struct state *state, int error)
{
	daemon_log("the state cannot be written to %s: %s; a restart would lose it", state->path,
		   strerror(-error));
	unmap(state);
	unlink(state->path);
}

static int map_journal(struct state *state, int fd, size_t used)
{
	size_t size = (used * 2 + ROOM + PAGE - 1) & ~(size_t)(PAGE - 1);
	void *head;
	int ret;

	/* All of its memory now: a mapped file that cannot grow would end the daemon. */
	ret = posix_fallocate(fd, 0, (off_t)size);
	if (ret)
		return -ret;
	head = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (head == MAP_FAILED)
		return -errno;
	unmap(state);
	state->head = head;
	state->size = size;
	state->used = used;
	state->dropped = 0;
	state->full = false;
	return 0;
}

/* A new file, with a dump of what there is now, takes the place of the old one. */
static int begin_journal(struct store *store)
{
	struct state *state = store->state;
	char fresh[PATH_MAX + 8];
	ssize_t used;
	int fd, ret;

	snprintf(fresh, sizeof(fresh), "%s.new", state->path);
	fd = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	used = write_dump(store, fd, DUMP_FOR_CRASH);
	ret = used < 0 ? (int)used : map_journal(state, fd, (size_t)used);
	if (ret == 0 && rename(fresh, state->path) < 0)
		ret = -errno;
	if (ret < 0)
		unlink(fresh);
	close(fd);
	return ret;
}

/* What is written is not needed again: it stays in the file, out of our memory. */
static void drop_pages(struct state *state)
{
	size_t end = (sizeof(*state->head) + state->used) & ~(size_t)(PAGE - 1);

	if (end < state->dropped + KEEP_PAGES)
		return;
	madvise((char *)state->head + state->dropped, end - state->dropped, MADV_DONTNEED);
	state->dropped = end;
}

void state_commit(struct store *store)
{
	struct state *state = store->state;
	int ret;

	if (!state || !state->head)
		return;
	if (state->full) {
		ret = begin_journal(store);
		if (ret < 0)
			give_up(state, ret);
		return;
	}
	if (state->head->len == state->used)
		return;
	/* The records, and then that they are there: a reader comes only after we are gone, but the
	 * compiler must not turn them around. */
	__atomic_store_n(&state->head->len, state->used, __ATOMIC_RELEASE);
	drop_pages(state);
}

static struct record *begin(struct store *store, bool wanted)
{
	struct state *state = store->state;

	return state && state->head && !state->full && wanted ? &state->record : NULL;
}

static void end(struct store *store, const struct record *record)
{
	struct state *state = store->state;

	if (sizeof(*state->head) + state->used + record->len > state->size) {
		state->full = true;
		return;
	}
	memcpy(state->head->records + state->used, record->data, record->len);
	state->used += record->len;
}

/* ---- open, close ---- */

static void fail_transactions(struct store *store)
{
	for (struct conn *conn = store->conns; conn; conn = conn->next)
		for (struct txn *txn = conn->txns; txn; txn = txn->next)
			txn->conflict = true;
}

static int read_journal(struct store *store, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int ret;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	ret = read_dump(store, fd, DUMP_FOR_CRASH);
	close(fd);
	if (ret < 0) {
		daemon_log("%s is not a state: %s; the store begins empty", path, strerror(-ret));
		return 0;
	}
	fail_transactions(store);
	return 1;
}

int state_open(struct store *store, const char *folder)
{
	struct state *state = calloc(1, sizeof(*state));
	int ret = state ? daemon_make_folder(folder) : -ENOMEM;

	if (ret == 0 && snprintf(state->path, sizeof(state->path), "%s/journal", folder) >=
				(int)sizeof(state->path))
		ret = -ENAMETOOLONG;
	if (ret < 0) {
		free(state);
		return ret;
	}
	ret = store->restored ? 1 : read_journal(store, state->path);
	store->state = state;
	state->full = true;
	if (ret < 0)
		return ret;
	if (begin_journal(store) < 0)
		give_up(state, -EIO);
	return ret;
}

void state_close(struct store *store)
{
	if (!store->state)
		return;
	unmap(store->state);
	free(store->state);
	store->state = NULL;
}

/* ---- for exec() ---- */

static void keep_over_exec(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags >= 0)
		fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC);
}

int state_hand_over(struct store *store)
{
	int fd = memfd_create("plinth-stored", 0);
	ssize_t ret;

	if (fd < 0)
		return -errno;
	ret = write_dump(store, fd, DUMP_FOR_EXEC);
	if (ret < 0) {
		close(fd);
		return (int)ret;
	}
	for (const struct conn *conn = store->conns; conn; conn = conn->next)
		if (!conn->is_ring && !conn->broken)
			keep_over_exec(conn_socket_fd(conn));
	return fd;
}

int state_take_over(struct store *store, int fd)
{
	int ret = read_dump(store, fd, DUMP_FOR_EXEC);

	close(fd);
	store->restored = ret == 0;
	return ret;
}

/* ---- changes ---- */

void state_note_node(struct store *store, const struct node *node)
{
	struct record *record = begin(store, true);

	if (!record)
		return;
	dump_node(record, node);
	end(store, record);
}

void state_note_removed(struct store *store, const struct node *node)
{
	struct record *record = begin(store, true);
	char path[TREE_PATH_SIZE];

	if (!record)
		return;
	node_path(node, path);
	record_begin(record, RECORD_REMOVED);
	record_string(record, path);
	record_end(record);
	end(store, record);
}

void state_note_domain(struct store *store, const struct domain *domain)
{
	struct record *record = begin(store, true);

	if (!record)
		return;
	dump_domain(record, domain);
	end(store, record);
}

void state_note_domain_end(struct store *store, const struct domain *domain)
{
	struct record *record = begin(store, true);

	if (!record)
		return;
	record_begin(record, RECORD_DOMAIN_END);
	record_u32(record, domain->domid);
	record_end(record);
	end(store, record);
}

void state_note_quota(struct store *store, enum quota quota)
{
	struct record *record = begin(store, true);

	if (!record)
		return;
	record_begin(record, RECORD_QUOTA);
	record_string(record, quota_name(quota));
	record_u64(record, store->quota.max[quota]);
	record_end(record);
	end(store, record);
}

void state_note_watch(struct store *store, const struct watch *watch)
{
	struct record *record = begin(store, watch->conn->is_ring);

	if (!record)
		return;
	dump_watch(record, watch);
	end(store, record);
}

void state_note_unwatch(struct store *store, const struct watch *watch)
{
	struct record *record = begin(store, watch->conn->is_ring);
	char path[TREE_PATH_SIZE];

	if (!record)
		return;
	node_path(watch->node, path);
	record_begin(record, RECORD_UNWATCH);
	record_u32(record, dump_client(watch->conn));
	record_string(record, path);
	record_string(record, watch->token);
	record_end(record);
	end(store, record);
}

static void note_client(struct store *store, const struct conn *conn, enum record_type type)
{
	struct record *record = begin(store, conn->is_ring);

	if (!record)
		return;
	record_begin(record, type);
	record_u32(record, dump_client(conn));
	record_end(record);
	end(store, record);
}

void state_note_reset(struct store *store, const struct conn *conn)
{
	note_client(store, conn, RECORD_RESET);
}

void state_note_reconnect(struct store *store, const struct conn *conn)
{
	note_client(store, conn, RECORD_RECONNECT);
}

void state_note_txn(struct store *store, const struct txn *txn)
{
	struct record *record = begin(store, txn->conn->is_ring);

	if (!record)
		return;
	dump_txn(record, txn);
	end(store, record);
}

void state_note_txn_end(struct store *store, const struct txn *txn)
{
	struct record *record = begin(store, txn->conn->is_ring);

	if (!record)
		return;
	record_begin(record, RECORD_TXN_END);
	record_u32(record, dump_client(txn->conn));
	record_u32(record, txn->id);
	record_end(record);
	end(store, record);
}

void state_note_taken(struct store *store, const struct conn *conn)
{
	struct record *record = begin(store, conn->is_ring);

	if (!record)
		return;
	dump_taken(record, conn);
	end(store, record);
}

void state_note_out(struct store *store, const struct conn *conn, size_t len)
{
	struct record *record = begin(store, conn->is_ring);
	uint32_t queued = buffer_len(&conn->out);

	if (!record)
		return;
	record_begin(record, RECORD_OUT);
	record_u32(record, dump_client(conn));
	record_u32(record, conn_ring_sent(conn) + queued - (uint32_t)len);
	record_bytes(record, conn->out.data + conn->out.end - len, len);
	record_end(record);
	end(store, record);
}
