/* SPDX-License-Identifier: ISC */
/* What this architecture does not have, or what must not happen, and others refer to. */
#include <hyp/irqchip.h>
#include <lib/lib.h>

/* The compiler's division calls these. */
long long __aeabi_ldiv0(long long value);
int __aeabi_idiv0(int value);

const struct irqchip *gicv3_init(const struct bootinfo *bi __unused)
{
	panic("a GICv3 needs an ARMv8 CPU");
}

long long __aeabi_ldiv0(long long value __unused)
{
	panic("division by zero");
}

int __aeabi_idiv0(int value __unused)
{
	panic("division by zero");
}
