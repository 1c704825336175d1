/* SPDX-License-Identifier: ISC */
/* Loading and saving vCPUs on the test host: what pure code asks for. arch/host/context.c */
#ifndef ASM_CONTEXT_H
#define ASM_CONTEXT_H

#include <hyp/domain.h>

void arch_vcpu_reset(struct vcpu *v, uint64_t pc, uint64_t x0);
int arch_vcpu_init(struct vcpu *v);
void arch_domain_init(struct domain *d);

void vcpu_unload(struct vcpu *v);
void vcpu_load(struct vcpu *v);

struct vcpu_guest_context;
int arch_vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c);
void arch_vcpu_get_context(const struct vcpu *v, struct vcpu_guest_context *c);

#endif
