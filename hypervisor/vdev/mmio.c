/* SPDX-License-Identifier: ISC */
/* Emulated devices: finds the device, and the row of its register table, that an access is for. */
#include <hyp/domain.h>
#include <hyp/errno.h>
#include <hyp/mmio.h>

int mmio_register(struct domain *d, gpaddr_t base, uint64_t size, mmio_access_fn *access,
		  void *data)
{
	struct mmio_map *map = &d->arch.mmio;

	if (size == 0 || base + size < base)
		return -EINVAL;
	for (unsigned i = 0; i < map->nr; i++) {
		const struct mmio_region *r = &map->region[i];

		if (base < r->base + r->size && r->base < base + size)
			return -EINVAL;
	}
	if (map->nr == MMIO_MAX_REGIONS)
		return -ENOSPC;
	map->region[map->nr++] = (struct mmio_region){base, size, access, data};
	return 0;
}

bool mmio_dispatch(struct vcpu *v, struct mmio_access *a)
{
	const struct mmio_map *map = &v->domain->arch.mmio;
	const struct mmio_region *r = map->region, *end = r + map->nr;

	if (a->addr & (a->size - 1u))
		return false;
	for (; r < end; r++) {
		a->offset = a->addr - r->base;
		/* Aligned, so it cannot straddle the end: sizes of regions are multiples of 8. */
		if (a->offset < r->size)
			return r->access(v, a, r->data);
	}
	return false;
}

static void reg_read(struct vcpu *v, const struct mmio_reg *r, struct mmio_access *a)
{
	a->value = 0;
	if (r->read)
		r->read(v, r, a);
	if (a->size < 8)
		a->value &= BIT64(8 * a->size) - 1;
}

/* From the start, as what is used often stands there. */
bool mmio_reg_access(struct vcpu *v, const struct mmio_reg *table, unsigned rows,
		     struct mmio_access *a)
{
	const struct mmio_reg *r = table, *end = table + rows;
	uint64_t offset = a->offset;

	for (; r < end; r++) {
		if (offset - r->offset >= r->length)
			continue;
		if (!(r->widths & a->size))
			return false;
		a->offset = offset - r->offset;
		if (!a->write)
			reg_read(v, r, a);
		else if (r->write)
			r->write(v, r, a);
		return true;
	}
	if (!a->write)
		a->value = 0;
	return a->size == 4;
}

void mmio_read_value(struct vcpu *v __unused, const struct mmio_reg *r, struct mmio_access *a)
{
	a->value = r->value;
}
