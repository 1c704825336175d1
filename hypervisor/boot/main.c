/* SPDX-License-Identifier: ISC */
/* Boot order, one step a line. */
#include <public/xen.h>
#include <hyp/arch.h>
#include <hyp/arch_mmu.h>
#include <hyp/board.h>
#include <boot/bootinfo.h>
#include <boot/main.h>
#include <hyp/console.h>
#include <hyp/cpu.h>
#include <hyp/domain.h>
#include <hyp/domain_parts.h>
#include <boot/dom0.h>
#include <hyp/irq.h>
#include <hyp/irqchip.h>
#include <lib/lib.h>
#include <lib/log.h>
#include <lib/time.h>
#include <mem/page.h>
#include <hyp/uart.h>
#include <hyp/version.h>
#include <libfdt.h>

static paddr_t log_ring;

/* Its first 8 bytes tell its size: what is behind it may be no RAM. */
static const void *main_map_tree(paddr_t fdt)
{
	const void *tree = mmu_map_tree(fdt, 8);

	return mmu_map_tree(fdt, MIN((uint64_t)fdt_totalsize(tree), FDT_MAX_SIZE));
}

static void main_read_machine(paddr_t fdt, paddr_t image)
{
	bootinfo.cpu[0].hwid = arch_cpu_hwid();
	bootinfo_read(&bootinfo, main_map_tree(fdt), fdt, image, (uint64_t)(_end - _start));
	log_set_level(bootinfo.loglevel);
	version_set_options(bootinfo.cmdline);
}

/*
 * The log's ring must be found at the same place at every boot: it takes memory before anybody
 * else.
 */
static void main_init_tables(void)
{
	uint64_t size = FIRST_TABLES_SIZE(bootinfo.nr_banks);

	log_ring = boot_place_log(&bootinfo, LOG_SIZE);
	mmu_add_first_tables(boot_alloc(&bootinfo, size), size);
}

static void main_init_console(void)
{
	log_set_console(console_write);
	if (bootinfo.uart.driver)
		console_init(bootinfo.uart.driver,
			     mmu_map_device(bootinfo.uart.regs.base, bootinfo.uart.regs.size));
	log_info("Plinth %s, speaks Xen %u.%u", PLINTH_VERSION, XEN_ABI_MAJOR, XEN_ABI_MINOR);
	if (!bootinfo.uart.driver)
		log_warn("no console: no UART that this hypervisor knows; the log in RAM is all "
			 "there is");
}

static void main_map_ram(void)
{
	for (unsigned i = 0; i < bootinfo.nr_banks; i++)
		mmu_map_ram(bootinfo.banks[i].base,
			    bootinfo.banks[i].base + bootinfo.banks[i].size);
}

static void main_init_log(void)
{
	log_init(mmu_map_noncacheable(log_ring, LOG_SIZE),
		 ram_window_open(boot_alloc(&bootinfo, LOG_SIZE), LOG_SIZE));
}

static void main_init_pages(void)
{
	const struct range *first = &bootinfo.banks[0],
			   *last = &bootinfo.banks[bootinfo.nr_banks - 1];
	uint64_t first_mfn = first->base >> PAGE_SHIFT,
		 end_mfn = (last->base + last->size) >> PAGE_SHIFT;
	paddr_t descriptors = boot_alloc(&bootinfo, (end_mfn - first_mfn) * PAGE_DESCRIPTOR_SIZE);

	page_init(ram_window_open(descriptors, (end_mfn - first_mfn) * PAGE_DESCRIPTOR_SIZE),
		  first_mfn, end_mfn - first_mfn);
	boot_for_each_free(&bootinfo, page_add_region);
	log_info("memory: %llu MiB, %llu MiB free", (unsigned long long)page_nr_total() >> 8,
		 (unsigned long long)page_nr_free() >> 8);
}

static void main_timer_irq(unsigned intid __unused)
{
	timer_run();
}

static void main_maintenance_irq(unsigned intid __unused)
{
	if (this_cpu()->current)
		vgic_maintenance(this_cpu()->current);
}

static void main_init_irqs(void)
{
	irqchip = bootinfo.gic.version == 3 ? gicv3_init(&bootinfo) : gicv2_init(&bootinfo);
	panic_init(arch_halt_other_cpus);
	irq_hw_link = !(irqchip->version == 2 && bootinfo.board->quirks & QUIRK_GICV2_NO_RETRIGGER);
	irq_request(bootinfo.timer.hyp_ppi, main_timer_irq, "timer");
	irq_request(bootinfo.gic.maintenance_ppi, main_maintenance_irq, "vGIC maintenance");
	log_info("%s: %u interrupts, %u list registers", irqchip->name, nr_irqs, nr_lrs);
}

/* dom0 has its own device tree by now. */
static void main_release_device_tree(void)
{
	mmu_unmap_tree();
	boot_release_fdt(&bootinfo, page_add_region);
}

static void main_init_boot_cpu(void)
{
	struct cpu *c = this_cpu();

	c->hwid = bootinfo.cpu[0].hwid;
	cpus[0] = c;
	nr_cpus = 1;
}

static void main_domain_ended(void)
{
	evtchn_virq_global(VIRQ_DOM_EXC);
}

static void main_console_input(void)
{
	evtchn_virq_global(VIRQ_CONSOLE);
}

static const struct domain_watcher watcher = {main_domain_ended, dom0_ended};

void hyp_main(paddr_t fdt, paddr_t image)
{
	mmu_init_boot_cpu(image);
	main_init_boot_cpu();
	main_read_machine(fdt, image);
	main_init_tables();
	time_init(bootinfo.timer.hz ? bootinfo.timer.hz : arch_timer_frequency());
	main_init_console();
	main_map_ram();
	main_init_log();
	main_init_pages();
	dom0_reserve_memory(&bootinfo);
	arch_init_guests(&bootinfo);
	main_init_irqs();
	domain_init(domain_parts, nr_domain_parts, &watcher);
	vgic_init();
	vpl011_init();
	arch_init_firmware(&bootinfo);
	arch_cpu_init(this_cpu());
	arch_start_secondary_cpus();
	log_info("%u CPU%s", nr_cpus, nr_cpus == 1 ? "" : "s");
	dom0_build(&bootinfo);
	main_release_device_tree();
	console_enable_input(bootinfo.uart.irq, main_console_input);
	domain_unpause(domain0);
	cpu_enter_guests();
}
