/* SPDX-License-Identifier: ISC */
/*
 * Creating, renaming and destroying a guest: the order of steps, and that each is undone when a
 * later one fails.
 */
#include "unit.h"

#include "config/config.h"
#include "guest/guest.h"
#include "base/lockfile.h"
#include "base/read_file.h"
#include "guest/registry.h"
#include "base/uuid.h"
#include "fake_host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char warning[256];
static char *directory;
static struct guest_options options;
static struct guest_config config;
static struct report report;

static void load(const char *more)
{
	char text[512];

	snprintf(text, sizeof(text), "name = 'web'\nkernel = '/k'\n%s", more);
	guest_config_clear(&config);
	if (guest_config_load_text("f", text, strlen(text), &config, &report))
		fail_msg("%s", report.text);
}

static int set_up(void **state)
{
	(void)state;
	directory = make_folder();
	fake_reset();
	*warning = '\0';
	options = (struct guest_options){
		.registry = directory,
		.console_socket = "console.sock",
		.monitor_socket = "monitor.sock",
		.config_path = "/etc/web.cfg",
	};
	load("");
	return 0;
}

static int tear_down(void **state)
{
	char names[PATH_MAX];

	(void)state;
	guest_config_clear(&config);
	snprintf(names, sizeof(names), "%s/.names", directory);
	if (unlink(names) && errno != ENOENT)
		return -1;
	assert_int_equal(rmdir(directory), 0); /* nothing was left behind */
	free(directory);
	return 0;
}

static void check_registry(bool expected)
{
	struct registry_entry entry;
	int err = registry_read(directory, DOMID, config.uuid, &entry);

	assert_int_equal(err, expected ? 0 : -ENOENT);
	if (err)
		return;
	assert_string_equal(entry.name, "web");
	assert_string_equal(entry.config_path, "/etc/web.cfg");
	assert_string_equal(entry.config, fake.registered_config);
	assert_true(entry.started > 0);
	registry_entry_clear(&entry);
	assert_int_equal(registry_remove(directory, DOMID, config.uuid), 0);
}

static int create(void)
{
	uint32_t domid = 0;
	int err = guest_create(NULL, &config, &options, &domid, &report);

	if (!err)
		assert_int_equal(domid, DOMID);
	return err;
}

/* It is created, or fails, with these calls. */
static void expect_create(int err, const char *calls)
{
	*fake.calls = '\0';
	assert_int_equal(create(), err);
	assert_string_equal(fake.calls, calls);
}

/* The same of destroying it. */
static void expect_destroy(int err, const char *calls)
{
	*fake.calls = '\0';
	assert_int_equal(guest_destroy(NULL, DOMID, config.uuid, -1, &options, &report), err);
	assert_string_equal(fake.calls, calls);
}

static void test_create(void **state)
{
	(void)state;
	expect_create(0, "domains check physinfo build console publish register unpause");
	assert_int_equal(fake.added.ring_gfn, 0x39000);
	assert_int_equal(fake.added.guest_port, 2);
	assert_string_equal(fake.added_name, "web");
	assert_memory_equal(fake.added.uuid, config.uuid, 16);
	assert_memory_equal(fake.registered.uuid, config.uuid, 16);
	assert_int_equal(fake.registered.on[MONITOR_ON_REBOOT], MONITOR_RESTART);
	assert_int_equal(fake.registered.on[MONITOR_ON_CRASH], MONITOR_DESTROY);
	check_registry(true);
}

/* Two consoles; when the second one cannot be had, the first one is given up too. */
static void test_emulated_uart(void **state)
{
	(void)state;
	load("vuart = 'sbsa_uart'");
	options.leave_paused = true;
	expect_create(0, "domains check physinfo build console uart publish register");
	assert_int_equal(fake.added.kind, CONSOLE_VUART);
	assert_int_equal(fake.added.ring_gfn, 0x39003);
	assert_int_equal(fake.added.guest_port, 3);
	check_registry(true);
	fake.is_present = false;
	fake.failing = "uart";
	fake.failure = -EBADMSG;
	expect_create(-EBADMSG, "domains check physinfo build console uart died destroy");
	assert_false(fake.is_present);
}

static void test_create_paused(void **state)
{
	(void)state;
	options.leave_paused = true;
	expect_create(0, "domains check physinfo build console publish register");
	check_registry(true);
}

static void test_config_to_ctrl(void **state)
{
	(void)state;
	load("ramdisk='/r'; memory=64; maxmem=128; vcpus=2; maxvcpus=4; cpu_weight=9; cap=50;"
	     "gic_version='v3'; max_grant_frames=5; max_event_channels=99; on_crash='preserve'");
	assert_int_equal(create(), 0);
	assert_string_equal(fake.built.kernel, "/k");
	assert_string_equal(fake.built.ramdisk, "/r");
	assert_int_equal(fake.built.memory_kib,
			 128 * 1024); /* and gives back what it has too much */
	assert_int_equal(fake.built.max_memory_kib, 0);
	assert_int_equal(fake.built.store_domid, 0);
	assert_int_equal(fake.built.vcpus, 2);
	assert_int_equal(fake.built.max_vcpus, 4);
	assert_int_equal(fake.built.cpu_weight, 9);
	assert_int_equal(fake.built.cpu_cap, 50);
	assert_int_equal(fake.built.gic_version, CTRL_GIC_V3);
	assert_int_equal(fake.built.max_grant_frames, 5);
	assert_int_equal(fake.built.max_maptrack_frames, -1);
	assert_int_equal(fake.built.max_evtchn_port, 99);
	assert_int_equal(fake.registered.on[MONITOR_ON_CRASH], MONITOR_PRESERVE);
	check_registry(true);
}

static void test_affinity(void **state)
{
	static const struct {
		const char *text, *placed;
	} rows[] = {
		{"vcpus=2; cpus='1-2'", "vcpu0:6/-1 vcpu1:6/-1"},
		{"vcpus=3; cpus=[0, 1]", "vcpu0:1/-1 vcpu1:2/-1"},
		{"vcpus=1; maxvcpus=2; cpus_soft='3'", "vcpu0:-1/8 vcpu1:-1/8"},
		{"vcpus=2; cpus=['0']; cpus_soft='2'", "vcpu0:1/4 vcpu1:-1/4"},
	};
	char expected[256];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		load(rows[i].text);
		snprintf(expected, sizeof(expected),
			 "domains check physinfo build %s console publish register unpause",
			 rows[i].placed);
		expect_create(0, expected);
		check_registry(true);
	}
}

static void test_failures_are_undone(void **state)
{
	static const struct {
		const char *failing;
		int err;
		const char *calls, *sentence;
		int result;
	} rows[] = {
		{"domains", -EPERM, "domains", "the hypervisor says no", -EPERM},
		{"check", -ENOMEM, "domains check", "the hypervisor says no", -EINVAL},
		{"physinfo", -EPERM, "domains check physinfo", "the hypervisor says no", -EPERM},
		{"build", -ENOMEM, "domains check physinfo build", "the hypervisor says no",
		 -ENOMEM},
		{"place", -EINVAL, "domains check physinfo build vcpu0:1/-1 destroy",
		 "the hypervisor says no", -EINVAL},
		{"console", -ECONNREFUSED,
		 "domains check physinfo build vcpu0:1/-1 console destroy", "console says no",
		 -ECONNREFUSED},
		{"register", -ECONNREFUSED,
		 "domains check physinfo build vcpu0:1/-1 console publish register unpublish died "
		 "destroy",
		 "register says no", -ECONNREFUSED},
		{"publish", -EAGAIN,
		 "domains check physinfo build vcpu0:1/-1 console publish died destroy",
		 "the store says no", -EAGAIN},
		{"unpause", -ESRCH,
		 "domains check physinfo build vcpu0:1/-1 console publish register unpause forget "
		 "unpublish died destroy",
		 "the hypervisor says no", -ESRCH},
	};

	(void)state;
	load("cpus='0'");
	for (size_t i = 0; i < COUNT(rows); i++) {
		fake.failing = rows[i].failing;
		fake.failure = rows[i].err;
		expect_create(rows[i].result, rows[i].calls);
		assert_string_equal(report.text, rows[i].sentence);
		assert_false(fake.is_present);
		check_registry(false);
	}
}

static void test_registry_fails(void **state)
{
	char path[96];

	(void)state;
	/* the file cannot take the place of a directory */
	snprintf(path, sizeof(path), "%s/%d.json", directory, DOMID);
	assert_int_equal(mkdir(path, 0700), 0);
	expect_create(-EISDIR, "domains check physinfo build console died destroy");
	assert_false(fake.is_present);
	assert_int_equal(rmdir(path), 0);
}

/* Gives domain 3 the name "web". */
static void occupy_name(bool dying)
{
	struct registry_entry entry = {
		.domid = 3,
		.uuid = {1},
		.name = (char *)"web",
		.config = (char *)"",
	};

	fake.present[1] = (struct ctrl_domain_info){.domid = 3, .uuid = {1}, .dying = dying};
	fake.present_count = 2;
	assert_int_equal(registry_write(directory, &entry, &report), 0);
}

static void test_name_in_use(void **state)
{
	(void)state;
	occupy_name(false);
	expect_create(-EEXIST, "domains");
	assert_string_equal(report.text, "the name 'web' is in use by domain 3; destroy that one "
					 "first, or choose another name");
	fake.present[1].uuid[0] = 2; /* another domain has the number now: the file is stale */
	assert_int_equal(create(), 0);
	check_registry(true);
	assert_int_equal(registry_remove(directory, 3, (const uint8_t[16]){1}), 0);
}

/* Of two guests with one uuid, the second would take the first one's place with the monitor. */
static void test_uuid_in_use(void **state)
{
	(void)state;
	fake.present[1] = (struct ctrl_domain_info){.domid = 3};
	memcpy(fake.present[1].uuid, config.uuid, 16);
	fake.present_count = 2;
	expect_create(-EEXIST, "domains");
	assert_contains(report.text, "the uuid is in use by domain 3");
	assert_int_equal(guest_check((struct ctrl *)&config, &config, &options, &report), -EEXIST);
	/* one that is kept beside its successor is only the monitor's business */
	fake.present[1].shutdown = true;
	assert_int_equal(create(), -EEXIST);
	options.restart = true;
	assert_int_equal(create(), 0);
	check_registry(true);
	fake.is_present = false;
	options.restart = false;
	fake.present[1].dying = true;
	assert_int_equal(create(), 0);
	check_registry(true);
}

/* A guest between two domains has its name, too; the monitor, which creates it, may use it. */
static void test_name_of_pending(void **state)
{
	(void)state;
	fake.pending = "web";
	expect_create(-EEXIST, "domains");
	assert_string_equal(report.text,
			    "the name is in use by the guest 'web', which has no domain: "
			    "pending (no disk); 'vmctl destroy web' calls that off");
	assert_int_equal(guest_check((struct ctrl *)&config, &config, &options, &report), -EEXIST);
	options.restart = true;
	assert_int_equal(create(), 0);
	check_registry(true);
}

static void test_name_of_dying(void **state)
{
	(void)state;
	occupy_name(true);
	assert_int_equal(create(), 0);
	check_registry(true);
	assert_int_equal(registry_remove(directory, 3, (const uint8_t[16]){1}), 0);
}

static int cancel_at; /* the step before which it is cancelled */
static bool *noted;

static bool cancelled(void *context)
{
	(void)context;
	return cancel_at-- == 0;
}

static void test_name_locked(void **state)
{
	int lock = registry_lock_name(directory, "web", &(struct lock_wait){0}, &report);

	(void)state;
	assert_true(lock >= 0);
	options.cancelled = cancelled;
	cancel_at = 2; /* it waits, and asks */
	expect_create(-EINTR, "");
	assert_contains(report.text, "web.lock, held by process ");
	assert_true(cancel_at < 0);
	registry_unlock_name(directory, "web", lock);
}

/* What is being made is noted before it is: see abandoned.h. */
static void check_note(const char *call)
{
	char path[PATH_MAX], *text, uuid_text[UUID_TEXT_SIZE];
	size_t length;

	if (strcmp(call, "build") != 0)
		return;
	snprintf(path, sizeof(path), "%s/web.lock", directory);
	assert_int_equal(read_file(path, 4096, &text, &length, &report), 0);
	assert_contains(text, "\nmaking ");
	assert_contains(text, uuid_format(config.uuid, uuid_text));
	free(text);
	*noted = true;
}

static void test_noted_before_it_is_made(void **state)
{
	bool was = false;

	(void)state;
	noted = &was;
	fake.on_call = check_note;
	assert_int_equal(create(), 0);
	assert_true(was);
	check_registry(true);
}

static void test_machine_too_small(void **state)
{
	(void)state;
	load("memory=513");
	assert_int_equal(create(), -ENOMEM);
	assert_string_equal(report.text, "not enough memory: the guest asks for 513 MiB and 512 "
					 "MiB are free");
	load("vcpus=2; cpus=['0', '4-9']");
	assert_int_equal(create(), -EINVAL);
	assert_string_equal(report.text,
			    "'cpus' (entry 2) has none of this machine's 4 CPUs, which "
			    "are 0 to 3");
	assert_false(fake.is_present);
}

static void test_cancelled(void **state)
{
	int err = -EINTR;

	(void)state;
	options.cancelled = cancelled;
	for (int step = 0; err; step++) {
		cancel_at = step;
		err = create();
		assert_true(!err || err == -EINTR);
		assert_int_equal(fake.is_present, !err);
		check_registry(!err);
	}
	/* the sentence of the last one that was cancelled */
	assert_string_equal(report.text, "interrupted before starting the guest");
}

static int register_myself(void *context, const struct monitor_guest *guest, struct report *why)
{
	(void)why;
	assert_ptr_equal(context, &options);
	assert_int_equal(guest->domid, DOMID);
	return fake_note("register-myself");
}

static void forget_myself(void *context, uint32_t domid, const uint8_t uuid[16])
{
	(void)uuid;
	assert_ptr_equal(context, &options);
	assert_int_equal(domid, DOMID);
	fake_note("forget-myself");
}

/* The monitor creates guests too, without talking to its own socket. */
static void test_as_monitor(void **state)
{
	(void)state;
	options.register_guest = register_myself;
	options.forget_guest = forget_myself;
	options.context = &options;
	fake.failing = "unpause";
	fake.failure = -EINVAL;
	expect_create(-EINVAL, "domains check physinfo build console publish register-myself "
			       "unpause forget-myself unpublish died destroy");
}

static int check_only(struct ctrl *ctrl)
{
	*fake.calls = '\0';
	return guest_check(ctrl, &config, &options, &report);
}

/* Whatever a creation would fail by, its dry run fails by. */
static void test_check_only(void **state)
{
	static const struct {
		const char *failing, *sentence;
		int err;
	} rows[] = {
		{"domains", "the hypervisor says no", -EPERM},
		{"physinfo", "the hypervisor says no", -EPERM},
		{"check-devices", "dom0 says no", -ENOENT},
		{"others", "another guest says no", -EEXIST},
		{"ask-console", "ask-console says no", -ECONNREFUSED},
		{"ask-monitor", "ask-monitor says no", -ETIMEDOUT},
		{"try", "the hypervisor says no", -ENOEXEC},
	};
	struct ctrl *ctrl = (struct ctrl *)&config;

	(void)state;
	assert_int_equal(check_only(NULL), 0);
	assert_string_equal(fake.calls, "check try");
	assert_int_equal(check_only(ctrl), 0);
	assert_string_equal(fake.calls, "domains check physinfo ask-console ask-monitor try");
	load("disk=['/a']");
	for (size_t i = 0; i < COUNT(rows); i++) {
		fake.failing = rows[i].failing;
		fake.failure = rows[i].err;
		assert_int_equal(check_only(ctrl), rows[i].err);
		assert_string_equal(report.text, rows[i].sentence);
		assert_false(fake.is_present);
	}
	fake.failing = "try";
	assert_int_equal(check_only(NULL), -ENOEXEC);
}

static void test_destroy(void **state)
{
	(void)state;
	assert_int_equal(create(), 0);
	expect_destroy(0, "forget pause unpublish destroy died");
	check_registry(false);
}

/* The store daemon holds the ring's page until it is told, or has noticed, that the domain died. */
static void test_destroy_releases(void **state)
{
	(void)state;
	assert_int_equal(create(), 0);
	fake.has_zombie = true;
	memcpy(fake.zombie_uuid, config.uuid, 16);
	expect_destroy(0, "forget pause unpublish destroy release died");
	/* the number is another domain's by now */
	fake.is_present = true;
	fake.zombie_uuid[0] ^= 1;
	expect_destroy(0, "forget pause unpublish destroy died");
}

static void take_warning(void *context, const char *text)
{
	(void)context;
	snprintf(warning, sizeof(warning), "%s", text);
}

static void test_without_store(void **state)
{
	(void)state;
	fake.store_error = -ENOENT;
	options.warn = take_warning;
	load("memory=64; maxmem=128");
	expect_create(0, "domains check physinfo build console register unpause");
	assert_int_equal(fake.built.memory_kib, 64 * 1024);
	assert_int_equal(fake.built.store_domid, CTRL_DOMID_INVALID);
	assert_contains(warning, "is plinth-stored running?");
	check_registry(true);
	expect_destroy(0, "forget destroy died");

	/* one that is there but does not let us in is another matter */
	fake.store_error = -EACCES;
	expect_create(-EACCES, "domains check");
}

static void test_devices(void **state)
{
	static const struct {
		const char *failing;
		int err;
		const char *calls, *sentence;
	} rows[] = {
		{NULL, 0,
		 "domains check physinfo open others build console publish others connect register "
		 "unpause "
		 "close",
		 NULL},
		{"open", -ENOENT, "domains check physinfo open", "the disk says no"},
		{"build", -ENOMEM, "domains check physinfo open others build close",
		 "the hypervisor says no"},
		{"others", -EEXIST, "domains check physinfo open others close",
		 "another guest says no"},
		{"connect", -ETIMEDOUT,
		 "domains check physinfo open others build console publish others connect "
		 "unpublish died destroy "
		 "close",
		 "the kernel says no"},
	};

	(void)state;
	load("disk=['/a', '/b']; vif=['']");
	for (size_t i = 0; i < COUNT(rows); i++) {
		fake.failing = rows[i].failing;
		fake.failure = rows[i].err;
		expect_create(rows[i].err, rows[i].calls);
		if (rows[i].sentence)
			assert_string_equal(report.text, rows[i].sentence);
		assert_int_equal(fake.open_devices, 0);
		check_registry(!rows[i].err);
		fake.is_present = false;
	}
}

/* One that does not answer is no reason to make a guest without a store, nor to keep one. */
static void test_store_hangs(void **state)
{
	(void)state;
	options.warn = take_warning;
	fake.store_error = -ETIMEDOUT;
	expect_create(-ETIMEDOUT, "domains check");
	fake.store_error = 0;
	assert_int_equal(create(), 0);
	assert_string_equal(warning, "");
	fake.store_error = -ETIMEDOUT;
	expect_destroy(0, "forget destroy died");
	assert_string_equal(warning, "the hypervisor says no"); /* ctrl_error() */
	check_registry(false);
}

/* Whether the name is free cannot be told while the names of others are not to be had. */
static void test_foreign_names_are_not_told(void **state)
{
	(void)state;
	fake.present[1] = (struct ctrl_domain_info){.domid = 3, .uuid = {1}};
	fake.present_count = 2;
	fake.foreign_error = -ETIMEDOUT;
	expect_create(-ETIMEDOUT, "domains");
	fake.foreign_error = -ECONNREFUSED; /* no store, and so no names in it */
	assert_int_equal(create(), 0);
	check_registry(true);
}

/* A device that could not be had is noted, and a restart is told from a creation. */
static void test_devices_left_out(void **state)
{
	struct registry_entry entry;

	(void)state;
	load("disk=['/a', '/b,optional']");
	fake.left_out = "the disk xvdb: gone";
	assert_int_equal(create(), 0);
	assert_false(fake.device_policy.restart);
	assert_int_equal(registry_read(directory, DOMID, config.uuid, &entry), 0);
	assert_string_equal(entry.left_out, "the disk xvdb: gone");
	assert_contains(entry.config, "optional,target=/b"); /* it is tried again */
	registry_entry_clear(&entry);
	fake.is_present = false;
	fake.left_out = NULL;
	options.restart = true;
	assert_int_equal(create(), 0);
	assert_true(fake.device_policy.restart);
	assert_int_equal(registry_read(directory, DOMID, config.uuid, &entry), 0);
	assert_null(entry.left_out);
	registry_entry_clear(&entry);
	check_registry(true);
}

/* Devices are nothing without a store. */
static void test_devices_without_store(void **state)
{
	(void)state;
	load("vif=['']");
	fake.store_error = -ENOENT;
	expect_create(-ECONNREFUSED, "domains check");
	assert_string_equal(report.text, "disks and network interfaces need the store daemon, and "
					 "none answers: start plinth-stored");
}

static void test_destroy_fails(void **state)
{
	(void)state;
	assert_int_equal(create(), 0);
	fake.failing = "destroy";
	fake.failure = -EPERM;
	expect_destroy(-EPERM, "forget pause unpublish destroy");
	check_registry(true); /* it is still there, and keeps its name */
	*fake.calls = '\0';
	assert_int_equal(guest_destroy(NULL, 0, config.uuid, -1, &options, &report), -EPERM);
	assert_string_equal(fake.calls, "");
	assert_string_equal(report.text, "dom0 cannot be destroyed: shut it down instead");
}

static void test_rename(void **state)
{
	struct registry_entry entry;

	(void)state;
	load("on_crash='preserve'");
	assert_int_equal(create(), 0);
	fake.present[1] = (struct ctrl_domain_info){.domid = DOMID};
	memcpy(fake.present[1].uuid, config.uuid, 16);
	fake.present_count = 2;
	*fake.calls = '\0';
	assert_int_equal(guest_rename(NULL, DOMID, config.uuid, "www", &options, &report), 0);
	assert_string_equal(fake.calls, "domains rename www console register");
	assert_string_equal(fake.added_name, "www");
	assert_string_equal(fake.registered_name, "www");
	assert_int_equal(fake.registered.on[MONITOR_ON_CRASH], MONITOR_PRESERVE);
	assert_int_equal(registry_read(directory, DOMID, config.uuid, &entry), 0);
	assert_string_equal(entry.name, "www");
	assert_contains(entry.config, "\"www\""); /* a restart is under the new name */
	assert_string_equal(entry.config_path, "/etc/web.cfg");
	registry_entry_clear(&entry);

	*fake.calls = '\0';
	assert_int_equal(guest_rename(NULL, DOMID, config.uuid, "www", &options, &report), -EEXIST);
	assert_int_equal(guest_rename(NULL, DOMID, config.uuid, "a/b", &options, &report), -EINVAL);
	assert_int_equal(guest_rename(NULL, 3, config.uuid, "new", &options, &report), -ENOENT);
	assert_string_equal(fake.calls, "domains");
	assert_int_equal(registry_remove(directory, DOMID, config.uuid), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create),
		TEST(test_create_paused),
		TEST(test_emulated_uart),
		TEST(test_config_to_ctrl),
		TEST(test_affinity),
		TEST(test_failures_are_undone),
		TEST(test_registry_fails),
		TEST(test_name_in_use),
		TEST(test_uuid_in_use),
		TEST(test_name_of_pending),
		TEST(test_name_of_dying),
		TEST(test_name_locked),
		TEST(test_noted_before_it_is_made),
		TEST(test_machine_too_small),
		TEST(test_cancelled),
		TEST(test_as_monitor),
		TEST(test_check_only),
		TEST(test_destroy),
		TEST(test_rename),
		TEST(test_destroy_releases),
		TEST(test_without_store),
		TEST(test_store_hangs),
		TEST(test_foreign_names_are_not_told),
		TEST(test_devices),
		TEST(test_devices_left_out),
		TEST(test_devices_without_store),
		TEST(test_destroy_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
