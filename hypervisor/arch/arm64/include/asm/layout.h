/* SPDX-License-Identifier: ISC */
/*
 * The hypervisor's virtual addresses (EL2, 48 bits, one translation table base):
 *
 *   0x0000_2000_0000_0000  the image: text RX, rodata R, data and bss RW
 *   0x0000_2000_0010_0000  the first tables that the image has no room for
 *   0x0000_2000_001f_c000  the boot CPU's stack, above an unmapped guard page
 *   0x0000_2000_0020_0000  the device tree, read-only
 *   0x0000_3000_0000_0000  the other CPUs' stacks, each above an unmapped guard page
 *   0x0000_4000_0000_0000  devices: this + physical address, Device-nGnRE, mapped as asked for
 *   0x0000_8000_0000_0000  RAM: this + physical address, Normal write-back
 */
#ifndef ASM_LAYOUT_H
#define ASM_LAYOUT_H

#define HYP_START_LEVEL 0
#define HYP_VA_BITS     48

#define HYP_VA_IMAGE  0x0000200000000000
#define HYP_VA_STACKS 0x0000300000000000
#define HYP_VA_DEVICE 0x0000400000000000
#define HYP_VA_RAM    0x0000800000000000

/* Reported to tools by XENVER_platform_parameters; nobody uses it on ARM. */
#define HYP_VIRT_START HYP_VA_IMAGE

#define BLOCK_SIZE 0x200000 /* 2 MiB: what one entry of level 2 maps */

/*
 * What is needed before there are tables to be had is near the image: its level 3 table has an
 * entry for each page of HYP_VA_IMAGE to HYP_VA_TREE, its level 2 table has entries for blocks
 * behind that.
 */
#define IMAGE_MAX_SIZE    0x100000
#define HYP_VA_TABLES     (HYP_VA_IMAGE + IMAGE_MAX_SIZE)
#define HYP_VA_BOOT_STACK (HYP_VA_TREE - STACK_SIZE)
#define HYP_VA_TREE       (HYP_VA_IMAGE + BLOCK_SIZE)

#define STACK_SHIFT  14
#define STACK_SIZE   (1 << STACK_SHIFT) /* a CPU's area: guard page, stack, struct cpu at the top */
#define GUARD_SIZE   4096
#define STACK_STRIDE (2 * STACK_SIZE)
#define CPU_AREA     512 /* room for struct cpu */

#endif
