/* SPDX-License-Identifier: ISC */
/* A guest's nodes in the store, which the guest itself and stock tools read. */
#include "store.h"
#include "device/device.h"
#include "base/uuid.h"
#include "base/report_ctrl.h"

#include <errno.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STORE_DOMID   0 /* dom0 owns all nodes that are not the guest's */
#define CONSOLE_LIMIT (1024 * 1024)
#define BACKENDS      "/local/domain/0/backend"

/* State of one publication. */
struct publication {
	struct ctrl_store_batch *b;
	const struct guest_config *config;
	const struct ctrl_guest *guest;
	char uuid[UUID_TEXT_SIZE];
};

/* Paths below the guest's home that the guest owns and may write. */
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

/* Removes what an earlier domain with the same number or UUID has left. */
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

/* A folder that dom0 owns and the guest may read. Nodes made in it later inherit this. */
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

/* Linux balloons to target. It takes static-max for its memory at the start. */
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

/* The emulated UART's ring, at the path that xenconsoled reads. */
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
	/* lets Linux reset the watches of an earlier kernel (kexec) */
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
	/* not known to xl: a preserved guest and its successor have the same UUID; see owns_vm() */
	ctrl_store_batch_write(p->b, "domid", "%" PRIu32, p->guest->domid);
}

/* xl uses this type for every guest on ARM, and requires a device model even if there is none. */
static void put_libxl(struct publication *p)
{
	ctrl_store_batch_base(p->b, "/libxl/%" PRIu32, p->guest->domid);
	ctrl_store_batch_write(p->b, "type", "pvh");
	ctrl_store_batch_write(p->b, "dm-version", "qemu_xen");
	ctrl_store_batch_mkdir(p->b, "device");
}

static int fail_by_ctrl(struct report *report, int err)
{
	return report_ctrl(report, err);
}

/* Commits a batch or reports its error, and frees the batch. */
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

/* Whether a node has this text. Returns 0 or a negative errno; -ENOENT if there is no such node. */
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
 * Whether /vm/UUID belongs to this domain, and not to its successor. The node "domid" says so. xl's
 * guests have none; for them, "vm" in the domain's home decides.
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

/*
 * Waits for the backends to end after their nodes are removed. Removes the nodes again, as some
 * backends write to them while they end.
 */
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

/*
 * Also removes backends of kinds that these tools do not make, such as the consoles of xl's guests.
 */
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
