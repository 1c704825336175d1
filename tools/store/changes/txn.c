/* SPDX-License-Identifier: ISC */
/* Transactions: what they touched, what they see, and how they end. */
#include "txn.h"
#include "change.h"
#include "store/tree/budget.h"
#include "watch.h"

#include <errno.h>
#include <stdlib.h>

/* ---- life ---- */

static void charge(struct txn *txn, size_t bytes)
{
	txn->bytes += bytes;
	txn->conn->domain->bytes += bytes;
}

int txn_start(struct conn *conn, uint32_t id, struct txn **made)
{
	struct domain *domain = conn->domain;
	struct store *store = conn->store;
	struct txn *txn;

	if (!id && !quota_allows(domain, QUOTA_TRANSACTIONS, domain->txns + 1u))
		return -ENOSPC;
	txn = calloc(1, sizeof(*txn));
	if (!txn)
		return -ENOMEM;
	while (!id) {
		id = ++store->next_txn;
		if (txn_find(conn, id))
			id = 0;
	}
	txn->id = id;
	txn->conn = conn;
	txn->next = conn->txns;
	txn->link = &conn->txns;
	if (conn->txns)
		conn->txns->link = &txn->next;
	conn->txns = txn;
	domain->txns++;
	charge(txn, sizeof(*txn) + BLOCK_COST);
	*made = txn;
	return 0;
}

struct txn *txn_find(const struct conn *conn, uint32_t id)
{
	struct txn *txn = conn->txns;

	while (txn && txn->id != id)
		txn = txn->next;
	return txn;
}

static void free_touch(struct touch *touch)
{
	*touch->node_link = touch->node_next;
	if (touch->node_next)
		touch->node_next->node_link = touch->node_link;
	perms_put(touch->perms);
	perms_put(touch->before);
	value_put(touch->value);
	node_put(&touch->txn->conn->store->tree, touch->node);
	free(touch);
}

void txn_free(struct txn *txn)
{
	struct domain *domain = txn->conn->domain;
	struct touch *next;

	for (struct touch *touch = txn->first; touch; touch = next) {
		work_add(WORK_MAKE);
		next = touch->next;
		free_touch(touch);
	}
	*txn->link = txn->next;
	if (txn->next)
		txn->next->link = txn->link;
	domain->txns--;
	domain->bytes -= txn->bytes;
	domain_put(txn->spoiler);
	free(txn);
}

/* ---- touching ---- */

struct touch *txn_touched(const struct txn *txn, const struct node *node)
{
	struct touch *touch = txn ? node->touches : NULL;

	while (touch && touch->txn != txn)
		touch = touch->node_next;
	return touch;
}

static void append(struct txn *txn, struct touch *touch)
{
	touch->next = NULL;
	touch->prev = txn->last;
	*(txn->last ? &txn->last->next : &txn->first) = touch;
	txn->last = touch;
}

/* A node that is made comes behind its parent, whenever it was first looked for. */
void txn_move_last(struct touch *touch)
{
	struct txn *txn = touch->txn;

	*(touch->prev ? &touch->prev->next : &txn->first) = touch->next;
	*(touch->next ? &touch->next->prev : &txn->last) = touch->prev;
	append(txn, touch);
}

/* With the places above it, up to one that the transaction has paid for already. */
static size_t touch_cost(const struct txn *txn, const struct node *node)
{
	size_t cost = sizeof(struct touch) + BLOCK_COST;

	for (; node->parent && !txn_touched(txn, node); node = node->parent) {
		work_add(WORK_STEP);
		cost += place_cost(node);
	}
	return cost;
}

static struct touch *new_touch(struct txn *txn, struct node *node, size_t cost)
{
	struct touch *touch = calloc(1, sizeof(*touch));

	if (!touch)
		return NULL;
	work_add(WORK_MAKE);
	touch->txn = txn;
	touch->node = node;
	node_get(node);
	touch->node_next = node->touches;
	touch->node_link = &node->touches;
	if (node->touches)
		node->touches->node_link = &touch->node_next;
	node->touches = touch;
	append(txn, touch);
	txn->touches++;
	charge(txn, cost);
	return touch;
}

int txn_touch(struct txn *txn, struct node *node, unsigned flags, struct touch **made)
{
	struct touch *touch = txn_touched(txn, node);

	if (!txn)
		return 0;
	if (!touch) {
		struct domain *domain = txn->conn->domain;
		size_t cost = touch_cost(txn, node);

		if (!quota_allows(domain, QUOTA_TRANSACTION_NODES, txn->touches + 1u))
			return -ENOSPC;
		if (!quota_allows(domain, QUOTA_MEMORY, domain->bytes + cost))
			return -ENOMEM;
		touch = new_touch(txn, node, cost);
		if (!touch)
			return -ENOMEM;
	}
	touch->flags |= (uint8_t)flags;
	if (made)
		*made = touch;
	return 0;
}

struct perms *txn_perms(const struct txn *txn, const struct node *node)
{
	const struct touch *touch = txn_touched(txn, node);

	return touch && touch->flags & (TOUCH_CHANGED | TOUCH_KEPT) ? touch->perms : node->perms;
}

struct value *txn_value(const struct txn *txn, const struct node *node)
{
	const struct touch *touch = txn_touched(txn, node);

	return touch && touch->flags & (TOUCH_CHANGED | TOUCH_KEPT) ? touch->value : node->value;
}

void touch_hold(struct touch *touch, struct perms *perms, struct value *value, unsigned flag)
{
	struct perms *perms_before = touch->perms;
	struct value *value_before = touch->value;
	size_t cost_before = perms_cost(perms_before) + value_cost(value_before);

	touch->perms = perms ? perms_get(perms) : NULL;
	touch->value = value_get(value);
	touch->flags |= (uint8_t)flag;
	charge(touch->txn, perms_cost(perms) + value_cost(value) - cost_before);
	perms_put(perms_before);
	value_put(value_before);
}

/*
 * The transaction is lost already, and only goes on to see the node as it was. A client whose
 * memory is used up sees it as it is.
 */
static void keep(struct touch *touch)
{
	struct domain *domain = touch->txn->conn->domain;
	struct node *node = touch->node;
	size_t cost = perms_cost(node->perms) + value_cost(node->value);

	if (quota_allows(domain, QUOTA_MEMORY, domain->bytes + cost))
		touch_hold(touch, node->perms, node->value, TOUCH_KEPT);
}

/*
 * The first change under a transaction is to be paid for, if the transaction's domain may make it
 * too.
 */
static void spoil(struct txn *txn, const struct node *node)
{
	const struct conn *actor = txn->conn->store->actor;
	struct domain *domain = txn->conn->domain;

	if (txn->conflict)
		return;
	txn->conflict = true;
	if (!actor || actor->domain->privileged || actor->domain == domain || !node->perms)
		return;
	if (perms_for(node->perms, domain) & PERM_WRITE)
		txn->spoiler = domain_get(actor->domain);
}

/* A transaction has failed because of a domain. */
static void pay(struct domain *domain)
{
	int64_t now = loop_now_ms(), pause = SPOIL_FIRST_MS;

	if (now - domain->spoilt_ms > SPOIL_FORGET_MS)
		domain->spoilt = 0;
	domain->spoilt_ms = now;
	if (++domain->spoilt <= SPOIL_FREE || !domain->conn)
		return;
	for (uint32_t i = SPOIL_FREE + 1; i < domain->spoilt && pause < SPOIL_MOST_MS; i++)
		pause *= 2;
	conn_pause(domain->conn, now + (pause < SPOIL_MOST_MS ? pause : SPOIL_MOST_MS));
}

void txn_note(struct node *node, unsigned flags, const struct txn *by)
{
	for (struct touch *touch = node->touches; touch; touch = touch->node_next) {
		work_add(WORK_STEP);
		if (touch->txn == by || !(touch->flags & flags))
			continue;
		spoil(touch->txn, node);
		if (!(touch->flags & (TOUCH_CHANGED | TOUCH_KEPT)))
			keep(touch);
	}
}

/* ---- children ---- */

struct child_iter txn_children(const struct txn *txn, const struct node *node)
{
	return (struct child_iter){
		.txn = txn, .node = node, .at = node->first, .made = txn ? txn->first : NULL};
}

struct node *txn_next_child(struct child_iter *iter)
{
	while (iter->at) {
		struct node *child = iter->at;

		iter->at = child->next;
		if (txn_perms(iter->txn, child))
			return child;
	}
	while (iter->made) {
		struct touch *touch = iter->made;

		work_add(WORK_STEP);
		iter->made = touch->next;
		if (touch->node->parent == iter->node && !node_exists(touch->node) &&
		    touch->flags & TOUCH_CHANGED && touch->perms)
			return touch->node;
	}
	return NULL;
}

/* ---- the end ---- */

/* Nodes that are made or changed, parents first; then those that are removed. */
static void carry_out(struct txn *txn)
{
	struct store *store = txn->conn->store;

	for (struct touch *touch = txn->first; touch; touch = touch->next) {
		if (!(touch->flags & TOUCH_CHANGED))
			continue;
		touch->before = touch->node->perms ? perms_get(touch->node->perms) : NULL;
		if (touch->perms)
			change_set(store, touch->node, touch->perms, touch->value, txn);
	}
	for (struct touch *touch = txn->last; touch; touch = touch->prev)
		if (touch->flags & TOUCH_CHANGED && !touch->perms && node_exists(touch->node))
			change_remove_all(store, touch->node, txn);
}

static void tell(struct txn *txn)
{
	/* What was made and removed again is nobody's business. */
	for (struct touch *touch = txn->first; touch; touch = touch->next)
		if (touch->flags & TOUCH_FIRE && (touch->before || touch->perms))
			watch_fire(touch->node, touch->before, touch->flags & TOUCH_EXACT);
}

int txn_commit(struct txn *txn)
{
	struct domain *domain = txn->conn->domain;
	int ret = 0;

	if (txn->conflict && txn->spoiler)
		pay(txn->spoiler);
	if (txn->conflict)
		ret = -EAGAIN;
	else if (txn->made && !quota_allows(domain, QUOTA_NODES, domain->nodes + txn->made))
		ret = -ENOSPC;
	if (ret == 0) {
		carry_out(txn);
		tell(txn);
	}
	txn_free(txn);
	return ret;
}
