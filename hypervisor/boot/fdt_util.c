/* SPDX-License-Identifier: ISC */
/* Device tree look-ups (Devicetree Specification 2.3: reg, ranges, interrupts). */
#include <hyp/irq.h>
#include <hyp/lib.h>

#include "fdt_util.h"

uint64_t fdt_cells(const fdt32_t *p, int cells)
{
	uint64_t v = 0;

	for (int i = 0; i < cells; i++)
		v = v << 32 | fdt32_to_cpu(p[i]);
	return v;
}

/* One level: address of `bus`'s children to an address of `bus`'s parent. */
static bool translate_once(const void *fdt, int bus, int parent, uint64_t *addr)
{
	int len, child_cells = fdt_address_cells(fdt, bus),
		 parent_cells = fdt_address_cells(fdt, parent);
	int size_cells = fdt_size_cells(fdt, bus), row = child_cells + parent_cells + size_cells;
	const fdt32_t *p = fdt_getprop(fdt, bus, "ranges", &len);

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

bool fdt_translate(const void *fdt, int bus, uint64_t *addr)
{
	while (bus > 0) {
		int parent = fdt_parent_offset(fdt, bus);

		if (parent < 0 || !translate_once(fdt, bus, parent, addr))
			return false;
		bus = parent;
	}
	return true;
}

bool fdt_reg(const void *fdt, int node, unsigned index, uint64_t *base, uint64_t *size)
{
	int len, bus = fdt_parent_offset(fdt, node);
	int ac = bus < 0 ? 0 : fdt_address_cells(fdt, bus),
	    sc = bus < 0 ? 0 : fdt_size_cells(fdt, bus);
	const fdt32_t *p = fdt_getprop(fdt, node, "reg", &len);
	int at = (int)index * (ac + sc);

	if (!p || ac < 1 || ac > 2 || sc < 1 || sc > 2 || at + ac + sc > len / 4)
		return false;
	*base = fdt_cells(p + at, ac);
	*size = fdt_cells(p + at + ac, sc);
	return fdt_translate(fdt, bus, base);
}

/* The GIC's three cells: 0 SPI or 1 PPI, number, flags. */
bool fdt_irq(const void *fdt, int node, unsigned index, unsigned *intid)
{
	uint32_t number;
	int len;
	const fdt32_t *p = fdt_getprop(fdt, node, "interrupts", &len);

	if (!p || (int)(index + 1) * 12 > len)
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

const char *fdt_str(const void *fdt, int node, const char *name)
{
	int len;
	const char *s = fdt_getprop(fdt, node, name, &len);

	return s && len > 0 && memchr(s, 0, (size_t)len) ? s : NULL;
}

uint32_t fdt_u32(const void *fdt, int node, const char *name, uint32_t otherwise)
{
	int len;
	const fdt32_t *p = fdt_getprop(fdt, node, name, &len);

	return p && len >= 4 ? fdt32_to_cpu(*p) : otherwise;
}

bool fdt_node_enabled(const void *fdt, int node)
{
	const char *status = fdt_str(fdt, node, "status");

	return !status || strcmp(status, "okay") == 0 || strcmp(status, "ok") == 0;
}
