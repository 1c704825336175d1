/* SPDX-License-Identifier: ISC */
/* The header of a 32-bit ARM zImage, read without trust. */
#include <unistd.h>

#include "image_zimage.h"

#define START_AT       0x28
#define END_AT         0x2c
#define ENDIANNESS_AT  0x30
#define TABLE_MAGIC_AT 0x34
#define TABLE_AT       0x38

#define BIG_ENDIAN_MARK 0x01020304u /* 0x04030201, read with the bytes the other way round */
#define TABLE_MAGIC     0x45454545u

/* The record of sizes: words, magic, then these. */
#define SIZES_MAGIC       0x5a534c4bu
#define SIZES_MIN_WORDS   5
#define SIZES_UNPACKED_AT 8 /* offset in the file of the word with the unpacked size */
#define SIZES_BSS         12
#define SIZES_TEXT_OFFSET 16
#define SIZES_HEAP        20 /* of the unpacker; absent in a record of 5 words */
#define SIZES_LENGTH      24

/*
 * The kernel must leave room for the ramdisk behind the first 128 MiB, which its unpacker takes for
 * the alignment of RAM.
 */
#define MAX_ROOM (120ull << 20)
/* Alignment, stack and tables of the unpacker. */
#define SLACK (1ull << 20)
/* No compressor makes a kernel that much smaller. */
#define GUESS_FACTOR 8
#define GUESS_OFFSET 0x208000

static uint32_t le32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

bool zimage_header_is_big_endian(const uint8_t *head)
{
	return le32(head + ENDIANNESS_AT) == BIG_ENDIAN_MARK;
}

void zimage_header_parse(struct zimage_header *header, const uint8_t *head)
{
	uint32_t end = le32(head + END_AT);

	header->start = le32(head + START_AT);
	header->size = end > header->start ? end - header->start : 0;
	header->table = le32(head + TABLE_MAGIC_AT) == TABLE_MAGIC ? le32(head + TABLE_AT) : 0;
	if (header->size < ZIMAGE_HEADER_SIZE || header->size > MAX_ROOM)
		header->size = 0;
}

/* What the kernel inside needs when it is unpacked, from the base of RAM; 0: it is not said. */
static uint64_t zimage_read_sizes(const struct zimage_header *header, int fd)
{
	uint8_t record[SIZES_LENGTH] = {0}, unpacked[4];
	uint64_t room;

	if (!header->table ||
	    pread(fd, record, sizeof(record), (off_t)header->table) != sizeof(record) ||
	    le32(record) < SIZES_MIN_WORDS || le32(record + 4) != SIZES_MAGIC)
		return 0;
	if (pread(fd, unpacked, sizeof(unpacked), (off_t)le32(record + SIZES_UNPACKED_AT)) !=
	    sizeof(unpacked))
		return 0;
	room = (uint64_t)le32(record + SIZES_TEXT_OFFSET) + le32(unpacked) +
	       le32(record + SIZES_BSS);
	if (le32(record) > SIZES_MIN_WORDS)
		room += le32(record + SIZES_HEAP);
	return room;
}

uint64_t zimage_room(const struct zimage_header *header, int fd)
{
	uint64_t room = zimage_read_sizes(header, fd);

	if (!room)
		room = GUESS_OFFSET + (uint64_t)header->size * GUESS_FACTOR;
	/* It moves itself behind the place of the unpacked kernel first. */
	room += header->size + SLACK;
	return room <= MAX_ROOM ? room : 0;
}
