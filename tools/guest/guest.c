/* SPDX-License-Identifier: ISC */
/*
 * Makes a guest from its config and destroys it. This is the only place that defines the order of
 * steps.
 */
#include "guest.h"
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

#define MIB                  (1024 * 1024)
#define STORE_DOMID          0 /* dom0 serves the store */
#define LOCK_MS              10000
#define ALL_OPTIONS(options) ((options) ? (options) : &no_options)

static const struct guest_options no_options;

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

static int fail_by_ctrl(struct report *report, int err)
{
	return report_ctrl(report, err);
}

/* For locks that other processes hold only briefly. The user can cancel the wait. */
static struct lock_wait lock_wait(const struct guest_options *options)
{
	return (struct lock_wait){
		.timeout_ms = LOCK_MS,
		.cancelled = options->cancelled,
		.context = options->context,
	};
}

/*
 * A guest whose memory can grow starts with maxmem, and its balloon driver returns the excess when
 * it reads memory/target. This avoids memory hotplug.
 */
static uint64_t start_memory_mib(const struct guest_config *config)
{
	return config->maxmem_mib > config->memory_mib ? config->maxmem_mib : config->memory_mib;
}

void guest_to_ctrl(const struct guest_config *config, const char *cmdline,
		   struct ctrl_guest_config *out)
{
	ctrl_guest_config_init(out);
	out->name = config->name;
	memcpy(out->uuid, config->uuid, sizeof(out->uuid));
	out->memory_kib = start_memory_mib(config) * 1024;
	out->store_domid = STORE_DOMID;
	out->vcpus = (uint32_t)config->vcpus;
	out->max_vcpus = (uint32_t)config->maxvcpus;
	out->kernel = config->kernel;
	out->ramdisk = config->ramdisk;
	out->cmdline = cmdline;
	out->gic_version = (uint8_t)config->gic_version;
	if (config->max_grant_frames != GUEST_HOST_DEFAULT)
		out->max_grant_frames = (int32_t)config->max_grant_frames;
	if (config->max_maptrack_frames != GUEST_HOST_DEFAULT)
		out->max_maptrack_frames = (int32_t)config->max_maptrack_frames;
	out->max_evtchn_port = (uint32_t)config->max_event_channels;
	out->cpu_weight = (uint16_t)config->cpu_weight;
	out->cpu_cap = (uint16_t)config->cap;
	out->vuart = config->vuart == GUEST_VUART_SBSA;
}

/* --- checks --- */

static int check_files(struct creation *creation)
{
	struct ctrl_guest_config config;
	int err;

	guest_to_ctrl(creation->config, creation->cmdline, &config);
	err = ctrl_check_guest(&config);
	/* every error, even "too little memory for this kernel", needs a change of the config */
	return err ? fail_by_ctrl(creation->report, -EINVAL) : 0;
}

static int name_in_use(const char *name, const struct ctrl_domain_info *by, struct report *report)
{
	return report_set(report, -EEXIST,
			  "the name '%s' is in use by domain %" PRIu32
			  "; destroy that one first, or choose another name",
			  name, by->domid);
}

/*
 * Checks the names of domains that other tools have made. has[i]: domain i is registered by these
 * tools.
 */
static int check_foreign_names(const struct ctrl_domain_info *list, size_t count, const bool *has,
			       const char *name, struct report *report)
{
	struct registry_domain *others = calloc(count + 1, sizeof(*others));
	size_t n = 0;
	int err = 0;

	if (!others)
		return report_set(report, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++)
		if (list[i].domid && !list[i].dying && !has[i])
			others[n++].info = &list[i];
	if (registry_name_foreign(others, n) == -ETIMEDOUT)
		err = fail_by_ctrl(report, -ETIMEDOUT);
	for (size_t i = 0; i < n && !err; i++)
		if (others[i].name && !strcmp(others[i].name, name))
			err = name_in_use(name, others[i].info, report);
	registry_free_domains(others, n);
	return err;
}

static int check_name_among(const struct ctrl_domain_info *list, size_t count, const char *registry,
			    const char *name, struct report *report)
{
	bool *registered = calloc(count + 1, sizeof(*registered));
	size_t found;
	int err;

	if (!registered)
		return report_set(report, -ENOMEM, "out of memory");
	registry_find_name(registry, name, list, count, registered, &found);
	err = found < count ? name_in_use(name, &list[found], report)
			    : check_foreign_names(list, count, registered, name, report);
	free(registered);
	return err;
}

/* A guest without a domain keeps its name and UUID while its restart is pending. */
static int check_pending(const struct guest_options *options, const char *name, const uint8_t *uuid,
			 struct report *report)
{
	char text[MONITOR_PENDING_TEXT];
	struct monitor_pending pending;

	if (options->restart || monitor_client_find(options->monitor_socket, name, uuid, &pending))
		return 0;
	return report_set(report, -EEXIST,
			  "the %s is in use by the guest '%s', which has no domain: %s; 'vmctl "
			  "destroy %s' calls that off",
			  strcmp(pending.name, name) ? "uuid" : "name", pending.name,
			  monitor_pending_text(&pending, text), pending.name);
}

/*
 * The store, the monitor and the consoles identify a guest by its UUID, so it must be unique. A
 * domain that is preserved after its end may share the UUID of its successor, but only the monitor
 * makes such a successor.
 */
static int check_uuid_among(const struct ctrl_domain_info *list, size_t count,
			    const struct guest_options *options, const uint8_t *uuid,
			    struct report *report)
{
	for (size_t i = 0; uuid && i < count; i++) {
		if (!list[i].domid || list[i].dying || memcmp(list[i].uuid, uuid, 16) != 0 ||
		    (list[i].shutdown && options->restart))
			continue;
		return report_set(report, -EEXIST,
				  "the uuid is in use by domain %" PRIu32
				  " (which had this name before, or the same 'uuid'): destroy that "
				  "one first, or write another 'uuid'",
				  list[i].domid);
	}
	return 0;
}

/* uuid NULL: checks only the name. */
static int check_identity_among(const struct ctrl_domain_info *list, size_t count,
				const struct guest_options *options, const char *name,
				const uint8_t *uuid, struct report *report)
{
	int err = check_name_among(list, count, options->registry, name, report);

	if (!err)
		err = check_uuid_among(list, count, options, uuid, report);
	return err ? err : check_pending(options, name, uuid, report);
}

int guest_check_name(struct ctrl *ctrl, const struct guest_options *options, const char *name,
		     struct report *report)
{
	struct ctrl_domain_info *list;
	int count = ctrl_list_all_domains(ctrl, &list), err;

	if (count < 0)
		return fail_by_ctrl(report, count);
	err = check_identity_among(list, (size_t)count, options, name, NULL, report);
	free(list);
	return err;
}

/* Also notes in the lock file what is being made, because the next steps make it. */
static int check_name(struct creation *creation)
{
	const struct guest_config *config = creation->config;
	struct ctrl_domain_info *list;
	int count = ctrl_list_all_domains(creation->ctrl, &list), err;

	if (count < 0)
		return fail_by_ctrl(creation->report, count);
	err = check_identity_among(list, (size_t)count, creation->options, config->name,
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
	uint64_t wanted =
		creation->store ? start_memory_mib(creation->config) : creation->config->memory_mib;
	struct ctrl_physinfo info;
	int err = ctrl_get_physinfo(creation->ctrl, &info);

	if (err)
		return fail_by_ctrl(creation->report, err);
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
		return fail_by_ctrl(creation->report, err);
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
	return err ? fail_by_ctrl(creation->report, err) : 0;
}

/*
 * The store daemon keeps the guest's ring mapped. If it was not notified of the domain's death,
 * this call makes it unmap the page. Until then the domain's number is not reused.
 */
static void release(struct ctrl *ctrl, struct ctrl_store *store, uint32_t domid,
		    const uint8_t uuid[16])
{
	struct ctrl_domain_info info;

	if (store && !ctrl_get_domain(ctrl, domid, &info) && info.dying &&
	    !memcmp(info.uuid, uuid, sizeof(info.uuid)))
		ctrl_store_release(store, domid);
}

static void unbuild(struct creation *creation)
{
	/* if this fails, `vmctl list` still shows the domain */
	ctrl_destroy_domain(creation->ctrl, creation->guest.domid);
	release(creation->ctrl, creation->store, creation->guest.domid, creation->config->uuid);
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
			return fail_by_ctrl(creation->report, err);
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

void guest_to_monitor(const struct guest_config *config, uint32_t domid, const char *text,
		      struct monitor_guest *out)
{
	*out = (struct monitor_guest){
		.domid = domid,
		.name = config->name,
		.config = text,
		.config_size = strlen(text),
		.on =
			{
				[MONITOR_ON_POWEROFF] = (enum monitor_action)config->on_poweroff,
				[MONITOR_ON_REBOOT] = (enum monitor_action)config->on_reboot,
				[MONITOR_ON_CRASH] = (enum monitor_action)config->on_crash,
				[MONITOR_ON_WATCHDOG] = (enum monitor_action)config->on_watchdog,
			},
	};
	memcpy(out->uuid, config->uuid, sizeof(out->uuid));
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

static void forget(const struct guest_options *options, uint32_t domid, const uint8_t uuid[16])
{
	if (options->forget_guest)
		options->forget_guest(options->context, domid, uuid);
	else if (!options->register_guest)
		monitor_client_forget(options->monitor_socket, domid, uuid, NULL);
}

static void forget_guest(struct creation *creation)
{
	forget(creation->options, creation->guest.domid, creation->config->uuid);
}

static int start(struct creation *creation)
{
	int err = 0;

	if (!creation->options->leave_paused)
		err = ctrl_unpause_domain(creation->ctrl, creation->guest.domid);
	return err ? fail_by_ctrl(creation->report, err) : 0;
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
		.options = ALL_OPTIONS(options),
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
	return err ? fail_by_ctrl(creation->report, err) : 0;
}

int guest_check(struct ctrl *ctrl, const struct guest_config *config,
		const struct guest_options *options, struct report *report)
{
	struct creation creation = {
		.ctrl = ctrl,
		.config = config,
		.options = ALL_OPTIONS(options),
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

/*
 * Removes the guest's nodes from the store while its domain ID cannot be reused. Pauses the guest
 * first, as it must not run without them. The store is only a public copy, so an unreachable store
 * does not prevent the destruction.
 */
static void leave_store(struct ctrl *ctrl, struct ctrl_store *store, uint32_t domid,
			const uint8_t uuid[16], const struct guest_options *options)
{
	struct report report;

	if (!store)
		return;
	ctrl_pause_domain(ctrl, domid);
	if (guest_store_remove(store, domid, uuid, &report) && options->warn)
		options->warn(options->context, report.text);
}

int guest_destroy(struct ctrl *ctrl, uint32_t domid, const uint8_t uuid[16], int reason,
		  const struct guest_options *options, struct report *report)
{
	const struct guest_options *all = ALL_OPTIONS(options);
	struct ctrl_store *store = NULL;
	int err;

	if (!domid)
		return report_set(report, -EPERM, "dom0 cannot be destroyed: shut it down instead");
	err = store_open(&store);
	if (err)
		store = NULL;
	if (err == -ETIMEDOUT && all->warn)
		all->warn(all->context, ctrl_error());
	forget(all, domid, uuid);
	leave_store(ctrl, store, domid, uuid, all);
	err = ctrl_destroy_domain(ctrl, domid);
	if (err)
		fail_by_ctrl(report, err);
	else
		release(ctrl, store, domid, uuid);
	ctrl_store_close(store);
	if (err)
		return err;
	/*
	 * ignore errors: the daemon may not run or not know this guest, and the domain is gone
	 * anyway
	 */
	console_client_died(all->console_socket, domid, uuid, reason, NULL);
	registry_remove(all->registry, domid, uuid);
	return 0;
}
