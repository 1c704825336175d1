/* SPDX-License-Identifier: ISC */
/*
 * The fake machine's memory in the page allocator's hands, for tests that need one and do not test
 * it.
 */
#include <host/host.h>
#include <mem/page.h>
#include <stdlib.h>

void host_heap_init(uint64_t size)
{
	static void *descriptors;

	if (descriptors)
		host_fail("host_heap_init: once a process");
	host_ram_add(HOST_RAM_BASE, size);
	descriptors = aligned_alloc(
		PAGE_SIZE, ALIGN_UP((size >> PAGE_SHIFT) * PAGE_DESCRIPTOR_SIZE, PAGE_SIZE));
	page_init(descriptors, HOST_RAM_BASE >> PAGE_SHIFT, size >> PAGE_SHIFT);
	page_add_region(HOST_RAM_BASE, HOST_RAM_BASE + size);
}
