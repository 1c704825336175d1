/* SPDX-License-Identifier: ISC */
/*
 * Reading and writing a translation table descriptor that a walker may read at the same time.
 * LDRD and STRD of an aligned descriptor are single-copy atomic with LPAE (DDI 0406C A3.5.3).
 */
#ifndef ASM_PT_ENTRY_H
#define ASM_PT_ENTRY_H

#include <lib/types.h>

static inline uint64_t pt_entry_read(const uint64_t *entry)
{
	uint64_t desc;

	asm volatile("ldrd %0, %H0, %1" : "=r"(desc) : "Q"(*entry));
	return desc;
}

static inline void pt_entry_write(uint64_t *entry, uint64_t desc)
{
	asm volatile("strd %1, %H1, %0" : "=Q"(*entry) : "r"(desc));
}

#endif
