/* SPDX-License-Identifier: ISC */
/*
 * A TCG plugin that counts instructions by exception level, those of EL2 by class, and writes what
 * was counted so far whenever the guest executes a marker. Arguments:
 *
 *   out=FILE      one line of counters for each marker, and one at the end
 *   slice=N       let the next CPU run after about N instructions (several CPUs under -icount)
 *   io=on         count EL2's accesses to devices, too, and those to GICH (slow)
 *   stack=SIZE    watch EL2's stack, which begins at the upper end of an aligned area of that SIZE
 *   profile=FILE  executions of each address, one line "MARKER EL ADDRESS COUNT", between a marker
 *                 with an even number and the odd one that follows it
 *
 * A marker is `movz xzr, #NUMBER`, which does nothing and which no compiler emits; it works at
 * every level.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "qemu_plugin.h"

int qemu_plugin_version = PLUGIN_VERSION;

#define GDB_SP      31
#define GDB_PSTATE  33
#define MARKER_MASK 0xffe0001fu
#define MARKER      0xd280001fu
/* The virtual interface's control block (GICH) of QEMU's virt machine. */
#define GICH_BASE 0x08030000u
#define GICH_SIZE 0x10000u

enum class { CLASS_OTHER, SYSREG, ISB, BARRIER, TLBI_AT, CACHE, ATOMIC, MEMORY, ERET, CLASSES };

/* Inline increments of QEMU's only TCG thread; -icount has but one. */
static struct {
	uint64_t el[4]; /* [2] is left to the classes */
	uint64_t el2[CLASSES];
	uint64_t io, gich;
	uint64_t stack; /* the deepest since the last marker, in bytes */
} counters;

static struct {
	FILE *out, *profile;
	unsigned long slice, stack;
	bool io;
} options;

/* A64 encodings: Arm ARM C4.1; the first row that fits names the class. */
static const struct encoding {
	uint32_t mask, value;
	enum class class;
} encodings[] = {
	{0xffffffff, 0xd69f03e0, ERET},
	{0xfff00000, 0xd5100000, SYSREG}, /* MSR (register) */
	{0xfff00000, 0xd5300000, SYSREG}, /* MRS */
	{0xfff8f01f, 0xd500401f, SYSREG}, /* MSR (immediate) */
	{0xfffff0ff, 0xd50330df, ISB},
	{0xfffff0df, 0xd503309f, BARRIER}, /* DSB; DMB has bit 5 */
	{0xfff8f000, 0xd5088000, TLBI_AT}, /* SYS, CRn 8 */
	{0xfff8fe00, 0xd5087800, TLBI_AT}, /* CRn 7, CRm 8 and 9: AT */
	{0xfff80000, 0xd5080000, CACHE},
	{0x3f800000, 0x08000000, ATOMIC}, /* exclusives */
	{0x3fa00000, 0x08a00000, ATOMIC}, /* CAS */
	{0x3b200c00, 0x38200000, ATOMIC}, /* LD<op>, SWP */
	{0x0a000000, 0x08000000, MEMORY},
	{0, 0, CLASS_OTHER},
};

static enum class classify(uint32_t code) {
	const struct encoding *e = encodings;

	while ((code & e->mask) != e->value) e++;
	return e->class;
}

/*
 * ---- the profile ---- A counter for each address and level, found by a hash. The counters of
 * neighbours lie side by side, for the sake of this machine's cache.
 */
#define PLACES_MAX (1u << 20)
#define HASH_SIZE  (2 * PLACES_MAX)

struct place {
	uint64_t address, base;
	int el;
};
static struct {
	uint64_t *counts;
	struct place *places;
	uint32_t *hash; /* index into both, 0: free */
	uint32_t used;
} profile;

static bool profile_start(void)
{
	profile.counts = calloc(PLACES_MAX, sizeof(*profile.counts));
	profile.places = calloc(PLACES_MAX, sizeof(*profile.places));
	profile.hash = calloc(HASH_SIZE, sizeof(*profile.hash));
	return profile.counts && profile.places && profile.hash;
}

static uint64_t *profile_counter(uint64_t address, int el)
{
	uint64_t key = (address >> 2 ^ (uint64_t)el << 57) * 0x9e3779b97f4a7c15u;
	uint32_t n = (uint32_t)(key >> 32) % HASH_SIZE;

	for (; profile.hash[n]; n = (n + 1) % HASH_SIZE) {
		const struct place *place = &profile.places[profile.hash[n]];

		if (place->el == el && place->address == address)
			return &profile.counts[profile.hash[n]];
	}
	if (++profile.used == PLACES_MAX) {
		fputs("count: too much code for the profile\n", stderr);
		exit(1);
	}
	profile.hash[n] = profile.used;
	profile.places[profile.used] = (struct place){.address = address, .el = el};
	return &profile.counts[profile.used];
}

static void profile_marker(unsigned number)
{
	static unsigned begun;
	bool ends = number % 2 || !begun; /* the first one ends what began at reset, "marker 0" */

	for (uint32_t n = 1; n <= profile.used; n++) {
		struct place *place = &profile.places[n];
		uint64_t count = profile.counts[n] - place->base;

		if (ends && count)
			fprintf(options.profile, "%u %d %#lx %lu\n", begun, place->el,
				place->address, count);
		place->base = profile.counts[n];
	}
	fflush(options.profile);
	begun = number;
}

/* ---- what is written ---- */
static void write_counters(const char *what)
{
	uint64_t el2 = 0;

	for (int class = 0; class < CLASSES; class ++)
		el2 += counters.el2[class];
	fprintf(options.out, "%s %lu %lu %lu %lu", what, counters.el[0], counters.el[1], el2,
		counters.el[3]);
	fprintf(options.out, " %lu %lu %lu", counters.el2[ERET], counters.io, counters.gich);
	for (int class = SYSREG; class <= MEMORY; class ++)
		fprintf(options.out, " %lu", counters.el2[class]);
	fprintf(options.out, " %lu\n", counters.stack);
	counters.stack = 0;
}

static void at_marker(unsigned vcpu, void *arg)
{
	unsigned number = (unsigned)(uintptr_t)arg;
	char text[16];

	(void)vcpu;
	snprintf(text, sizeof(text), "%u", number);
	write_counters(text);
	fflush(options.out); /* QEMU may be killed */
	if (options.profile)
		profile_marker(number);
}

static void at_exit(plugin_id id, void *arg)
{
	(void)id, (void)arg;
	write_counters("end");
	fclose(options.out);
	if (options.profile)
		fclose(options.profile);
}

static void at_access(unsigned vcpu, uint32_t meminfo, uint64_t va, void *arg)
{
	struct qemu_plugin_hwaddr *address = qemu_plugin_get_hwaddr(meminfo, va);

	(void)vcpu, (void)arg;
	if (!address || !qemu_plugin_hwaddr_is_io(address))
		return;
	counters.io++;
	counters.gich += qemu_plugin_hwaddr_phys_addr(address) - GICH_BASE < GICH_SIZE;
}

static void at_block(unsigned vcpu, void *arg)
{
	static unsigned long since;

	(void)vcpu;
	since += (uintptr_t)arg;
	if (since < options.slice)
		return;
	since = 0;
	cpu_exit(current_cpu);
}

/* ---- registers ---- */
static void read_register(int number, void *value, int size)
{
	static struct byte_array *buffer;

	if (!buffer)
		buffer = g_byte_array_new();
	g_byte_array_set_size(buffer, 0);
	if (aarch64_cpu_gdb_read_register(current_cpu, buffer, number) != size) {
		fprintf(stderr, "count: this QEMU does not tell register %d\n", number);
		exit(1);
	}
	memcpy(value, buffer->data, (size_t)size);
}

/* Blocks are never shared by levels, so that the one at translation holds whenever the block runs.
 */
static int current_level(void)
{
	uint32_t pstate;

	read_register(GDB_PSTATE, &pstate, sizeof(pstate));
	return pstate >> 2 & 3;
}

/*
 * At the beginning of a block, where QEMU has all registers in memory: a function that calls
 * nothing may use a little more than is seen.
 */
static void at_el2_block(unsigned vcpu, void *arg)
{
	uint64_t sp, depth;

	(void)vcpu, (void)arg;
	read_register(GDB_SP, &sp, sizeof(sp));
	depth = -sp & (options.stack - 1);
	if (depth > counters.stack)
		counters.stack = depth;
}

/* ---- translation ---- */

static void count_insn(struct qemu_plugin_insn *insn, int el)
{
	uint64_t *counter = &counters.el[el];
	uint32_t code;

	memcpy(&code, qemu_plugin_insn_data(insn), sizeof(code));
	if (el == 2)
		counter = &counters.el2[classify(code)];
	qemu_plugin_register_vcpu_insn_exec_inline(insn, PLUGIN_ADD_U64, counter, 1);
	if (options.profile)
		qemu_plugin_register_vcpu_insn_exec_inline(
			insn, PLUGIN_ADD_U64, profile_counter(qemu_plugin_insn_vaddr(insn), el), 1);
	if (options.io && el == 2)
		qemu_plugin_register_vcpu_mem_cb(insn, at_access, PLUGIN_NO_REGS, PLUGIN_MEM_RW,
						 NULL);
	if ((code & MARKER_MASK) == MARKER)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, at_marker, PLUGIN_NO_REGS,
						       (void *)(uintptr_t)(code >> 5 & 0xffff));
}

static void at_translation(plugin_id id, struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb);
	int el = current_level();

	(void)id;
	for (size_t n = 0; n < count; n++)
		count_insn(qemu_plugin_tb_get_insn(tb, n), el);
	if (options.slice)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, at_block, PLUGIN_NO_REGS, (void *)count);
	if (options.stack && el == 2)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, at_el2_block, PLUGIN_NO_REGS, NULL);
}

static FILE *open_file(const char *name)
{
	FILE *file = fopen(name, "w");

	if (!file)
		perror(name);
	return file;
}

static bool read_option(const char *text)
{
	if (!strncmp(text, "out=", 4))
		return (options.out = open_file(text + 4));
	if (!strncmp(text, "profile=", 8))
		return (options.profile = open_file(text + 8));
	if (!strncmp(text, "slice=", 6))
		return (options.slice = strtoul(text + 6, NULL, 0));
	if (!strncmp(text, "stack=", 6))
		return (options.stack = strtoul(text + 6, NULL, 0));
	if (!strcmp(text, "io=on"))
		return options.io = true;
	return false;
}

int qemu_plugin_install(plugin_id id, const struct plugin_info *info, int argc, char **argv)
{
	(void)info;
	for (int n = 0; n < argc; n++)
		if (!read_option(argv[n])) {
			fprintf(stderr, "count: cannot use the argument %s\n", argv[n]);
			return -1;
		}
	if (!options.out) {
		fputs("count: out=FILE is missing\n", stderr);
		return -1;
	}
	if (options.profile && !profile_start()) {
		fputs("count: no memory for the profile\n", stderr);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, at_translation);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
	return 0;
}
