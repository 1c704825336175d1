#include "state.h"
void state_note_node(struct store *store, struct node *node)
{
	(void)store;
	(void)node;
}
void state_note_removed(struct store *store, struct node *node)
{
	(void)store;
	(void)node;
}
void state_note_watch(struct store *store, const struct watch *watch)
{
	(void)store;
	(void)watch;
}
void state_note_unwatch(struct store *store, const struct watch *watch)
{
	(void)store;
	(void)watch;
}
void state_note_reset(struct store *store, const struct conn *conn)
{
	(void)store;
	(void)conn;
}
void state_note_txn(struct store *store, const struct txn *txn)
{
	(void)store;
	(void)txn;
}
void state_note_txn_end(struct store *store, const struct txn *txn)
{
	(void)store;
	(void)txn;
}
void state_note_domain(struct store *store, const struct domain *domain)
{
	(void)store;
	(void)domain;
}
void state_note_domain_end(struct store *store, const struct domain *domain)
{
	(void)store;
	(void)domain;
}
void state_note_quota(struct store *store, enum quota quota)
{
	(void)store;
	(void)quota;
}
