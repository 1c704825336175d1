/* SPDX-License-Identifier: ISC */
/* Reading the machine out of its device tree. */
#include <hyp/board.h>
#include <hyp/cpu.h>
#include <boot/bootinfo.h>
#include <lib/lib.h>
#include <lib/log.h>
#include <hyp/uart.h>

#include "fdt_util.h"
#include "fdt_walk.h"

struct bootinfo bootinfo;

/* Ranges. */

/* Is it one? Says so if not. */
static bool range_makes_sense(paddr_t base, uint64_t size, const char *what)
{
	if (size && base + size > base)
		return true;
	log_warn("device tree: %s at %llx of %llx bytes makes no sense and is left out", what,
		 (unsigned long long)base, (unsigned long long)size);
	return false;
}

/* What is reserved and not noted would be given away: better not to start. */
static void reserve(struct bootinfo *bi, paddr_t base, uint64_t size)
{
	if (bi->nr_reserved == BOOT_MAX_RESERVED)
		panic("more than %u reserved pieces of memory in the device tree",
		      BOOT_MAX_RESERVED);
	bi->reserved[bi->nr_reserved++] = (struct range){base, size};
}

static void add_bank(struct bootinfo *bi, paddr_t base, uint64_t size)
{
	unsigned i;

	if (!range_makes_sense(base, size, "memory"))
		return;
	if (bi->nr_banks == BOOT_MAX_BANKS) {
		log_warn("device tree: more than %u memory banks, the rest is not used",
			 BOOT_MAX_BANKS);
		return;
	}
	for (i = bi->nr_banks++; i > 0 && bi->banks[i - 1].base > base; i--)
		bi->banks[i] = bi->banks[i - 1];
	bi->banks[i] = (struct range){base, size};
}

/* Banks that touch or overlap become one. */
static void merge_banks(struct bootinfo *bi)
{
	unsigned n = 0;

	for (unsigned i = 1; i < bi->nr_banks; i++) {
		struct range *last = &bi->banks[n], *r = &bi->banks[i];

		if (r->base > last->base + last->size) {
			bi->banks[++n] = *r;
			continue;
		}
		if (r->base < last->base + last->size)
			log_warn("device tree: memory at %llx is described twice",
				 (unsigned long long)r->base);
		last->size = MAX(last->base + last->size, r->base + r->size) - last->base;
	}
	bi->nr_banks = n + 1;
}

/* The header's list. */
static void read_reservations(struct bootinfo *bi)
{
	uint64_t base, size;

	for (int i = 0; i < fdt_num_mem_rsv(bi->fdt); i++)
		if (fdt_get_mem_rsv(bi->fdt, i, &base, &size) == 0 &&
		    range_makes_sense(base, size, "reserved memory"))
			reserve(bi, base, size);
}

/*
 * Readers: each is shown every node of the tree, and takes what it knows.
 */

static void read_reserved(struct bootinfo *bi, const struct fdt_walk *w)
{
	uint64_t base, size;

	if (!fdt_walk_is_in(w, "reserved-memory"))
		return;
	for (unsigned i = 0; fdt_walk_reg(w, i, &base, &size); i++)
		if (range_makes_sense(base, size, "reserved memory"))
			reserve(bi, base, size);
}

static void read_memory(struct bootinfo *bi, const struct fdt_walk *w)
{
	uint64_t base, size;

	if (!fdt_walk_has_type(w, "memory") || !fdt_walk_enabled(w))
		return;
	for (unsigned i = 0; fdt_walk_reg(w, i, &base, &size); i++)
		add_bank(bi, base, size);
}

/* CPUs: the boot CPU becomes number 0. */

static void read_cpu(struct bootinfo *bi, const struct fdt_walk *w)
{
	const struct fdt_prop_value *reg = &w->prop[FDT_REG];
	int cells = w->bus[1].address_cells;
	uint64_t hwid;

	if (!fdt_walk_is_in(w, "cpus") || !fdt_walk_has_type(w, "cpu") || !fdt_walk_enabled(w) ||
	    !reg->data || cells < 1 || reg->len < cells * 4)
		return;
	hwid = fdt_cells(reg->data, cells);
	if (hwid != bi->cpu[0].hwid && bi->nr_cpus < MAX_CPUS)
		bi->cpu[bi->nr_cpus++].hwid = hwid;
}

/* Interrupt controller. */

static const struct {
	const char *compatible;
	unsigned version;
} gics[] = {
	{"arm,gic-v3", 3},
	{"arm,cortex-a15-gic", 2},
	{"arm,gic-400", 2},
	{"arm,cortex-a7-gic", 2},
};

static void read_range(const struct fdt_walk *w, unsigned index, struct range *r)
{
	if (!fdt_walk_reg(w, index, &r->base, &r->size))
		r->base = r->size = 0;
}

static void read_gicv2(struct bootinfo *bi, const struct fdt_walk *w)
{
	read_range(w, 0, &bi->gic.dist);
	read_range(w, 1, &bi->gic.cpu);
	read_range(w, 2, &bi->gic.hyp);
	read_range(w, 3, &bi->gic.vcpu);
	if (!bi->gic.dist.size || !bi->gic.cpu.size || !bi->gic.hyp.size || !bi->gic.vcpu.size)
		panic("the GICv2 in the device tree has no virtualization extensions (four "
		      "register ranges)");
}

static void read_gicv3(struct bootinfo *bi, const struct fdt_walk *w)
{
	uint32_t regions = fdt_u32(w->fdt, w->node, "#redistributor-regions", 1);

	read_range(w, 0, &bi->gic.dist);
	for (unsigned i = 0; i < regions && i < BOOT_MAX_REDIST; i++) {
		read_range(w, i + 1, &bi->gic.redist[i]);
		if (!bi->gic.redist[i].size)
			break;
		bi->gic.nr_redist++;
	}
	if (!bi->gic.dist.size || !bi->gic.nr_redist)
		panic("the GICv3 in the device tree has no usable registers (distributor, "
		      "redistributors)");
}

static void read_gic(struct bootinfo *bi, const struct fdt_walk *w)
{
	unsigned irq;

	for (unsigned i = 0; i < ARRAY_SIZE(gics) && !bi->gic.version; i++) {
		if (!fdt_walk_compatible(w, gics[i].compatible))
			continue;
		bi->gic.node = w->node;
		bi->gic.version = gics[i].version;
		if (gics[i].version == 2)
			read_gicv2(bi, w);
		else
			read_gicv3(bi, w);
		bi->gic.maintenance_ppi = fdt_walk_irq(w, 0, &irq) ? irq : 25;
	}
}

/* The generic timer's interrupts are: secure, non-secure, virtual, hypervisor. */
static void read_timer(struct bootinfo *bi, const struct fdt_walk *w)
{
	unsigned irq;

	if (!fdt_walk_compatible(w, "arm,armv8-timer") &&
	    !fdt_walk_compatible(w, "arm,armv7-timer"))
		return;
	bi->timer.phys_ppi = fdt_walk_irq(w, 1, &irq) ? irq : 30;
	bi->timer.virt_ppi = fdt_walk_irq(w, 2, &irq) ? irq : 27;
	bi->timer.hyp_ppi = fdt_walk_irq(w, 3, &irq) ? irq : 26;
	bi->timer.hz = fdt_u32(w->fdt, w->node, "clock-frequency", 0);
}

static void read_psci(struct bootinfo *bi, const struct fdt_walk *w)
{
	const char *method;

	if (!fdt_walk_compatible(w, "arm,psci-1.0") && !fdt_walk_compatible(w, "arm,psci-0.2"))
		return;
	method = fdt_str(w->fdt, w->node, "method");
	bi->psci.present = true;
	bi->psci.use_hvc = method && strcmp(method, "hvc") == 0;
}

/* Console: a path, an alias, or what the firmware uses. */

static const char *stdout_path; /* of /chosen */

static int console_node(const struct bootinfo *bi)
{
	char path[sizeof(bi->console)];
	const char *name = bi->console;

	if (!name[0] || strcmp(name, "dtuart") == 0)
		name = stdout_path;
	if (!name)
		return -1;
	str_copy(path, name, sizeof(path));
	if (strchr(path, ':')) /* "serial0:115200n8" */
		*strchr(path, ':') = 0;
	return fdt_path_offset(bi->fdt, path); /* knows aliases too */
}

/*
 * UARTs that there is a driver for: which of them is the console is known when all of /chosen and
 * /aliases is.
 */
#define MAX_UARTS 16

static struct uart_candidate {
	int node;
	struct range regs;
	const struct uart_driver *driver;
	unsigned irq;
} uarts[MAX_UARTS];
static unsigned nr_uarts;

static const struct uart_driver *find_driver(struct fdt_prop_value compatible)
{
	const char *p = fdt_value_str(compatible);
	const struct uart_driver *driver = NULL;

	for (int left = compatible.len; p && !driver && left > 0 && memchr(p, 0, (size_t)left);) {
		size_t len = strlen(p) + 1;

		driver = uart_find_driver(p);
		left -= (int)len;
		p += len;
	}
	return driver;
}

static void read_uart(struct bootinfo *bi __unused, const struct fdt_walk *w)
{
	const struct uart_driver *driver = find_driver(w->prop[FDT_COMPATIBLE]);
	struct uart_candidate *u = &uarts[nr_uarts];

	if (!driver || nr_uarts == MAX_UARTS || !fdt_walk_reg(w, 0, &u->regs.base, &u->regs.size))
		return;
	u->node = w->node;
	u->driver = driver;
	if (!fdt_walk_irq(w, 0, &u->irq))
		u->irq = 0;
	nr_uarts++;
}

static void choose_console(struct bootinfo *bi)
{
	int node = console_node(bi);

	bi->uart.node = -1;
	for (unsigned i = 0; i < nr_uarts; i++) {
		if (uarts[i].node != node)
			continue;
		bi->uart.node = node;
		bi->uart.regs = uarts[i].regs;
		bi->uart.driver = uarts[i].driver;
		bi->uart.irq = uarts[i].irq;
	}
}

/* Modules: /chosen subnodes as QEMU's guest-loader and U-Boot scripts write them. */

static const struct {
	const char *compatible;
	enum module_kind kind;
} module_kinds[] = {
	{"multiboot,kernel", MODULE_KERNEL},
	{"multiboot,ramdisk", MODULE_RAMDISK},
	{"xen,linux-zimage", MODULE_KERNEL},
	{"xen,linux-initrd", MODULE_RAMDISK},
};

static enum module_kind module_kind(const struct bootinfo *bi, const struct fdt_walk *w)
{
	for (unsigned i = 0; i < ARRAY_SIZE(module_kinds); i++)
		if (fdt_walk_compatible(w, module_kinds[i].compatible))
			return module_kinds[i].kind;
	/* Without a kind the first is the kernel, the second the ramdisk, as everywhere. */
	return bi->nr_modules == 0   ? MODULE_KERNEL
	       : bi->nr_modules == 1 ? MODULE_RAMDISK
				     : MODULE_OTHER;
}

/*
 * /chosen is no bus, so its children's addresses need no translation; loaders leave out its cell
 * counts and mean the root's.
 */
static bool module_range(const struct fdt_walk *w, struct range *r)
{
	const struct fdt_bus *bus = &w->bus[w->bus[1].own_cells ? 1 : 0];
	const struct fdt_prop_value *reg = &w->prop[FDT_REG];
	int ac = bus->address_cells, sc = bus->size_cells;
	const fdt32_t *p = reg->data;

	if (!p || ac < 1 || ac > 2 || sc < 1 || sc > 2 || (ac + sc) * 4 > reg->len)
		return false;
	r->base = fdt_cells(p, ac);
	r->size = fdt_cells(p + ac, sc);
	return r->size && r->base + r->size > r->base;
}

static void read_module(struct bootinfo *bi, const struct fdt_walk *w)
{
	struct boot_module *m = &bi->module[bi->nr_modules];
	const char *args;

	if (!fdt_walk_is_in(w, "chosen") || (!fdt_walk_compatible(w, "multiboot,module") &&
					     !fdt_walk_compatible(w, "xen,multiboot-module")))
		return;
	if (bi->nr_modules == BOOT_MAX_MODULES) {
		log_warn("device tree: more than %u boot modules, the rest is not used",
			 BOOT_MAX_MODULES);
		return;
	}
	if (!module_range(w, &m->range)) {
		log_warn("device tree: a boot module without a usable reg is left out");
		return;
	}
	m->kind = module_kind(bi, w);
	args = fdt_str(w->fdt, w->node, "bootargs");
	if (!args && m->kind == MODULE_KERNEL)
		args = fdt_str(w->fdt, w->bus[1].node, "xen,dom0-bootargs");
	m->cmdline = args ? args : "";
	bi->nr_modules++;
}

/* Command line. */

static void opt_dom0_mem(struct bootinfo *bi, const char *value)
{
	const char *end;
	uint64_t n = str_to_size(value, &end);

	/* A bare number is KiB, as everywhere in this ABI's world. */
	bi->dom0_mem = end > value && end[-1] <= '9' ? KiB(n) : n;
}

static void opt_dom0_max_vcpus(struct bootinfo *bi, const char *value)
{
	const char *end;

	bi->dom0_max_vcpus = (unsigned)str_to_size(value, &end);
}

static void opt_maxcpus(struct bootinfo *bi, const char *value)
{
	const char *end;

	bi->max_cpus = (unsigned)str_to_size(value, &end);
}

static void opt_console(struct bootinfo *bi, const char *value)
{
	str_copy(bi->console, value, sizeof(bi->console));
}

static void opt_loglevel(struct bootinfo *bi, const char *value)
{
	static const char *const names[] = {"error", "warning", "info", "debug", "all"};
	const char *end;

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], value) == 0)
			bi->loglevel = (int)i;
	if (*value >= '0' && *value <= '9')
		bi->loglevel = (int)str_to_size(value, &end);
}

static void opt_ignore(struct bootinfo *bi __unused, const char *value __unused)
{
}

static const struct {
	const char *name;
	void (*set)(struct bootinfo *bi, const char *value);
} options[] = {
	{"dom0_mem", opt_dom0_mem},   {"dom0_max_vcpus", opt_dom0_max_vcpus},
	{"maxcpus", opt_maxcpus},     {"console", opt_console},
	{"dtuart", opt_console}, /* what Xen's users write */
	{"loglvl", opt_loglevel},     {"loglevel", opt_loglevel},
	{"guest_loglvl", opt_ignore},
};

static void set_option(struct bootinfo *bi, char *word)
{
	char *value = strchr(word, '=');

	if (value)
		*value++ = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(options); i++) {
		if (strcmp(options[i].name, word) != 0)
			continue;
		if (value)
			options[i].set(bi, value);
		else
			log_warn("command line: %s needs a value: %s=...", word, word);
		return;
	}
	log_warn("command line: unknown option %s", word);
}

void bootinfo_parse_options(struct bootinfo *bi, const char *cmdline)
{
	char words[BOOT_CMDLINE_MAX], *p = words;

	str_copy(words, cmdline, sizeof(words));
	while (*p) {
		char *word = p;

		while (*p && *p != ' ')
			p++;
		if (*p)
			*p++ = 0;
		if (*word)
			set_option(bi, word);
	}
}

static void read_chosen(struct bootinfo *bi, const struct fdt_walk *w)
{
	const char *args;

	if (!fdt_walk_is(w, "chosen"))
		return;
	stdout_path = fdt_str(w->fdt, w->node, "stdout-path");
	args = fdt_str(w->fdt, w->node, "xen,xen-bootargs");
	if (!args)
		args = fdt_str(w->fdt, w->node, "bootargs");
	if (args)
		str_copy(bi->cmdline, args, sizeof(bi->cmdline));
	bootinfo_parse_options(bi, bi->cmdline);
}

/* All of it. */

static void (*const readers[])(struct bootinfo *bi, const struct fdt_walk *w) = {
	read_chosen, read_module, read_memory, read_reserved, read_cpu,
	read_gic,    read_timer,  read_psci,   read_uart,
};

static void read_nodes(struct bootinfo *bi)
{
	struct fdt_walk w;

	nr_uarts = 0;
	stdout_path = NULL;
	for (fdt_walk_start(&w, bi->fdt); fdt_walk_next(&w);)
		for (unsigned i = 0; i < ARRAY_SIZE(readers); i++)
			readers[i](bi, &w);
}

void bootinfo_read(struct bootinfo *bi, const void *fdt, paddr_t fdt_pa, paddr_t image_pa,
		   uint64_t image_size)
{
	int err = fdt_check_header(fdt);

	if (err)
		panic("x0 did not point to a device tree (at %llx)", (unsigned long long)fdt_pa);
	if (fdt_totalsize(fdt) > FDT_MAX_SIZE)
		panic("the device tree is larger than %llu MiB",
		      (unsigned long long)FDT_MAX_SIZE >> 20);
	err = fdt_check_full(fdt, fdt_totalsize(fdt));
	if (err)
		panic("the device tree at %llx is damaged (libfdt error %d)",
		      (unsigned long long)fdt_pa, err);
	bi->fdt = fdt;
	bi->fdt_range = (struct range){fdt_pa, fdt_totalsize(fdt)};
	bi->image = (struct range){image_pa, image_size};
	bi->board = board_find(fdt);
	bi->dom0_mem = MiB(512);
	bi->loglevel = LOG_INFO;
	bi->nr_cpus = 1;
	read_reservations(bi);
	read_nodes(bi);
	choose_console(bi);
	if (!bi->nr_banks)
		panic("the device tree describes no memory");
	merge_banks(bi);
	if (!bi->gic.version)
		panic("no interrupt controller that this hypervisor knows (GICv2 with "
		      "virtualization, "
		      "GICv3) in the device tree");
	if (!bi->timer.hyp_ppi)
		panic("no generic timer in the device tree");
}

/* Free memory: the banks less what occupies them. */

/* What r occupies from `from` on becomes *first if it begins before that. */
static void note_earlier(struct range *first, const struct range *r, paddr_t from)
{
	paddr_t start = MAX(r->base, from), end = r->base + r->size;

	if (end > from && start < first->base)
		*first = (struct range){start, end - start};
}

/* The first range in [from, to) that is in use, from `from` on. false: there is none. */
static bool next_obstacle(const struct bootinfo *bi, paddr_t from, paddr_t to, struct range *out)
{
	struct range first = {to, 0};

	note_earlier(&first, &bi->image, from);
	note_earlier(&first, &bi->fdt_range, from);
	for (unsigned i = 0; i < bi->nr_reserved; i++)
		note_earlier(&first, &bi->reserved[i], from);
	for (unsigned i = 0; i < bi->nr_modules; i++)
		note_earlier(&first, &bi->module[i].range, from);
	if (first.base == to)
		return false;
	*out = first;
	return true;
}

/*
 * The next free piece of [*at, end) in whole pages; *at moves to where to look for the one after
 * it. false: there is none.
 */
static bool next_free(const struct bootinfo *bi, paddr_t *at, paddr_t end, struct range *piece)
{
	end = ALIGN_DOWN(end, PAGE_SIZE);
	*at = ALIGN_UP(*at, PAGE_SIZE);
	while (*at < end) {
		struct range hole = {end, 0};
		paddr_t start = *at, stop = end;

		if (next_obstacle(bi, start, end, &hole))
			stop = ALIGN_DOWN(hole.base, PAGE_SIZE);
		*at = ALIGN_UP(hole.base + hole.size, PAGE_SIZE);
		if (stop > start) {
			*piece = (struct range){start, stop - start};
			return true;
		}
	}
	return false;
}

static void for_each_free_in(const struct bootinfo *bi, paddr_t start, paddr_t end,
			     void (*fn)(paddr_t start, paddr_t end))
{
	struct range piece;

	while (next_free(bi, &start, end, &piece))
		fn(piece.base, piece.base + piece.size);
}

void boot_for_each_free(const struct bootinfo *bi, void (*fn)(paddr_t start, paddr_t end))
{
	for (unsigned i = 0; i < bi->nr_banks; i++)
		for_each_free_in(bi, bi->banks[i].base, bi->banks[i].base + bi->banks[i].size, fn);
}

void boot_release_fdt(struct bootinfo *bi, void (*fn)(paddr_t start, paddr_t end))
{
	paddr_t start = bi->fdt_range.base, end = start + bi->fdt_range.size;

	bi->fdt = NULL;
	bi->fdt_range = (struct range){0, 0};
	for (unsigned i = 0; i < bi->nr_banks; i++) {
		paddr_t bank_end = bi->banks[i].base + bi->banks[i].size;

		for_each_free_in(bi, MAX(start, bi->banks[i].base), MIN(end, bank_end), fn);
	}
}

/* The end of the last free piece of at least `size` bytes; 0: there is none. */
static paddr_t end_of_last_fit(const struct bootinfo *bi, uint64_t size)
{
	struct range piece;
	paddr_t end = 0;

	for (unsigned i = 0; i < bi->nr_banks; i++) {
		paddr_t at = bi->banks[i].base, bank_end = at + bi->banks[i].size;

		while (next_free(bi, &at, bank_end, &piece))
			if (piece.size >= size)
				end = piece.base + piece.size;
	}
	return end;
}

paddr_t boot_alloc(struct bootinfo *bi, uint64_t size)
{
	uint64_t whole = ALIGN_UP(size, PAGE_SIZE);
	paddr_t end = end_of_last_fit(bi, whole);

	if (!end)
		panic("no memory for %llu KiB of the hypervisor's own",
		      (unsigned long long)size >> 10);
	reserve(bi, end - whole, whole);
	return end - whole;
}

paddr_t boot_place_log(struct bootinfo *bi, uint64_t size)
{
	const struct range *bank = &bi->banks[0];
	paddr_t at = bank->base + bank->size;
	struct range hole = {at, 0};

	do {
		if (hole.base < bank->base + 2 * size)
			panic("no memory for the log at the top of the first bank");
		at = ALIGN_DOWN(hole.base - size, size);
	} while (next_obstacle(bi, at, at + size, &hole));
	reserve(bi, at, size);
	return at;
}
