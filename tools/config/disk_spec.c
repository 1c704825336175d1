/* SPDX-License-Identifier: ISC */
/* What a config says about one disk of a guest. */
#include "disk_spec.h"
#include "base/path.h"
#include "spec.h"
#include "vdev.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CONVERT "; make a raw one of it: qemu-img convert -O raw OLD NEW"

enum access {
	ACCESS_READ = 1,
	ACCESS_WRITE = 2,
	ACCESS_SHARED = 4,
};

enum slot {
	SLOT_TARGET,
	SLOT_FORMAT,
	SLOT_VDEV,
	SLOT_ACCESS,
	SLOT_DEVTYPE,
	SLOT_BACKENDTYPE,
	SLOT_BACKEND,
	SLOT_DISCARD,
	SLOT_DIRECT_IO,
	SLOT_OPTIONAL,
	SLOT_NONE, /* of what is always refused */
};

/* What is being read: the disk, and what its end result depends on. */
struct disk_parse {
	struct disk_spec *disk;
	const char *directory;
	unsigned int access; /* 0: not said */
};

static const struct spec_word formats[] = {
	{"raw", 0, NULL},
	{"qcow2", 0, "blkback reads raw images and block devices" CONVERT},
	{"qcow", 0, "blkback reads raw images and block devices" CONVERT},
	{"qed", 0, "blkback reads raw images and block devices" CONVERT},
	{"vhd", 0,
	 "blkback reads raw images and block devices; make a raw one of it: qemu-img convert -f "
	 "vpc "
	 "-O raw OLD NEW"},
	{"empty", 0, "a guest on ARM has no drive that a medium could be put into later"},
	{NULL, 0, NULL},
};

static const struct spec_word accesses[] = {
	{"r", ACCESS_READ, NULL},
	{"ro", ACCESS_READ, NULL},
	{"w", ACCESS_WRITE, NULL},
	{"rw", ACCESS_WRITE, NULL},
	{"r!", ACCESS_READ | ACCESS_SHARED, NULL},
	{"w!", ACCESS_WRITE | ACCESS_SHARED, NULL},
	{"ro!", ACCESS_READ | ACCESS_SHARED, NULL},
	{"rw!", ACCESS_WRITE | ACCESS_SHARED, NULL},
	{"read-only", ACCESS_READ, NULL},
	{"read-write", ACCESS_WRITE, NULL},
	{"shared", ACCESS_WRITE | ACCESS_SHARED, NULL},
	{NULL, 0, NULL},
};

static const struct spec_word backendtypes[] = {
	{"phy", 0, NULL},
	{"qdisk", 0, "there is no QEMU in dom0; blkback ('phy') takes image files too"},
	{"tap", 0, "there is no blktap in dom0; blkback ('phy') takes image files too"},
	{"standalone", 0, "there is no such daemon in dom0; use 'phy'"},
	{NULL, 0, NULL},
};

static const struct spec_word devtypes[] = {
	{"disk", 0, NULL},
	{"hdd", 0, NULL},
	{"cdrom", 1, NULL},
	{NULL, 0, NULL},
};

static const struct spec_word discards[] = {
	{"yes", 0, NULL},
	{"no", 1, NULL},
	{NULL, 0, NULL},
};

static const struct spec_word backends[] = {
	{"0", 0, NULL},
	{"dom0", 0, NULL},
	{"Domain-0", 0, NULL},
	{NULL, 0, NULL},
};

/* A prefix of a target, as old configs have it. */
struct prefix {
	const char *text;
	const char *directory; /* of relative names behind it; NULL: as without prefix */
	const char *fault;
	bool raw; /* says what is in the image */
};

static const struct prefix prefixes[] = {
	{"phy:", "/dev", NULL, false},
	{"file:", NULL, NULL, false},
	{"raw:", NULL, NULL, true},
	{"qcow2:", NULL, "blkback reads raw images and block devices" CONVERT, false},
	{"qcow:", NULL, "blkback reads raw images and block devices" CONVERT, false},
	{"vhd:", NULL, "blkback reads raw images and block devices" CONVERT, false},
	{"tap2:", NULL, "there is no blktap in dom0; write the image's name alone", false},
	{"tap:", NULL, "there is no blktap in dom0; write the image's name alone", false},
	{"aio:", NULL, "there is no blktap in dom0; write the image's name alone", false},
	{"ioemu:", NULL, "guests on ARM have no emulated disks; write the image's name alone",
	 false},
};

static const struct prefix *find_prefix(const char *target)
{
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(target, prefixes[i].text, strlen(prefixes[i].text)))
			return &prefixes[i];
	return NULL;
}

static int set_target(void *spec, const char *value, struct report *report)
{
	struct disk_parse *parse = spec;
	const struct prefix *prefix = find_prefix(value);
	const char *directory = parse->directory;

	if (prefix && prefix->fault)
		return report_set(report, -EINVAL, "'%s' cannot be used: %s", prefix->text,
				  prefix->fault);
	if (prefix) {
		parse->disk->raw_said |= prefix->raw;
		value += strlen(prefix->text);
		directory = prefix->directory ? prefix->directory : directory;
	}
	if (!*value)
		return report_set(report, -EINVAL, "the disk's file name is empty");
	parse->disk->path = path_make_absolute(directory, value);
	return parse->disk->path ? 0 : report_set(report, -ENOMEM, "out of memory");
}

static int set_devtype(void *spec, const char *value, struct report *report)
{
	struct disk_parse *parse = spec;
	unsigned int cdrom = 0;
	int err = spec_choose("devtype", devtypes, value, &cdrom, report);

	parse->disk->cdrom = cdrom;
	return err;
}

/* The first characters of text as a name of its own; false: too long for one. */
static bool cut_name(char name[VDEV_NAME_SIZE], const char *text, size_t length)
{
	if (length >= VDEV_NAME_SIZE)
		return false;
	memcpy(name, text, length);
	name[length] = '\0';
	return true;
}

/* "hdc", or with the type behind it as old configs have it: "hdc:cdrom" */
static int set_vdev(void *spec, const char *value, struct report *report)
{
	struct disk_parse *parse = spec;
	const char *colon = strchr(value, ':');
	char name[VDEV_NAME_SIZE];
	int err;

	if (colon && cut_name(name, value, (size_t)(colon - value))) {
		value = name;
		err = set_devtype(spec, colon + 1, report);
		if (err)
			return err;
	}
	err = vdev_parse(value, &parse->disk->vdev);
	if (err == -ERANGE)
		return report_set(report, -EINVAL,
				  "the guest cannot have a disk '%.40s': use the names xvda, xvdb, "
				  "...",
				  value);
	if (err)
		return report_set(report, -EINVAL,
				  "'%.40s' is not the name of a disk such as xvda, xvdb or xvda1",
				  value);
	return 0;
}

static int set_format(void *spec, const char *value, struct report *report)
{
	struct disk_parse *parse = spec;
	unsigned int found;
	int err = spec_choose("format", formats, value, &found, report);

	parse->disk->raw_said |= !err;
	return err;
}

static int set_access(void *spec, const char *value, struct report *report)
{
	struct disk_parse *parse = spec;

	return spec_choose("access", accesses, value, &parse->access, report);
}

static int set_backendtype(void *spec, const char *value, struct report *report)
{
	unsigned int found;

	(void)spec;
	return spec_choose("backendtype", backendtypes, value, &found, report);
}

static int set_backend(void *spec, const char *value, struct report *report)
{
	unsigned int found;

	(void)spec;
	if (spec_choose("backend", backends, value, &found, report))
		return report_set(report, -EINVAL,
				  "'backend' cannot be '%.40s': dom0 has all disks", value);
	return 0;
}

static int set_discard(void *spec, const char *value, struct report *report)
{
	struct disk_parse *parse = spec;
	unsigned int none = 0;
	int err = spec_choose("discard", discards, value, &none, report);

	parse->disk->no_discard = none;
	return err;
}

static int set_optional(void *spec, const char *value, struct report *report)
{
	struct disk_parse *parse = spec;
	unsigned int wanted = 0;
	int err = spec_choose("optional", spec_yes_no, value, &wanted, report);

	parse->disk->optional = wanted;
	return err;
}

/* Direct I/O is used wherever the file system can do it. */
static int accept(void *spec, const char *value, struct report *report)
{
	(void)spec;
	(void)value;
	(void)report;
	return 0;
}

static const struct spec_key keys[] = {
	{"target", SLOT_TARGET, set_target, NULL, NULL},
	{"path", SLOT_TARGET, set_target, NULL, NULL},
	{"format", SLOT_FORMAT, set_format, NULL, NULL},
	{"vdev", SLOT_VDEV, set_vdev, NULL, NULL},
	{"access", SLOT_ACCESS, set_access, NULL, NULL},
	{"read-only", SLOT_ACCESS, set_access, "read-only", NULL},
	{"readonly", SLOT_ACCESS, set_access, "read-only", NULL},
	{"read-write", SLOT_ACCESS, set_access, "read-write", NULL},
	{"devtype", SLOT_DEVTYPE, set_devtype, NULL, NULL},
	{"cdrom", SLOT_DEVTYPE, set_devtype, "cdrom", NULL},
	{"backendtype", SLOT_BACKENDTYPE, set_backendtype, NULL, NULL},
	{"backend", SLOT_BACKEND, set_backend, NULL, NULL},
	{"discard", SLOT_DISCARD, set_discard, "yes", NULL},
	{"no-discard", SLOT_DISCARD, set_discard, "no", NULL},
	{"direct-io-safe", SLOT_DIRECT_IO, accept, "yes", NULL},
	{"optional", SLOT_OPTIONAL, set_optional, "yes", NULL},
	{"script", SLOT_NONE, NULL, NULL,
	 "no shell scripts are run for disks; set the block device up before and name it here"},
	{"colo", SLOT_NONE, NULL, "", "guests cannot be replicated"},
	{NULL, 0, NULL, NULL, NULL},
};

static const char *const places[] = {"target", "format", "vdev", "access", NULL};
static const char *const old_places[] = {"target", "vdev", "access", NULL};

static const struct spec_syntax syntax = {
	.what = "a disk",
	.keys = keys,
	.places = places,
	.rest = "target",
};

static const struct spec_syntax old_syntax = {
	.what = "a disk",
	.keys = keys,
	.places = old_places,
	.rest = "target",
};

/*
 * "phy:/dev/vg/x,xvda,w": behind a prefix, configs of xm's time have the vdev where the format is
 * now.
 */
static bool is_old(const char *text)
{
	const char *second = strchr(text, ',');
	char name[VDEV_NAME_SIZE];
	uint32_t vdev;

	if (!second || !find_prefix(text + strspn(text, " \t")))
		return false;
	second += 1 + strspn(second + 1, " \t");
	return cut_name(name, second, strcspn(second, ",: \t")) && vdev_parse(name, &vdev) == 0;
}

static int finish(const struct disk_parse *parse, struct report *report)
{
	struct disk_spec *disk = parse->disk;

	if (!disk->path)
		return report_set(report, -EINVAL,
				  "the disk has no file: write the image's or the block device's "
				  "name first");
	if (disk->cdrom && parse->access & ACCESS_WRITE)
		return report_set(report, -EINVAL, "a CD cannot be written: leave the access out");
	disk->read_only = disk->cdrom || parse->access & ACCESS_READ;
	disk->shared = parse->access & ACCESS_SHARED;
	return 0;
}

int disk_spec_parse(const char *text, const char *directory, struct disk_spec *disk,
		    struct report *report)
{
	struct disk_parse parse = {.disk = disk, .directory = directory};
	int err;

	*disk = (struct disk_spec){0};
	err = spec_parse(is_old(text) ? &old_syntax : &syntax, text, &parse, report);
	if (!err)
		err = finish(&parse, report);
	if (err)
		disk_spec_clear(disk);
	return err;
}

static const char *access_word(const struct disk_spec *disk)
{
	static const char *const words[2][2] = {{"w", "w!"}, {"r", "r!"}};

	return words[disk->read_only][disk->shared];
}

void disk_spec_format(const struct disk_spec *disk, FILE *out)
{
	char name[VDEV_NAME_SIZE];

	if (disk->vdev != VDEV_NONE)
		fprintf(out, "vdev=%s,", vdev_format(disk->vdev, name));
	fprintf(out, "access=%s,%s%s%s%starget=%s", access_word(disk), disk->cdrom ? "cdrom," : "",
		disk->no_discard ? "no-discard," : "", disk->raw_said ? "format=raw," : "",
		disk->optional ? "optional," : "", disk->path);
}

void disk_spec_clear(struct disk_spec *disk)
{
	free(disk->path);
	*disk = (struct disk_spec){0};
}
