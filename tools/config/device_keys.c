/* SPDX-License-Identifier: ISC */
/*
 * The config keys of devices: lists of descriptions, and what is chosen where they leave it open.
 */
#include "guest_config.h"
#include "keys.h"
#include "vdev.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One kind of device: how a description of it is read and written. */
struct element_type {
	size_t size;
	int (*parse)(const char *text, const char *directory, void *element, struct report *report);
	void (*format)(const void *element, FILE *out);
	void (*clear)(void *element);
};

/* --- lists of descriptions --- */

/* One string is a list of one, an empty one a list of none. */
static size_t count_elements(const struct config_value *value)
{
	if (value->kind == CONFIG_LIST)
		return value->item_count;
	return value->kind != CONFIG_STRING || *value->text;
}

static int parse_element(const struct guest_key *key, const struct config_value *value,
			 const struct element_type *type, void *element, struct report *report)
{
	struct report why;
	int err;

	if (value->kind != CONFIG_STRING)
		return config_fail(&value->place, report, "'%s' is %s, and here is %s", key->name,
				   key->type->words, config_kind_name(value->kind));
	err = type->parse(value->text, value->place.source->directory, element, &why);
	return err ? config_fail(&value->place, report, "'%s': %s", key->name, why.text) : 0;
}

static void clear_elements(const struct element_type *type, char *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		type->clear(list + i * type->size);
	free(list);
}

/* A list that is the caller's to clear. */
static int parse_elements(const struct guest_key *key, const struct config_value *value,
			  const struct element_type *type, void **list, size_t *count,
			  struct report *report)
{
	const struct config_value *items = value->kind == CONFIG_LIST ? value->items : value;
	size_t wanted = count_elements(value), done = 0;
	char *elements;
	int err = 0;

	if (wanted > key->max)
		return config_fail(&value->place, report,
				   "'%s' has %zu entries, and %u are the most", key->name, wanted,
				   (unsigned int)key->max);
	elements = calloc(wanted + 1, type->size);
	if (!elements)
		return report_set(report, -ENOMEM, "out of memory while reading a config");
	for (; done < wanted && !err; done += !err)
		err = parse_element(key, &items[done], type, elements + done * type->size, report);
	if (err)
		clear_elements(type, elements, done);
	*list = err ? NULL : elements;
	*count = err ? 0 : done;
	return err;
}

static void format_element(const struct element_type *type, const void *element, FILE *out)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return;
	type->format(element, stream);
	fclose(stream);
	if (text)
		guest_key_write_quoted(text, out);
	free(text);
}

static void format_elements(const struct guest_key *key, const struct element_type *type,
			    const void *list, size_t count, FILE *out)
{
	if (!count)
		return;
	fprintf(out, "%s = [", key->name);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? ", " : "", out);
		format_element(type, (const char *)list + i * type->size, out);
	}
	fputs("]\n", out);
}

/* --- disks --- */

static int parse_disk(const char *text, const char *directory, void *element, struct report *report)
{
	return disk_spec_parse(text, directory, element, report);
}

static void format_disk(const void *element, FILE *out)
{
	disk_spec_format(element, out);
}

static void clear_disk(void *element)
{
	disk_spec_clear(element);
}

static const struct element_type disk_type = {
	.size = sizeof(struct disk_spec),
	.parse = parse_disk,
	.format = format_disk,
	.clear = clear_disk,
};

static void clear_disks(void *field)
{
	struct guest_disks *disks = field;

	clear_elements(&disk_type, (char *)disks->list, disks->count);
	*disks = (struct guest_disks){0};
}

static int set_disks(const struct guest_key *key, const struct config_value *value, void *field,
		     struct report *report)
{
	struct guest_disks new;
	void *list;
	int err = parse_elements(key, value, &disk_type, &list, &new.count, report);

	if (err)
		return err;
	new.list = list;
	clear_disks(field);
	*(struct guest_disks *)field = new;
	return 0;
}

static void format_disks(const struct guest_key *key, const void *field, FILE *out)
{
	const struct guest_disks *disks = field;

	format_elements(key, &disk_type, disks->list, disks->count, out);
}

const struct key_type key_type_disks = {
	.words = "a list of strings such as \"/images/web.img, raw, xvda, rw\"",
	.set = set_disks,
	.format = format_disks,
	.clear = clear_disks,
};

/* --- network interfaces --- */

static int parse_vif(const char *text, const char *directory, void *element, struct report *report)
{
	(void)directory;
	return vif_spec_parse(text, element, report);
}

static void format_vif(const void *element, FILE *out)
{
	vif_spec_format(element, out);
}

static void clear_vif(void *element)
{
	*(struct vif_spec *)element = (struct vif_spec){0};
}

static const struct element_type vif_type = {
	.size = sizeof(struct vif_spec),
	.parse = parse_vif,
	.format = format_vif,
	.clear = clear_vif,
};

static void clear_vifs(void *field)
{
	struct guest_vifs *vifs = field;

	clear_elements(&vif_type, (char *)vifs->list, vifs->count);
	*vifs = (struct guest_vifs){0};
}

static int set_vifs(const struct guest_key *key, const struct config_value *value, void *field,
		    struct report *report)
{
	struct guest_vifs new;
	void *list;
	int err = parse_elements(key, value, &vif_type, &list, &new.count, report);

	if (err)
		return err;
	new.list = list;
	clear_vifs(field);
	*(struct guest_vifs *)field = new;
	return 0;
}

static void format_vifs(const struct guest_key *key, const void *field, FILE *out)
{
	const struct guest_vifs *vifs = field;

	format_elements(key, &vif_type, vifs->list, vifs->count, out);
}

const struct key_type key_type_vifs = {
	.words = "a list of strings such as \"bridge=br0\"",
	.set = set_vifs,
	.format = format_vifs,
	.clear = clear_vifs,
};

/* --- what descriptions leave open --- */

static int check_disk(const struct guest_disks *disks, size_t index, struct report *report)
{
	uint32_t vdev = disks->list[index].vdev;
	char name[VDEV_NAME_SIZE], other[VDEV_NAME_SIZE];

	for (size_t i = 0; vdev != VDEV_NONE && i < index; i++) {
		if (!vdev_overlaps(vdev, disks->list[i].vdev))
			continue;
		return report_set(report, -EINVAL,
				  "'disk': the guest cannot have both '%s' and '%s'",
				  vdev_format(disks->list[i].vdev, other), vdev_format(vdev, name));
	}
	return 0;
}

int guest_disks_choose(struct guest_disks *disks, struct report *report)
{
	uint32_t *used = calloc(disks->count + 1, sizeof(*used));
	int err = 0;

	if (!used)
		return report_set(report, -ENOMEM, "out of memory");
	for (size_t i = 0; i < disks->count; i++)
		used[i] = disks->list[i].vdev;
	for (size_t i = 0; i < disks->count; i++)
		if (used[i] == VDEV_NONE)
			disks->list[i].vdev = used[i] = vdev_first_free(used, disks->count);
	for (size_t i = 0; !err && i < disks->count; i++)
		err = check_disk(disks, i, report);
	free(used);
	return err;
}

static int check_vif(const struct guest_vifs *vifs, size_t index, struct report *report)
{
	const struct vif_spec *vif = &vifs->list[index];
	char mac[VIF_MAC_SIZE];

	for (size_t i = 0; i < index; i++) {
		if (vif_mac_equal(vifs->list[i].mac, vif->mac))
			return report_set(report, -EINVAL,
					  "'vif': two interfaces have the MAC address %s",
					  vif_format_mac(vif->mac, mac));
		if (*vif->name && !strcmp(vifs->list[i].name, vif->name))
			return report_set(report, -EINVAL,
					  "'vif': two interfaces have the vifname '%s'", vif->name);
	}
	return 0;
}

int guest_vifs_choose(struct guest_vifs *vifs, const uint8_t uuid[16], struct report *report)
{
	int err = 0;

	for (size_t i = 0; i < vifs->count; i++)
		if (!vif_has_mac(&vifs->list[i]))
			vif_choose_mac(uuid, (unsigned int)i, vifs->list[i].mac);
	for (size_t i = 0; !err && i < vifs->count; i++)
		err = check_vif(vifs, i, report);
	return err;
}
