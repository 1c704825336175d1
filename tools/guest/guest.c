/* SPDX-License-Identifier: ISC */
/*
 * Makes a guest from its config. This is the only place that defines the order of steps.
 */
#include "guest.h"
#include "creation.h"
#include "device/device.h"
#include "store.h"
#include "base/lockfile.h"
#include "registry.h"
#include "clients/store_open.h"
#include "clients/console_client.h"
#include "clients/monitor_client.h"
#include "base/report_ctrl.h"

#include <errno.h>
#include <inttypes.h>
#include <libctrl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MIB     (1024 * 1024)
#define LOCK_MS 10000

/* State of one creation. */
struct creation {
	struct ctrl *ctrl;
	const struct guest_config *config;
	const struct guest_options *options;
	struct report *report;
	int lock;                 /* the name's lock; -1: the name is only checked */
	char *cmdline, *text;     /* the kernel's command line; the formatted config */
	uint32_t nr_cpus;         /* CPUs of the machine */
	struct ctrl_store *store; /* NULL: no daemon runs, so the guest has no store */
	struct devices devices;
	struct ctrl_guest guest;
};

/* For locks that other processes hold only briefly. The user can cancel the wait. */
static struct lock_wait lock_wait(const struct guest_options *options)
{
	return (struct lock_wait){
		.timeout_ms = LOCK_MS,
		.cancelled = options->cancelled,
		.context = options->context,
	};
}

/* --- checks --- */

static int check_files(struct creation *creation)
{
	struct ctrl_guest_config config;
	int err;

	guest_to_ctrl(creation->config, creation->cmdline, &config);
	err = ctrl_check_guest(&config);
	/* every error, even "too little memory for this kernel", needs a change of the config */
	return err ? report_ctrl(creation->report, -EINVAL) : 0;
}

/* Also notes in the lock file what is being made, because the next steps make it. */
static int check_name(struct creation *creation)
{
	const struct guest_config *config = creation->config;
	struct ctrl_domain_info *list;
	int count = ctrl_list_all_domains(creation->ctrl, &list), err;

	if (count < 0)
		return report_ctrl(creation->report, count);
	err = guest_check_identity(list, (size_t)count, creation->options, config->name,
				   config->uuid, creation->report);
	if (!err && creation->lock >= 0)
		err = registry_note_making(creation->lock, config->uuid, list, (size_t)count,
					   creation->report);
	free(list);
	return err;
}

static int check_affinity(struct creation *creation, const char *key,
			  const struct guest_affinity *affinity)
{
	for (size_t i = 0; i < affinity->count; i++)
		if (!cpulist_has_any_below(&affinity->lists[i], creation->nr_cpus))
			return report_set(creation->report, -EINVAL,
					  "'%s' (entry %zu) has none of this machine's %" PRIu32
					  " CPUs, which are 0 to %" PRIu32,
					  key, i + 1, creation->nr_cpus, creation->nr_cpus - 1);
	return 0;
}

static int check_machine(struct creation *creation)
{
	uint64_t wanted = creation->store ? guest_start_memory_mib(creation->config)
					  : creation->config->memory_mib;
	struct ctrl_physinfo info;
	int err = ctrl_get_physinfo(creation->ctrl, &info);

	if (err)
		return report_ctrl(creation->report, err);
	if (wanted > info.free_bytes / MIB)
		return report_set(creation->report, -ENOMEM,
				  "not enough memory: the guest asks for %" PRIu64
				  " MiB and %" PRIu64 " MiB are free",
				  wanted, info.free_bytes / MIB);
	creation->nr_cpus =
		info.max_cpu_id < CPULIST_MAX_CPUS ? info.max_cpu_id + 1 : CPULIST_MAX_CPUS;
	err = check_affinity(creation, "cpus", &creation->config->cpus);
	if (!err)
		err = check_affinity(creation, "cpus_soft", &creation->config->cpus_soft);
	return err;
}

/*
 * A missing store is not an error. The guest can then only be destroyed from outside, and a warning
 * says so.
 */
static int find_store(struct creation *creation)
{
	int err = store_open(&creation->store);

	if (!err)
		return 0;
	creation->store = NULL;
	if (err != -ENOENT && err != -ECONNREFUSED)
		return report_ctrl(creation->report, err);
	if (!creation->devices.count)
		return 0;
	return report_set(creation->report, -ECONNREFUSED,
			  "disks and network interfaces need the store daemon, and none answers: "
			  "start plinth-stored");
}

/* --- making --- */

static struct device_policy device_policy(const struct creation *creation)
{
	return (struct device_policy){
		.restart = creation->options->restart,
		.warn = creation->options->warn,
		.context = creation->options->context,
	};
}

static int open_devices(struct creation *creation)
{
	const struct device_policy policy = device_policy(creation);
	const struct lock_wait wait = lock_wait(creation->options);

	return devices_open(&creation->devices, &policy, &wait, creation->report);
}

/*
 * Called before anything is made, and again after the nodes are written. Of two concurrent
 * creations, at least one therefore sees the other.
 */
static int compare_devices(struct creation *creation)
{
	if (!creation->devices.count)
		return 0;
	return devices_check_others(creation->ctrl, creation->store, creation->guest.domid,
				    &creation->devices, creation->report);
}

static void close_devices(struct creation *creation)
{
	devices_close(&creation->devices);
}

static void to_ctrl(const struct creation *creation, struct ctrl_guest_config *out)
{
	guest_to_ctrl(creation->config, creation->cmdline, out);
	if (creation->store)
		return;
	/* no store would ask the guest to return memory */
	out->memory_kib = creation->config->memory_mib * 1024;
	out->store_domid = CTRL_DOMID_INVALID;
}

static void warn_without_store(const struct creation *creation)
{
	const struct guest_options *options = creation->options;

	if (!creation->store && options->warn)
		options->warn(options->context,
			      "no store daemon answers (is plinth-stored running?): the guest "
			      "cannot be shut down, ballooned or given devices from outside");
}

static int build(struct creation *creation)
{
	struct ctrl_guest_config config;
	int err;

	warn_without_store(creation);
	to_ctrl(creation, &config);
	err = ctrl_build_guest(creation->ctrl, &config, &creation->guest);
	return err ? report_ctrl(creation->report, err) : 0;
}

static void unbuild(struct creation *creation)
{
	/* if this fails, `vmctl list` still shows the domain */
	ctrl_destroy_domain(creation->ctrl, creation->guest.domid);
	guest_release_store(creation->ctrl, creation->store, creation->guest.domid,
			    creation->config->uuid);
}

static int place_vcpus(struct creation *creation)
{
	const struct guest_config *config = creation->config;

	for (unsigned int vcpu = 0; vcpu < guest_config_maxvcpus(config); vcpu++) {
		const struct cpulist *hard = guest_affinity_of(&config->cpus, vcpu);
		const struct cpulist *soft = guest_affinity_of(&config->cpus_soft, vcpu);
		int err;

		if (!hard && !soft)
			continue;
		err = ctrl_set_vcpu_affinity(creation->ctrl, creation->guest.domid, vcpu,
					     hard ? hard->bits : NULL, soft ? soft->bits : NULL,
					     creation->nr_cpus);
		if (err)
			return report_ctrl(creation->report, err);
	}
	return 0;
}

static int attach_ring(struct creation *creation, enum console_kind kind, uint64_t gfn,
		       uint32_t port)
{
	struct console_add add = {
		.domid = creation->guest.domid,
		.name = creation->config->name,
		.kind = kind,
		.ring_gfn = gfn,
		.guest_port = port,
	};

	memcpy(add.uuid, creation->config->uuid, sizeof(add.uuid));
	return console_client_add(creation->options->console_socket, &add, creation->report);
}

static void detach_consoles(struct creation *creation)
{
	console_client_died(creation->options->console_socket, creation->guest.domid,
			    creation->config->uuid, -1, NULL);
}

static int attach_consoles(struct creation *creation)
{
	const struct ctrl_guest *guest = &creation->guest;
	int err = attach_ring(creation, CONSOLE_PV, guest->console_gfn, guest->console_port);

	if (err || !guest->vuart_port)
		return err;
	err = attach_ring(creation, CONSOLE_VUART, guest->vuart_gfn, guest->vuart_port);
	if (err)
		detach_consoles(creation);
	return err;
}

static int enter_registry(struct creation *creation)
{
	struct registry_entry entry = {
		.domid = creation->guest.domid,
		.name = creation->config->name,
		.config = creation->text,
		.config_path = (char *)creation->options->config_path,
		.left_out = creation->devices.left_out,
		.started = time(NULL),
	};

	memcpy(entry.uuid, creation->config->uuid, sizeof(entry.uuid));
	return registry_write(creation->options->registry, &entry, creation->report);
}

static void leave_registry(struct creation *creation)
{
	registry_remove(creation->options->registry, creation->guest.domid, creation->config->uuid);
}

static int publish(struct creation *creation)
{
	if (!creation->store)
		return 0;
	return guest_store_publish(creation->store, creation->config, &creation->guest,
				   &creation->devices, creation->report);
}

static int connect_devices(struct creation *creation)
{
	int err = compare_devices(creation);

	if (err)
		return err;
	return devices_connect(creation->store, creation->guest.domid, &creation->devices,
			       creation->report);
}

static void unpublish(struct creation *creation)
{
	struct report unused;

	if (creation->store)
		guest_store_remove(creation->store, creation->guest.domid, creation->config->uuid,
				   &unused);
}

static int register_guest(struct creation *creation)
{
	const struct guest_options *options = creation->options;
	struct monitor_guest guest;

	guest_to_monitor(creation->config, creation->guest.domid, creation->text, &guest);
	if (options->register_guest)
		return options->register_guest(options->context, &guest, creation->report);
	return monitor_client_register(options->monitor_socket, &guest, creation->report);
}

static void forget_guest(struct creation *creation)
{
	guest_forget(creation->options, creation->guest.domid, creation->config->uuid);
}

static int start(struct creation *creation)
{
	int err = 0;

	if (!creation->options->leave_paused)
		err = ctrl_unpause_domain(creation->ctrl, creation->guest.domid);
	return err ? report_ctrl(creation->report, err) : 0;
}

struct step {
	const char *what;
	int (*go)(struct creation *creation);
	void (*undo)(struct creation *creation); /* NULL: nothing to undo */
};

static const struct step steps[] = {
	{"checking the name", check_name, NULL},
	{"checking the kernel", check_files, NULL},
	{"finding the store", find_store, NULL},
	{"checking the machine", check_machine, NULL},
	{"opening the disks", open_devices, close_devices},
	{"looking at other guests' devices", compare_devices, NULL},
	{"building the guest", build, unbuild},
	{"placing the vCPUs", place_vcpus, NULL},
	{"attaching the console", attach_consoles, detach_consoles},
	{"registering the name", enter_registry, leave_registry},
	{"publishing it in the store", publish, unpublish},
	{"connecting the devices", connect_devices, NULL},
	{"registering with the monitor", register_guest, forget_guest},
	{"starting the guest", start, NULL},
};

#define STEPS       (sizeof(steps) / sizeof(steps[0]))
#define CHECK_STEPS 4 /* the first steps only check */

static int run_step(const struct step *step, struct creation *creation)
{
	const struct guest_options *options = creation->options;

	if (options->cancelled && options->cancelled(options->context))
		return report_set(creation->report, -EINTR, "interrupted before %s", step->what);
	if (options->progress)
		options->progress(options->context, step->what);
	return step->go(creation);
}

static int run_steps(struct creation *creation, size_t count)
{
	size_t done = 0;
	int err = 0;

	while (done < count) {
		err = run_step(&steps[done], creation);
		if (err)
			break;
		done++;
	}
	while (err && done--)
		if (steps[done].undo)
			steps[done].undo(creation);
	return err;
}

int guest_check_kept(const char *text, struct report *report)
{
	struct guest_config config = {0};
	int err = guest_config_load_text("the guest's config", text, strlen(text), &config, report);

	guest_config_clear(&config);
	if (!err && strlen(text) > MONITOR_CONFIG_MAX)
		err = report_set(report, -E2BIG, "its config has more than %d bytes",
				 MONITOR_CONFIG_MAX);
	if (err)
		report_prefix(report, "the guest could not be restarted: ");
	return err;
}

static int creation_prepare(struct creation *creation)
{
	int err;

	creation->cmdline = guest_config_cmdline(creation->config);
	creation->text = guest_config_format(creation->config);
	if (!creation->cmdline || !creation->text)
		return report_set(creation->report, -ENOMEM, "out of memory");
	err = guest_check_kept(creation->text, creation->report);
	return err ? err : devices_from(creation->config, &creation->devices, creation->report);
}

static void creation_clear(struct creation *creation)
{
	devices_clear(&creation->devices);
	ctrl_store_close(creation->store);
	free(creation->cmdline);
	free(creation->text);
}

int guest_create(struct ctrl *ctrl, const struct guest_config *config,
		 const struct guest_options *options, uint32_t *domid, struct report *report)
{
	struct creation creation = {
		.ctrl = ctrl,
		.config = config,
		.options = guest_all_options(options),
		.report = report,
	};
	const struct lock_wait wait = lock_wait(creation.options);
	int err;

	creation.lock = registry_lock_name(creation.options->registry, config->name, &wait, report);
	if (creation.lock < 0)
		return creation.lock;
	err = creation_prepare(&creation);
	if (!err)
		err = run_steps(&creation, STEPS);
	if (!err)
		*domid = creation.guest.domid;
	creation_clear(&creation);
	registry_unlock_name(creation.options->registry, config->name, creation.lock);
	return err;
}

static int check_devices(struct creation *creation)
{
	const struct device_policy policy = device_policy(creation);
	int err = devices_check(&creation->devices, &policy, creation->report);

	return err ? err : compare_devices(creation);
}

/* Checks that the required daemons answer, with requests that change nothing. */
static int check_daemons(struct creation *creation)
{
	const struct guest_options *options = creation->options;
	struct monitor_pending pending = {0};
	struct console_note note = {.domid = 0};
	int err = console_client_next_note(options->console_socket, &note, creation->report);

	if (!err || err == -ENOENT)
		err = monitor_client_next(options->monitor_socket, &pending, creation->report);
	return err == -ENOENT ? 0 : err;
}

static int try_building(struct creation *creation)
{
	struct ctrl_guest_config config;
	int err;

	to_ctrl(creation, &config);
	if (!creation->ctrl) /* assume that the guest will have a store */
		guest_to_ctrl(creation->config, creation->cmdline, &config);
	err = ctrl_try_guest(creation->ctrl, &config);
	if (!err)
		warn_without_store(creation);
	return err ? report_ctrl(creation->report, err) : 0;
}

int guest_check(struct ctrl *ctrl, const struct guest_config *config,
		const struct guest_options *options, struct report *report)
{
	struct creation creation = {
		.ctrl = ctrl,
		.config = config,
		.options = guest_all_options(options),
		.report = report,
		.lock = -1,
	};
	int err = creation_prepare(&creation);

	if (!err)
		err = ctrl ? run_steps(&creation, CHECK_STEPS) : check_files(&creation);
	if (!err && ctrl)
		err = check_devices(&creation);
	if (!err && ctrl)
		err = check_daemons(&creation);
	if (!err)
		err = try_building(&creation);
	creation_clear(&creation);
	return err;
}
