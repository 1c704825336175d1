/* SPDX-License-Identifier: ISC */
/* A guest's configuration: defaults, and the checks that need neither files nor hypervisor. */
#include <errno.h>
#include <inttypes.h>

#include "guest_config.h"
#include "../internal.h"

void ctrl_guest_config_init(struct ctrl_guest_config *config)
{
	*config = (struct ctrl_guest_config){
		.memory_kib = 128 << 10,
		.vcpus = 1,
		.max_grant_frames = -1,
		.max_maptrack_frames = -1,
		.max_evtchn_port = 1023,
		.store_domid = CTRL_DOMID_INVALID,
	};
}

uint32_t guest_config_max_vcpus(const struct ctrl_guest_config *config)
{
	return config->max_vcpus ? config->max_vcpus : config->vcpus;
}

uint64_t guest_config_max_memory_kib(const struct ctrl_guest_config *config)
{
	return config->max_memory_kib ? config->max_memory_kib : config->memory_kib;
}

int guest_config_check_gic(uint8_t gic_version, uint32_t vcpus)
{
	if (gic_version > CTRL_GIC_V3)
		return ctrl_fail(-EINVAL, "GIC version %u does not exist: give 2 or 3, or leave it",
				 gic_version + 1u);
	if (gic_version == CTRL_GIC_V2 && vcpus > CTRL_MAX_VCPUS_GICV2)
		return ctrl_fail(-EINVAL,
				 "a guest with a GICv2 can have %u vCPUs at most, not %u; use a "
				 "GICv3, if the machine has one, or fewer vCPUs",
				 CTRL_MAX_VCPUS_GICV2, vcpus);
	return 0;
}

int guest_config_check(const struct ctrl_guest_config *config)
{
	uint32_t max_vcpus = guest_config_max_vcpus(config);

	if (!config->kernel)
		return ctrl_fail(-EINVAL, "the guest has no kernel (kernel=)");
	if (!config->memory_kib)
		return ctrl_fail(-EINVAL, "the guest has no memory (memory=)");
	if (!config->vcpus || config->vcpus > max_vcpus)
		return ctrl_fail(-EINVAL,
				 "the guest's number of vCPUs is %u, but must be from 1 to "
				 "maxvcpus, which is %u",
				 config->vcpus, max_vcpus);
	if (max_vcpus > CTRL_MAX_VCPUS)
		return ctrl_fail(-EINVAL, "a guest can have %u vCPUs at most, not %u",
				 CTRL_MAX_VCPUS, max_vcpus);
	if (guest_config_max_memory_kib(config) < config->memory_kib)
		return ctrl_fail(-EINVAL,
				 "the guest's maxmem (%" PRIu64 " KiB) is less than its memory "
				 "(%" PRIu64 " KiB)",
				 config->max_memory_kib, config->memory_kib);
	if (config->domid >= CTRL_DOMID_SELF)
		return ctrl_fail(-EINVAL,
				 "domain number %u is not possible: give 1..%u, or 0 for "
				 "the first free one",
				 config->domid, CTRL_DOMID_SELF - 1);
	return guest_config_check_gic(config->gic_version, max_vcpus);
}
