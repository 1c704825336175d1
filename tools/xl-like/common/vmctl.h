/* SPDX-License-Identifier: ISC */
/* What vmctl's commands have in common. */
#ifndef TOOLS_XL_LIKE_COMMON_VMCTL_H
#define TOOLS_XL_LIKE_COMMON_VMCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/report.h"

struct ctrl;
struct ctrl_domain_info;
struct registry_domain;

/* vmctl's exit status, the same for all commands; vmctl(1) documents it. */
enum vmctl_exit {
	EXIT_OK = 0,
	EXIT_FAILED = 1,      /* tried and refused, or out of something */
	EXIT_USAGE = 2,       /* the command line is wrong */
	EXIT_NO_DOMAIN = 3,   /* no such domain, or it went away */
	EXIT_TIMEOUT = 4,     /* did not happen in time */
	EXIT_CONFIG = 5,      /* the guest's config, kernel or ramdisk is wrong */
	EXIT_UNREACHABLE = 6, /* no hypervisor interface, or a daemon does not run */
};

/* One option of a command. */
struct option_row {
	char letter;          /* 0: has none */
	const char *name;     /* after "--" */
	const char *argument; /* what follows it, for the usage; NULL: nothing */
	const char *doc;
};

#define OPTIONS_MAX 8 /* in one command */

struct arguments;

struct command {
	const char *name;
	const char *words; /* arguments, for the usage: "FILE [key=value]..." */
	const char *doc;
	const struct option_row *options; /* ends with a NULL name; NULL: none */
	int min, max;                     /* how many arguments; max < 0: any number */
	int (*run)(const struct arguments *arguments);
	/* Takes its command line as it is, argv[0] being the command; min, max and run unused. */
	int (*run_raw)(int argc, char *const argv[]);
	const char *const *usage; /* of a run_raw command; NULL: made from the rest */
};

/* A command line after parsing. */
struct arguments {
	const struct command *command;
	const char *values[OPTIONS_MAX]; /* of option n: its argument, or "" ; NULL: not given */
	char **words;                    /* what is not an option */
	int count;
};

/*
 * Parses what follows the command's name. Options may stand anywhere before "--"; letters can be
 * joined (-nq). out->words points into a list that the caller free()s. 0; -EINVAL with the report
 * set; -ENOMEM; 1 where help was asked for.
 */
int arguments_parse(const struct command *command, int argc, char *const argv[],
		    struct arguments *out, struct report *report);

/* Whether an option was given, by its long name; the value of one that takes an argument. */
const char *arguments_option(const struct arguments *arguments, const char *name);

/* --- what commands use --- */

/* Prints "vmctl: ..." to stderr and returns status. */
int vmctl_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints "vmctl: warning: ..." to stderr. */
void vmctl_warn(const char *text);

/* The exit status for a negative errno of libctrl or of a room below tools/. */
int vmctl_status(int err);

/* Opens libctrl or prints why not. 0 or an exit status. */
int vmctl_open(struct ctrl **ctrl);

/* registry_name_foreign(), which says so where the store daemon hangs. */
void vmctl_name_foreign(struct registry_domain *domains, size_t count);

/* Takes away what a vmctl that was killed has left half made, and says so. */
void vmctl_clear_abandoned(struct ctrl *ctrl);

/* A domain that someone named by number or name. */
struct target {
	uint32_t domid;
	uint8_t uuid[16];
	bool paused, shutdown;
	uint8_t shutdown_reason;
	char name[64]; /* "(none)" when it has none */
};

/* Finds a domain. 0 or an exit status: look_up sets the sentence that says why, find prints it. */
int target_look_up(struct ctrl *ctrl, const char *word, struct target *target,
		   struct report *report);
int target_find(struct ctrl *ctrl, const char *word, struct target *target);

/*
 * Runs go for each of the words, which name domains. All are tried, even when some fail; the status
 * is that of the first failure.
 */
int words_each(const struct arguments *arguments, int (*go)(struct ctrl *ctrl, const char *word));

/* Several domains that someone named. */
struct targets {
	struct ctrl *ctrl; /* NULL: nothing could be opened */
	struct target *list;
	size_t count;
};

/*
 * Finds the domains that words name; all there are where there are no words. Prints for each that
 * is not there, and takes the others. 0, or the exit status of the first failure; with ctrl NULL
 * there is no more to do. targets_close() in any case.
 */
int targets_open(struct targets *targets, char *const words[], int count);
void targets_close(struct targets *targets);

#endif
