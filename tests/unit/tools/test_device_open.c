/* SPDX-License-Identifier: ISC */
/*
 * Devices before a guest has them: images that are not raw, optional devices, the same image twice.
 */
#include "unit.h"

#include "device/bridge.h"
#include "device/device.h"
#include "device/image_format.h"
#include "base/lockfile.h"
#include "device/loopdev.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder, path[96], warning[512];
static struct report report;
static struct guest_config config;

/* --- what dom0 has --- */

static bool has_bridge;

bool backend_has_driver(enum device_kind kind)
{
	(void)kind;
	return true;
}

bool backend_find_user(dev_t number, bool read_only, char *whose, size_t size)
{
	(void)number;
	(void)read_only;
	(void)whose;
	(void)size;
	return false;
}

bool loopdev_find_user(const struct stat *file, bool read_only, char name[LOOPDEV_NAME_SIZE])
{
	(void)file;
	(void)read_only;
	(void)name;
	return false;
}

/* A loop device that nobody needs to be root for: only fstat() is told that it is one. */
static int loop = -1;

int loopdev_make(int file, const char *name, bool read_only, struct report *why)
{
	(void)name;
	(void)read_only;
	(void)why;
	loop = dup(file);
	return loop;
}

int __real_fstat(int file, struct stat *status);
int __wrap_fstat(int file, struct stat *status);

int __wrap_fstat(int file, struct stat *status)
{
	int ret = __real_fstat(file, status);

	if (file == loop)
		status->st_mode = S_IFBLK;
	loop = -1;
	return ret;
}

bool bridge_exists(const char *name)
{
	(void)name;
	return has_bridge;
}

bool bridge_interface_exists(const char *name)
{
	(void)name;
	return false;
}

int bridge_first(char name[VIF_NAME_SIZE])
{
	strcpy(name, "br0");
	return has_bridge ? 0 : -ENOENT;
}

uint32_t bridge_mtu(const char *name)
{
	(void)name;
	return 1500;
}

int devices_lock(const struct lock_wait *wait, struct report *why)
{
	(void)wait;
	(void)why;
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* --- the tests' own --- */

static void warn(void *context, const char *text)
{
	(void)context;
	snprintf(warning, sizeof(warning), "%s", text);
}

static int set_up(void **state)
{
	(void)state;
	folder = make_folder();
	*warning = '\0';
	has_bridge = true;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	guest_config_clear(&config);
	remove_folder(folder);
	return 0;
}

/* A sparse image of size bytes, with some bytes in it. */
static const char *make_image(const char *name, off_t size, off_t at, const char *bytes,
			      size_t count)
{
	int file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	assert_int_equal(ftruncate(file, size), 0);
	assert_int_equal(pwrite(file, bytes, count, at), (ssize_t)count);
	close(file);
	return path;
}

/* Opens, or only checks, the devices of a config. */
static int try_devices(const char *devices_text, bool restart, bool make, struct devices *devices)
{
	const struct device_policy policy = {.restart = restart, .warn = warn};
	const struct lock_wait wait = {.timeout_ms = 1000};
	char text[1024];
	int err;

	guest_config_clear(&config);
	snprintf(text, sizeof(text), "name='g'; kernel='/k'; %s", devices_text);
	if (guest_config_load_text("f", text, strlen(text), &config, &report))
		fail_msg("%s", report.text);
	assert_int_equal(devices_from(&config, devices, &report), 0);
	err = make ? devices_open(devices, &policy, &wait, &report)
		   : devices_check(devices, &policy, &report);
	return err;
}

static int try_disk(const char *more, bool restart)
{
	struct devices devices;
	char text[256];
	int checked, made;

	snprintf(text, sizeof(text), "disk=['%s%s']", path, more);
	checked = try_devices(text, restart, false, &devices);
	devices_clear(&devices);
	made = try_devices(text, restart, true, &devices);
	devices_clear(&devices);
	assert_int_equal(checked, made);
	return made;
}

#define IMAGE_SIZE  1048576
#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *name, *command;
	off_t at;
	const char *bytes;
	size_t count;
} formats[] = {
	{"qcow", "qemu-img convert -O raw %s NEW", 0, BYTES("QFI\xfb\0\0\0\1")},
	{"qcow2", "qemu-img convert -O raw %s NEW", 0, BYTES("QFI\xfb\0\0\0\2")},
	{"qcow2", "qemu-img convert -O raw %s NEW", 0, BYTES("QFI\xfb\0\0\0\3")},
	{"QED", "qemu-img convert -O raw %s NEW", 0, BYTES("QED\0")},
	{"VMDK", "qemu-img convert -O raw %s NEW", 0, BYTES("KDMV\1\0\0\0")},
	{"VMDK description", "qemu-img convert -O raw %s NEW", 0, BYTES("# Disk DescriptorFile\n")},
	{"VHDX", "qemu-img convert -O raw %s NEW", 0, BYTES("vhdxfile")},
	{"VHD", "qemu-img convert -f vpc -O raw %s NEW", 0, BYTES("conectix")},
	{"VHD", "qemu-img convert -f vpc -O raw %s NEW", IMAGE_SIZE - 512, BYTES("conectix")},
	{"VDI", "qemu-img convert -O raw %s NEW", 64, BYTES("\x7f\x10\xda\xbe")},
	{"gzip", "gzip -dc %s > NEW", 0, BYTES("\x1f\x8b\x08\0")},
	{"xz", "xz -dc %s > NEW", 0, BYTES("\3757zXZ\0")},
	{"zstd", "zstd -dc %s > NEW", 0, BYTES("\x28\xb5\x2f\xfd")},
	{"bzip2", "bzip2 -dc %s > NEW", 0, BYTES("BZh91AY&SY")},
};

static void test_formats(void **state)
{
	char command[256];

	(void)state;
	for (size_t i = 0; i < COUNT(formats); i++) {
		make_image("a.img", IMAGE_SIZE, formats[i].at, formats[i].bytes, formats[i].count);
		assert_int_equal(try_disk("", false), -EINVAL);
		snprintf(command, sizeof(command), "looks like a %s file", formats[i].name);
		if (!strstr(report.text, command))
			fail_msg("%s: not %s", report.text, command);
		snprintf(command, sizeof(command), formats[i].command, path);
		assert_contains(report.text, command);
		assert_contains(report.text, "'format=raw'");
		assert_string_equal(warning, "");

		/* said to be raw */
		assert_int_equal(try_disk(",raw", false), 0);
		assert_contains(warning, formats[i].name);
		*warning = '\0';

		/* the guest may have written that into its own disk */
		assert_int_equal(try_disk("", true), 0);
		assert_string_equal(warning, "");
	}
}

/*
 * File systems, partition tables and nothing at all are raw; so is a file shorter than any header.
 */
static void test_raw(void **state)
{
	static const char text[512] = "\x1f\x8b";

	(void)state;
	make_image("a.img", IMAGE_SIZE, 510, BYTES("\x55\xaa"));
	assert_int_equal(try_disk("", false), 0);
	make_image("a.img", IMAGE_SIZE, 1080, BYTES("\x53\xef"));
	assert_int_equal(try_disk("", false), 0);
	make_image("a.img", 513, 0, text, sizeof(text));
	assert_int_equal(try_disk("", false), 0);
	make_image("a.img", IMAGE_SIZE, 1, BYTES("QFI\xfb")); /* somewhere else */
	assert_int_equal(try_disk("", false), 0);
	assert_string_equal(warning, "");
}

static void test_optional(void **state)
{
	struct devices devices;
	char text[512];

	(void)state;
	make_image("a.img", IMAGE_SIZE, 0, "", 0);
	snprintf(text, sizeof(text),
		 "disk=['%s', '%s/b.img,optional', '%s/c.img,optional,readonly']; "
		 "vif=['bridge=br9,optional,mac=00:16:3e:00:00:01']",
		 path, folder, folder);
	has_bridge = false;
	for (int make = 0; make < 2; make++) {
		*warning = '\0';
		assert_int_equal(try_devices(text, false, make, &devices), 0);
		assert_int_equal(devices.count, 1);
		assert_int_equal(devices.list[0].devid, 51712);
		assert_contains(warning, "the guest is made without a device that is optional: the "
					 "network interface 0 (00:16:3e:00:00:01): there is no "
					 "bridge 'br9'");
		assert_int_equal(strncmp(devices.left_out, "the disk xvdb: cannot open", 26), 0);
		assert_contains(devices.left_out, "\nthe disk xvdc: cannot open");
		assert_contains(devices.left_out, "\nthe network interface 0 (00:16:3e:");
		devices_clear(&devices);
	}
	/* not optional: nothing without it */
	unlink(path);
	assert_int_equal(try_devices(text, false, true, &devices), -ENOENT);
	assert_int_equal(strncmp(report.text, "the disk xvda: cannot open", 26), 0);
	devices_clear(&devices);
}

/* A check without making anything finds what making would. */
static void test_twice(void **state)
{
	static const struct {
		const char *one, *other;
		int err;
	} rows[] = {
		{"", "", -EBUSY},          {",readonly", "", -EBUSY},
		{"", ",readonly", -EBUSY}, {",readonly", ",readonly", 0},
		{"", ",access=w!", 0},
	};
	struct devices devices;
	char text[512];

	(void)state;
	make_image("a.img", IMAGE_SIZE, 0, "", 0);
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int make = 0; make < 2; make++) {
			snprintf(text, sizeof(text), "disk=['%s%s', '%s/.././%s/a.img%s']", path,
				 rows[i].one, folder, strrchr(folder, '/') + 1, rows[i].other);
			assert_int_equal(try_devices(text, false, make, &devices), rows[i].err);
			if (rows[i].err)
				assert_contains(report.text,
						"is the disk xvda of this guest already");
			devices_clear(&devices);
		}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_formats),
		TEST(test_raw),
		TEST(test_optional),
		TEST(test_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
