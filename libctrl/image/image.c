/* SPDX-License-Identifier: ISC */
/* Kernel images: opening, checking and loading them. The file is never trusted. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <sys/stat.h>

#include "image.h"
#include "image_arm64.h"
#include "image_zimage.h"
#include "../internal.h"

/* Enough for the arm64 and PE headers, which are in the first 4 KiB. */
#define HEAD_SIZE  4096
#define INPUT_SIZE (64ul << 10)

/* What to do about a kernel that cannot be loaded. */
static const char *const advice[CTRL_IMAGE_KINDS] = {
	[CTRL_IMAGE_UNKNOWN] = "give an arm64 Image, plain or gzip-compressed, or an ARM zImage "
			       "(Debian's /boot/vmlinuz-*-arm64 or -armmp-lpae)",
	[CTRL_IMAGE_GZIP_OTHER] = "give a gzip-compressed arm64 Image (arch/arm64/boot/Image.gz)",
	[CTRL_IMAGE_EMPTY] = "copy the kernel again",
	[CTRL_IMAGE_TRUNCATED] = "copy the kernel again",
	[CTRL_IMAGE_BIG_ENDIAN] = "give a little-endian kernel",
	[CTRL_IMAGE_EFI_ZBOOT] = "give the Image that is packed in it (arch/arm64/boot/Image of "
				 "that kernel, or `unzboot`)",
	[CTRL_IMAGE_EFI_PE] = "give an arm64 kernel, not a boot loader or another architecture's",
	[CTRL_IMAGE_ELF] = "make an Image of it: objcopy -O binary vmlinux Image",
	[CTRL_IMAGE_BZIMAGE] = "give a kernel for arm64",
	[CTRL_IMAGE_UIMAGE] = "unpack it: tail -c +65 uImage >Image",
	[CTRL_IMAGE_DTB] = "give the kernel itself (of a FIT image: dumpimage -p)",
	[CTRL_IMAGE_XZ] = "decompress it first: xz -dc",
	[CTRL_IMAGE_ZSTD] = "decompress it first: zstd -dc",
	[CTRL_IMAGE_LZ4] = "decompress it first: lz4 -dc",
	[CTRL_IMAGE_BZIP2] = "decompress it first: bzip2 -dc",
	[CTRL_IMAGE_LZMA] = "decompress it first: lzma -dc",
	[CTRL_IMAGE_LZO] = "decompress it first: lzop -dc",
	[CTRL_IMAGE_CPIO] = "are kernel and ramdisk swapped?",
	[CTRL_IMAGE_SCRIPT] = "give an arm64 Image",
};

static int fail_kind(const char *path, enum ctrl_image_kind kind)
{
	if (kind == CTRL_IMAGE_UNKNOWN)
		return ctrl_fail(-ENOEXEC, "kernel %s is nothing that is known as one; %s", path,
				 advice[kind]);
	return ctrl_fail(-ENOEXEC,
			 "kernel %s cannot be loaded: it is no arm64 Image and no ARM zImage but "
			 "this: %s; %s",
			 path, ctrl_image_kind_name(kind), advice[kind]);
}

int image_open_file(const char *path, const char *what, uint64_t *size)
{
	/* Without O_NONBLOCK a FIFO would be waited for. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return ctrl_fail_file(-errno, "open %s %s", what, path);
	if (fstat(fd, &st) < 0) {
		int err = -errno;

		close(fd);
		return ctrl_fail_file(err, "look at %s %s", what, path);
	}
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		return ctrl_fail(S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL,
				 "%s %s is %s; give a file", what, path,
				 S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
	}
	*size = st.st_size;
	return fd;
}

/* read() until len bytes are there or the file ends. */
static ssize_t read_full(int fd, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(fd, (uint8_t *)buf + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += n;
	}
	return done;
}

/* Decompresses the beginning of a gzip file; returns how many bytes came out. */
static int inflate_head(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_len)
{
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)in,
		      .avail_in = in_len,
		      .next_out = out,
		      .avail_out = out_len};

	/* 16 + 15: a gzip header, the largest window. */
	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return -ENOMEM;
	inflate(&z, Z_SYNC_FLUSH);
	inflateEnd(&z);
	return out_len - z.avail_out;
}

/* The numbers of an arm64 Image header into info. file_size is 0 when the length is not known. */
static int check_arm64(struct image *image, const uint8_t *head, size_t len, uint64_t file_size)
{
	uint64_t needed = arm64_file_size_needed(head, len);
	struct arm64_header h;

	if (len < ARM64_HEADER_SIZE) {
		image->info.kind = CTRL_IMAGE_TRUNCATED;
		return fail_kind(image->path, CTRL_IMAGE_TRUNCATED);
	}
	if (!arm64_header_parse(&h, head))
		return ctrl_fail(-ENOEXEC,
				 "kernel %s has a damaged arm64 header: text_offset %#" PRIx64
				 ", image_size %#" PRIx64 "; copy the kernel again",
				 image->path, h.text_offset, h.image_size);
	if (file_size && file_size < needed) {
		image->info.kind = CTRL_IMAGE_TRUNCATED;
		return ctrl_fail(-ENOEXEC,
				 "kernel %s is truncated: it has %" PRIu64 " bytes, its header "
				 "speaks of %" PRIu64 "; copy the kernel again",
				 image->path, file_size, needed);
	}
	image->info.text_offset = h.text_offset;
	image->info.image_size = h.image_size;
	image->info.width = 64;
	return 0;
}

/* An Image from before Linux 3.17 does not say how much memory it needs: its bss is unknown. */
static void guess_size(struct ctrl_image_info *info, uint64_t data_size)
{
	if (!info->image_size)
		info->image_size = data_size + (data_size >> 1);
}

static int check_plain(struct image *image, const uint8_t *head, size_t len)
{
	int ret = check_arm64(image, head, len, image->info.file_size);

	guess_size(&image->info, image->info.file_size);
	/* Signatures may follow the kernel, behind image_size: not needed in memory. */
	image->data_size = image->info.file_size < image->info.image_size ? image->info.file_size
									  : image->info.image_size;
	return ret;
}

static int check_gzip(struct image *image, const uint8_t *head, size_t len)
{
	uint8_t *inner = malloc(HEAD_SIZE);
	int n, ret;

	if (!inner)
		return ctrl_fail_file(-ENOMEM, "look into kernel %s", image->path);
	n = inflate_head(head, len, inner, HEAD_SIZE);
	if (n < ARM64_HEADER_SIZE || image_detect(inner, n, n) != CTRL_IMAGE_ARM64) {
		image->info.kind = len < HEAD_SIZE && n < ARM64_HEADER_SIZE ? CTRL_IMAGE_TRUNCATED
									    : CTRL_IMAGE_GZIP_OTHER;
		ret = fail_kind(image->path, image->info.kind);
	} else {
		ret = check_arm64(image, inner, n, 0);
		guess_size(&image->info, image->info.file_size * 4);
	}
	free(inner);
	return ret;
}

static int check_zimage(struct image *image, const uint8_t *head, size_t len)
{
	struct zimage_header h = {0};
	uint64_t room;

	if (len >= ZIMAGE_HEADER_SIZE)
		zimage_header_parse(&h, head);
	if (len < ZIMAGE_HEADER_SIZE || image->info.file_size < h.size) {
		image->info.kind = CTRL_IMAGE_TRUNCATED;
		return fail_kind(image->path, CTRL_IMAGE_TRUNCATED);
	}
	room = zimage_room(&h, image->fd);
	if (!h.size || !room)
		return ctrl_fail(-ENOEXEC,
				 "kernel %s has a damaged zImage header; copy the kernel again",
				 image->path);
	if (h.start)
		return ctrl_fail(-ENOEXEC,
				 "kernel %s is made for the address %#" PRIx32 " alone; give one "
				 "that runs anywhere (without CONFIG_ZBOOT_ROM)",
				 image->path, h.start);
	/* A device tree behind the kernel would replace the guest's: it is left out. */
	image->data_size = h.size;
	image->info.text_offset = ZIMAGE_TEXT_OFFSET;
	image->info.image_size = room - ZIMAGE_TEXT_OFFSET;
	image->info.width = 32;
	return 0;
}

static int fail_inflate(const struct image *image, const z_stream *z, int zret)
{
	if (zret == Z_MEM_ERROR)
		return ctrl_fail_file(-ENOMEM, "decompress kernel %s", image->path);
	return ctrl_fail(-ENOEXEC,
			 "kernel %s is damaged: decompressing it fails after %lu bytes (%s); copy "
			 "the kernel again",
			 image->path, z->total_out, z->msg ? z->msg : zError(zret));
}

/* The next piece of the file into the buffer that z reads from. */
static int refill(const struct image *image, z_stream *z, uint8_t *in)
{
	ssize_t n = read_full(image->fd, in, INPUT_SIZE);

	if (n < 0)
		return ctrl_fail_file(n, "read kernel %s", image->path);
	if (!n)
		return ctrl_fail(-ENOEXEC,
				 "kernel %s is truncated: its compressed data end too early, after "
				 "%lu bytes of kernel; copy the kernel again",
				 image->path, z->total_out);
	z->next_in = in;
	z->avail_in = n;
	return 0;
}

/* inflate() straight into the guest, until the stream ends or the writer's stretch is full. */
static int inflate_all(const struct image *image, z_stream *z, uint8_t *in, struct guest_writer *w)
{
	int zret = Z_OK;

	while (zret != Z_STREAM_END) {
		size_t room;
		void *to;
		int ret = guest_writer_chunk(w, &to, &room);

		if (ret < 0)
			return ret;
		if (!room)
			return 0; /* what follows image_size is no part of the kernel */
		z->next_out = to;
		z->avail_out = room;
		while (zret != Z_STREAM_END && z->avail_out) {
			if (!z->avail_in && (ret = refill(image, z, in)) < 0)
				return ret;
			zret = inflate(z, Z_NO_FLUSH);
			if (zret != Z_OK && zret != Z_STREAM_END)
				return fail_inflate(image, z, zret);
		}
		ret = guest_writer_commit(w, room - z->avail_out);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* The same to nowhere, up to what the kernel needs. */
static int inflate_discard(const struct image *image, z_stream *z, uint8_t *in, uint8_t *out)
{
	int zret = Z_OK, ret;

	while (zret != Z_STREAM_END && z->total_out < image->info.image_size) {
		z->next_out = out;
		z->avail_out = INPUT_SIZE;
		if (!z->avail_in && (ret = refill(image, z, in)) < 0)
			return ret;
		zret = inflate(z, Z_NO_FLUSH);
		if (zret != Z_OK && zret != Z_STREAM_END)
			return fail_inflate(image, z, zret);
	}
	return 0;
}

static int verify_gzip(const struct image *image)
{
	uint8_t *buffers = malloc(2 * INPUT_SIZE);
	z_stream z = {0};
	int ret;

	if (!buffers || inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) {
		ret = ctrl_fail_file(-ENOMEM, "decompress kernel %s", image->path);
		goto free_buffers;
	}
	ret = inflate_discard(image, &z, buffers, buffers + INPUT_SIZE);
	inflateEnd(&z);
free_buffers:
	free(buffers);
	return ret;
}

static int load_gzip(const struct image *image, struct guest_writer *w)
{
	uint8_t *in = malloc(INPUT_SIZE);
	z_stream z = {0};
	int ret;

	if (!in || inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) {
		ret = ctrl_fail_file(-ENOMEM, "decompress kernel %s", image->path);
		goto free_in;
	}
	ret = inflate_all(image, &z, in, w);
	inflateEnd(&z);
free_in:
	free(in);
	return ret;
}

static int load_plain(const struct image *image, struct guest_writer *w)
{
	return guest_writer_file(w, image->fd, image->path, image->data_size);
}

/* What can be loaded. verify is NULL where check() has seen all that can be wrong. */
static const struct image_format {
	enum ctrl_image_kind kind;
	/* Fills in image->info and data_size from the first bytes of the file. */
	int (*check)(struct image *image, const uint8_t *head, size_t len);
	int (*verify)(const struct image *image);
	int (*load)(const struct image *image, struct guest_writer *w);
} formats[] = {
	{CTRL_IMAGE_ARM64, check_plain, NULL, load_plain},
	{CTRL_IMAGE_ARM64_GZIP, check_gzip, verify_gzip, load_gzip},
	{CTRL_IMAGE_ZIMAGE32, check_zimage, NULL, load_plain},
};

static const struct image_format *find_format(enum ctrl_image_kind kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (formats[i].kind == kind)
			return &formats[i];
	return NULL;
}

static int check_image(struct image *image)
{
	uint8_t *head = malloc(HEAD_SIZE);
	ssize_t len;
	int ret;

	if (!head)
		return ctrl_fail_file(-ENOMEM, "look at kernel %s", image->path);
	len = read_full(image->fd, head, HEAD_SIZE);
	if (len < 0) {
		ret = ctrl_fail_file(len, "read kernel %s", image->path);
		goto free_head;
	}
	image->info.kind = image_detect(head, len, image->info.file_size);
	image->format = find_format(image->info.kind);
	ret = image->format ? image->format->check(image, head, len)
			    : fail_kind(image->path, image->info.kind);
free_head:
	free(head);
	return ret;
}

int image_open(struct image *image, const char *path)
{
	int ret;

	*image = (struct image){.path = path};
	image->fd = image_open_file(path, "kernel", &image->info.file_size);
	if (image->fd < 0)
		return image->fd;
	ret = check_image(image);
	if (!ret && lseek(image->fd, 0, SEEK_SET) < 0)
		ret = ctrl_fail_file(-errno, "read kernel %s", path);
	if (ret < 0)
		image_close(image);
	return ret;
}

void image_close(struct image *image)
{
	if (image->fd >= 0)
		close(image->fd);
	image->fd = -1;
}

int ctrl_probe_image(const char *path, struct ctrl_image_info *info)
{
	struct image image;
	int ret = image_open(&image, path);

	*info = image.info;
	if (!ret)
		image_close(&image);
	return ret;
}

int image_verify(struct image *image)
{
	return image->format->verify ? image->format->verify(image) : 0;
}

int image_load(struct image *image, struct guest_writer *w)
{
	return image->format->load(image, w);
}
