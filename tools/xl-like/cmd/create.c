/* SPDX-License-Identifier: ISC */
/* vmctl create. */
#include "base/path.h"
#include "clients/console_client.h"
#include "cmd.h"
#include "config/guest_config.h"
#include "guest/guest.h"
#include "xl-like/common/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <libctrl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A guest must not be left half made: these signals wait, and are asked for between the steps. */
static const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP};

#define STOP_SIGNALS (sizeof(stop_signals) / sizeof(stop_signals[0]))

/* Those that would end vmctl; what it was started to ignore, as under nohup, stays ignored. */
static void make_signal_set(sigset_t *set)
{
	struct sigaction action;

	sigemptyset(set);
	for (size_t i = 0; i < STOP_SIGNALS; i++)
		if (!sigaction(stop_signals[i], NULL, &action) && action.sa_handler != SIG_IGN)
			sigaddset(set, stop_signals[i]);
}

static bool is_cancelled(void *context)
{
	sigset_t pending;

	(void)context;
	if (sigpending(&pending))
		return false;
	for (size_t i = 0; i < STOP_SIGNALS; i++)
		if (sigismember(&pending, stop_signals[i]))
			return true;
	return false;
}

static void show_step(void *context, const char *step)
{
	progress_step(context, step);
}

static void show_warning(void *context, const char *text)
{
	const struct progress *progress = context;

	fprintf(stderr, "%s: warning: %s\n", progress->name, text);
}

/* What the guest's own files do wrong is told apart from what the machine cannot do. */
static int create_status(int err)
{
	static const int config_errors[] = {-EINVAL, -ENOEXEC, -ENOENT, -EACCES, -EISDIR};

	for (size_t i = 0; i < sizeof(config_errors) / sizeof(config_errors[0]); i++)
		if (err == config_errors[i])
			return EXIT_CONFIG;
	return vmctl_status(err);
}

static int attach(uint32_t domid, bool quiet)
{
	char number[16];
	struct console_options options = {.guest = number, .quiet = quiet};

	fflush(stdout);
	snprintf(number, sizeof(number), "%" PRIu32, domid);
	return console_client_run(&options);
}

static int create_guest(struct ctrl *ctrl, const struct guest_config *config,
			struct guest_options *options, bool quiet, uint32_t *domid)
{
	struct progress progress;
	struct report report;
	sigset_t signals, before;
	int err;

	make_signal_set(&signals);
	sigprocmask(SIG_BLOCK, &signals, &before);
	progress_start(&progress, config->name, quiet);
	options->context = &progress;
	err = guest_create(ctrl, config, options, domid, &report);
	progress_stop(&progress);
	if (err)
		vmctl_fail(0, "%s: %s", config->name, report.text);
	sigprocmask(SIG_SETMASK, &before, NULL); /* a waiting signal ends vmctl here */
	return err ? create_status(err) : EXIT_OK;
}

/* What a check cannot find out, for its last line. */
static const char *not_looked_at(const struct ctrl *ctrl, const struct guest_config *config)
{
	if (!ctrl)
		return " (not looked at, as there is no hypervisor here: names and uuids in use, "
		       "free "
		       "memory, the hypervisor's limits, disks, bridges, the daemons)";
	if (config->disks.count + config->vifs.count)
		return " (not looked at: whether dom0's drivers take up the disks and interfaces)";
	return "";
}

static int check_only(const struct guest_config *config, bool quiet)
{
	struct progress progress = {.name = config->name};
	const struct guest_options options = {.warn = show_warning, .context = &progress};
	struct ctrl *ctrl = NULL;
	struct report report;
	sigset_t signals, before;
	int err;

	/* a config can be checked on any machine; with no hypervisor, less is looked at */
	if (ctrl_open(&ctrl) < 0)
		ctrl = NULL;
	make_signal_set(&signals); /* the domain that is made for a moment shall not stay */
	sigprocmask(SIG_BLOCK, &signals, &before);
	err = guest_check(ctrl, config, &options, &report);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (err)
		vmctl_fail(0, "%s: %s", config->name, report.text);
	else if (!quiet)
		printf("%s: can be created%s\n", config->name, not_looked_at(ctrl, config));
	ctrl_close(ctrl);
	return err ? create_status(err) : EXIT_OK;
}

static int create_and_tell(const struct arguments *arguments, const struct guest_config *config)
{
	bool quiet = arguments_option(arguments, "quiet");
	const char *file = arguments->words[0];
	char *path = strcmp(file, "-") ? path_make_absolute(NULL, file) : NULL;
	struct guest_options options = {
		.leave_paused = arguments_option(arguments, "paused"),
		.config_path = path,
		.progress = show_step,
		.warn = show_warning,
		.cancelled = is_cancelled,
	};
	struct ctrl *ctrl;
	uint32_t domid;
	int status = vmctl_open(&ctrl);

	if (!status) {
		vmctl_clear_abandoned(ctrl);
		status = create_guest(ctrl, config, &options, quiet, &domid);
		ctrl_close(ctrl);
	}
	free(path);
	if (status)
		return status;
	if (!quiet)
		printf("%s: domain %" PRIu32 " %s\n", config->name, domid,
		       options.leave_paused ? "created, paused" : "started");
	if (!arguments_option(arguments, "console"))
		return EXIT_OK;
	status = attach(domid, quiet);
	console_tell_restart(config->name);
	return status;
}

int cmd_create(const struct arguments *arguments)
{
	bool quiet = arguments_option(arguments, "quiet");
	struct guest_config config;
	struct report report;
	int status;

	if (guest_config_load(arguments->words[0], arguments->words + 1,
			      (size_t)arguments->count - 1, vmctl_warn, &config, &report))
		return vmctl_fail(EXIT_CONFIG, "%s", report.text);
	if (arguments_option(arguments, "check"))
		status = check_only(&config, quiet);
	else
		status = create_and_tell(arguments, &config);
	guest_config_clear(&config);
	return status;
}
