/* SPDX-License-Identifier: ISC */
/*
 * A pass over a device tree (Devicetree Specification 2.3: cell counts, reg, ranges, interrupts).
 */
#include <hyp/irq.h>
#include <lib/lib.h>

#include "fdt_util.h"
#include "fdt_walk.h"

static const char *const known_names[FDT_NR_KNOWN] = {
	[FDT_COMPATIBLE] = "compatible",
	[FDT_DEVICE_TYPE] = "device_type",
	[FDT_STATUS] = "status",
	[FDT_REG] = "reg",
	[FDT_RANGES] = "ranges",
	[FDT_INTERRUPTS] = "interrupts",
	[FDT_ADDRESS_CELLS] = "#address-cells",
	[FDT_SIZE_CELLS] = "#size-cells",
};

void fdt_walk_start(struct fdt_walk *w, const void *fdt)
{
	w->fdt = fdt;
	w->depth = -1;
	w->next = 0;
	w->deepest = FDT_WALK_DEPTH - 1;
}

static void note_property(struct fdt_walk *w, int offset)
{
	const char *name;
	struct fdt_prop_value value;

	value.data = fdt_getprop_by_offset(w->fdt, offset, &name, &value.len);
	for (unsigned i = 0; value.data && i < FDT_NR_KNOWN; i++)
		if (strcmp(name, known_names[i]) == 0) {
			w->prop[i] = value;
			return;
		}
}

/* A count of cells, `otherwise` if it is not given, -1 if it makes no sense. */
static int cell_count(struct fdt_prop_value value, int otherwise)
{
	uint32_t n;

	if (!value.data)
		return otherwise;
	if (value.len != 4)
		return -1;
	n = fdt32_to_cpu(*(const fdt32_t *)value.data);
	return n <= FDT_MAX_NCELLS ? (int)n : -1;
}

static void read_node(struct fdt_walk *w, int node)
{
	struct fdt_bus *bus = &w->bus[w->depth];
	int at, tag;

	memset(w->prop, 0, sizeof(w->prop));
	for (at = w->next; (tag = fdt_next_tag(w->fdt, at, &w->next)) == FDT_PROP || tag == FDT_NOP;
	     at = w->next)
		if (tag == FDT_PROP)
			note_property(w, at);
	w->next = at;
	w->node = node;
	bus->node = node;
	bus->name = fdt_get_name(w->fdt, node, NULL);
	bus->address_cells = cell_count(w->prop[FDT_ADDRESS_CELLS], 2);
	bus->size_cells = cell_count(w->prop[FDT_SIZE_CELLS], 1);
	bus->own_cells = w->prop[FDT_ADDRESS_CELLS].data;
	bus->ranges = w->prop[FDT_RANGES];
}

bool fdt_walk_next(struct fdt_walk *w)
{
	for (;;) {
		int at = w->next;
		uint32_t tag = fdt_next_tag(w->fdt, at, &w->next);

		if (tag == FDT_BEGIN_NODE && ++w->depth <= w->deepest) {
			w->deepest = FDT_WALK_DEPTH - 1;
			read_node(w, at);
			return true;
		}
		if (tag == FDT_END_NODE)
			w->depth--;
		if (tag == FDT_END || w->depth < 0 || w->next < 0)
			return false;
	}
}

void fdt_walk_skip_children(struct fdt_walk *w)
{
	w->deepest = w->depth;
}

static bool is_top_level(const struct fdt_bus *bus, const char *name)
{
	return bus->name && strcmp(bus->name, name) == 0;
}

bool fdt_walk_is_in(const struct fdt_walk *w, const char *name)
{
	return w->depth == 2 && is_top_level(&w->bus[1], name);
}

bool fdt_walk_is(const struct fdt_walk *w, const char *name)
{
	return w->depth == 1 && is_top_level(&w->bus[1], name);
}

bool fdt_walk_compatible(const struct fdt_walk *w, const char *compatible)
{
	const struct fdt_prop_value *list = &w->prop[FDT_COMPATIBLE];

	return list->data && fdt_stringlist_contains(list->data, list->len, compatible);
}

bool fdt_walk_has_type(const struct fdt_walk *w, const char *device_type)
{
	const char *type = fdt_value_str(w->prop[FDT_DEVICE_TYPE]);

	return type && strcmp(type, device_type) == 0;
}

bool fdt_walk_enabled(const struct fdt_walk *w)
{
	const char *status = fdt_value_str(w->prop[FDT_STATUS]);

	return !status || strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0;
}

/* One level: address of `bus`'s children to an address of its parent. */
static bool translate_once(const struct fdt_bus *bus, int parent_cells, uint64_t *addr)
{
	int child_cells = bus->address_cells, size_cells = bus->size_cells;
	int row = child_cells + parent_cells + size_cells, len = bus->ranges.len;
	const fdt32_t *p = bus->ranges.data;

	if (!p)
		return false; /* no ranges: not reachable from the CPU */
	if (len == 0)
		return true; /* empty: identity */
	if (child_cells < 1 || child_cells > 2 || parent_cells < 1 || size_cells < 0)
		return false; /* PCI addresses are not registers; negative: nonsense */
	for (int i = 0; i + row <= len / 4; i += row) {
		uint64_t child = fdt_cells(p + i, child_cells);
		uint64_t size = fdt_cells(p + i + child_cells + parent_cells, size_cells);

		if (*addr >= child && *addr - child < size) {
			*addr = fdt_cells(p + i + child_cells, parent_cells) + (*addr - child);
			return true;
		}
	}
	return false;
}

bool fdt_walk_translate(const struct fdt_walk *w, int bus, uint64_t *addr)
{
	for (; bus > 0; bus--)
		if (!translate_once(&w->bus[bus], w->bus[bus - 1].address_cells, addr))
			return false;
	return true;
}

bool fdt_walk_reg(const struct fdt_walk *w, unsigned index, uint64_t *base, uint64_t *size)
{
	const struct fdt_prop_value *reg = &w->prop[FDT_REG];
	const fdt32_t *p = reg->data;
	const struct fdt_bus *bus;
	int ac, sc, at;

	if (!p || w->depth < 1)
		return false;
	bus = &w->bus[w->depth - 1];
	ac = bus->address_cells;
	sc = bus->size_cells;
	at = (int)index * (ac + sc);
	if (ac < 1 || ac > 2 || sc < 1 || sc > 2 || at + ac + sc > reg->len / 4)
		return false;
	*base = fdt_cells(p + at, ac);
	*size = fdt_cells(p + at + ac, sc);
	return fdt_walk_translate(w, w->depth - 1, base);
}

/* The GIC's three cells: 0 SPI or 1 PPI, number, flags. */
bool fdt_walk_irq(const struct fdt_walk *w, unsigned index, unsigned *intid)
{
	const struct fdt_prop_value *irqs = &w->prop[FDT_INTERRUPTS];
	const fdt32_t *p = irqs->data;
	uint32_t number;

	if (!p || (int)(index + 1) * 12 > irqs->len)
		return false;
	p += index * 3;
	number = fdt32_to_cpu(p[1]);
	if (fdt32_to_cpu(p[0])) {
		*intid = number + NR_SGIS;
		return number < NR_PPIS;
	}
	*intid = number + NR_LOCALS;
	return number < MAX_IRQS - NR_LOCALS;
}

const char *fdt_value_str(struct fdt_prop_value value)
{
	return value.data && value.len > 0 && memchr(value.data, 0, (size_t)value.len) ? value.data
										       : NULL;
}
