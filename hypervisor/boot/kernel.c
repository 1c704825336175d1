/* SPDX-License-Identifier: ISC */
/* dom0's kernel: the arm64 Image format (Linux Documentation/arm64/booting, section 4). */
#include <hyp/dom0.h>
#include <hyp/lib.h>

struct image_header {
	uint32_t code[2];
	uint64_t text_offset;
	uint64_t image_size;
	uint64_t flags; /* bit 0: big endian */
	uint64_t reserved[3];
	char magic[4];
	uint32_t pe;
};

static const struct {
	const char *bytes;
	unsigned len;
	const char *why;
} other_formats[] = {
	{"\x1f\x8b", 2, "it is compressed with gzip: give the plain Image"},
	{"\x28\xb5\x2f\xfd", 4, "it is compressed with zstd: give the plain Image"},
	{"\xfd\x37zXZ", 5, "it is compressed with xz: give the plain Image"},
	{"\x7f"
	 "ELF",
	 4, "it is an ELF file: give the Image"},
	{"MZ\0\0zimg", 8, "it is an EFI zboot image: give the plain Image"},
};

const char *kernel_image_read(const void *data, uint64_t size, struct kernel_image *k)
{
	const struct image_header *h = data;

	for (unsigned i = 0; i < ARRAY_SIZE(other_formats); i++)
		if (size >= other_formats[i].len &&
		    memcmp(data, other_formats[i].bytes, other_formats[i].len) == 0)
			return other_formats[i].why;
	if (size < sizeof(*h))
		return "it is shorter than an Image's header";
	if (memcmp(h->magic, "ARM\x64", 4) != 0)
		return "it is not an arm64 Image";
	if (h->flags & 1)
		return "it is a big-endian kernel";
	k->text_offset = h->text_offset;
	k->image_size = MAX(h->image_size, size);
	if (k->text_offset >= MiB(2) || k->image_size > GiB(1))
		return "its header makes no sense (text_offset or image_size)";
	return NULL;
}
