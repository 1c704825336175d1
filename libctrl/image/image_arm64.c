/* SPDX-License-Identifier: ISC */
/* The header of an arm64 Image, read without trust. */
#include <string.h>

#include "image_arm64.h"

/* text_offset is below 2 MiB by definition; no kernel is 1 GiB big. */
#define MAX_IMAGE_SIZE (1ull << 30)
/* What a kernel without image_size has as text_offset. */
#define OLD_TEXT_OFFSET 0x80000

static uint64_t le(const uint8_t *p, size_t bytes)
{
	uint64_t v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

bool arm64_header_is_big_endian(const uint8_t *head)
{
	return head[24] & 1;
}

bool arm64_header_parse(struct arm64_header *header, const uint8_t *head)
{
	header->text_offset = le(head + 8, 8);
	header->image_size = le(head + 16, 8);
	if (!header->image_size)
		header->text_offset = OLD_TEXT_OFFSET;
	return header->text_offset < ARM64_ALIGN && header->image_size <= MAX_IMAGE_SIZE;
}

/* Offsets in a PE header and in a section header (Microsoft PE/COFF specification). */
#define PE_OFFSET_AT        60
#define PE_NR_SECTIONS      6
#define PE_OPT_HEADER_SIZE  20
#define PE_OPT_HEADER       24
#define SECTION_SIZE        40
#define SECTION_RAW_SIZE    16
#define SECTION_RAW_POINTER 20

uint64_t arm64_file_size_needed(const uint8_t *head, size_t len)
{
	uint64_t pe, section, needed = 0;
	unsigned int nr;

	if (len < ARM64_HEADER_SIZE || memcmp(head, "MZ", 2))
		return 0;
	pe = le(head + PE_OFFSET_AT, 4);
	if (pe + PE_OPT_HEADER > len)
		return pe + PE_OPT_HEADER; /* the header itself is not there, or far off */
	if (memcmp(head + pe, "PE\0\0", 4))
		return 0;
	nr = le(head + pe + PE_NR_SECTIONS, 2);
	section = pe + PE_OPT_HEADER + le(head + pe + PE_OPT_HEADER_SIZE, 2);
	for (; nr && section + SECTION_SIZE <= len; nr--, section += SECTION_SIZE) {
		uint64_t end = le(head + section + SECTION_RAW_POINTER, 4) +
			       le(head + section + SECTION_RAW_SIZE, 4);

		if (end > needed)
			needed = end;
	}
	if (nr && section + SECTION_SIZE > needed)
		needed = section + SECTION_SIZE;
	return needed;
}
