/* SPDX-License-Identifier: ISC */
/* The table of a domain's parts, and what each part takes from the configuration. */
#include <hyp/arch.h>
#include <hyp/domain.h>
#include <hyp/domain_parts.h>
#include <hyp/wallclock.h>
#include <lib/errno.h>
#include <mem/page.h>
#include <vdev/vtimer.h>
#include <public/xen.h>

static int init_p2m(struct domain *d, const struct domain_config *config)
{
	int err = p2m_init(d);

	if (!err && config->max_tables)
		d->p2m.table_limit = config->max_tables;
	return err;
}

static int init_arch(struct domain *d, const struct domain_config *config __unused)
{
	arch_domain_init(d);
	return 0;
}

static int init_shared_info(struct domain *d, const struct domain_config *config __unused)
{
	d->shared_info = hyp_pages_alloc(0);
	return d->shared_info ? 0 : -ENOMEM;
}

static void free_shared_info(struct domain *d)
{
	hyp_pages_free(d->shared_info, 0);
}

static int init_grants(struct domain *d, const struct domain_config *config)
{
	return grant_table_init(d, config->max_grant_frames, config->max_maptrack_frames);
}

/* The CPU interface of a GICv2 guest is the hardware's virtual CPU interface (GICV). */
static int init_vgic(struct domain *d, const struct domain_config *config)
{
	const struct domain_gic *gic = &config->gic;
	const struct vgic_model *model = vgic_model(gic->version);
	int err = vgic_domain_init(d, gic->version, gic->nr_spis, gic->dist_base, gic->cpu_base);

	if (err || !model->cpu_size)
		return err;
	return p2m_map(d, gpa_to_gfn(gic->cpu_base), pa_to_mfn(gicv_base),
		       model->cpu_size >> PAGE_SHIFT, P2M_DEVICE);
}

static int init_vcpus(struct domain *d, const struct domain_config *config __unused)
{
	return vcpus_init(d);
}

static int init_vcpu_timers(struct vcpu *v)
{
	vtimer_vcpu_init(v);
	return 0;
}

static int init_evtchn(struct domain *d, const struct domain_config *config)
{
	return evtchn_domain_init(d, config->max_evtchn_port);
}

static int init_vcpu_events(struct vcpu *v)
{
	evtchn_vcpu_init(v);
	return 0;
}

static int init_watchdog(struct domain *d, const struct domain_config *config __unused)
{
	watchdog_init(d);
	return 0;
}

const struct domain_part domain_parts[] = {
	{
		.name = "p2m",
		.init = init_p2m,
		.stop = p2m_relinquish,
		.free = p2m_destroy,
	},
	{
		.name = "arch state",
		.init = init_arch,
		.vcpu_init = arch_vcpu_init,
	},
	{
		.name = "shared info",
		.init = init_shared_info,
		.free = free_shared_info,
	},
	{
		.name = "grants",
		.init = init_grants,
		.stop = grant_table_relinquish,
		.free = grant_table_destroy,
	},
	{
		.name = "vGIC",
		.init = init_vgic,
		.free = vgic_domain_destroy,
		.vcpu_init = vgic_vcpu_init,
		.vcpu_free = vgic_vcpu_destroy,
	},
	{
		.name = "vCPUs",
		.init = init_vcpus,
		.free = vcpus_free,
		.vcpu_init = vcpu_init,
		.vcpu_stop = vcpu_stop,
		.vcpu_free = vcpu_free,
	},
	{
		.name = "vtimer",
		.vcpu_init = init_vcpu_timers,
		.vcpu_stop = vtimer_vcpu_end,
	},
	{
		.name = "vpl011",
		.stop = vpl011_relinquish,
	},
	{
		.name = "event channels",
		.init = init_evtchn,
		.stop = evtchn_relinquish,
		.free = evtchn_domain_destroy,
		.vcpu_init = init_vcpu_events,
		.vcpu_free = evtchn_vcpu_destroy,
	},
	{
		.name = "wall clock",
		.published = wallclock_publish,
	},
	{
		.name = "watchdog",
		.init = init_watchdog,
		.stop = watchdog_relinquish,
	},
};

const unsigned nr_domain_parts = ARRAY_SIZE(domain_parts);
