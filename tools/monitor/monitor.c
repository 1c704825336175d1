/* SPDX-License-Identifier: ISC */
/* Which guests are watched, what is done about an end, and what is still to be done. */
#include "monitor.h"

#include "daemon/daemon.h"
#include "clients/domain_find.h"
#include "clients/monitor_protocol.h"
#include "base/read_file.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RETRY_MS 2000 /* before trying again; also time for a worker of an old daemon to finish */

/* ---- requests ---- */

static int refuse(int ret, const char *name, const char *why, struct report *report)
{
	return report_set(report, ret, "the monitor cannot watch guest %s: %s", name, why);
}

/* Nobody tells of what happened before it was watched. */
static bool may_have_ended(struct monitor *monitor, const struct monitor_guest *guest)
{
	struct ctrl_domain_info info;

	return ctrl_get_domain(monitor->ctrl, guest->domid, &info) < 0 || info.dying ||
	       info.shutdown || memcmp(info.uuid, guest->uuid, sizeof(info.uuid)) != 0;
}

int monitor_register(struct monitor *monitor, const struct monitor_guest *guest, int64_t now_ms,
		     struct report *report)
{
	struct record *record = record_find(monitor, guest->uuid);
	bool restarted = record && record->state != RECORD_WATCHING;

	if (record && record->cancelled)
		return refuse(-ECANCELED, guest->name,
			      "it was destroyed while it was being restarted", report);
	record = record_obtain(monitor, record, guest);
	if (!record)
		return refuse(-ENOMEM, guest->name, "no memory", report);
	if (!restarted)
		record->guard = (struct guard){0};
	record->started_ms = now_ms;
	record->due_ms = 0;
	record->shutdown = -1;
	record->reason[0] = '\0';
	record->registered = true;
	/* With a worker at it the guest is not complete yet: it is watched once the worker is done.
	 */
	if (!record->worker)
		record->state = RECORD_WATCHING;
	if (may_have_ended(monitor, guest))
		monitor->check_ms = now_ms;
	daemon_log(
		"guest %s (domain %u): watched; on poweroff %s, reboot %s, crash %s, watchdog %s",
		guest->name, guest->domid, monitor_action_name(guest->on[MONITOR_ON_POWEROFF]),
		monitor_action_name(guest->on[MONITOR_ON_REBOOT]),
		monitor_action_name(guest->on[MONITOR_ON_CRASH]),
		monitor_action_name(guest->on[MONITOR_ON_WATCHDOG]));
	record_save(monitor, record);
	return 0;
}

/*
 * No more is done for it. The REGISTER of a worker that is at it will be refused: it undoes its
 * work.
 */
static void let_go(struct monitor *monitor, struct record *record)
{
	daemon_log("guest %s (domain %u): no longer watched%s", record->guest.name,
		   record->guest.domid,
		   record->state == RECORD_WATCHING ? "" : ", its restart is called off");
	if (record->worker)
		record->cancelled = true;
	else
		record_drop(monitor, record);
}

int monitor_forget(struct monitor *monitor, uint32_t domid, const uint8_t uuid[16],
		   struct report *report)
{
	struct record *record = record_find(monitor, uuid);

	/* A guest preserved by rename-restart has the uuid of its successor, but not its domid. */
	if (!record || (record->state == RECORD_WATCHING && record->guest.domid != domid)) {
		return report_set(report, -ENOENT, "the monitor does not watch domain %u", domid);
	}
	let_go(monitor, record);
	return 0;
}

/* Its restart is pending as long as the new domain has not been registered. */
static bool is_restarting(const struct record *record)
{
	return record->state != RECORD_WATCHING && policy_restarts(record->action) &&
	       !record->registered && !record->cancelled;
}

int monitor_call_off(struct monitor *monitor, const char *name, struct report *report)
{
	for (struct record *record = monitor->records; record; record = record->next) {
		if (!is_restarting(record) || strcmp(record->guest.name, name) != 0)
			continue;
		let_go(monitor, record);
		return 0;
	}
	return report_set(report, -ENOENT, "no restart of a guest called '%s' is pending", name);
}

int monitor_explain(struct monitor *monitor, const uint8_t uuid[16], const char *sentence,
		    struct report *report)
{
	struct record *record = record_find(monitor, uuid);

	if (!record || !is_restarting(record)) {
		return report_set(report, -ENOENT, "no restart of this guest is pending");
	}
	snprintf(record->reason, sizeof(record->reason), "%s", sentence);
	return 0;
}

bool monitor_next_pending(const struct monitor *monitor, const uint8_t after[16], int64_t now_ms,
			  struct monitor_pending *pending)
{
	const struct record *first = NULL;

	for (const struct record *record = monitor->records; record; record = record->next)
		if (is_restarting(record) && memcmp(record->guest.uuid, after, 16) > 0 &&
		    (!first || memcmp(record->guest.uuid, first->guest.uuid, 16) < 0))
			first = record;
	if (!first)
		return false;
	*pending = (struct monitor_pending){
		.working = first->state == RECORD_WORKING,
		.tries = first->guard.quick_deaths,
	};
	if (!pending->working && first->due_ms > now_ms)
		pending->due_ms = (uint32_t)(first->due_ms - now_ms);
	memcpy(pending->uuid, first->guest.uuid, sizeof(pending->uuid));
	snprintf(pending->name, sizeof(pending->name), "%s", first->guest.name);
	strcpy(pending->reason, first->reason);
	return true;
}

/* ---- acting ---- */

/* Have a worker do a piece of work; when none can be started the record is met again later. */
static void start_work(struct monitor *monitor, struct record *record, const struct work *work,
		       int64_t now_ms)
{
	enum record_state before = record->state;
	pid_t worker;

	record->state =
		RECORD_WORKING; /* written before anything is done, for a daemon that follows */
	record->registered = false;
	record_save(monitor, record);
	worker = monitor->start_work(monitor, work);
	if (worker > 0) {
		record->worker = worker;
		record->kill_ms = now_ms + MONITOR_WORK_MS;
		monitor->workers++;
		return;
	}
	daemon_log("guest %s: cannot start a worker: %s", record->guest.name,
		   strerror((int)-worker));
	record->state = before;
	record->due_ms = now_ms + RETRY_MS;
	record_save(monitor, record);
}

/* Why there is a pause before the restart, for those who ask meanwhile. */
static void explain_pause(struct record *record)
{
	record->reason[0] = '\0';
	if (record->delay_ms > 0)
		snprintf(record->reason, sizeof(record->reason),
			 "it has ended within %d s of its start %u times in a row, at last by %s",
			 GUARD_QUICK_MS / 1000, record->guard.quick_deaths,
			 ctrl_shutdown_name((unsigned)record->shutdown));
}

/* The domain is in shutdown: what does its policy say? */
static void act(struct monitor *monitor, struct record *record, unsigned reason, int64_t now_ms)
{
	struct work work = {.record = record};
	enum monitor_event event;

	if (!policy_event(reason, &event))
		return;
	record->shutdown = (int)reason;
	record->action = record->guest.on[event];
	record->delay_ms = 0;
	if (policy_restarts(record->action))
		record->delay_ms = guard_next_delay(&record->guard, now_ms - record->started_ms);
	explain_pause(record);
	daemon_log("guest %s (domain %u): %s after %lld s: %s", record->guest.name,
		   record->guest.domid, ctrl_shutdown_name(reason),
		   (long long)(now_ms - record->started_ms) / 1000,
		   monitor_action_name(record->action));
	if (record->delay_ms)
		daemon_log("guest %s: is created again after a pause of %d s: %s",
			   record->guest.name, record->delay_ms / 1000, record->reason);
	if (record->action == MONITOR_PRESERVE) {
		record_drop(monitor, record);
		return;
	}
	work.rename = record->action == MONITOR_RENAME_RESTART;
	work.destroy = !work.rename;
	work.create = policy_restarts(record->action) && record->delay_ms == 0;
	start_work(monitor, record, &work, now_ms);
}

/* Somebody destroyed it; the console daemon may not know yet. */
static void vanish(struct monitor *monitor, struct record *record)
{
	monitor->tell_dead(monitor, record);
	daemon_log("guest %s (domain %u): is gone, not by this monitor", record->guest.name,
		   record->guest.domid);
	record_drop(monitor, record);
}

void monitor_check(struct monitor *monitor, int64_t now_ms)
{
	static const int interval_ms[] = {
		[MONITOR_NOT_TOLD] = MONITOR_POLL_MS,
		[MONITOR_TOLD_BY_STORE] = MONITOR_WATCH_MS,
		[MONITOR_TOLD_BY_VIRQ] = MONITOR_CHECK_MS,
	};
	struct ctrl_domain_info *list;
	struct record *record, *next;
	int count = ctrl_list_all_domains(monitor->ctrl, &list);

	monitor->check_ms = now_ms + interval_ms[monitor->told];
	if (count < 0) {
		daemon_log("cannot look at the domains: %s", ctrl_error());
		return;
	}
	for (record = monitor->records; record; record = next) {
		const struct ctrl_domain_info *info =
			domain_find(list, count, record->guest.domid, record->guest.uuid);

		next = record->next;
		if (record->state != RECORD_WATCHING)
			continue;
		if (!info || info->dying)
			vanish(monitor, record);
		else if (info->shutdown && now_ms >= record->due_ms &&
			 monitor->workers < MONITOR_MAX_WORKERS)
			act(monitor, record, info->shutdown_reason, now_ms);
	}
	free(list);
}

/* ---- creating again, once it is due ---- */

/* The guest under another number than the one it had: made by a worker of a daemon that was killed.
 */
static const struct ctrl_domain_info *find_successor(const struct ctrl_domain_info *list, int count,
						     const struct record *record)
{
	for (int i = 0; i < count; i++)
		if (!list[i].dying && list[i].domid != record->guest.domid &&
		    memcmp(list[i].uuid, record->guest.uuid, 16) == 0 &&
		    !domain_is_half_made(&list[i]))
			return &list[i];
	return NULL;
}

static void create_or_adopt(struct monitor *monitor, struct record *record, int64_t now_ms)
{
	const struct work work = {.record = record, .create = true};
	const struct ctrl_domain_info *info;
	struct ctrl_domain_info *list = NULL;
	int count = ctrl_list_all_domains(monitor->ctrl, &list);

	info = count > 0 ? find_successor(list, count, record) : NULL;
	if (info) {
		record->guest.domid = info->domid;
		record->state = RECORD_WATCHING;
		record->reason[0] = '\0';
		record->started_ms = now_ms;
		record_save(monitor, record);
		daemon_log("guest %s (domain %u): was created again already", record->guest.name,
			   record->guest.domid);
	} else {
		start_work(monitor, record, &work, now_ms);
	}
	if (count >= 0)
		free(list);
}

/* ---- time ---- */

static bool is_due(const struct record *record, int64_t now_ms)
{
	return record->state == RECORD_WAITING && !record->worker && now_ms >= record->due_ms;
}

/* Its end is reported as any other's; what it has left half done is taken away. */
static void kill_if_late(struct monitor *monitor, struct record *record, int64_t now_ms)
{
	if (!record->worker || now_ms < record->kill_ms)
		return;
	daemon_log("guest %s: worker %d has not ended for %d s and is killed", record->guest.name,
		   (int)record->worker, MONITOR_WORK_MS / 1000);
	monitor->kill_work(record->worker);
	record->kill_ms = now_ms + MONITOR_WORK_MS;
}

/* When it is next to be looked at; INT64_MAX: not by itself. */
static int64_t next_due(const struct record *record, int64_t now_ms)
{
	if (record->worker)
		return record->kill_ms;
	return record->state != RECORD_WORKING && record->due_ms > now_ms ? record->due_ms
									  : INT64_MAX;
}

int monitor_run_due(struct monitor *monitor, int64_t now_ms)
{
	int64_t due = INT64_MAX;

	if (monitor->records && now_ms >= monitor->check_ms)
		monitor_check(monitor, now_ms);
	if (monitor->records)
		due = monitor->check_ms;
	for (struct record *record = monitor->records; record; record = record->next) {
		if (is_due(record, now_ms) && monitor->workers < MONITOR_MAX_WORKERS)
			create_or_adopt(monitor, record, now_ms);
		kill_if_late(monitor, record, now_ms);
		if (next_due(record, now_ms) < due)
			due = next_due(record, now_ms);
	}
	if (due == INT64_MAX)
		return -1;
	return due > now_ms ? (int)(due - now_ms) : 0;
}

/* ---- a worker's end ---- */

static void wait_for_create(struct monitor *monitor, struct record *record, int delay_ms,
			    int64_t now_ms)
{
	record->state = RECORD_WAITING;
	record->registered = false;
	record->due_ms = now_ms + delay_ms;
	record_save(monitor, record);
}

static void create_failed(struct monitor *monitor, struct record *record, int64_t now_ms)
{
	int delay = guard_next_delay(&record->guard, 0);

	wait_for_create(monitor, record, delay > RETRY_MS ? delay : RETRY_MS, now_ms);
	daemon_log("guest %s: the next attempt is in %d s; 'vmctl destroy %s' calls it off",
		   record->guest.name, (int)(record->due_ms - now_ms) / 1000, record->guest.name);
}

/* How it went for a worker that could not tell: by what has become of the domain. */
static enum work_result judge(const struct monitor *monitor, const struct record *record)
{
	struct ctrl_domain_info info;

	if (ctrl_get_domain(monitor->ctrl, record->guest.domid, &info) < 0 || info.dying ||
	    memcmp(info.uuid, record->guest.uuid, sizeof(info.uuid)) != 0 ||
	    domain_is_half_made(&info))
		return WORK_CREATE_FAILED;
	return record->registered ? WORK_DONE : WORK_KEEP_FAILED;
}

void monitor_worker_done(struct monitor *monitor, pid_t worker, enum work_result result,
			 int64_t now_ms)
{
	struct record *record = monitor->records;

	while (record && record->worker != worker)
		record = record->next;
	if (!record)
		return;
	/*
	 * Registered: a worker of an earlier daemon may have created it where this one could not.
	 */
	if (result == WORK_KILLED || (result == WORK_CREATE_FAILED && record->registered))
		result = judge(monitor, record);
	record->worker = 0;
	monitor->workers--;
	monitor->check_ms = now_ms;       /* shutdowns may have waited for a free worker */
	if (result == WORK_KEEP_FAILED) { /* the old domain is as it was */
		record->state = RECORD_WATCHING;
		record->due_ms = now_ms + MONITOR_CHECK_MS;
		record_save(monitor, record);
	} else if (record->cancelled || !policy_restarts(record->action)) {
		record_drop(monitor, record);
	} else if (result == WORK_CREATE_FAILED) {
		create_failed(monitor, record, now_ms);
	} else if (record->registered) {
		record->state = RECORD_WATCHING;
		record_save(monitor, record);
	} else {
		wait_for_create(monitor, record, record->delay_ms, now_ms);
	}
}

/* ---- after a restart of the daemon ---- */

/*
 * The domain lives: watch it, whatever was going on. It is gone: so was the intention to have it
 * again carried out half, and is carried on; or it was destroyed while nobody looked.
 */
static void resume(struct monitor *monitor, struct record *record,
		   const struct ctrl_domain_info *list, int count, int64_t now_ms)
{
	bool restarting = record->state != RECORD_WATCHING && policy_restarts(record->action);
	const struct ctrl_domain_info *info =
		domain_find(list, count, record->guest.domid, record->guest.uuid);

	/* A new domain that its worker has not started yet: it is finished, or taken away. */
	if (info && !info->dying && !(restarting && domain_is_half_made(info))) {
		record->state = RECORD_WATCHING;
		record_save(monitor, record);
	} else if (restarting) {
		wait_for_create(monitor, record, RETRY_MS, now_ms);
	} else {
		vanish(monitor, record);
		return;
	}
	daemon_log("guest %s (domain %u): taken up again, %s", record->guest.name,
		   record->guest.domid,
		   record->state == RECORD_WATCHING ? "watched" : "to be created again");
}

void monitor_restore(struct monitor *monitor, int64_t now_ms)
{
	struct ctrl_domain_info *list;
	struct record *record, *next;
	int count;

	records_load(monitor);
	count = ctrl_list_all_domains(monitor->ctrl, &list);
	if (count < 0) {
		daemon_log("cannot look at the domains: %s", ctrl_error());
		return;
	}
	for (record = monitor->records; record; record = next) {
		next = record->next;
		resume(monitor, record, list, count, now_ms);
	}
	free(list);
	monitor->check_ms = now_ms;
}

void monitor_free(struct monitor *monitor)
{
	struct record *record = monitor->records, *next;

	for (; record; record = next) {
		next = record->next;
		record_free(record);
	}
	monitor->records = NULL;
}
