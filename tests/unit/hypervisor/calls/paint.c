/* SPDX-License-Identifier: ISC */
/*
 * The stack of the hypervisor's functions is painted: the compiler calls these at the beginning and
 * at the end of each (-finstrument-functions), and they fill the stack below it. So a variable that
 * a function has not written is paint, whatever ran there before.
 */
#include "paint.h"
#include <string.h>

#define DEPTH 8192 /* more than any call needs below one function */

uint8_t stack_paint;

void __cyg_profile_func_enter(void *fn, void *caller);
void __cyg_profile_func_exit(void *fn, void *caller);

static void __attribute__((noinline)) paint(void)
{
	uint8_t below[DEPTH];

	memset(below, stack_paint, sizeof(below));
	__asm__ volatile("" ::"r"(below) : "memory");
}

void __cyg_profile_func_enter(void *fn, void *caller)
{
	(void)fn;
	(void)caller;
	paint();
}

void __cyg_profile_func_exit(void *fn, void *caller)
{
	(void)fn;
	(void)caller;
	paint();
}
