/* SPDX-License-Identifier: ISC */
/* What the next daemon needs to know, written down as it happens. */
#ifndef PLINTH_STORE_STATE_H
#define PLINTH_STORE_STATE_H

#include "store.h"

struct conn;
struct txn;
struct watch;

void state_note_node(struct store *store, struct node *node);
void state_note_removed(struct store *store, struct node *node);
void state_note_watch(struct store *store, const struct watch *watch);
void state_note_unwatch(struct store *store, const struct watch *watch);
void state_note_reset(struct store *store, const struct conn *conn);
void state_note_txn(struct store *store, const struct txn *txn);
void state_note_txn_end(struct store *store, const struct txn *txn);
void state_note_domain(struct store *store, const struct domain *domain);
void state_note_domain_end(struct store *store, const struct domain *domain);
void state_note_quota(struct store *store, enum quota quota);

#endif
