/* SPDX-License-Identifier: ISC */
/* What the commands about disks and network interfaces have in common. */
#include "device_command.h"
#include "clients/store_open.h"
#include "config/vdev.h"
#include "xl-like/common/json.h"
#include "xl-like/common/talk.h"

#include <errno.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_timeout(struct device_command *command, const struct arguments *arguments)
{
	unsigned int seconds = DEVICE_GUEST_MS / 1000;
	int status = talk_parse_timeout(arguments, &seconds);

	command->guest.timeout_ms = (int)seconds * 1000;
	return status;
}

static int open_store(struct device_command *command)
{
	if (!store_open(&command->guest.store))
		return EXIT_OK;
	command->guest.store = NULL;
	return vmctl_fail(EXIT_UNREACHABLE, "%s", ctrl_error());
}

static int find_guest(struct device_command *command, const char *word)
{
	int status = target_find(command->ctrl, word, &command->target);

	if (status)
		return status;
	command->guest.domid = command->target.domid;
	memcpy(command->guest.uuid, command->target.uuid, sizeof(command->guest.uuid));
	return EXIT_OK;
}

static void warn(void *context, const char *text)
{
	(void)context;
	vmctl_warn(text);
}

int device_command_open(struct device_command *command, const struct arguments *arguments)
{
	int status;

	*command = (struct device_command){.guest.warn = warn};
	status = read_timeout(command, arguments);
	if (!status)
		status = vmctl_open(&command->ctrl);
	command->guest.ctrl = command->ctrl;
	if (!status)
		status = open_store(command);
	if (!status)
		status = find_guest(command, arguments->words[0]);
	return status;
}

void device_command_close(struct device_command *command)
{
	ctrl_store_close(command->guest.store);
	ctrl_close(command->ctrl);
}

int device_command_fail(const struct device_command *command, int err, const struct report *report)
{
	static const int config_errors[] = {-EINVAL, -ENOENT, -EACCES, -EISDIR, -EROFS};

	if (!err)
		return EXIT_OK;
	vmctl_fail(0, "%s: %s", command->target.name, report->text);
	for (size_t i = 0; i < sizeof(config_errors) / sizeof(config_errors[0]); i++)
		if (err == config_errors[i])
			return EXIT_CONFIG;
	return vmctl_status(err);
}

/* The arguments after the first, with commas between: xl lets them be given apart. To be freed. */
static char *join(const struct arguments *arguments)
{
	size_t size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (int i = 1; i < arguments->count; i++)
		fprintf(out, "%s%s", i > 1 ? "," : "", arguments->words[i]);
	fclose(out);
	return text;
}

int device_command_attach(const struct arguments *arguments,
			  int (*attach)(struct device_command *command, const char *text))
{
	char *text = join(arguments);
	struct device_command command;
	int status = device_command_open(&command, arguments);

	if (!status)
		status = text ? attach(&command, text) : vmctl_fail(EXIT_FAILED, "out of memory");
	device_command_close(&command);
	free(text);
	return status;
}

/* --- lists --- */

static void add_disk(yajl_gen json, const struct device_info *info)
{
	char name[VDEV_NAME_SIZE];

	json_add_text(json, "vdev", vdev_format(info->devid, name));
	json_add_text(json, "target", info->target ? info->target : "");
	json_add_flag(json, "writable", info->mode && *info->mode == 'w');
	json_add_text(json, "type", info->device_type ? info->device_type : "");
	json_add_number(json, "size_bytes", info->sectors * 512);
	json_add_number(json, "ring_ref", info->ring_ref);
}

static void add_vif(yajl_gen json, const struct device_info *info)
{
	json_add_text(json, "mac", info->mac ? info->mac : "");
	json_add_text(json, "bridge", info->bridge ? info->bridge : "");
	json_add_text(json, "interface", info->interface);
	if (info->ip)
		json_add_text(json, "ip", info->ip);
	if (info->rate)
		json_add_text(json, "rate", info->rate);
	json_add_number(json, "tx_ring_ref", info->tx_ring_ref);
	json_add_number(json, "rx_ring_ref", info->rx_ring_ref);
}

static void add_device(yajl_gen json, const struct target *target, const struct device_info *info)
{
	char path[DEVICE_PATH_SIZE];

	yajl_gen_map_open(json);
	json_add_number(json, "domid", info->domid);
	json_add_text(json, "domain", target->name);
	json_add_number(json, "devid", info->devid);
	json_add_text(json, "state", device_state_name((unsigned int)info->backend_state));
	json_add_text(json, "frontend_state",
		      device_state_name((unsigned int)info->frontend_state));
	json_add_number(json, "event_channel", info->event_channel);
	json_add_text(json, "backend",
		      device_backend_path(info->domid, info->kind, info->devid, path));
	if (info->kind == DEVICE_DISK)
		add_disk(json, info);
	else
		add_vif(json, info);
	yajl_gen_map_close(json);
}

static int list_guest(struct device_command *command, const struct device_format *format,
		      yajl_gen json)
{
	struct device_info *list;
	struct report report;
	int count = devices_list(command->guest.store, command->guest.domid, format->kind, &list,
				 &report);

	if (count < 0)
		return device_command_fail(command, count, &report);
	for (int i = 0; i < count; i++) {
		if (json)
			add_device(json, &command->target, &list[i]);
		else
			format->print(&list[i]);
	}
	devices_free_list(list, count);
	return EXIT_OK;
}

static int list_guests(struct device_command *command, const struct arguments *arguments,
		       const struct device_format *format, yajl_gen json)
{
	int status = EXIT_OK;

	for (int i = 0; i < arguments->count; i++) {
		int one = find_guest(command, arguments->words[i]);

		if (!one)
			one = list_guest(command, format, json);
		if (!status)
			status = one;
	}
	return status;
}

int device_command_list(const struct arguments *arguments, const struct device_format *format)
{
	yajl_gen json = arguments_option(arguments, "json") ? json_start() : NULL;
	struct device_command command = {0};
	int status = vmctl_open(&command.ctrl);

	if (!status)
		status = open_store(&command);
	if (!status && json) {
		yajl_gen_array_open(json);
		status = list_guests(&command, arguments, format, json);
		yajl_gen_array_close(json);
	} else if (!status) {
		format->print_head();
		status = list_guests(&command, arguments, format, NULL);
	}
	if (json)
		yajl_gen_free(json);
	device_command_close(&command);
	return status;
}
