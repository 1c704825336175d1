/* SPDX-License-Identifier: ISC */
/* The vGIC: virtual interrupts, where they come from, and the life of what they belong to. */
#include <lib/atomic.h>
#include <hyp/virq.h>
#include <lib/errno.h>
#include <mem/pool.h>
#include <vdev/vtimer.h>
#include <public/xen.h>
#include "vgic.h"

static struct pool block_pool = POOL_INIT("virqs", block_pool, 32 * sizeof(struct virq), 1);

/*
 * Sources.
 */

static void set_level(struct domain *d, struct virq *q, bool level)
{
	struct vcpu *v;

	/* Unlocked: whoever drives a line does so from one place at a time. */
	if (!(q->flags & VIRQ_LINE) == !level)
		return;
	v = virq_lock(d, q);
	if (level)
		q->flags |= VIRQ_LINE;
	else
		q->flags &= ~VIRQ_LINE;
	if (level && (q->flags & VIRQ_EDGE))
		q->latch = 1;
	virq_update(v, q);
	vgic_unlock(v);
}

void vgic_raise_local(struct vcpu *v, unsigned intid)
{
	spin_lock(&v->vgic.lock);
	virq_raise(v, &v->vgic.local[intid], 0);
}

void vgic_set_local_level(struct vcpu *v, unsigned intid, bool level)
{
	set_level(v->domain, &v->vgic.local[intid], level);
}

void vgic_send_sgi(struct vcpu *target, unsigned intid, unsigned source)
{
	spin_lock(&target->vgic.lock);
	virq_raise(target, &target->vgic.local[intid], source);
}

static struct virq *spi_find(struct domain *d, unsigned intid)
{
	unsigned n = intid - NR_LOCALS;
	struct virq *block;

	if (n >= d->vgic.nr_spis)
		return NULL;
	block = atomic_load_acq(&d->vgic.spi[index_nospec(n, d->vgic.nr_spis) / 32]);
	return block ? &block[n % 32] : NULL;
}

static struct virq *block_alloc(unsigned first, unsigned owner)
{
	struct virq *block = pool_alloc(&block_pool);

	for (unsigned i = 0; block && i < 32; i++) {
		list_init(&block[i].link);
		block[i].intid = block[i].hwirq = (uint16_t)(first + i);
		block[i].owner = block[i].target = (uint8_t)owner;
		block[i].targets = 1;
		block[i].lr = NO_LR;
	}
	return block;
}

static struct virq *spi_get(struct domain *d, unsigned intid)
{
	unsigned n = intid - NR_LOCALS;
	struct virq *block, *none = NULL;

	if (n >= d->vgic.nr_spis || d->nr_vcpus == 0)
		return NULL;
	n = (unsigned)index_nospec(n, d->vgic.nr_spis);
	block = atomic_load_acq(&d->vgic.spi[n / 32]);
	if (likely(block))
		return &block[n % 32];
	block = block_alloc(intid & ~31u, 0);
	if (!block)
		return NULL;
	if (!atomic_cas(&d->vgic.spi[n / 32], &none, block)) {
		pool_free(&block_pool, block); /* another vCPU was faster */
		block = none;
	}
	return &block[n % 32];
}

struct virq *virq_find(struct vcpu *v, unsigned intid)
{
	return intid < NR_LOCALS ? &v->vgic.local[intid % NR_LOCALS] /* %: speculation */
				 : spi_find(v->domain, intid);
}

struct virq *virq_get(struct vcpu *v, unsigned intid)
{
	return intid < NR_LOCALS ? &v->vgic.local[intid % NR_LOCALS] : spi_get(v->domain, intid);
}

void vgic_raise_spi(struct domain *d, unsigned intid)
{
	struct virq *q = spi_get(d, intid);

	if (q)
		virq_raise(virq_owner_lock(d, q), q, 0);
}

void vgic_set_spi_level(struct domain *d, unsigned intid, bool level)
{
	struct virq *q = spi_get(d, intid);

	if (q)
		set_level(d, q, level);
}

void vgic_forward_vtimer(struct vcpu *v)
{
	spin_lock(&v->vgic.lock);
	virq_forward_local(v, &v->vgic.local[VTIMER_PPI]);
}

void vgic_forward_spi(struct domain *d, unsigned intid)
{
	struct virq *q = spi_find(d, intid);

	if (q && (q->flags & VIRQ_ROUTED)) {
		virq_forward(virq_owner_lock(d, q), q);
	} else { /* enabled by nobody: keep it quiet */
		irqchip->disable(intid);
		irqchip->deactivate(intid);
	}
}

int vgic_route_spi(struct domain *d, unsigned intid)
{
	struct virq *q;

	if (intid < NR_LOCALS || intid - NR_LOCALS >= d->vgic.nr_spis || d->nr_vcpus == 0)
		return -EINVAL;
	if (irq_is_reserved(intid))
		return -EBUSY;
	q = spi_get(d, intid);
	if (!q)
		return -ENOMEM;
	if (q->flags & VIRQ_ROUTED)
		return -EBUSY;
	/* The physical configuration is what the guest will read. */
	irqchip->disable(intid);
	irqchip->set_edge(intid, q->flags & VIRQ_EDGE);
	q->flags |= VIRQ_ROUTED;
	return 0;
}

int vgic_vcpu_init(struct vcpu *v)
{
	struct vgic_vcpu *g = &v->vgic;

	g->local = block_alloc(0, v->id);
	if (!g->local)
		return -ENOMEM;
	spin_lock_init(&g->lock, RANK_VGIC);
	list_init(&g->ready);
	list_init(&g->leaving);
	for (unsigned i = 0; i < NR_SGIS;
	     i++) /* edges, always; and enabled until the guest says otherwise */
		g->local[i].flags = VIRQ_ENABLED | VIRQ_EDGE;
	return 0;
}

void vgic_vcpu_destroy(struct vcpu *v)
{
	if (v->vgic.local)
		pool_free(&block_pool, v->vgic.local);
	v->vgic.local = NULL;
}

void vgic_vcpu_reset(struct vcpu *v)
{
	v->vgic.hw = (struct gic_cpu_state){0};
}

/*
 * Domains.
 */

static const struct vgic_model *const models[] = {&vgic_v2_model, &vgic_v3_model};

const struct vgic_model *vgic_model(unsigned version)
{
	for (unsigned i = 0; i < ARRAY_SIZE(models); i++)
		if (models[i]->version == version)
			return models[i];
	return NULL;
}

const struct vgic_model *vgic_offered(void)
{
	return vgic_model(irqchip->version);
}

void vgic_init(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(models); i++)
		models[i]->init_tables();
}

int vgic_domain_init(struct domain *d, unsigned version, unsigned nr_spis, gpaddr_t dist_base,
		     gpaddr_t cpu_base)
{
	const struct vgic_model *model = vgic_model(version);

	if (!model || nr_spis > VGIC_MAX_SPIS || d->max_vcpus > model->max_vcpus)
		return -EINVAL;
	nr_spis = ALIGN_UP(nr_spis, 32u);
	d->vgic.version = version;
	d->vgic.nr_spis = (uint16_t)MIN(nr_spis, (unsigned)VGIC_MAX_SPIS);
	return model->init(d, dist_base, cpu_base);
}

static void spi_disconnect(struct virq *q)
{
	if (!(q->flags & VIRQ_ROUTED))
		return;
	irqchip->disable(q->hwirq);
	if (q->flags & VIRQ_PHYS_ACTIVE)
		irqchip->set_active(q->hwirq, false);
}

void vgic_domain_destroy(struct domain *d)
{
	for (unsigned b = 0; b < VGIC_SPI_BLOCKS; b++) {
		struct virq *block = d->vgic.spi[b];

		if (!block)
			continue;
		for (unsigned i = 0; i < 32; i++)
			spi_disconnect(&block[i]);
		pool_free(&block_pool, block);
		d->vgic.spi[b] = NULL;
	}
}
