/* SPDX-License-Identifier: ISC */
/* The handle: opening it, memory for hypercall arguments, and the hypercall itself. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static size_t size_to_pages(size_t size)
{
	return (size + CTRL_PAGE_SIZE - 1) >> CTRL_PAGE_SHIFT;
}

int ctrl_open_backend(struct ctrl **c, const struct ctrl_backend_ops *ops, void *state)
{
	struct ctrl *h = calloc(1, sizeof(*h));

	if (!h)
		return ctrl_fail_file(-ENOMEM, "open the hypervisor's control interface");
	h->ops = ops;
	h->state = state;
	pthread_mutex_init(&h->lock, NULL);
	atomic_init(&h->plinth, PLINTH_UNKNOWN);
	atomic_init(&h->plinth_copy, PLINTH_UNKNOWN);
	atomic_init(&h->sched_id, -1);
	*c = h;
	return 0;
}

void ctrl_close(struct ctrl *c)
{
	if (!c)
		return;
	while (c->nr_spare)
		c->ops->free(c->state, c->spare[--c->nr_spare], 1);
	c->ops->close(c->state);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static void *take_spare(struct ctrl *c)
{
	void *page = NULL;

	pthread_mutex_lock(&c->lock);
	if (c->nr_spare)
		page = c->spare[--c->nr_spare];
	pthread_mutex_unlock(&c->lock);
	return page;
}

static void *buf_get(struct ctrl *c, size_t size)
{
	void *page = size <= CTRL_PAGE_SIZE ? take_spare(c) : NULL;

	if (!page)
		return c->ops->alloc(c->state, size_to_pages(size));
	memset(page, 0, size);
	return page;
}

void *ctrl_buf_get(struct ctrl *c, size_t size)
{
	void *buf = buf_get(c, size);

	if (!buf)
		ctrl_fail(-ENOMEM,
			  "cannot get %zu bytes of memory for a hypercall (/dev/xen/hypercall): "
			  "dom0 is out of memory",
			  size);
	return buf;
}

static bool keep_spare(struct ctrl *c, void *page)
{
	bool keep;

	pthread_mutex_lock(&c->lock);
	keep = c->nr_spare < CTRL_NR_SPARE_PAGES;
	if (keep)
		c->spare[c->nr_spare++] = page;
	pthread_mutex_unlock(&c->lock);
	return keep;
}

void ctrl_buf_put(struct ctrl *c, void *buf, size_t size)
{
	if (!buf)
		return;
	if (size <= CTRL_PAGE_SIZE && keep_spare(c, buf))
		return;
	c->ops->free(c->state, buf, size_to_pages(size));
}

long ctrl_hypercall(struct ctrl *c, uint64_t op, uint64_t a0, uint64_t a1)
{
	const uint64_t arg[5] = {a0, a1};

	return c->ops->hypercall(c->state, op, arg);
}

long ctrl_hypercall_cmd(struct ctrl *c, uint64_t op, uint64_t cmd, void *arg, size_t size)
{
	void *buf = buf_get(c, size);
	long ret;

	if (!buf)
		return -ENOBUFS;
	memcpy(buf, arg, size);
	ret = ctrl_hypercall(c, op, cmd, (uintptr_t)buf);
	memcpy(arg, buf, size);
	ctrl_buf_put(c, buf, size);
	return ret;
}

long ctrl_hypercall_arg(struct ctrl *c, uint64_t op, void *arg, size_t size)
{
	void *buf = buf_get(c, size);
	long ret;

	if (!buf)
		return -ENOBUFS;
	memcpy(buf, arg, size);
	ret = ctrl_hypercall(c, op, (uintptr_t)buf, 0);
	memcpy(arg, buf, size);
	ctrl_buf_put(c, buf, size);
	return ret;
}
