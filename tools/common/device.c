/* SPDX-License-Identifier: ISC */
/* Devices of guests: connected, attached and detached while the guest runs, removed at its end. */
#include "common/device_link.h"
#include "common/bridge.h"
#include "common/path.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_FOLDER "/run/plinth"
#define LOCK_FILE   LOCK_FOLDER "/devices.lock"

static int fail_by_ctrl(struct report *report, int err)
{
	return report_set(report, err, "%s", ctrl_error());
}

static int run_batch(struct ctrl_store_batch *b, struct report *report)
{
	int err = ctrl_store_batch_commit(b);

	ctrl_store_batch_free(b);
	return err ? fail_by_ctrl(report, err) : 0;
}

int devices_lock(struct report *report)
{
	int file, err;

	path_make_directories(LOCK_FOLDER);
	file = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (file >= 0 && !flock(file, LOCK_EX))
		return file;
	err = -errno;
	if (file >= 0)
		close(file);
	return report_set(report, err, "cannot lock " LOCK_FILE ": %s", strerror(-err));
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

/* netback connects to the guest only after this word. */
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

/* Takes the nodes away; dom0's driver lets go then, whatever the guest does. */
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
	/* again: the driver may have written something on its way out */
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

int device_attach(struct ctrl_store *store, uint32_t domid, struct device *device, int timeout_ms,
		  struct report *report)
{
	const struct link link = {store, domid, device->kind, device->devid};
	struct report unused;
	int there = link_is_there(&link, report), err;

	if (there > 0)
		return link_fail(&link, -EEXIST, "the guest has it already", report);
	err = there ? there : put_nodes(&link, device, report);
	if (err)
		return err;
	err = connect_backend(&link, device, report);
	if (!err)
		err = wait_connected(&link, timeout_ms, report);
	if (err)
		remove_device(&link, &unused);
	return err;
}

/* Tells both ends that the device shall go. */
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

/* A guest that never took the device up has nothing to give back. */
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
