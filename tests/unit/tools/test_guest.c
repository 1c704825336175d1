/* SPDX-License-Identifier: ISC */
/* Creating and destroying a guest: the order of steps, and that each is undone when a later one
 * fails. */
#include "unit.h"

#include "common/device.h"
#include "common/guest.h"
#include "common/guest_store.h"
#include "common/registry.h"
#include "console/console_client.h"
#include "monitor/monitor_client.h"

#include <errno.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DOMID 7
#define MIB   (1024ULL * 1024)

/* --- a hypervisor and two daemons that note what is asked of them --- */

static char calls[1024];
static const char *failing; /* the call that fails, and how */
static int failure;
static struct ctrl_domain_info present[2]; /* the domains there are */
static int present_count;
static bool is_present; /* the guest was built and not destroyed */
static struct console_add added;
static char added_name[64];
static struct ctrl_guest_config built;
static struct monitor_guest registered;
static char registered_config[1024], registered_name[64];
static size_t open_devices;
static int store_error; /* of connecting to it */
static bool has_zombie; /* the destroyed domain is still there, as somebody has its page */
static uint8_t zombie_uuid[16];
static char warning[256];

static int note(const char *call)
{
	strcat(calls, *calls ? " " : "");
	strcat(calls, call);
	return failing && !strcmp(failing, call) ? failure : 0;
}

static int note_with_sentence(const char *call, char *err, size_t err_size)
{
	int ret = note(call);

	if (ret && err)
		snprintf(err, err_size, "%s says no", call);
	return ret;
}

const char *ctrl_error(void)
{
	return "the hypervisor says no";
}

void ctrl_guest_config_init(struct ctrl_guest_config *config)
{
	*config = (struct ctrl_guest_config){.max_grant_frames = -1, .max_maptrack_frames = -1};
}

int ctrl_check_guest(const struct ctrl_guest_config *config)
{
	(void)config;
	return note("check");
}

int ctrl_list_all_domains(struct ctrl *c, struct ctrl_domain_info **list)
{
	int ret = note("domains");

	(void)c;
	if (ret)
		return ret;
	*list = malloc(sizeof(present));
	memcpy(*list, present, sizeof(present));
	return present_count;
}

int ctrl_get_physinfo(struct ctrl *c, struct ctrl_physinfo *info)
{
	(void)c;
	*info = (struct ctrl_physinfo){
		.nr_cpus = 4,
		.max_cpu_id = 3,
		.free_bytes = 512 * MIB,
	};
	return note("physinfo");
}

int ctrl_build_guest(struct ctrl *c, const struct ctrl_guest_config *config,
		     struct ctrl_guest *guest)
{
	int ret = note("build");

	(void)c;
	built = *config;
	if (ret)
		return ret;
	is_present = true;
	*guest = (struct ctrl_guest){.domid = DOMID, .console_port = 2, .console_gfn = 0x39000};
	if (config->vuart) {
		guest->vuart_port = 3;
		guest->vuart_gfn = 0x39003;
	}
	return 0;
}

int ctrl_destroy_domain(struct ctrl *c, uint32_t domid)
{
	int ret = note("destroy");

	(void)c;
	assert_int_equal(domid, DOMID);
	if (!ret)
		is_present = false;
	return ret;
}

int ctrl_set_vcpu_affinity(struct ctrl *c, uint32_t domid, uint32_t vcpu, const uint8_t *hard,
			   const uint8_t *soft, unsigned int nr_cpus)
{
	char text[64];

	(void)c;
	assert_int_equal(domid, DOMID);
	assert_int_equal(nr_cpus, 4);
	snprintf(text, sizeof(text), "vcpu%u:%d/%d", vcpu, hard ? hard[0] : -1,
		 soft ? soft[0] : -1);
	note(text);
	return failing && !strcmp(failing, "place") ? failure : 0;
}

int ctrl_unpause_domain(struct ctrl *c, uint32_t domid)
{
	(void)c;
	assert_int_equal(domid, DOMID);
	return note("unpause");
}

int ctrl_pause_domain(struct ctrl *c, uint32_t domid)
{
	(void)c;
	assert_int_equal(domid, DOMID);
	return note("pause");
}

int ctrl_get_domain(struct ctrl *c, uint32_t domid, struct ctrl_domain_info *info)
{
	(void)c;
	*info = (struct ctrl_domain_info){.domid = domid, .dying = true};
	memcpy(info->uuid, zombie_uuid, sizeof(info->uuid));
	return has_zombie ? 0 : -ESRCH;
}

/* The store daemon: a handle that stands for it, and no more than notes. */
int ctrl_store_open(struct ctrl_store **s)
{
	*s = (struct ctrl_store *)calls;
	return store_error;
}

void ctrl_store_close(struct ctrl_store *s)
{
	(void)s;
}

int ctrl_store_release(struct ctrl_store *s, uint32_t domid)
{
	assert_ptr_equal(s, calls);
	assert_int_equal(domid, DOMID);
	return note("release");
}

int guest_store_publish(struct ctrl_store *store, const struct guest_config *guest_config,
			const struct ctrl_guest *guest, const struct devices *devices,
			struct report *why)
{
	int ret = note("publish");

	assert_int_equal(devices->count, open_devices);
	assert_ptr_equal(store, calls);
	assert_string_equal(guest_config->name, "web");
	assert_int_equal(guest->domid, DOMID);
	assert_true(is_present);
	return ret ? report_set(why, ret, "the store says no") : 0;
}

int guest_store_remove(struct ctrl_store *store, uint32_t domid, const uint8_t uuid[16],
		       struct report *why)
{
	(void)uuid;
	(void)why;
	assert_ptr_equal(store, calls);
	assert_int_equal(domid, DOMID);
	assert_true(is_present); /* or it may be another's nodes */
	return note("unpublish");
}

void registry_name_foreign(struct registry_domain *domains, size_t count)
{
	(void)domains;
	(void)count;
}

int guest_store_rename(struct ctrl_store *store, uint32_t domid, const uint8_t uuid[16],
		       const char *name, struct report *why)
{
	(void)uuid;
	(void)why;
	assert_ptr_equal(store, calls);
	assert_int_equal(domid, DOMID);
	note("rename");
	note(name);
	return 0;
}

/* Devices: how many of them are open, no more. */
int devices_from(const struct guest_config *guest_config, struct devices *devices,
		 struct report *why)
{
	(void)why;
	*devices = (struct devices){.count = guest_config->disks.count + guest_config->vifs.count};
	return 0;
}

void devices_clear(struct devices *devices)
{
	if (open_devices)
		devices_close(devices);
}

int devices_check(struct devices *devices, struct report *why)
{
	int ret = devices->count ? note("check-devices") : 0;

	return ret ? report_set(why, ret, "dom0 says no") : 0;
}

int devices_open(struct devices *devices, struct report *why)
{
	int ret = devices->count ? note("open") : 0;

	if (devices->count)
		assert_false(is_present);
	if (ret)
		return report_set(why, ret, "the disk says no");
	open_devices = devices->count;
	return 0;
}

void devices_close(struct devices *devices)
{
	assert_int_equal(devices->count, open_devices);
	if (open_devices)
		note("close");
	open_devices = 0;
}

int devices_connect(struct ctrl_store *store, uint32_t domid, struct devices *devices,
		    struct report *why)
{
	int ret = devices->count ? note("connect") : 0;

	(void)store;
	assert_int_equal(domid, DOMID);
	return ret ? report_set(why, ret, "the kernel says no") : 0;
}

int console_client_add(const char *sock, const struct console_add *guest, char *err,
		       size_t err_size)
{
	assert_string_equal(sock, "console.sock");
	assert_true(is_present);
	added = *guest;
	snprintf(added_name, sizeof(added_name), "%s", guest->name);
	return note_with_sentence(guest->kind == CONSOLE_VUART ? "uart" : "console", err, err_size);
}

int console_client_died(const char *sock, uint32_t domid, const uint8_t uuid[16], int reason,
			char *err, size_t err_size)
{
	(void)uuid;
	(void)reason;
	(void)err;
	(void)err_size;
	assert_string_equal(sock, "console.sock");
	assert_int_equal(domid, DOMID);
	note("died");
	return -ENOENT;
}

int monitor_client_register(const char *sock, const struct monitor_guest *guest, char *err,
			    size_t err_size)
{
	assert_string_equal(sock, "monitor.sock");
	registered = *guest;
	snprintf(registered_name, sizeof(registered_name), "%s", guest->name);
	snprintf(registered_config, sizeof(registered_config), "%.*s", (int)guest->config_size,
		 guest->config);
	return note_with_sentence("register", err, err_size);
}

int monitor_client_forget(const char *sock, uint32_t domid, const uint8_t uuid[16], char *err,
			  size_t err_size)
{
	(void)uuid;
	(void)err;
	(void)err_size;
	assert_string_equal(sock, "monitor.sock");
	assert_int_equal(domid, DOMID);
	note("forget");
	return -ECONNREFUSED;
}

/* --- the tests --- */

static char directory[64];
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
	strcpy(directory, "/tmp/plinth-test-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	*calls = '\0';
	failing = NULL;
	is_present = has_zombie = false;
	store_error = 0;
	open_devices = 0;
	*warning = '\0';
	present_count = 1; /* dom0 */
	memset(present, 0, sizeof(present));
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
	char names[sizeof(directory) + 8];

	(void)state;
	guest_config_clear(&config);
	snprintf(names, sizeof(names), "%s/.names", directory);
	if (rmdir(names) && errno != ENOENT)
		return -1;
	return rmdir(directory); /* these fail where a file was left behind */
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
	assert_string_equal(entry.config, registered_config);
	assert_true(entry.started > 0);
	registry_entry_clear(&entry);
	assert_int_equal(registry_remove(directory, DOMID, config.uuid), 0);
}

static void test_create(void **state)
{
	uint32_t domid = 0;

	(void)state;
	assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), 0);
	assert_int_equal(domid, DOMID);
	assert_string_equal(calls, "domains check physinfo build console publish register unpause");
	assert_int_equal(added.ring_gfn, 0x39000);
	assert_int_equal(added.guest_port, 2);
	assert_string_equal(added_name, "web");
	assert_memory_equal(added.uuid, config.uuid, 16);
	assert_memory_equal(registered.uuid, config.uuid, 16);
	assert_int_equal(registered.on[MONITOR_ON_REBOOT], MONITOR_RESTART);
	assert_int_equal(registered.on[MONITOR_ON_CRASH], MONITOR_DESTROY);
	check_registry(true);
}

/* Two consoles; when the second one cannot be had, the first one is given up too. */
static void test_emulated_uart(void **state)
{
	uint32_t domid;

	(void)state;
	load("vuart = 'sbsa_uart'");
	options.leave_paused = true;
	assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), 0);
	assert_string_equal(calls, "domains check physinfo build console uart publish register");
	assert_int_equal(added.kind, CONSOLE_VUART);
	assert_int_equal(added.ring_gfn, 0x39003);
	assert_int_equal(added.guest_port, 3);
	check_registry(true);
	*calls = '\0';
	is_present = false;
	failing = "uart";
	failure = -EBADMSG;
	assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), -EBADMSG);
	assert_string_equal(calls, "domains check physinfo build console uart died destroy");
	assert_false(is_present);
}

static void test_create_paused(void **state)
{
	uint32_t domid;

	(void)state;
	options.leave_paused = true;
	assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), 0);
	assert_string_equal(calls, "domains check physinfo build console publish register");
	check_registry(true);
}

static void test_config_to_ctrl(void **state)
{
	uint32_t domid;

	(void)state;
	load("ramdisk='/r'; memory=64; maxmem=128; vcpus=2; maxvcpus=4; cpu_weight=9; cap=50;"
	     "gic_version='v3'; max_grant_frames=5; max_event_channels=99; on_crash='preserve'");
	assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), 0);
	assert_string_equal(built.kernel, "/k");
	assert_string_equal(built.ramdisk, "/r");
	assert_int_equal(built.memory_kib, 128 * 1024); /* and gives back what it has too much */
	assert_int_equal(built.max_memory_kib, 0);
	assert_int_equal(built.store_domid, 0);
	assert_int_equal(built.vcpus, 2);
	assert_int_equal(built.max_vcpus, 4);
	assert_int_equal(built.cpu_weight, 9);
	assert_int_equal(built.cpu_cap, 50);
	assert_int_equal(built.gic_version, CTRL_GIC_V3);
	assert_int_equal(built.max_grant_frames, 5);
	assert_int_equal(built.max_maptrack_frames, -1);
	assert_int_equal(built.max_evtchn_port, 99);
	assert_int_equal(registered.on[MONITOR_ON_CRASH], MONITOR_PRESERVE);
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
	uint32_t domid;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		*calls = '\0';
		load(rows[i].text);
		assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), 0);
		snprintf(expected, sizeof(expected),
			 "domains check physinfo build %s console publish register unpause",
			 rows[i].placed);
		assert_string_equal(calls, expected);
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
	uint32_t domid;

	(void)state;
	load("cpus='0'");
	for (size_t i = 0; i < COUNT(rows); i++) {
		*calls = '\0';
		failing = rows[i].failing;
		failure = rows[i].err;
		assert_int_equal(guest_create(NULL, &config, &options, &domid, &report),
				 rows[i].result);
		assert_string_equal(calls, rows[i].calls);
		assert_string_equal(report.text, rows[i].sentence);
		assert_false(is_present);
		check_registry(false);
	}
}

static void test_registry_fails(void **state)
{
	char path[96];
	uint32_t domid;

	(void)state;
	/* the file cannot take the place of a directory */
	snprintf(path, sizeof(path), "%s/%d.json", directory, DOMID);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), -EISDIR);
	assert_string_equal(calls, "domains check physinfo build console died destroy");
	assert_false(is_present);
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

	present[1] = (struct ctrl_domain_info){.domid = 3, .uuid = {1}, .dying = dying};
	present_count = 2;
	assert_int_equal(registry_write(directory, &entry, &report), 0);
}

static void test_name_in_use(void **state)
{
	uint32_t domid;

	(void)state;
	occupy_name(false);
	assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), -EEXIST);
	assert_string_equal(report.text, "the name 'web' is in use by domain 3; destroy that one "
					 "first, or choose another name");
	assert_string_equal(calls, "domains");
	present[1].uuid[0] = 2; /* another domain has the number now: the file is stale */
	assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), 0);
	check_registry(true);
	assert_int_equal(registry_remove(directory, 3, (const uint8_t[16]){1}), 0);
}

static void test_name_of_dying(void **state)
{
	uint32_t domid;

	(void)state;
	occupy_name(true);
	assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), 0);
	check_registry(true);
	assert_int_equal(registry_remove(directory, 3, (const uint8_t[16]){1}), 0);
}

static void test_name_locked(void **state)
{
	int lock = registry_lock_name(directory, "web", &report);
	uint32_t domid;

	(void)state;
	assert_true(lock >= 0);
	assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), -EBUSY);
	assert_string_equal(calls, "");
	registry_unlock_name(directory, "web", lock);
}

static void test_machine_too_small(void **state)
{
	uint32_t domid;

	(void)state;
	load("memory=513");
	assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), -ENOMEM);
	assert_string_equal(report.text, "not enough memory: the guest asks for 513 MiB and 512 "
					 "MiB are free");
	load("vcpus=2; cpus=['0', '4-9']");
	assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), -EINVAL);
	assert_string_equal(report.text,
			    "'cpus' (entry 2) has none of this machine's 4 CPUs, which "
			    "are 0 to 3");
	assert_false(is_present);
}

static int cancel_at; /* the step before which it is cancelled */

static bool cancelled(void *context)
{
	(void)context;
	return cancel_at-- == 0;
}

static void test_cancelled(void **state)
{
	uint32_t domid;
	int err = -EINTR;

	(void)state;
	options.cancelled = cancelled;
	for (int step = 0; err; step++) {
		cancel_at = step;
		err = guest_create(NULL, &config, &options, &domid, &report);
		assert_true(!err || err == -EINTR);
		assert_int_equal(is_present, !err);
		check_registry(!err);
	}
	/* the sentence of the last one that was cancelled */
	assert_string_equal(report.text, "interrupted before starting the guest");
}

static int register_myself(void *context, const struct monitor_guest *guest, char *err,
			   size_t err_size)
{
	(void)err;
	(void)err_size;
	assert_ptr_equal(context, &options);
	assert_int_equal(guest->domid, DOMID);
	return note("register-myself");
}

static void forget_myself(void *context, uint32_t domid, const uint8_t uuid[16])
{
	(void)uuid;
	assert_ptr_equal(context, &options);
	assert_int_equal(domid, DOMID);
	note("forget-myself");
}

/* The monitor creates guests too, without talking to its own socket. */
static void test_as_monitor(void **state)
{
	uint32_t domid;

	(void)state;
	options.register_guest = register_myself;
	options.forget_guest = forget_myself;
	options.context = &options;
	failing = "unpause";
	failure = -EINVAL;
	assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), -EINVAL);
	assert_string_equal(calls, "domains check physinfo build console publish register-myself "
				   "unpause forget-myself unpublish died destroy");
}

static void test_check_only(void **state)
{
	(void)state;
	assert_int_equal(guest_check(NULL, &config, &options, &report), 0);
	assert_string_equal(calls, "check");
	*calls = '\0';
	assert_int_equal(guest_check((struct ctrl *)&config, &config, &options, &report), 0);
	assert_string_equal(calls, "domains check physinfo");
}

static void test_destroy(void **state)
{
	uint32_t domid;

	(void)state;
	assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), 0);
	*calls = '\0';
	assert_int_equal(guest_destroy(NULL, DOMID, config.uuid, -1, &options, &report), 0);
	assert_string_equal(calls, "forget pause unpublish destroy died");
	check_registry(false);
}

/* The store daemon holds the ring's page until it is told, or has noticed, that the domain died. */
static void test_destroy_releases(void **state)
{
	uint32_t domid;

	(void)state;
	assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), 0);
	*calls = '\0';
	has_zombie = true;
	memcpy(zombie_uuid, config.uuid, 16);
	assert_int_equal(guest_destroy(NULL, DOMID, config.uuid, -1, &options, &report), 0);
	assert_string_equal(calls, "forget pause unpublish destroy release died");
	/* the number is another domain's by now */
	is_present = true;
	*calls = '\0';
	zombie_uuid[0] ^= 1;
	assert_int_equal(guest_destroy(NULL, DOMID, config.uuid, -1, &options, &report), 0);
	assert_string_equal(calls, "forget pause unpublish destroy died");
}

static void take_warning(void *context, const char *text)
{
	(void)context;
	snprintf(warning, sizeof(warning), "%s", text);
}

static void test_without_store(void **state)
{
	uint32_t domid;

	(void)state;
	store_error = -ENOENT;
	options.warn = take_warning;
	load("memory=64; maxmem=128");
	assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), 0);
	assert_string_equal(calls, "domains check physinfo build console register unpause");
	assert_int_equal(built.memory_kib, 64 * 1024);
	assert_int_equal(built.store_domid, CTRL_DOMID_INVALID);
	assert_non_null(strstr(warning, "is plinth-stored running?"));
	check_registry(true);
	*calls = '\0';
	assert_int_equal(guest_destroy(NULL, DOMID, config.uuid, -1, &options, &report), 0);
	assert_string_equal(calls, "forget destroy died");

	/* one that is there but does not let us in is another matter */
	*calls = '\0';
	store_error = -EACCES;
	assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), -EACCES);
	assert_string_equal(calls, "domains check");
}

static void test_devices(void **state)
{
	static const struct {
		const char *failing;
		int err;
		const char *calls, *sentence;
	} rows[] = {
		{NULL, 0,
		 "domains check physinfo open build console publish connect register unpause "
		 "close",
		 NULL},
		{"open", -ENOENT, "domains check physinfo open", "the disk says no"},
		{"build", -ENOMEM, "domains check physinfo open build close",
		 "the hypervisor says no"},
		{"connect", -ETIMEDOUT,
		 "domains check physinfo open build console publish connect unpublish died destroy "
		 "close",
		 "the kernel says no"},
	};
	uint32_t domid;

	(void)state;
	load("disk=['/a', '/b']; vif=['']");
	for (size_t i = 0; i < COUNT(rows); i++) {
		*calls = '\0';
		failing = rows[i].failing;
		failure = rows[i].err;
		assert_int_equal(guest_create(NULL, &config, &options, &domid, &report),
				 rows[i].err);
		assert_string_equal(calls, rows[i].calls);
		if (rows[i].sentence)
			assert_string_equal(report.text, rows[i].sentence);
		assert_int_equal(open_devices, 0);
		check_registry(!rows[i].err);
		is_present = false;
	}
}

/* Devices are nothing without a store. */
static void test_devices_without_store(void **state)
{
	uint32_t domid;

	(void)state;
	load("vif=['']");
	store_error = -ENOENT;
	assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), -ECONNREFUSED);
	assert_string_equal(calls, "domains check");
	assert_string_equal(report.text, "disks and network interfaces need the store daemon, and "
					 "none answers: start plinth-stored");
}

static void test_destroy_fails(void **state)
{
	uint32_t domid;

	(void)state;
	assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), 0);
	*calls = '\0';
	failing = "destroy";
	failure = -EPERM;
	assert_int_equal(guest_destroy(NULL, DOMID, config.uuid, -1, &options, &report), -EPERM);
	assert_string_equal(calls, "forget pause unpublish destroy");
	check_registry(true); /* it is still there, and keeps its name */
	*calls = '\0';
	assert_int_equal(guest_destroy(NULL, 0, config.uuid, -1, &options, &report), -EPERM);
	assert_string_equal(calls, "");
	assert_string_equal(report.text, "dom0 cannot be destroyed: shut it down instead");
}

static void test_rename(void **state)
{
	struct registry_entry entry;
	uint32_t domid;

	(void)state;
	load("on_crash='preserve'");
	assert_int_equal(guest_create(NULL, &config, &options, &domid, &report), 0);
	present[1] = (struct ctrl_domain_info){.domid = DOMID};
	memcpy(present[1].uuid, config.uuid, 16);
	present_count = 2;
	*calls = '\0';
	assert_int_equal(guest_rename(NULL, DOMID, config.uuid, "www", &options, &report), 0);
	assert_string_equal(calls, "domains rename www console register");
	assert_string_equal(added_name, "www");
	assert_string_equal(registered_name, "www");
	assert_int_equal(registered.on[MONITOR_ON_CRASH], MONITOR_PRESERVE);
	assert_int_equal(registry_read(directory, DOMID, config.uuid, &entry), 0);
	assert_string_equal(entry.name, "www");
	assert_non_null(strstr(entry.config, "\"www\"")); /* a restart is under the new name */
	assert_string_equal(entry.config_path, "/etc/web.cfg");
	registry_entry_clear(&entry);

	*calls = '\0';
	assert_int_equal(guest_rename(NULL, DOMID, config.uuid, "www", &options, &report), -EEXIST);
	assert_int_equal(guest_rename(NULL, DOMID, config.uuid, "a/b", &options, &report), -EINVAL);
	assert_int_equal(guest_rename(NULL, 3, config.uuid, "new", &options, &report), -ENOENT);
	assert_string_equal(calls, "domains");
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
		TEST(test_name_of_dying),
		TEST(test_name_locked),
		TEST(test_machine_too_small),
		TEST(test_cancelled),
		TEST(test_as_monitor),
		TEST(test_check_only),
		TEST(test_destroy),
		TEST(test_rename),
		TEST(test_destroy_releases),
		TEST(test_without_store),
		TEST(test_devices),
		TEST(test_devices_without_store),
		TEST(test_destroy_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
