/* SPDX-License-Identifier: ISC */
/* Connects guests' devices, attaches and detaches them while the guest runs, and removes them. */
#include "link.h"
#include "bridge.h"
#include "base/lockfile.h"
#include "base/path.h"
#include "base/report_ctrl.h"

#include <errno.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOCK_FOLDER "/run/plinth"
#define LOCK_FILE   LOCK_FOLDER "/devices.lock"

static int fail_by_ctrl(struct report *report, int err)
{
	return report_ctrl(report, err);
}

static int run_batch(struct ctrl_store_batch *b, struct report *report)
{
	int err = ctrl_store_batch_commit(b);

	ctrl_store_batch_free(b);
	return err ? fail_by_ctrl(report, err) : 0;
}

int devices_lock(const struct lock_wait *wait, struct report *report)
{
	path_make_directories(LOCK_FOLDER);
	return lockfile_take(LOCK_FILE, wait, report);
}

/* --- connecting dom0's end --- */

static int is_ready(const struct link *link, void *context)
{
	char interface[VIF_NAME_SIZE];
	dev_t number;
	bool ready;

	(void)context;
	if (link->kind == DEVICE_DISK)
		ready = !backend_block_device(link->domid, link->devid, &number);
	else
		ready = !backend_interface(link->domid, link->devid, interface);
	if (ready)
		return 1;
	return link_has_failed(link) ? -EIO : 0;
}

/* netback connects to the guest only after this node is written. */
static int say_plugged_in(const struct link *link, struct report *report)
{
	char path[DEVICE_PATH_SIZE + 32], backend[DEVICE_PATH_SIZE];
	int err;

	snprintf(path, sizeof(path), "%s/hotplug-status",
		 device_backend_path(link->domid, link->kind, link->devid, backend));
	err = ctrl_store_write(link->store, 0, path, "connected", strlen("connected"));
	return err ? fail_by_ctrl(report, err) : 0;
}

static int connect_interface(const struct link *link, const struct device *device,
			     struct report *report)
{
	char interface[VIF_NAME_SIZE];
	int err = backend_interface(link->domid, link->devid, interface);

	if (err)
		return link_fail(link, err, "dom0's driver has given it up", report);
	err = bridge_add_port(device->bridge, interface, device->vif->name, device->mtu, report);
	return err ? err : say_plugged_in(link, report);
}

static int connect_backend(const struct link *link, struct device *device, struct report *report)
{
	int err = link_wait(link, is_ready, NULL, DEVICE_DRIVER_MS);

	if (err == -ETIMEDOUT)
		return link_fail(link, err, "dom0's driver does not take it up", report);
	if (err)
		return link_fail(link, err, "dom0's driver cannot use it", report);
	if (link->kind == DEVICE_VIF)
		err = connect_interface(link, device, report);
	device_close(device);
	return err;
}

int devices_connect(struct ctrl_store *store, uint32_t domid, struct devices *devices,
		    struct report *report)
{
	int err = 0;

	for (size_t i = 0; !err && i < devices->count; i++) {
		struct device *device = &devices->list[i];
		const struct link link = {store, domid, device->kind, device->devid};

		err = connect_backend(&link, device, report);
	}
	return err;
}

/* --- while the guest runs --- */

static int put_nodes(const struct link *link, const struct device *device, struct report *report)
{
	struct ctrl_store_batch *b;
	int err = ctrl_store_batch_new(link->store, &b);

	if (err)
		return fail_by_ctrl(report, err);
	device_put_nodes(b, link->domid, device);
	return run_batch(b, report);
}

static int is_gone(const struct link *link, void *context)
{
	(void)context;
	return !backend_exists(link->domid, link->kind, link->devid);
}

/* Folders of a kind that have nothing in them any more. */
static void add_empty_folders(const struct link *link, struct ctrl_store_batch *b)
{
	static char *(*const make_path[])(uint32_t, enum device_kind, uint32_t, char *) = {
		device_record_path,
		device_backend_path,
		device_frontend_path,
	};

	for (size_t i = 0; i < sizeof(make_path) / sizeof(make_path[0]); i++) {
		char path[DEVICE_PATH_SIZE], **names;
		int count;

		make_path[i](link->domid, link->kind, link->devid, path);
		*strrchr(path, '/') = '\0';
		count = ctrl_store_list(link->store, 0, path, &names);
		if (count >= 0)
			free(names);
		if (!count)
			ctrl_store_batch_remove(b, path);
	}
}

/* Removes the nodes. dom0's driver then releases the device, whatever the guest does. */
static int remove_device(const struct link *link, struct report *report)
{
	struct ctrl_store_batch *b;
	int gone, err = ctrl_store_batch_new(link->store, &b);

	if (err)
		return fail_by_ctrl(report, err);
	device_remove_nodes(b, link->domid, link->kind, link->devid);
	err = run_batch(b, report);
	if (err)
		return err;
	gone = link_wait(link, is_gone, NULL, DEVICE_DRIVER_MS);
	if (ctrl_store_batch_new(link->store, &b))
		return fail_by_ctrl(report, -ENOMEM);
	/* again, as the driver may have written nodes while it released the device */
	device_remove_nodes(b, link->domid, link->kind, link->devid);
	add_empty_folders(link, b);
	err = run_batch(b, report);
	if (gone)
		return link_fail(link, gone, "dom0's driver does not let go of it", report);
	return err;
}

static int is_connected(const struct link *link, void *context)
{
	(void)context;
	if (link_backend_state(link) == DEVICE_CONNECTED)
		return 1;
	return link_has_failed(link) ? -EIO : 0;
}

static int wait_connected(const struct link *link, int timeout_ms, struct report *report)
{
	int err = timeout_ms ? link_wait(link, is_connected, NULL, timeout_ms) : 0;

	if (err == -ETIMEDOUT)
		return link_fail(link, err,
				 "the guest does not connect to it in time (is it up, and has it "
				 "the driver?)",
				 report);
	return err ? link_fail(link, err, "it cannot be connected to the guest", report) : 0;
}

int device_announce(struct ctrl_store *store, uint32_t domid, const struct device *device,
		    struct report *report)
{
	const struct link link = {store, domid, device->kind, device->devid};
	int there = link_is_there(&link, report);

	if (there > 0)
		return link_fail(&link, -EEXIST, "the guest has it already", report);
	return there ? there : put_nodes(&link, device, report);
}

int device_attach(struct ctrl_store *store, uint32_t domid, struct device *device, int timeout_ms,
		  struct report *report)
{
	const struct link link = {store, domid, device->kind, device->devid};
	struct report unused;
	int err = connect_backend(&link, device, report);

	if (!err)
		err = wait_connected(&link, timeout_ms, report);
	if (err)
		remove_device(&link, &unused);
	return err;
}

/* Asks both ends to release the device. */
static int ask_back(const struct link *link, struct report *report)
{
	struct ctrl_store_batch *b;
	char path[DEVICE_PATH_SIZE];
	int err = ctrl_store_batch_new(link->store, &b);

	if (err)
		return fail_by_ctrl(report, err);
	ctrl_store_batch_base(b, "%s",
			      device_backend_path(link->domid, link->kind, link->devid, path));
	ctrl_store_batch_write(b, "online", "0");
	ctrl_store_batch_write(b, "state", "%d", DEVICE_CLOSING);
	return run_batch(b, report);
}

/* A guest that never connected to the device has nothing to release. */
static bool is_unused(const struct link *link)
{
	return link_backend_state(link) < DEVICE_CONNECTED &&
	       link_frontend_state(link) <= DEVICE_INITIALISING;
}

int device_detach(struct ctrl_store *store, uint32_t domid, enum device_kind kind, uint32_t devid,
		  bool force, int timeout_ms, struct report *report)
{
	const struct link link = {store, domid, kind, devid};
	int there = link_is_there(&link, report), err = 0;

	if (!there)
		return link_fail(&link, -ENOENT, "the guest has none such", report);
	if (there < 0)
		return there;
	if (!is_unused(&link)) {
		err = ask_back(&link, report);
		if (!err)
			err = link_wait(&link, is_gone, NULL, timeout_ms);
	}
	if (err == -ETIMEDOUT && !force)
		return link_fail(&link, err,
				 "the guest does not give it back in time (is it in use there?); "
				 "it will go when the guest does, or at once with --force",
				 report);
	if (err && err != -ETIMEDOUT)
		return err;
	return remove_device(&link, report);
}
