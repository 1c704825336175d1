/* SPDX-License-Identifier: ISC */
/* Builds a guest: a table of steps from an empty domain to one that only needs to be unpaused. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/random.h>

#include <public/arch-arm.h>
#include <public/grant_table.h>
#include <public/hvm_params.h>

#include "grants.h"
#include "guest_config.h"
#include "guest_dt.h"
#include "guest_layout.h"
#include "../guest_writer.h"
#include "../image/image.h"
#include "../internal.h"

/* The pages that guest and toolstack share, from GUEST_MAGIC_BASE on. */
enum { MAGIC_CONSOLE, MAGIC_STORE, MAGIC_MONITOR, MAGIC_VUART };
#define MAGIC_GFN(page) ((GUEST_MAGIC_BASE >> CTRL_PAGE_SHIFT) + (page))

/* The ABI's version that the device tree names when no hypervisor was asked. */
#define DEFAULT_MAJOR 4
#define DEFAULT_MINOR 17

struct build {
	struct ctrl *c;
	const struct ctrl_guest_config *config;
	struct ctrl_guest *guest;
	bool created; /* guest->domid is there, and ours to destroy */
	struct image image;
	int ramdisk_fd; /* -1: no ramdisk */
	struct guest_layout layout;
	struct guest_dt dt;
	uint8_t seed[GUEST_DT_SEED_SIZE];
};

/* --- without the hypervisor: files, layout, device tree --------------------------------------- */

static int open_ramdisk(struct build *b, uint64_t *size)
{
	*size = 0;
	b->ramdisk_fd = -1;
	if (!b->config->ramdisk)
		return 0;
	b->ramdisk_fd = image_open_file(b->config->ramdisk, "ramdisk", size);
	if (b->ramdisk_fd < 0)
		return b->ramdisk_fd;
	if (*size)
		return 0;
	close(b->ramdisk_fd);
	return ctrl_fail(-ENOEXEC, "ramdisk %s is empty; copy it again, or leave ramdisk= out",
			 b->config->ramdisk);
}

static void close_files(struct build *b)
{
	if (b->ramdisk_fd >= 0)
		close(b->ramdisk_fd);
	image_close(&b->image);
}

/* Opens the files and decides where everything goes: after this, no file can be the reason. */
static int prepare(struct build *b)
{
	uint64_t ramdisk_size;
	int ret = guest_config_check(b->config);

	if (ret < 0)
		return ret;
	b->dt = (struct guest_dt){
		.layout = &b->layout,
		.nr_cpus = guest_config_max_vcpus(b->config),
		.gic_version = b->config->gic_version ? b->config->gic_version : CTRL_GIC_V3,
		.major = DEFAULT_MAJOR,
		.minor = DEFAULT_MINOR,
		.cmdline = b->config->cmdline,
		.vuart = b->config->vuart,
	};
	ret = image_open(&b->image, b->config->kernel);
	if (ret < 0)
		return ret;
	b->dt.width = b->image.info.width;
	ret = open_ramdisk(b, &ramdisk_size);
	if (ret < 0)
		goto close_image;
	ret = guest_layout_make(&b->layout, b->config->memory_kib, &b->image.info, ramdisk_size,
				guest_dt_max_size(&b->dt));
	if (ret < 0)
		goto close_ramdisk;
	return 0;

close_ramdisk:
	if (b->ramdisk_fd >= 0)
		close(b->ramdisk_fd);
close_image:
	image_close(&b->image);
	return ret;
}

int ctrl_make_guest_dtb(const struct ctrl_guest_config *config, void **dtb, size_t *size)
{
	struct build b = {.config = config};
	int ret = prepare(&b);

	if (ret < 0)
		return ret;
	ret = guest_dt_make(&b.dt, dtb, size);
	close_files(&b);
	return ret;
}

int ctrl_check_guest(const struct ctrl_guest_config *config)
{
	void *dtb;
	size_t size;
	int ret = ctrl_make_guest_dtb(config, &dtb, &size);

	if (!ret)
		free(dtb);
	return ret;
}

/* --- the steps -------------------------------------------------------------------------------- */

/*
 * Stage 2 tables: a page of 8-byte entries for each 2 MiB if all of it is mapped in single pages,
 * one for each GiB above that, and some for what lies outside of RAM. Twice that for the maximum
 * size would be waste: pages that the guest balloons out and in again need no new tables.
 */
static uint64_t default_mempool(uint64_t memory_kib)
{
	uint64_t mib = (memory_kib + 1023) >> 10;

	return (mib / 2 + mib / 512 + 256) << CTRL_PAGE_SHIFT;
}

static uint64_t mempool_size(const struct build *b)
{
	if (b->config->paging_mempool_kib)
		return b->config->paging_mempool_kib << 10;
	return default_mempool(guest_config_max_memory_kib(b->config));
}

static int step_width(struct build *b)
{
	return ctrl_check_width(b->c, b->image.info.width);
}

/*
 * Rather now than after all free memory was taken and given back. Others may take memory meanwhile:
 * this is for the person, not for safety.
 */
static int step_free_memory(struct build *b)
{
	struct ctrl_physinfo info;
	uint64_t needed = b->config->memory_kib + (mempool_size(b) >> 10);
	int ret = ctrl_get_physinfo(b->c, &info);

	if (ret < 0)
		return ret;
	if (info.free_bytes >> 10 < needed)
		return ctrl_fail(-ENOMEM,
				 "%" PRIu64 " KiB are needed, page tables included, but the "
				 "hypervisor has %" PRIu64 " KiB free: destroy a domain, give this "
				 "one less, or start dom0 with less (dom0_mem=)",
				 needed, info.free_bytes >> 10);
	return 0;
}

static uint32_t nr_spis(const struct build *b)
{
	const uint32_t vuart = GUEST_VPL011_SPI - 32 + 1; /* SPIs count from INTID 32 */

	return b->config->vuart && b->config->nr_spis < vuart ? vuart : b->config->nr_spis;
}

static int step_create(struct build *b)
{
	struct ctrl_domain_config dc = {
		.domid = b->config->domid,
		.flags = b->config->domain_flags,
		.max_vcpus = guest_config_max_vcpus(b->config),
		.max_evtchn_port = b->config->max_evtchn_port,
		.max_grant_frames = b->config->max_grant_frames,
		.max_maptrack_frames = b->config->max_maptrack_frames,
		.cpupool = b->config->cpupool,
		.gic_version = b->config->gic_version,
		.nr_spis = nr_spis(b),
	};
	int ret;

	memcpy(dc.uuid, b->config->uuid, sizeof(dc.uuid));
	ret = ctrl_create_domain(b->c, &dc, &b->guest->domid);
	if (ret < 0)
		return ret;
	b->created = true;
	b->guest->gic_version = dc.gic_version;
	b->dt.gic_version = dc.gic_version;
	b->dt.clock_frequency = dc.clock_frequency;
	return guest_config_check_gic(dc.gic_version, dc.max_vcpus);
}

static int step_mempool(struct build *b)
{
	return ctrl_set_paging_mempool(b->c, b->guest->domid, mempool_size(b));
}

static int step_vcpus(struct build *b)
{
	return ctrl_set_max_vcpus(b->c, b->guest->domid, guest_config_max_vcpus(b->config));
}

/* Those that are used: the last ones are left out where there is no UART. */
static uint64_t nr_magic_pages(const struct build *b)
{
	return b->config->vuart ? MAGIC_VUART + 1 : MAGIC_STORE + 1;
}

static int step_limit(struct build *b)
{
	uint64_t extra = nr_magic_pages(b) * CTRL_PAGE_SIZE >> 10;

	return ctrl_set_max_memory(b->c, b->guest->domid,
				   guest_config_max_memory_kib(b->config) + extra);
}

static int set_affinity(struct build *b)
{
	const struct ctrl_guest_config *config = b->config;

	for (uint32_t i = 0; i < guest_config_max_vcpus(config); i++) {
		int ret = ctrl_set_vcpu_affinity(b->c, b->guest->domid, i, config->hard_affinity,
						 config->soft_affinity, config->affinity_cpus);

		if (ret < 0)
			return ret;
	}
	return 0;
}

static int step_schedule(struct build *b)
{
	const struct ctrl_guest_config *config = b->config;
	struct ctrl_sched_params params;
	int ret = 0;

	if (config->hard_affinity || config->soft_affinity)
		ret = set_affinity(b);
	if (ret < 0 || (!config->cpu_weight && !config->cpu_cap))
		return ret;
	ret = ctrl_get_sched_params(b->c, b->guest->domid, &params);
	if (ret < 0)
		return ret;
	if (config->cpu_weight)
		params.weight = config->cpu_weight;
	params.cap = config->cpu_cap;
	return ctrl_set_sched_params(b->c, b->guest->domid, &params);
}

static bool has_store(const struct build *b)
{
	return b->config->store_domid != CTRL_DOMID_INVALID;
}

static int step_evtchns(struct build *b)
{
	int ret = 0;

	if (has_store(b))
		ret = ctrl_alloc_unbound(b->c, b->guest->domid, b->config->store_domid,
					 &b->guest->store_port);
	if (ret < 0)
		return ret;
	return ctrl_alloc_unbound(b->c, b->guest->domid, b->config->console_domid,
				  &b->guest->console_port);
}

static int step_address_size(struct build *b)
{
	return ctrl_set_address_size(b->c, b->guest->domid, b->image.info.width);
}

static int step_populate(struct build *b)
{
	for (unsigned int i = 0; i < b->layout.nr_banks; i++) {
		const struct guest_range *bank = &b->layout.bank[i];
		int ret = ctrl_populate_memory(b->c, b->guest->domid, bank->base >> CTRL_PAGE_SHIFT,
					       bank->size >> CTRL_PAGE_SHIFT);

		if (ret < 0)
			return ret;
	}
	return 0;
}

static int step_magic(struct build *b)
{
	struct guest_writer w;
	uint64_t nr = nr_magic_pages(b), size = nr * CTRL_PAGE_SIZE;
	int ret = ctrl_populate_memory(b->c, b->guest->domid, MAGIC_GFN(0), nr);

	if (ret < 0)
		return ret;
	b->guest->console_gfn = MAGIC_GFN(MAGIC_CONSOLE);
	b->guest->store_gfn = has_store(b) ? MAGIC_GFN(MAGIC_STORE) : 0;
	guest_writer_begin(&w, b->c, b->guest->domid, GUEST_MAGIC_BASE, size);
	ret = guest_writer_zeros(&w, size);
	return guest_writer_end(&w, ret);
}

static int step_vuart(struct build *b)
{
	if (!b->config->vuart)
		return 0;
	b->guest->vuart_gfn = MAGIC_GFN(MAGIC_VUART);
	return ctrl_init_vuart(b->c, b->guest->domid, b->config->console_domid, b->guest->vuart_gfn,
			       &b->guest->vuart_port);
}

static int step_kernel(struct build *b)
{
	const struct guest_range *to = &b->layout.kernel;
	struct guest_writer w;
	int ret;

	guest_writer_begin(&w, b->c, b->guest->domid, to->base, to->size);
	ret = guest_writer_end(&w, image_load(&b->image, &w));
	b->guest->kernel_addr = to->base;
	b->guest->kernel_size = w.at - to->base;
	return ret;
}

static int step_ramdisk(struct build *b)
{
	const struct guest_range *to = &b->layout.ramdisk;
	struct guest_writer w;

	if (!to->size)
		return 0;
	b->guest->ramdisk_addr = to->base;
	b->guest->ramdisk_size = to->size;
	guest_writer_begin(&w, b->c, b->guest->domid, to->base, to->size);
	return guest_writer_end(&w,
				guest_writer_file(&w, b->ramdisk_fd, b->config->ramdisk, to->size));
}

static int make_seed(struct build *b)
{
	size_t have = 0;

	while (have < sizeof(b->seed)) {
		ssize_t n = getrandom(b->seed + have, sizeof(b->seed) - have, 0);

		if (n < 0 && errno != EINTR)
			return ctrl_fail_file(-errno, "get random numbers for the guest");
		have += n > 0 ? n : 0;
	}
	b->dt.seed = b->seed;
	return 0;
}

static int make_dtb(struct build *b, void **dtb, size_t *size)
{
	int ret = ctrl_get_version_number(b->c, &b->dt.major, &b->dt.minor);

	if (!ret)
		ret = make_seed(b);
	if (ret < 0)
		return ret;
	return guest_dt_make(&b->dt, dtb, size);
}

static int step_dtb(struct build *b)
{
	void *dtb;
	size_t size;
	int ret = make_dtb(b, &dtb, &size);

	if (ret < 0)
		return ret;
	b->guest->dtb_addr = b->layout.dtb.base;
	b->guest->dtb_size = size;
	ret = ctrl_copy_to_domain(b->c, b->guest->domid, b->layout.dtb.base, dtb, size);
	free(dtb);
	return ret;
}

/*
 * How the guest is told of its rings, and the interrupt that announces events. Parameters of a
 * store that is not there stay 0, which Linux takes as just that.
 */
static int step_params(struct build *b)
{
	const struct {
		uint32_t index;
		uint64_t value;
	} params[] = {
		{CTRL_PARAM_CALLBACK_IRQ, (uint64_t)HVM_PARAM_CALLBACK_TYPE_PPI << 56 |
						  HVM_PARAM_CALLBACK_TYPE_PPI_FLAG_LOW_LEVEL << 8 |
						  GUEST_EVTCHN_PPI},
		{CTRL_PARAM_CONSOLE_PFN, b->guest->console_gfn},
		{CTRL_PARAM_CONSOLE_EVTCHN, b->guest->console_port},
		{CTRL_PARAM_STORE_PFN, b->guest->store_gfn},
		{CTRL_PARAM_STORE_EVTCHN, b->guest->store_port},
	};

	for (size_t i = 0; i < ARRAY_SIZE(params); i++) {
		int ret = ctrl_set_param(b->c, b->guest->domid, params[i].index, params[i].value);

		if (ret < 0)
			return ret;
	}
	return 0;
}

static int step_grants(struct build *b)
{
	const struct grant_seed seeds[] = {
		{GNTTAB_RESERVED_CONSOLE, b->config->console_domid, b->guest->console_gfn},
		{GNTTAB_RESERVED_XENSTORE, b->config->store_domid, b->guest->store_gfn},
	};

	return grants_seed(b->c, b->guest->domid, seeds, has_store(b) ? 2 : 1);
}

/*
 * MMU off, exceptions masked. Linux, Documentation/arm64/booting.rst: x0 = device tree, x1..x3 = 0.
 * Documentation/arm/booting.rst: r0 = 0, r1 = a machine that no kernel knows, r2 = device tree.
 */
static int step_start(struct build *b)
{
	bool is_32 = b->image.info.width == 32;
	struct ctrl_vcpu_context context = {
		.online = true,
		.pc = b->layout.kernel.base,
		.pstate = is_32 ? PSR_GUEST32_INIT : PSR_GUEST64_INIT,
		.sctlr = SCTLR_GUEST_INIT,
	};

	context.x[1] = is_32 ? UINT32_MAX : 0;
	context.x[is_32 ? 2 : 0] = b->layout.dtb.base;
	return ctrl_set_vcpu_context(b->c, b->guest->domid, 0, &context);
}

/* Xen wants the pool before anything is mapped, vCPUs before affinity and parameters before start.
 */
static const struct step {
	const char *name; /* goes on after "cannot build guest x: " */
	int (*run)(struct build *b);
} steps[] = {
	{"kernel", step_width},
	{"free memory", step_free_memory},
	{"creating the domain", step_create},
	{"page table memory", step_mempool},
	{"vCPUs", step_vcpus},
	{"memory limit", step_limit},
	{"scheduling", step_schedule}, /* the last of TRY_STEPS */
	{"event channels", step_evtchns},
	{"address size", step_address_size},
	{"RAM", step_populate},
	{"shared pages", step_magic},
	{"emulated UART", step_vuart},
	{"loading the kernel", step_kernel},
	{"loading the ramdisk", step_ramdisk},
	{"device tree", step_dtb},
	{"parameters", step_params},
	{"grant table", step_grants},
	{"start state", step_start},
};

/* Those in which the hypervisor says no to a config; the others fail for want of memory at most. */
#define TRY_STEPS 7

static int run_steps(struct build *b, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int ret = steps[i].run(b);

		if (ret < 0)
			return ctrl_fail_in(ret, "%s", steps[i].name);
	}
	return 0;
}

/* Takes the half-made domain away; the sentence stays that of what failed first. */
static void undo(struct build *b)
{
	char why[512];

	if (!b->created)
		return;
	snprintf(why, sizeof(why), "%s", ctrl_error());
	if (ctrl_destroy_domain(b->c, b->guest->domid) < 0) {
		ctrl_fail_in(0, "%s; and the half-made domain is still there", why);
		return;
	}
	ctrl_fail(0, "%s", why);
}

int ctrl_build_guest(struct ctrl *c, const struct ctrl_guest_config *config,
		     struct ctrl_guest *guest)
{
	struct build b = {.c = c, .config = config, .guest = guest};
	const char *name = config->name ? config->name : "without a name";
	int ret;

	*guest = (struct ctrl_guest){.domid = CTRL_DOMID_INVALID};
	ret = prepare(&b);
	if (ret < 0)
		return ctrl_fail_in(ret, "cannot build guest %s", name);
	ret = run_steps(&b, ARRAY_SIZE(steps));
	close_files(&b);
	if (ret < 0) {
		undo(&b);
		*guest = (struct ctrl_guest){.domid = CTRL_DOMID_INVALID};
		return ctrl_fail_in(ret, "cannot build guest %s", name);
	}
	return 0;
}

int ctrl_try_guest(struct ctrl *c, const struct ctrl_guest_config *config)
{
	struct ctrl_guest guest = {.domid = CTRL_DOMID_INVALID};
	struct build b = {.c = c, .config = config, .guest = &guest};
	const char *name = config->name ? config->name : "without a name";
	int ret = prepare(&b);

	if (ret < 0)
		return ctrl_fail_in(ret, "cannot build guest %s", name);
	ret = image_verify(&b.image);
	if (!ret && c)
		ret = run_steps(&b, TRY_STEPS);
	close_files(&b);
	if (ret < 0)
		undo(&b);
	else if (b.created)
		ret = ctrl_destroy_domain(c, guest.domid);
	return ret < 0 ? ctrl_fail_in(ret, "cannot build guest %s", name) : 0;
}
