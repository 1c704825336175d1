/* SPDX-License-Identifier: ISC */
/* vmctl's commands. */
#ifndef TOOLS_XL_LIKE_CMD_CMD_H
#define TOOLS_XL_LIKE_CMD_CMD_H

#include "xl-like/common/vmctl.h"

/* The commands, each in its file. They return an enum vmctl_exit. */
int cmd_block_attach(const struct arguments *arguments);
int cmd_block_detach(const struct arguments *arguments);
int cmd_block_list(const struct arguments *arguments);
int cmd_block_resize(const struct arguments *arguments);
int cmd_console(int argc, char *const argv[]);
int cmd_create(const struct arguments *arguments);
int cmd_destroy(const struct arguments *arguments);
int cmd_dmesg(const struct arguments *arguments);
int cmd_domid(const struct arguments *arguments);
int cmd_domname(const struct arguments *arguments);
int cmd_dump_dtb(const struct arguments *arguments);
int cmd_info(const struct arguments *arguments);
int cmd_list(const struct arguments *arguments);
int cmd_mem_max(const struct arguments *arguments);
int cmd_mem_set(const struct arguments *arguments);
int cmd_network_attach(const struct arguments *arguments);
int cmd_network_detach(const struct arguments *arguments);
int cmd_network_list(const struct arguments *arguments);
int cmd_pause(const struct arguments *arguments);
int cmd_reboot(const struct arguments *arguments);
int cmd_rename(const struct arguments *arguments);
int cmd_sched_credit2(const struct arguments *arguments);
int cmd_shutdown(const struct arguments *arguments);
int cmd_sysrq(const struct arguments *arguments);
int cmd_unpause(const struct arguments *arguments);
int cmd_uptime(const struct arguments *arguments);
int cmd_vcpu_list(const struct arguments *arguments);
int cmd_vcpu_pin(const struct arguments *arguments);
int cmd_vcpu_set(const struct arguments *arguments);
int cmd_version(const struct arguments *arguments);
int cmd_wait(const struct arguments *arguments);

/* Says on stderr that the guest of this name is to be restarted, where it is. */
void console_tell_restart(const char *name);

#endif
