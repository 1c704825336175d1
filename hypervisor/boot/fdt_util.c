/* SPDX-License-Identifier: ISC */
/* Device tree properties as numbers and strings, checked. */
#include <lib/lib.h>

#include "fdt_util.h"

uint64_t fdt_cells(const fdt32_t *p, int cells)
{
	uint64_t v = 0;

	for (int i = 0; i < cells; i++)
		v = v << 32 | fdt32_to_cpu(p[i]);
	return v;
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
