/* SPDX-License-Identifier: ISC */
/* The two guests that a run of the fuzzer starts with: see fuzz.h. */
#include <hyp/evtchn.h>
#include <mem/guest_access.h>
#include <hyp/irqchip.h>
#include <vdev/mmio.h>
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/memory.h>
#include <public/vcpu.h>
#include "fuzz.h"
#include "unit.h"

#define GRANTED      16       /* the first page of RAM that is granted */
#define GRANT_PAGES  2        /* granted pages: two of them to each grantee */
#define FIRST_REF    8        /* the toolstack's are below */
#define REFS_EACH    4        /* grants to each grantee */
#define VUART_RAM_KB (4 * 64) /* room for its rings and tables */

domid_t guest_id[GUESTS];

static long guest_call(struct domain *d, uint64_t nr, uint64_t cmd, const void *arg, size_t size)
{
	return whole_guest_call(d->vcpu[0], nr, cmd, arg, size);
}

static struct domain *make_domain(void)
{
	struct xen_domctl op = {.u.createdomain = {.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
						   .max_vcpus = GUEST_VCPUS,
						   .max_evtchn_port = 1023,
						   .max_grant_frames = -1,
						   .max_maptrack_frames = -1,
						   .grant_opts = 1,
						   .arch.nr_spis = 64}};
	struct domain *d;
	struct vcpu *v;

	whole_domctl(XEN_DOMCTL_createdomain, 0, &op);
	d = domain_get(op.domain);
	assert_non_null(d);
	domain_put(d);
	op.u.max_mem.max_memkb = VUART_RAM_KB;
	whole_domctl(XEN_DOMCTL_max_mem, d->id, &op);
	op.u.max_vcpus.max = GUEST_VCPUS;
	whole_domctl(XEN_DOMCTL_max_vcpus, d->id, &op);
	whole_populate(d->id, RAM0, GUEST_PAGES);
	whole_populate(d->id, VUART_RING, 1);
	for_each_vcpu (d, v)
		v->offline = 0;
	return d;
}

/* The console daemon's side of the emulated UART. */
static void make_vuart(struct domain *d)
{
	struct xen_domctl op = {.u.vuart_op = {.gfn = VUART_RING}};
	struct evtchn_bind_interdomain *bind = whole_scratch(sizeof(*bind));

	whole_domctl(XEN_DOMCTL_vuart_op, d->id, &op);
	*bind = (struct evtchn_bind_interdomain){.remote_dom = d->id,
						 .remote_port = op.u.vuart_op.evtchn};
	whole_hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain, (uintptr_t)bind);
}

/*
 * References FIRST_REF...: REFS_EACH to dom0, to the first guest, to the second; the last of each
 * is read-only.
 */
static void make_grants(struct domain *d)
{
	const domid_t to[] = {0, guest_id[0], guest_id[1]};
	struct xen_add_to_physmap a = {
		.domid = DOMID_SELF, .space = XENMAPSPACE_grant_table, .gpfn = GRANTS};

	guest_call(d, __HYPERVISOR_memory_op, XENMEM_add_to_physmap, &a, sizeof(a));
	for (unsigned i = 0; i < ARRAY_SIZE(to) * REFS_EACH; i++) {
		struct grant_entry_v1 entry = {
			.flags = GTF_permit_access |
				 (i % REFS_EACH == REFS_EACH - 1 ? GTF_readonly : 0),
			.domid = to[i / REFS_EACH],
			.frame = (uint32_t)(RAM0 + GRANTED + i % GRANT_PAGES),
		};

		copy_to_domain(d, (GRANTS << PAGE_SHIFT) + (FIRST_REF + i) * sizeof(entry), &entry,
			       sizeof(entry));
	}
}

static void use_fifo(struct domain *d)
{
	struct evtchn_expand_array array = {.array_gfn = EVENTS};

	for (unsigned i = 0; i < GUEST_VCPUS; i++) {
		struct evtchn_init_control control = {
			.control_gfn = CONTROLS, .offset = i * 128, .vcpu = i};

		guest_call(d, __HYPERVISOR_event_channel_op, EVTCHNOP_init_control, &control,
			   sizeof(control));
	}
	guest_call(d, __HYPERVISOR_event_channel_op, EVTCHNOP_expand_array, &array, sizeof(array));
}

static void register_infos(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu (d, v) {
		struct vcpu_register_vcpu_info info = {.mfn = INFOS, .offset = v->id * 64u};

		copy_to_domain(d, GUEST_RAM0_BASE, &info, sizeof(info));
		host_hypercall(v, __HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, v->id,
			       GUEST_RAM0_BASE);
	}
}

static void make_local_ports(struct domain *d)
{
	for (unsigned i = 0; i < GUEST_VCPUS; i++) {
		struct evtchn_bind_ipi ipi = {.vcpu = i};
		struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER, .vcpu = i};

		guest_call(d, __HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, &ipi, sizeof(ipi));
		guest_call(d, __HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq, &virq,
			   sizeof(virq));
	}
}

/* A port of `d` that waits for `other`, and other's end of it, if it is a guest. */
static void connect(struct domain *d, domid_t other)
{
	struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF, .remote_dom = other};
	struct evtchn_bind_interdomain bind = {.remote_dom = d->id};
	struct domain *peer = domain_get(other);

	guest_call(d, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, &alloc, sizeof(alloc));
	memcpy(&alloc, whole_guest_ram(d, RAM0), sizeof(alloc));
	bind.remote_port = alloc.port;
	if (other)
		guest_call(peer, __HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain, &bind,
			   sizeof(bind));
	domain_put(peer);
}

/*
 * What a kernel does first: the distributor on, all private interrupts and the first SPIs enabled.
 */
static void enable_interrupts(struct domain *d)
{
	bool v3 = d->vgic.version == 3;
	struct vcpu *v;

	for_each_vcpu (d, v) {
		gpaddr_t redist =
			GUEST_GICV3_GICR0_BASE + v->id * (uint64_t)VGIC_REDIST_STRIDE + 0x10000;

		mmio_write(v, v3 ? redist + 0x100 : GUEST_GICD_BASE + 0x100, 4, ~0U);
	}
	v = d->vcpu[0];
	mmio_write(v, GUEST_GICD_BASE + 0x104, 4, ~0U);
	mmio_write(v, GUEST_GICD_BASE, 4, v3 ? 2 : 1);
}

void start_guests(uint8_t with)
{
	struct domain *d[GUESTS];

	for (unsigned i = 0; i < GUESTS; i++) {
		d[i] = make_domain();
		guest_id[i] = d[i]->id;
	}
	for (unsigned i = 0; i < GUESTS; i++) {
		make_vuart(d[i]);
		make_grants(d[i]);
		register_infos(d[i]);
		if (with & WITH_FIFO << i)
			use_fifo(d[i]);
		make_local_ports(d[i]);
		connect(d[i], guest_id[1 - i]);
		connect(d[i], 0);
		enable_interrupts(d[i]);
		whole_scratch_reset();
	}
	for (unsigned i = 0; i < GUESTS; i++) {
		domain_unpause(d[i]);
		d[i]->paused_by_tools = 0;
	}
}
