/* SPDX-License-Identifier: ISC */
/* The hypercalls: a template each for the structure that it takes, filled from the input. */
#include <mem/guest_access.h>
#include <hyp/hypercall.h>
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/hvm_op.h>
#include <public/memory.h>
#include <public/physdev.h>
#include <public/platform.h>
#include <public/plinth.h>
#include <public/sched.h>
#include <public/vcpu.h>
#include <public/version.h>
#include "fuzz.h"

static uint64_t make_domid(uint64_t base)
{
	(void)base;
	return a_domid();
}

static uint64_t make_address(uint64_t base)
{
	return a_gfn(base) << PAGE_SHIFT;
}

static uint64_t make_small(uint64_t base)
{
	(void)base;
	return small();
}

/* Flags of a grant's mapping: for the host or a device, read-only or not; sometimes anything. */
static uint64_t make_map_flags(uint64_t base)
{
	uint8_t b = byte();

	(void)base;
	return b < 224 ? (uint64_t)(GNTMAP_host_map | (b & (GNTMAP_device_map | GNTMAP_readonly)))
		       : b;
}

/* One of a few kinds: a space of add_to_physmap, a type of resource. */
static uint64_t make_kind(uint64_t base)
{
	(void)base;
	return byte() % 6;
}

/* An offset or a length within a page, mostly. */
static uint64_t make_offset(uint64_t base)
{
	uint8_t b = byte();

	(void)base;
	return b < 224 ? b % 64 * 32 : bytes(2);
}

/* What a letter of a template stands for; NULL: any bytes. */
static const struct field {
	char letter;
	uint8_t size;
	uint64_t (*make)(uint64_t base);
} fields[] = {
	{'D', 2, make_domid}, {'P', 4, make_small},     {'V', 4, make_small},  {'S', 4, make_small},
	{'L', 8, make_small}, {'F', 4, make_map_flags}, {'O', 2, make_offset}, {'E', 2, make_kind},
	{'G', 8, a_gfn},      {'A', 8, make_address},   {'H', 8, a_handle},    {'B', 1, NULL},
	{'W', 2, NULL},       {'R', 4, NULL},           {'Q', 8, NULL},
};

static const struct field *field_of(char letter)
{
	const struct field *f = fields;

	while (f->letter != letter)
		f++;
	return f;
}

/*
 * An argument from its template: a letter for what a field is, and its offset. D domain, P port, V
 * vCPU, S and L small numbers, E a kind, F flags of a mapping, O offset, G frame, A address, H
 * handle, B W R Q anything of 1, 2, 4, 8 bytes.
 */
static void fill(uint8_t *arg, const char *template, uint64_t base)
{
	while (*template) {
		const struct field *f = field_of(*template ++);
		unsigned at = 0;
		uint64_t v;

		while (*template >= '0' && *template <= '9')
			at = at * 10 + (unsigned)(*template ++-'0');
		v = f->make ? f->make(base) : bytes(f->size);
		memcpy(arg + at, &v, f->size);
	}
}

/* ---- the calls ---- */

/* How the registers are made of command, structure and count. */
#define ANY_CMD 0xff /* any small number */

enum shape { CMD_ARG, CMD_ARG_COUNT, ARG, ARG_COUNT, CMD_VCPU_ARG, CMD_COUNT_ARG };

static const struct {
	uint8_t nr, cmd;
	enum shape shape;
	const char *template;
} calls[] = {
	{__HYPERVISOR_memory_op, XENMEM_populate_physmap, CMD_ARG, "H0L8S16R20D24"},
	{__HYPERVISOR_memory_op, XENMEM_populate_physmap, CMD_ARG, "H0L8D24"},
	{__HYPERVISOR_memory_op, XENMEM_increase_reservation, CMD_ARG, "H0L8S16D24"},
	{__HYPERVISOR_memory_op, XENMEM_decrease_reservation, CMD_ARG, "H0L8D24"},
	{__HYPERVISOR_memory_op, XENMEM_decrease_reservation, CMD_ARG, "H0L8S16D24"},
	{__HYPERVISOR_memory_op, XENMEM_current_reservation, CMD_ARG, "D0"},
	{__HYPERVISOR_memory_op, XENMEM_maximum_gpfn, CMD_ARG, "D0"},
	{__HYPERVISOR_memory_op, XENMEM_claim_pages, CMD_ARG, "L8D24"},
	{__HYPERVISOR_memory_op, XENMEM_add_to_physmap, CMD_ARG, "D0E4L8G16"},
	{__HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, CMD_ARG, "D0E2S4D6H8H16H24"},
	{__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, CMD_ARG, "D0G8"},
	{__HYPERVISOR_memory_op, XENMEM_acquire_resource, CMD_ARG, "D0E2S8L16H24"},
	{__HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, CMD_ARG, "D0B2B4D6H8H16H24"},
	{__HYPERVISOR_memory_op, ANY_CMD, CMD_ARG, "D0Q8"},
	{__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, CMD_ARG, "D0D2"},
	{__HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain, CMD_ARG, "D0P4"},
	{__HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq, CMD_ARG, "S0V4"},
	{__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, CMD_ARG, "V0"},
	{__HYPERVISOR_event_channel_op, EVTCHNOP_close, CMD_ARG, "P0"},
	{__HYPERVISOR_event_channel_op, EVTCHNOP_send, CMD_ARG, "P0"},
	{__HYPERVISOR_event_channel_op, EVTCHNOP_status, CMD_ARG, "D0P4"},
	{__HYPERVISOR_event_channel_op, EVTCHNOP_bind_vcpu, CMD_ARG, "P0V4"},
	{__HYPERVISOR_event_channel_op, EVTCHNOP_unmask, CMD_ARG, "P0"},
	{__HYPERVISOR_event_channel_op, EVTCHNOP_reset, CMD_ARG, "D0"},
	{__HYPERVISOR_event_channel_op, EVTCHNOP_init_control, CMD_ARG, "G0R8V12"},
	{__HYPERVISOR_event_channel_op, EVTCHNOP_init_control, CMD_ARG, "G0V12"},
	{__HYPERVISOR_event_channel_op, EVTCHNOP_expand_array, CMD_ARG, "G0"},
	{__HYPERVISOR_event_channel_op, EVTCHNOP_set_priority, CMD_ARG, "P0S4"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, CMD_ARG_COUNT, "D0S4H16"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, CMD_ARG_COUNT, "A0F8S12D16"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, CMD_ARG_COUNT,
	 "A0F8S12D16A32F40S44D48"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, CMD_ARG_COUNT, "A0Q8S16"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, CMD_ARG_COUNT, "A0S16"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_copy, CMD_ARG_COUNT, "G0D8O10G16D24O26O32B34"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_copy, CMD_ARG_COUNT, "S0D8O10S16D24O26O32B34"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_query_size, CMD_ARG_COUNT, "D0"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_set_version, CMD_ARG_COUNT, "S0"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_get_version, CMD_ARG_COUNT, "D0"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_swap_grant_ref, CMD_ARG_COUNT, "S0S4"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_cache_flush, CMD_ARG_COUNT, "A0O8O10S12"},
	{__HYPERVISOR_sched_op, SCHEDOP_yield, CMD_ARG, ""},
	{__HYPERVISOR_sched_op, SCHEDOP_block, CMD_ARG, ""},
	{__HYPERVISOR_sched_op, SCHEDOP_shutdown, CMD_ARG, "S0"},
	{__HYPERVISOR_sched_op, SCHEDOP_poll, CMD_ARG, "H0S8Q16"},
	{__HYPERVISOR_sched_op, SCHEDOP_watchdog, CMD_ARG, "S0S4"},
	{__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, CMD_ARG, "D0S4"},
	{__HYPERVISOR_sched_op, SCHEDOP_shutdown_code, CMD_ARG, "S0"},
	{__HYPERVISOR_vcpu_op, VCPUOP_is_up, CMD_VCPU_ARG, ""},
	{__HYPERVISOR_vcpu_op, VCPUOP_get_runstate_info, CMD_VCPU_ARG, ""},
	{__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, CMD_VCPU_ARG, "H0"},
	{__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, CMD_VCPU_ARG, "G0B8"},
	{__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, CMD_VCPU_ARG, "G0R8"},
	{__HYPERVISOR_hvm_op, HVMOP_set_param, CMD_ARG, "D0S4Q8"},
	{__HYPERVISOR_hvm_op, HVMOP_get_param, CMD_ARG, "D0S4"},
	{__HYPERVISOR_xen_version, XENVER_get_features, CMD_ARG, "S0"},
	{__HYPERVISOR_xen_version, XENVER_commandline, CMD_ARG, ""},
	{__HYPERVISOR_xen_version, ANY_CMD, CMD_ARG, ""},
	{__HYPERVISOR_vm_assist, VMASST_CMD_enable, CMD_COUNT_ARG, ""},
	{__HYPERVISOR_vm_assist, VMASST_CMD_disable, CMD_COUNT_ARG, ""},
	{__HYPERVISOR_console_io, CONSOLEIO_write, CMD_COUNT_ARG, ""},
	{__HYPERVISOR_console_io, CONSOLEIO_read, CMD_COUNT_ARG, ""},
	{__HYPERVISOR_physdev_op, PHYSDEVOP_pci_device_add, CMD_ARG, ""},
	{__HYPERVISOR_physdev_op, ANY_CMD, CMD_ARG, ""},
	{__HYPERVISOR_hvm_op, ANY_CMD, CMD_ARG, "D0S4"},
	{__HYPERVISOR_event_channel_op, ANY_CMD, CMD_ARG, "Q0Q8"},
	{__HYPERVISOR_grant_table_op, ANY_CMD, CMD_ARG_COUNT, "Q0Q8Q16"},
	{__HYPERVISOR_multicall, 0, ARG_COUNT, "L0S16H24S32L64S80H88"},
	{__HYPERVISOR_multicall, 0, ARG_COUNT, "L0Q16Q24Q32L64Q80Q88"},
	/* From here on for dom0 only. */
	{__HYPERVISOR_plinth_op, PLINTH_OP_copy_to_domain, CMD_ARG, "A0H8L16L24D32"},
	{__HYPERVISOR_plinth_op, PLINTH_OP_copy_to_domain, CMD_ARG, "A0H8R16D32"},
	{__HYPERVISOR_plinth_op, PLINTH_OP_read_previous_log, CMD_ARG, "H0L8S24"},
	{__HYPERVISOR_plinth_op, PLINTH_OP_get_usage, CMD_ARG, ""},
	{__HYPERVISOR_platform_op, XENPF_settime64, ARG, "Q8S16Q24"},
	{__HYPERVISOR_platform_op, XENPF_settime64, ARG, "Q8R16R20Q24"},
	{__HYPERVISOR_platform_op, XENPF_settime32, ARG, "R8R12Q16"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_createdomain, ARG, "D8B36S44S48S52S56B76W78"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_destroydomain, ARG, "D8"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_pausedomain, ARG, "D8"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_unpausedomain, ARG, "D8"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_resumedomain, ARG, "D8"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_getdomaininfo, ARG, "D8"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_max_mem, ARG, "D8W16"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_max_vcpus, ARG, "D8S16"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_setvcpucontext, ARG, "D8V16H24"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_getvcpucontext, ARG, "D8V16H24"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_getvcpuinfo, ARG, "D8V16"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_setvcpuaffinity, ARG, "D8V16B20H24S32H40S48"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_getvcpuaffinity, ARG, "D8V16B20H24S32H40S48"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_setnodeaffinity, ARG, "D8H16S24"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_getnodeaffinity, ARG, "D8H16S24"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_scheduler_op, ARG, "D8B16B20W24B26"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_setdomainhandle, ARG, "D8Q16"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_settimeoffset, ARG, "D8Q16"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_set_address_size, ARG, "D8B16"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_cacheflush, ARG, "D8G16L24"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_cacheflush, ARG, "D8G16Q24"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_vuart_op, ARG, "D8B16B20G24D32"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_set_paging_mempool_size, ARG, "D8A16"},
	{__HYPERVISOR_domctl, XEN_DOMCTL_get_paging_mempool_size, ARG, "D8"},
	{__HYPERVISOR_sysctl, XEN_SYSCTL_readconsole, ARG, "B8B9S12S16H24"},
	{__HYPERVISOR_sysctl, XEN_SYSCTL_physinfo, ARG, ""},
	{__HYPERVISOR_sysctl, XEN_SYSCTL_getdomaininfolist, ARG, "D8S12H16"},
	{__HYPERVISOR_sysctl, XEN_SYSCTL_getcpuinfo, ARG, "S8H16"},
	{__HYPERVISOR_sysctl, XEN_SYSCTL_cputopoinfo, ARG, "S8H16"},
	{__HYPERVISOR_sysctl, XEN_SYSCTL_numainfo, ARG, "S8H16H24"},
	{__HYPERVISOR_sysctl, XEN_SYSCTL_cpupool_op, ARG, "S8S12S16S20S24H32S40"},
	{__HYPERVISOR_sysctl, XEN_SYSCTL_scheduler_op, ARG, "S8S12S16"},
	{__HYPERVISOR_sysctl, ANY_CMD, ARG, "S8H16S24"},
	{__HYPERVISOR_domctl, ANY_CMD, ARG, "D8H16S24"},
};

/* What ends the machine when dom0 says so. */
static bool ends_machine(const struct vcpu *v, unsigned i, uint64_t cmd, const uint8_t *arg)
{
	domid_t target;

	if (!v->domain->privileged)
		return false;
	if (calls[i].nr == __HYPERVISOR_sysctl && cmd == XEN_SYSCTL_debug_keys)
		return true; /* one key panics */
	if (calls[i].nr == __HYPERVISOR_multicall)
		return true; /* it may say so in there */
	memcpy(&target, arg, sizeof(target));
	return calls[i].nr == __HYPERVISOR_sched_op &&
	       (calls[i].cmd == SCHEDOP_shutdown || calls[i].cmd == SCHEDOP_watchdog ||
		(calls[i].cmd == SCHEDOP_remote_shutdown && target == 0));
}

uint64_t base_of(const struct vcpu *v)
{
	return v->domain->privileged ? mfn_to_pa(hyp_va_to_mfn(whole_ram())) : GUEST_RAM0_BASE;
}

/* A row of calls[]: of those for dom0 too if v is dom0's, and now and then all the same. */
static unsigned choose_call(const struct vcpu *v)
{
	uint8_t b = byte();
	unsigned plain = 0;

	while (calls[plain].nr != __HYPERVISOR_plinth_op)
		plain++;
	if (v->domain->privileged)
		return b < 64 ? b % plain : plain + b % ((unsigned)ARRAY_SIZE(calls) - plain);
	return b < 240 ? b % plain : bytes(1) % (unsigned)ARRAY_SIZE(calls);
}

void call(struct vcpu *v)
{
	unsigned i = choose_call(v), count = 1 + byte() % 3;
	uint64_t base = base_of(v), cmd = calls[i].cmd == ANY_CMD ? byte() % 96 : calls[i].cmd;
	uint32_t domctl[2] = {(uint32_t)cmd,
			      calls[i].nr == __HYPERVISOR_sysctl   ? XEN_SYSCTL_INTERFACE_VERSION
			      : calls[i].nr == __HYPERVISOR_domctl ? XEN_DOMCTL_INTERFACE_VERSION
								   : XENPF_INTERFACE_VERSION};
	uint8_t arg[256] = {0};

	fill(arg, calls[i].template, base);
	if (calls[i].shape == ARG)
		memcpy(arg, domctl, sizeof(domctl));
	if (ends_machine(v, i, cmd, arg))
		return;
	copy_to_domain(v->domain, base, arg, sizeof(arg));
	switch (calls[i].shape) {
	case CMD_ARG:
	case CMD_ARG_COUNT:
		host_hypercall(v, calls[i].nr, cmd, base, count);
		break;
	case ARG:
		host_hypercall(v, calls[i].nr, base, 0, 0);
		break;
	case ARG_COUNT:
		host_hypercall(v, calls[i].nr, base, count % 3, 0);
		break;
	case CMD_VCPU_ARG:
		host_hypercall(v, calls[i].nr, cmd, small(), base);
		break;
	case CMD_COUNT_ARG:
		host_hypercall(v, calls[i].nr, cmd, byte() & 1 ? small() : bytes(2),
			       a_handle(base));
		break;
	}
}
