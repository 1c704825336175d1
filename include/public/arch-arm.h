/* SPDX-License-Identifier: ISC */
/* What is particular to ARM: calling convention, guest memory map, vCPU registers. */
#ifndef PUBLIC_ARCH_ARM_H
#define PUBLIC_ARCH_ARM_H

/*
 * Facts from xen/arch-arm.h.
 *
 * Calling convention: `hvc #XEN_HYPERCALL_TAG` from EL1.
 *                arm64      armv7
 *   number       x16        r12
 *   arguments    x0 .. x4   r0 .. r4
 *   result       x0         r0         0 or positive, or a negative XEN_E* number
 * The argument registers may be changed by the call. Pointers are guest virtual addresses. All
 * memory shared with the hypervisor or another domain is Normal, Inner and Outer Write-Back,
 * Inner Shareable in every observer.
 */
#define XEN_HYPERCALL_TAG 0xEA1

/* Saved program status. A PSR_MODE_* value names the mode or exception level to return to. */
#define PSR_THUMB      (1 << 5)
#define PSR_FIQ_MASK   (1 << 6)
#define PSR_IRQ_MASK   (1 << 7)
#define PSR_ABT_MASK   (1 << 8)
#define PSR_BIG_ENDIAN (1 << 9) /* AArch32 */
#define PSR_DBG_MASK   (1 << 9) /* AArch64 */
#define PSR_IT_MASK    (0x0600fc00)
#define PSR_JAZELLE    (1 << 24)
#define PSR_Z          (1 << 30)

#define PSR_MODE_USR 0x10
#define PSR_MODE_FIQ 0x11
#define PSR_MODE_IRQ 0x12
#define PSR_MODE_SVC 0x13
#define PSR_MODE_MON 0x16
#define PSR_MODE_ABT 0x17
#define PSR_MODE_HYP 0x1a
#define PSR_MODE_UND 0x1b
#define PSR_MODE_SYS 0x1f

#define PSR_MODE_BIT  0x10 /* set: AArch32 */
#define PSR_MODE_EL3h 0x0d
#define PSR_MODE_EL3t 0x0c
#define PSR_MODE_EL2h 0x09
#define PSR_MODE_EL2t 0x08
#define PSR_MODE_EL1h 0x05
#define PSR_MODE_EL1t 0x04
#define PSR_MODE_EL0t 0x00

/* How a vCPU starts: exceptions masked, kernel mode, MMU and caches off. */
#define PSR_GUEST32_INIT (PSR_Z | PSR_ABT_MASK | PSR_FIQ_MASK | PSR_IRQ_MASK | PSR_MODE_SVC)
#define PSR_GUEST64_INIT (PSR_ABT_MASK | PSR_FIQ_MASK | PSR_IRQ_MASK | PSR_MODE_EL1h)
#define SCTLR_GUEST_INIT 0x00c50078ULL

/*
 * The physical address space of a guest (not of dom0, which sees the machine's). Linux learns it
 * from its device tree; the stock toolstack has these numbers built in. Bytes.
 */
#define GUEST_VIRTIO_MMIO_BASE       0x02000000ULL
#define GUEST_VIRTIO_MMIO_SIZE       0x00100000ULL
#define GUEST_GICD_BASE              0x03001000ULL /* GICv2 distributor */
#define GUEST_GICD_SIZE              0x00001000ULL
#define GUEST_GICC_BASE              0x03002000ULL /* GICv2 CPU interface */
#define GUEST_GICC_SIZE              0x00002000ULL
#define GUEST_GICV3_GICD_BASE        0x03001000ULL
#define GUEST_GICV3_GICD_SIZE        0x00010000ULL
#define GUEST_GICV3_RDIST_REGIONS    1
#define GUEST_GICV3_GICR0_BASE       0x03020000ULL /* redistributors, 128 KiB a vCPU */
#define GUEST_GICV3_GICR0_SIZE       0x01000000ULL
#define GUEST_VPCI_ECAM_BASE         0x10000000ULL
#define GUEST_VPCI_ECAM_SIZE         0x10000000ULL
#define GUEST_ACPI_BASE              0x20000000ULL
#define GUEST_ACPI_SIZE              0x02000000ULL
#define GUEST_PL011_BASE             0x22000000ULL
#define GUEST_PL011_SIZE             0x00001000ULL
#define GUEST_VPCI_MEM_ADDR          0x23000000ULL
#define GUEST_VPCI_MEM_SIZE          0x10000000ULL
#define GUEST_GNTTAB_BASE            0x38000000ULL /* where the guest puts its grant table */
#define GUEST_GNTTAB_SIZE            0x01000000ULL
#define GUEST_MAGIC_BASE             0x39000000ULL /* pages: 0 console, 1 store, 2 memory access */
#define GUEST_MAGIC_SIZE             0x01000000ULL
#define GUEST_RAM_BANKS              2
#define GUEST_RAM0_BASE              0x40000000ULL
#define GUEST_RAM0_SIZE              0xc0000000ULL
#define GUEST_VPCI_PREFETCH_MEM_ADDR 0x100000000ULL
#define GUEST_VPCI_PREFETCH_MEM_SIZE 0x100000000ULL
#define GUEST_RAM1_BASE              0x0200000000ULL
#define GUEST_RAM1_SIZE              0xfe00000000ULL
#define GUEST_RAM_BASE               GUEST_RAM0_BASE
#define GUEST_RAM_MAX                (GUEST_RAM0_SIZE + GUEST_RAM1_SIZE)

#define GUEST_MAX_VCPUS 128

/* Interrupt IDs of a guest, in GIC numbering (PPIs are 16..31, SPIs from 32). */
#define GUEST_TIMER_VIRT_PPI        27
#define GUEST_TIMER_PHYS_S_PPI      29
#define GUEST_TIMER_PHYS_NS_PPI     30
#define GUEST_EVTCHN_PPI            31 /* level, active low */
#define GUEST_VPL011_SPI            32
#define GUEST_VIRTIO_MMIO_SPI_FIRST 33
#define GUEST_VIRTIO_MMIO_SPI_LAST  43

#ifndef __ASSEMBLER__

#include "types.h"

#define XEN_LEGACY_MAX_VCPUS 1 /* vcpu_info slots inside shared_info */

/*
 * The registers of a stopped vCPU. An AArch32 guest uses the low half of the slot that the
 * architecture maps the register to (Arm ARM D1.20: mapping of the general-purpose registers).
 */
/* clang-format off */
#define XEN_REG(n64, n32) union { uint64_t n64; uint32_t n32; }
/* clang-format on */
struct vcpu_guest_core_regs {
	XEN_REG(x0, r0_usr);
	XEN_REG(x1, r1_usr);
	XEN_REG(x2, r2_usr);
	XEN_REG(x3, r3_usr);
	XEN_REG(x4, r4_usr);
	XEN_REG(x5, r5_usr);
	XEN_REG(x6, r6_usr);
	XEN_REG(x7, r7_usr);
	XEN_REG(x8, r8_usr);
	XEN_REG(x9, r9_usr);
	XEN_REG(x10, r10_usr);
	XEN_REG(x11, r11_usr);
	XEN_REG(x12, r12_usr);
	XEN_REG(x13, sp_usr);
	XEN_REG(x14, lr_usr);
	XEN_REG(x15, __unused_sp_hyp);
	XEN_REG(x16, lr_irq);
	XEN_REG(x17, sp_irq);
	XEN_REG(x18, lr_svc);
	XEN_REG(x19, sp_svc);
	XEN_REG(x20, lr_abt);
	XEN_REG(x21, sp_abt);
	XEN_REG(x22, lr_und);
	XEN_REG(x23, sp_und);
	XEN_REG(x24, r8_fiq);
	XEN_REG(x25, r9_fiq);
	XEN_REG(x26, r10_fiq);
	XEN_REG(x27, r11_fiq);
	XEN_REG(x28, r12_fiq);
	XEN_REG(x29, sp_fiq);
	XEN_REG(x30, lr_fiq);
	XEN_REG(pc64, pc32); /* ELR_EL2 */
	uint64_t cpsr;       /* SPSR_EL2: PSR_* */
	XEN_REG(spsr_el1, spsr_svc);
	uint32_t spsr_fiq, spsr_irq, spsr_und, spsr_abt; /* AArch32 only */
	uint64_t sp_el0;                                 /* the rest: AArch64 only */
	uint64_t sp_el1, elr_el1;
};
#undef XEN_REG

#define _VGCF_online 0
#define VGCF_online  (1 << _VGCF_online)

/* XEN_DOMCTL_setvcpucontext and getvcpucontext. */
struct vcpu_guest_context {
	uint32_t flags; /* VGCF_* */
	struct vcpu_guest_core_regs user_regs;
	uint64_t sctlr;
	uint64_t ttbcr, ttbr0, ttbr1; /* TCR_EL1, TTBR0_EL1, TTBR1_EL1 */
};

/* gic_version: NATIVE asks for the machine's own; the hypervisor writes back what it chose. */
#define XEN_DOMCTL_CONFIG_GIC_NATIVE 0
#define XEN_DOMCTL_CONFIG_GIC_V2     1
#define XEN_DOMCTL_CONFIG_GIC_V3     2

#define XEN_DOMCTL_CONFIG_TEE_NONE  0
#define XEN_DOMCTL_CONFIG_TEE_OPTEE 1

/* The ARM part of XEN_DOMCTL_createdomain and of getdomaininfo. */
struct xen_arch_domainconfig {
	uint8_t gic_version; /* in and out: XEN_DOMCTL_CONFIG_GIC_* */
	uint16_t tee_type;   /* in: XEN_DOMCTL_CONFIG_TEE_* */
	uint32_t nr_spis;    /* in: SPIs the guest can use, from SPI 32 */
	/* out: what to write into the timer node's clock-frequency property, in Hz; 0 = nothing. */
	uint32_t clock_frequency;
};

/* Layout, in bytes. */
XEN_ASSERT_SIZE(struct vcpu_guest_core_regs, 312);
XEN_ASSERT_OFFSET(struct vcpu_guest_core_regs, x1, 8);
XEN_ASSERT_OFFSET(struct vcpu_guest_core_regs, x30, 240);
XEN_ASSERT_OFFSET(struct vcpu_guest_core_regs, pc64, 248);
XEN_ASSERT_OFFSET(struct vcpu_guest_core_regs, cpsr, 256);
XEN_ASSERT_OFFSET(struct vcpu_guest_core_regs, spsr_el1, 264);
XEN_ASSERT_OFFSET(struct vcpu_guest_core_regs, spsr_fiq, 272);
XEN_ASSERT_OFFSET(struct vcpu_guest_core_regs, spsr_irq, 276);
XEN_ASSERT_OFFSET(struct vcpu_guest_core_regs, spsr_und, 280);
XEN_ASSERT_OFFSET(struct vcpu_guest_core_regs, spsr_abt, 284);
XEN_ASSERT_OFFSET(struct vcpu_guest_core_regs, sp_el0, 288);
XEN_ASSERT_OFFSET(struct vcpu_guest_core_regs, sp_el1, 296);
XEN_ASSERT_OFFSET(struct vcpu_guest_core_regs, elr_el1, 304);
XEN_ASSERT_SIZE(struct vcpu_guest_context, 352);
XEN_ASSERT_OFFSET(struct vcpu_guest_context, user_regs, 8);
XEN_ASSERT_OFFSET(struct vcpu_guest_context, sctlr, 320);
XEN_ASSERT_OFFSET(struct vcpu_guest_context, ttbcr, 328);
XEN_ASSERT_OFFSET(struct vcpu_guest_context, ttbr0, 336);
XEN_ASSERT_OFFSET(struct vcpu_guest_context, ttbr1, 344);
XEN_ASSERT_SIZE(struct xen_arch_domainconfig, 12);
XEN_ASSERT_OFFSET(struct xen_arch_domainconfig, tee_type, 2);
XEN_ASSERT_OFFSET(struct xen_arch_domainconfig, nr_spis, 4);
XEN_ASSERT_OFFSET(struct xen_arch_domainconfig, clock_frequency, 8);

#endif /* __ASSEMBLER__ */
#endif /* PUBLIC_ARCH_ARM_H */
