/* SPDX-License-Identifier: ISC */
/* Disks: names and numbers of virtual disks, and what a config may say about a disk. */
#include "unit.h"

#include "config/disk_spec.h"
#include "config/vdev.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct number {
	const char *name;
	uint32_t number;
	const char *canonical; /* NULL: as name */
};

/* By the formulas of xen-vbd-interface(7). */
static const struct number numbers[] = {
	{"xvda", 51712, NULL},
	{"xvda1", 51713, NULL},
	{"xvda15", 51727, NULL},
	{"xvdb", 51728, NULL},
	{"xvdp", 51952, NULL},
	{"xvdp15", 51967, NULL},
	{"xvda16", 1 << 28 | 16, NULL},
	{"xvdq", 1 << 28 | 16 << 8, NULL},
	{"xvdq3", 1 << 28 | 16 << 8 | 3, NULL},
	{"xvdz", 1 << 28 | 25 << 8, NULL},
	{"xvdaa", 1 << 28 | 26 << 8, NULL},
	{"xvdzz", 1 << 28 | 701 << 8, NULL},
	{"xvdaaa", 1 << 28 | 702 << 8, NULL},
	{"xvdaaa255", 1 << 28 | 702 << 8 | 255, NULL},
	{"sda", 2048, NULL},
	{"sda1", 2049, NULL},
	{"sdp15", 2303, NULL},
	{"hda", 768, NULL},
	{"hdb", 832, NULL},
	{"hdb63", 895, NULL},
	{"hdc", 5632, NULL},
	{"hdd2", 5698, NULL},
	{"d0", 51712, "xvda"},
	{"d0p0", 51712, "xvda"},
	{"d0p1", 51713, "xvda1"},
	{"d15p15", 51967, "xvdp15"},
	{"d16", 1 << 28 | 16 << 8, "xvdq"},
	{"d0p16", 1 << 28 | 16, "xvda16"},
	{"51712", 51712, "xvda"},
	{"0xca10", 51728, "xvdb"},
	{"268439552", 1 << 28 | 16 << 8, "xvdq"},
	{"1", 1, "1"},
	{"5760", 5760, "5760"},
};

static void test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		const struct number *row = &numbers[i];
		char name[VDEV_NAME_SIZE];
		uint32_t number = 0;

		if (vdev_parse(row->name, &number))
			fail_msg("'%s' is refused", row->name);
		if (number != row->number)
			fail_msg("'%s' is %u, not %u", row->name, number, row->number);
		assert_string_equal(vdev_format(number, name),
				    row->canonical ? row->canonical : row->name);
	}
}

static void test_bad_names(void **state)
{
	static const struct {
		const char *name;
		int err;
	} rows[] = {
		{"", -EINVAL},       {"xvd", -EINVAL},       {"xvd1", -EINVAL},
		{"xvdA", -EINVAL},   {"xvda0", -EINVAL},     {"xvda01", -EINVAL},
		{"xvda1x", -EINVAL}, {"xvda256", -ERANGE},   {"xvdzzzzzzzzzz", -ERANGE},
		{"xvda-1", -EINVAL}, {"vda", -EINVAL},       {"sdq", -ERANGE},
		{"sda16", -ERANGE},  {"hde", -ERANGE},       {"hda64", -ERANGE},
		{"d", -EINVAL},      {"dp1", -EINVAL},       {"d0p", -EINVAL},
		{"d0p256", -ERANGE}, {"d1048576", -ERANGE},  {"d0x", -EINVAL},
		{"0", -ERANGE},      {"536870912", -ERANGE}, {"99999999999999999999", -ERANGE},
		{"51712x", -EINVAL}, {"xvda ", -EINVAL},     {"/dev/xvda", -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint32_t number = 7;

		if (vdev_parse(rows[i].name, &number) != rows[i].err)
			fail_msg("'%s' gives %d, not %d", rows[i].name,
				 vdev_parse(rows[i].name, &number), rows[i].err);
		assert_int_equal(number, 7);
	}
}

/* Every number has a name that leads back to it. */
static void test_all_numbers(void **state)
{
	(void)state;
	for (uint32_t number = 1; number < 1U << 29; number += number < 1 << 17 ? 1 : 4093) {
		char name[VDEV_NAME_SIZE];
		uint32_t back = 0;

		assert_int_equal(vdev_parse(vdev_format(number, name), &back), 0);
		/* the first sixteen disks have two numbers each; names lead to the short one */
		if (back != number && (number < 1U << 28 || (number & 0xffff) >> 8 >= 16))
			fail_msg("%u is '%s', which is %u", number, name, back);
	}
}

static void test_overlaps(void **state)
{
	static const struct {
		const char *one, *other;
		bool overlap;
	} rows[] = {
		{"xvda", "xvda", true},  {"xvda", "xvdb", false},   {"xvda", "xvda1", true},
		{"xvda1", "xvda", true}, {"xvda1", "xvda2", false}, {"xvda", "xvda16", true},
		{"xvdq", "xvdq9", true}, {"xvda", "sda", false},    {"hda", "hdb", false},
		{"hdc", "hdc1", true},   {"1", "1", true},          {"1", "2", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint32_t one, other;

		assert_int_equal(vdev_parse(rows[i].one, &one), 0);
		assert_int_equal(vdev_parse(rows[i].other, &other), 0);
		assert_int_equal(vdev_overlaps(one, other), rows[i].overlap);
	}
}

static void test_first_free(void **state)
{
	const uint32_t used[] = {51712, 51729, 51744, 2048}; /* xvda xvdb1 xvdc sda */
	uint32_t all[20];

	(void)state;
	assert_int_equal(vdev_first_free(NULL, 0), 51712);
	assert_int_equal(vdev_first_free(used, 1), 51728);
	assert_int_equal(vdev_first_free(used, 4), 51760);
	for (size_t i = 0; i < COUNT(all); i++)
		all[i] = vdev_first_free(all, i);
	assert_int_equal(all[15], 51952);
	assert_int_equal(all[16], 1 << 28 | 16 << 8);
}

/* --- specs --- */

struct row {
	const char *text, *expected;
};

/* What is read, written out again. Relative names are in /c. */
static const struct row accepted[] = {
	{"/img", "access=w,target=/img"},
	{"img", "access=w,target=/c/img"},
	{" /img , raw , xvda , rw ", "vdev=xvda,access=w,format=raw,target=/img"},
	{"/img,raw,xvda,w", "vdev=xvda,access=w,format=raw,target=/img"},
	{"/img,raw,xvda,r", "vdev=xvda,access=r,format=raw,target=/img"},
	{"/img,raw,xvda,ro", "vdev=xvda,access=r,format=raw,target=/img"},
	{"/img,,xvda", "vdev=xvda,access=w,target=/img"},
	{"/img,,,r", "access=r,target=/img"},
	{"/img,raw,hdc,w!", "vdev=hdc,access=w!,format=raw,target=/img"},
	{"/img,raw,d16p1,r!", "vdev=xvdq1,access=r!,format=raw,target=/img"},
	{"/dev/vg/x,raw,xvda,rw", "vdev=xvda,access=w,format=raw,target=/dev/vg/x"},
	{"phy:vg/x,,xvda,w", "vdev=xvda,access=w,target=/dev/vg/x"},
	{"phy:/dev/vg/x", "access=w,target=/dev/vg/x"},
	{"file:/img,,xvda,w", "vdev=xvda,access=w,target=/img"},
	{"phy:/dev/vg/x,xvda,w", "vdev=xvda,access=w,target=/dev/vg/x"},
	{" file:/img , xvdb , r", "vdev=xvdb,access=r,target=/img"},
	{"file:/img,hdc:cdrom,r", "vdev=hdc,access=r,cdrom,target=/img"},
	{"file:img", "access=w,target=/c/img"},
	{"raw:/img", "access=w,format=raw,target=/img"},
	{"format=raw, vdev=xvda, access=ro, target=/img",
	 "vdev=xvda,access=r,format=raw,target=/img"},
	{"vdev=xvda,target=/a,b=c , d ", "vdev=xvda,access=w,target=/a,b=c , d"},
	{"path=/img, vdev=xvdb, read-only", "vdev=xvdb,access=r,target=/img"},
	{"path=/img, access=read-write", "access=w,target=/img"},
	{"path = /img , access = shared", "access=w!,target=/img"},
	{"/img, readonly", "access=r,target=/img"},
	{"/img,cdrom", "access=r,cdrom,target=/img"},
	{"/img,devtype=cdrom", "access=r,cdrom,target=/img"},
	{"/img,devtype=cdrom,access=r", "access=r,cdrom,target=/img"},
	{"/img,raw,xvda,r,devtype=disk", "vdev=xvda,access=r,format=raw,target=/img"},
	{"/img,backendtype=phy,backend=0,direct-io-safe", "access=w,target=/img"},
	{"/img,no-discard", "access=w,no-discard,target=/img"},
	{"/img,discard", "access=w,target=/img"},
	{"/img,optional", "access=w,optional,target=/img"},
	{"/img,optional=no", "access=w,target=/img"},
	{"optional,raw:/img", "access=w,format=raw,optional,target=/img"},
	{"/a=b", "access=w,target=/a=b"},
	{"vdev=xvda, /img", "vdev=xvda,access=w,target=/img"},
};

static void test_accepted_specs(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(accepted); i++) {
		struct report report = {""};
		struct disk_spec disk;
		const char *text = accepted[i].text;

		for (unsigned int round = 0; round < 2; round++) {
			char *out;
			size_t size;
			FILE *file = open_memstream(&out, &size);
			static char kept[256];

			if (disk_spec_parse(text, "/c", &disk, &report))
				fail_msg("%s: %s", text, report.text);
			disk_spec_format(&disk, file);
			fclose(file);
			assert_string_equal(out, accepted[i].expected);
			disk_spec_clear(&disk);
			snprintf(kept, sizeof(kept), "%s", out);
			free(out);
			text = kept;
		}
	}
}

#define ACCESSES \
	"'r', 'ro', 'w', 'rw', 'r!', 'w!', 'ro!', 'rw!', 'read-only', 'read-write' or 'shared'"

static const struct row refused[] = {
	{"", "the disk has no file: write the image's or the block device's name first"},
	{"  ", "the disk has no file: write the image's or the block device's name first"},
	{",raw,xvda", "the disk has no file: write the image's or the block device's name "
		      "first"},
	{"target=", "the disk's file name is empty"},
	{"phy:", "the disk's file name is empty"},
	{"/img,qcow2", "'format' cannot be 'qcow2': blkback reads raw images and block "
		       "devices; make a raw one of it: qemu-img convert -O raw OLD NEW"},
	{"/img,format=vhd", "'format' cannot be 'vhd': blkback reads raw images and block "
			    "devices; make a raw one of it: qemu-img convert -f vpc -O raw OLD "
			    "NEW"},
	{"/img,qed", "'format' cannot be 'qed': blkback reads raw images and block devices; "
		     "make a raw one of it: qemu-img convert -O raw OLD NEW"},
	{",empty,hdc", "'format' cannot be 'empty': a guest on ARM has no drive that a "
		       "medium could be put into later"},
	{"qcow2:/img,,xvda", "'qcow2:' cannot be used: blkback reads raw images and block "
			     "devices; make a raw one of it: qemu-img convert -O raw OLD NEW"},
	{"tap:aio:/img", "'tap:' cannot be used: there is no blktap in dom0; write the "
			 "image's name alone"},
	{"phy:/dev/vg/x,xvd,w", "'format' is 'raw', not 'xvd'"},
	{"/dev/vg/x,xvda,w", "'format' is 'raw', not 'xvda'"},
	{"file:/img,hdc:floppy", "'devtype' is 'disk', 'hdd' or 'cdrom', not 'floppy'"},
	{"/img,rwa", "'format' is 'raw', not 'rwa'"},
	{"/img,raw,xvd", "'xvd' is not the name of a disk such as xvda, xvdb or xvda1"},
	{"/img,raw,sdz", "the guest cannot have a disk 'sdz': use the names xvda, xvdb, ..."},
	{"/img,raw,xvda,x", "'access' is " ACCESSES ", not 'x'"},
	{"/img,raw,xvda,wr", "'access' is " ACCESSES ", not 'wr'"},
	{"/img,raw,xvda,w,more", "'more' is neither a word that is known nor key=value"},
	{"/img,,xvda,,", "'' is neither a word that is known nor key=value"},
	{"/img,vdev=xvda,as=b", "a disk has no 'as'"},
	{"/img,vdve=xvda", "a disk has no 'vdve'; did you mean 'vdev'?"},
	{"/img,raw,xvda,vdev=xvdb", "'vdev' says again what was said before"},
	{"/img,r,access=w", "'format' is 'raw', not 'r'"},
	{"/img,readonly,access=w", "'access' says again what was said before"},
	{"/img,target=/b", "'target' says again what was said before"},
	{"/img,backendtype=qdisk", "'backendtype' cannot be 'qdisk': there is no QEMU in "
				   "dom0; blkback ('phy') takes image files too"},
	{"/img,backendtype=tap", "'backendtype' cannot be 'tap': there is no blktap in dom0; "
				 "blkback ('phy') takes image files too"},
	{"/img,backend=storage", "'backend' cannot be 'storage': dom0 has all disks"},
	{"/img,script=block-iscsi", "'script' cannot be used: no shell scripts are run for "
				    "disks; set the block device "
				    "up before and name it here"},
	{"/img,cdrom,access=w", "a CD cannot be written: leave the access out"},
};

static void test_refused_specs(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct report report = {""};
		struct disk_spec disk;

		if (disk_spec_parse(refused[i].text, "/c", &disk, &report) != -EINVAL)
			fail_msg("'%s' is not refused", refused[i].text);
		assert_string_equal(report.text, refused[i].expected);
		assert_null(disk.path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),       cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_all_numbers),   cmocka_unit_test(test_overlaps),
		cmocka_unit_test(test_first_free),    cmocka_unit_test(test_accepted_specs),
		cmocka_unit_test(test_refused_specs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
