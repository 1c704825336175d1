/* SPDX-License-Identifier: ISC */
/*
 * libFuzzer: what clients of the store send, byte for byte, in pieces; and records of a daemon
 * before, one that was killed or one that hands over. The first byte says which, and where pieces
 * end. The store must answer or cut off, and stay whole; and what was read can be written again.
 */
#include "store/changes/change.h"
#include "store/check.h"
#include "store/conn/conn.h"
#include "store/conn/wire.h"
#include "store/state/state.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* First bytes: records, of a daemon that hands over or (the next value) that was killed. */
#define HANDED_OVER  0xfe
#define FIRST_SOCKET 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void nothing(struct conn *conn)
{
	(void)conn;
}

static void swallow(struct conn *conn)
{
	conn_sent(conn, buffer_len(&conn->out));
}

static void cut(struct conn *conn, int error)
{
	(void)error;
	conn_reset(conn);
	conn_drop_queues(conn);
}

static const struct conn_ops ops = {
	.take = nothing,
	.flush = swallow,
	.cut = cut,
	.free = nothing,
};

static void open_client(struct conn *conn, struct store *store, uint32_t domid)
{
	struct domain *domain = domains_named(&store->domains, domid);

	memset(conn, 0, sizeof(*conn));
	conn_open(conn, store, domain, &ops);
	domain_put(domain);
}

/* Pieces of step bytes, to the two clients in a turn; each keeps what it has not used. */
static void feed(struct store *store, struct conn clients[2], const uint8_t *data, size_t size,
		 size_t step)
{
	for (size_t at = 0, piece = 0; at < size; at += step, piece++) {
		struct conn *conn = &clients[piece & 1];
		size_t len = size - at < step ? size - at : step;

		if (!conn->broken) {
			buffer_put(&conn->in, data + at, len);
			buffer_drop(&conn->in,
				    (uint32_t)conn_take(conn, conn->in.data + conn->in.start,
							buffer_len(&conn->in)));
		}
		if (piece & 1)
			store_end_turn(store);
	}
	store_end_turn(store);
}

static const struct path *path_of(const char *text)
{
	static struct path path;
	bool relative;

	if (wire_path(text, strlen(text), "", sizeof(path.text), false, &path, &relative) < 0)
		abort();
	return &path;
}

/* A guest with a home, so that it gets further than EACCES. */
static void make_home(struct store *store, struct conn *dom0)
{
	const struct view view = {.conn = dom0};
	struct domain *guest = domains_named(&store->domains, 3);
	struct perms *perms = perms_make(&store->perms, &(struct perm){guest, PERM_READ}, 1);
	struct node *node;

	view_write(&view, path_of("/local/domain/3/data"), "x", 1);
	if (perms && view_find(&view, path_of("/local/domain/3"), PERM_WRITE, &node) == 0)
		view_set_perms(&view, node, perms);
	perms_put(perms);
	domain_put(guest);
}

/* Two descriptors that records can name, open again for each input. */
static void open_sockets(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0)
		abort();
	for (int i = 0; i < 2; i++) {
		if (dup2(ends[i], FIRST_SOCKET + i) < 0)
			abort();
		close(ends[i]);
	}
}

static void throw_away(struct sink *sink, const struct record *record)
{
	(void)sink;
	(void)record;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conn clients[2];
	static struct store store;
	static struct loop loop = {.fd = -1};

	if (loop.fd < 0 && loop_init(&loop) < 0)
		abort();
	if (size < 1 || store_init(&store) < 0)
		return 0;
	store.loop = &loop;
	if (data[0] >= HANDED_OVER) {
		enum dump_what what = data[0] == HANDED_OVER ? DUMP_FOR_EXEC : DUMP_FOR_CRASH;

		open_sockets();
		load_store(&store, (const char *)data + 1, size - 1, what);
		dump_store(&store, &(struct sink){.add = throw_away}, what);
	} else {
		open_client(&clients[0], &store, 0);
		open_client(&clients[1], &store, 3);
		make_home(&store, &clients[0]);
		feed(&store, clients, data + 1, size - 1, data[0] ? data[0] : 4096);
	}
	if (check_store(&store))
		abort();
	store_free(&store);
	return 0;
}
