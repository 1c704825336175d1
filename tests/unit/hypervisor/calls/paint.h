/* SPDX-License-Identifier: ISC */
/* What the hypervisor's functions find on their stacks before they write there. */
#ifndef TESTS_UNIT_HYPERVISOR_PAINT_H
#define TESTS_UNIT_HYPERVISOR_PAINT_H

#include <stdint.h>

extern uint8_t stack_paint;

#endif
