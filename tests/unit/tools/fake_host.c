/* SPDX-License-Identifier: ISC */
/* The hypervisor, the daemons and the devices that guest.c works with: see fake_host.h. */
#include "unit.h"

#include "device/device.h"
#include "guest/store.h"
#include "base/lockfile.h"
#include "guest/registry.h"
#include "clients/store_open.h"
#include "fake_host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1024ULL * 1024)

struct fake_host fake;

void fake_reset(void)
{
	fake = (struct fake_host){.present_count = 1};
}

int fake_note(const char *call)
{
	strcat(fake.calls, *fake.calls ? " " : "");
	strcat(fake.calls, call);
	if (fake.on_call)
		fake.on_call(call);
	return fake.failing && !strcmp(fake.failing, call) ? fake.failure : 0;
}

static int note_with_sentence(const char *call, struct report *report)
{
	int ret = fake_note(call);

	return ret ? report_set(report, ret, "%s says no", call) : 0;
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
	return fake_note("check");
}

int ctrl_try_guest(struct ctrl *c, const struct ctrl_guest_config *config)
{
	(void)c;
	fake.built = *config;
	return fake_note("try");
}

int ctrl_list_all_domains(struct ctrl *c, struct ctrl_domain_info **list)
{
	int ret = fake_note("domains");

	(void)c;
	if (ret)
		return ret;
	*list = malloc(sizeof(fake.present));
	memcpy(*list, fake.present, sizeof(fake.present));
	return fake.present_count;
}

int ctrl_get_physinfo(struct ctrl *c, struct ctrl_physinfo *info)
{
	(void)c;
	*info = (struct ctrl_physinfo){
		.nr_cpus = 4,
		.max_cpu_id = 3,
		.free_bytes = 512 * MIB,
	};
	return fake_note("physinfo");
}

int ctrl_build_guest(struct ctrl *c, const struct ctrl_guest_config *config,
		     struct ctrl_guest *guest)
{
	int ret = fake_note("build");

	(void)c;
	fake.built = *config;
	if (ret)
		return ret;
	fake.is_present = true;
	*guest = (struct ctrl_guest){.domid = DOMID, .console_port = 2, .console_gfn = 0x39000};
	if (config->vuart) {
		guest->vuart_port = 3;
		guest->vuart_gfn = 0x39003;
	}
	return 0;
}

int ctrl_destroy_domain(struct ctrl *c, uint32_t domid)
{
	int ret = fake_note("destroy");

	(void)c;
	assert_int_equal(domid, DOMID);
	if (!ret)
		fake.is_present = false;
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
	fake_note(text);
	return fake.failing && !strcmp(fake.failing, "place") ? fake.failure : 0;
}

int ctrl_unpause_domain(struct ctrl *c, uint32_t domid)
{
	(void)c;
	assert_int_equal(domid, DOMID);
	return fake_note("unpause");
}

int ctrl_pause_domain(struct ctrl *c, uint32_t domid)
{
	(void)c;
	assert_int_equal(domid, DOMID);
	return fake_note("pause");
}

int ctrl_get_domain(struct ctrl *c, uint32_t domid, struct ctrl_domain_info *info)
{
	(void)c;
	*info = (struct ctrl_domain_info){.domid = domid, .dying = !fake.has_domain};
	memcpy(info->uuid, fake.zombie_uuid, sizeof(info->uuid));
	return fake.has_zombie || fake.has_domain ? 0 : -ESRCH;
}

/* The store daemon: a handle that stands for it, and no more than notes. */
static char the_store;

int store_open(struct ctrl_store **s)
{
	*s = (struct ctrl_store *)&the_store;
	return fake.store_error;
}

void ctrl_store_close(struct ctrl_store *s)
{
	(void)s;
}

int ctrl_store_release(struct ctrl_store *s, uint32_t domid)
{
	assert_ptr_equal(s, &the_store);
	assert_int_equal(domid, DOMID);
	return fake_note("release");
}

int guest_store_publish(struct ctrl_store *store, const struct guest_config *guest_config,
			const struct ctrl_guest *guest, const struct devices *devices,
			struct report *why)
{
	int ret = fake_note("publish");

	assert_int_equal(devices->count, fake.open_devices);
	assert_ptr_equal(store, &the_store);
	assert_string_equal(guest_config->name, "web");
	assert_int_equal(guest->domid, DOMID);
	assert_true(fake.is_present);
	return ret ? report_set(why, ret, "the store says no") : 0;
}

int guest_store_remove(struct ctrl_store *store, uint32_t domid, const uint8_t uuid[16],
		       struct report *why)
{
	(void)uuid;
	(void)why;
	assert_ptr_equal(store, &the_store);
	assert_int_equal(domid, DOMID);
	assert_true(fake.is_present); /* or it may be another's nodes */
	return fake_note("unpublish");
}

int registry_name_foreign(struct registry_domain *domains, size_t count)
{
	(void)domains;
	(void)count;
	return fake.foreign_error;
}

int guest_store_rename(struct ctrl_store *store, uint32_t domid, const uint8_t uuid[16],
		       const char *name, struct report *why)
{
	(void)uuid;
	(void)why;
	assert_ptr_equal(store, &the_store);
	assert_int_equal(domid, DOMID);
	fake_note("rename");
	fake_note(name);
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
	if (fake.open_devices)
		devices_close(devices);
	free(devices->left_out);
	devices->left_out = NULL;
}

int devices_check(struct devices *devices, const struct device_policy *policy, struct report *why)
{
	int ret = devices->count ? fake_note("check-devices") : 0;

	(void)policy;
	return ret ? report_set(why, ret, "dom0 says no") : 0;
}

int devices_check_others(struct ctrl *ctrl, struct ctrl_store *store, uint32_t domid,
			 const struct devices *devices, struct report *why)
{
	(void)ctrl;
	(void)devices;
	assert_ptr_equal(store, &the_store);
	assert_int_equal(domid, fake.is_present ? DOMID : 0);
	return report_set(why, fake_note("others"), "another guest says no");
}

int devices_open(struct devices *devices, const struct device_policy *policy,
		 const struct lock_wait *wait, struct report *why)
{
	int ret = devices->count ? fake_note("open") : 0;

	assert_true(wait->timeout_ms > 0);
	fake.device_policy = *policy;
	if (fake.left_out)
		devices->left_out = strdup(fake.left_out);
	if (devices->count)
		assert_false(fake.is_present);
	if (ret)
		return report_set(why, ret, "the disk says no");
	fake.open_devices = devices->count;
	return 0;
}

void devices_close(struct devices *devices)
{
	assert_int_equal(devices->count, fake.open_devices);
	if (fake.open_devices)
		fake_note("close");
	fake.open_devices = 0;
}

int devices_connect(struct ctrl_store *store, uint32_t domid, struct devices *devices,
		    struct report *why)
{
	int ret = devices->count ? fake_note("connect") : 0;

	(void)store;
	assert_int_equal(domid, DOMID);
	return ret ? report_set(why, ret, "the kernel says no") : 0;
}

int console_client_add(const char *sock, const struct console_add *guest, struct report *report)
{
	assert_string_equal(sock, "console.sock");
	assert_true(fake.is_present);
	fake.added = *guest;
	snprintf(fake.added_name, sizeof(fake.added_name), "%s", guest->name);
	return note_with_sentence(guest->kind == CONSOLE_VUART ? "uart" : "console", report);
}

int console_client_next_note(const char *sock, struct console_note *note, struct report *report)
{
	int ret = note_with_sentence("ask-console", report);

	(void)note;
	assert_string_equal(sock, "console.sock");
	return ret ? ret : -ENOENT;
}

int console_client_died(const char *sock, uint32_t domid, const uint8_t uuid[16], int reason,
			struct report *report)
{
	(void)uuid;
	(void)reason;
	(void)report;
	assert_string_equal(sock, "console.sock");
	assert_int_equal(domid, DOMID);
	fake_note("died");
	return -ENOENT;
}

int monitor_client_register(const char *sock, const struct monitor_guest *guest,
			    struct report *report)
{
	assert_string_equal(sock, "monitor.sock");
	fake.registered = *guest;
	snprintf(fake.registered_name, sizeof(fake.registered_name), "%s", guest->name);
	snprintf(fake.registered_config, sizeof(fake.registered_config), "%.*s",
		 (int)guest->config_size, guest->config);
	return note_with_sentence("register", report);
}

int monitor_client_next(const char *sock, struct monitor_pending *pending, struct report *report)
{
	int ret = note_with_sentence("ask-monitor", report);

	(void)pending;
	assert_string_equal(sock, "monitor.sock");
	return ret ? ret : -ENOENT;
}

int monitor_client_find(const char *sock, const char *name, const uint8_t *uuid,
			struct monitor_pending *pending)
{
	(void)uuid;
	assert_string_equal(sock, "monitor.sock");
	*pending = (struct monitor_pending){.tries = 3, .due_ms = 8000, .reason = "no disk"};
	snprintf(pending->name, sizeof(pending->name), "%s", fake.pending ? fake.pending : "");
	return fake.pending && !strcmp(fake.pending, name) ? 0 : -ENOENT;
}

char *monitor_pending_text(const struct monitor_pending *pending, char text[MONITOR_PENDING_TEXT])
{
	snprintf(text, MONITOR_PENDING_TEXT, "pending (%s)", pending->reason);
	return text;
}

int monitor_client_forget(const char *sock, uint32_t domid, const uint8_t uuid[16],
			  struct report *report)
{
	(void)uuid;
	(void)report;
	assert_string_equal(sock, "monitor.sock");
	assert_int_equal(domid, DOMID);
	fake_note("forget");
	return -ECONNREFUSED;
}
