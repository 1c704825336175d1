/* SPDX-License-Identifier: ISC */
/*
 * What the device tree and the command line say about this machine: read once at boot, constant
 * afterwards.
 */
#ifndef HYP_BOOTINFO_H
#define HYP_BOOTINFO_H

#include <hyp/limits.h>
#include <lib/types.h>

#define BOOT_MAX_BANKS    32
#define BOOT_MAX_RESERVED 64
#define BOOT_MAX_MODULES  4
#define BOOT_MAX_REDIST   8
#define BOOT_CMDLINE_MAX  512
#define FDT_MAX_SIZE      MiB(2) /* what the boot protocol allows */

struct range {
	paddr_t base;
	uint64_t size;
};

enum module_kind { MODULE_KERNEL, MODULE_RAMDISK, MODULE_OTHER };

struct boot_module {
	enum module_kind kind;
	struct range range;
	const char *cmdline; /* in the device tree */
};

struct bootinfo {
	const void *fdt; /* mapped, read-only */
	struct range fdt_range;
	const struct board *board;
	struct range image;
	struct range banks[BOOT_MAX_BANKS]; /* RAM, ascending, disjoint */
	unsigned nr_banks;
	struct range
		reserved[BOOT_MAX_RESERVED]; /* not to be used: /memreserve/, /reserved-memory */
	unsigned nr_reserved;
	struct boot_module module[BOOT_MAX_MODULES];
	unsigned nr_modules;
	struct {
		uint64_t hwid;
	} cpu[MAX_CPUS]; /* 0 is the boot CPU */
	unsigned nr_cpus;
	struct {
		unsigned version;                  /* 2 or 3; 0: none found */
		struct range dist, cpu, hyp, vcpu; /* GICD, GICC, GICH, GICV */
		struct range redist[BOOT_MAX_REDIST];
		unsigned nr_redist;
		uint64_t redist_stride; /* 0: by GICR_TYPER */
		unsigned maintenance_ppi;
		int node; /* offset in fdt */
	} gic;
	struct {
		unsigned phys_ppi, virt_ppi, hyp_ppi; /* INTIDs */
		uint32_t hz;                          /* 0: believe CNTFRQ */
	} timer;
	struct {
		bool present, use_hvc; /* PSCI 0.2 or later; conduit */
	} psci;
	struct {
		struct range regs;
		const struct uart_driver *driver;
		unsigned irq; /* INTID, 0: none */
		int node;
	} uart;
	char cmdline[BOOT_CMDLINE_MAX];
	/* Options from the command line. */
	uint64_t dom0_mem;       /* bytes */
	unsigned dom0_max_vcpus; /* 0: as many as CPUs */
	unsigned max_cpus;       /* 0: all */
	char console[64];        /* path or alias of the UART; "": stdout-path */
	int loglevel;
};

extern struct bootinfo bootinfo;

/*
 * Read the device tree. Problems that make it impossible to go on panic with a sentence; everything
 * else is reported and left out.
 */
void bootinfo_read(struct bootinfo *bi, const void *fdt, paddr_t fdt_pa, paddr_t image_pa,
		   uint64_t image_size);

/* Address behind the last byte of RAM. */
static inline paddr_t bootinfo_end_of_ram(const struct bootinfo *bi)
{
	return bi->banks[bi->nr_banks - 1].base + bi->banks[bi->nr_banks - 1].size;
}

/* The options alone, from a command line. Unknown words are reported. */
void bootinfo_parse_options(struct bootinfo *bi, const char *cmdline);

/*
 * Memory for the hypervisor before the page allocator runs, from the top of free RAM. Page-aligned,
 * not zeroed, for ever. It is added to `reserved`.
 */
paddr_t boot_alloc(struct bootinfo *bi, uint64_t size);

/*
 * A place for the log: size bytes, at a multiple of size, as far up in the first bank as nothing
 * else is. The same at every boot with the same device tree and modules. It is added to `reserved`.
 */
paddr_t boot_place_log(struct bootinfo *bi, uint64_t size);

/*
 * Call fn for each piece of RAM that nothing occupies: not reserved, not image, module or device
 * tree.
 */
void boot_for_each_free(const struct bootinfo *bi, void (*fn)(paddr_t start, paddr_t end));

/*
 * The device tree is not needed any more: call fn for the memory that only it occupied. What of it
 * is reserved for other reasons, or is no RAM, stays.
 */
void boot_release_fdt(struct bootinfo *bi, void (*fn)(paddr_t start, paddr_t end));

#endif
