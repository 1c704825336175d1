/* SPDX-License-Identifier: ISC */
/* For the vGIC's tests: the CPU that the code under test believes to run on is a variable. */
#ifndef ASM_CPU_H
#define ASM_CPU_H

extern struct cpu *fake_this_cpu;

static inline struct cpu *this_cpu(void)
{
	return fake_this_cpu;
}

#endif
