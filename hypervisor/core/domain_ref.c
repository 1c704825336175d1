/* SPDX-License-Identifier: ISC */
/* The table of all domains: look-up and references. */
#include <hyp/domain.h>
#include <lib/errno.h>
#include <lib/lib.h>
#include <mem/page.h>
#include <public/xen.h>

struct domain *domain0;
struct list domain_list = LIST_INIT(domain_list);

static struct spinlock list_lock = SPINLOCK_INIT(RANK_DOMAIN_LIST);
#define SLOTS_ORDER 1         /* two pages */
static struct domain **slots; /* up to MAX_DOMAINS; 0 means "no owner" in page descriptors */

/* Look-up by domain ID; chained through domain.same_hash. */
#define HASH_SIZE 256
static struct domain *hash[HASH_SIZE];

static void (*free_domain)(struct domain *d);

void domain_ref_init(void (*free)(struct domain *d))
{
	_Static_assert((MAX_DOMAINS + 1) * sizeof(*slots) <= PAGE_SIZE << SLOTS_ORDER, "slots");
	slots = hyp_pages_alloc(SLOTS_ORDER);
	if (!slots)
		panic("no memory for the table of domains");
	free_domain = free;
}

static struct domain *list_find(domid_t from)
{
	struct domain *d;

	for_each_domain (d)
		if (d->id >= from)
			return d;
	return NULL;
}

void domain_hold(struct domain *d)
{
	atomic_add(&d->refs, 1);
}

/*
 * A domain stays in the table for a moment after its last reference was put. Look-ups must not find
 * it then.
 */
static bool try_hold(struct domain *d)
{
	uint32_t refs = atomic_load(&d->refs);

	while (refs)
		if (atomic_cas(&d->refs, &refs, refs + 1))
			return true;
	return false;
}

struct domain *domain_get_next(domid_t from)
{
	struct domain *d;

	spin_lock(&list_lock);
	for (d = list_find(from); d && !try_hold(d); d = list_find(from))
		from = (domid_t)(d->id + 1);
	spin_unlock(&list_lock);
	return d;
}

struct domain *domain_step(struct domain *d)
{
	struct list *next;

	spin_lock(&list_lock);
	/* d is held, so it is still in the list. */
	for (next = d->all.next; next != &domain_list; next = next->next)
		if (try_hold(list_entry(next, struct domain, all)))
			break;
	spin_unlock(&list_lock);
	domain_put(d);
	return next == &domain_list ? NULL : list_entry(next, struct domain, all);
}

struct domain *domain_get_any(domid_t id)
{
	struct domain *d;

	spin_lock(&list_lock);
	for (d = hash[id % HASH_SIZE]; d && d->id != id; d = d->same_hash)
		;
	if (d && !try_hold(d))
		d = NULL;
	spin_unlock(&list_lock);
	return d;
}

struct domain *domain_get(domid_t id)
{
	struct domain *d = domain_get_any(id);

	if (d && READ_ONCE(d->state) >= DOMAIN_DYING) {
		domain_put(d);
		return NULL;
	}
	return d;
}

struct domain *domain_get_for(struct vcpu *v, domid_t id)
{
	if (id == DOMID_SELF || id == v->domain->id) {
		domain_hold(v->domain);
		return v->domain;
	}
	return domain_get(id);
}

int domain_get_target(struct vcpu *v, domid_t id, struct domain **out)
{
	struct domain *d = domain_get_for(v, id);

	if (!d)
		return -ESRCH;
	if (d != v->domain && !v->domain->privileged) {
		domain_put(d);
		return -EPERM;
	}
	*out = d;
	return 0;
}

struct domain *domain_by_slot(unsigned slot)
{
	return slot <= MAX_DOMAINS ? READ_ONCE(slots[slot]) : NULL;
}

int domain_insert(struct domain *d)
{
	struct domain *next;

	spin_lock(&list_lock);
	next = list_find(d->id);
	if (next && next->id == d->id) {
		spin_unlock(&list_lock);
		return -EEXIST;
	}
	for (unsigned i = 1; i <= MAX_DOMAINS; i++) {
		if (slots[i])
			continue;
		slots[i] = d;
		d->slot = (uint16_t)i;
		list_append(next ? &next->all : &domain_list, &d->all);
		d->same_hash = hash[d->id % HASH_SIZE];
		hash[d->id % HASH_SIZE] = d;
		spin_unlock(&list_lock);
		return 0;
	}
	spin_unlock(&list_lock);
	return -ENOMEM;
}

static void list_forget(struct domain *d)
{
	struct domain **link = &hash[d->id % HASH_SIZE];

	spin_lock(&list_lock);
	while (*link != d)
		link = &(*link)->same_hash;
	*link = d->same_hash;
	list_remove(&d->all);
	slots[d->slot] = NULL;
	spin_unlock(&list_lock);
}

void domain_put(struct domain *d)
{
	if (atomic_sub_full(&d->refs, 1) == 0) {
		list_forget(d);
		free_domain(d);
	}
}
