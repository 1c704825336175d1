/* SPDX-License-Identifier: ISC */
/*
 * The vGIC's inside: a virtual interrupt, and what the state machine offers to the register models.
 */
#ifndef VDEV_VGIC_H
#define VDEV_VGIC_H

#include <hyp/cpu.h>
#include <hyp/domain.h>
#include <vdev/mmio.h>
#include <public/xen.h>

#define NO_LR 0xff

/* virq.flags. Configuration: */
#define VIRQ_ENABLED BIT(0)
#define VIRQ_EDGE    BIT(1)
#define VIRQ_ROUTED  BIT(2) /* an SPI backed by the physical interrupt of the same number */
/* State: */
#define VIRQ_LINE        BIT(3) /* input level, of emulated devices */
#define VIRQ_ACTIVE      BIT(4) /* in a list register: as of the last look */
#define VIRQ_PHYS_ACTIVE BIT(5) /* hwirq is held active for it, as far as we know */
/* Asked for while its list register was out of reach: */
#define VIRQ_SET_ACTIVE   BIT(6)
#define VIRQ_CLEAR_ACTIVE BIT(7)
#define VIRQ_SET_PENDING  BIT(11) /* of a routed one: its physical interrupt */
#define VIRQ_REQUESTS     (VIRQ_SET_ACTIVE | VIRQ_CLEAR_ACTIVE | VIRQ_SET_PENDING)
/* What its list register was given: */
#define VIRQ_LR_PENDING BIT(8)
#define VIRQ_LR_LATCH   BIT(9)  /* pending came from the latch, not from the line */
#define VIRQ_LR_HW      BIT(10) /* the guest's deactivation deactivates hwirq */
#define VIRQ_LR_FLAGS   (VIRQ_LR_PENDING | VIRQ_LR_LATCH | VIRQ_LR_HW)
/*
 * State again: the guest itself made it pending (ISPENDR), so it stays so whatever its line does.
 */
#define VIRQ_BY_HAND BIT(12)

/*
 * A virtual interrupt. Pending is `latch` (edges, SGIs, writes to ISPENDR) or, if configured as
 * level, the line. A bit of the latch moves into the list register and comes back when it is read
 * while still pending.
 *
 * The line of a forwarded interrupt is the device's. It is not watched; when the physical interrupt
 * is taken, the latch is set, and virq_line_fell() takes it back.
 */
struct virq {
	struct list link; /* in ready or leaving of its owner; self-linked: in none */
	uint16_t intid;
	uint16_t hwirq;
	uint16_t flags;
	uint8_t owner;  /* vCPU whose lock protects it */
	uint8_t target; /* vCPU that the guest chose */
	union {
		struct {
			uint8_t latch; /* pending; a bit per sender of a GICv2 SGI, else bit 0 */
			uint8_t drop;  /* such bits to forget when the list register is read */
		};
		uint16_t latch_drop; /* both */
	};
	uint8_t priority; /* multiples of 8: list registers have five bits */
	uint8_t source;   /* of what is in the list register, or active: the sender */
	uint8_t lr;       /* list register, or NO_LR */
	uint8_t targets;  /* GICD_ITARGETSR as written */
};

_Static_assert(sizeof(struct virq) <= 32, "there are many");

static inline unsigned vgic_nr_lines(const struct domain *d)
{
	return NR_LOCALS + d->vgic.nr_spis;
}

/*
 * intid as v sees it: its own private one, or an SPI; NULL: not implemented, or never changed from
 * the reset state. virq_get() makes sure that it is there: NULL only if it is not implemented, or
 * out of memory.
 */
struct virq *virq_find(struct vcpu *v, unsigned intid);
struct virq *virq_get(struct vcpu *v, unsigned intid);

/*
 * Change an interrupt: lock it (its list register is read if it is in one of this CPU), change the
 * fields, and let the consequences follow. Returns the vCPU that owns it.
 */
struct vcpu *virq_lock(struct domain *d, struct virq *q);
void virq_update(struct vcpu *v, struct virq *q);
/* Also notifies and hands retargeted interrupts over as the changes before demand. */
void vgic_unlock_after(struct vcpu *v);

static inline void vgic_unlock(struct vcpu *v)
{
	if (unlikely(v->vgic.after))
		vgic_unlock_after(v);
	else
		spin_unlock(&v->vgic.lock);
}

/*
 * q, whose owner is locked (see virq_owner_lock()), is pending, as if its latch were set. source:
 * the sending vCPU of a GICv2 SGI, else 0. Unlocks.
 */
void virq_raise(struct vcpu *v, struct virq *q, unsigned source);
/*
 * The same, for the physical interrupt q->hwirq, which was acknowledged and stays active until the
 * guest ends it.
 */
void virq_forward(struct vcpu *v, struct virq *q);
/* The same, of a vCPU that is loaded here. */
void virq_forward_local(struct vcpu *v, struct virq *q);

static inline bool is_here(const struct vgic_vcpu *g)
{
	return g->cpu == this_cpu();
}

/* May it signal the guest when it is in a list register? */
static inline bool virq_signals(const struct vcpu *v, const struct virq *q)
{
	return (q->flags & VIRQ_ENABLED) && READ_ONCE(v->domain->vgic.enabled);
}

/* If q is pending, is it so because of the line of its physical interrupt? */
static inline bool virq_follows_line(const struct virq *q)
{
	return (q->flags & (VIRQ_PHYS_ACTIVE | VIRQ_EDGE | VIRQ_BY_HAND)) == VIRQ_PHYS_ACTIVE;
}

/*
 * Line of the physical interrupt behind q. Only the CPU that has v loaded can see that of v's
 * timer: others take it for high. Locked, v is the owner.
 */
bool virq_phys_line(const struct vcpu *v, const struct virq *q);

/*
 * Pending of a level-triggered interrupt follows its line (IHI0069 4.1.2, IHI0048B 3.2.4), but a
 * forwarded one was taken from the physical GIC while the line was high. Is its line low by now?
 * Then it is pending no more, unless the guest said so itself. Looked at where it costs nothing
 * that matters: before q gets a list register, when the guest reads or writes q's registers, and
 * when the guest sleeps. In a list register of a guest that runs on nobody looks.
 *
 * Why no CPU looks there: the fall of a device's line is no event for the hypervisor, so there is
 * nothing to kick for, and to look at each entry would cost every path. The guest then takes an
 * interrupt that has no cause any more. Software has to bear that on hardware too: a line can fall
 * between the read of GICC_IAR and the handler. The lines of emulated devices are another case:
 * virq_update() notifies the vCPU, which takes the interrupt back.
 */
static inline bool virq_line_fell(const struct vcpu *v, const struct virq *q)
{
	return unlikely(virq_follows_line(q)) && !virq_phys_line(v, q);
}

/* Choose anew what is in the list registers of v, which is loaded here and locked. */
void vgic_rebalance(struct vcpu *v);

/*
 * Lock an interrupt without looking at its list register. Private ones: their vCPU never changes.
 */
static inline struct vcpu *virq_owner_lock(struct domain *d, struct virq *q)
{
	for (;;) {
		struct vcpu *v = d->vcpu[READ_ONCE(q->owner)];

		spin_lock(&v->vgic.lock);
		if (likely(q->owner == v->id))
			return v;
		spin_unlock(&v->vgic.lock);
	}
}

/*
 * The two bits as the guest would see them now; may be a little late for a vCPU running on another
 * CPU.
 */
struct virq_state {
	uint8_t pending; /* as virq.latch */
	bool active;
};

struct virq_state virq_state(struct domain *d, struct virq *q);

/* The physical interrupt behind q is active on q's behalf from now on. Locked, v is the owner. */
static inline void phys_hold(struct vcpu *v, struct virq *q)
{
	q->flags |= VIRQ_PHYS_ACTIVE;
	if (q->intid < NR_LOCALS)
		v->vgic.phys_local |= BIT(q->intid);
}

/* An SGI to the vCPU `target`. source: GICv2: the sender, else 0. */
void vgic_send_sgi(struct vcpu *target, unsigned intid, unsigned source);

/* GICD_CTLR's enable bit has a new value. */
void vgic_set_enabled(struct domain *d, bool enabled);

/*
 * vgic_regs.c: banks of registers with some bits for each interrupt. A row's info is the first
 * INTID of the bank in units of 32, its arg one of these.
 */
struct virq_field {
	uint8_t shift; /* log2 of the bits for an interrupt */
	bool ones;     /* writing 0 changes nothing */
	bool clears;   /* only changes what has been changed from the reset state before */
	uint16_t flag; /* the value is this flag, or what get() says: */
	/* Value of q, which is NULL for one that is in its reset state. */
	uint32_t (*get)(struct vcpu *v, struct virq *q);
	/* Locked, v is the owner. NULL: read-only. */
	void (*set)(struct vcpu *v, struct virq *q, uint32_t value);
};

extern const struct virq_field virq_enable_set, virq_enable_clear, virq_pending_set,
	virq_pending_clear, virq_active_set, virq_active_clear, virq_priority, virq_config,
	virq_group1; /* always 1 */

/* Route an SPI to a vCPU that exists. Locked, v is the owner so far. */
void virq_set_target(struct vcpu *v, struct virq *q, unsigned id);

mmio_read_fn vgic_read_bank;
mmio_write_fn vgic_write_bank;

#define VGIC_BANK(at, bytes, sizes, from, field)                                           \
	{                                                                                  \
		.offset = (at), .length = (bytes), .widths = (sizes), .info = (from) / 32, \
		.read = vgic_read_bank, .write = vgic_write_bank, .arg = &(field)          \
	}
#define VGIC_CONST(at, v)                                                                       \
	{                                                                                       \
		.offset = (at), .length = 4, .widths = 4, .read = mmio_read_value, .value = (v) \
	}

/*
 * Identification: implementer ARM, as the architecture's own implementations have it; no product.
 */
#define VGIC_IIDR 0x43b

extern const struct vgic_model vgic_v2_model, vgic_v3_model;

#endif
