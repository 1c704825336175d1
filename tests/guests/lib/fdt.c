/* SPDX-License-Identifier: ISC */
/* Walks a flattened device tree (Devicetree Specification 0.3, chapter 5) without changing it. */

#include "fdt.h"

#define FDT_MAGIC      0xd00dfeed
#define FDT_BEGIN_NODE 1
#define FDT_END_NODE   2
#define FDT_PROP       3
#define FDT_NOP        4

/* header words */
#define HEAD_SIZE    1
#define HEAD_STRUCT  2
#define HEAD_STRINGS 3

static u32 be32(const void *p)
{
	const u8 *b = p;

	return (u32)b[0] << 24 | (u32)b[1] << 16 | (u32)b[2] << 8 | b[3];
}

static u32 head(const void *dtb, unsigned word)
{
	return be32((const u8 *)dtb + 4 * word);
}

static const u8 *at(const void *dtb, u32 offset)
{
	return (const u8 *)dtb + head(dtb, HEAD_STRUCT) + offset;
}

bool fdt_valid(const void *dtb)
{
	return dtb && head(dtb, 0) == FDT_MAGIC;
}

u32 fdt_size(const void *dtb)
{
	return head(dtb, HEAD_SIZE);
}

static u32 round4(u32 n)
{
	return (n + 3) & ~3U;
}

/* The offset of the token after the one at offset. */
static u32 token_next(const void *dtb, u32 offset)
{
	switch (be32(at(dtb, offset))) {
	case FDT_BEGIN_NODE:
		return offset + 4 + round4((u32)strlen((const char *)at(dtb, offset + 4)) + 1);
	case FDT_PROP:
		return offset + 12 + round4(be32(at(dtb, offset + 4)));
	default:
		return offset + 4;
	}
}

u32 fdt_root(const void *dtb)
{
	u32 offset = 0;

	while (be32(at(dtb, offset)) == FDT_NOP)
		offset += 4;
	return offset;
}

u32 fdt_next(const void *dtb, u32 node, int *depth)
{
	for (u32 offset = token_next(dtb, node);; offset = token_next(dtb, offset)) {
		switch (be32(at(dtb, offset))) {
		case FDT_BEGIN_NODE:
			(*depth)++;
			return offset;
		case FDT_END_NODE:
			if (--*depth < 0)
				return FDT_NONE;
			break;
		case FDT_PROP:
		case FDT_NOP:
			break;
		default:
			return FDT_NONE;
		}
	}
}

const char *fdt_name(const void *dtb, u32 node)
{
	return (const char *)at(dtb, node + 4);
}

static bool name_matches(const char *node, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(node, name, length) && (!node[length] || node[length] == '@');
}

u32 fdt_child(const void *dtb, u32 parent, const char *name)
{
	int depth = 0;

	for (u32 n = fdt_next(dtb, parent, &depth); n != FDT_NONE && depth > 0;
	     n = fdt_next(dtb, n, &depth))
		if (depth == 1 && name_matches(fdt_name(dtb, n), name))
			return n;
	return FDT_NONE;
}

const void *fdt_property(const void *dtb, u32 node, const char *name, u32 *length)
{
	const char *strings = (const char *)dtb + head(dtb, HEAD_STRINGS);

	if (node == FDT_NONE)
		return NULL;
	for (u32 offset = token_next(dtb, node);; offset = token_next(dtb, offset)) {
		u32 token = be32(at(dtb, offset));

		if (token == FDT_NOP)
			continue;
		if (token != FDT_PROP)
			return NULL;
		if (!strcmp(strings + be32(at(dtb, offset + 8)), name)) {
			if (length)
				*length = be32(at(dtb, offset + 4));
			return at(dtb, offset + 12);
		}
	}
}

static bool list_has(const char *list, u32 length, const char *text)
{
	for (const char *s = list; s < list + length; s += strlen(s) + 1)
		if (!strcmp(s, text))
			return true;
	return false;
}

u32 fdt_compatible(const void *dtb, const char *compatible)
{
	int depth = 0;
	u32 length;

	for (u32 n = fdt_root(dtb); n != FDT_NONE; n = fdt_next(dtb, n, &depth)) {
		const char *list = fdt_property(dtb, n, "compatible", &length);

		if (list && list_has(list, length, compatible))
			return n;
	}
	return FDT_NONE;
}

u32 fdt_u32(const void *dtb, u32 node, const char *name, u32 absent)
{
	u32 length;
	const void *p = fdt_property(dtb, node, name, &length);

	return p && length >= 4 ? be32(p) : absent;
}

u64 fdt_cells(const void *cells, u32 first, u32 count)
{
	u64 value = 0;

	for (u32 n = 0; n < count; n++)
		value = value << 32 | be32((const u8 *)cells + 4 * (first + n));
	return value;
}

bool fdt_reg(const void *dtb, u32 node, unsigned index, struct range *range)
{
	u32 ac = fdt_u32(dtb, fdt_root(dtb), "#address-cells", 2);
	u32 sc = fdt_u32(dtb, fdt_root(dtb), "#size-cells", 1);
	u32 length, first = index * (ac + sc);
	const void *reg = fdt_property(dtb, node, "reg", &length);

	if (!reg || 4 * (first + ac + sc) > length)
		return false;
	range->base = fdt_cells(reg, first, ac);
	range->size = fdt_cells(reg, first + ac, sc);
	return true;
}
