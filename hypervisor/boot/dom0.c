/* SPDX-License-Identifier: ISC */
/* dom0: where its memory is, what it may touch, its first vCPU's state, and its end. */
#include <asm/cache.h>
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <boot/dom0.h>
#include <hyp/domain.h>
#include <lib/errno.h>
#include <lib/lib.h>
#include <lib/log.h>
#include <mem/page.h>
#include <public/sched.h>
#include <libfdt.h>

#define DTB_MAX MiB(2)

static struct dom0_plan plan;
static struct kernel_image image; /* of its kernel */

static const struct boot_module *find_module(const struct bootinfo *bi, enum module_kind kind)
{
	for (unsigned i = 0; i < bi->nr_modules; i++)
		if (bi->module[i].kind == kind)
			return &bi->module[i];
	return NULL;
}

static paddr_t range_end(const struct range *r)
{
	return r->base + r->size;
}

/*
 * Memory. The modules are used where the boot loader put them: dom0's first piece of RAM is chosen
 * around them, so that nothing is copied. What they are in is free memory to the page allocator's
 * eyes only outside of them.
 */

/* Cut [*start, *end) down to what lies on the side of r that `at` is on. false: `at` lies in r. */
static bool leave_out(const struct range *r, paddr_t at, paddr_t *start, paddr_t *end)
{
	if (range_end(r) <= at)
		*start = MAX(*start, range_end(r));
	else if (r->base > at)
		*end = MIN(*end, r->base);
	else
		return false;
	return true;
}

/* The range around `at` that holds nothing but free memory and modules; size 0: `at` is in use. */
static struct range usable_around(const struct bootinfo *bi, paddr_t at)
{
	paddr_t start = 0, end = 0;
	bool usable;

	for (unsigned i = 0; i < bi->nr_banks; i++)
		if (at >= bi->banks[i].base && at < range_end(&bi->banks[i])) {
			start = bi->banks[i].base;
			end = range_end(&bi->banks[i]);
		}
	usable = leave_out(&bi->image, at, &start, &end) &&
		 leave_out(&bi->fdt_range, at, &start, &end);
	for (unsigned i = 0; usable && i < bi->nr_reserved; i++)
		usable = leave_out(&bi->reserved[i], at, &start, &end);
	if (!usable)
		return (struct range){0, 0};
	return (struct range){start, end > start ? end - start : 0};
}

/* The lowest start of the first piece by which the kernel takes it for the start of RAM. */
static paddr_t lowest_start(const struct boot_module *kernel, const struct range *around)
{
	paddr_t start = ALIGN_UP(around->base, MiB(2));

	return image.window ? MAX(start, ALIGN_DOWN(kernel->range.base, image.window)) : start;
}

/*
 * First piece: `size` bytes around kernel and ramdisk, starting as far down as its alignment
 * allows: at a multiple of 2 MiB, the largest block that matters being 2 MiB for any start and 1
 * GiB when there is so much.
 */
static struct range choose_first_piece(const struct bootinfo *bi, const struct boot_module *kernel,
				       const struct boot_module *ramdisk)
{
	struct range around = usable_around(bi, kernel->range.base), out = {0, 0};
	paddr_t low = kernel->range.base, high = range_end(&kernel->range), start, end;

	if (ramdisk && ramdisk->range.base >= around.base &&
	    range_end(&ramdisk->range) <= range_end(&around)) {
		low = MIN(low, ramdisk->range.base - MIN(image.room, ramdisk->range.base));
		high = MAX(high, range_end(&ramdisk->range));
	}
	start = lowest_start(kernel, &around);
	end = ALIGN_DOWN(range_end(&around), MiB(2));
	if (low < start || high > end)
		return out;
	if (end - start > bi->dom0_mem) {
		/*
		 * Room to choose: begin right below what must be in it, but not so high that the
		 * end sticks out.
		 */
		start = MAX(start, MIN(ALIGN_DOWN(low, MiB(2)), end - bi->dom0_mem));
		end = start + bi->dom0_mem;
	}
	if (high > end)
		return out;
	return (struct range){start, end - start};
}

/* More pieces until dom0_mem is reached: the largest naturally aligned blocks that there are. */
static void add_pieces(struct domain *d, uint64_t left)
{
	for (int order = MAX_ORDER; order >= ORDER_2M && left; order--)
		while (left >= PAGE_SIZE << order && plan.nr_ram < DOM0_MAX_CHUNKS) {
			mfn_t mfn;

			if (domain_page_alloc(d, (unsigned)order, PAGE_DIRTY, &mfn) != 0)
				break;
			plan.ram[plan.nr_ram++] =
				(struct range){mfn_to_pa(mfn), PAGE_SIZE << order};
			left -= PAGE_SIZE << order;
		}
	if (left)
		log_warn("dom0: %llu MiB of its memory could not be had",
			 (unsigned long long)left >> 20);
}

static void sort_ram(void)
{
	for (unsigned i = 2; i < plan.nr_ram; i++)
		for (unsigned j = i; j > 1 && plan.ram[j].base < plan.ram[j - 1].base; j--) {
			struct range t = plan.ram[j];

			plan.ram[j] = plan.ram[j - 1];
			plan.ram[j - 1] = t;
		}
}

/*
 * Keep the first piece for dom0: the free memory around the modules, which the allocator never had.
 */
static void reserve_first_piece(const struct bootinfo *bi, const struct range *piece)
{
	paddr_t at = piece->base;

	while (at < range_end(piece)) {
		const struct range *next = NULL;
		paddr_t stop = range_end(piece);

		for (unsigned i = 0; i < bi->nr_modules; i++) {
			const struct range *m = &bi->module[i].range;

			if (ALIGN_UP(range_end(m), PAGE_SIZE) > at && m->base < stop) {
				stop = MAX(at, ALIGN_DOWN(m->base, PAGE_SIZE));
				next = m;
			}
		}
		if (stop > at && !page_reserve(pa_to_mfn(at), (stop - at) >> PAGE_SHIFT))
			panic("dom0: memory %llx-%llx is not free", (unsigned long long)at,
			      (unsigned long long)stop);
		if (next) {
			page_add_used(next->base, range_end(next));
			stop = ALIGN_UP(range_end(next), PAGE_SIZE);
		}
		at = stop;
	}
}

/*
 * The device tree goes at the top of the first piece, or as far up as the kernel reaches, on a 2
 * MiB boundary (boot protocol: it must not cross one).
 */
static void place_dtb(paddr_t modules_end)
{
	paddr_t at = plan.ram[0].base + MIN(plan.ram[0].size, image.reach) - DTB_MAX;

	modules_end = MAX(modules_end, plan.ram[0].base + image.room);
	if (at < ALIGN_UP(modules_end, PAGE_SIZE))
		panic("dom0_mem is too small: kernel, ramdisk and device tree need %llu MiB",
		      (unsigned long long)(modules_end + DTB_MAX - plan.ram[0].base) >> 20);
	plan.dtb = (struct range){at, DTB_MAX};
}

static const struct boot_module *check_kernel(const struct bootinfo *bi)
{
	const struct boot_module *kernel = find_module(bi, MODULE_KERNEL);
	const void *data;
	const char *why;

	if (!kernel)
		panic("no kernel for dom0: the device tree has no module for it under /chosen");
	data = ram_window_open(kernel->range.base, kernel->range.size);
	why = kernel_image_read(data, kernel->range.size, &image);
	ram_window_close(data, kernel->range.size);
	if (why)
		panic("dom0's kernel cannot be used: %s", why);
	if (image.width != 8 * sizeof(void *))
		panic("dom0's kernel cannot be used: it is for CPUs of %u bits", image.width);
	if ((kernel->range.base - image.text_offset) % image.alignment)
		panic("dom0's kernel must be loaded at a multiple of %llx (plus its text offset "
		      "%llx), not at %llx",
		      (unsigned long long)image.alignment, (unsigned long long)image.text_offset,
		      (unsigned long long)kernel->range.base);
	return kernel;
}

/* A kernel that unpacks itself must not hit the ramdisk, and has to reach it. */
static void check_ramdisk(void)
{
	paddr_t start = plan.ram[0].base;

	if (plan.ramdisk.size && (plan.ramdisk.base < start + image.room ||
				  range_end(&plan.ramdisk) - start > image.reach))
		panic("dom0's ramdisk at %llx must lie %llu to %llu MiB above the start of its "
		      "memory, %llx",
		      (unsigned long long)plan.ramdisk.base, (unsigned long long)image.room >> 20,
		      (unsigned long long)image.reach >> 20, (unsigned long long)start);
}

void dom0_reserve_memory(const struct bootinfo *bi)
{
	const struct boot_module *kernel = check_kernel(bi),
				 *ramdisk = find_module(bi, MODULE_RAMDISK);
	paddr_t end = kernel->range.base - image.text_offset + image.image_size;

	plan.kernel_entry = kernel->range.base;
	plan.cmdline = kernel->cmdline;
	if (ramdisk) {
		plan.ramdisk = ramdisk->range;
		if (ramdisk->range.base < end && range_end(&ramdisk->range) > kernel->range.base)
			panic("dom0's ramdisk lies within the %llu MiB that its kernel needs",
			      (unsigned long long)image.image_size >> 20);
		end = MAX(end, range_end(&ramdisk->range));
	}
	plan.ram[0] = choose_first_piece(bi, kernel, ramdisk);
	if (!plan.ram[0].size)
		panic("dom0_mem=%lluM does not fit around kernel (%llx) and ramdisk (%llx): load "
		      "them closer, or raise it",
		      (unsigned long long)bi->dom0_mem >> 20,
		      (unsigned long long)kernel->range.base,
		      (unsigned long long)plan.ramdisk.base);
	check_ramdisk();
	plan.nr_ram = 1;
	reserve_first_piece(bi, &plan.ram[0]);
	place_dtb(end);
}

static void take_memory(const struct bootinfo *bi, struct domain *d)
{
	const struct range *first = &plan.ram[0];
	int err = domain_page_adopt(d, pa_to_mfn(first->base), first->size >> PAGE_SHIFT);

	if (err)
		panic("dom0 cannot have its memory (%d)", err);
	/* A kernel that looks for the start of RAM must find the first piece there. */
	if (!image.window)
		add_pieces(d, bi->dom0_mem - first->size);
	else if (first->size < bi->dom0_mem)
		log_warn("dom0: %llu MiB of its memory could not be had in one piece",
			 (unsigned long long)(bi->dom0_mem - first->size) >> 20);
	sort_ram();
}

/*
 * Addresses where there is nothing: for grant frames and foreign pages. Above all RAM, on 1 GiB
 * boundaries; Linux needs a 128 MiB block at a multiple of 128 MiB in an extended region.
 */
#define GRANT_REGION_SIZE MiB(64)
#define EXTENDED_OFFSET   MiB(128)
#define HOLE_MIN          GiB(1)
#define HOLE_MAX          GiB(8)

static void plan_holes(const struct bootinfo *bi)
{
	paddr_t at = ALIGN_UP(range_end(&bi->banks[bi->nr_banks - 1]), GiB(1)),
		limit = BIT64(p2m_ipa_bits);

	for (unsigned i = 0; i <= plan.nr_devices; i++) {
		const struct range *dev = i < plan.nr_devices ? &plan.device[i] : NULL;
		paddr_t end = dev ? MIN(dev->base, limit) : limit;

		if (end > at && end - at >= HOLE_MIN) {
			uint64_t size = MIN(ALIGN_DOWN(end - at, GiB(1)), HOLE_MAX);

			plan.grant_region = (struct range){at, GRANT_REGION_SIZE};
			plan.extended =
				(struct range){at + EXTENDED_OFFSET, size - EXTENDED_OFFSET};
			return;
		}
		if (dev && range_end(dev) > at)
			at = ALIGN_UP(range_end(dev), GiB(1));
	}
	panic("no unused gigabyte of addresses for dom0's grant table");
}

/* Interrupt controller and vCPUs. */

static struct domain *create_domain(const struct bootinfo *bi)
{
	const struct vgic_model *gic = vgic_model(bi->gic.version);
	const struct range *cpu_area = gic->machine_cpu(bi);
	unsigned most = gic->max_vcpus;
	struct domain_config config = {
		.privileged = true,
		.direct_mapped = true,
		.max_pages = ~(uint64_t)0,
		.max_tables = ~0U,
		.max_evtchn_port = ~0U,
		.max_grant_frames = GRANT_DEFAULT_FRAMES,
		.max_maptrack_frames = GRANT_DEFAULT_MAPTRACK_FRAMES,
		.gic = {.version = bi->gic.version,
			.nr_spis = nr_irqs - NR_LOCALS,
			.dist_base = bi->gic.dist.base,
			.cpu_base = cpu_area->base},
	};
	struct domain *d;
	int err;

	if (gic->vcpu_stride) /* dom0's emulated area lies where the machine's is */
		most = (unsigned)MIN(cpu_area->size / gic->vcpu_stride, (uint64_t)most);
	plan.vcpus = MIN(bi->dom0_max_vcpus ? bi->dom0_max_vcpus : nr_cpus, most);
	dom0_plan_gic(bi, &plan);
	config.max_vcpus = plan.vcpus;
	err = domain_create(0, &config, &d);
	if (!err)
		err = domain_set_max_vcpus(d, plan.vcpus);
	if (err)
		panic("dom0 cannot be created (%d)", err);
	for (unsigned i = NR_LOCALS; i < nr_irqs; i++)
		if (!irq_is_reserved(i) && i != bi->uart.irq)
			vgic_route_spi(d, i);
	return d;
}

static void map(struct domain *d, const struct range *r, paddr_t to, enum p2m_type type)
{
	int err = p2m_map(d, gpa_to_gfn(r->base), pa_to_mfn(to), r->size >> PAGE_SHIFT, type);

	if (err)
		panic("dom0: %llx-%llx cannot be mapped (%d)", (unsigned long long)r->base,
		      (unsigned long long)range_end(r), err);
}

static void map_everything(struct domain *d)
{
	for (unsigned i = 0; i < plan.nr_ram; i++)
		map(d, &plan.ram[i], plan.ram[i].base, P2M_RAM);
	for (unsigned i = 0; i < plan.nr_devices; i++)
		map(d, &plan.device[i], plan.device[i].base, P2M_DEVICE);
}

static void write_dtb(const struct bootinfo *bi)
{
	void *buf = ram_window_open(plan.dtb.base, plan.dtb.size);
	int err = dom0_make_dt(bi, &plan, buf, plan.dtb.size);

	if (err)
		panic("dom0's device tree cannot be made (libfdt error %d)", err);
	/* dom0 reads it with its caches off first. */
	cache_clean_invalidate_poc(buf, fdt_totalsize(buf));
	ram_window_close(buf, plan.dtb.size);
}

/*
 * The boot protocol of arm64: the kernel's image is clean to the point of coherency, and no
 * instruction cache holds anything stale of it. The loader has done that for us, not for whom we
 * start; the ramdisk is read with the caches on, but by DMA too.
 */
static void clean_modules(const struct bootinfo *bi)
{
	for (unsigned i = 0; i < bi->nr_modules; i++) {
		const struct range *m = &bi->module[i].range;
		const void *window = ram_window_open(m->base, m->size);

		cache_clean_invalidate_poc(window, m->size);
		ram_window_close(window, m->size);
	}
	icache_invalidate_all();
}

static void find_devices(const struct bootinfo *bi)
{
	_Static_assert(DOM0_MAX_DEVICES * sizeof(*plan.device) <= PAGE_SIZE, "plan.device");
	plan.device = hyp_pages_alloc(0);
	if (!plan.device)
		panic("no memory for the list of dom0's devices");
	dom0_find_devices(bi, &plan);
}

void dom0_build(const struct bootinfo *bi)
{
	struct domain *d = create_domain(bi);

	find_devices(bi);
	take_memory(bi, d);
	plan_holes(bi);
	map_everything(d);
	write_dtb(bi);
	clean_modules(bi);
	arch_vcpu_boot(d->vcpu[0], plan.kernel_entry, plan.dtb.base);
	d->vcpu[0]->offline = 0;
	d->paused_by_tools = 0; /* only the boot holds it */
	d->max_pages = d->tot_pages;
	domain0 = d;
	log_info("dom0: %llu MiB at %llx, kernel at %llx, %u vCPU%s, %u device ranges",
		 (unsigned long long)d->tot_pages >> 8, (unsigned long long)plan.ram[0].base,
		 (unsigned long long)plan.kernel_entry, plan.vcpus, plan.vcpus == 1 ? "" : "s",
		 plan.nr_devices);
	hyp_pages_free(plan.device, 0);
}

/* Its end is the end of the machine. */

static const char *const shutdown_names[] = {"poweroff", "reboot",   "suspend",
					     "crash",    "watchdog", "soft reset"};

void dom0_ended(uint8_t reason)
{
	log_info("dom0 has shut down (%s)",
		 reason < ARRAY_SIZE(shutdown_names) ? shutdown_names[reason] : "unknown reason");
	if (reason == SHUTDOWN_crash)
		panic("dom0 has crashed");
	arch_machine_stop(reason == SHUTDOWN_reboot || reason == SHUTDOWN_watchdog);
}
