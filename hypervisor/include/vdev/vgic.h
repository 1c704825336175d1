/* SPDX-License-Identifier: ISC */
/*
 * The virtual interrupt controller: one state machine (vdev/vgic_change.c) and two register models
 * (vgic_v2.c, vgic_v3.c on top of vgic_regs.c).
 *
 * Where the state of a virtual interrupt is
 *
 *	     raised, enabled                placed: most urgent first
 *	 idle ------------> on `ready` --------------------------------> in a list register
 *	  ^                 of its vCPU <------------------------------  (vCPU loaded on a CPU)
 *	  |                             vCPU switched out, or displaced          |
 *	  +----------------------------------------------------------------------+
 *	                 found empty: the guest has ended it
 *
 * struct virq (vdev/vgic.h) tells everything, except that while an interrupt is in a list register
 * the guest changes its pending and active bits there unseen. It is read back ("folded") by the CPU
 * that has the vCPU loaded: when the interrupt is touched there, when list registers run out, at
 * the maintenance interrupt, when the vCPU is switched out. So a vCPU that is not loaded has
 * software state only. Another CPU cannot reach list registers: it notes in the virq what is to
 * change, sets vgic_vcpu.resync and notifies the vCPU.
 *
 * Locks
 *
 *	vgic_vcpu.lock of vCPU 0        vgic_vcpu.lock of vCPU 1            (RANK_VGIC)
 *	+---------------------------+   +---------------------------+
 *	| its 32 private virqs      |   | its 32 private virqs      |
 *	| ready, leaving, in_lr[]   |   | ready, leaving, in_lr[]   |
 *	| the SPIs with owner == 0 -+---+> owner = 1 (by vCPU 0's   |
 *	|                           |   |   lock holder only)       |
 *	+---------------------------+   +---------------------------+
 *
 * An SPI belongs to the vCPU `owner`, private ones to theirs for ever. To lock an interrupt: read
 * owner, lock that vCPU, look again, and start over if it changed meanwhile (which takes a whole
 * trap on another CPU each time). `target` is where the guest wants an SPI to go. Owner follows
 * target when the SPI is inactive and out of the list registers: the holder of the old owner's lock
 * takes it off the old vCPU's lists, writes owner and from then on must lock the new one like
 * anybody else. Two of these locks are never held at once. Configuration (enabled, priority,
 * ...) is read without a lock.
 */
#ifndef HYP_VGIC_H
#define HYP_VGIC_H

#include <hyp/irq.h>
#include <lib/list.h>
#include <lib/spinlock.h>

struct domain;
struct vcpu;

#define VGIC_MAX_LRS    16
#define VGIC_MAX_SPIS   988 /* INTIDs 32..1019 */
#define VGIC_SPI_BLOCKS 31

/* Bytes of a GICv3 redistributor: two frames of 64 KiB. */
#define VGIC_REDIST_STRIDE 0x20000

struct virq; /* vdev/vgic.h */
struct bootinfo;
struct range;

/*
 * A version of the GIC for guests. "CPU area": the GICC page of version 2, where the caller maps
 * the hardware's GICV page; all redistributors of version 3, which are emulated.
 */
struct vgic_model {
	unsigned version;               /* 2 or 3 */
	uint8_t domctl_version;         /* XEN_DOMCTL_CONFIG_GIC_* */
	unsigned max_vcpus;             /* that the registers can name, and a domain can have */
	gpaddr_t guest_dist, guest_cpu; /* GICD and CPU area in the address space of a guest */
	uint32_t cpu_size;              /* bytes of the CPU area: of the page that is mapped, ... */
	uint32_t vcpu_stride;           /* ... or, if not 0, for each vCPU */
	const char *dt_regions;         /* property with the number of CPU areas; NULL: none */
	/* Where dom0's CPU area is: where the machine has its own. */
	const struct range *(*machine_cpu)(const struct bootinfo *bi);
	int (*init)(struct domain *d, gpaddr_t dist_base, gpaddr_t cpu_base);
	void (*init_tables)(void); /* once, at boot */
};

/* NULL: there is no such version. */
const struct vgic_model *vgic_model(unsigned version);
/*
 * What this machine offers guests: list registers and CPU interface are the hardware's, so its own
 * version only.
 */
const struct vgic_model *vgic_offered(void);

struct vgic_vcpu {
	struct spinlock lock; /* RANK_VGIC, see above */
	bool flush;           /* another CPU left something to do: look before the next entry */
	bool resync;          /* of that: something in a list register has to change */
	uint8_t refill;       /* REFILL_* that the maintenance interrupt is on for */
	uint8_t after;        /* what vgic_unlock() has to do */
	uint32_t used_lrs;    /* a bit for each list register that may hold something */
	uint32_t
		phys_local; /* private ones whose physical interrupt is held active for the guest */
	struct cpu *cpu;    /* where it is loaded, NULL: nowhere */
	struct virq *local; /* 32: SGIs and PPIs */
	struct list ready;  /* to be put into list registers; most urgent first */
	struct list leaving;              /* retargeted, on the way to another vCPU */
	struct virq *in_lr[VGIC_MAX_LRS]; /* what each list register in use holds */
	struct gic_cpu_state hw;          /* while not loaded */
};

struct vgic {
	unsigned version; /* 2 or 3 */
	uint16_t nr_spis;
	uint32_t enabled; /* GICD_CTLR: the group that the guest's interrupts are in */
	struct virq *spi[VGIC_SPI_BLOCKS]; /* blocks of 32, allocated when first changed */
};

/* Once, at boot. */
void vgic_init(void);

/*
 * Version 2 or 3; nr_spis at most 988, rounded up to what GICD_TYPER can say. d->max_vcpus is
 * known. cpu_base: GICR with version 3 (max_vcpus * VGIC_REDIST_STRIDE bytes; last is the one of
 * vCPU max_vcpus - 1); not used with version 2, where the caller maps the hardware's GICV page.
 * Registers the MMIO regions. -EINVAL (version, nr_spis, more than 8 vCPUs with version 2), or as
 * mmio_register().
 */
int vgic_domain_init(struct domain *d, unsigned version, unsigned nr_spis, gpaddr_t dist_base,
		     gpaddr_t cpu_base);
/* After its vCPUs are destroyed. Harmless without vgic_domain_init(). */
void vgic_domain_destroy(struct domain *d);
int vgic_vcpu_init(struct vcpu *v); /* 0 or -ENOMEM */
void vgic_vcpu_destroy(struct vcpu *v);
/*
 * PSCI CPU_ON of a vCPU that is not loaded: its CPU interface is reset. The redistributor (banked
 * registers) is not part of a PE and keeps its state, as another vCPU may have set it up.
 */
void vgic_vcpu_reset(struct vcpu *v);

/* Level of a private interrupt's line (emulated timer); pending follows it. */
void vgic_set_local_level(struct vcpu *v, unsigned intid, bool level);
/* The same for SPIs of emulated devices. */
void vgic_raise_spi(struct domain *d, unsigned intid);
void vgic_set_spi_level(struct domain *d, unsigned intid, bool level);

/*
 * Mark an SPI of d as backed by the physical interrupt of the same number (dom0). From now on the
 * guest's writes to enable, pending, active, configuration and target act on the physical one too;
 * it starts disabled and level. d's vCPUs exist. -EINVAL: d has no such SPI; -EBUSY: the
 * hypervisor's, or routed already; -ENOMEM.
 */
int vgic_route_spi(struct domain *d, unsigned intid);

/*
 * Context switch. save(): list registers -> v, only what is in use; load(): the other way. Both
 * also move the virtual CPU interface (irqchip->save, load). The physical interrupt behind a
 * forwarded PPI is the CPU's, not the vCPU's: while the guest has it in flight save() clears its
 * active state, so that the next vCPU can get its own, and load() sets it again. Hence: stop the
 * virtual timer before save(), start it after load().
 */
void vgic_save(struct vcpu *v);
void vgic_load(struct vcpu *v);
/* Maintenance interrupt of the vCPU loaded here. */
void vgic_maintenance(struct vcpu *v);

/*
 * Trapped ICC_SGI1R_EL1 of a guest with a GICv3. ICC_SGI0R_EL1 and ICC_ASGI1R_EL1 are for
 * interrupts of Group 0, of which a guest has none: their writes are ignored.
 */
void vgic_v3_write_sgi1r(struct vcpu *v, uint64_t value);

/*
 * Affinity of a vCPU, MPIDR's layout: sixteen to a cluster, as a target list of ICC_SGI1R_EL1 can
 * name them.
 */
static inline uint64_t vgic_vcpu_affinity(unsigned id)
{
	return (uint64_t)(id >> 4) << 8 | (id & 0xf);
}

#endif
