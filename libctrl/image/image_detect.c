/* SPDX-License-Identifier: ISC */
/* Tells what a file is by its first bytes, so that the person hears more than "bad kernel". */
#include <ctype.h>
#include <string.h>

#include "image.h"
#include "image_arm64.h"
#include "image_zimage.h"
#include "../internal.h"

struct magic {
	enum ctrl_image_kind kind;
	uint16_t offset;
	uint8_t len;
	const char *bytes;
};

/* The first that matches wins: an arm64 Image, a zboot and a bzImage all begin with "MZ". */
static const struct magic magics[] = {
	{CTRL_IMAGE_ARM64, 56, 4, "ARM\x64"},
	{CTRL_IMAGE_EFI_ZBOOT, 4, 4, "zimg"},
	{CTRL_IMAGE_BZIMAGE, 0x202, 4, "HdrS"},
	{CTRL_IMAGE_ZIMAGE32, 0x24, 4, "\x18\x28\x6f\x01"},
	{CTRL_IMAGE_ARM64_GZIP, 0, 3, "\x1f\x8b\x08"},
	{CTRL_IMAGE_ELF, 0, 4,
	 "\x7f"
	 "ELF"},
	{CTRL_IMAGE_UIMAGE, 0, 4, "\x27\x05\x19\x56"},
	{CTRL_IMAGE_DTB, 0, 4, "\xd0\x0d\xfe\xed"},
	{CTRL_IMAGE_XZ, 0, 6,
	 "\xfd"
	 "7zXZ\0"},
	{CTRL_IMAGE_ZSTD, 0, 4, "\x28\xb5\x2f\xfd"},
	{CTRL_IMAGE_LZ4, 0, 4, "\x04\x22\x4d\x18"},
	{CTRL_IMAGE_LZ4, 0, 4, "\x02\x21\x4c\x18"},
	{CTRL_IMAGE_BZIP2, 0, 3, "BZh"},
	{CTRL_IMAGE_LZO, 0, 4, "\x89LZO"},
	{CTRL_IMAGE_LZMA, 0, 3, "\x5d\0\0"},
	{CTRL_IMAGE_CPIO, 0, 5, "07070"},
	{CTRL_IMAGE_SCRIPT, 0, 2, "#!"},
	{CTRL_IMAGE_EFI_PE, 0, 2, "MZ"},
};

static bool matches(const struct magic *m, const uint8_t *head, size_t len)
{
	return len >= (size_t)m->offset + m->len && !memcmp(head + m->offset, m->bytes, m->len);
}

static bool is_text(const uint8_t *head, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isprint(head[i]) && !isspace(head[i]))
			return false;
	return len > 0;
}

enum ctrl_image_kind image_detect(const uint8_t *head, size_t len, uint64_t file_size)
{
	if (!file_size)
		return CTRL_IMAGE_EMPTY;
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++) {
		if (!matches(&magics[i], head, len))
			continue;
		if (magics[i].kind == CTRL_IMAGE_ARM64 && arm64_header_is_big_endian(head))
			return CTRL_IMAGE_BIG_ENDIAN;
		if (magics[i].kind == CTRL_IMAGE_ZIMAGE32 && len >= ZIMAGE_HEADER_SIZE &&
		    zimage_header_is_big_endian(head))
			return CTRL_IMAGE_BIG_ENDIAN;
		/* What an arm64 Image, cut off before its magic, begins with. */
		if (magics[i].kind == CTRL_IMAGE_EFI_PE && file_size < ARM64_HEADER_SIZE)
			return CTRL_IMAGE_TRUNCATED;
		return magics[i].kind;
	}
	if (is_text(head, len))
		return CTRL_IMAGE_SCRIPT;
	return file_size < ARM64_HEADER_SIZE ? CTRL_IMAGE_TRUNCATED : CTRL_IMAGE_UNKNOWN;
}

static const char *const kind_names[CTRL_IMAGE_KINDS] = {
	[CTRL_IMAGE_UNKNOWN] = "unknown",
	[CTRL_IMAGE_ARM64] = "arm64 Image",
	[CTRL_IMAGE_ARM64_GZIP] = "gzip-compressed arm64 Image",
	[CTRL_IMAGE_GZIP_OTHER] = "gzip-compressed file without an arm64 Image in it",
	[CTRL_IMAGE_EMPTY] = "empty file",
	[CTRL_IMAGE_TRUNCATED] = "truncated file",
	[CTRL_IMAGE_BIG_ENDIAN] = "big-endian kernel",
	[CTRL_IMAGE_EFI_ZBOOT] = "EFI zboot image",
	[CTRL_IMAGE_EFI_PE] = "EFI program (PE) that is no arm64 Image",
	[CTRL_IMAGE_ELF] = "ELF file",
	[CTRL_IMAGE_ZIMAGE32] = "32-bit ARM zImage",
	[CTRL_IMAGE_BZIMAGE] = "x86 kernel (bzImage)",
	[CTRL_IMAGE_UIMAGE] = "U-Boot uImage",
	[CTRL_IMAGE_DTB] = "device tree or FIT image",
	[CTRL_IMAGE_XZ] = "xz-compressed file",
	[CTRL_IMAGE_ZSTD] = "zstd-compressed file",
	[CTRL_IMAGE_LZ4] = "lz4-compressed file",
	[CTRL_IMAGE_BZIP2] = "bzip2-compressed file",
	[CTRL_IMAGE_LZMA] = "lzma-compressed file",
	[CTRL_IMAGE_LZO] = "lzo-compressed file",
	[CTRL_IMAGE_CPIO] = "cpio archive (an initramfs)",
	[CTRL_IMAGE_SCRIPT] = "text file",
};

const char *ctrl_image_kind_name(enum ctrl_image_kind kind)
{
	return (unsigned int)kind < CTRL_IMAGE_KINDS ? kind_names[kind] : "unknown";
}
