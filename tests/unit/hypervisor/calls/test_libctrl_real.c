/* SPDX-License-Identifier: ISC */
/*
 * libctrl on the real hypercall table, in one process: guests are built, looked at, run and
 * destroyed.
 */
#include "unit.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>

#include <host/host.h>
#include <lib/errno.h>
#include <mem/guest_access.h>
#include <hyp/cpu.h>
#include <lib/log.h>
#include <libctrl.h>
#include <libfdt.h>
#include <public/grant_table.h>
#include "dom0_backend.h"
#include "files.h"
#include "whole.h"

#define KERNEL_SIZE  (1234567)
#define RAMDISK_SIZE 54321
#define MEMORY_KIB   (24 << 10)

static uint8_t *kernel, ramdisk[RAMDISK_SIZE];
static char kernel_path[256], ramdisk_path[256];
static struct dom0_backend backend;
static struct ctrl *c;
static uint64_t free_before;

static int make_files(void **state)
{
	(void)state;
	kernel = files_arm64(KERNEL_SIZE, 0x80000, 0, KERNEL_SIZE);
	for (unsigned i = 0; i < RAMDISK_SIZE; i++)
		ramdisk[i] = (uint8_t)(i * 3);
	strcpy(kernel_path, files_write("Image", kernel, KERNEL_SIZE));
	strcpy(ramdisk_path, files_write("initrd", ramdisk, RAMDISK_SIZE));
	return 0;
}

static int drop_files(void **state)
{
	(void)state;
	free(kernel);
	return 0;
}

static int setup(void **state)
{
	whole_setup(state);
	memset(&backend, 0, sizeof(backend));
	assert_int_equal(ctrl_open_backend(&c, &dom0_backend, &backend), 0);
	free_before = page_nr_free();
	return 0;
}

static int teardown(void **state)
{
	backend.fail_at = whole_fail_at = host_yield_every = 0;
	ctrl_close(c);
	assert_int_equal(dom0_backend_left(), 0);
	return whole_teardown(state);
}

static struct ctrl_guest_config config_of(unsigned vcpus)
{
	struct ctrl_guest_config config;

	ctrl_guest_config_init(&config);
	config.name = "guinea";
	config.uuid[3] = 0x77;
	config.memory_kib = MEMORY_KIB;
	config.vcpus = vcpus;
	config.kernel = kernel_path;
	config.ramdisk = ramdisk_path;
	config.cmdline = "console=hvc0";
	config.store_domid = 0;
	config.console_domid = 0;
	return config;
}

static struct domain *built(const struct ctrl_guest *guest)
{
	struct domain *d = domain_get((domid_t)guest->domid);

	assert_non_null(d);
	domain_put(d);
	return d;
}

static void check_bytes(struct domain *d, uint64_t gpa, const void *want, size_t len)
{
	uint8_t *seen = malloc(len);

	assert_int_equal(copy_from_domain(d, seen, gpa, len), 0);
	assert_memory_equal(seen, want, len);
	free(seen);
}

static void check_dtb(struct domain *d, const struct ctrl_guest *guest)
{
	void *dtb = malloc(guest->dtb_size);

	assert_int_equal(copy_from_domain(d, dtb, guest->dtb_addr, guest->dtb_size), 0);
	assert_int_equal(fdt_check_full(dtb, guest->dtb_size), 0);
	assert_true(fdt_path_offset(dtb, "/hypervisor") > 0);
	free(dtb);
}

static void check_guest(const struct ctrl_guest *guest, unsigned vcpus)
{
	struct domain *d = built(guest);

	check_bytes(d, guest->kernel_addr, kernel, KERNEL_SIZE);
	check_bytes(d, guest->ramdisk_addr, ramdisk, RAMDISK_SIZE);
	check_dtb(d, guest);
	assert_int_equal(d->nr_vcpus, vcpus);
	assert_int_equal(d->vcpu[0]->arch.pc, guest->kernel_addr);
	assert_int_equal(d->vcpu[0]->arch.x[0], guest->dtb_addr);
	assert_int_equal(d->tot_pages, MEMORY_KIB / 4 + (guest->vuart_port ? 4 : 2));
	assert_int_equal(d->hvm_params[CTRL_PARAM_CONSOLE_PFN], guest->console_gfn);
	assert_int_equal(d->hvm_params[CTRL_PARAM_CONSOLE_EVTCHN], guest->console_port);
	assert_int_equal(d->hvm_params[CTRL_PARAM_STORE_PFN], guest->store_gfn);
	assert_int_equal(d->state, DOMAIN_BUILDING);
}

/* The first grants name the console's and the store's page. */
static void check_grants(const struct ctrl_guest *guest)
{
	struct domain *d = built(guest);
	const struct grant_entry_v1 *e;
	mfn_t mfn;

	assert_int_equal(grant_table_get_frame(d, 0, &mfn), 0);
	e = phys_to_virt(mfn_to_pa(mfn));
	assert_int_equal(e[0].flags & GTF_type_mask, GTF_permit_access);
	assert_int_equal(e[0].frame, guest->console_gfn);
	assert_int_equal(e[1].frame, guest->store_gfn);
	page_put(mfn);
}

static void build(const struct ctrl_guest_config *config, struct ctrl_guest *guest)
{
	int ret = ctrl_build_guest(c, config, guest);

	if (ret)
		fail_msg("%s", ctrl_error());
}

static void expect_clean(void)
{
	assert_int_equal(page_nr_free(), free_before);
	assert_int_equal(ctrl_list_domains(c, 1, &(struct ctrl_domain_info){0}, 1), 0);
}

/* ---- a guest's life ---- */

static void whole_life(void **state)
{
	struct ctrl_guest_config config = config_of(2);
	struct ctrl_domain_info info, *list;
	struct ctrl_guest guest;
	struct domain *d;

	(void)state;
	build(&config, &guest);
	d = built(&guest);
	check_guest(&guest, 2);
	check_grants(&guest);
	assert_int_equal(ctrl_list_all_domains(c, &list), 2);
	assert_int_equal(list[0].domid, 0);
	assert_int_equal(list[1].domid, guest.domid);
	assert_int_equal(list[1].uuid[3], 0x77);
	assert_int_equal(list[1].memory, (MEMORY_KIB + 8) << 10);
	assert_true(list[1].paused);
	free(list);

	assert_int_equal(ctrl_unpause_domain(c, guest.domid), 0);
	whole_settle();
	assert_true(d->vcpu[0]->running);
	assert_int_equal(ctrl_get_domain(c, guest.domid, &info), 0);
	assert_true(info.running && !info.paused);
	assert_int_equal(info.nr_online_vcpus, 1);
	assert_int_equal(ctrl_pause_domain(c, guest.domid), 0);
	assert_true(domain_is_quiet(d));
	assert_int_equal(ctrl_unpause_domain(c, guest.domid), 0);
	whole_settle();
	assert_int_equal(ctrl_shutdown_domain(c, guest.domid, CTRL_SHUTDOWN_REBOOT), 0);
	assert_int_equal(ctrl_get_domain(c, guest.domid, &info), 0);
	assert_true(info.shutdown);
	assert_int_equal(info.shutdown_reason, CTRL_SHUTDOWN_REBOOT);
	assert_int_equal(ctrl_destroy_domain(c, guest.domid), 0);
	assert_int_equal(ctrl_get_domain(c, guest.domid, &info), -ESRCH);
	assert_non_null(strstr(ctrl_error(), "ESRCH"));
	expect_clean();
}

/* A second ring, its port, and an interrupt for it. */
static void emulated_uart(void **state)
{
	struct ctrl_guest_config config = config_of(1);
	struct ctrl_guest guest;
	struct domain *d;

	(void)state;
	config.vuart = true;
	build(&config, &guest);
	d = built(&guest);
	assert_int_equal(guest.vuart_gfn, (GUEST_MAGIC_BASE >> PAGE_SHIFT) + 3);
	assert_non_null(d->vuart.ring);
	assert_int_equal(d->vuart.port, guest.vuart_port);
	assert_true(d->vgic.nr_spis >= 1);
	assert_int_equal(ctrl_destroy_domain(c, guest.domid), 0);
	expect_clean();
}

static void every_way_of_loading(void **state)
{
	struct ctrl_guest_config config = config_of(1);
	struct ctrl_guest guest;

	(void)state;
	for (unsigned way = 0; way < 8; way++) {
		backend.no_plinth = way & 1;
		host_yield_every = way >> 1;
		ctrl_close(c); /* it remembers what the hypervisor can do */
		assert_int_equal(ctrl_open_backend(&c, &dom0_backend, &backend), 0);
		build(&config, &guest);
		check_guest(&guest, 1);
		check_grants(&guest);
		if (way & 1)
			assert_int_equal(whole_dom0->p2m.foreign_maps, 0); /* all unmapped again */
		assert_int_equal(ctrl_destroy_domain(c, guest.domid), 0);
		expect_clean();
	}
}

static void many_cycles(void **state)
{
	struct ctrl_guest_config config = config_of(4);
	struct ctrl_guest guest;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		build(&config, &guest);
		assert_int_equal(ctrl_unpause_domain(c, guest.domid), 0);
		whole_settle();
		assert_int_equal(ctrl_destroy_domain(c, guest.domid), 0);
		expect_clean();
	}
}

/* ---- what goes wrong ---- */

/* false: it was built all the same. */
static bool fails_cleanly(const struct ctrl_guest_config *config)
{
	struct ctrl_guest guest;
	int ret = ctrl_build_guest(c, config, &guest);

	backend.fail_at = whole_fail_at = 0;
	if (!ret) {
		check_guest(&guest, config->vcpus);
		assert_int_equal(ctrl_destroy_domain(c, guest.domid), 0);
	} else {
		assert_true(strlen(ctrl_error()) > 20);
	}
	expect_clean();
	return ret != 0;
}

static void any_hypercall_fails(void **state)
{
	struct ctrl_guest_config config = config_of(2);
	unsigned n = 0, failed = 0;

	(void)state;
	config.vuart = true; /* it has the most steps */
	do {
		backend.calls = 0;
		backend.fail_at = ++n;
		failed += fails_cleanly(&config);
	} while (backend.calls >= n && n < 10000);
	assert_true(n > 20 && failed > n / 2);
}

static void any_allocation_fails(void **state)
{
	struct ctrl_guest_config config = config_of(2);
	unsigned n = 0, failed = 0;

	(void)state;
	config.vuart = true; /* it has the most steps */
	config.ramdisk = NULL;
	for (bool plinth = false;; plinth = true) {
		backend.no_plinth = !plinth;
		ctrl_close(c);
		assert_int_equal(ctrl_open_backend(&c, &dom0_backend, &backend), 0);
		n = 0;
		do {
			struct ctrl_guest guest;
			int ret;

			whole_allocations = 0;
			whole_fail_at = ++n;
			ret = ctrl_build_guest(c, &config, &guest);
			whole_fail_at = 0;
			failed += ret != 0;
			if (!ret)
				assert_int_equal(ctrl_destroy_domain(c, guest.domid), 0);
			expect_clean();
		} while (whole_allocations >= n);
		assert_true(n > 20);
		if (plinth)
			break;
	}
	assert_true(failed > 20);
}

static void too_large(void **state)
{
	struct ctrl_guest_config config = config_of(1);
	struct ctrl_guest guest;

	(void)state;
	config.memory_kib = 200 << 10;
	assert_int_equal(ctrl_build_guest(c, &config, &guest), -ENOMEM);
	assert_non_null(strstr(ctrl_error(), "memory"));
	expect_clean();
	config = config_of(129);
	assert_true(ctrl_build_guest(c, &config, &guest) < 0);
	expect_clean();
	config = config_of(1);
	config.gic_version = CTRL_GIC_V2;
	assert_int_equal(ctrl_build_guest(c, &config, &guest), -EINVAL);
	expect_clean();
}

static void number_in_use(void **state)
{
	struct ctrl_guest_config config = config_of(1);
	struct ctrl_guest guest, other;

	(void)state;
	config.domid = 33;
	build(&config, &guest);
	assert_int_equal(guest.domid, 33);
	assert_int_equal(ctrl_build_guest(c, &config, &other), -EEXIST);
	assert_non_null(strstr(ctrl_error(), "33"));
	assert_int_equal(ctrl_destroy_domain(c, 33), 0);
	assert_int_equal(ctrl_destroy_domain(c, 33), -ESRCH);
	assert_int_equal(ctrl_destroy_domain(c, 0), -EINVAL);
	expect_clean();
}

/* ---- parts ---- */

static void mapped_pages_outlive_the_guest(void **state)
{
	struct ctrl_guest_config config = config_of(1);
	struct ctrl_guest guest;
	struct ctrl_usage usage;
	char *p;
	void *none;

	(void)state;
	build(&config, &guest);
	assert_int_equal(
		ctrl_map_range(c, guest.domid, guest.kernel_addr >> 12, 3, PROT_READ, (void **)&p),
		0);
	assert_memory_equal(p, kernel, 3 * PAGE_SIZE);
	assert_true(ctrl_map_range(c, guest.domid, 7, 2, PROT_READ, &none) < 0);
	assert_int_equal(ctrl_destroy_domain(c, guest.domid), 0);
	assert_memory_equal(p, kernel, 3 * PAGE_SIZE);
	assert_int_equal(ctrl_get_usage(c, &usage), 0);
	assert_int_equal(usage.domains, 2);
	assert_int_equal(usage.foreign_maps, 3);
	assert_int_equal(usage.dying, 1);
	ctrl_unmap(c, p, 3);
	assert_int_equal(ctrl_get_usage(c, &usage), 0);
	assert_int_equal(usage.domains, 1);
	expect_clean();
}

static void questions(void **state)
{
	struct ctrl_physinfo phys;
	struct ctrl_version version;
	const char *scheduler;
	uint64_t idle[8];
	uint32_t index = 0;
	static char log[65536];

	(void)state;
	assert_int_equal(ctrl_get_physinfo(c, &phys), 0);
	assert_int_equal(phys.nr_cpus, WHOLE_CPUS);
	assert_int_equal(phys.free_bytes, page_nr_free() * PAGE_SIZE);
	assert_int_equal(ctrl_get_version(c, &version), 0);
	assert_int_equal(version.major, 4);
	assert_int_equal(version.minor, 17);
	assert_true(version.plinth > 0);
	assert_int_equal(ctrl_get_scheduler(c, &scheduler), 0);
	assert_string_equal(scheduler, "credit2");
	assert_int_equal(ctrl_get_cpu_idle(c, idle, 8), WHOLE_CPUS);
	while (ctrl_read_log(c, log, sizeof(log), &index, 0) > 0)
		;
	log_info("something to read");
	assert_true(ctrl_read_log(c, log, sizeof(log), &index, 0) > 0);
	assert_non_null(strstr(log, "something to read"));
	assert_int_equal(ctrl_read_log(c, log, sizeof(log), &index, 0), 0);
	assert_int_equal(ctrl_read_previous_log(c, log, sizeof(log), &(uint64_t){0}, NULL),
			 -ENODATA);
	assert_int_equal(ctrl_send_debug_keys(c, "q"), 0);
}

static void vcpus(void **state)
{
	struct ctrl_guest_config config = config_of(3);
	struct ctrl_sched_params params = {.weight = 512, .cap = 50};
	struct ctrl_vcpu_context context;
	struct ctrl_vcpu_info info;
	uint8_t hard = 0x5, soft = 0x4;
	struct ctrl_guest guest;

	(void)state;
	config.cpu_weight = 300;
	config.hard_affinity = &hard;
	config.affinity_cpus = 4;
	build(&config, &guest);
	assert_int_equal(built(&guest)->vcpu[2]->sched.hard_affinity & 0xf, 5);
	assert_int_equal(built(&guest)->sched_weight, 300);
	assert_int_equal(ctrl_set_sched_params(c, guest.domid, &params), 0);
	params.weight = 0;
	assert_int_equal(ctrl_get_sched_params(c, guest.domid, &params), 0);
	assert_int_equal(params.weight, 512);
	assert_int_equal(ctrl_set_vcpu_affinity(c, guest.domid, 1, NULL, &soft, 4), 0);
	assert_int_equal(ctrl_get_vcpu_affinity(c, guest.domid, 1, &hard, &soft, 4), 0);
	assert_int_equal(hard, 5);
	assert_int_equal(soft, 4);
	assert_int_equal(ctrl_get_vcpu_context(c, guest.domid, 0, &context), 0);
	assert_int_equal(context.pc, guest.kernel_addr);
	assert_true(context.online);
	context.x[5] = 0x1234;
	assert_int_equal(ctrl_set_vcpu_context(c, guest.domid, 0, &context), 0);
	assert_int_equal(built(&guest)->vcpu[0]->arch.x[5], 0x1234);
	assert_int_equal(ctrl_get_vcpu_info(c, guest.domid, 2, &info), 0);
	assert_false(info.online);
	assert_true(ctrl_get_vcpu_info(c, guest.domid, 3, &info) < 0);
	assert_int_equal(ctrl_destroy_domain(c, guest.domid), 0);
	expect_clean();
}

/* Both ends of a console's event channel. */
static void event_channels(void **state)
{
	struct ctrl_guest_config config = config_of(1);
	struct ctrl_guest guest;
	struct ctrl_evtchn *e;
	uint32_t port, other;

	(void)state;
	build(&config, &guest);
	assert_int_equal(ctrl_evtchn_open(c, &e), 0);
	assert_int_equal(ctrl_evtchn_bind_interdomain(e, guest.domid, guest.console_port, &port),
			 0);
	assert_int_equal(ctrl_evtchn_notify(e, port), 0);
	assert_true(evtchn_port_pending(built(&guest), guest.console_port));
	assert_true(ctrl_evtchn_bind_interdomain(e, guest.domid, guest.console_port, &other) < 0);
	assert_int_equal(ctrl_destroy_domain(c, guest.domid), 0);
	/* The peer is gone, the port is still ours to close. */
	assert_int_equal(ctrl_evtchn_unbind(e, port), 0);
	assert_true(ctrl_evtchn_unbind(e, port) < 0);
	ctrl_evtchn_close(e);
	/* dom0 keeps the page that describes its ports. */
	assert_int_equal(ctrl_list_domains(c, 1, &(struct ctrl_domain_info){0}, 1), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(whole_life),
		T(every_way_of_loading),
		T(many_cycles),
		T(emulated_uart),
		T(any_hypercall_fails),
		T(any_allocation_fails),
		T(too_large),
		T(number_in_use),
		T(mapped_pages_outlive_the_guest),
		T(questions),
		T(vcpus),
		T(event_channels),
	};

	return cmocka_run_group_tests(tests, make_files, drop_files);
}
