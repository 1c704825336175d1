/* SPDX-License-Identifier: ISC */
/* The store as a whole: how it begins, and how a turn of its loop ends. */
#include "store.h"
#include "journal.h"
#include "store/conn/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Nodes that clients expect from the start; domain 0 owns them and nobody else may do anything. */
static const struct {
	const char *path, *value;
} first_nodes[] =
	{
		{"/tool/xenstored", ""},
		{"@introduceDomain", ""},
		{"@releaseDomain", ""},
},
  dom0_nodes[] = {
	  /* What xen-init-dom0 writes, where there is none. */
	  {"/local/domain/0/domid", "0"},
	  {"/local/domain/0/name", "Domain-0"},
	  {"/local/pool/0/name", "Pool-0"},
};

static int make_first_node(struct tree *tree, struct perms *perms, const char *path,
			   const char *text)
{
	struct node *node = *path == '@' ? tree->special : tree->root;
	const char *name;
	size_t len;

	while (path_next(&path, &name, &len)) {
		struct value *value = NULL;
		bool failed = false;

		node = tree_place(tree, node, name, len);
		if (!*path)
			value = value_new(text, strlen(text), &failed);
		if (!node || failed)
			return -ENOMEM;
		if (!node_exists(node))
			tree_create(tree, node, perms, value);
		value_put(value);
	}
	return 0;
}

int store_make_dom0_nodes(struct store *store)
{
	struct perms *perms = store->tree.root->perms;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < sizeof(dom0_nodes) / sizeof(dom0_nodes[0]); i++)
		ret = make_first_node(&store->tree, perms, dom0_nodes[i].path, dom0_nodes[i].value);
	return ret;
}

static int make_first_nodes(struct store *store, struct perms *perms)
{
	int ret = tree_init(&store->tree, perms);

	if (ret < 0)
		return ret;
	for (size_t i = 0; ret == 0 && i < sizeof(first_nodes) / sizeof(first_nodes[0]); i++)
		ret = make_first_node(&store->tree, perms, first_nodes[i].path,
				      first_nodes[i].value);
	if (ret < 0)
		tree_free(&store->tree);
	return ret;
}

int store_init(struct store *store)
{
	struct perms *perms;
	int ret;

	*store = (struct store){.service = &ops_service, .dirty_end = &store->dirty};
	quota_init(&store->quota);
	ret = domains_init(&store->domains, store, &store->perms);
	if (ret < 0)
		return ret;
	store->domains.zero->introduced = true;
	perms = perms_make(&store->perms, &(struct perm){store->domains.zero, 0}, 1);
	ret = perms ? make_first_nodes(store, perms) : -ENOMEM;
	perms_put(perms);
	if (ret < 0)
		domains_free(&store->domains);
	return ret;
}

void store_free(struct store *store)
{
	while (store->conns)
		conn_close(store->conns);
	tree_free(&store->tree);
	domains_free(&store->domains);
	free(store->by_port);
	free(store->binary);
}

bool store_end_turn(struct store *store)
{
	struct conn *conn = store->dirty, *next;
	bool again = false;

	journal_commit(store); /* before anybody can see it */
	store->dirty = NULL;
	store->dirty_end = &store->dirty;
	for (; conn; conn = next) {
		next = conn->dirty_next;
		conn->is_dirty = false;
		if (conn->broken) {
			conn->ops->cut(conn, conn->broken);
			continue;
		}
		conn->ops->flush(conn);
		if (conn_can_go_on(conn))
			again = true;
	}
	return again || store->dirty;
}

/* Of two times, of which 0 is none. */
static int64_t earlier(int64_t one, int64_t other)
{
	return !one || (other && other < one) ? other : one;
}

int store_wait_ms(const struct store *store, bool again)
{
	int64_t until = 0, wait;

	if (again)
		return 0;
	until = earlier(until, store->wake_ms);
	until = earlier(until, journal_retry_ms(store));
	until = earlier(until, store->attach_ms);
	if (!until)
		return -1;
	wait = until - loop_now_ms();
	return wait < 0 ? 0 : (int)wait;
}

bool store_is_due(const struct store *store)
{
	int64_t until = earlier(store->wake_ms, store->attach_ms);

	return until && until <= loop_now_ms();
}

static void wake(struct conn *conn)
{
	conn->paused_until = 0;
	if (conn->ops->wake)
		conn->ops->wake(conn);
}

/* When the next pause ends. A request may pause a client, and may close any. */
static void find_next_wake(struct store *store)
{
	store->wake_ms = 0;
	for (const struct conn *conn = store->conns; conn; conn = conn->next)
		if (conn->paused_until && (!store->wake_ms || conn->paused_until < store->wake_ms))
			store->wake_ms = conn->paused_until;
}

void store_go_on(struct store *store)
{
	int64_t now = store_is_due(store) ? loop_now_ms() : 0;
	uint32_t closed = store->closed;

	if (store->attach_ms && store->attach_ms <= now)
		store_attach_again(store);

	/* A request may close another client: then the rest has to wait for the next turn. */
	for (struct conn *conn = store->conns; conn && closed == store->closed; conn = conn->next)
		if (conn->paused_until && conn->paused_until <= now)
			wake(conn);
		else if (conn_can_go_on(conn))
			conn->ops->take(conn);
	if (store->wake_ms)
		find_next_wake(store);
}
