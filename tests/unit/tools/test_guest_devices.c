/* SPDX-License-Identifier: ISC */
/*
 * Devices that come to a running guest and leave it: what is kept of that, and that a restart would
 * work.
 */
#include "unit.h"

#include "guest/guest.h"
#include "guest/devices.h"
#include "base/lockfile.h"
#include "guest/registry.h"
#include "clients/store_open.h"
#include "config/vdev.h"
#include "fake_host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *directory;
static const uint8_t uuid[16] = {9};
static struct report report;
static struct guest_devices guest;

/* The devices that the guest has now, by number. */
static struct device_info present[2][4];
static int present_count[2];

/* --- what dom0 does --- */

int ctrl_store_is_introduced(struct ctrl_store *s, uint32_t domid)
{
	(void)s;
	(void)domid;
	return 1;
}

int devices_lock(const struct lock_wait *wait, struct report *why)
{
	(void)why;
	assert_true(wait->timeout_ms > 0);
	return dup(STDERR_FILENO);
}

int devices_list(struct ctrl_store *store, uint32_t domid, enum device_kind kind,
		 struct device_info **list, struct report *why)
{
	(void)store;
	(void)domid;
	(void)why;
	*list = malloc(sizeof(present[kind]));
	memcpy(*list, present[kind], sizeof(present[kind]));
	return present_count[kind];
}

void devices_free_list(struct device_info *list, int count)
{
	(void)count;
	free(list);
}

int device_open(struct device *device, const struct device_policy *policy, struct report *why)
{
	int ret = fake_note("open");

	(void)device;
	assert_false(policy->restart);
	return ret ? report_set(why, ret, "the disk says no") : 0;
}

void device_close(struct device *device)
{
	(void)device;
}

int device_announce(struct ctrl_store *store, uint32_t domid, const struct device *device,
		    struct report *why)
{
	(void)store;
	(void)domid;
	(void)device;
	(void)why;
	return fake_note("announce");
}

const char *device_kind_word(enum device_kind kind)
{
	return kind == DEVICE_DISK ? "vbd" : "vif";
}

static char macs[4][VIF_MAC_SIZE];

int device_attach(struct ctrl_store *store, uint32_t domid, struct device *device, int timeout_ms,
		  struct report *why)
{
	int ret = fake_note("attach"), n = present_count[device->kind];

	(void)store;
	(void)domid;
	(void)timeout_ms;
	if (ret)
		return report_set(why, ret, "the guest says no");
	present[device->kind][n].devid = device->devid;
	if (device->kind == DEVICE_VIF)
		present[device->kind][n].mac = vif_format_mac(device->vif->mac, macs[n]);
	present_count[device->kind]++;
	return 0;
}

int device_detach(struct ctrl_store *store, uint32_t domid, enum device_kind kind, uint32_t devid,
		  bool force, int timeout_ms, struct report *why)
{
	(void)store;
	(void)domid;
	(void)force;
	(void)timeout_ms;
	for (int i = 0; i < present_count[kind]; i++) {
		if (present[kind][i].devid != devid)
			continue;
		present[kind][i] = present[kind][--present_count[kind]];
		return 0;
	}
	return report_set(why, -ENOENT, "the guest has none such");
}

char *device_name(enum device_kind kind, uint32_t devid, char name[DEVICE_NAME_SIZE])
{
	char vdev[VDEV_NAME_SIZE];

	assert_int_equal(kind, DEVICE_DISK); /* interfaces are known by their addresses */
	snprintf(name, DEVICE_NAME_SIZE, "the disk %s", vdev_format(devid, vdev));
	return name;
}

/* --- the tests' own --- */

static void enter(const char *devices, const char *left_out)
{
	char text[512];
	struct registry_entry entry = {
		.domid = DOMID,
		.name = (char *)"web",
		.config = text,
		.left_out = (char *)left_out,
	};

	memcpy(entry.uuid, uuid, sizeof(uuid));
	snprintf(text, sizeof(text), "name = 'web'\nkernel = '/k'\n%s\n", devices);
	assert_int_equal(registry_write(directory, &entry, &report), 0);
}

static int set_up(void **state)
{
	(void)state;
	directory = make_folder();
	fake_reset();
	memset(present, 0, sizeof(present));
	memset(present_count, 0, sizeof(present_count));
	guest = (struct guest_devices){
		.domid = DOMID,
		.registry = directory,
		.monitor_socket = "monitor.sock",
	};
	store_open(&guest.store);
	memcpy(guest.uuid, uuid, sizeof(uuid));
	return 0;
}

static int tear_down(void **state)
{
	char names[PATH_MAX];

	(void)state;
	registry_remove(directory, DOMID, uuid);
	snprintf(names, sizeof(names), "%s/.names", directory);
	unlink(names);
	assert_int_equal(rmdir(directory), 0); /* nothing was left behind */
	free(directory);
	return 0;
}

/*
 * What is kept, in the registry and with the monitor. Lines of the config that are not asked about
 * are left out.
 */
static void expect_kept(const char *line, const char *left_out)
{
	struct registry_entry entry;

	assert_int_equal(registry_read(directory, DOMID, uuid, &entry), 0);
	if (!strstr(entry.config, line))
		fail_msg("no %s in %s", line, entry.config);
	if (left_out)
		assert_string_equal(entry.left_out, left_out);
	else
		assert_null(entry.left_out);
	registry_entry_clear(&entry);
}

static int attach_disk(const char *text)
{
	struct disk_spec disk;
	int err;

	assert_int_equal(disk_spec_parse(text, NULL, &disk, &report), 0);
	err = guest_attach_disk(&guest, &disk, &report);
	disk_spec_clear(&disk);
	return err;
}

static int attach_vif(const char *text)
{
	struct vif_spec vif;
	uint32_t devid;

	assert_int_equal(vif_spec_parse(text, &vif, &report), 0);
	return guest_attach_vif(&guest, &vif, &devid, &report);
}

/* What comes while the guest runs is optional at its restart. */
static void test_attach(void **state)
{
	(void)state;
	enter("disk = ['/a']", NULL);
	present_count[DEVICE_DISK] = 1;
	present[DEVICE_DISK][0].devid = 51712;
	assert_int_equal(attach_disk("/b"), 0);
	assert_string_equal(fake.calls, "open others announce attach register");
	expect_kept("disk = [\"vdev=xvda,access=w,target=/a\", "
		    "\"vdev=xvdb,access=w,optional,target=/b\"]",
		    NULL);
	assert_contains(fake.registered_config, "optional,target=/b");
	assert_int_equal(attach_vif("mac=00:16:3e:00:00:01"), 0);
	expect_kept("vif = [\"mac=00:16:3e:00:00:01,optional\"]", NULL);
	assert_int_equal(guest_detach_disk(&guest, 51728, false, &report), 0);
	expect_kept("disk = [\"vdev=xvda,access=w,target=/a\"]", NULL);
	assert_int_equal(guest_detach_disk(&guest, 51728, false, &report), -ENOENT);
}

/*
 * The guest lacks what could not be had at its start; its name and its number are not given away.
 */
static void test_left_out(void **state)
{
	static const char lines[] =
		"the disk xvdb: gone\nthe network interface 0 (00:16:3e:00:00:05): no bridge";

	(void)state;
	enter("disk = ['/a', '/b,optional']; vif = ['mac=00:16:3e:00:00:05,optional']", lines);
	present_count[DEVICE_DISK] = 1;
	present[DEVICE_DISK][0].devid = 51712;
	assert_int_equal(attach_disk("/c"), 0);
	expect_kept("\"vdev=xvdb,access=w,optional,target=/b\", "
		    "\"vdev=xvdc,access=w,optional,target=/c\"",
		    lines);
	/* here it is */
	assert_int_equal(attach_disk("/new,,xvdb"), 0);
	expect_kept("\"vdev=xvdb,access=w,optional,target=/new\"]",
		    "the network interface 0 (00:16:3e:00:00:05): no bridge");
	/* and that one is not wanted any more */
	assert_int_equal(
		guest_detach_mac(&guest, (const uint8_t[]){0, 0x16, 0x3e, 0, 0, 5}, &report), 0);
	expect_kept("kernel", NULL);
	assert_int_equal(
		guest_detach_mac(&guest, (const uint8_t[]){0, 0x16, 0x3e, 0, 0, 5}, &report),
		-ENOENT);
}

/* Whatever would keep the guest from its restart is refused before it is done. */
static void test_not_restartable(void **state)
{
	char many[GUEST_VIFS_MAX * 32] = "vif = [";

	(void)state;
	for (int i = 0; i < GUEST_VIFS_MAX; i++)
		strcat(many, "'', ");
	strcat(many, "]");
	enter(many, NULL);
	assert_int_equal(attach_vif(""), -EINVAL);
	assert_contains(report.text, "the guest could not be restarted");
	assert_string_equal(fake.calls, "open others");
	assert_int_equal(present_count[DEVICE_VIF], 0);

	/* a part of a disk that the guest lacks */
	enter("disk = ['/a', '/b,,xvdb,w,optional']", NULL);
	assert_int_equal(attach_disk("/c,,xvdb1"), -EINVAL);
	assert_int_equal(present_count[DEVICE_DISK], 0);

	*fake.calls = '\0';
	fake.failing = "others";
	fake.failure = -EEXIST;
	assert_int_equal(attach_vif(""), -EEXIST);
	assert_string_equal(fake.calls, "open others");
	expect_kept("disk", NULL);
}

/* Interfaces that come and go never get the address of one that is there. */
static void test_addresses_differ(void **state)
{
	(void)state;
	enter("vif = ['', '']; uuid = '09000000-0000-0000-0000-000000000000'", NULL);
	present_count[DEVICE_VIF] = 1;
	present[DEVICE_VIF][0].devid = 1; /* the first one could not be had */
	assert_int_equal(attach_vif(""), 0);
	assert_int_equal(attach_vif(""), 0);
	expect_kept("vif", NULL);
	assert_string_not_equal(macs[1], macs[2]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_attach),
		TEST(test_left_out),
		TEST(test_not_restartable),
		TEST(test_addresses_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
