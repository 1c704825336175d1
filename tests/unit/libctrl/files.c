/* SPDX-License-Identifier: ISC */
/* Kernel and ramdisk files for the tests: see files.h. */
#include <assert.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "files.h"

static char folder[] = "/tmp/libctrl-test-XXXXXX";

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void remove_folder(void)
{
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *files_path(const char *name)
{
	static char path[4][256];
	static unsigned int next;
	char *p = path[next++ % 4];

	if (strstr(folder, "XXXXXX")) {
		if (!mkdtemp(folder))
			abort();
		atexit(remove_folder);
	}
	snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
	return p;
}

const char *files_write(const char *name, const void *data, size_t size)
{
	const char *path = files_path(name);
	FILE *f = fopen(path, "w");

	if (!f || fwrite(data, 1, size, f) != size || fclose(f))
		abort();
	return path;
}

static void put(uint8_t *p, uint64_t v, size_t bytes)
{
	while (bytes--) {
		*p++ = v;
		v >>= 8;
	}
}

uint8_t *files_arm64(size_t size, uint64_t text_offset, uint64_t image_size, uint32_t pe_end)
{
	uint8_t *image = malloc(size);
	uint32_t seed = 1; /* content that does not compress well, the same each time */

	for (size_t i = 0; i < size; i++)
		image[i] = (seed = seed * 1103515245 + 12345) >> 16;
	memset(image, 0, size < 256 ? size : 256);
	put(image + 8, text_offset, 8);
	put(image + 16, image_size ? image_size : size + 100000, 8);
	memcpy(image + 56, "ARM\x64", 4);
	if (pe_end) {
		memcpy(image, "MZ", 2);
		put(image + 60, 64, 4);
		memcpy(image + 64, "PE\0\0", 4);
		put(image + 64 + 6, 1, 2);   /* one section */
		put(image + 64 + 20, 40, 2); /* size of the optional header */
		put(image + 64 + 24 + 40 + 16, 0x100, 4);
		put(image + 64 + 24 + 40 + 20, pe_end - 0x100, 4);
	}
	return image;
}

uint8_t *files_zimage(const struct files_zimage *z)
{
	uint8_t *image = malloc(z->size);
	uint32_t table = 0x100, unpacked_at = z->size - 5; /* not aligned, as in the real ones */

	memset(image, 0x5a, z->size);
	memcpy(image, "MZ", 2);
	put(image + 0x24, 0x016f2818, 4);
	put(image + 0x28, z->start, 4);
	put(image + 0x2c, z->start + z->size, 4);
	put(image + 0x30, 0x04030201, 4);
	if (!z->has_table)
		return image;
	put(image + 0x34, 0x45454545, 4);
	put(image + 0x38, table, 4);
	put(image + table, 6, 4);
	put(image + table + 4, 0x5a534c4b, 4);
	put(image + table + 8, unpacked_at, 4);
	put(image + table + 12, z->bss, 4);
	put(image + table + 16, 0x208000, 4);
	put(image + table + 20, 0x10000, 4);
	put(image + unpacked_at, z->unpacked, 4);
	return image;
}

uint8_t *files_gzip(const void *data, size_t *size)
{
	size_t room = *size + *size / 100 + 1000;
	uint8_t *out = malloc(room);
	z_stream z = {.next_in = (void *)(uintptr_t)data,
		      .avail_in = *size,
		      .next_out = out,
		      .avail_out = room};

	if (deflateInit2(&z, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
	    deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	*size = z.total_out;
	deflateEnd(&z);
	return out;
}
