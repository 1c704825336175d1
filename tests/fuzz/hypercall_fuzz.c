/* SPDX-License-Identifier: ISC */
/*
 * Sequences of hypercalls, by dom0 and two guests, on the whole hypervisor. The input says who calls what with which
 * arguments; most of these are of the right shape, so that calls get far. After each call no lock is held and no TLB entry
 * is stale (the test host aborts otherwise); at the end all domains are killed, and every page must be back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arm/psci.h>
#include <arm/trap.h>
#include <host/host.h>
#include <hyp/guest_access.h>
#include <hyp/hypercall.h>
#include <hyp/log.h>
#include <hyp/vtimer.h>
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
#include <whole.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define GUESTS      2
#define GUEST_PAGES 24
#define RAM0        (GUEST_RAM0_BASE >> PAGE_SHIFT)
#define GRANTS      (GUEST_GNTTAB_BASE >> PAGE_SHIFT)

static const uint8_t *in;
static size_t left;
static domid_t guest_id[GUESTS];

/* ---- the input ---- */

static uint8_t byte(void)
{
	return left ? (left--, *in++) : 0;
}

static uint64_t bytes(unsigned n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | byte();
	return v;
}

static domid_t a_domid(void)
{
	uint8_t b = byte();
	const domid_t ids[] = {
		DOMID_SELF, 0, guest_id[0], guest_id[1], DOMID_INVALID, (domid_t)(guest_id[1] + 1)};

	return b < 240 ? ids[b % ARRAY_SIZE(ids)] : (domid_t)bytes(2);
}

/* Where something is in the callers' address spaces, or not. */
static uint64_t a_gfn(uint64_t base)
{
	uint8_t b = byte();

	switch (b >> 5) {
	case 0:
	case 1:
		return (base >> PAGE_SHIFT) + b % 32;
	case 2:
		return RAM0 + b % 32;
	case 3:
		return GRANTS + b % 4;
	case 4:
		return (GiB(4) >> PAGE_SHIFT) + b % 8;
	case 5:
		return (GiB(512) >> PAGE_SHIFT) + b % 32;
	case 6:
		return b % 32;
	default:
		return bytes(8);
	}
}

/* Buffers of the caller: a list of frames, anything, the end of its memory, none. */
static uint64_t a_handle(uint64_t base)
{
	uint8_t b = byte();
	static const uint64_t places[] = {PAGE_SIZE, PAGE_SIZE, 2 * PAGE_SIZE, 3 * PAGE_SIZE - 8,
					  GUEST_PAGES * PAGE_SIZE - 16};

	if (b < 230)
		return base + places[b % ARRAY_SIZE(places)];
	return b < 240 ? 0 : bytes(8);
}

static uint64_t small(void)
{
	uint8_t b = byte();

	return b < 224 ? b % 24 : b < 240 ? ~0ULL : bytes(4);
}

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

/* What a letter of a template stands for; NULL: any bytes. */
static const struct field {
	char letter;
	uint8_t size;
	uint64_t (*make)(uint64_t base);
} fields[] = {
	{'D', 2, make_domid}, {'P', 4, make_small}, {'V', 4, make_small},   {'S', 4, make_small},
	{'L', 8, make_small}, {'G', 8, a_gfn},      {'A', 8, make_address}, {'H', 8, a_handle},
	{'B', 1, NULL},       {'W', 2, NULL},       {'R', 4, NULL},         {'Q', 8, NULL},
};

static const struct field *field_of(char letter)
{
	const struct field *f = fields;

	while (f->letter != letter)
		f++;
	return f;
}

/*
 * An argument from its template: a letter for what a field is, and its offset. D domain, P port, V vCPU, S and L
 * small numbers, G frame, A address, H handle, B W R Q anything of 1, 2, 4, 8 bytes.
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
	{__HYPERVISOR_memory_op, XENMEM_add_to_physmap, CMD_ARG, "D0S4L8G16"},
	{__HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, CMD_ARG, "D0B2B4D6H8H16H24"},
	{__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, CMD_ARG, "D0G8"},
	{__HYPERVISOR_memory_op, XENMEM_acquire_resource, CMD_ARG, "D0B2S4S8L16H24"},
	{__HYPERVISOR_memory_op, 63, CMD_ARG, "Q0"},
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
	{__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, CMD_ARG_COUNT, "A0B8S12D16"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, CMD_ARG_COUNT,
	 "A0B8S12D16A32B40S44D48"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, CMD_ARG_COUNT, "A0Q8S16"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, CMD_ARG_COUNT, "A0S16"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_copy, CMD_ARG_COUNT, "G0D8W10G16D24W26W32B34"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_copy, CMD_ARG_COUNT, "L0D8L16D24B32B34"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_query_size, CMD_ARG_COUNT, "D0"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_set_version, CMD_ARG_COUNT, "S0"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_get_version, CMD_ARG_COUNT, "D0"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_swap_grant_ref, CMD_ARG_COUNT, "S0S4"},
	{__HYPERVISOR_grant_table_op, GNTTABOP_cache_flush, CMD_ARG_COUNT, "A0W8W10R12"},
	{__HYPERVISOR_sched_op, SCHEDOP_yield, CMD_ARG, ""},
	{__HYPERVISOR_sched_op, SCHEDOP_block, CMD_ARG, ""},
	{__HYPERVISOR_sched_op, SCHEDOP_shutdown, CMD_ARG, "S0"},
	{__HYPERVISOR_sched_op, SCHEDOP_poll, CMD_ARG, "H0S8Q16"},
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
	{__HYPERVISOR_vm_assist, 0, CMD_COUNT_ARG, ""},
	{__HYPERVISOR_vm_assist, 1, CMD_COUNT_ARG, ""},
	{__HYPERVISOR_console_io, CONSOLEIO_write, CMD_COUNT_ARG, ""},
	{__HYPERVISOR_console_io, CONSOLEIO_read, CMD_COUNT_ARG, ""},
	{__HYPERVISOR_physdev_op, PHYSDEVOP_pci_device_add, CMD_ARG, ""},
	{__HYPERVISOR_plinth_op, PLINTH_OP_copy_to_domain, CMD_ARG, "A0H8L16L24D32"},
	{__HYPERVISOR_plinth_op, PLINTH_OP_copy_to_domain, CMD_ARG, "A0H8R16D32"},
	{__HYPERVISOR_plinth_op, PLINTH_OP_read_previous_log, CMD_ARG, "H0L8S24"},
	{__HYPERVISOR_plinth_op, PLINTH_OP_get_usage, CMD_ARG, ""},
	{__HYPERVISOR_platform_op, XENPF_settime64, ARG, "Q8R16R20Q24"},
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
	{__HYPERVISOR_multicall, 0, ARG_COUNT, "L0S16H24S32L64S80H88"},
	{__HYPERVISOR_multicall, 0, ARG_COUNT, "L0Q16Q24Q32L64Q80Q88"},
};

/* What ends the machine when dom0 says so. */
static bool ends_machine(const struct vcpu *v, unsigned i, const uint8_t *arg)
{
	domid_t target;

	if (!v->domain->privileged)
		return false;
	if (calls[i].nr == __HYPERVISOR_multicall)
		return true; /* it may say so in there */
	memcpy(&target, arg, sizeof(target));
	return calls[i].nr == __HYPERVISOR_sched_op &&
	       (calls[i].cmd == SCHEDOP_shutdown ||
		(calls[i].cmd == SCHEDOP_remote_shutdown && target == 0));
}

static uint64_t base_of(const struct vcpu *v)
{
	return v->domain->privileged ? mfn_to_pa(hyp_va_to_mfn(whole_ram())) : GUEST_RAM0_BASE;
}

static void call(struct vcpu *v)
{
	unsigned i = byte() % ARRAY_SIZE(calls), count = 1 + byte() % 3;
	uint64_t base = base_of(v), cmd = calls[i].cmd;
	uint32_t domctl[2] = {calls[i].cmd,
			      calls[i].nr == __HYPERVISOR_sysctl   ? XEN_SYSCTL_INTERFACE_VERSION
			      : calls[i].nr == __HYPERVISOR_domctl ? XEN_DOMCTL_INTERFACE_VERSION
								   : XENPF_INTERFACE_VERSION};
	uint8_t arg[256] = {0};

	fill(arg, calls[i].template, base);
	if (calls[i].shape == ARG)
		memcpy(arg, domctl, sizeof(domctl));
	if (ends_machine(v, i, arg))
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
		host_hypercall(v, calls[i].nr, cmd, bytes(2), a_handle(base));
		break;
	}
}

/* ---- everything else that happens ---- */

/* The guest writes into its memory: lists for handles, grant entries, event words. */
static void write_memory(struct vcpu *v)
{
	uint64_t base = base_of(v), gpa = a_gfn(base) << PAGE_SHIFT, word;
	struct grant_entry_v1 grant;

	switch (byte() % 3) {
	case 0:
		for (unsigned i = 0; i < 8; i++) {
			word = a_gfn(base);
			copy_to_domain(v->domain, base + PAGE_SIZE + i * 8, &word, sizeof(word));
		}
		break;
	case 1:
		grant = (struct grant_entry_v1){.flags = (uint16_t)(byte() % 64),
						.domid = a_domid(),
						.frame = (uint32_t)a_gfn(base)};
		copy_to_domain(v->domain, (GRANTS << PAGE_SHIFT) + byte() % 24 * sizeof(grant),
			       &grant, sizeof(grant));
		break;
	default:
		word = bytes(4);
		copy_to_domain(v->domain, gpa + bytes(2) % (PAGE_SIZE - 8), &word, sizeof(word));
	}
}

static void device_access(struct vcpu *v)
{
	unsigned size = 1u << byte() % 4;
	gpaddr_t base = v->domain->privileged ? 0x8000000 : GUEST_GICV3_GICD_BASE;
	gpaddr_t addr = base + bytes(2) + (byte() % 4) * 0x10000;

	if (byte() & 1)
		mmio_write(v, addr, size, bytes(size));
	else
		mmio_read(v, addr, size);
}

static void firmware_call(struct vcpu *v)
{
	static const uint32_t ids[] = {
		PSCI_VERSION,   PSCI_CPU_ON_64, PSCI_CPU_OFF,        PSCI_AFFINITY_INFO_64,
		PSCI_FEATURES,  SMCCC_VERSION,  PSCI_CPU_SUSPEND_64, PSCI_SYSTEM_OFF,
		PSCI_CPU_ON_32, 0x84000010,     SMCCC_ARCH_FEATURES, PSCI_SYSTEM_RESET};

	v->arch.x[0] = ids[byte() % ARRAY_SIZE(ids)];
	v->arch.x[1] = small();
	v->arch.x[2] = a_gfn(base_of(v)) << PAGE_SHIFT;
	v->arch.x[3] = byte();
	if (!v->domain->privileged ||
	    (v->arch.x[0] != PSCI_SYSTEM_OFF && v->arch.x[0] != PSCI_SYSTEM_RESET &&
	     v->arch.x[0] != PSCI_CPU_OFF))
		smccc_call(v);
}

static void timers(struct vcpu *v)
{
	uint8_t b = byte();

	if (b & 1) {
		ptimer_write(v, PTIMER_CVAL, host_ticks + bytes(2) * 100);
		ptimer_write(v, PTIMER_CTL, b >> 1 & 3);
	} else {
		v->arch.vtimer.on = b & 2;
		v->arch.vtimer.cval = host_ticks + bytes(2) * 100;
	}
}

static void interrupts(struct vcpu *v)
{
	uint8_t b = byte();

	if (b & 1)
		host_guest_open();
	while (host_guest_take() != HOST_NO_IRQ && b & 2)
		;
	if (b & 4)
		host_raise_spi(NR_LOCALS + b / 8);
	if (v->domain->vgic.version == 3 && b & 8)
		vgic_v3_write_sgi1r(v, bytes(8));
}

/* The vCPU runs on the CPU that we are on; NULL: it cannot. */
static struct vcpu *become(struct vcpu *v)
{
	if (v->blocked)
		vcpu_unblock(v); /* there is always an interrupt some day */
	for (unsigned tries = 0; tries < 20 && vcpu_runnable(v); tries++) {
		for (unsigned i = 0; i < nr_cpus; i++)
			host_cpu_run(i);
		if (cpus[v->sched.cpu]->rq.running == v && cpus[v->sched.cpu]->current == v) {
			host_set_cpu(v->sched.cpu);
			return v;
		}
		host_ticks += 6000000; /* a slice */
	}
	return NULL;
}

static struct vcpu *caller(uint8_t b)
{
	struct domain *d = b % 3 ? domain_get(guest_id[b % 3 - 1]) : NULL;
	struct vcpu *v = NULL;

	if (b % 3 == 0)
		return become(whole_vcpu);
	if (d) {
		v = d->vcpu[b / 3 % 2];
		domain_put(d);
	}
	return v ? become(v) : NULL;
}

static void step(void)
{
	static void (*const acts[])(struct vcpu * v) = {write_memory, device_access, firmware_call,
							timers, interrupts};
	uint8_t b = byte();
	struct vcpu *v;

	if (b >= 0xf0) {
		host_yield_every = b & 3;
		host_ticks += bytes(3);
		return;
	}
	v = caller(b);
	if (!v)
		return;
	if (b / 6 % 3)
		call(v);
	else
		acts[byte() % ARRAY_SIZE(acts)](v);
	if (host_locks_held())
		host_fail("a lock stays held");
	host_cpu_run(this_cpu()->id);
}

/* A guest with its grant table in its memory. */
static void start_guest(unsigned i)
{
	struct domain *d = whole_domain(2, GUEST_PAGES, true);
	struct xen_add_to_physmap *a = whole_scratch(sizeof(*a));

	guest_id[i] = d->id;
	*a = (struct xen_add_to_physmap){
		.domid = d->id, .space = XENMAPSPACE_grant_table, .gpfn = GRANTS};
	host_hypercall(whole_vcpu, __HYPERVISOR_memory_op, XENMEM_add_to_physmap, (uintptr_t)a, 0);
	whole_scratch_reset();
	d->max_pages = 64;
	domain_unpause(d);
	d->paused_by_tools = false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	in = data;
	left = size;
	whole_setup(NULL);
	log_set_level(LOG_ERR);
	for (unsigned i = 0; i < GUESTS; i++)
		start_guest(i);
	for (unsigned n = 0; left && n < 200; n++)
		step();
	whole_teardown(NULL);
	return 0;
}
