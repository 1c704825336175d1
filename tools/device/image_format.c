/* SPDX-License-Identifier: ISC */
/* Detects image formats that blkback cannot read, by the first and last sector of the file. */
#include "image_format.h"

#include <string.h>
#include <unistd.h>

#define SECTOR  512
#define CONVERT "qemu-img convert -O raw"

/* Where the magic number is. */
enum place { FIRST, LAST, PLACES };

static const struct magic {
	enum place place; /* the sector */
	unsigned int offset, size;
	const char *bytes;
	struct image_format format;
} magics[] = {
	{FIRST, 0, 8, "QFI\xfb\0\0\0\1", {"qcow", CONVERT, ""}},
	{FIRST, 0, 4, "QFI\xfb", {"qcow2", CONVERT, ""}},
	{FIRST, 0, 4, "QED\0", {"QED", CONVERT, ""}},
	{FIRST, 0, 4, "KDMV", {"VMDK", CONVERT, ""}},
	{FIRST, 0, 4, "COWD", {"VMDK", CONVERT, ""}},
	{FIRST, 0, 21, "# Disk DescriptorFile", {"VMDK description", CONVERT, ""}},
	{FIRST, 0, 8, "vhdxfile", {"VHDX", CONVERT, ""}},
	{FIRST, 0, 8, "conectix", {"VHD", "qemu-img convert -f vpc -O raw", ""}},
	{LAST, 0, 8, "conectix", {"VHD", "qemu-img convert -f vpc -O raw", ""}},
	{FIRST, 64, 4, "\x7f\x10\xda\xbe", {"VDI", CONVERT, ""}},
	{FIRST, 0, 3, "\x1f\x8b\x08", {"gzip", "gzip -dc", " >"}},
	{FIRST, 0, 6, "\3757zXZ\0", {"xz", "xz -dc", " >"}},
	{FIRST, 0, 4, "\x28\xb5\x2f\xfd", {"zstd", "zstd -dc", " >"}},
	{FIRST, 4, 6, "1AY&SY", {"bzip2", "bzip2 -dc", " >"}},
	{FIRST, 0, 4, "\x04\x22\x4d\x18", {"lz4", "lz4 -dc", " >"}},
};

/* A sector that cannot be read, or is not whole, has no magic number. */
static void read_sector(int file, uint64_t at, char sector[SECTOR])
{
	if (pread(file, sector, SECTOR, (off_t)at) != SECTOR)
		memset(sector, 0, SECTOR);
}

const struct image_format *image_format_find(int file, uint64_t size)
{
	char sectors[PLACES][SECTOR];

	read_sector(file, 0, sectors[FIRST]);
	read_sector(file, size < SECTOR ? 0 : size - SECTOR, sectors[LAST]);
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (!memcmp(sectors[magics[i].place] + magics[i].offset, magics[i].bytes,
			    magics[i].size))
			return &magics[i].format;
	return NULL;
}

int image_format_explain(const struct image_format *format, const char *path, int err,
			 struct report *report)
{
	return report_set(
		report, err,
		"%s looks like a %s file, and the guest would see it as it is: make a raw "
		"image of it (%s %s%s NEW), or write 'format=raw' where that is wanted",
		path, format->name, format->command, path, format->between);
}
