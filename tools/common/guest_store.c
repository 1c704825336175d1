/* SPDX-License-Identifier: ISC */
/* A guest's public side: its nodes in the store, where the guest itself and stock tools look. */
#include "common/guest_store.h"
#include "common/device.h"
#include "common/uuid.h"

#include <errno.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STORE_DOMID   0 /* everything that is not the guest's is dom0's */
#define CONSOLE_LIMIT (1024 * 1024)
#define BACKENDS      "/local/domain/0/backend"

/* A guest to be published. */
struct publication {
	struct ctrl_store_batch *b;
	const struct guest_config *config;
	const struct ctrl_guest *guest;
	char uuid[UUID_TEXT_SIZE];
};

/* Paths below the guest's home that belong to it, which it may write. */
static const char *const guests_own[] = {
	"attr",
	"control/feature-poweroff",
	"control/feature-reboot",
	"control/feature-suspend",
	"control/shutdown",
	"control/sysrq",
	"data",
	"drivers",
	"error",
	"feature",
};

/* What a domain of the same number, or of the same uuid, has left. */
static void remove_all(struct ctrl_store_batch *b, uint32_t domid, const char *uuid)
{
	ctrl_store_batch_base(b, "/local/domain/%" PRIu32, domid);
	ctrl_store_batch_remove(b, "");
	ctrl_store_batch_base(b, "/libxl/%" PRIu32, domid);
	ctrl_store_batch_remove(b, "");
	if (uuid) {
		ctrl_store_batch_base(b, "/vm/%s", uuid);
		ctrl_store_batch_remove(b, "");
	}
	devices_remove_nodes(b, domid);
}

/* A folder of dom0's that the guest may read. What is made in it later is so, too. */
static void put_folder(struct publication *p)
{
	const struct ctrl_store_perm perms[] = {
		{STORE_DOMID, CTRL_STORE_NONE},
		{p->guest->domid, CTRL_STORE_READ},
	};

	ctrl_store_batch_mkdir(p->b, "");
	ctrl_store_batch_perms(p->b, "", perms, 2);
}

static void put_identity(struct publication *p)
{
	ctrl_store_batch_write(p->b, "domid", "%" PRIu32, p->guest->domid);
	ctrl_store_batch_write(p->b, "name", "%s", p->config->name);
	ctrl_store_batch_write(p->b, "vm", "/vm/%s", p->uuid);
}

/* Linux balloons from static-max, which it takes to be what it was started with, to target. */
static void put_memory(struct publication *p)
{
	uint64_t target = p->config->memory_mib * 1024, max = p->config->maxmem_mib * 1024;

	ctrl_store_batch_write(p->b, "memory/static-max", "%" PRIu64, max > target ? max : target);
	ctrl_store_batch_write(p->b, "memory/target", "%" PRIu64, target);
}

static void put_vcpus(struct publication *p)
{
	uint64_t max = guest_config_maxvcpus(p->config);

	for (uint64_t vcpu = 0; vcpu < max; vcpu++) {
		char path[48];

		snprintf(path, sizeof(path), "cpu/%" PRIu64 "/availability", vcpu);
		ctrl_store_batch_write(p->b, path, vcpu < p->config->vcpus ? "online" : "offline");
	}
}

static void put_rings(struct publication *p)
{
	const struct ctrl_guest *guest = p->guest;

	ctrl_store_batch_write(p->b, "store/port", "%" PRIu32, guest->store_port);
	ctrl_store_batch_write(p->b, "store/ring-ref", "%" PRIu64, guest->store_gfn);
	ctrl_store_batch_write(p->b, "console/port", "%" PRIu32, guest->console_port);
	ctrl_store_batch_write(p->b, "console/ring-ref", "%" PRIu64, guest->console_gfn);
	ctrl_store_batch_write(p->b, "console/limit", "%d", CONSOLE_LIMIT);
	ctrl_store_batch_write(p->b, "console/type", "xenconsoled");
	ctrl_store_batch_write(p->b, "console/output", "pty");
}

/* The emulated UART's ring, where xenconsoled looks for it. */
static void put_vuart(struct publication *p)
{
	const struct ctrl_guest *guest = p->guest;

	if (!guest->vuart_port)
		return;
	ctrl_store_batch_write(p->b, "vuart/0/port", "%" PRIu32, guest->vuart_port);
	ctrl_store_batch_write(p->b, "vuart/0/ring-ref", "%" PRIu64, guest->vuart_gfn);
	ctrl_store_batch_write(p->b, "vuart/0/limit", "%d", CONSOLE_LIMIT);
	ctrl_store_batch_write(p->b, "vuart/0/type", "xenconsoled");
}

static void put_guests_own(struct publication *p)
{
	const struct ctrl_store_perm perm = {p->guest->domid, CTRL_STORE_NONE};

	for (size_t i = 0; i < sizeof(guests_own) / sizeof(guests_own[0]); i++) {
		ctrl_store_batch_mkdir(p->b, guests_own[i]);
		ctrl_store_batch_perms(p->b, guests_own[i], &perm, 1);
	}
}

static void put_home(struct publication *p)
{
	ctrl_store_batch_base(p->b, "/local/domain/%" PRIu32, p->guest->domid);
	put_folder(p);
	put_identity(p);
	put_memory(p);
	put_vcpus(p);
	put_rings(p);
	put_vuart(p);
	ctrl_store_batch_mkdir(p->b, "device");
	/* Linux may drop the watches of a kernel before it (kexec) */
	ctrl_store_batch_write(p->b, "control/platform-feature-xs_reset_watches", "1");
	ctrl_store_batch_write(p->b, "control/platform-feature-multiprocessor-suspend", "1");
	put_guests_own(p);
}

static void put_vm(struct publication *p)
{
	ctrl_store_batch_base(p->b, "/vm/%s", p->uuid);
	put_folder(p);
	ctrl_store_batch_write(p->b, "name", "%s", p->config->name);
	ctrl_store_batch_write(p->b, "uuid", "%s", p->uuid);
	ctrl_store_batch_write(p->b, "start_time", "%lld", (long long)time(NULL));
	/* ours: a guest preserved beside its successor has the same uuid; see owns_vm() */
	ctrl_store_batch_write(p->b, "domid", "%" PRIu32, p->guest->domid);
}

/* xl calls every guest on ARM so, and wants a device model named even where there is none. */
static void put_libxl(struct publication *p)
{
	ctrl_store_batch_base(p->b, "/libxl/%" PRIu32, p->guest->domid);
	ctrl_store_batch_write(p->b, "type", "pvh");
	ctrl_store_batch_write(p->b, "dm-version", "qemu_xen");
	ctrl_store_batch_mkdir(p->b, "device");
}

static int fail_by_ctrl(struct report *report, int err)
{
	return report_set(report, err, "%s", ctrl_error());
}

/* Commits a batch, or reports what was wrong with it, and frees it. */
static int commit(struct ctrl_store_batch *b, struct report *report)
{
	int err = ctrl_store_batch_commit(b);

	if (err)
		fail_by_ctrl(report, err);
	ctrl_store_batch_free(b);
	return err;
}

/* --- what others call --- */

int guest_store_publish(struct ctrl_store *store, const struct guest_config *config,
			const struct ctrl_guest *guest, const struct devices *devices,
			struct report *report)
{
	struct publication p = {.config = config, .guest = guest};
	struct report unused;
	int err = ctrl_store_batch_new(store, &p.b);

	if (err)
		return fail_by_ctrl(report, err);
	uuid_format(config->uuid, p.uuid);
	remove_all(p.b, guest->domid, p.uuid);
	put_home(&p);
	put_vm(&p);
	put_libxl(&p);
	for (size_t i = 0; i < devices->count; i++)
		device_put_nodes(p.b, guest->domid, &devices->list[i]);
	err = commit(p.b, report);
	if (err)
		return err;
	err = ctrl_store_introduce(store, guest->domid, guest->store_gfn, guest->store_port);
	if (!err)
		return 0;
	fail_by_ctrl(report, err);
	guest_store_remove(store, guest->domid, config->uuid, &unused);
	return err;
}

/* Whether a node holds this text. 0 or a negative errno: -ENOENT when there is no such node. */
static int node_says(struct ctrl_store *store, const char *path, const char *text, bool *says)
{
	char *value;
	int err = ctrl_store_read(store, 0, path, &value, NULL);

	*says = !err && !strcmp(value, text);
	if (!err)
		free(value);
	return err;
}

/*
 * Whether /vm/UUID is of this domain, and not of one that was created in its place. It says so itself,
 * but for xl's guests, of which the domain's home says it.
 */
static int owns_vm(struct ctrl_store *store, uint32_t domid, const char *uuid, bool *owns)
{
	char path[64], text[64];
	int err;

	snprintf(path, sizeof(path), "/vm/%s/domid", uuid);
	snprintf(text, sizeof(text), "%" PRIu32, domid);
	err = node_says(store, path, text, owns);
	if (err == -ENOENT) {
		snprintf(path, sizeof(path), "/local/domain/%" PRIu32 "/vm", domid);
		snprintf(text, sizeof(text), "/vm/%s", uuid);
		err = node_says(store, path, text, owns);
	}
	return err == -ENOENT ? 0 : err;
}

/* Their nodes are gone, which ends them. Some write a last word into what was theirs. */
static int wait_for_backends(struct ctrl_store *store, uint32_t domid, struct report *report)
{
	struct ctrl_store_batch *b;
	int err, gone;

	if (!backends_exist(domid))
		return 0;
	gone = backends_wait_gone(domid, DEVICE_DRIVER_MS);
	err = ctrl_store_batch_new(store, &b);
	if (err)
		return fail_by_ctrl(report, err);
	devices_remove_nodes(b, domid);
	err = commit(b, report);
	if (!gone)
		return err;
	return report_set(report, gone,
			  "dom0's kernel does not let go of the devices of domain %" PRIu32, domid);
}

/* Backends of kinds that are not ours too, such as the consoles of xl's guests. */
static void remove_backends(struct ctrl_store *store, struct ctrl_store_batch *b, uint32_t domid)
{
	char **kinds;

	if (ctrl_store_list(store, 0, BACKENDS, &kinds) < 0)
		return;
	for (size_t i = 0; kinds[i]; i++) {
		ctrl_store_batch_base(b, BACKENDS "/%s/%" PRIu32, kinds[i], domid);
		ctrl_store_batch_remove(b, "");
	}
	free(kinds);
}

int guest_store_remove(struct ctrl_store *store, uint32_t domid, const uint8_t uuid[16],
		       struct report *report)
{
	struct ctrl_store_batch *b;
	char text[UUID_TEXT_SIZE];
	bool owns;
	int err = owns_vm(store, domid, uuid_format(uuid, text), &owns);

	if (!err)
		err = ctrl_store_batch_new(store, &b);
	if (err)
		return fail_by_ctrl(report, err);
	backends_free_foreign_loops(store, domid);
	remove_all(b, domid, owns ? text : NULL);
	remove_backends(store, b, domid);
	err = commit(b, report);
	return err ? err : wait_for_backends(store, domid, report);
}

int guest_store_rename(struct ctrl_store *store, uint32_t domid, const uint8_t uuid[16],
		       const char *name, struct report *report)
{
	struct ctrl_store_batch *b;
	char text[UUID_TEXT_SIZE];
	bool owns;
	int err = owns_vm(store, domid, uuid_format(uuid, text), &owns);

	if (!err)
		err = ctrl_store_batch_new(store, &b);
	if (err)
		return fail_by_ctrl(report, err);
	ctrl_store_batch_base(b, "/local/domain/%" PRIu32, domid);
	ctrl_store_batch_write(b, "name", "%s", name);
	ctrl_store_batch_base(b, "/vm/%s", text);
	if (owns)
		ctrl_store_batch_write(b, "name", "%s", name);
	return commit(b, report);
}
