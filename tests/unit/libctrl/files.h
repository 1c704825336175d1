/* SPDX-License-Identifier: ISC */
/* Kernel and ramdisk files for the tests, in a folder of their own. */
#ifndef TESTS_LIBCTRL_FILES_H
#define TESTS_LIBCTRL_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Below a new temporary folder, which is removed when the program ends. */
const char *files_path(const char *name);
const char *files_write(const char *name, const void *data, size_t size);

/*
 * An arm64 Image of size bytes with recognizable content; image_size 0: size and some bss. pe_end:
 * what its PE header says is the end of its last section, 0: no PE header. The caller frees it.
 */
uint8_t *files_arm64(size_t size, uint64_t text_offset, uint64_t image_size, uint32_t pe_end);

/* What a zImage says of itself, to be changed before files_zimage() makes one. */
struct files_zimage {
	uint32_t size;     /* of the file; its header says the same */
	uint32_t start;    /* 0: anywhere */
	uint32_t unpacked; /* of the kernel inside */
	uint32_t bss;
	bool has_table;
};
uint8_t *files_zimage(const struct files_zimage *z);

/* gzip of data; *size in and out. The caller frees it. */
uint8_t *files_gzip(const void *data, size_t *size);

#endif /* TESTS_LIBCTRL_FILES_H */
