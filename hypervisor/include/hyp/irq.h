/* SPDX-License-Identifier: ISC */
/*
 * Physical interrupts: who gets them, and the controller's operations (GICv2 and GICv3 implement
 * them).
 */
#ifndef HYP_IRQ_H
#define HYP_IRQ_H

#include <hyp/types.h>

#define NR_SGIS   16
#define NR_PPIS   16
#define NR_LOCALS 32 /* SGIs and PPIs: an instance a CPU */
#define MAX_IRQS  1020

/* What the hypervisor itself sends between CPUs. */
enum ipi { IPI_KICK, IPI_HALT };

struct domain;
struct vcpu;
struct cpu;

/*
 * Virtual interrupts in flight: a list register's contents, controller-independent. Fields are where GICv3 has them
 * (IHI0069 ICH_LR<n>_EL2); both versions use the physical INTID's place for other things if there is none.
 */
struct lr {
	union {
		struct {
			uint64_t virq : 10; /* INTID that the guest sees */
			uint64_t : 22;
			uint64_t hwirq : 10; /* physical INTID, if hw */
			uint64_t : 6;
			uint64_t priority : 8; /* 0..255, less is more urgent */
			uint64_t : 5;
			uint64_t hw : 1; /* the guest's deactivation deactivates hwirq too */
			uint64_t pending : 1;
			uint64_t active : 1;
		};
		struct { /* without hw */
			uint64_t : 32;
			uint64_t source : 3; /* GICv2 SGI: the CPU that sent it; else 0 */
			uint64_t : 6;
			uint64_t
				eoi : 1; /* raise the maintenance interrupt when the guest ends it */
			uint64_t : 22;
		};
		uint64_t bits;
	};
};

#define LR_EOI     BIT64(41)
#define LR_HW      BIT64(61)
#define LR_PENDING BIT64(62)
#define LR_ACTIVE  BIT64(63)

/* detail: hwirq or source. */
static inline struct lr lr_make(unsigned virq, unsigned priority, unsigned detail, uint64_t flags)
{
	return (struct lr){.bits = virq | (uint64_t)detail << 32 | (uint64_t)priority << 48 |
				   flags};
}

static inline unsigned lr_source(struct lr lr)
{
	return lr.hw ? 0 : lr.source;
}

struct gic_cpu_state { /* a vCPU's virtual CPU interface while it is switched out */
	uint64_t vmcr;
	uint32_t apr[4];
	uint32_t hcr;
};

/* More interrupts wait than there are list registers. */
#define REFILL_PENDING BIT(0) /* pending ones: when no list register is pending any more (NPIE) */
#define REFILL_ACTIVE \
	BIT(1) /* active ones: when the guest ends one that is in none (LRENPIE), or all but one \
		  (UIE) */

struct irqchip {
	const char *name;
	unsigned version; /* 2 or 3 */
	void (*init_cpu)(struct cpu *c);
	/*
	 * Acknowledge the most urgent pending interrupt and drop its priority, so that others can come; it stays active
	 * until it is deactivated. INTID, or 1023 when there is none.
	 */
	unsigned (*acknowledge)(void);
	void (*deactivate)(unsigned intid);
	void (*enable)(unsigned intid);
	void (*disable)(unsigned intid);
	void (*set_edge)(unsigned intid, bool edge);
	void (*set_priority)(unsigned intid, uint8_t priority);
	void (*set_target)(unsigned intid, struct cpu *c); /* SPIs */
	void (*set_pending)(unsigned intid, bool pending);
	void (*set_active)(unsigned intid, bool active);
	bool (*is_pending)(unsigned intid);
	void (*send_ipi)(struct cpu *c, enum ipi ipi);
	/* Virtual CPU interface of the vCPU loaded on this CPU. */
	void (*lr_write)(struct lr lr, unsigned index);
	struct lr (*lr_read)(unsigned index);
	void (*lr_clear)(unsigned index);
	/*
	 * A bit for each list register that holds nothing (ELRSR): neither pending nor active, and
	 * no maintenance interrupt because of lr.eoi outstanding. lr_write() and lr_clear() end the
	 * latter. Bits of registers that are not there mean nothing.
	 */
	uint64_t (*lr_empty)(void);
	void (*refill_irq)(unsigned when); /* when to raise the maintenance interrupt: REFILL_* */
	unsigned (*eoi_count)(
		void); /* such ends since the last call: HCR.EOIcount, cleared by reading */
	void (*peek)(struct gic_cpu_state *s); /* like save(), of what goes on: changes nothing */
	void (*load)(const struct gic_cpu_state *s);
	void (*save)(struct gic_cpu_state *s);
};

extern const struct irqchip *irqchip;
extern unsigned nr_irqs; /* INTIDs up to this are implemented: 32 + SPIs */
extern unsigned nr_lrs;  /* list registers a CPU, 2..16 */
/* Hardware-linked list registers may be used (false: see QUIRK_GICV2_NO_RETRIGGER). */
extern bool irq_hw_link;
/*
 * GICv2 guests see the GICV page mapped at their GICC address; GICv3 guests use system registers.
 */
extern paddr_t gicv_base;

/* Interrupts that the hypervisor keeps. */
int irq_request(unsigned intid, void (*handler)(unsigned intid), const char *name);
bool irq_is_reserved(unsigned intid);
/* Acknowledge and handle one interrupt on this CPU; v is loaded here, or NULL. false: none was pending. */
bool irq_handle_one(struct vcpu *v);

#endif
