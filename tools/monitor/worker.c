/* SPDX-License-Identifier: ISC */
/* The monitor's hands: a forked process that destroys a guest's domain and creates the guest anew.
 */
#include "monitor.h"

#include "guest/abandoned.h"
#include "daemon/daemon.h"
#include "guest/guest.h"
#include "guest/store.h"
#include "guest/registry.h"
#include "clients/store_open.h"
#include "clients/console_client.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct monitor *parent; /* in the worker: what it was forked from */

/* The record stays the daemon's; what becomes of it is decided by the worker's exit status. */
static void forget_nothing(void *context, uint32_t domid, const uint8_t uuid[16])
{
	(void)context;
	(void)domid;
	(void)uuid;
}

/* The daemon may have been killed and be on its way back: the new guest is not given up for that.
 */
static int register_by_socket(void *context, const struct monitor_guest *guest,
			      struct report *report)
{
	const struct timespec pause = {.tv_nsec = 250 * 1000 * 1000};
	int ret = -ECONNREFUSED;

	(void)context;
	for (int i = 0; i < 20 && ret == -ECONNREFUSED; i++) {
		if (i > 0)
			nanosleep(&pause, NULL);
		ret = monitor_client_register(parent->monitor_socket, guest, report);
	}
	return ret;
}

static void log_warning(void *context, const char *text)
{
	const struct record *record = context;

	daemon_log("guest %s: warning: %s", record->guest.name, text);
}

static struct guest_options make_options(const struct record *record)
{
	return (struct guest_options){
		.warn = log_warning,
		.context = (void *)record,
		.restart = true,
		.console_socket = parent->console_socket,
		.monitor_socket = parent->monitor_socket,
		.register_guest = register_by_socket,
		.forget_guest = forget_nothing,
	};
}

static int destroy_old(struct ctrl *ctrl, const struct record *record)
{
	const struct guest_options options = make_options(record);
	struct report report = {""};
	int ret = guest_destroy(ctrl, record->guest.domid, record->guest.uuid, record->shutdown,
				&options, &report);

	if (ret < 0)
		daemon_log("guest %s (domain %u): cannot be destroyed: %s", record->guest.name,
			   record->guest.domid, report.text);
	else
		daemon_log("guest %s (domain %u): destroyed", record->guest.name,
			   record->guest.domid);
	return ret;
}

/* "web" becomes "web-3", its domain's number, cut so that it stays a name. */
static void make_old_name(const struct record *record, char name[MONITOR_NAME_MAX + 1])
{
	char suffix[16];
	int length = snprintf(suffix, sizeof(suffix), "-%u", record->guest.domid);

	snprintf(name, MONITOR_NAME_MAX + 1, "%.*s%s", MONITOR_NAME_MAX - length,
		 record->guest.name, suffix);
}

/* Where others look for names, its successor is to be found. */
static void rename_in_store(const struct record *record, const char *name)
{
	struct ctrl_store *store;
	struct report report = {""};

	if (store_open(&store) < 0)
		return;
	if (guest_store_rename(store, record->guest.domid, record->guest.uuid, name, &report) < 0)
		daemon_log("guest %s (domain %u): keeps its name in the store: %s",
			   record->guest.name, record->guest.domid, report.text);
	ctrl_store_close(store);
}

static int rename_old(const struct record *record)
{
	char name[MONITOR_NAME_MAX + 1];
	struct report report = {""};
	int ret;

	make_old_name(record, name);
	ret = registry_rename(NULL, record->guest.domid, record->guest.uuid, name, &report);
	if (ret < 0) {
		daemon_log("guest %s (domain %u): cannot be renamed to %s: %s", record->guest.name,
			   record->guest.domid, name, report.text);
		return ret;
	}
	rename_in_store(record, name);
	/* It says nothing any more, and its successor needs the console's name. */
	console_client_died(parent->console_socket, record->guest.domid, record->guest.uuid,
			    record->shutdown, NULL);
	daemon_log("guest %s (domain %u): kept as %s", record->guest.name, record->guest.domid,
		   name);
	return 0;
}

static void log_sentence(const char *text)
{
	daemon_log("%s", text);
}

static int create_new(struct ctrl *ctrl, const struct record *record)
{
	const struct guest_options options = make_options(record);
	const struct abandoned_options abandoned = {
		.console_socket = parent->console_socket,
		.monitor_socket = parent->monitor_socket,
		.tell = log_sentence,
	};
	struct guest_config config = {0};
	struct report report = {""};
	uint32_t domid = 0;
	int ret = guest_config_load_text(record->guest.name, record->guest.config,
					 record->guest.config_size, &config, &report);

	abandoned_clear(ctrl, &abandoned); /* an earlier worker's, perhaps */
	if (ret == 0)
		ret = guest_create(ctrl, &config, &options, &domid, &report);
	if (ret < 0) {
		daemon_log("guest %s: cannot be created again: %s", record->guest.name,
			   report.text);
		monitor_client_explain(parent->monitor_socket, record->guest.uuid, report.text);
	} else
		daemon_log("guest %s: created again as domain %u", record->guest.name, domid);
	guest_config_clear(&config);
	return ret;
}

static enum work_result do_work(const struct work *work)
{
	struct ctrl *ctrl;
	enum work_result result = WORK_DONE;

	if (ctrl_open(&ctrl) < 0) {
		daemon_log("guest %s: %s", work->record->guest.name, ctrl_error());
		return work->destroy || work->rename ? WORK_KEEP_FAILED : WORK_CREATE_FAILED;
	}
	if ((work->destroy && destroy_old(ctrl, work->record) < 0) ||
	    (work->rename && rename_old(work->record) < 0))
		result = WORK_KEEP_FAILED;
	else if (work->create && create_new(ctrl, work->record) < 0)
		result = WORK_CREATE_FAILED;
	ctrl_close(ctrl);
	return result;
}

pid_t worker_start(struct monitor *monitor, const struct work *work)
{
	pid_t worker = fork();

	if (worker < 0)
		return -errno;
	if (worker > 0)
		return worker;
	/* The daemon's descriptors, the hypervisor's among them, are closed and not used any more.
	 */
	daemon_become_worker();
	parent = monitor;
	_exit((int)do_work(work));
}

void worker_tell_dead(struct monitor *monitor, const struct record *record)
{
	pid_t worker = fork();

	if (worker < 0)
		daemon_log("cannot start a worker: %s", strerror(errno));
	if (worker != 0) /* the console daemon finds out by itself, too, a little later */
		return;
	daemon_become_worker();
	_exit(console_client_died(monitor->console_socket, record->guest.domid, record->guest.uuid,
				  record->shutdown, NULL) < 0);
}

void worker_kill(pid_t worker)
{
	kill(worker, SIGKILL);
}
