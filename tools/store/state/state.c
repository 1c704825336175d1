/* SPDX-License-Identifier: ISC */
/* Opens and closes the journal, and hands the whole store to the next program. */
#include "state.h"
#include "base/path.h"
#include "daemon/daemon.h"
#include "state_journal.h"
#include "store/changes/txn.h"
#include "store/conn/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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
	ret = state_file_read(store, fd, DUMP_FOR_CRASH);
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
	int ret = state ? path_make_directories(folder) : -ENOMEM;

	if (ret == 0 && snprintf(state->path, sizeof(state->path), "%s/journal", folder) >=
				(int)sizeof(state->path))
		ret = -ENAMETOOLONG;
	if (ret < 0) {
		free(state);
		return ret;
	}
	snprintf(state->fresh, sizeof(state->fresh), "%s.new", state->path);
	signal(SIGXFSZ, SIG_IGN); /* a limit on files is an error like others */
	ret = store->restored ? 1 : read_journal(store, state->path);
	store->state = state;
	store->journal = &state_notes;
	state->fd = state->reserve = -1;
	state->full = true;
	/* A store that begins is written with its first commit: its nodes are not there yet. */
	if (ret > 0)
		state_journal_heal(store);
	return ret;
}

void state_close(struct store *store)
{
	struct state *state = store->state;

	if (!state)
		return;
	state_journal_unmap(state);
	if (state->fd >= 0)
		close(state->fd);
	if (state->reserve >= 0)
		close(state->reserve);
	free(state);
	store->state = NULL;
	store->journal = NULL;
}

/* ---- for exec() ---- */

static void set_over_exec(struct store *store, int flags)
{
	for (const struct conn *conn = store->conns; conn; conn = conn->next)
		if (!conn->is_ring && !conn->broken)
			fcntl(conn_socket_fd(conn), F_SETFD, flags);
}

int state_hand_over(struct store *store)
{
	struct state *state = store->state;
	ssize_t ret;
	int fd;

	if (!state)
		return -ENOENT;
	if (state->reserve >= 0)
		close(state->reserve);
	state->reserve = -1;
	fd = memfd_create("plinth-stored", 0);
	if (fd < 0)
		return -errno;
	ret = state_file_write(store, &state->file, fd, DUMP_FOR_EXEC);
	if (ret < 0) {
		close(fd);
		return (int)ret;
	}
	set_over_exec(store, 0);
	return fd;
}

void state_hand_back(struct store *store, int fd)
{
	close(fd);
	set_over_exec(store, FD_CLOEXEC);
	state_journal_keep_descriptor(store->state);
}

int state_take_over(struct store *store, int fd)
{
	int ret = state_file_read(store, fd, DUMP_FOR_EXEC);

	close(fd);
	store->restored = ret == 0;
	return ret;
}
