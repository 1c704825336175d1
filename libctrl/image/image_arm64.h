/* SPDX-License-Identifier: ISC */
/*
 * The header of an arm64 Image, all little-endian (Linux, Documentation/arm64/booting.rst):
 *
 *	 0 code0, code1	  "MZ.." when the kernel is also an EFI program
 *	 8 text_offset	  where the kernel wants to be, from a 2 MiB boundary
 *	16 image_size	  memory it needs from there, bss included; 0 before Linux 3.17
 *	24 flags	  bit 0: big-endian
 *	56 "ARM\x64"
 *	60 offset of the PE header, when code0 begins with "MZ"
 */
#ifndef LIBCTRL_IMAGE_ARM64_H
#define LIBCTRL_IMAGE_ARM64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARM64_HEADER_SIZE 64
#define ARM64_ALIGN       0x200000ull /* of the memory that text_offset counts from */

struct arm64_header {
	uint64_t text_offset;
	uint64_t image_size;
};

bool arm64_header_is_big_endian(const uint8_t *head);

/* Head has ARM64_HEADER_SIZE bytes with the magic. False: the numbers make no sense. */
bool arm64_header_parse(struct arm64_header *header, const uint8_t *head);

/*
 * How many bytes the file must have for all its sections to be there, as the PE header in its first
 * len bytes says; 0 when there is none.
 */
uint64_t arm64_file_size_needed(const uint8_t *head, size_t len);

#endif /* LIBCTRL_IMAGE_ARM64_H */
