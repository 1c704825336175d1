/* SPDX-License-Identifier: ISC */
/* A domain's memory: giving it RAM, mapping its frames here, cleaning caches. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include <public/domctl.h>
#include <public/memory.h>

#include "internal.h"

/* Sizes of the pieces that memory is given in, as powers of two of pages: 1 GiB, 2 MiB, 4 KiB. */
static const unsigned int orders[] = {18, 9, 0};

/* As many extents a call as fit into a page of frame numbers. */
#define POPULATE_BATCH (CTRL_PAGE_SIZE / sizeof(xen_pfn_t))

/* One call; returns how many extents were given, or a negative errno. */
static long populate_extents(struct ctrl *c, uint32_t domid, xen_pfn_t *frames, uint64_t gfn,
			     uint64_t nr, unsigned int order)
{
	struct xen_memory_reservation arg = {
		.extent_start = xen_handle_from_ptr(frames),
		.nr_extents = nr,
		.extent_order = order,
		.domid = domid,
	};

	for (uint64_t i = 0; i < nr; i++)
		frames[i] = gfn + (i << order);
	return ctrl_hypercall_cmd(c, __HYPERVISOR_memory_op, XENMEM_populate_physmap, &arg,
				  sizeof(arg));
}

static bool is_aligned(uint64_t gfn, unsigned int order)
{
	return !(gfn & ((1ull << order) - 1));
}

/* How many extents of orders[i] to ask for at gfn: up to where a bigger size could go on. */
static uint64_t extents_wanted(uint64_t gfn, uint64_t nr, size_t i, size_t biggest)
{
	uint64_t want = nr >> orders[i];

	if (!is_aligned(gfn, orders[i]))
		return 0;
	if (i > biggest) {
		uint64_t step = 1ull << orders[i - 1];
		uint64_t to_step = (step - (gfn & (step - 1))) & (step - 1);

		if (to_step && to_step < nr)
			want = to_step >> orders[i];
	}
	return want < POPULATE_BATCH ? want : POPULATE_BATCH;
}

static int fail_populate(struct ctrl *c, uint32_t domid, uint64_t gfn, uint64_t nr, long err)
{
	return ctrl_fail_call(c, err ? err : -ENOMEM, "memory_op populate_physmap",
			      "give domain %u memory at %#" PRIx64 " (%" PRIu64 " KiB still to go)",
			      domid, gfn << CTRL_PAGE_SHIFT, nr << (CTRL_PAGE_SHIFT - 10));
}

int ctrl_populate_memory(struct ctrl *c, uint32_t domid, uint64_t gfn, uint64_t nr)
{
	xen_pfn_t *frames = ctrl_buf_get(c, CTRL_PAGE_SIZE);
	size_t biggest = 0; /* index of the biggest size that the hypervisor can still give */
	int ret = 0;

	if (!frames)
		return -ENOMEM;
	while (nr) {
		size_t i = biggest;
		uint64_t want;
		long got;

		while (!(want = extents_wanted(gfn, nr, i, biggest)))
			i++;
		got = populate_extents(c, domid, frames, gfn, want, orders[i]);
		if (got > 0) {
			gfn += (uint64_t)got << orders[i];
			nr -= (uint64_t)got << orders[i];
		}
		if (got == (long)want)
			continue;
		if (orders[i] == 0) {
			ret = fail_populate(c, domid, gfn, nr, got < 0 ? got : 0);
			break;
		}
		biggest = i + 1; /* no piece of that size is left, or none may be had */
	}
	ctrl_buf_put(c, frames, CTRL_PAGE_SIZE);
	return ret;
}

static int fail_map(struct ctrl *c, uint32_t domid, const uint64_t *gfns, size_t nr, int err)
{
	return ctrl_fail_call(c, err, "MMAPBATCH_V2 (memory_op add_to_physmap_batch)",
			      "map %zu page%s of domain %u from %#" PRIx64 " on", nr,
			      nr == 1 ? "" : "s", domid, gfns[0] << CTRL_PAGE_SHIFT);
}

static int first_error(const int *errs, size_t nr, size_t *at)
{
	for (*at = 0; *at < nr; (*at)++)
		if (errs[*at])
			return errs[*at];
	return 0;
}

int ctrl_map_frames(struct ctrl *c, uint32_t domid, const uint64_t *gfns, size_t nr, int prot,
		    void **addr)
{
	void *map = NULL;
	int *errs;
	size_t at;
	int ret;

	if (!nr)
		return ctrl_fail(-EINVAL, "cannot map 0 pages of domain %u", domid);
	errs = calloc(nr, sizeof(*errs));
	if (!errs)
		return ctrl_fail_file(-ENOMEM, "map %zu pages of domain %u", nr, domid);
	ret = c->ops->map_frames(c->state, domid, gfns, nr, prot, errs, &map);
	if (ret < 0) {
		fail_map(c, domid, gfns, nr, ret);
		goto free_errs;
	}
	ret = first_error(errs, nr, &at);
	if (ret) {
		c->ops->unmap(c->state, map, nr);
		fail_map(c, domid, gfns + at, 1, ret);
		goto free_errs;
	}
	*addr = map; /* never set on failure: callers keep it as "what is mapped" */
free_errs:
	free(errs);
	return ret;
}

int ctrl_map_range(struct ctrl *c, uint32_t domid, uint64_t gfn, size_t nr, int prot, void **addr)
{
	uint64_t *gfns = calloc(nr ? nr : 1, sizeof(*gfns));
	int ret;

	if (!gfns)
		return ctrl_fail_file(-ENOMEM, "map %zu pages of domain %u", nr, domid);
	for (size_t i = 0; i < nr; i++)
		gfns[i] = gfn + i;
	ret = ctrl_map_frames(c, domid, gfns, nr, prot, addr);
	free(gfns);
	return ret;
}

void ctrl_unmap(struct ctrl *c, void *addr, size_t nr)
{
	if (addr)
		c->ops->unmap(c->state, addr, nr);
}

/* Xen refuses more than 2^18 pages (1 GiB) in one call. */
#define FLUSH_BATCH (1ull << 18)

int ctrl_flush_cache(struct ctrl *c, uint32_t domid, uint64_t gfn, uint64_t nr)
{
	while (nr) {
		uint64_t n = nr < FLUSH_BATCH ? nr : FLUSH_BATCH;
		struct xen_domctl arg = {.u.cacheflush = {.start_pfn = gfn, .nr_pfns = n}};
		int ret = ctrl_domctl(c, XEN_DOMCTL_cacheflush, domid, &arg);

		if (ret < 0)
			return ctrl_fail_call(c, ret, "domctl cacheflush",
					      "clean domain %u's memory at %#" PRIx64
					      " out of the caches",
					      domid, gfn << CTRL_PAGE_SHIFT);
		gfn += n;
		nr -= n;
	}
	return 0;
}

int ctrl_map_dom0_store(struct ctrl *c, void **page, uint32_t *port)
{
	int ret = c->ops->map_dom0_store ? c->ops->map_dom0_store(c->state, page, port) : -ENODEV;

	if (ret < 0)
		return ctrl_fail_file(ret, "map the store's page of this kernel "
					   "(/dev/xen/xenbus_backend)");
	return 0;
}
