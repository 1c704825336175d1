/* SPDX-License-Identifier: ISC */
/* How much memory the test's process has allocated: all of its allocations come through here. */
#include "heap.h"

#include <malloc.h>
#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *old);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *old);

static size_t bytes, calls;

static void *count(void *block)
{
	calls++;
	bytes += block ? malloc_usable_size(block) : 0;
	return block;
}

void *__wrap_malloc(size_t size)
{
	return count(__real_malloc(size));
}

void *__wrap_calloc(size_t number, size_t size)
{
	return count(__real_calloc(number, size));
}

void *__wrap_realloc(void *old, size_t size)
{
	size_t before = old ? malloc_usable_size(old) : 0;
	void *block = __real_realloc(old, size);

	if (!block)
		return NULL;
	bytes -= before;
	return count(block);
}

void __wrap_free(void *old)
{
	bytes -= old ? malloc_usable_size(old) : 0;
	__real_free(old);
}

size_t heap_bytes(void)
{
	return bytes;
}

size_t heap_calls(void)
{
	return calls;
}
