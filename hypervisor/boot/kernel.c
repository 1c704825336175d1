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
	*k = (struct kernel_image){
		.width = 64,
		.alignment = MiB(2),
		.text_offset = h->text_offset,
		.image_size = MAX(h->image_size, size),
		.reach = ~(uint64_t)0,
	};
	if (k->text_offset >= MiB(2) || k->image_size > GiB(1))
		return "its header makes no sense (text_offset or image_size)";
	return NULL;
}

/* The zImage of ARMv7 (Linux's arch/arm/boot/compressed). */
struct zimage_header {
	uint32_t code[9];
	uint32_t magic;
	uint32_t start, end;
	uint32_t endianness, table_magic;
	uint32_t table; /* offset of a list of records */
};

/* A record of that list: what the kernel will need when it is unpacked. */
struct zimage_sizes {
	uint32_t words, magic;
	uint32_t unpacked_at; /* offset of the size of what is unpacked */
	uint32_t bss, text_offset, heap;
};

#define ZIMAGE_ENDIANNESS  0x04030201
#define ZIMAGE_TABLE_MAGIC 0x45454545
#define ZIMAGE_SIZES_MAGIC 0x5a534c4b

/*
 * It unpacks itself to the start of its RAM, and moves itself behind that first: what both need at
 * least, and at most.
 */
#define ZIMAGE_ROOM_MIN MiB(32)
#define ZIMAGE_ROOM_MAX MiB(256)

/* It takes the multiple of 128 MiB that it is in for the start of RAM, if there is RAM. */
#define ZIMAGE_WINDOW MiB(128)

/* What it can reach of memory before it has made its page tables, with some to spare. */
#define ZIMAGE_REACH MiB(704)

static uint64_t zimage_room(const char *data, uint64_t size, const struct zimage_header *h)
{
	struct zimage_sizes s;
	uint32_t unpacked;
	uint64_t room;

	if (h->table_magic != ZIMAGE_TABLE_MAGIC || h->table > size || size - h->table < sizeof(s))
		return ZIMAGE_ROOM_MIN;
	memcpy(&s, data + h->table, sizeof(s));
	if (s.magic != ZIMAGE_SIZES_MAGIC || s.unpacked_at > size ||
	    size - s.unpacked_at < sizeof(unpacked))
		return ZIMAGE_ROOM_MIN;
	memcpy(&unpacked, data + s.unpacked_at, sizeof(unpacked));
	room = (uint64_t)s.text_offset + unpacked + s.bss + s.heap + size;
	return MAX(ALIGN_UP(room, MiB(2)), ZIMAGE_ROOM_MIN);
}

static const char *read_zimage(const void *data, uint64_t size, struct kernel_image *k)
{
	const struct zimage_header *h = data;

	if (h->endianness != ZIMAGE_ENDIANNESS)
		return "it is a big-endian kernel";
	*k = (struct kernel_image){
		.width = 32,
		.alignment = sizeof(uint32_t),
		.image_size = size,
		.room = zimage_room(data, size, h),
		.window = ZIMAGE_WINDOW,
		.reach = ZIMAGE_REACH,
	};
	if (k->room > ZIMAGE_ROOM_MAX)
		return "its header makes no sense (the size unpacked)";
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
	{.offset = offsetof(struct zimage_header, magic),
	 .len = 4,
	 .magic = "\x18\x28\x6f\x01",
	 .read = read_zimage,
	 .header_size = sizeof(struct zimage_header)},
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
	return f ? f->read(data, size, k) : "it is neither an arm64 Image nor an Arm zImage";
}
