/* SPDX-License-Identifier: ISC */
/* The ways in which `vmctl list` prints domains: a table as xl's, facts, JSON. */
#include "list_formats.h"
#include "base/uuid.h"
#include "clients/console_client.h"
#include "clients/monitor_client.h"
#include "guest/registry.h"
#include "xl-like/common/json.h"

#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MIB          (1024 * 1024)
#define TENTH_SECOND 100000000
#define SECOND       1000000000.0
#define STATE_SIZE   7
#define RESTART      "restart" /* the state of a guest without a domain that is to get one again */

static bool has_crashed(const struct ctrl_domain_info *info)
{
	return info->shutdown && info->shutdown_reason == CTRL_SHUTDOWN_CRASH;
}

/* xl's letters: running, blocked, paused, shut down, crashed, dying. */
static const char *state_letters(const struct ctrl_domain_info *info, char text[STATE_SIZE])
{
	snprintf(text, STATE_SIZE, "%c%c%c%c%c%c", info->running ? 'r' : '-',
		 info->blocked ? 'b' : '-', info->paused ? 'p' : '-', info->shutdown ? 's' : '-',
		 has_crashed(info) ? 'c' : '-', info->dying ? 'd' : '-');
	return text;
}

static const char *state_word(const struct ctrl_domain_info *info)
{
	const struct {
		bool is;
		const char *word;
	} rows[] = {
		{info->dying, "dying"},       {has_crashed(info), "crashed"},
		{info->shutdown, "shutdown"}, {info->paused, "paused"},
		{info->running, "running"},   {info->blocked, "blocked"},
		{true, "runnable"},
	};
	size_t i = 0;

	while (!rows[i].is)
		i++;
	return rows[i].word;
}

/* Dom0 may have no limit, which stands as a number beyond any memory. */
static uint64_t mib(uint64_t bytes)
{
	return bytes / MIB;
}

/* What the domain's console shows of its kernel's end; NULL: nothing. */
static const char *find_panic(const struct list_content *content,
			      const struct ctrl_domain_info *info)
{
	for (size_t i = 0; i < content->note_count; i++)
		if (content->notes[i].domid == info->domid &&
		    !memcmp(content->notes[i].uuid, info->uuid, sizeof(info->uuid)))
			return content->notes[i].panic;
	return NULL;
}

/* --- table --- */

static void print_short_domain(const struct registry_domain *domain)
{
	const struct ctrl_domain_info *info = domain->info;
	uint64_t tenths = info->cpu_time / TENTH_SECOND;
	char state[STATE_SIZE];

	printf("%-40s %5" PRIu32 " %5" PRIu64 " %5" PRIu32 "\t%6s\t%5" PRIu64 ".%" PRIu64 "\n",
	       domain->name, info->domid, mib(info->memory), info->nr_online_vcpus,
	       state_letters(info, state), tenths / 10, tenths % 10);
}

static void print_short(const struct list_content *content)
{
	printf("%-40s %5s %5s %5s\t%5s\t%s\n", "Name", "ID", "Mem", "VCPUs", "State", "Time(s)");
	for (size_t i = 0; i < content->count; i++)
		print_short_domain(&content->domains[i]);
	for (size_t i = 0; i < content->pending_count; i++)
		printf("%-40s %5s %5s %5s\t%6s\t%7s\n", content->pending[i].name, "-", "-", "-",
		       RESTART, "-");
}

const struct list_format list_format_short = {.print = print_short};

/* --- facts --- */

static const char *format_time(int64_t seconds, char *text, size_t size)
{
	time_t when = (time_t)seconds;
	struct tm parts;

	if (!gmtime_r(&when, &parts) || !strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &parts))
		snprintf(text, size, "%" PRId64, seconds);
	return text;
}

static void print_entry(const struct registry_entry *entry)
{
	char text[64];

	printf("  started       %s\n", format_time(entry->started, text, sizeof(text)));
	if (entry->config_path)
		printf("  config file   %s\n", entry->config_path);
	for (const char *line = entry->left_out; line && *line; line += strspn(line, "\n")) {
		printf("  left out      %.*s\n", (int)strcspn(line, "\n"), line);
		line += strcspn(line, "\n");
	}
}

static void print_long_domain(const struct list_content *content,
			      const struct registry_domain *domain)
{
	const struct ctrl_domain_info *info = domain->info;
	const char *panic = find_panic(content, info);
	char uuid[UUID_TEXT_SIZE];
	struct registry_entry entry;

	printf("%s\n", domain->name);
	printf("  domain        %" PRIu32 "\n", info->domid);
	printf("  uuid          %s\n", uuid_format(info->uuid, uuid));
	printf("  state         %s\n", state_word(info));
	if (info->shutdown)
		printf("  shutdown      %s\n", ctrl_shutdown_name(info->shutdown_reason));
	if (panic)
		printf("  console says  %s\n", panic);
	printf("  memory        %" PRIu64 " KiB\n", info->memory / 1024);
	printf("  max memory    %" PRIu64 " KiB\n", info->max_memory / 1024);
	printf("  vcpus online  %" PRIu32 "\n", info->nr_online_vcpus);
	printf("  vcpus         %" PRIu32 "\n", info->max_vcpu_id + 1);
	printf("  cpu time      %.3f s\n", (double)info->cpu_time / SECOND);
	if (!registry_read(NULL, info->domid, info->uuid, &entry))
		print_entry(&entry);
	registry_entry_clear(&entry);
}

static void print_long_pending(const struct monitor_pending *pending)
{
	char text[MONITOR_PENDING_TEXT], uuid[UUID_TEXT_SIZE];

	printf("%s\n", pending->name);
	printf("  uuid          %s\n", uuid_format(pending->uuid, uuid));
	printf("  state         " RESTART "\n");
	printf("  restart       %s\n", monitor_pending_text(pending, text));
}

static void print_long(const struct list_content *content)
{
	for (size_t i = 0; i < content->count; i++)
		print_long_domain(content, &content->domains[i]);
	for (size_t i = 0; i < content->pending_count; i++)
		print_long_pending(&content->pending[i]);
}

const struct list_format list_format_long = {.print = print_long};

/* --- JSON --- */

static void add_state(yajl_gen json, const struct ctrl_domain_info *info)
{
	json_add_text(json, "state", state_word(info));
	json_add_flag(json, "running", info->running);
	json_add_flag(json, "blocked", info->blocked);
	json_add_flag(json, "paused", info->paused);
	json_add_flag(json, "shutdown", info->shutdown);
	json_add_flag(json, "dying", info->dying);
	if (info->shutdown)
		json_add_text(json, "shutdown_reason", ctrl_shutdown_name(info->shutdown_reason));
}

static void add_domain(yajl_gen json, const struct list_content *content,
		       const struct registry_domain *domain)
{
	const struct ctrl_domain_info *info = domain->info;
	const char *panic = find_panic(content, info);
	char uuid[UUID_TEXT_SIZE];
	struct registry_entry entry;

	yajl_gen_map_open(json);
	json_add_number(json, "domid", info->domid);
	json_add_text(json, "name", domain->name);
	json_add_text(json, "uuid", uuid_format(info->uuid, uuid));
	add_state(json, info);
	if (panic)
		json_add_text(json, "console_panic", panic);
	json_add_number(json, "memory_bytes", info->memory);
	json_add_number(json, "max_memory_bytes", info->max_memory);
	json_add_number(json, "vcpus_online", info->nr_online_vcpus);
	json_add_number(json, "vcpus", info->max_vcpu_id + 1);
	json_add_number(json, "cpu_time_ns", info->cpu_time);
	json_add_number(json, "cpupool", info->cpupool);
	if (!registry_read(NULL, info->domid, info->uuid, &entry)) {
		json_add_number(json, "started", (uint64_t)entry.started);
		if (entry.config_path)
			json_add_text(json, "config_path", entry.config_path);
		if (entry.left_out)
			json_add_text(json, "left_out", entry.left_out);
		json_add_text(json, "config", entry.config);
	}
	registry_entry_clear(&entry);
	yajl_gen_map_close(json);
}

static void add_pending(yajl_gen json, const struct monitor_pending *pending)
{
	char uuid[UUID_TEXT_SIZE];

	yajl_gen_map_open(json);
	json_add_null(json, "domid");
	json_add_text(json, "name", pending->name);
	json_add_text(json, "uuid", uuid_format(pending->uuid, uuid));
	json_add_text(json, "state", RESTART);
	json_add_flag(json, "restart_working", pending->working);
	json_add_number(json, "restart_attempt", (uint64_t)pending->tries + 1);
	json_add_number(json, "restart_due_ms", pending->due_ms);
	json_add_text(json, "restart_reason", pending->reason);
	yajl_gen_map_close(json);
}

static void print_json(const struct list_content *content)
{
	yajl_gen json = json_start();

	if (!json)
		return;
	yajl_gen_array_open(json);
	for (size_t i = 0; i < content->count; i++)
		add_domain(json, content, &content->domains[i]);
	for (size_t i = 0; i < content->pending_count; i++)
		add_pending(json, &content->pending[i]);
	yajl_gen_array_close(json);
	yajl_gen_free(json);
}

const struct list_format list_format_json = {.print = print_json};
