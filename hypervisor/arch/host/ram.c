/* SPDX-License-Identifier: ISC */
/* Machine memory of the test host: mappings of this process that stand for banks at fake physical
 * addresses. */
#include <asm/cache.h>
#include <host/host.h>
#include <hyp/page.h>
#include <sys/mman.h>

#define MAX_BANKS 8

static struct bank {
	paddr_t base;
	uint64_t size;
	char *mem;
} banks[MAX_BANKS];
static unsigned nr_banks;
static int windows;

uint64_t host_cache_bytes;

void *host_ram_add(paddr_t base, uint64_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (mem == MAP_FAILED || nr_banks == MAX_BANKS)
		host_fail("no memory for a bank of %llu bytes", (unsigned long long)size);
	banks[nr_banks++] = (struct bank){base, size, mem};
	return mem;
}

void host_ram_reset(void)
{
	while (nr_banks) {
		nr_banks--;
		munmap(banks[nr_banks].mem, banks[nr_banks].size);
	}
	windows = 0;
}

static const struct bank *bank_of_va(const void *va)
{
	for (unsigned i = 0; i < nr_banks; i++)
		if ((uintptr_t)va - (uintptr_t)banks[i].mem < banks[i].size)
			return &banks[i];
	return NULL;
}

bool host_ram_contains(const void *va)
{
	return bank_of_va(va) != NULL;
}

int host_windows(void)
{
	return windows;
}

void *map_page(mfn_t mfn)
{
	for (unsigned i = 0; i < nr_banks; i++) {
		uint64_t offset = mfn_to_pa(mfn) - banks[i].base;

		if (offset < banks[i].size) {
			windows++;
			return banks[i].mem + offset;
		}
	}
	host_fail("map_page: frame %llx is not RAM", (unsigned long long)mfn.n);
}

void unmap_page(const void *va)
{
	if (!bank_of_va(va) || ((uintptr_t)va & ~(uintptr_t)PAGE_MASK))
		host_fail("unmap_page: %p is not a window", va);
	if (--windows < 0)
		host_fail("unmap_page: more windows closed than opened");
}

mfn_t hyp_va_to_mfn(const void *va)
{
	const struct bank *b = bank_of_va(va);

	if (!b)
		host_fail("hyp_va_to_mfn: %p is not RAM", va);
	return pa_to_mfn(b->base + ((uintptr_t)va - (uintptr_t)b->mem));
}
