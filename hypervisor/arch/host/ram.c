/* SPDX-License-Identifier: ISC */
/*
 * Machine memory of the test host: mappings of this process that stand for banks at fake physical
 * addresses.
 */
#include <asm/cache.h>
#include <host/host.h>
#include <lib/atomic.h>
#include <lib/lib.h>
#include <mem/page.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_BANKS 8

static struct bank {
	paddr_t base;
	uint64_t size;
	char *mem;
	char *memory; /* what an observer without caches sees */
	char *clean;  /* what `mem` was when it was last maintained */
	int file;     /* what `mem` is a mapping of: a page can be mapped elsewhere too */
} banks[MAX_BANKS];
static unsigned nr_banks;
static int windows;

uint64_t host_cache_bytes, host_icache_invalidations;
bool host_caches_off;

static char *map_copy(uint64_t size)
{
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		host_fail("no memory for a copy of a bank of %llu bytes", (unsigned long long)size);
	return at;
}

void *host_ram_add(paddr_t base, uint64_t size)
{
	int file = memfd_create("bank", MFD_CLOEXEC);
	char *mem = mmap(NULL, size + MiB(4), PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (file < 0 || ftruncate(file, (off_t)size) || mem == MAP_FAILED || nr_banks == MAX_BANKS)
		host_fail("no memory for a bank of %llu bytes", (unsigned long long)size);
	/* Blocks of pages are as aligned here as their physical addresses are. */
	mem = (char *)ALIGN_UP((uintptr_t)mem, MiB(2)) + base % MiB(2);
	if (mmap(mem, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0) == MAP_FAILED)
		host_fail("a bank of %llu bytes cannot be mapped", (unsigned long long)size);
	banks[nr_banks++] = (struct bank){base, size, mem, map_copy(size), map_copy(size), file};
	return mem;
}

void host_ram_reset(void)
{
	while (nr_banks) {
		nr_banks--;
		munmap(banks[nr_banks].mem, banks[nr_banks].size);
		munmap(banks[nr_banks].memory, banks[nr_banks].size);
		munmap(banks[nr_banks].clean, banks[nr_banks].size);
		close(banks[nr_banks].file);
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
	return atomic_load(&windows);
}

static const struct bank *bank_of_pa(paddr_t pa)
{
	for (unsigned i = 0; i < nr_banks; i++)
		if (pa - banks[i].base < banks[i].size)
			return &banks[i];
	host_fail("%llx is not RAM", (unsigned long long)pa);
}

void *phys_to_virt(paddr_t pa)
{
	const struct bank *b = bank_of_pa(pa);

	return b->mem + (pa - b->base);
}

void *map_page(mfn_t mfn)
{
	void *page = phys_to_virt(mfn_to_pa(mfn));

	atomic_add(&windows, 1);
	return page;
}

/* A window counts once, whatever its size. */
void *ram_window_open(paddr_t pa, uint64_t size)
{
	const struct bank *b = bank_of_pa(pa);

	if (size > b->size - (pa - b->base))
		host_fail("ram_window_open: %llx ends behind the RAM", (unsigned long long)pa);
	atomic_add(&windows, 1);
	return phys_to_virt(pa);
}

void ram_window_close(const void *va, uint64_t size __unused)
{
	unmap_page((const void *)((uintptr_t)va & (uintptr_t)PAGE_MASK));
}

void host_ram_alias(void *at, mfn_t mfn, int prot)
{
	const struct bank *b = bank_of_pa(mfn_to_pa(mfn));

	if (mmap(at, PAGE_SIZE, prot, MAP_SHARED | MAP_FIXED, b->file,
		 (off_t)(mfn_to_pa(mfn) - b->base)) == MAP_FAILED)
		host_fail("frame %llx cannot be mapped once more", (unsigned long long)mfn.n);
}

void unmap_page(const void *va)
{
	if (!bank_of_va(va) || ((uintptr_t)va & ~(uintptr_t)PAGE_MASK))
		host_fail("unmap_page: %p is not a window", va);
	if (atomic_sub(&windows, 1) < 0)
		host_fail("unmap_page: more windows closed than opened");
}

mfn_t hyp_va_to_mfn(const void *va)
{
	const struct bank *b = bank_of_va(va);

	if (!b)
		host_fail("hyp_va_to_mfn: %p is not RAM", va);
	return pa_to_mfn(b->base + ((uintptr_t)va - (uintptr_t)b->mem));
}

/* ---- caches ---- */

#define LINE 64

/* A line is dirty if it is not what it was when it was last maintained. */
static void maintain_line(const struct bank *b, uint64_t at, bool invalidate)
{
	bool dirty = memcmp(b->mem + at, b->clean + at, LINE) != 0;

	if (dirty)
		memcpy(b->memory + at, b->mem + at, LINE);
	else if (invalidate)
		memcpy(b->mem + at, b->memory + at, LINE);
	memcpy(b->clean + at, b->mem + at, LINE);
}

static void maintain(const void *va, size_t len, bool invalidate)
{
	const struct bank *b = bank_of_va(va);
	uint64_t at, end;

	atomic_add(&host_cache_bytes, len);
	if (host_caches_off || !b || !len)
		return; /* the hypervisor's own memory */
	at = (uint64_t)((const char *)va - b->mem);
	for (end = at + len, at = ALIGN_DOWN(at, LINE); at < end; at += LINE)
		maintain_line(b, at, invalidate);
}

void host_cache_clean(const void *va, size_t len)
{
	maintain(va, len, false);
}

void host_cache_clean_invalidate(const void *va, size_t len)
{
	maintain(va, len, true);
}

void *host_memory(paddr_t pa)
{
	const struct bank *b = bank_of_pa(pa);

	return b->memory + (pa - b->base);
}
