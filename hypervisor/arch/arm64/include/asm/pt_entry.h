/* SPDX-License-Identifier: ISC */
/*
 * Reading and writing a translation table descriptor that a walker may read at the same time:
 * single-copy atomic.
 */
#ifndef ASM_PT_ENTRY_H
#define ASM_PT_ENTRY_H

#include <lib/types.h>

static inline uint64_t pt_entry_read(const uint64_t *entry)
{
	return READ_ONCE(*entry);
}

static inline void pt_entry_write(uint64_t *entry, uint64_t desc)
{
	WRITE_ONCE(*entry, desc);
}

#endif
