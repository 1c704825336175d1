/* SPDX-License-Identifier: ISC */
/* Intrusive, circular, doubly linked list. */
#ifndef HYP_LIST_H
#define HYP_LIST_H

#include <lib/types.h>

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name)          \
	{                        \
		&(name), &(name) \
	}

static inline void list_init(struct list *l)
{
	l->prev = l;
	WRITE_ONCE(l->next, l);
}

static inline bool list_empty(const struct list *l)
{
	return READ_ONCE(l->next) == l;
}

static inline void list_insert(struct list *l, struct list *prev, struct list *next)
{
	next->prev = l;
	l->next = next;
	l->prev = prev;
	WRITE_ONCE(prev->next, l);
}

/* Add l in front of the whole list (head->next) or at its end (head->prev). */
static inline void list_push(struct list *head, struct list *l)
{
	list_insert(l, head, head->next);
}

static inline void list_append(struct list *head, struct list *l)
{
	list_insert(l, head->prev, head);
}

/* Remove l; l is left as an empty list, so that list_empty(l) tells "on no list". */
static inline void list_remove(struct list *l)
{
	WRITE_ONCE(l->prev->next, l->next);
	l->next->prev = l->prev;
	list_init(l);
}

#define list_entry(p, t, m)    container_of(p, t, m)
#define list_first(head, t, m) list_entry((head)->next, t, m)

#define list_for_each(pos, head, m)                                                  \
	for (pos = list_entry((head)->next, __typeof__(*pos), m); &pos->m != (head); \
	     pos = list_entry(pos->m.next, __typeof__(*pos), m))

#define list_for_each_safe(pos, tmp, head, m)                     \
	for (pos = list_entry((head)->next, __typeof__(*pos), m), \
	    tmp = list_entry(pos->m.next, __typeof__(*pos), m);   \
	     &pos->m != (head); pos = tmp, tmp = list_entry(pos->m.next, __typeof__(*pos), m))

#endif
