/* SPDX-License-Identifier: ISC */
/* Gathers from the device tree what the library and the guests use: RAM, CPUs, GIC, timers,
 * arguments. */

#include "fdt.h"

struct board board;

static void board_find_ram(void)
{
	const void *dtb = board.dtb;
	struct range range;
	int depth = 0;

	for (u32 n = fdt_root(dtb); n != FDT_NONE; n = fdt_next(dtb, n, &depth)) {
		const char *type = fdt_property(dtb, n, "device_type", NULL);

		if (depth != 1 || !type || strcmp(type, "memory"))
			continue;
		for (unsigned i = 0; fdt_reg(dtb, n, i, &range); i++)
			if (range.size && board.ram_count < ARRAY_SIZE(board.ram))
				board.ram[board.ram_count++] = range;
	}
}

static void board_find_cpus(void)
{
	const void *dtb = board.dtb;
	u32 parent = fdt_child(dtb, fdt_root(dtb), "cpus");
	u32 cells = fdt_u32(dtb, parent, "#address-cells", 1);
	int depth = 0;

	if (parent == FDT_NONE)
		return;
	for (u32 n = fdt_next(dtb, parent, &depth); n != FDT_NONE && depth > 0;
	     n = fdt_next(dtb, n, &depth)) {
		const char *type = fdt_property(dtb, n, "device_type", NULL);
		const void *reg = fdt_property(dtb, n, "reg", NULL);

		if (depth == 1 && type && !strcmp(type, "cpu") && reg && board.cpu_count < MAX_CPUS)
			board.cpu_mpidr[board.cpu_count++] = fdt_cells(reg, 0, cells);
	}
}

static void board_find_gic(void)
{
	const void *dtb = board.dtb;
	u32 v2 = fdt_compatible(dtb, "arm,cortex-a15-gic");
	u32 v3 = fdt_compatible(dtb, "arm,gic-v3");
	u32 node = v3 != FDT_NONE ? v3 : v2;

	if (node == FDT_NONE)
		return;
	if (fdt_reg(dtb, node, 0, &board.gic[0]) && fdt_reg(dtb, node, 1, &board.gic[1]))
		board.gic_version = node == v3 ? 3 : 2;
}

/* Entry number index of an "interrupts" property of three cells, as an INTID; 0 if it is no PPI. */
static unsigned board_ppi(u32 node, unsigned index)
{
	u32 length;
	const void *p = fdt_property(board.dtb, node, "interrupts", &length);

	if (!p || length < 12 * (index + 1) || fdt_cells(p, 3 * index, 1) != 1)
		return 0;
	return 16 + (unsigned)fdt_cells(p, 3 * index + 1, 1);
}

static void board_find_hypervisor(void)
{
	u32 node = fdt_child(board.dtb, fdt_root(board.dtb), "hypervisor");
	const char *compatible = fdt_property(board.dtb, node, "compatible", NULL);

	if (!compatible)
		return;
	board.has_hypervisor = true;
	guest_snprintf(board.hypervisor_compatible, sizeof(board.hypervisor_compatible), "%s",
		       compatible);
	board.ppi_event = board_ppi(node, 0);
	fdt_reg(board.dtb, node, 0, &board.grants);
}

void board_init(const void *dtb)
{
	u32 chosen, timer;
	const char *args;

	board.dtb = dtb;
	if (!fdt_valid(dtb))
		return;
	board_find_ram();
	board_find_cpus();
	board_find_gic();
	board_find_hypervisor();
	timer = fdt_compatible(dtb, "arm,armv8-timer");
	board.ppi_phys = board_ppi(timer, 1);
	board.ppi_virt = board_ppi(timer, 2);
	chosen = fdt_child(dtb, fdt_root(dtb), "chosen");
	args = fdt_property(dtb, chosen, "bootargs", NULL);
	if (args)
		guest_snprintf(board.bootargs, sizeof(board.bootargs), "%s", args);
}

bool board_in_ram(u64 address)
{
	for (unsigned n = 0; n < board.ram_count; n++)
		if (address - board.ram[n].base < board.ram[n].size)
			return true;
	return false;
}

const char *board_arg(const char *key)
{
	static char value[64];
	size_t length = strlen(key);

	for (const char *s = board.bootargs; s; s = strchr(s, ' ')) {
		unsigned n = 0;

		while (*s == ' ')
			s++;
		if (strncmp(s, key, length) || (s[length] && s[length] != '=' && s[length] != ' '))
			continue;
		s += length + (s[length] == '=');
		while (s[n] && s[n] != ' ' && n < sizeof(value) - 1) {
			value[n] = s[n];
			n++;
		}
		value[n] = '\0';
		return value;
	}
	return NULL;
}

u64 board_arg_u64(const char *key, u64 absent)
{
	const char *value = board_arg(key);

	return value && *value ? str_to_u64(value) : absent;
}
