/* SPDX-License-Identifier: ISC */
/* Turns a parsed config into a checked guest config, and back into text. */
#include "guest_config.h"
#include "keys.h"
#include "base/path.h"
#include "base/uuid.h"

#include <errno.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *key_field(const struct guest_key *key, struct guest_config *guest)
{
	return (char *)guest + key->offset;
}

const struct cpulist *guest_affinity_of(const struct guest_affinity *affinity, unsigned int vcpu)
{
	size_t index = affinity->per_vcpu ? vcpu : 0;

	return index < affinity->count ? &affinity->lists[index] : NULL;
}

uint64_t guest_config_maxvcpus(const struct guest_config *guest)
{
	return guest->maxvcpus ? guest->maxvcpus : guest->vcpus;
}

static void init(struct guest_config *guest)
{
	*guest = (struct guest_config){0};
	for (size_t i = 0; i < guest_key_count; i++)
		if (guest_keys[i].type->init)
			guest_keys[i].type->init(&guest_keys[i], key_field(&guest_keys[i], guest));
}

void guest_config_clear(struct guest_config *guest)
{
	for (size_t i = 0; i < guest_key_count; i++)
		if (guest_keys[i].type->clear)
			guest_keys[i].type->clear(key_field(&guest_keys[i], guest));
	*guest = (struct guest_config){0};
}

static int set_entry(const struct config_entry *entry, struct guest_config *guest,
		     struct report *report)
{
	const struct guest_key *key = guest_key_find(entry->key);
	const char *nearest;

	if (key)
		return key->type->set(key, &entry->value, key_field(key, guest), report);
	nearest = guest_key_nearest(entry->key);
	if (nearest)
		return config_fail(&entry->place, report, "unknown key '%.40s'; did you mean '%s'?",
				   entry->key, nearest);
	return config_fail(&entry->place, report,
			   "unknown key '%.40s'; 'vmctl help config' lists all keys", entry->key);
}

/* --- what several keys say together --- */

/* Fails at the key's place in the config, or without a place when it was left to its default. */
static int fail_at_key(const struct config *config, const char *key, struct report *report,
		       const char *text)
{
	const struct config_entry *entry = config_find(config, key);

	if (entry)
		return config_fail(&entry->place, report, "%s", text);
	return report_set(report, -EINVAL, "%s", text);
}

static int check_required(const struct config *config, struct report *report)
{
	static const char *const required[] = {"name", "kernel"};

	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
		if (config_find(config, required[i]))
			continue;
		return report_set(report, -EINVAL, "%s: the key '%s' is missing",
				  config->entry_count ? config->entries[0].place.source->label
						      : "the config is empty",
				  required[i]);
	}
	return 0;
}

static int check_cmdline(const struct config *config, const struct guest_config *guest,
			 struct report *report)
{
	size_t length = guest->cmdline ? strlen(guest->cmdline) : 0;

	if (guest->cmdline && guest->extra)
		return fail_at_key(config, "extra", report,
				   "'extra' has no effect beside 'cmdline': use one of the two");
	if (guest->cmdline && guest->root)
		return fail_at_key(config, "root", report,
				   "'root' has no effect beside 'cmdline': write root=... into "
				   "'cmdline'");
	length += guest->extra ? strlen(guest->extra) + 1 : 0;
	length += guest->root ? strlen(guest->root) + strlen("root=") : 0;
	if (length > GUEST_CMDLINE_MAX)
		return fail_at_key(config, guest->cmdline ? "cmdline" : "extra", report,
				   "the kernel's command line is longer than 2047 bytes, the most "
				   "that Linux takes");
	return 0;
}

static int check_memory(const struct config *config, const struct guest_config *guest,
			struct report *report)
{
	char text[128];

	if (!guest->maxmem_mib || guest->maxmem_mib >= guest->memory_mib)
		return 0;
	snprintf(text, sizeof(text), "'maxmem' (%" PRIu64 ") is less than 'memory' (%" PRIu64 ")",
		 guest->maxmem_mib, guest->memory_mib);
	return fail_at_key(config, "maxmem", report, text);
}

static int check_affinity(const struct config *config, const char *key,
			  const struct guest_affinity *affinity, uint64_t maxvcpus,
			  struct report *report)
{
	char text[160];

	if (!affinity->per_vcpu || affinity->count <= maxvcpus)
		return 0;
	snprintf(text, sizeof(text), "'%s' has %zu entries for %" PRIu64 " vCPUs", key,
		 affinity->count, maxvcpus);
	return fail_at_key(config, key, report, text);
}

static int check_vcpus(const struct config *config, const struct guest_config *guest,
		       struct report *report)
{
	uint64_t maxvcpus = guest_config_maxvcpus(guest);
	char text[128];
	int err;

	if (maxvcpus < guest->vcpus) {
		snprintf(text, sizeof(text),
			 "'maxvcpus' (%" PRIu64 ") is less than 'vcpus' (%" PRIu64 ")", maxvcpus,
			 guest->vcpus);
		return fail_at_key(config, "maxvcpus", report, text);
	}
	if (guest->gic_version == CTRL_GIC_V2 && maxvcpus > CTRL_MAX_VCPUS_GICV2) {
		snprintf(text, sizeof(text),
			 "a guest with a GICv2 has at most %u vCPUs, not %" PRIu64,
			 CTRL_MAX_VCPUS_GICV2, maxvcpus);
		return fail_at_key(config, "gic_version", report, text);
	}
	err = check_affinity(config, "cpus", &guest->cpus, maxvcpus, report);
	if (!err)
		err = check_affinity(config, "cpus_soft", &guest->cpus_soft, maxvcpus, report);
	return err;
}

/* What tells machines apart whose guests have the same names, in one network. */
#define MACHINE_ID "/etc/machine-id"

static void read_machine_id(char *text, int size)
{
	FILE *file = fopen(MACHINE_ID, "re");

	*text = '\0';
	if (!file)
		return;
	if (!fgets(text, size, file))
		*text = '\0';
	fclose(file);
}

static void make_uuid(struct guest_config *guest)
{
	char machine[64];

	if (!uuid_is_null(guest->uuid))
		return;
	read_machine_id(machine, sizeof(machine));
	uuid_make_from_name(machine, guest->name, guest->uuid);
}

static int choose_devices(const struct config *config, struct guest_config *guest,
			  struct report *report)
{
	struct report why;

	if (guest_disks_choose(&guest->disks, &why))
		return fail_at_key(config, "disk", report, why.text);
	if (guest_vifs_choose(&guest->vifs, guest->uuid, &why))
		return fail_at_key(config, "vif", report, why.text);
	return 0;
}

/*
 * Checks every key of a parsed config and fills in guest. 0, or a negative errno with
 * "file:line:column: ..." in the report.
 */
static int check_config(const struct config *config, struct guest_config *guest,
			struct report *report)
{
	int err = 0;

	init(guest);
	for (size_t i = 0; !err && i < config->entry_count; i++)
		err = set_entry(&config->entries[i], guest, report);
	if (!err)
		err = check_required(config, report);
	if (!err)
		err = check_cmdline(config, guest, report);
	if (!err)
		err = check_memory(config, guest, report);
	if (!err)
		err = check_vcpus(config, guest, report);
	if (!err) {
		make_uuid(guest);
		err = choose_devices(config, guest, report);
	}
	if (err)
		guest_config_clear(guest);
	return err;
}

/* --- reading --- */

static int parse_overrides(struct config *config, const struct config_source *source,
			   char *const overrides[], size_t count, struct report *report)
{
	int err = 0;

	for (size_t i = 0; !err && i < count; i++)
		err = config_parse_override(config, source, overrides[i], report);
	return err;
}

int guest_config_load(const char *path, char *const overrides[], size_t override_count,
		      void (*warn)(const char *text), struct guest_config *guest,
		      struct report *report)
{
	const struct config_source arguments = {.label = "command line", .replaces = true};
	struct config_source file = {.label = path};
	struct config config = {.warn = warn};
	char *directory = NULL;
	int err = 0;

	if (path && strcmp(path, "-")) {
		directory = path_directory(path);
		if (!directory)
			return report_set(report, -ENOMEM, "out of memory");
		file.directory = directory;
	} else {
		file.label = "standard input";
	}
	if (path)
		err = config_parse_file(&config, &file, path, report);
	if (!err)
		err = parse_overrides(&config, &arguments, overrides, override_count, report);
	if (!err)
		err = check_config(&config, guest, report);
	config_clear(&config);
	free(directory);
	return err;
}

int guest_config_load_text(const char *label, const char *text, size_t length,
			   struct guest_config *guest, struct report *report)
{
	const struct config_source source = {.label = label};
	struct config config = {0};
	int err = config_parse_text(&config, &source, text, length, report);

	if (!err)
		err = check_config(&config, guest, report);
	config_clear(&config);
	return err;
}

/* --- writing --- */

char *guest_config_format(const struct guest_config *guest)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < guest_key_count; i++)
		if (guest_keys[i].type->format)
			guest_keys[i].type->format(&guest_keys[i],
						   (const char *)guest + guest_keys[i].offset, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

char *guest_config_cmdline(const struct guest_config *guest)
{
	const char *root = guest->root, *rest = guest->cmdline ? guest->cmdline : guest->extra;
	char *text;

	if (asprintf(&text, "%s%s%s%s", root ? "root=" : "", root ? root : "",
		     root && rest ? " " : "", rest ? rest : "") < 0)
		return NULL;
	return text;
}
