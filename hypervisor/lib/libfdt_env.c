/* SPDX-License-Identifier: ISC */
/*
 * What the distribution's static libfdt.a needs beyond lib/lib.h: it is compiled with the stack
 * protector.
 */
#include <lib/lib.h>

/*
 * Names and types are the compiler's. The value only has to be unlikely; a zero byte stops string
 * overruns.
 */
extern uintptr_t __stack_chk_guard;
void __stack_chk_fail(void) __noreturn;

uintptr_t __stack_chk_guard = (uintptr_t)0x9d5b3ac271e60400;

void __stack_chk_fail(void)
{
	panic("stack overrun detected in libfdt");
}
