/* SPDX-License-Identifier: ISC */
/* The requests of the protocol: a row for each, and the functions behind the rows. */
#include "control.h"
#include "daemon/daemon.h"
#include "journal.h"
#include "request.h"
#include "store/changes/change.h"
#include "store/changes/txn.h"
#include "store/changes/watch.h"
#include "store/conn/conn.h"
#include "store/conn/wire.h"
#include "base/number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- nodes ---- */

static int op_read(struct request *r)
{
	struct value *value;
	struct node *node;
	int ret = view_find(&r->view, r->path, PERM_READ, &node);

	if (ret < 0)
		return ret;
	value = txn_value(r->view.txn, node);
	return reply(r, value ? value->data : NULL, value_len(value));
}

/* Finds the node whose children are wanted. */
static int find_list(struct request *r, struct node **node)
{
	int ret = view_find(&r->view, r->path, PERM_READ, node);

	return ret < 0 ? ret : txn_touch(r->view.txn, *node, TOUCH_LIST, NULL);
}

static int op_directory(struct request *r)
{
	char list[XENSTORE_PAYLOAD_MAX];
	struct child_iter children;
	struct node *node, *child;
	size_t used = 0;
	int ret = find_list(r, &node);

	if (ret < 0)
		return ret;
	children = txn_children(r->view.txn, node);
	while ((child = txn_next_child(&children))) {
		if (used + child->name_len + 1u > sizeof(list))
			return -E2BIG;
		memcpy(list + used, child->name, child->name_len + 1u);
		used += child->name_len + 1u;
	}
	work_add(WORK_NAMES(used));
	return reply(r, list, used);
}

/* From an offset in the list on, as many whole names as fit; an empty one marks the list's end. */
static int op_directory_part(struct request *r)
{
	char list[XENSTORE_PAYLOAD_MAX];
	struct child_iter children;
	struct node *node, *child;
	uint64_t offset, at = 0;
	size_t used;
	int ret;

	if (!number_parse(r->string[1], 0, UINT32_MAX, &offset))
		return -EINVAL;
	ret = find_list(r, &node);
	if (ret < 0)
		return ret;
	used = (size_t)snprintf(list, sizeof(list), "%" PRIu64, node->generation) + 1;
	children = txn_children(r->view.txn, node);
	while ((child = txn_next_child(&children))) {
		size_t size = child->name_len + 1u;

		if (at + size > offset) {
			size_t skip = at < offset ? (size_t)(offset - at) : 0;

			if (used + size - skip > sizeof(list))
				break;
			memcpy(list + used, child->name + skip, size - skip);
			used += size - skip;
		}
		at += size;
	}
	work_add(WORK_NAMES(at));
	if (!child && used < sizeof(list))
		list[used++] = '\0';
	return reply(r, list, used);
}

static int op_write(struct request *r)
{
	size_t path_size = r->path_len + 1;
	int ret = view_write(&r->view, r->path, r->data + path_size, r->len - path_size);

	return ret < 0 ? ret : reply_ok(r);
}

static int op_mkdir(struct request *r)
{
	int ret = view_write(&r->view, r->path, NULL, MAKE_ONLY);

	return ret < 0 ? ret : reply_ok(r);
}

/* What is not there has been removed, if at least the node above is there. */
static int remove_nothing(struct request *r)
{
	struct path *above = r->path;
	char *slash = strrchr(above->text, '/');
	struct node *node;

	above->len = slash == above->text ? 1 : (uint32_t)(slash - above->text);
	above->text[above->len] = '\0';
	above->hash = path_hash(PATH_HASH, above->text, above->len);
	if (view_find(&r->view, above, 0, &node) < 0)
		return -ENOENT;
	return reply_ok(r);
}

static int op_rm(struct request *r)
{
	struct node *node;
	int ret = view_find(&r->view, r->path, PERM_WRITE, &node);

	if (ret == -ENOENT)
		return remove_nothing(r);
	if (ret < 0)
		return ret;
	if (!node->parent)
		return -EINVAL;
	ret = view_remove(&r->view, node);
	return ret < 0 ? ret : reply_ok(r);
}

static int op_get_perms(struct request *r)
{
	char list[XENSTORE_PAYLOAD_MAX];
	struct perms *perms;
	struct node *node;
	size_t used = 0;
	int ret = view_find(&r->view, r->path, PERM_READ, &node);

	if (ret < 0)
		return *r->path->text == '@' ? -EINVAL : ret;
	perms = txn_perms(r->view.txn, node);
	for (size_t i = 0; i < perms->count; i++) {
		if (i && perms->entry[i].domain->dead)
			continue;
		if (used + PERM_TEXT > sizeof(list))
			return -E2BIG;
		used += perm_print(&perms->entry[i], list + used);
	}
	return reply(r, list, used);
}

/* The strings behind the path: numbers and letters, which mean nothing yet. */
static int parse_perms(struct request *r, struct perm_text *text, size_t count)
{
	const char *at = r->string[1];
	int ret = 0;

	for (size_t i = 0; i < count && ret == 0; i++, at += strlen(at) + 1)
		ret = perm_parse(at, &text[i]);
	return ret;
}

/* All that forbids it, before anybody is asked which domains the numbers mean. */
static int check_perms(struct request *r, const struct perm_text *text, struct node **node)
{
	struct domain *domain = r->view.conn->domain, *owner;
	int ret = view_find(&r->view, r->path, PERM_WRITE | PERM_OWNER, node);

	if (ret < 0)
		return *r->path->text == '@' ? -EINVAL : ret;
	owner = perms_owner(txn_perms(r->view.txn, *node));
	if (!domain->privileged && (owner->dead || owner->domid != text[0].domid))
		return -EPERM;
	return 0;
}

static int set_perms(struct request *r, const struct perm_text *text, size_t count)
{
	struct perms *perms;
	struct node *node;
	int ret = check_perms(r, text, &node);

	if (ret < 0)
		return ret;
	perms = perms_named(&r->store->domains, text, count);
	if (!perms)
		return -ENOMEM;
	ret = view_set_perms(&r->view, node, perms);
	perms_put(perms);
	return ret < 0 ? ret : reply_ok(r);
}

static int op_set_perms(struct request *r)
{
	size_t count = r->strings - 1;
	struct perm_text *text;
	int ret;

	if (!quota_allows(r->view.conn->domain, QUOTA_PERMISSIONS, count))
		return -ENOSPC;
	text = malloc(count * sizeof(*text));
	if (!text)
		return -ENOMEM;
	ret = parse_perms(r, text, count);
	if (ret == 0)
		ret = set_perms(r, text, count);
	free(text);
	return ret;
}

/* ---- watches ---- */

static int add_watch(struct request *r, int depth)
{
	struct conn *conn = r->view.conn;
	struct tree *tree = &r->store->tree;
	struct node *node = tree_look_up(tree, r->path);
	uint32_t skip = 0;
	struct watch *watch;
	int ret;

	if (node && watch_find(conn, node, r->string[1]))
		return -EEXIST;
	ret = watch_check(conn, r->path, r->string[1]);
	if (ret < 0)
		return ret;
	if (!node)
		node = tree_walk_place(tree, r->path->text);
	if (!node)
		return -ENOMEM;
	if (r->relative)
		skip = r->path->len - (uint32_t)r->path_len;
	node_get(node);
	ret = watch_add(conn, node, r->string[1], skip, depth, &watch);
	node_put(tree, node);
	if (ret < 0)
		return ret;
	journal_watch(r->store, watch);
	reply_ok(r);
	/* Once at once: the client then looks, and has missed nothing. */
	watch_send(watch, r->string[0], r->path_len);
	return 0;
}

static int op_watch(struct request *r)
{
	uint64_t depth = 0;

	if (r->strings == 3 && !number_parse(r->string[2], 0, INT16_MAX, &depth))
		return -EINVAL;
	if (r->strings == 3 && *r->path->text == '@' && depth != WATCH_SPECIAL_DEPTH)
		return -EINVAL;
	return add_watch(r, r->strings == 3 ? (int)depth : -1);
}

static int op_unwatch(struct request *r)
{
	struct node *node = tree_look_up(&r->store->tree, r->path);
	struct watch *watch = node ? watch_find(r->view.conn, node, r->string[1]) : NULL;

	if (!watch)
		return -ENOENT;
	journal_unwatch(r->store, watch);
	watch_free(watch);
	return reply_ok(r);
}

static int op_reset_watches(struct request *r)
{
	conn_reset(r->view.conn);
	journal_reset(r->store, r->view.conn);
	return reply_ok(r);
}

/* ---- transactions ---- */

static int op_transaction_start(struct request *r)
{
	struct txn *txn;
	char id[16];
	int ret;

	if (r->view.txn)
		return -EBUSY;
	ret = txn_start(r->view.conn, 0, &txn);
	if (ret < 0)
		return ret;
	journal_txn(r->store, txn);
	snprintf(id, sizeof(id), "%" PRIu32, txn->id);
	return reply_string(r, id);
}

static int op_transaction_end(struct request *r)
{
	struct txn *txn = r->view.txn;
	bool commit = strcmp(r->string[0], "T") == 0;
	int ret = 0;

	if (!commit && strcmp(r->string[0], "F") != 0)
		return -EINVAL;
	if (!txn)
		return -ENOENT;
	journal_txn_end(r->store, txn);
	r->view.txn = NULL;
	if (commit)
		ret = txn_commit(txn);
	else
		txn_free(txn);
	return ret < 0 ? ret : reply_ok(r);
}

/* ---- the table ---- */

enum op_flags {
	OP_PATH = 1,       /* the first string is a path */
	OP_SPECIAL = 2,    /* which may be one with '@' */
	OP_PRIVILEGED = 4, /* for domain 0 alone */
	OP_ONE = 8,        /* exactly one string, nothing behind it */
	OP_DATA = 16,      /* anything may follow the strings */
};

static const struct op {
	int (*run)(struct request *request); /* 0 and it has replied, or a negative errno */
	uint8_t flags;
	uint16_t min, max; /* strings */
} ops[XS_TYPE_COUNT] = {
	[XS_CONTROL] = {op_control, OP_PRIVILEGED | OP_DATA, 1, UINT16_MAX},
	[XS_DIRECTORY] = {op_directory, OP_PATH | OP_ONE, 1, 1},
	[XS_READ] = {op_read, OP_PATH | OP_ONE, 1, 1},
	[XS_GET_PERMS] = {op_get_perms, OP_PATH | OP_SPECIAL | OP_ONE, 1, 1},
	[XS_WATCH] = {op_watch, OP_PATH | OP_SPECIAL, 2, 3},
	[XS_UNWATCH] = {op_unwatch, OP_PATH | OP_SPECIAL, 2, 2},
	[XS_TRANSACTION_START] = {op_transaction_start, 0, 0, UINT16_MAX},
	[XS_TRANSACTION_END] = {op_transaction_end, OP_ONE, 1, 1},
	[XS_INTRODUCE] = {op_introduce, OP_PRIVILEGED, 3, UINT16_MAX},
	[XS_RELEASE] = {op_release, OP_PRIVILEGED | OP_ONE, 1, 1},
	[XS_GET_DOMAIN_PATH] = {op_get_domain_path, OP_ONE, 1, 1},
	[XS_WRITE] = {op_write, OP_PATH | OP_DATA, 1, UINT16_MAX},
	[XS_MKDIR] = {op_mkdir, OP_PATH | OP_ONE, 1, 1},
	[XS_RM] = {op_rm, OP_PATH | OP_ONE, 1, 1},
	[XS_SET_PERMS] = {op_set_perms, OP_PATH | OP_SPECIAL, 2, UINT16_MAX},
	[XS_IS_DOMAIN_INTRODUCED] = {op_is_introduced, OP_ONE, 1, 1},
	[XS_RESUME] = {op_resume, OP_PRIVILEGED | OP_ONE, 1, 1},
	[XS_SET_TARGET] = {op_set_target, OP_PRIVILEGED, 2, UINT16_MAX},
	[XS_RESET_WATCHES] = {op_reset_watches, 0, 0, UINT16_MAX},
	[XS_DIRECTORY_PART] = {op_directory_part, OP_PATH, 2, 2},
};

static int get_path(struct request *r, const struct op *op)
{
	r->path_len = op->flags & OP_ONE ? r->len - 1 : strlen(r->string[0]);
	return wire_path(r->string[0], r->path_len, r->view.conn->domain->home,
			 r->store->quota.max[QUOTA_PATH_MAX], op->flags & OP_SPECIAL, r->path,
			 &r->relative);
}

/* Everything that can be checked before the request is looked at more closely. */
static int prepare(struct request *r, const struct op *op)
{
	struct conn *conn = r->view.conn;

	if (r->head->tx_id) {
		r->view.txn = txn_find(conn, r->head->tx_id);
		if (!r->view.txn)
			return -ENOENT;
	}
	if (op->flags & OP_PRIVILEGED && !conn->domain->privileged)
		return -EACCES;
	r->strings = wire_strings(r->data, r->len, r->string, REQUEST_STRINGS);
	if (r->strings < op->min || r->strings > op->max)
		return -EINVAL;
	if (op->flags & OP_ONE && r->data[r->len - 1] != '\0')
		return -EINVAL;
	if (op->flags & OP_PATH && get_path(r, op) < 0)
		return op->run == op_unwatch ? -ENOENT : -EINVAL;
	return 0;
}

static void handle(struct conn *conn, const struct xsd_sockmsg *head, const char *data)
{
	struct path path;
	struct request r = {
		.path = &path,
		.store = conn->store,
		.view.conn = conn,
		.head = head,
		.data = data,
		.len = head->len,
	};
	const struct op *op = head->type < XS_TYPE_COUNT ? &ops[head->type] : NULL;
	int ret = op && op->run ? prepare(&r, op) : -ENOSYS;

	if (conn->store->trace)
		daemon_log("domain %u: %s %.*s", conn->domain->domid, wire_type_name(head->type),
			   (int)strnlen(data, head->len), data);
	if (ret == 0)
		ret = op->run(&r);
	if (ret < 0) {
		const char *name = wire_error_name(ret);

		conn_put(conn, XS_ERROR, head->req_id, head->tx_id, name, strlen(name) + 1);
	}
}

static void reset(struct conn *conn)
{
	while (conn->watches)
		watch_free(conn->watches);
	while (conn->txns)
		txn_free(conn->txns);
}

const struct conn_service ops_service = {.handle = handle, .reset = reset};
