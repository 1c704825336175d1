/* SPDX-License-Identifier: ISC */
/*
 * PV devices of guests: their nodes in the store, and what dom0's kernel does with them.
 *
 *	/local/domain/N/device/KIND/DEVID      the frontend: the guest's
 *	/local/domain/0/backend/KIND/N/DEVID   the backend: dom0's, read by the guest
 *	/libxl/N/device/KIND/DEVID             dom0's own record, that no guest can reach
 *
 * A backend driver of dom0's kernel takes a device up when its nodes appear and lets go of it when
 * they are removed; whether it has one is seen in /sys/bus/xen-backend. What a guest wrote is never
 * believed: not which devices there are, nor what is behind them.
 */
#ifndef TOOLS_COMMON_DEVICE_H
#define TOOLS_COMMON_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/guest_config.h"
#include "base/report.h"

struct ctrl_store;
struct ctrl_store_batch;
struct lock_wait;

/* Limits for waiting. A loaded machine can take some seconds. */
#define DEVICE_DRIVER_MS 30000 /* for dom0's drivers */
#define DEVICE_GUEST_MS  10000 /* for a guest, by default */

enum device_kind {
	DEVICE_DISK,
	DEVICE_VIF,
	DEVICE_KINDS,
};

/* States that both ends have, from public/io/xenbus.h. */
enum device_state {
	DEVICE_UNKNOWN,
	DEVICE_INITIALISING,
	DEVICE_INIT_WAIT,
	DEVICE_INITIALISED,
	DEVICE_CONNECTED,
	DEVICE_CLOSING,
	DEVICE_CLOSED,
	DEVICE_STATES,
};

const char *device_state_name(unsigned int state);   /* "connected", ... */
const char *device_kind_word(enum device_kind kind); /* "vbd", "vif": in paths */

/* A device to be attached. */
struct device {
	enum device_kind kind;
	uint32_t devid; /* a disk's vdev, or an interface's number from 0 */

	const struct disk_spec *disk;
	int block;    /* the block device, open until the backend has it open; -1: is not */
	dev_t number; /* of the block device */

	const struct vif_spec *vif;
	char bridge[VIF_NAME_SIZE];
	uint32_t mtu;
};

struct devices {
	struct device *list;
	size_t count;
	char *left_out; /* a line per device that could not be listed, with the reason; or NULL */
};

/* For whom devices are opened. */
struct device_policy {
	/*
	 * The guest is restarted. The format of its images is not checked then: a guest may write
	 * anything to its disks, and this must not prevent its restart.
	 */
	bool restart;
	/* Called with warnings; may be NULL. */
	void (*warn)(void *context, const char *text);
	void *context;
};

/* Lists the devices of a config, which must outlive the list. Returns 0 or -ENOMEM. */
int devices_from(const struct guest_config *config, struct devices *devices, struct report *report);
void devices_clear(struct devices *devices);

/* --- before the guest is there (open.c) --- */

/*
 * Checks that dom0 can provide the devices: its drivers, the files and the bridges. Chooses a
 * bridge if none is named. Makes nothing. Optional devices that are not available are removed from
 * the list, and a line in left_out gives the reason.
 */
int devices_check(struct devices *devices, const struct device_policy *policy,
		  struct report *report);

/* Opens the disks' block devices, makes loop devices for images. What devices_close() undoes. */
int devices_open(struct devices *devices, const struct device_policy *policy,
		 const struct lock_wait *wait, struct report *report);
void devices_close(struct devices *devices);

/* One device: devices_check() and devices_open(), whether or not it is optional. */
int device_open(struct device *device, const struct device_policy *policy, struct report *report);
void device_close(struct device *device);

/* --- nodes (nodes.c) --- */

void device_put_nodes(struct ctrl_store_batch *b, uint32_t domid, const struct device *device);

/* All of one device, or of all of a domain (the frontends' home is removed by others). */
void device_remove_nodes(struct ctrl_store_batch *b, uint32_t domid, enum device_kind kind,
			 uint32_t devid);
void devices_remove_nodes(struct ctrl_store_batch *b, uint32_t domid);

#define DEVICE_PATH_SIZE 128
char *device_backend_path(uint32_t domid, enum device_kind kind, uint32_t devid,
			  char path[DEVICE_PATH_SIZE]);
char *device_frontend_path(uint32_t domid, enum device_kind kind, uint32_t devid,
			   char path[DEVICE_PATH_SIZE]);
char *device_record_path(uint32_t domid, enum device_kind kind, uint32_t devid,
			 char path[DEVICE_PATH_SIZE]);

/*
 * "the disk xvda", "the network interface 0"; with a colon behind them such lines begin in left_out
 */
#define DEVICE_NAME_SIZE 48
char *device_name(enum device_kind kind, uint32_t devid, char name[DEVICE_NAME_SIZE]);

/* --- dom0's side of it (backend.c) --- */

/* Whether dom0's kernel has the driver. */
bool backend_has_driver(enum device_kind kind);

/* Whether it has the device. */
bool backend_exists(uint32_t domid, enum device_kind kind, uint32_t devid);

/* The block device that a backend has open. 0, or -ENOENT when it has none. */
int backend_block_device(uint32_t domid, uint32_t devid, dev_t *number);

/* The network interface that a backend has made. 0, or -ENOENT. */
int backend_interface(uint32_t domid, uint32_t devid, char name[VIF_NAME_SIZE]);

/* Whether a guest has the block device, and one of the two uses writes; whose "domain 3's" */
bool backend_find_user(dev_t number, bool read_only, char *whose, size_t size);

/* Whether dom0's kernel has any device of a domain; waits until it has none: 0 or -ETIMEDOUT. */
bool backends_exist(uint32_t domid);
int backends_wait_gone(uint32_t domid, int timeout_ms);

/*
 * Makes the loop devices that xl's script made for a domain disappear with the backends, as ours
 * do.
 */
void backends_free_foreign_loops(struct ctrl_store *store, uint32_t domid);

/* --- beside other guests (conflicts.c) --- */

struct ctrl;

/*
 * Whether an interface has the MAC address of another one on its bridge, of any guest that runs
 * (domid's own devices are not looked at). 0, or -EEXIST with a sentence. Bridges must be known.
 */
int devices_check_others(struct ctrl *ctrl, struct ctrl_store *store, uint32_t domid,
			 const struct devices *devices, struct report *report);

/* --- attached (device.c) --- */

/*
 * After the nodes are there: waits until dom0's kernel has taken the devices up, puts interfaces on
 * their bridges, lets go of the block devices. 0, -ETIMEDOUT, or another negative errno.
 */
int devices_connect(struct ctrl_store *store, uint32_t domid, struct devices *devices,
		    struct report *report);

/*
 * Writes the nodes of a device for an existing guest. -EEXIST: the guest has the device. The caller
 * holds devices_lock() from choosing the device until this returns.
 */
int device_announce(struct ctrl_store *store, uint32_t domid, const struct device *device,
		    struct report *report);

/*
 * After device_announce(), waits until both ends are connected. timeout_ms 0: does not wait for the
 * guest. On failure nothing of the device is left.
 */
int device_attach(struct ctrl_store *store, uint32_t domid, struct device *device, int timeout_ms,
		  struct report *report);

/*
 * Asks the guest to release a device, waits, and removes it. With force, removes it even if the
 * guest does not release it in time. -ENOENT: there is no such device; -ETIMEDOUT.
 */
int device_detach(struct ctrl_store *store, uint32_t domid, enum device_kind kind, uint32_t devid,
		  bool force, int timeout_ms, struct report *report);

/*
 * Makes the backend read its image's size again, and waits until the guest is notified. If size is
 * not 0, first grows the file to it. Sets *size to the new size in bytes.
 */
int device_resize_disk(struct ctrl_store *store, uint32_t domid, uint32_t vdev, uint64_t *size,
		       struct report *report);

/* A device that a guest has. Numbers are 0 and strings NULL where something is not known. */
struct device_info {
	enum device_kind kind;
	uint32_t domid, devid;
	uint64_t backend_state;
	uint64_t frontend_state, event_channel; /* written by the guest, not trusted */
	/* of a disk */
	char *target, *mode, *device_type;
	uint64_t sectors, ring_ref; /* sectors: of 512 bytes */
	/* of an interface */
	char *mac, *bridge, *ip, *rate;
	char interface[VIF_NAME_SIZE]; /* in dom0 */
	uint64_t tx_ring_ref, rx_ring_ref;
};

/* The devices of a kind that a guest has, by number. How many, or a negative errno. */
int devices_list(struct ctrl_store *store, uint32_t domid, enum device_kind kind,
		 struct device_info **list, struct report *report);
void devices_free_list(struct device_info *list, int count);

/*
 * Lock for choosing and opening devices and for changing them in a config. It is held only briefly,
 * never while waiting for a guest. Returns a descriptor, which the caller closes, or a negative
 * errno.
 */
int devices_lock(const struct lock_wait *wait, struct report *report);

#endif
