/* SPDX-License-Identifier: ISC */
/* A guest's config as libctrl and the monitor take it. */
#include "clients/monitor_client.h"
#include "creation.h"
#include "guest.h"

#include <libctrl.h>
#include <string.h>

#define STORE_DOMID 0 /* dom0 serves the store */

/*
 * A guest whose memory can grow starts with maxmem, and its balloon driver returns the excess when
 * it reads memory/target. This avoids memory hotplug.
 */
uint64_t guest_start_memory_mib(const struct guest_config *config)
{
	return config->maxmem_mib > config->memory_mib ? config->maxmem_mib : config->memory_mib;
}

void guest_to_ctrl(const struct guest_config *config, const char *cmdline,
		   struct ctrl_guest_config *out)
{
	ctrl_guest_config_init(out);
	out->name = config->name;
	memcpy(out->uuid, config->uuid, sizeof(out->uuid));
	out->memory_kib = guest_start_memory_mib(config) * 1024;
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
