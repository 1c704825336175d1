/* SPDX-License-Identifier: ISC */
/* Kernel files of every kind, whole and broken. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "fake.h"
#include "files.h"
#include "image/image.h"

static int probe(const char *path, struct ctrl_image_info *info)
{
	int ret = ctrl_probe_image(path, info);

	if (ret < 0) {
		assert_non_null(strstr(ctrl_error(), path));
		assert_null(strchr(ctrl_error(), '\n'));
	}
	return ret;
}

static void good_image(void **state)
{
	uint8_t *image = files_arm64(300000, 0x80000, 500000, 300000);
	const char *path = files_write("good", image, 300000);
	struct ctrl_image_info info;

	(void)state;
	assert_int_equal(probe(path, &info), 0);
	assert_int_equal(info.kind, CTRL_IMAGE_ARM64);
	assert_int_equal(info.text_offset, 0x80000);
	assert_int_equal(info.image_size, 500000);
	assert_int_equal(info.file_size, 300000);
	free(image);
}

static void good_gzip(void **state)
{
	uint8_t *image = files_arm64(300000, 0, 500000, 300000);
	size_t size = 300000;
	uint8_t *gz = files_gzip(image, &size);
	struct ctrl_image_info info;

	(void)state;
	assert_int_equal(probe(files_write("good.gz", gz, size), &info), 0);
	assert_int_equal(info.kind, CTRL_IMAGE_ARM64_GZIP);
	assert_int_equal(info.text_offset, 0);
	assert_int_equal(info.image_size, 500000);
	free(gz);
	free(image);
}

/* Kernels before 3.17: no image_size, a fixed offset, and room for a bss nobody knows. */
static void old_image(void **state)
{
	uint8_t *image = files_arm64(300000, 0x1234, 1, 0);
	struct ctrl_image_info info;

	(void)state;
	memset(image + 16, 0, 8);
	assert_int_equal(probe(files_write("old", image, 300000), &info), 0);
	assert_int_equal(info.text_offset, 0x80000);
	assert_true(info.image_size > 300000);
	free(image);
}

/* What a file begins with, and what is said of it. */
static const struct {
	const char *name;
	size_t offset, len;
	const char *bytes;
	enum ctrl_image_kind kind;
	const char *words; /* in the sentence */
} kinds[] = {
	{"zboot", 4, 4, "zimg", CTRL_IMAGE_EFI_ZBOOT, "zboot"},
	{"pe", 0, 2, "MZ", CTRL_IMAGE_EFI_PE, "EFI program"},
	{"elf", 0, 4,
	 "\x7f"
	 "ELF",
	 CTRL_IMAGE_ELF, "objcopy"},
	{"zimage", 0x24, 4, "\x18\x28\x6f\x01", CTRL_IMAGE_ZIMAGE32, "damaged zImage"},
	{"bzimage", 0x202, 4, "HdrS", CTRL_IMAGE_BZIMAGE, "x86"},
	{"uimage", 0, 4, "\x27\x05\x19\x56", CTRL_IMAGE_UIMAGE, "U-Boot"},
	{"dtb", 0, 4, "\xd0\x0d\xfe\xed", CTRL_IMAGE_DTB, "device tree"},
	{"xz", 0, 6,
	 "\xfd"
	 "7zXZ\0",
	 CTRL_IMAGE_XZ, "xz -dc"},
	{"zstd", 0, 4, "\x28\xb5\x2f\xfd", CTRL_IMAGE_ZSTD, "zstd -dc"},
	{"lz4", 0, 4, "\x04\x22\x4d\x18", CTRL_IMAGE_LZ4, "lz4 -dc"},
	{"lz4l", 0, 4, "\x02\x21\x4c\x18", CTRL_IMAGE_LZ4, "lz4 -dc"},
	{"bz2", 0, 3, "BZh", CTRL_IMAGE_BZIP2, "bzip2 -dc"},
	{"lzma", 0, 3, "\x5d\0\0", CTRL_IMAGE_LZMA, "lzma -dc"},
	{"lzo", 0, 4, "\x89LZO", CTRL_IMAGE_LZO, "lzop -dc"},
	{"cpio", 0, 6, "070701", CTRL_IMAGE_CPIO, "swapped"},
	{"script", 0, 2, "#!", CTRL_IMAGE_SCRIPT, "text file"},
	{"noise", 0, 4, "\xff\xfe\x00\x01", CTRL_IMAGE_UNKNOWN, "nothing that is known"},
};

static void other_kinds(void **state)
{
	uint8_t data[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct ctrl_image_info info;
		const char *path;

		memset(data, 0xee, sizeof(data));
		memcpy(data + kinds[i].offset, kinds[i].bytes, kinds[i].len);
		path = files_write(kinds[i].name, data, sizeof(data));
		assert_int_equal(probe(path, &info), -ENOEXEC);
		assert_int_equal(info.kind, kinds[i].kind);
		assert_non_null(strstr(ctrl_error(), kinds[i].words));
		assert_string_not_equal(ctrl_image_kind_name(info.kind), "");
	}
	for (int k = 0; k < CTRL_IMAGE_KINDS; k++)
		assert_non_null(ctrl_image_kind_name(k));
	assert_string_equal(ctrl_image_kind_name(4711), "unknown");
}

static void text_is_named(void **state)
{
	struct ctrl_image_info info;

	(void)state;
	assert_int_equal(probe(files_write("text", "name = \"x\"\n", 11), &info), -ENOEXEC);
	assert_int_equal(info.kind, CTRL_IMAGE_SCRIPT);
}

static void big_endian(void **state)
{
	uint8_t *image = files_arm64(3000, 0, 0, 0);
	struct ctrl_image_info info;

	(void)state;
	image[24] = 1;
	assert_int_equal(probe(files_write("be", image, 3000), &info), -ENOEXEC);
	assert_int_equal(info.kind, CTRL_IMAGE_BIG_ENDIAN);
	free(image);
}

static void no_regular_files(void **state)
{
	struct ctrl_image_info info;

	(void)state;
	assert_int_equal(probe(files_path("missing"), &info), -ENOENT);
	assert_non_null(strstr(ctrl_error(), "No such file"));
	assert_int_equal(mkdir(files_path("dir"), 0700), 0);
	assert_int_equal(probe(files_path("dir"), &info), -EISDIR);
	assert_non_null(strstr(ctrl_error(), "directory"));
	assert_int_equal(mkfifo(files_path("fifo"), 0700), 0);
	assert_int_equal(probe(files_path("fifo"), &info), -EINVAL);
	assert_int_equal(probe(files_write("empty", "", 0), &info), -ENOEXEC);
	assert_int_equal(info.kind, CTRL_IMAGE_EMPTY);
	assert_non_null(strstr(ctrl_error(), "empty"));
}

/* Every length of a good image: never accepted short, never a crash. */
static void truncated_at_every_byte(void **state)
{
	uint8_t *image = files_arm64(1000, 0, 5000, 1000);
	struct ctrl_image_info info;

	(void)state;
	for (size_t len = 1; len < 1000; len++) {
		assert_true(probe(files_write("cut", image, len), &info) < 0);
		assert_int_equal(info.kind, len == 1 ? CTRL_IMAGE_SCRIPT : CTRL_IMAGE_TRUNCATED);
	}
	assert_int_equal(probe(files_write("cut", image, 1000), &info), 0);
	free(image);
}

static void absurd_headers(void **state)
{
	static const struct {
		uint64_t text_offset, image_size;
	} bad[] = {
		{0x200000, 1000},      {~0ull, 1000},         {0, ~0ull},
		{0, (1ull << 30) + 1}, {0x80000, 1ull << 63},
	};
	struct ctrl_image_info info;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t *image = files_arm64(4000, bad[i].text_offset, bad[i].image_size, 0);

		assert_int_equal(probe(files_write("bad", image, 4000), &info), -ENOEXEC);
		assert_non_null(strstr(ctrl_error(), "damaged"));
		free(image);
	}
}

/* A PE header that points anywhere must not be followed out of what was read. */
static void pe_header_anywhere(void **state)
{
	uint8_t *image = files_arm64(6000, 0, 0, 5000);
	struct ctrl_image_info info;

	(void)state;
	for (uint32_t pe = 0; pe < 4200; pe++) {
		memcpy(image + 60, &pe, 4);
		memcpy(image + (pe < 4000 ? pe : 64), "PE\0\0\xff\xff\xff\xff", 8);
		memcpy(image + 56, "ARM\x64", 4);
		memcpy(image + 60, &pe, 4);
		memcpy(image, "MZ", 2);
		memset(image + 16, 0, 8);
		memset(image + 8, 0, 8);
		image[24] = 0;
		probe(files_write("pe", image, 6000), &info);
	}
	free(image);
}

static void gzip_of_something_else(void **state)
{
	uint8_t data[5000];
	struct ctrl_image_info info;
	size_t size = sizeof(data);
	uint8_t *gz;

	(void)state;
	memset(data, 0xee, sizeof(data));
	gz = files_gzip(data, &size);
	assert_int_equal(probe(files_write("other.gz", gz, size), &info), -ENOEXEC);
	assert_int_equal(info.kind, CTRL_IMAGE_GZIP_OTHER);
	free(gz);
}

static int probe_zimage(const struct files_zimage *z, size_t written, struct ctrl_image_info *info)
{
	uint8_t *image = files_zimage(z);
	int ret = probe(files_write("zImage", image, written), info);

	free(image);
	return ret;
}

static const struct files_zimage usual_zimage = {
	.size = 5 << 20, .unpacked = 22 << 20, .bss = 400000, .has_table = true};

static void good_zimage(void **state)
{
	struct files_zimage z = usual_zimage;
	struct ctrl_image_info info;
	/* What it unpacks, from RAM's base; itself behind that; the unpacker's heap and stack. */
	uint64_t room = 0x208000 + (22 << 20) + 400000 + 0x10000 + (5 << 20) + (1 << 20);

	(void)state;
	assert_int_equal(probe_zimage(&z, z.size, &info), 0);
	assert_int_equal(info.kind, CTRL_IMAGE_ZIMAGE32);
	assert_int_equal(info.width, 32);
	assert_int_equal(info.text_offset, 0x8000);
	assert_int_equal(info.text_offset + info.image_size, room);
	z.has_table = false;
	assert_int_equal(probe_zimage(&z, z.size, &info), 0);
	assert_true(info.image_size > 6 * z.size);
}

static void bad_zimages(void **state)
{
	struct files_zimage z = usual_zimage;
	struct ctrl_image_info info;
	uint8_t *image = files_zimage(&z);

	(void)state;
	assert_int_equal(probe_zimage(&z, z.size - 1, &info), -ENOEXEC);
	assert_int_equal(info.kind, CTRL_IMAGE_TRUNCATED);
	assert_int_equal(probe_zimage(&z, 0x30, &info), -ENOEXEC);
	assert_int_equal(info.kind, CTRL_IMAGE_TRUNCATED);
	z.start = 0x60008000;
	assert_int_equal(probe_zimage(&z, z.size, &info), -ENOEXEC);
	assert_non_null(strstr(ctrl_error(), "the address 0x60008000 alone"));
	z = usual_zimage;
	for (z.unpacked = 112 << 20; z.unpacked; z.unpacked = z.unpacked < 1u << 31 ? ~0u : 0) {
		assert_int_equal(probe_zimage(&z, z.size, &info), -ENOEXEC);
		assert_non_null(strstr(ctrl_error(), "damaged zImage"));
	}
	memcpy(image + 0x30, "\4\3\2\1", 4);
	assert_int_equal(probe(files_write("zImage", image, usual_zimage.size), &info), -ENOEXEC);
	assert_int_equal(info.kind, CTRL_IMAGE_BIG_ENDIAN);
	free(image);
}

/* Offsets of the table and of the size that lead anywhere are not followed, and are no fault. */
static void zimage_table_anywhere(void **state)
{
	static const uint32_t offsets[] = {0, 1, 0x7ffffffc, 0xfffffff0, 0xffffffff};
	struct files_zimage z = usual_zimage;
	struct ctrl_image_info guess, info;

	(void)state;
	z.has_table = false;
	assert_int_equal(probe_zimage(&z, z.size, &guess), 0);
	z.has_table = true;
	for (size_t i = 0; i < 2 * sizeof(offsets) / sizeof(offsets[0]); i++) {
		uint8_t *image = files_zimage(&z);

		memcpy(image + (i & 1 ? 0x38 : 0x108), &offsets[i / 2], 4);
		if (i > 3 || i & 1) {
			assert_int_equal(probe(files_write("zImage", image, z.size), &info), 0);
			assert_int_equal(info.image_size, guess.image_size);
		}
		free(image);
	}
}

/* Loading through a writer, as build.c does it; returns what image_load() said. */
static int load(struct fake *f, struct ctrl *c, const char *path, uint64_t room)
{
	struct ctrl_domain_config config = {.max_vcpus = 1};
	struct guest_writer w;
	struct image image;
	uint32_t domid;
	int ret;

	assert_int_equal(ctrl_create_domain(c, &config, &domid), 0);
	assert_int_equal(ctrl_set_max_memory(c, domid, 1 << 20), 0);
	assert_int_equal(ctrl_populate_memory(c, domid, 0x40000, 0x1000), 0);
	ret = image_open(&image, path);
	if (ret < 0)
		return ret;
	guest_writer_begin(&w, c, domid, 0x40000000, room ? room : image.info.image_size);
	ret = guest_writer_end(&w, image_load(&image, &w));
	image_close(&image);
	assert_int_equal(f->live_maps, 0);
	return ret;
}

static void load_is_exact(struct fake *f, uint32_t domid, const uint8_t *image, size_t size)
{
	uint8_t *seen = malloc(size + 100);

	fake_peek(f, domid, 0x40000000, seen, size + 100);
	assert_memory_equal(seen, image, size);
	for (size_t i = size; i < size + 100; i++)
		assert_int_equal(seen[i], 0);
	free(seen);
}

static void loads(void **state)
{
	size_t len = (5 << 20) + 4321; /* more than two windows */
	uint8_t *image = files_arm64(len, 0, 0, len);
	size_t size = len;
	uint8_t *gz = files_gzip(image, &size);
	const char *plain = files_write("load", image, len);
	const char *zipped = files_write("load.gz", gz, size);

	(void)state;
	for (int plinth = 0; plinth < 2; plinth++) {
		struct fake *f = fake_new();
		struct ctrl *c;

		f->plinth = plinth;
		c = fake_open(f);
		assert_int_equal(load(f, c, plain, 0), 0);
		load_is_exact(f, 1, image, len);
		assert_int_equal(load(f, c, zipped, 0), 0);
		load_is_exact(f, 2, image, len);
		assert_int_equal(!!f->copies, plinth);
		assert_int_equal(!!f->domains[1].flushed_pages, !plinth);
		ctrl_close(c);
		fake_delete(f);
	}
	free(gz);
	free(image);
}

/* It would replace the guest's own: only what the header speaks of is loaded. */
static void appended_device_tree(void **state)
{
	struct files_zimage z = {.size = 50000, .unpacked = 200000, .has_table = true};
	uint8_t *image = realloc(files_zimage(&z), z.size + 100);
	struct fake *f = fake_new();
	struct ctrl *c = fake_open(f);

	(void)state;
	memset(image + z.size, 0xd0, 100);
	assert_int_equal(load(f, c, files_write("appended", image, z.size + 100), 0), 0);
	load_is_exact(f, 1, image, z.size);
	free(image);
	ctrl_close(c);
	fake_delete(f);
}

static void damaged_gzip(void **state)
{
	size_t len = 1 << 20;
	uint8_t *image = files_arm64(len, 0, 0, len);
	size_t size = len;
	uint8_t *gz = files_gzip(image, &size);
	struct fake *f = fake_new();
	struct ctrl *c = fake_open(f);

	(void)state;
	assert_true(size > 20000);
	assert_int_equal(load(f, c, files_write("short.gz", gz, size - 1), 0), -ENOEXEC);
	assert_non_null(strstr(ctrl_error(), "truncated"));
	assert_int_equal(load(f, c, files_write("short.gz", gz, size / 2), 0), -ENOEXEC);
	assert_non_null(strstr(ctrl_error(), "truncated"));
	gz[size - 6] ^= 1; /* the checksum */
	assert_int_equal(load(f, c, files_write("crc.gz", gz, size), 0), -ENOEXEC);
	assert_non_null(strstr(ctrl_error(), "damaged"));
	memset(gz + size / 2, 0xff, 1000);
	assert_int_equal(load(f, c, files_write("bits.gz", gz, size), 0), -ENOEXEC);
	assert_int_equal(load(f, c, files_write("head.gz", gz, 12), 0), -ENOEXEC);
	free(gz);
	free(image);
	ctrl_close(c);
	fake_delete(f);
}

/* A compressed file must not write beyond what its own header has reserved. */
static void gzip_bomb(void **state)
{
	size_t len = 8 << 20;
	uint8_t *image = files_arm64(len, 0, 1 << 20, 0);
	size_t size = len;
	uint8_t *gz = files_gzip(image, &size);
	struct fake *f = fake_new();
	struct ctrl *c = fake_open(f);
	uint8_t after[64] = {0}, zeros[64] = {0};

	(void)state;
	assert_int_equal(load(f, c, files_write("bomb.gz", gz, size), 0), 0);
	fake_peek(f, 1, 0x40000000 + (1 << 20), after, sizeof(after));
	assert_memory_equal(after, zeros, sizeof(zeros));
	free(gz);
	free(image);
	ctrl_close(c);
	fake_delete(f);
}

/* What follows image_size (a signature) is not loaded: it is not the kernel's memory. */
static void signed_image(void **state)
{
	uint8_t *image = files_arm64(50000, 0, 40000, 40000);
	struct fake *f = fake_new();
	struct ctrl *c = fake_open(f);
	uint8_t seen[100], zeros[100] = {0};

	(void)state;
	assert_int_equal(load(f, c, files_write("signed", image, 50000), 0), 0);
	fake_peek(f, 1, 0x40000000 + 40000, seen, sizeof(seen));
	assert_memory_equal(seen, zeros, sizeof(zeros));
	fake_peek(f, 1, 0x40000000 + 40000 - 100, seen, sizeof(seen));
	assert_memory_equal(seen, image + 40000 - 100, 100);
	free(image);
	ctrl_close(c);
	fake_delete(f);
}

/* A file that becomes shorter between looking and loading. */
static void shrinking_file(void **state)
{
	size_t len = 3 << 20;
	uint8_t *image = files_arm64(len, 0, 0, 0);

	(void)state;
	for (int plinth = 0; plinth < 2; plinth++) {
		struct fake *f = fake_new();
		struct ctrl_domain_config config = {.max_vcpus = 1};
		const char *path = files_write("shrink", image, len);
		struct guest_writer w;
		struct image img;
		struct ctrl *c;
		uint32_t domid;

		f->plinth = plinth;
		c = fake_open(f);
		assert_int_equal(ctrl_create_domain(c, &config, &domid), 0);
		assert_int_equal(ctrl_set_max_memory(c, domid, 1 << 20), 0);
		assert_int_equal(ctrl_populate_memory(c, domid, 0x40000, 0x1000), 0);
		assert_int_equal(image_open(&img, path), 0);
		assert_int_equal(truncate(path, 10000), 0);
		guest_writer_begin(&w, c, domid, 0x40000000, len);
		assert_int_equal(guest_writer_end(&w, image_load(&img, &w)), -EIO);
		assert_non_null(strstr(ctrl_error(), "shorter"));
		image_close(&img);
		ctrl_close(c);
		fake_delete(f);
	}
	free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_image),
		cmocka_unit_test(good_gzip),
		cmocka_unit_test(old_image),
		cmocka_unit_test(other_kinds),
		cmocka_unit_test(text_is_named),
		cmocka_unit_test(big_endian),
		cmocka_unit_test(no_regular_files),
		cmocka_unit_test(truncated_at_every_byte),
		cmocka_unit_test(absurd_headers),
		cmocka_unit_test(pe_header_anywhere),
		cmocka_unit_test(gzip_of_something_else),
		cmocka_unit_test(good_zimage),
		cmocka_unit_test(bad_zimages),
		cmocka_unit_test(zimage_table_anywhere),
		cmocka_unit_test(loads),
		cmocka_unit_test(appended_device_tree),
		cmocka_unit_test(damaged_gzip),
		cmocka_unit_test(gzip_bomb),
		cmocka_unit_test(signed_image),
		cmocka_unit_test(shrinking_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
