/* SPDX-License-Identifier: ISC */
/* Memory barriers of arm64 (Arm ARM B2.3). */
#ifndef ASM_BARRIER_H
#define ASM_BARRIER_H

#define barrier() asm volatile("" ::: "memory")

/* Between CPUs, Normal memory, Inner Shareable. */
#define smp_mb()  asm volatile("dmb ish" ::: "memory")
#define smp_rmb() asm volatile("dmb ishld" ::: "memory")
#define smp_wmb() asm volatile("dmb ishst" ::: "memory")

#define dsb(opt) asm volatile("dsb " #opt ::: "memory")
#define isb()    asm volatile("isb" ::: "memory")

/* In a spin loop: lets the other threads of a core run, and QEMU's other vCPUs. */
#define cpu_relax() asm volatile("yield" ::: "memory")

#endif
