/* SPDX-License-Identifier: ISC */
/*
 * Physical interrupts: the hypervisor's own handlers, and the operations of the interrupt
 * controller, which the GICv2 and GICv3 drivers implement.
 */
#ifndef HYP_IRQ_H
#define HYP_IRQ_H

#include <lib/types.h>

#define NR_SGIS   16
#define NR_PPIS   16
#define NR_LOCALS 32 /* SGIs and PPIs: one instance per CPU */
#define MAX_IRQS  1020

/* SGIs that the hypervisor sends between CPUs. */
enum ipi { IPI_KICK, IPI_HALT };

struct domain;
struct vcpu;
struct cpu;

/*
 * The contents of a list register, independent of the controller version. Fields are at their GICv3
 * positions (IHI0069 ICH_LR<n>_EL2). Without a physical interrupt both versions use the INTID's
 * bits for other fields.
 */
struct lr {
	union {
		struct {
			uint64_t virq : 10; /* INTID that the guest sees */
			uint64_t : 22;
			uint64_t hwirq : 10; /* physical INTID, if hw */
			uint64_t : 6;
			uint64_t priority : 8; /* 0..255; a lower value is more urgent */
			uint64_t : 5;
			uint64_t hw : 1; /* deactivation by the guest also deactivates hwirq */
			uint64_t pending : 1;
			uint64_t active : 1;
		};
		struct { /* without hw */
			uint64_t : 32;
			uint64_t source : 3; /* GICv2 SGI: the sending CPU; else 0 */
			uint64_t : 6;
			/* Raise the maintenance interrupt when the guest ends the interrupt. */
			uint64_t eoi : 1;
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

struct gic_cpu_state { /* the virtual CPU interface of a vCPU that is not loaded */
	uint64_t vmcr;
	uint32_t apr[4];
	uint32_t hcr;
};

/*
 * When to raise the maintenance interrupt if more interrupts wait than there are list registers.
 * NPIE: no list register is pending. LRENPIE: the guest ended an interrupt that is in no list
 * register. UIE: at most one list register is in use.
 */
#define REFILL_PENDING BIT(0) /* pending ones wait: NPIE */
#define REFILL_ACTIVE \
	BIT(1) /* active ones wait: at LRENPIE, or at UIE, whichever condition comes first */

struct irqchip {
	const char *name;
	unsigned version; /* 2 or 3 */
	void (*init_cpu)(struct cpu *c);
	/*
	 * Acknowledge the most urgent pending interrupt and drop its priority, so that others can
	 * be taken. It stays active until deactivate(). Returns the INTID, or 1023 if none is
	 * pending.
	 */
	unsigned (*acknowledge)(void);
	void (*deactivate)(unsigned intid);
	void (*enable)(unsigned intid);
	void (*disable)(unsigned intid);
	void (*set_edge)(unsigned intid, bool edge);
	void (*set_priority)(unsigned intid, uint8_t priority);
	void (*set_target)(unsigned intid, struct cpu *c); /* SPIs only */
	void (*set_pending)(unsigned intid, bool pending);
	void (*set_active)(unsigned intid, bool active);
	bool (*is_pending)(unsigned intid);
	void (*send_ipi)(struct cpu *c, enum ipi ipi);
	/* The virtual CPU interface of the vCPU loaded on this CPU. */
	void (*lr_write)(struct lr lr, unsigned index);
	struct lr (*lr_read)(unsigned index);
	void (*lr_clear)(unsigned index);
	/*
	 * A bit per list register that is empty (ELRSR): neither pending nor active, and without an
	 * outstanding maintenance interrupt for lr.eoi. lr_write() and lr_clear() end the latter.
	 * Bits of registers that do not exist are undefined.
	 */
	uint64_t (*lr_empty)(void);
	/* Set when to raise the maintenance interrupt: REFILL_*. */
	void (*refill_irq)(unsigned when);
	unsigned (*eoi_count)(
		void); /* LRENPIE ends since the last call: HCR.EOIcount, which reading clears */
	/* Like save(), but the interface stays in use unchanged. */
	void (*peek)(struct gic_cpu_state *s);
	void (*load)(const struct gic_cpu_state *s);
	void (*save)(struct gic_cpu_state *s);
};

extern const struct irqchip *irqchip;
extern unsigned nr_irqs; /* number of INTIDs implemented: 32 + SPIs */
extern unsigned nr_lrs;  /* list registers per CPU, 2..16 */
/* May hardware-linked list registers be used? See QUIRK_GICV2_NO_RETRIGGER. */
extern bool irq_hw_link;
/*
 * For GICv2 guests the GICV page is mapped at their GICC address. GICv3 guests use system
 * registers.
 */
extern paddr_t gicv_base;

/* Interrupts that the hypervisor handles itself. */
int irq_request(unsigned intid, void (*handler)(unsigned intid), const char *name);
bool irq_is_reserved(unsigned intid);
/* Call the handler of intid and deactivate the interrupt. Returns false if it has no handler. */
bool irq_handle_own(unsigned intid);

#endif
