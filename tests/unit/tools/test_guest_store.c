/* SPDX-License-Identifier: ISC */
/* What a guest looks like in the store, against a small daemon in this process. */
#include "unit.h"

#include "device/device.h"
#include "guest/store.h"
#include "guest/registry.h"
#include "base/uuid.h"
#include "fake_store.h"

#include <errno.h>
#include <libctrl.h>
#include <public/io/xs_wire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#define DISK_FRONT "/local/domain/7/device/vbd/51728"
#define DISK_BACK  "/local/domain/0/backend/vbd/7/51728"
#define VIF_FRONT  "/local/domain/7/device/vif/0"
#define VIF_BACK   "/local/domain/0/backend/vif/7/0"

#define UUID "01020304-0506-0708-090a-0b0c0d0e0f10"

static struct fake_store *daemon_;
static struct ctrl_store *store;
static struct guest_config config;
static struct report report;
static struct devices devices;
static const struct ctrl_guest guest = {
	.domid = 7,
	.console_port = 2,
	.store_port = 1,
	.console_gfn = 0x39000,
	.store_gfn = 0x39001,
};

static void load(const char *more)
{
	char text[512];

	snprintf(text, sizeof(text), "name='web'; kernel='/k'; uuid='" UUID "'\n%s", more);
	guest_config_clear(&config);
	if (guest_config_load_text("f", text, strlen(text), &config, &report))
		fail_msg("%s", report.text);
}

static int set_up(void **state)
{
	(void)state;
	devices = (struct devices){0};
	daemon_ = fake_store_new();
	if (ctrl_store_open(&store))
		return -1;
	load("memory=64; maxmem=128; vcpus=1; maxvcpus=3");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ctrl_store_close(store);
	fake_store_delete(daemon_);
	guest_config_clear(&config);
	return 0;
}

static void has(const char *path, const char *value)
{
	const char *there = fake_store_value(daemon_, path);

	if (!there || strcmp(there, value))
		fail_msg("%s is %s, not %s", path, there ? there : "missing", value);
}

static void publish(void)
{
	if (guest_store_publish(store, &config, &guest, &devices, &report))
		fail_msg("%s", report.text);
}

static void test_publish(void **state)
{
	uint64_t gfn;
	uint32_t port;

	(void)state;
	publish();
	has("/local/domain/7/name", "web");
	has("/local/domain/7/domid", "7");
	has("/local/domain/7/vm", "/vm/" UUID);
	has("/local/domain/7/memory/static-max", "131072");
	has("/local/domain/7/memory/target", "65536");
	has("/local/domain/7/cpu/0/availability", "online");
	has("/local/domain/7/cpu/1/availability", "offline");
	has("/local/domain/7/cpu/2/availability", "offline");
	assert_null(fake_store_value(daemon_, "/local/domain/7/cpu/3/availability"));
	has("/local/domain/7/store/port", "1");
	has("/local/domain/7/store/ring-ref", "233473");
	has("/local/domain/7/console/port", "2");
	has("/local/domain/7/console/ring-ref", "233472");
	has("/local/domain/7/console/type", "xenconsoled");
	has("/local/domain/7/control/shutdown", "");
	has("/vm/" UUID "/name", "web");
	has("/vm/" UUID "/uuid", UUID);
	has("/libxl/7/type", "pvh");
	assert_string_equal(fake_store_perms(daemon_, "/local/domain/7"), "n0,r7,");
	assert_string_equal(fake_store_perms(daemon_, "/vm/" UUID), "n0,r7,");
	assert_string_equal(fake_store_perms(daemon_, "/local/domain/7/control/shutdown"), "n7,");
	assert_string_equal(fake_store_perms(daemon_, "/local/domain/7/data"), "n7,");
	assert_true(fake_store_introduced(daemon_, 7, &gfn, &port));
	assert_int_equal(gfn, 0x39001);
	assert_int_equal(port, 1);
}

static void test_without_maxima(void **state)
{
	(void)state;
	load("memory=64; vcpus=2");
	publish();
	has("/local/domain/7/memory/static-max", "65536");
	has("/local/domain/7/memory/target", "65536");
	has("/local/domain/7/cpu/1/availability", "online");
	assert_null(fake_store_value(daemon_, "/local/domain/7/cpu/2/availability"));
}

/* What a domain of the same number has left is not found by the new one. */
static void test_leftovers(void **state)
{
	(void)state;
	fake_store_put(daemon_, "/local/domain/7/device/vbd/51712/state", "4");
	fake_store_put(daemon_, "/libxl/7/device/vbd/51712/frontend", "x");
	fake_store_put(daemon_, "/vm/" UUID "/old", "x");
	fake_store_put(daemon_, "/local/domain/0/backend/vif/7/0/state", "6");
	fake_store_put(daemon_, "/local/domain/0/error/backend/vif/7/0/error", "x");
	publish();
	assert_null(fake_store_value(daemon_, "/local/domain/0/backend/vif/7/0/state"));
	assert_null(fake_store_value(daemon_, "/local/domain/0/error/backend/vif/7/0/error"));
	assert_null(fake_store_value(daemon_, "/local/domain/7/device/vbd"));
	assert_null(fake_store_value(daemon_, "/libxl/7/device/vbd"));
	assert_null(fake_store_value(daemon_, "/vm/" UUID "/old"));
}

static void test_remove(void **state)
{
	(void)state;
	publish();
	fake_store_put(daemon_, "/local/domain/7/data/made-by-guest", "1");
	fake_store_put(daemon_, "/local/domain/77/name", "another");
	fake_store_put(daemon_, "/local/domain/0/backend/console/7/0/state", "1");
	fake_store_put(daemon_, "/local/domain/0/backend/console/77/0/state", "1");
	assert_int_equal(guest_store_remove(store, 7, config.uuid, &report), 0);
	assert_null(fake_store_value(daemon_, "/local/domain/7"));
	assert_null(fake_store_value(daemon_, "/local/domain/7/data/made-by-guest"));
	assert_null(fake_store_value(daemon_, "/vm/" UUID));
	assert_null(fake_store_value(daemon_, "/libxl/7"));
	has("/local/domain/77/name", "another");
	has("/local/domain/0/backend/console/77/0/state", "1");
	assert_null(fake_store_value(daemon_, "/local/domain/0/backend/console/7/0/state"));
	assert_int_equal(guest_store_remove(store, 7, config.uuid, &report), 0);
}

/*
 * xl's guests have a /vm/UUID too, which does not say whose it is; whoever destroys them removes
 * it.
 */
static void test_remove_of_foreign(void **state)
{
	(void)state;
	fake_store_put(daemon_, "/local/domain/7/vm", "/vm/" UUID);
	fake_store_put(daemon_, "/vm/" UUID "/name", "theirs");
	fake_store_put(daemon_, "/local/domain/8/vm", "/vm/another");
	assert_int_equal(guest_store_remove(store, 8, config.uuid, &report), 0);
	has("/vm/" UUID "/name", "theirs");
	assert_int_equal(guest_store_remove(store, 7, config.uuid, &report), 0);
	assert_null(fake_store_value(daemon_, "/vm/" UUID "/name"));
	assert_null(fake_store_value(daemon_, "/local/domain/7/vm"));
}

/* The nodes of a device, where the frontend, the backend and stock xl look for them. */
static void test_devices(void **state)
{
	struct device list[2] = {{.kind = DEVICE_DISK, .block = -1}, {.kind = DEVICE_VIF}};

	(void)state;
	load("disk=['/img,,xvdb,r']; vif=['mac=0:1:2:3:4:5,rate=8Kb/s,ip=10.0.0.1,vifname=web0']");
	list[0].disk = &config.disks.list[0];
	list[0].devid = config.disks.list[0].vdev;
	list[0].number = makedev(0x103, 0x12);
	list[1].vif = &config.vifs.list[0];
	list[1].mtu = 1400;
	strcpy(list[1].bridge, "br0");
	devices = (struct devices){.list = list, .count = 2};
	publish();
	has(DISK_FRONT "/backend", DISK_BACK);
	has(DISK_FRONT "/backend-id", "0");
	has(DISK_FRONT "/state", "1");
	has(DISK_FRONT "/virtual-device", "51728");
	has(DISK_FRONT "/device-type", "disk");
	has(DISK_BACK "/frontend", DISK_FRONT);
	has(DISK_BACK "/frontend-id", "7");
	has(DISK_BACK "/online", "1");
	has(DISK_BACK "/state", "1");
	has(DISK_BACK "/params", "/img");
	has(DISK_BACK "/physical-device", "103:12");
	has(DISK_BACK "/dev", "xvdb");
	has(DISK_BACK "/mode", "r");
	has(DISK_BACK "/type", "phy");
	has("/libxl/7/device/vbd/51728/backend", DISK_BACK);
	has("/libxl/7/device/vbd/51728/frontend", DISK_FRONT);
	has("/libxl/7/device/vbd/51728/params", "/img");
	has(VIF_FRONT "/backend", VIF_BACK);
	has(VIF_FRONT "/handle", "0");
	has(VIF_FRONT "/mac", "00:01:02:03:04:05");
	has(VIF_FRONT "/mtu", "1400");
	has(VIF_BACK "/frontend", VIF_FRONT);
	has(VIF_BACK "/mac", "00:01:02:03:04:05");
	has(VIF_BACK "/bridge", "br0");
	has(VIF_BACK "/rate", "50,50000");
	has(VIF_BACK "/ip", "10.0.0.1");
	has(VIF_BACK "/vifname", "web0");
	has("/libxl/7/device/vif/0/backend", VIF_BACK);
	/* not before the interface is on its bridge */
	assert_null(fake_store_value(daemon_, VIF_BACK "/hotplug-status"));
	assert_string_equal(fake_store_perms(daemon_, DISK_FRONT), "n7,r0,");
	assert_string_equal(fake_store_perms(daemon_, DISK_BACK), "n0,r7,");
	assert_string_equal(fake_store_perms(daemon_, VIF_FRONT), "n7,r0,");
	assert_string_equal(fake_store_perms(daemon_, VIF_BACK), "n0,r7,");
	assert_int_equal(guest_store_remove(store, 7, config.uuid, &report), 0);
	assert_null(fake_store_value(daemon_, DISK_FRONT));
	assert_null(fake_store_value(daemon_, DISK_BACK));
	assert_null(fake_store_value(daemon_, VIF_BACK "/state"));
	assert_null(fake_store_value(daemon_, "/libxl/7/device/vif/0/backend"));
}

/* A guest kept beside its successor, which has its uuid, leaves /vm/UUID to that. */
static void test_same_uuid(void **state)
{
	const struct ctrl_guest next = {.domid = 8, .store_gfn = 0x39001, .store_port = 1};

	(void)state;
	publish();
	assert_int_equal(guest_store_rename(store, 7, config.uuid, "web-7", &report), 0);
	has("/vm/" UUID "/name", "web-7");
	assert_int_equal(guest_store_publish(store, &config, &next, &devices, &report), 0);
	has("/vm/" UUID "/name", "web");
	has("/local/domain/7/name", "web-7");
	assert_int_equal(guest_store_rename(store, 7, config.uuid, "old", &report), 0);
	has("/local/domain/7/name", "old");
	has("/vm/" UUID "/name", "web");
	assert_int_equal(guest_store_remove(store, 7, config.uuid, &report), 0);
	assert_null(fake_store_value(daemon_, "/local/domain/7"));
	has("/local/domain/8/name", "web");
	has("/vm/" UUID "/name", "web");
}

static void test_failures(void **state)
{
	static const struct {
		uint32_t type;
		const char *words;
	} rows[] = {
		{XS_TRANSACTION_START, "cannot begin a transaction"},
		{XS_MKDIR, "cannot make /local/domain/7 in the store"},
		{XS_WRITE, "cannot write /local/domain/7/domid in the store"},
		{XS_SET_PERMS, "cannot set the permissions of /local/domain/7"},
		{XS_TRANSACTION_END, "transaction"},
		{XS_INTRODUCE, "cannot introduce domain 7"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		fake_store_fail(daemon_, rows[i].type, "ENOSPC");
		assert_int_equal(guest_store_publish(store, &config, &guest, &devices, &report),
				 -ENOSPC);
		if (!strstr(report.text, rows[i].words))
			fail_msg("\"%s\" is not in: %s", rows[i].words, report.text);
		fake_store_fail(daemon_, 0, NULL);
		assert_null(fake_store_value(daemon_, "/local/domain/7"));
		assert_null(fake_store_value(daemon_, "/vm/" UUID));
	}
	fake_store_conflict(daemon_, 3); /* others are at work too */
	publish();
	has("/local/domain/7/name", "web");
}

/* Domains of other tools have their names in the store, and nowhere else. */
static void test_foreign_names(void **state)
{
	const struct ctrl_domain_info list[] = {
		{.domid = 0}, {.domid = 3}, {.domid = 4}, {.domid = 5}};
	struct registry_domain *domains;

	(void)state;
	ctrl_store_close(store); /* the daemon serves one client at a time */
	fake_store_put(daemon_, "/local/domain/3/name", "by-xl");
	fake_store_put(daemon_, "/local/domain/4/name", "no/name");
	assert_int_equal(registry_name_domains("/nowhere", list, 4, &domains), 0);
	registry_name_foreign(domains, 4);
	assert_string_equal(domains[0].name, "Domain-0");
	assert_string_equal(domains[1].name, "by-xl");
	assert_string_equal(domains[2].name, "(none)");
	assert_string_equal(domains[3].name, "(none)");
	registry_free_domains(domains, 4);
	assert_int_equal(ctrl_store_open(&store), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_publish), TEST(test_without_maxima), TEST(test_leftovers),
		TEST(test_remove),  TEST(test_same_uuid),      TEST(test_failures),
		TEST(test_devices), TEST(test_foreign_names),  TEST(test_remove_of_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
