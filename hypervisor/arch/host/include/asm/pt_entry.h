/* SPDX-License-Identifier: ISC */
/*
 * Descriptor reads and writes of the test host: each write is looked at by the break-before-make
 * checker.
 */
#ifndef ASM_PT_ENTRY_H
#define ASM_PT_ENTRY_H

#include <lib/types.h>

/* arch/host/tlb.c */
void host_pt_write(uint64_t *entry, uint64_t desc);

static inline uint64_t pt_entry_read(const uint64_t *entry)
{
	return *entry;
}

static inline void pt_entry_write(uint64_t *entry, uint64_t desc)
{
	host_pt_write(entry, desc);
}

#endif
