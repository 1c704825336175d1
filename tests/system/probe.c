/* SPDX-License-Identifier: ISC */
/* Asks the hypervisor, in dom0, what no tool of the product needs to ask; for the system tests. */
#include <errno.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every counter, as JSON, so that a test can compare before and after. */
static int print_usage(struct ctrl *ctrl, const char *unused)
{
	struct ctrl_usage usage;
	int err = ctrl_get_usage(ctrl, &usage);

	(void)unused;
	if (err)
		return err;
	printf("{\"free_pages\": %" PRIu64 ", \"domain_pages\": %" PRIu64
	       ", \"p2m_pages\": %" PRIu64 ", \"own_pages\": %" PRIu64 ", ",
	       usage.free_pages, usage.domain_pages, usage.p2m_pages, usage.own_pages);
	printf("\"domains\": %" PRIu32 ", \"vcpus\": %" PRIu32 ", \"dying\": %" PRIu32
	       ", \"evtchns\": %" PRIu32 ", \"grant_maps\": %" PRIu32 ", \"foreign_maps\": %" PRIu32
	       "}\n",
	       usage.domains, usage.vcpus, usage.dying, usage.evtchns, usage.grant_maps,
	       usage.foreign_maps);
	return 0;
}

static int send_keys(struct ctrl *ctrl, const char *keys)
{
	return ctrl_send_debug_keys(ctrl, keys);
}

static int crash_domain(struct ctrl *ctrl, const char *domid)
{
	return ctrl_shutdown_domain(ctrl, (uint32_t)strtoul(domid, NULL, 10), CTRL_SHUTDOWN_CRASH);
}

/* --- the store --- */

static int print_tree(struct ctrl_store *store, const char *path)
{
	char **names, *value, child[CTRL_STORE_MAX_PATH];
	int count = ctrl_store_list(store, 0, path, &names);

	if (count < 0)
		return count == -ENOENT ? 0 : count; /* gone meanwhile */
	if (!count && !ctrl_store_read(store, 0, path, &value, NULL)) {
		printf("%s = %s\n", path, value);
		free(value);
	}
	for (int i = 0; i < count; i++) {
		snprintf(child, sizeof(child), "%s/%s", path[1] ? path : "", names[i]);
		print_tree(store, child);
	}
	free(names);
	return 0;
}

static int run_tree(struct ctrl *ctrl, const char *path)
{
	struct ctrl_store *store;
	int err = ctrl_store_open(&store);

	(void)ctrl;
	if (err)
		return err;
	err = print_tree(store, *path ? path : "/");
	ctrl_store_close(store);
	return err;
}

/* PATH=VALUE, as a guest that lies would write it. */
static int write_node(struct ctrl *ctrl, const char *word)
{
	const char *value = strchr(word, '=');
	struct ctrl_store *store;
	char path[256];
	int err = value ? ctrl_store_open(&store) : -EINVAL;

	(void)ctrl;
	if (err)
		return err;
	snprintf(path, sizeof(path), "%.*s", (int)(value - word), word);
	err = ctrl_store_write(store, 0, path, value + 1, strlen(value + 1));
	ctrl_store_close(store);
	return err;
}

static const struct {
	const char *name;
	int (*run)(struct ctrl *ctrl, const char *word);
} commands[] = {
	{"usage", print_usage},
	{"keys", send_keys},
	{"crash", crash_domain},
	{"tree", run_tree},
	{"write", write_node},
};

static int run(const char *name, const char *word)
{
	struct ctrl *ctrl;
	int err = ctrl_open(&ctrl);

	if (err)
		return err;
	err = -ENOSYS;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			err = commands[i].run(ctrl, word);
	ctrl_close(ctrl);
	return err;
}

int main(int argc, char **argv)
{
	int err = run(argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : "");

	if (err)
		fprintf(stderr, "probe: %s: %s\n", strerror(-err), ctrl_error());
	return err != 0;
}
