/* SPDX-License-Identifier: ISC */
/* The table of vmctl's commands, and their usage. */
#ifndef TOOLS_XL_LIKE_COMMANDS_H
#define TOOLS_XL_LIKE_COMMANDS_H

#include "xl-like/common/vmctl.h"

extern const struct command commands[];
extern const size_t command_count;

const struct command *command_find(const char *name);

/* The usage of a command as `vmctl help` prints it. */
void usage_print_command(const struct command *command);
void usage_print_all(void);

/* The command that prints them. */
int cmd_help(const struct arguments *arguments);

#endif
