/* SPDX-License-Identifier: ISC */
/* Registers of a vCPU of the test host: those of arm64. */
#ifndef ASM_CONTEXT_H
#define ASM_CONTEXT_H

#include <hyp/domain.h>

/* 31 is the zero register. */
static inline uint64_t vcpu_x(const struct vcpu *v, size_t n)
{
	return n == 31 ? 0 : v->arch.x[n];
}

static inline void vcpu_set_x(struct vcpu *v, size_t n, uint64_t value)
{
	if (n != 31)
		v->arch.x[n] = value;
}

static inline bool vcpu_is_32bit(const struct vcpu *v)
{
	return v->domain->arch.aarch32;
}

#endif
