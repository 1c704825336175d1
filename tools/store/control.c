/* SPDX-License-Identifier: ISC */
/* The control request: a table of commands. */
#include "control.h"
#include "check.h"
#include "daemon/daemon.h"
#include "journal.h"
#include "store/changes/txn.h"
#include "store/changes/watch.h"
#include "store/conn/conn.h"
#include "store/conn/wire.h"
#include "store/state/state.h"
#include "base/number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_ARGUMENTS 8

struct control {
	struct store *store;
	const char *argument[MAX_ARGUMENTS];
	size_t arguments; /* number of arguments, without the command */
	char *answer;
	size_t used;
};

static int say(struct control *c, const char *text)
{
	c->used = strlen(text) + 1;
	memcpy(c->answer, text, c->used);
	return 0;
}

/* ---- check ---- */

static int run_check(struct control *c)
{
	struct state_report state;
	char text[128];
	unsigned faults = check_store(c->store);

	if (!faults && state_report(c->store, &state) && state.error) {
		snprintf(text, sizeof(text), "OK, but the state cannot be written: %s",
			 strerror(-state.error));
		return say(c, text);
	}
	if (!faults)
		return say(c, "OK");
	snprintf(text, sizeof(text), "%u faults, see the log", faults);
	return say(c, text);
}

/* ---- log ---- */

static int run_log(struct control *c)
{
	if (c->arguments != 1)
		return -EINVAL;
	if (strcmp(c->argument[0], "on") == 0)
		c->store->trace = true;
	else if (strcmp(c->argument[0], "off") == 0)
		c->store->trace = false;
	else
		return -EINVAL;
	return say(c, "OK");
}

static int run_logfile(struct control *c)
{
	if (c->arguments != 1)
		return -EINVAL;
	return daemon_set_log_file(c->argument[0]) < 0 ? -EINVAL : say(c, "OK");
}

static int run_print(struct control *c)
{
	if (c->arguments != 1)
		return -EINVAL;
	daemon_log("control: %s", c->argument[0]);
	return say(c, "OK");
}

/* ---- what is used ---- */

struct report {
	FILE *file;
	const struct store *store;
};

static void report_domain(struct domain *domain, void *arg)
{
	struct report *report = arg;

	fprintf(report->file,
		"domain %u: %u nodes, %u watches, %u transactions, %" PRIu64 " bytes%s\n",
		domain->domid, domain->nodes, domain->watches, domain->txns, domain->bytes,
		domain->introduced ? "" : ", not introduced");
}

static long resident_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long size, resident = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%ld %ld", &size, &resident) != 2)
		resident = 0;
	fclose(file);
	return resident * sysconf(_SC_PAGESIZE) / 1024;
}

static void report_state(const struct store *store, FILE *file)
{
	struct state_report state;

	if (!state_report(store, &state))
		return;
	fprintf(file,
		"journal: %zu of %zu bytes, %" PRIu64 " written so far, begun %" PRIu32
		" times%s%s\n",
		state.used, state.size, state.written, state.dumps,
		state.error ? "; it cannot be written: " : "",
		state.error ? strerror(-state.error) : "");
}

static void write_report(struct store *store, FILE *file)
{
	struct report report = {.file = file, .store = store};
	unsigned sockets = 0, rings = 0;

	for (const struct conn *conn = store->conns; conn; conn = conn->next)
		*(conn->is_ring ? &rings : &sockets) += 1;
	fprintf(file,
		"%u nodes, %u places, %u sets of permissions, %u socket and %u ring clients, "
		"%ld KiB resident\n",
		store->tree.nodes, store->tree.places, store->perms.count, sockets, rings,
		resident_kib());
	report_state(store, file);
	domains_each(&store->domains, report_domain, &report);
}

/* Writes to a file if one is named, otherwise into the answer. */
static int run_memreport(struct control *c)
{
	FILE *file;

	if (c->arguments > 1)
		return -EINVAL;
	if (c->arguments)
		file = fopen(c->argument[0], "we");
	else
		file = fmemopen(c->answer, XENSTORE_PAYLOAD_MAX, "w");
	if (!file)
		return -EBADF;
	write_report(c->store, file);
	if (!c->arguments) {
		fflush(file);
		c->used = strnlen(c->answer, XENSTORE_PAYLOAD_MAX - 1) + 1;
	}
	fclose(file);
	return c->arguments ? say(c, "OK") : 0;
}

/* ---- quotas ---- */

/* "set NAME VALUE" */
static int set_quota(struct control *c)
{
	uint64_t value;
	int quota;

	if (c->arguments != 3)
		return -EINVAL;
	quota = quota_find(c->argument[1]);
	if (quota < 0 || !number_parse(c->argument[2], 0, INT32_MAX, &value))
		return -EINVAL;
	c->store->quota.max[quota] = value;
	journal_quota(c->store, (enum quota)quota);
	daemon_log("the quota of %s is %" PRIu64 " now", c->argument[1], value);
	return say(c, "OK");
}

static int run_quota(struct control *c)
{
	const struct domain *domain;
	uint64_t domid;

	if (!c->arguments) {
		c->used = quota_print_limits(&c->store->quota, c->answer, XENSTORE_PAYLOAD_MAX) + 1;
		return 0;
	}
	if (strcmp(c->argument[0], "set") == 0)
		return set_quota(c);
	if (c->arguments != 1 || !number_parse(c->argument[0], 0, DOMID_FIRST_RESERVED - 1, &domid))
		return -EINVAL;
	domain = domains_find(&c->store->domains, (uint32_t)domid);
	if (!domain)
		return -ENOENT;
	c->used = quota_print_domain(domain, c->answer, XENSTORE_PAYLOAD_MAX) + 1;
	return 0;
}

static int run_quota_soft(struct control *c)
{
	uint64_t value;

	if (!c->arguments) {
		c->used =
			quota_print_warning(&c->store->quota, c->answer, XENSTORE_PAYLOAD_MAX) + 1;
		return 0;
	}
	if (c->arguments != 3 || strcmp(c->argument[0], "set") != 0 ||
	    strcmp(c->argument[1], "memory") != 0 ||
	    !number_parse(c->argument[2], 0, INT32_MAX, &value))
		return -EINVAL;
	c->store->quota.memory_warning = value;
	return say(c, "OK");
}

/* ---- live update ---- */

static int set_binary(struct store *store, const char *path)
{
	char *binary = strdup(path);

	if (!binary)
		return -ENOMEM;
	free(store->binary);
	store->binary = binary;
	return 0;
}

/* xenstore-control sends "-f FILE", then "-s ..." until the update is done; "-a" cancels. */
static int run_live_update(struct control *c)
{
	const char *what = c->arguments ? c->argument[0] : "-s";

	if (strcmp(what, "-a") == 0)
		return say(c, "OK");
	if (strcmp(what, "-f") == 0 && c->arguments == 2) {
		if (access(c->argument[1], X_OK) < 0)
			return say(c, "the file cannot be executed");
		return set_binary(c->store, c->argument[1]) < 0 ? -ENOMEM : say(c, "OK");
	}
	if (strcmp(what, "-s") != 0)
		return -EINVAL;
	if (c->store->update.conn)
		return say(c, "BUSY");
	c->store->restart = true; /* after this turn */
	return CONTROL_LATER;
}

/* ---- the table ---- */

static int run_help(struct control *c);

static const struct {
	const char *name;
	int (*run)(struct control *control);
	const char *arguments;
} commands[] = {
	{"check", run_check, ""},
	{"log", run_log, "on|off"},
	{"live-update", run_live_update, "[-c <cmdline>] [-F] [-t <timeout>] <file>"},
	{"logfile", run_logfile, "<file>"},
	{"memreport", run_memreport, "[<file>]"},
	{"print", run_print, "<string>"},
	{"quota", run_quota, "[set <name> <val>|<domid>]"},
	{"quota-soft", run_quota_soft, "[set <name> <val>]"},
	{"help", run_help, ""},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int run_help(struct control *c)
{
	for (size_t i = 0; i < COMMANDS; i++)
		c->used += (size_t)snprintf(c->answer + c->used, XENSTORE_PAYLOAD_MAX - c->used,
					    "%s\t%s\n", commands[i].name, commands[i].arguments);
	c->used++;
	return 0;
}

int control_run(struct store *store, const char *data, size_t len, char *answer, size_t *used)
{
	const char *string[MAX_ARGUMENTS + 1];
	size_t count = wire_strings(data, len, string, MAX_ARGUMENTS + 1);
	struct control c = {.store = store, .answer = answer};
	int ret = -EINVAL;

	if (!count || count > MAX_ARGUMENTS + 1)
		return -EINVAL;
	c.arguments = count - 1;
	memcpy(c.argument, string + 1, c.arguments * sizeof(string[0]));
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, string[0]) == 0)
			ret = commands[i].run(&c);
	*used = c.used;
	return ret;
}
