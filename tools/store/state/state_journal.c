/* SPDX-License-Identifier: ISC */
/* Writes the journal: a mapped file that grows, and that a fresh one replaces when it is long. */
#include "state_journal.h"
#include "daemon/daemon.h"
#include "store/tree/budget.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM       (256u * 1024) /* for records behind the dump */
#define GROW       (64u * 1024)  /* at least so much more, when that is used up */
#define KEEP_PAGES (64u * 1024)  /* so much of what was written stays mapped in */
#define PAGE       4096u
#define RETRY_MS   1000

void state_journal_unmap(struct state *state)
{
	if (state->head)
		munmap(state->head, state->size);
	state->head = NULL;
}

static size_t whole_pages(size_t size)
{
	return (size + PAGE - 1) & ~(size_t)(PAGE - 1);
}

/* All of its memory now: a mapped file that cannot grow would end the daemon. */
static int allocate(int fd, size_t size)
{
	return -posix_fallocate(fd, 0, (off_t)size);
}

/* A dump of so many bytes is in the file: with as much room as there can be. */
static int map_journal(struct state *state, int fd, size_t used)
{
	size_t size = whole_pages(sizeof(*state->head) + used * 2 + ROOM);
	void *head;

	if (allocate(fd, size) < 0) {
		int ret = allocate(fd, size = whole_pages(sizeof(*state->head) + used + GROW));

		if (ret < 0)
			return ret;
	}
	head = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (head == MAP_FAILED)
		return -errno;
	state_journal_unmap(state);
	state->head = head;
	state->size = size;
	state->used = used;
	state->limit = used * 2 + ROOM - GROW;
	state->written += used;
	state->dumps++;
	state->dropped = 0;
	state->full = false;
	state->behind = NULL;
	return 0;
}

/* For need more bytes, in the file that is there. */
static bool grow_journal(struct state *state, size_t need)
{
	size_t size = whole_pages(state->size + (need > GROW ? need : GROW));
	void *head;

	state->error = allocate(state->fd, size);
	if (state->error < 0)
		return false;
	head = mremap(state->head, state->size, size, MREMAP_MAYMOVE);
	if (head == MAP_FAILED) {
		state->error = -errno;
		return false;
	}
	state->head = head;
	state->size = size;
	return true;
}

void state_journal_keep_descriptor(struct state *state)
{
	if (state->reserve < 0)
		state->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* With the descriptor that was kept for it. */
static int open_fresh(struct state *state)
{
	int fd;

	if (state->reserve >= 0)
		close(state->reserve);
	state->reserve = -1;
	fd = open(state->fresh, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : fd;
}

/* Memory for the next dump, now that there is some: for one that is somewhat bigger. */
static void keep_space(struct state *state, size_t used)
{
	size_t size = whole_pages(used + used / 2 + GROW);
	int fd = open_fresh(state);

	state->spare = 0;
	if (fd < 0)
		return;
	if (allocate(fd, size) == 0)
		state->spare = size;
	else
		unlink(state->fresh);
	close(fd);
}

/* A fresh file takes the place of the journal. */
static int replace_journal(struct state *state, int fd, size_t used)
{
	int ret = map_journal(state, fd, used);

	if (ret == 0 && rename(state->fresh, state->path) < 0)
		ret = -errno;
	if (ret < 0)
		return ret;
	if (state->fd >= 0)
		close(state->fd);
	state->fd = fd;
	keep_space(state, used);
	return 0;
}

/* With a dump of what there is now. On failure the journal is what it was. */
static int begin_journal(struct store *store)
{
	struct state *state = store->state;
	int fd = open_fresh(state), ret = fd;
	ssize_t used;

	if (fd >= 0) {
		used = state_file_write(store, &state->file, fd, DUMP_FOR_CRASH);
		ret = used < 0 ? (int)used : replace_journal(state, fd, (size_t)used);
	}
	if (ret < 0 && fd >= 0) {
		if (!state->spare || ftruncate(fd, (off_t)state->spare) < 0)
			unlink(state->fresh);
		close(fd);
	}
	state_journal_keep_descriptor(state);
	return ret;
}

/* From now on others see what is not in the journal: who reads it has to know. */
static void mark_stale(struct state *state)
{
	const uint64_t magic = STALE;
	int fd;

	if (state->head) {
		state->head->magic = magic;
		return;
	}
	fd = open(state->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	if (pwrite(fd, &magic, sizeof(magic), 0) != sizeof(magic))
		unlink(state->path);
	close(fd);
}

static void lose(struct state *state, int error)
{
	state->error = error;
	state->retry_ms = loop_now_ms() + RETRY_MS;
	if (state->lost)
		return;
	state->lost = true;
	mark_stale(state);
	daemon_log(
		"the state cannot be written to %s: %s; this is tried every second, and a daemon "
		"that were started meanwhile would find an older state",
		state->path, strerror(-error));
}

/* A fresh file, as the one that is there has no room or does not exist. */
void state_journal_heal(struct store *store)
{
	struct state *state = store->state;
	int ret;

	if (state->lost && loop_now_ms() < state->retry_ms)
		return;
	ret = begin_journal(store);
	if (ret < 0) {
		lose(state, ret);
	} else if (state->lost) {
		state->lost = false;
		daemon_log("the state is written to %s again", state->path);
	}
}

/* While the old one can grow it is as good: the next attempt is due when it has. */
static void renew(struct store *store)
{
	struct state *state = store->state;

	if (begin_journal(store) < 0)
		state->limit = state->used + ROOM;
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

void state_journal_commit(struct store *store)
{
	struct state *state = store->state;

	if (!state)
		return;
	if (state->full) {
		state_journal_heal(store);
		return;
	}
	if (state->head->len == state->used)
		return;
	state_file_put_sum(state->head->records + state->head->len, state->used - state->head->len);
	state->used += SUM_SIZE;
	/* The records, and then that they are there: a reader comes only after we are gone, but the
	 * compiler must not turn them around. */
	__atomic_store_n(&state->head->len, state->used, __ATOMIC_RELEASE);
	drop_pages(state);
	if (state->used > state->limit)
		renew(store);
}

int64_t state_journal_retry_ms(const struct store *store)
{
	return store->state && store->state->lost ? store->state->retry_ms : 0;
}

struct record *state_journal_begin(struct store *store, bool wanted)
{
	struct state *state = store->state;

	if (!state || state->full || !wanted)
		return NULL;
	state->behind = NULL;
	return &state->record;
}

void state_journal_end(struct store *store, const struct record *record)
{
	struct state *state = store->state;

	size_t end = sizeof(*state->head) + state->used + record->len + SUM_SIZE;

	if (end > state->size && !grow_journal(state, end - state->size)) {
		state->full = true;
		return;
	}
	work_add(WORK_MAKE + WORK_BYTES(2 * record->len)); /* it is dumped anew once, on average */
	memcpy(state->head->records + state->used, record->data, record->len);
	state->used += record->len;
	state->written += record->len;
}

bool state_report(const struct store *store, struct state_report *report)
{
	const struct state *state = store->state;

	if (!state)
		return false;
	*report = (struct state_report){
		.size = state->size,
		.used = state->used,
		.written = state->written,
		.dumps = state->dumps,
		.error = state->lost ? state->error : 0,
	};
	return true;
}
