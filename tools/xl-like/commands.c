/* SPDX-License-Identifier: ISC */
/* The table of vmctl's commands. */
#include "vmctl.h"
#include "console/console_client.h"

#include <string.h>

static const struct option_row create_options[] = {
	{'n', "check", NULL, "only check the config, the files and whether it can be created"},
	{'c', "console", NULL, "attach to the guest's console"},
	{'p', "paused", NULL, "leave the guest paused; 'vmctl unpause' starts it"},
	{'q', "quiet", NULL, "print nothing but errors"},
	{0, NULL, NULL, NULL},
};

static const struct option_row list_options[] = {
	{'l', "long", NULL, "all that is known, one fact a line"},
	{'j', "json", NULL, "all that is known, as JSON"},
	{0, NULL, NULL, NULL},
};

static const struct option_row dmesg_options[] = {
	{'c', "clear", NULL, "empty the log after printing it"},
	{'p', "previous", NULL, "the log of the boot before, kept over a warm reset"},
	{0, NULL, NULL, NULL},
};

static const struct option_row ending_options[] = {
	{'a', "all", NULL, "all guests"},
	{'w', "wait", NULL, "until they have ended, or are back"},
	{0, "timeout", "SECONDS", "how long to wait; default: 10 for an answer, 300 for the end"},
	{0, NULL, NULL, NULL},
};

static const struct option_row timeout_options[] = {
	{0, "timeout", "SECONDS", "how long to wait; default: 300"},
	{0, NULL, NULL, NULL},
};

static const struct option_row change_options[] = {
	{0, "timeout", "SECONDS", "how long to wait for the guest; 0: not at all; default: 30"},
	{0, NULL, NULL, NULL},
};

static const struct option_row sched_options[] = {
	{'d', "domain", "DOMAIN", "which one; default: show all"},
	{'w', "weight", "NUMBER", "its share against others, 1 to 65535"},
	{'c', "cap", "PERCENT", "of a CPU at most; 0: no limit"},
	{0, NULL, NULL, NULL},
};

static const struct option_row dump_dtb_options[] = {
	{'o', "output", "FILE", "where to write it; default: standard output"},
	{0, NULL, NULL, NULL},
};

static const char *const console_usage[] = {console_client_usage};

const struct command commands[] = {
	{.name = "create",
	 .words = "FILE [key=value]...",
	 .doc = "create a guest from a config and start it",
	 .options = create_options,
	 .min = 1,
	 .max = -1,
	 .run = cmd_create},
	{.name = "destroy",
	 .words = "DOMAIN...",
	 .doc = "end guests at once",
	 .min = 1,
	 .max = -1,
	 .run = cmd_destroy},
	{.name = "shutdown",
	 .words = "DOMAIN...",
	 .doc = "ask guests to power off",
	 .options = ending_options,
	 .max = -1,
	 .run = cmd_shutdown},
	{.name = "reboot",
	 .words = "DOMAIN...",
	 .doc = "ask guests to reboot",
	 .options = ending_options,
	 .max = -1,
	 .run = cmd_reboot},
	{.name = "sysrq",
	 .words = "DOMAIN KEY",
	 .doc = "press a magic key (SysRq) in a Linux guest",
	 .min = 2,
	 .max = 2,
	 .run = cmd_sysrq},
	{.name = "wait",
	 .words = "DOMAIN up|shutdown|destroyed",
	 .doc = "wait until a guest has come to a state",
	 .options = timeout_options,
	 .min = 2,
	 .max = 2,
	 .run = cmd_wait},
	{.name = "list",
	 .words = "[DOMAIN]...",
	 .doc = "show the domains there are",
	 .options = list_options,
	 .max = -1,
	 .run = cmd_list},
	{.name = "console",
	 .words = "[-r] [-n] [-q] [--expect REGEX | --send TEXT]... [--timeout S] DOMAIN",
	 .doc = "attach to a guest's console; ^] detaches",
	 .run_raw = console_client_main,
	 .usage = console_usage},
	{.name = "pause",
	 .words = "DOMAIN...",
	 .doc = "stop guests from running",
	 .min = 1,
	 .max = -1,
	 .run = cmd_pause},
	{.name = "unpause",
	 .words = "DOMAIN...",
	 .doc = "let paused guests run",
	 .min = 1,
	 .max = -1,
	 .run = cmd_unpause},
	{.name = "mem-set",
	 .words = "DOMAIN SIZE",
	 .doc = "give a running guest more or less memory",
	 .options = change_options,
	 .min = 2,
	 .max = 2,
	 .run = cmd_mem_set},
	{.name = "mem-max",
	 .words = "DOMAIN SIZE",
	 .doc = "change the most memory that a guest can be given",
	 .min = 2,
	 .max = 2,
	 .run = cmd_mem_max},
	{.name = "vcpu-set",
	 .words = "DOMAIN NUMBER",
	 .doc = "have a running guest use so many of its vCPUs",
	 .options = change_options,
	 .min = 2,
	 .max = 2,
	 .run = cmd_vcpu_set},
	{.name = "vcpu-list",
	 .words = "[DOMAIN]...",
	 .doc = "show vCPUs, where they are and may be",
	 .max = -1,
	 .run = cmd_vcpu_list},
	{.name = "vcpu-pin",
	 .words = "DOMAIN VCPU|all CPUS|- [CPUS|-]",
	 .doc = "say where vCPUs may run, and where they would rather run",
	 .min = 3,
	 .max = 4,
	 .run = cmd_vcpu_pin},
	{.name = "sched-credit2",
	 .words = "",
	 .doc = "show or change guests' shares of CPU time",
	 .options = sched_options,
	 .run = cmd_sched_credit2},
	{.name = "rename",
	 .words = "DOMAIN NAME",
	 .doc = "give a guest another name",
	 .min = 2,
	 .max = 2,
	 .run = cmd_rename},
	{.name = "uptime",
	 .words = "[DOMAIN]...",
	 .doc = "show for how long domains have been running",
	 .max = -1,
	 .run = cmd_uptime},
	{.name = "domid",
	 .words = "NAME",
	 .doc = "print a domain's number",
	 .min = 1,
	 .max = 1,
	 .run = cmd_domid},
	{.name = "domname",
	 .words = "NUMBER",
	 .doc = "print a domain's name",
	 .min = 1,
	 .max = 1,
	 .run = cmd_domname},
	{.name = "info",
	 .words = "",
	 .doc = "show the hypervisor and the machine",
	 .run = cmd_info},
	{.name = "dmesg",
	 .words = "",
	 .doc = "print the hypervisor's log",
	 .options = dmesg_options,
	 .run = cmd_dmesg},
	{.name = "dump-dtb",
	 .words = "FILE [key=value]...",
	 .doc = "write the device tree that a guest would get",
	 .options = dump_dtb_options,
	 .min = 1,
	 .max = -1,
	 .run = cmd_dump_dtb},
	{.name = "help",
	 .words = "[COMMAND | config]",
	 .doc = "explain a command, or the keys of a config",
	 .max = 1,
	 .run = cmd_help},
	{.name = "version",
	 .words = "",
	 .doc = "print the versions of vmctl and of the hypervisor",
	 .run = cmd_version},
};

const size_t command_count = sizeof(commands) / sizeof(commands[0]);

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < command_count; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}
