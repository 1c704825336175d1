/* SPDX-License-Identifier: ISC */
/*
 * The header of a 32-bit ARM zImage. Its words are little-endian, whatever the kernel is:
 *
 *	0x24 magic	  0x016f2818
 *	0x28 start	  address that it is made for; 0: it runs anywhere
 *	0x2c end	  start + bytes that are to be loaded
 *	0x30 endianness   0x04030201 as the kernel's own CPU mode writes it
 *	0x34 magic of the next word, 0x45454545
 *	0x38 offset of a table of records
 *
 * A record begins with its number of words and its magic. The one that counts here, "KLSZ", has the
 * sizes of the kernel inside: see zimage_read_sizes().
 */
#ifndef LIBCTRL_IMAGE_ZIMAGE_H
#define LIBCTRL_IMAGE_ZIMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZIMAGE_HEADER_SIZE 0x3c

/* Where the loader puts it, from the base of RAM: below it are page tables and boot parameters. */
#define ZIMAGE_TEXT_OFFSET 0x8000u

struct zimage_header {
	uint32_t start;
	uint32_t size;  /* bytes to load; 0 where the header makes no sense */
	uint32_t table; /* offset in the file; 0: none */
};

bool zimage_header_is_big_endian(const uint8_t *head);

/* Head has ZIMAGE_HEADER_SIZE bytes with the magic. */
void zimage_header_parse(struct zimage_header *header, const uint8_t *head);

/*
 * Bytes of memory that the kernel needs from the base of RAM until it has unpacked itself. Reads
 * the table of sizes from the file; estimates where there is none. 0: the sizes make no sense.
 */
uint64_t zimage_room(const struct zimage_header *header, int fd);

#endif /* LIBCTRL_IMAGE_ZIMAGE_H */
