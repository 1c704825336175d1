/* SPDX-License-Identifier: ISC */
/* dom0's kernel: which image formats are known, and what their headers say. */
#include <boot/dom0.h>
#include <lib/lib.h>

/* The arm64 Image (Linux Documentation/arm64/booting, section 4). */
struct image_header {
	uint32_t code[2];
	uint64_t text_offset;
	uint64_t image_size;
	uint64_t flags; /* bit 0: big endian */
	uint64_t reserved[3];
	char magic[4];
	uint32_t pe;
};

static const char *read_arm64_image(const void *data, uint64_t size, struct kernel_image *k)
{
	const struct image_header *h = data;

	if (h->flags & 1)
		return "it is a big-endian kernel";
	k->text_offset = h->text_offset;
	k->image_size = MAX(h->image_size, size);
	if (k->text_offset >= MiB(2) || k->image_size > GiB(1))
		return "its header makes no sense (text_offset or image_size)";
	return NULL;
}

/*
 * The first row whose magic number is there decides. Arm zImages and zboot images begin with MZ
 * too.
 */
static const struct format {
	unsigned offset;
	unsigned len;
	const char *magic;
	/* size: at least that of the header. As kernel_image_read(). */
	const char *(*read)(const void *data, uint64_t size, struct kernel_image *k);
	unsigned header_size;
	const char *refusal; /* of a format without read */
} formats[] = {
	{.len = 2,
	 .magic = "\x1f\x8b",
	 .refusal = "it is compressed with gzip: give the plain Image"},
	{.len = 4,
	 .magic = "\x28\xb5\x2f\xfd",
	 .refusal = "it is compressed with zstd: give the plain Image"},
	{.len = 5,
	 .magic = "\xfd\x37zXZ",
	 .refusal = "it is compressed with xz: give the plain Image"},
	{.len = 4,
	 .magic = "\x7f"
		  "ELF",
	 .refusal = "it is an ELF file: give the Image"},
	{.len = 8,
	 .magic = "MZ\0\0zimg",
	 .refusal = "it is an EFI zboot image: give the plain Image"},
	{.offset = offsetof(struct image_header, magic),
	 .len = 4,
	 .magic = "ARM\x64",
	 .read = read_arm64_image,
	 .header_size = sizeof(struct image_header)},
};

static const struct format *find_format(const char *data, uint64_t size)
{
	for (unsigned i = 0; i < ARRAY_SIZE(formats); i++) {
		const struct format *f = &formats[i];

		if (size >= f->offset + f->len && memcmp(data + f->offset, f->magic, f->len) == 0)
			return f;
	}
	return NULL;
}

const char *kernel_image_read(const void *data, uint64_t size, struct kernel_image *k)
{
	const struct format *f = find_format(data, size);

	if (f && f->refusal)
		return f->refusal;
	if (size < (f ? f->header_size : sizeof(struct image_header)))
		return "it is shorter than an Image's header";
	return f ? f->read(data, size, k) : "it is not an arm64 Image";
}
