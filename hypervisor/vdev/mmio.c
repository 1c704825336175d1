/* SPDX-License-Identifier: ISC */
/* Emulated devices: finds the device, and the row of its register table, that an access is for. */
#include <hyp/domain.h>
#include <lib/errno.h>
#include <vdev/mmio.h>

int mmio_register(struct domain *d, gpaddr_t base, uint64_t size, const struct mmio_device *device,
		  const void *data)
{
	struct mmio_region *r = d->arch.mmio.region;

	if (size == 0 || base + size < base)
		return -EINVAL;
	for (; r->size; r++)
		if (base < r->base + r->size && r->base < base + size)
			return -EINVAL;
	if (r == &d->arch.mmio.region[MMIO_MAX_REGIONS])
		return -ENOSPC;
	*r = (struct mmio_region){base, size, device, data};
	return 0;
}

/*
 * The region of an access, NULL: none, or misaligned. An aligned one cannot straddle a region's
 * end, as sizes of regions are multiples of 8.
 */
static __inline_here const struct mmio_region *find_region(const struct vcpu *v, gpaddr_t addr,
							   unsigned size)
{
	const struct mmio_region *r = v->domain->arch.mmio.region;

	if (unlikely(addr & (size - 1)))
		return NULL;
	for (; r->size; r++)
		if (addr - r->base < r->size)
			return r;
	return NULL;
}

struct mmio_result mmio_read(struct vcpu *v, gpaddr_t addr, unsigned size)
{
	const struct mmio_region *r = find_region(v, addr, size);

	return likely(r) ? r->device->read(v, addr - r->base, size, r->data) : MMIO_REFUSED;
}

bool mmio_write(struct vcpu *v, gpaddr_t addr, unsigned size, uint64_t value)
{
	const struct mmio_region *r = find_region(v, addr, size);

	return likely(r) && r->device->write(v, addr - r->base, size, value, r->data);
}

bool mmio_access(struct vcpu *v, gpaddr_t addr, unsigned size, bool write, uint64_t *value)
{
	const struct mmio_region *region = find_region(v, addr, size);
	struct mmio_result r;

	if (!region)
		return false;
	if (write)
		return region->device->write(v, addr - region->base, size, *value, region->data);
	r = region->device->read(v, addr - region->base, size, region->data);
	*value = r.value;
	return r.done;
}

void mmio_table_init(const struct mmio_table *t)
{
	const struct mmio_reg *r = t->row;

	for (unsigned slot = 0; slot < t->slots; slot++) {
		while (r->offset + r->length <= slot << MMIO_SLOT_SHIFT)
			r++;
		t->first[slot] = (uint8_t)(r - t->row);
	}
}

/* The row that an offset lies in, NULL: none. */
static inline const struct mmio_reg *find_row(const struct mmio_table *t, uint64_t offset)
{
	/* The mask changes nothing, but holds for a speculated offset too. */
	const struct mmio_reg *r = t->row + t->first[offset >> MMIO_SLOT_SHIFT & (t->slots - 1)];

	while (offset >= r->offset + r->length)
		r++;
	return offset >= r->offset ? r : NULL;
}

struct mmio_result mmio_table_read(struct vcpu *v, uint64_t offset, unsigned size,
				   const void *table)
{
	const struct mmio_reg *r = find_row(table, offset);

	if (unlikely(!r))
		return (struct mmio_result){0, size == 4};
	if (unlikely(!(r->widths & size)))
		return MMIO_REFUSED;
	return (struct mmio_result){r->read ? r->read(v, r, (unsigned)offset - r->offset, size) : 0,
				    true};
}

bool mmio_table_write(struct vcpu *v, uint64_t offset, unsigned size, uint64_t value,
		      const void *table)
{
	const struct mmio_reg *r = find_row(table, offset);

	if (unlikely(!r))
		return size == 4;
	if (unlikely(!(r->widths & size)))
		return false;
	if (r->write)
		r->write(v, r, (unsigned)offset - r->offset, size, value);
	return true;
}

const struct mmio_device mmio_table_device = {mmio_table_read, mmio_table_write};

uint64_t mmio_read_value(struct vcpu *v __unused, const struct mmio_reg *r,
			 unsigned offset __unused, unsigned size __unused)
{
	return r->value;
}
