/* SPDX-License-Identifier: ISC */
/* When a long operation should stop. */
#ifndef LIB_YIELD_H
#define LIB_YIELD_H

#include <lib/types.h>

/*
 * Should a long operation stop here? True when an interrupt is pending or another vCPU is to run.
 * The caller must have made progress, so that every call ends.
 */
bool cpu_should_yield(void);

#endif
