/* SPDX-License-Identifier: ISC */
/* The table of all keys that a guest config can have. */
#include "keys.h"
#include "guest_config.h"
#include "base/nearest.h"
#include "clients/console_client.h"
#include "clients/monitor_client.h"

#include <libctrl.h>
#include <string.h>

_Static_assert(GUEST_NAME_MAX <= CONSOLE_NAME_MAX && GUEST_NAME_MAX <= MONITOR_NAME_MAX,
	       "the daemons take every name that a config may have");

#define NO_DUMP "core dumps cannot be written; use 'destroy', or 'preserve' to look at the guest"

static const struct key_choice actions[] = {
	{"destroy", MONITOR_DESTROY, NULL},
	{"restart", MONITOR_RESTART, NULL},
	{"preserve", MONITOR_PRESERVE, NULL},
	{"rename-restart", MONITOR_RENAME_RESTART, NULL},
	{"coredump-destroy", 0, NO_DUMP},
	{"coredump-restart", 0, NO_DUMP},
	{"soft-reset", 0, "a guest cannot be reset in place; use 'restart'"},
	{NULL, 0, NULL},
};

static const struct key_choice gic_versions[] = {
	{"default", CTRL_GIC_HOST, NULL},
	{"v2", CTRL_GIC_V2, NULL},
	{"v3", CTRL_GIC_V3, NULL},
	{NULL, 0, NULL},
};

static const struct key_choice types[] = {
	{"pvh", 0, NULL},
	{"pv", 0, NULL},
	{"hvm", 0, "guests on ARM are 'pvh' (xl accepts 'pv' for the same)"},
	{NULL, 0, NULL},
};

static const struct key_choice builders[] = {
	{"generic", 0, NULL},
	{"linux", 0, NULL},
	{"hvm", 0, "guests on ARM are 'pvh'; leave the key out"},
	{NULL, 0, NULL},
};

static const struct key_choice pools[] = {
	{"Pool-0", 0, NULL},
	{NULL, 0, NULL},
};

static const struct key_choice disabled[] = {
	{"disabled", 0, NULL},
	{"none", 0, NULL},
	{"default", 0, NULL},
	{NULL, 0, NULL},
};

/* Any number: what it asks for cannot differ from what there is. */
static const struct key_choice any_number[] = {
	{"0", 0, NULL},
	{"1", 0, NULL},
	{NULL, 0, NULL},
};

static const struct key_choice vuarts[] = {
	{"none", GUEST_VUART_NONE, NULL},
	{"sbsa_uart", GUEST_VUART_SBSA, NULL},
	{NULL, 0, NULL},
};

#define FIELD(field) .offset = offsetof(struct guest_config, field)
#define NUMBER(key, field, lo, hi, value, text)                                            \
	{                                                                                  \
		.name = key, .type = &key_type_number, FIELD(field), .min = lo, .max = hi, \
		.preset = value, .doc = text                                               \
	}
#define OTHER(key, kind, field, text)                                 \
	{                                                             \
		.name = key, .type = &kind, FIELD(field), .doc = text \
	}
#define LIST(key, kind, field, most, text)                                         \
	{                                                                          \
		.name = key, .type = &kind, FIELD(field), .max = most, .doc = text \
	}
#define CHOICE(key, field, list, value, text)                                         \
	{                                                                             \
		.name = key, .type = &key_type_choice, FIELD(field), .preset = value, \
		.choices = list, .doc = text                                          \
	}
#define FIXED(key, list, text)                                                     \
	{                                                                          \
		.name = key, .type = &key_type_fixed, .choices = list, .doc = text \
	}
#define REFUSED(key, text)                                          \
	{                                                           \
		.name = key, .type = &key_type_refused, .doc = text \
	}

#define NO_DEVICE      "dom0 has backends for disks and network interfaces only"
#define NO_PASSTHROUGH "devices of the machine cannot be given to a guest yet"
#define ONLY_X86       "it is for guests on x86 and does nothing on ARM"
#define NO_LOADER      "a guest starts from the file that 'kernel' names"

/* In the order of the manual page; xl.cfg's names and meanings. */
const struct guest_key guest_keys[] = {
	OTHER("name", key_type_name, name, "what the guest is called (required)"),
	OTHER("uuid", key_type_uuid, uuid, "the domain's UUID; default: made from the name"),
	OTHER("kernel", key_type_path, kernel,
	      "arm64 Image, may be gzip-compressed, or ARM zImage (required)"),
	OTHER("ramdisk", key_type_path, ramdisk, "initial RAM disk"),
	OTHER("cmdline", key_type_string, cmdline, "the kernel's command line"),
	OTHER("root", key_type_string, root, "put into the command line as root=..."),
	OTHER("extra", key_type_string, extra, "put into the command line after root"),
	NUMBER("memory", memory_mib, 1, GUEST_MEMORY_MAX, 256, "MiB of RAM at start"),
	NUMBER("maxmem", maxmem_mib, 1, GUEST_MEMORY_MAX, 0,
	       "MiB of RAM it may ever have; default: memory"),
	NUMBER("vcpus", vcpus, 1, CTRL_MAX_VCPUS, 1, "vCPUs online at start"),
	NUMBER("maxvcpus", maxvcpus, 1, CTRL_MAX_VCPUS, 0, "vCPUs it can bring up; default: vcpus"),
	OTHER("cpus", key_type_affinity, cpus,
	      "CPUs where it may run: \"0-3,5,^2\", or a list with one for each vCPU"),
	OTHER("cpus_soft", key_type_affinity, cpus_soft, "CPUs where it runs when they are free"),
	NUMBER("cpu_weight", cpu_weight, 1, UINT16_MAX, 0,
	       "share of CPU time against other guests; default: the scheduler's, 256"),
	NUMBER("cap", cap, 0, UINT16_MAX, 0, "most CPU time, in percent of one CPU; 0: no limit"),
	CHOICE("gic_version", gic_version, gic_versions, CTRL_GIC_HOST,
	       "kind of interrupt controller, by default the machine's"),
	CHOICE("on_poweroff", on_poweroff, actions, MONITOR_DESTROY, "when it powers off"),
	CHOICE("on_reboot", on_reboot, actions, MONITOR_RESTART, "when it reboots"),
	CHOICE("on_crash", on_crash, actions, MONITOR_DESTROY, "when it crashes"),
	CHOICE("on_watchdog", on_watchdog, actions, MONITOR_DESTROY, "when its watchdog expires"),
	NUMBER("max_grant_frames", max_grant_frames, 1, 16384, GUEST_HOST_DEFAULT,
	       "pages of its grant table, 512 grants each; default: the hypervisor's"),
	NUMBER("max_maptrack_frames", max_maptrack_frames, 0, 65536, GUEST_HOST_DEFAULT,
	       "pages for grants that it maps itself; default: the hypervisor's"),
	NUMBER("max_event_channels", max_event_channels, 4, 131071, 1023,
	       "highest event channel number"),
	LIST("disk", key_type_disks, disks, GUEST_DISKS_MAX,
	     "disks: [\"FILE, raw, xvda, rw\", ...]"),
	LIST("vif", key_type_vifs, vifs, GUEST_VIFS_MAX,
	     "network interfaces: [\"bridge=NAME, mac=...\", ...]; \"\" has all defaults"),

	CHOICE("vuart", vuart, vuarts, GUEST_VUART_NONE,
	       "an emulated UART as second console: \"sbsa_uart\"; default: none"),

	FIXED("type", types, "kind of guest; on ARM there is one"),
	FIXED("builder", builders, "old form of type"),
	FIXED("pool", pools, "CPU pool"),
	FIXED("passthrough", disabled, "devices of the machine given to the guest"),
	FIXED("tee", disabled, "trusted execution environment"),
	FIXED("nomigrate", any_number, "no guest can be migrated"),
	FIXED("hap", any_number, "ARM always has two stages of translation"),
	FIXED("localtime", any_number, "ARM guests have no such clock"),

	REFUSED("vfb", NO_DEVICE),
	REFUSED("vkb", NO_DEVICE),
	REFUSED("vsnd", NO_DEVICE),
	REFUSED("vtpm", NO_DEVICE),
	REFUSED("p9", NO_DEVICE),
	REFUSED("virtio", NO_DEVICE),
	REFUSED("vdispl", NO_DEVICE),
	REFUSED("channel", NO_DEVICE),
	REFUSED("usbctrl", NO_DEVICE),
	REFUSED("usbdev", NO_DEVICE),
	REFUSED("pvcalls", NO_DEVICE),
	REFUSED("pci", NO_PASSTHROUGH),
	REFUSED("dtdev", NO_PASSTHROUGH),
	REFUSED("device_tree", NO_PASSTHROUGH),
	REFUSED("irqs", NO_PASSTHROUGH),
	REFUSED("iomem", NO_PASSTHROUGH),
	REFUSED("ioports", ONLY_X86),
	REFUSED("rdm", ONLY_X86),
	REFUSED("bootloader", NO_LOADER),
	REFUSED("bootloader_args", NO_LOADER),
	REFUSED("firmware", NO_LOADER),
	REFUSED("bios", NO_LOADER),
	REFUSED("boot", NO_LOADER),
	REFUSED("acpi", "guests get a device tree, not ACPI tables"),
	REFUSED("nodes", "there is no NUMA placement"),
	REFUSED("vnuma", "there is no NUMA placement"),
	REFUSED("cpuid", ONLY_X86),
	REFUSED("vpmu", "guests have no performance counters"),
	REFUSED("rtc_timeoffset", "ARM guests have no such clock"),
	REFUSED("on_soft_reset", "a guest cannot be reset in place"),
	REFUSED("max_grant_version", "it cannot be limited; Linux uses version 1"),
	REFUSED("seclabel", "there are no security labels"),
	REFUSED("init_seclabel", "there are no security labels"),
	REFUSED("driver_domain", "every backend runs in dom0"),
	REFUSED("claim_mode", "it belongs into xl.conf"),
	REFUSED("shadow_memory", ONLY_X86),
	REFUSED("pae", ONLY_X86),
	REFUSED("apic", ONLY_X86),
	REFUSED("nx", ONLY_X86),
	REFUSED("hpet", ONLY_X86),
	REFUSED("viridian", ONLY_X86),
	REFUSED("nestedhvm", ONLY_X86),
	REFUSED("altp2m", ONLY_X86),
	REFUSED("timer_mode", ONLY_X86),
	REFUSED("tsc_mode", ONLY_X86),
	REFUSED("pvshim", ONLY_X86),
	REFUSED("pvh", "write type = \"pvh\", or nothing"),
	REFUSED("device_model_version", ONLY_X86),
	REFUSED("device_model_override", ONLY_X86),
	REFUSED("vga", ONLY_X86),
	REFUSED("videoram", ONLY_X86),
	REFUSED("vnc", ONLY_X86),
	REFUSED("sdl", ONLY_X86),
	REFUSED("spice", ONLY_X86),
	REFUSED("keymap", ONLY_X86),
	REFUSED("serial", ONLY_X86),
	REFUSED("usb", ONLY_X86),
	REFUSED("soundhw", ONLY_X86),
	REFUSED("xen_platform_pci", ONLY_X86),
};

const size_t guest_key_count = sizeof(guest_keys) / sizeof(guest_keys[0]);

const struct guest_key *guest_key_find(const char *name)
{
	for (size_t i = 0; i < guest_key_count; i++)
		if (!strcmp(guest_keys[i].name, name))
			return &guest_keys[i];
	return NULL;
}

static const char *nth_key(const void *context, size_t n)
{
	(void)context;
	return n < guest_key_count ? guest_keys[n].name : NULL;
}

const char *guest_key_nearest(const char *name)
{
	return nearest_word(name, nth_key, NULL);
}
