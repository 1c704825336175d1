/* SPDX-License-Identifier: ISC */
/* Whole guests: what is built, and that nothing is left when any single call of it fails. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>

#include <public/grant_table.h>
#include <public/hvm_params.h>

#include "fake.h"
#include "files.h"

#define KERNEL_SIZE  ((3 << 20) + 777)
#define RAMDISK_SIZE 123456

static uint8_t *kernel;
static uint8_t ramdisk[RAMDISK_SIZE];
static const char *kernel_path, *gzip_path, *ramdisk_path;

static int make_files(void **state)
{
	size_t size = KERNEL_SIZE;
	uint8_t *gz;

	(void)state;
	kernel = files_arm64(KERNEL_SIZE, 0x80000, 0, KERNEL_SIZE);
	gz = files_gzip(kernel, &size);
	for (int i = 0; i < RAMDISK_SIZE; i++)
		ramdisk[i] = i * 3;
	kernel_path = strdup(files_write("Image", kernel, KERNEL_SIZE));
	gzip_path = strdup(files_write("Image.gz", gz, size));
	ramdisk_path = strdup(files_write("initrd", ramdisk, RAMDISK_SIZE));
	free(gz);
	return 0;
}

static int drop_files(void **state)
{
	(void)state;
	free(kernel);
	free((char *)(uintptr_t)kernel_path);
	free((char *)(uintptr_t)gzip_path);
	free((char *)(uintptr_t)ramdisk_path);
	return 0;
}

static void make_config(struct ctrl_guest_config *config)
{
	ctrl_guest_config_init(config);
	config->name = "guinea";
	config->uuid[0] = 0x55;
	config->memory_kib = 256 << 10;
	config->max_memory_kib = 512 << 10;
	config->vcpus = 2;
	config->max_vcpus = 4;
	config->kernel = kernel_path;
	config->ramdisk = ramdisk_path;
	config->cmdline = "console=hvc0";
	config->store_domid = 0;
	config->console_domid = 0;
	config->cpu_weight = 333;
}

static void check_memory(struct fake *f, uint32_t domid, uint64_t gpa, const void *want, size_t len)
{
	uint8_t *seen = malloc(len);

	fake_peek(f, domid, gpa, seen, len);
	assert_memory_equal(seen, want, len);
	free(seen);
}

static void check_grants(struct fake *f, uint32_t domid, const struct ctrl_guest *guest)
{
	struct grant_entry_v1 seeds[3];

	/* The fake keeps the table there. */
	fake_peek(f, domid, 1ull << 42, seeds, sizeof(seeds));
	assert_int_equal(seeds[0].flags, GTF_permit_access);
	assert_int_equal(seeds[0].frame, guest->console_gfn);
	assert_int_equal(seeds[1].flags, guest->store_gfn ? GTF_permit_access : 0);
	assert_int_equal(seeds[1].frame, guest->store_gfn);
	assert_int_equal(seeds[2].flags, 0);
}

static void check_start(struct fake *f, const struct ctrl_guest *guest)
{
	const struct fake_domain *d = &f->domains[guest->domid];
	uint8_t *dtb = malloc(guest->dtb_size);

	assert_int_equal(d->context.user_regs.pc64, 0x40080000);
	assert_int_equal(d->context.user_regs.x0, guest->dtb_addr);
	assert_int_equal(d->context.user_regs.cpsr, 0x1c5);
	assert_int_equal(d->context.sctlr, 0x00c50078);
	assert_int_equal(d->context.flags, 1);
	fake_peek(f, guest->domid, guest->dtb_addr, dtb, guest->dtb_size);
	assert_int_equal(fdt_check_full(dtb, guest->dtb_size), 0);
	assert_true(fdt_path_offset(dtb, "/cpus/cpu@3") > 0);
	free(dtb);
}

static void check_guest(struct fake *f, const struct ctrl_guest *guest)
{
	const struct fake_domain *d = &f->domains[guest->domid];

	assert_true(d->exists);
	assert_int_equal(d->paused, 1);
	assert_int_equal(d->config.handle[0], 0x55);
	assert_int_equal(d->config.max_vcpus, 4);
	assert_int_equal(d->vcpus, 4);
	assert_int_equal(d->address_size, 64);
	assert_int_equal(d->pages, 65536 + 2);
	assert_int_equal(d->max_kib, (512 << 10) + 8);
	assert_int_equal(d->sched.weight, 333);
	assert_int_equal(guest->kernel_addr, 0x40080000);
	assert_int_equal(guest->kernel_size, KERNEL_SIZE);
	check_memory(f, guest->domid, guest->kernel_addr, kernel, KERNEL_SIZE);
	check_memory(f, guest->domid, guest->ramdisk_addr, ramdisk, RAMDISK_SIZE);
	assert_int_equal(d->params[HVM_PARAM_CONSOLE_PFN], 0x39000);
	assert_int_equal(d->params[HVM_PARAM_CONSOLE_EVTCHN], guest->console_port);
	assert_int_equal(d->params[HVM_PARAM_STORE_PFN], guest->store_gfn);
	assert_int_equal(d->params[HVM_PARAM_STORE_EVTCHN], guest->store_port);
	assert_int_equal(d->params[HVM_PARAM_CALLBACK_IRQ], 2ull << 56 | 2 << 8 | 31);
	assert_int_equal(guest->gic_version, CTRL_GIC_V3);
	check_grants(f, guest->domid, guest);
	check_start(f, guest);
}

/* All ways of loading lead to the same guest. */
static void build_every_way(void **state)
{
	(void)state;
	for (int way = 0; way < 8; way++) {
		struct fake *f = fake_new();
		struct ctrl_guest_config config;
		struct ctrl_guest guest;
		struct ctrl *c;

		f->plinth = way & 1;
		f->resources = way & 2;
		make_config(&config);
		if (way & 4)
			config.kernel = gzip_path;
		c = fake_open(f);
		assert_int_equal(ctrl_build_guest(c, &config, &guest), 0);
		check_guest(f, &guest);
		assert_int_equal(!!f->copies, way & 1);
		ctrl_close(c);
		fake_delete(f);
	}
}

static void without_a_store(void **state)
{
	struct fake *f = fake_new();
	struct ctrl *c = fake_open(f);
	struct ctrl_guest_config config;
	struct ctrl_guest guest;

	(void)state;
	make_config(&config);
	config.store_domid = CTRL_DOMID_INVALID;
	assert_int_equal(ctrl_build_guest(c, &config, &guest), 0);
	assert_int_equal(guest.store_gfn, 0);
	assert_int_equal(guest.store_port, 0);
	check_guest(f, &guest);
	ctrl_close(c);
	fake_delete(f);
}

/*
 * The n-th operation fails, for every n: there is a sentence with the guest's name, and no domain,
 * mapping or buffer is left, unless it was the destruction itself that failed.
 */
static void every_call_fails_once(bool plinth, bool resources, int err, const char *path)
{
	unsigned long n = 1;

	for (;; n++) {
		struct fake *f = fake_new();
		struct ctrl_guest_config config;
		struct ctrl_guest guest;
		struct ctrl *c = fake_open(f);
		uint64_t free_before = f->free_pages;
		int ret;

		f->plinth = plinth;
		f->resources = resources;
		f->fail_at = n;
		f->fail_with = err;
		make_config(&config);
		config.kernel = path;
		ret = ctrl_build_guest(c, &config, &guest);
		if (ret < 0) {
			assert_non_null(strstr(ctrl_error(), "cannot build guest guinea: "));
			assert_int_equal(fake_nr_domains(f), 0);
			assert_int_equal(f->free_pages, free_before);
			assert_int_equal(guest.domid, CTRL_DOMID_INVALID);
		} else {
			/* Not all of them matter: another way was found. */
			check_guest(f, &guest);
		}
		assert_int_equal(f->live_maps, 0);
		ctrl_close(c);
		if (f->calls < n) {
			assert_int_equal(ret, 0);
			fake_delete(f);
			break;
		}
		fake_delete(f);
	}
	assert_true(n > 25);
}

static void build_zimage(struct fake *f, struct ctrl *c, const char *path)
{
	struct ctrl_guest_config config;
	struct ctrl_guest guest;
	const struct fake_domain *d;
	void *dtb;

	make_config(&config);
	config.kernel = path;
	assert_int_equal(ctrl_build_guest(c, &config, &guest), 0);
	d = &f->domains[guest.domid];
	assert_int_equal(d->address_size, 32);
	assert_int_equal(guest.kernel_addr, 0x40008000);
	assert_int_equal(d->context.user_regs.pc32, 0x40008000);
	assert_int_equal(d->context.user_regs.r0_usr, 0);
	assert_int_equal(d->context.user_regs.x1, 0xffffffff);
	assert_int_equal(d->context.user_regs.x2, guest.dtb_addr);
	assert_int_equal(d->context.user_regs.cpsr, 0x400001d3);
	assert_int_equal(d->context.sctlr, 0x00c50078);
	dtb = malloc(guest.dtb_size);
	fake_peek(f, guest.domid, guest.dtb_addr, dtb, guest.dtb_size);
	assert_int_equal(
		fdt_node_check_compatible(dtb, fdt_path_offset(dtb, "/timer"), "arm,armv7-timer"),
		0);
	free(dtb);
}

/* Each kind of kernel where the hypervisor has guests of its width, and one sentence elsewhere. */
static void widths_of_guests(void **state)
{
	struct files_zimage z = {.size = 1 << 20, .unpacked = 4 << 20, .has_table = true};
	uint8_t *image = files_zimage(&z);
	const char *path = strdup(files_write("zImage", image, z.size));
	struct fake *f = fake_new();
	struct ctrl *c = fake_open(f);
	struct ctrl_guest_config config;
	struct ctrl_guest guest;

	(void)state;
	make_config(&config);
	f->capabilities = "xen-3.0-aarch64 xen-3.0-armv7l ";
	build_zimage(f, c, path);
	f->capabilities = "xen-3.0-armv7l";
	build_zimage(f, c, path);
	assert_int_equal(ctrl_build_guest(c, &config, &guest), -EOPNOTSUPP);
	assert_non_null(strstr(ctrl_error(), "cannot run 64-bit guests"));
	f->capabilities = "xen-3.0-aarch64 xen-3.0-armv7lx";
	config.kernel = path;
	assert_int_equal(ctrl_build_guest(c, &config, &guest), -EOPNOTSUPP);
	assert_non_null(strstr(ctrl_error(), "no AArch32 at EL1"));
	assert_int_equal(ctrl_try_guest(c, &config), -EOPNOTSUPP);
	assert_int_equal(ctrl_check_guest(&config), 0);
	assert_int_equal(fake_nr_domains(f), 2);
	free((char *)(uintptr_t)path);
	free(image);
	ctrl_close(c);
	fake_delete(f);
}

static void failures_when_mapping(void **state)
{
	(void)state;
	every_call_fails_once(false, true, -ENOMEM, kernel_path);
	every_call_fails_once(false, false, -EINVAL, gzip_path);
	every_call_fails_once(false, true, -ENOSYS, kernel_path);
}

static void failures_when_plinth_copies(void **state)
{
	(void)state;
	every_call_fails_once(true, true, -ENOMEM, kernel_path);
	every_call_fails_once(true, true, -EPERM, gzip_path);
	every_call_fails_once(true, true, -EFAULT, kernel_path);
}

/* Said before anything is made; and when the memory is gone by then, all of it is given back. */
static void too_little_memory(void **state)
{
	struct fake *f = fake_new();
	struct ctrl *c = fake_open(f);
	struct ctrl_guest_config config;
	struct ctrl_guest guest;

	(void)state;
	make_config(&config);
	f->free_pages = 30000; /* not enough for its 256 MiB */
	assert_int_equal(ctrl_build_guest(c, &config, &guest), -ENOMEM);
	assert_non_null(strstr(ctrl_error(), "hypervisor has 120000 KiB free"));
	f->more_free = 1000000;
	assert_int_equal(ctrl_build_guest(c, &config, &guest), -ENOMEM);
	assert_non_null(strstr(ctrl_error(), "populate_physmap"));
	assert_int_equal(fake_nr_domains(f), 0);
	assert_int_equal(f->free_pages, 30000);
	ctrl_close(c);
	fake_delete(f);
}

/* Two failures in a row: the first is told, and that the domain is still there. */
static void destroying_fails_too(void **state)
{
	struct fake *f = fake_new();
	struct ctrl *c = fake_open(f);
	struct ctrl_guest_config config;
	struct ctrl_guest guest;

	(void)state;
	make_config(&config);
	f->free_pages = 30000;
	f->more_free = 1000000;
	f->destroy_error = -EIO;
	assert_int_equal(ctrl_build_guest(c, &config, &guest), -ENOMEM);
	assert_non_null(strstr(ctrl_error(), "populate_physmap"));
	assert_non_null(strstr(ctrl_error(), "still there"));
	assert_non_null(strstr(ctrl_error(), "cannot destroy domain 1"));
	ctrl_close(c);
	fake_delete(f);
}

/* What is wrong with a configuration is said before the hypervisor is asked for anything. */
static void bad_configs(void **state)
{
	struct fake *f = fake_new();
	struct ctrl *c = fake_open(f);
	struct ctrl_guest_config config;
	struct ctrl_guest guest;

	(void)state;
#define BAD(setting, words)                                            \
	do {                                                           \
		make_config(&config);                                  \
		config.setting;                                        \
		assert_true(ctrl_build_guest(c, &config, &guest) < 0); \
		assert_non_null(strstr(ctrl_error(), words));          \
		assert_true(ctrl_check_guest(&config) < 0);            \
		assert_non_null(strstr(ctrl_error(), words));          \
		assert_true(ctrl_try_guest(c, &config) < 0);           \
		assert_non_null(strstr(ctrl_error(), words));          \
	} while (0)
	BAD(kernel = NULL, "kernel");
	BAD(kernel = "/nowhere/Image", "No such file");
	BAD(kernel = ramdisk_path, "nothing that is known");
	BAD(ramdisk = "/nowhere/initrd", "ramdisk /nowhere/initrd");
	BAD(ramdisk = "/", "directory");
	BAD(ramdisk = files_write("empty", "", 0), "empty");
	BAD(memory_kib = 0, "memory");
	BAD(memory_kib = 2048, "too small");
	BAD(memory_kib = 100001, "multiple of 4 KiB");
	BAD(max_memory_kib = 1024, "maxmem");
	BAD(vcpus = 0, "vCPUs");
	BAD(vcpus = 5, "maxvcpus");
	BAD(max_vcpus = 129, "128 vCPUs");
	BAD(gic_version = 3, "GIC version 4");
	BAD(domid = 0x7ff0, "32752");
	BAD(max_vcpus = 9; config.gic_version = CTRL_GIC_V2, "8 vCPUs");
	assert_int_equal(f->calls, 0);
	make_config(&config);
	assert_int_equal(ctrl_check_guest(&config), 0);
	ctrl_close(c);
	fake_delete(f);
}

/* Whatever building finds wrong, trying finds; and it leaves nothing. */
static void trying(void **state)
{
	struct fake *f = fake_new();
	struct ctrl *c = fake_open(f);
	struct ctrl_guest_config config;
	struct ctrl_guest guest;
	size_t size = KERNEL_SIZE;
	uint8_t *gz = files_gzip(kernel, &size);

	(void)state;
	make_config(&config);
	config.kernel = files_write("short.gz", gz, size / 2);
	assert_int_equal(ctrl_check_guest(&config), 0);
	assert_int_equal(ctrl_try_guest(NULL, &config), -ENOEXEC);
	assert_non_null(strstr(ctrl_error(), "truncated"));
	assert_int_equal(ctrl_try_guest(c, &config), -ENOEXEC);
	assert_int_equal(f->calls, 0);
	gz[size / 2] ^= 0x55;
	config.kernel = files_write("broken.gz", gz, size);
	assert_int_equal(ctrl_try_guest(NULL, &config), -ENOEXEC);
	assert_int_equal(ctrl_build_guest(c, &config, &guest), -ENOEXEC);
	free(gz);

	for (int compressed = 0; compressed < 2; compressed++) {
		config.kernel = compressed ? gzip_path : kernel_path;
		assert_int_equal(ctrl_try_guest(NULL, &config), 0);
		assert_int_equal(ctrl_try_guest(c, &config), 0);
		assert_int_equal(fake_nr_domains(f), 0);
	}
	f->host_gic = CTRL_GIC_V2;
	config.max_vcpus = 9;
	assert_int_equal(ctrl_try_guest(c, &config), -EINVAL);
	assert_non_null(strstr(ctrl_error(), "GICv2"));
	assert_int_equal(fake_nr_domains(f), 0);
	ctrl_close(c);
	fake_delete(f);
}

/* Only after createdomain is it known that the machine has a GICv2. */
static void too_many_vcpus_for_the_host(void **state)
{
	struct fake *f = fake_new();
	struct ctrl *c = fake_open(f);
	struct ctrl_guest_config config;
	struct ctrl_guest guest;

	(void)state;
	f->host_gic = CTRL_GIC_V2;
	make_config(&config);
	config.max_vcpus = 9;
	assert_int_equal(ctrl_build_guest(c, &config, &guest), -EINVAL);
	assert_non_null(strstr(ctrl_error(), "GICv2"));
	assert_int_equal(fake_nr_domains(f), 0);
	config.max_vcpus = 8;
	assert_int_equal(ctrl_build_guest(c, &config, &guest), 0);
	assert_int_equal(guest.gic_version, CTRL_GIC_V2);
	ctrl_close(c);
	fake_delete(f);
}

static void affinity_of_all_vcpus(void **state)
{
	struct fake *f = fake_new();
	struct ctrl *c = fake_open(f);
	uint8_t cpus = 0x0a;
	struct ctrl_guest_config config;
	struct ctrl_guest guest;

	(void)state;
	make_config(&config);
	config.hard_affinity = &cpus;
	config.affinity_cpus = 4;
	assert_int_equal(ctrl_build_guest(c, &config, &guest), 0);
	assert_int_equal(f->domains[guest.domid].hard[0], 0x0a);
	ctrl_close(c);
	fake_delete(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(build_every_way),
		cmocka_unit_test(without_a_store),
		cmocka_unit_test(widths_of_guests),
		cmocka_unit_test(failures_when_mapping),
		cmocka_unit_test(failures_when_plinth_copies),
		cmocka_unit_test(too_little_memory),
		cmocka_unit_test(destroying_fails_too),
		cmocka_unit_test(bad_configs),
		cmocka_unit_test(trying),
		cmocka_unit_test(too_many_vcpus_for_the_host),
		cmocka_unit_test(affinity_of_all_vcpus),
	};

	return cmocka_run_group_tests(tests, make_files, drop_files);
}
