/* SPDX-License-Identifier: ISC */
/* Checks that no two guests have the same MAC address on one bridge. dom0's kernel allows it. */
#include "device.h"
#include "base/report_ctrl.h"

#include <errno.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int fail_conflict(const struct device *device, const struct device_info *other,
			 struct report *report)
{
	char mac[VIF_MAC_SIZE];

	return report_set(
		report, -EEXIST,
		"the network interface %" PRIu32 ": domain %" PRIu32
		" has the MAC address %s on the bridge '%s' already: write another 'mac', "
		"or leave it out",
		device->devid, other->domid, vif_format_mac(device->vif->mac, mac), device->bridge);
}

static int compare(const struct devices *devices, const struct device_info *other,
		   struct report *report)
{
	char mac[VIF_MAC_SIZE];

	for (size_t i = 0; i < devices->count; i++) {
		const struct device *device = &devices->list[i];

		if (device->kind == DEVICE_VIF && other->mac && other->bridge &&
		    !strcasecmp(vif_format_mac(device->vif->mac, mac), other->mac) &&
		    !strcmp(device->bridge, other->bridge))
			return fail_conflict(device, other, report);
	}
	return 0;
}

static int check_domain(struct ctrl_store *store, uint32_t domid, const struct devices *devices,
			struct report *report)
{
	struct device_info *list;
	int count = devices_list(store, domid, DEVICE_VIF, &list, report), err = 0;

	if (count < 0)
		return count;
	for (int i = 0; i < count && !err; i++)
		err = compare(devices, &list[i], report);
	devices_free_list(list, count);
	return err;
}

static bool has_vif(const struct devices *devices)
{
	for (size_t i = 0; i < devices->count; i++)
		if (devices->list[i].kind == DEVICE_VIF)
			return true;
	return false;
}

int devices_check_others(struct ctrl *ctrl, struct ctrl_store *store, uint32_t domid,
			 const struct devices *devices, struct report *report)
{
	struct ctrl_domain_info *list;
	int count, err = 0;

	if (!has_vif(devices))
		return 0;
	count = ctrl_list_all_domains(ctrl, &list);
	if (count < 0)
		return report_ctrl(report, count);
	/* skip stopped domains: they send nothing, and may be kept beside their successors */
	for (int i = 0; i < count && !err; i++)
		if (list[i].domid && list[i].domid != domid && !list[i].dying && !list[i].shutdown)
			err = check_domain(store, list[i].domid, devices, report);
	free(list);
	return err;
}
