/* SPDX-License-Identifier: ISC */
/* vmctl network-attach, network-detach, network-list. */
#include "cmd.h"
#include "device_command.h"
#include "base/number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int attach(struct device_command *command, const char *text)
{
	char mac[VIF_MAC_SIZE];
	struct vif_spec vif;
	struct report report;
	uint32_t devid;
	int err = vif_spec_parse(text, &vif, &report);

	if (!err)
		err = guest_attach_vif(&command->guest, &vif, &devid, &report);
	if (!err)
		printf("%s: network interface %" PRIu32 " attached, %s\n", command->target.name,
		       devid, vif_format_mac(vif.mac, mac));
	return device_command_fail(command, err, &report);
}

int cmd_network_attach(const struct arguments *arguments)
{
	return device_command_attach(arguments, attach);
}

/* The interface with this MAC address. -ENOENT: there is none. */
static int find_mac(const struct device_command *command, const char *word, uint32_t *devid,
		    struct report *report)
{
	struct device_info *list;
	int count =
		devices_list(command->guest.store, command->guest.domid, DEVICE_VIF, &list, report);
	int err = -ENOENT;

	if (count < 0)
		return count;
	for (int i = 0; i < count; i++) {
		if (!list[i].mac || strcasecmp(list[i].mac, word))
			continue;
		*devid = list[i].devid;
		err = 0;
	}
	devices_free_list(list, count);
	return err ? report_set(report, err, "the guest has no network interface '%s'", word) : 0;
}

static int find_interface(const struct device_command *command, const char *word, uint32_t *devid,
			  struct report *report)
{
	uint64_t number;

	if (!number_parse(word, 0, UINT16_MAX, &number))
		return find_mac(command, word, devid, report);
	*devid = (uint32_t)number;
	return 0;
}

/* One that the guest was made without has no number. The sentence is there that there is none. */
static int detach_absent(const struct device_command *command, const char *word,
			 struct report *report)
{
	struct report none = *report;
	char text[64];
	struct vif_spec vif;
	int err;

	snprintf(text, sizeof(text), "mac=%s", word);
	if (strlen(word) != VIF_MAC_SIZE - 1 || vif_spec_parse(text, &vif, report)) {
		*report = none;
		return -ENOENT;
	}
	err = guest_detach_mac(&command->guest, vif.mac, report);
	if (err == -ENOENT)
		*report = none;
	return err;
}

int cmd_network_detach(const struct arguments *arguments)
{
	bool force = arguments_option(arguments, "force");
	struct device_command command;
	struct report report;
	uint32_t devid = 0;
	int status = device_command_open(&command, arguments), err;

	if (!status) {
		err = find_interface(&command, arguments->words[1], &devid, &report);
		if (!err)
			err = guest_detach_vif(&command.guest, devid, force, &report);
		else if (err == -ENOENT)
			err = detach_absent(&command, arguments->words[1], &report);
		status = device_command_fail(&command, err, &report);
	}
	device_command_close(&command);
	return status;
}

static void print_head(void)
{
	printf("Domain\tIndex\tMAC\t\t\tState\tBridge\tInterface\tIP\n");
}

static void print_vif(const struct device_info *info)
{
	printf("%" PRIu32 "\t%" PRIu32 "\t%s\t%s\t%s\t%s\t%s\n", info->domid, info->devid,
	       info->mac ? info->mac : "-", device_state_name((unsigned int)info->backend_state),
	       info->bridge ? info->bridge : "-", *info->interface ? info->interface : "-",
	       info->ip ? info->ip : "-");
}

int cmd_network_list(const struct arguments *arguments)
{
	static const struct device_format format = {
		.kind = DEVICE_VIF,
		.print_head = print_head,
		.print = print_vif,
	};

	return device_command_list(arguments, &format);
}
