/* SPDX-License-Identifier: ISC */
/* What the commands about disks and network interfaces have in common. */
#ifndef TOOLS_VMCTL_DEVICE_COMMAND_H
#define TOOLS_VMCTL_DEVICE_COMMAND_H

#include "device/device.h"
#include "guest/devices.h"
#include "xl-like/common/vmctl.h"

/* The guest that a command is about, its first argument. */
struct device_command {
	struct ctrl *ctrl;
	struct target target;
	struct guest_devices guest;
};

/* 0, or an exit status with the sentence printed. device_command_close() in any case. */
int device_command_open(struct device_command *command, const struct arguments *arguments);
void device_command_close(struct device_command *command);

/* Prints what went wrong; its exit status. 0 for 0. */
int device_command_fail(const struct device_command *command, int err, const struct report *report);

/* Has `attach` read the arguments behind the guest's as one text, and do it; its exit status. */
int device_command_attach(const struct arguments *arguments,
			  int (*attach)(struct device_command *command, const char *text));

/* How devices of a kind are listed. */
struct device_format {
	enum device_kind kind;
	void (*print_head)(void);
	void (*print)(const struct device_info *info);
};

/* Lists those of each guest that is named, or all in one JSON array with --json. */
int device_command_list(const struct arguments *arguments, const struct device_format *format);

#endif
