/* SPDX-License-Identifier: ISC */
/* The config keys of devices: lists of descriptions, and what is chosen where they leave it open. */
#include "common/guest_config.h"
#include "common/guest_keys.h"
#include "common/vdev.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The description in one element of a key's value; one string is a list of one. */
static int element_text(const struct guest_key *key, const struct config_value *value, size_t index,
			const struct config_value **element, struct report *report)
{
	*element = value->kind == CONFIG_LIST ? &value->items[index] : value;
	if ((*element)->kind == CONFIG_STRING)
		return 0;
	return config_fail(&(*element)->place, report, "'%s' is %s, and here is %s", key->name,
			   key->type->words, config_kind_name((*element)->kind));
}

static int check_count(const struct guest_key *key, const struct config_value *value, size_t *count,
		       struct report *report)
{
	*count = value->kind == CONFIG_LIST ? value->item_count : 1;
	if (value->kind == CONFIG_STRING && !*value->text)
		*count = 0;
	if (*count <= key->max)
		return 0;
	return config_fail(&value->place, report, "'%s' has %zu entries, and %u are the most",
			   key->name, *count, (unsigned int)key->max);
}

/* --- disks --- */

static void clear_disks(void *field)
{
	struct guest_disks *disks = field;

	for (size_t i = 0; i < disks->count; i++)
		disk_spec_clear(&disks->list[i]);
	free(disks->list);
	*disks = (struct guest_disks){0};
}

static int set_disks(const struct guest_key *key, const struct config_value *value, void *field,
		     struct report *report)
{
	const struct config_value *element;
	struct guest_disks new = {0};
	struct report why;
	size_t count;
	int err = check_count(key, value, &count, report);

	if (err)
		return err;
	new.list = calloc(count + 1, sizeof(*new.list));
	if (!new.list)
		return report_set(report, -ENOMEM, "out of memory while reading a config");
	for (; !err && new.count < count; new.count += !err) {
		err = element_text(key, value, new.count, &element, report);
		if (!err && disk_spec_parse(element->text, value->place.source->directory,
					    &new.list[new.count], &why))
			err = config_fail(&element->place, report, "'%s': %s", key->name, why.text);
	}
	if (err) {
		clear_disks(&new);
		return err;
	}
	clear_disks(field);
	*(struct guest_disks *)field = new;
	return 0;
}

/* "key = [" before the first element, ", " before the others. */
static void write_before(const struct guest_key *key, size_t index, FILE *out)
{
	if (index)
		fputs(", ", out);
	else
		fprintf(out, "%s = [", key->name);
}

static void write_element(char *text, FILE *out)
{
	if (text)
		guest_key_write_quoted(text, out);
	free(text);
}

static void format_disks(const struct guest_key *key, const void *field, FILE *out)
{
	const struct guest_disks *disks = field;

	for (size_t i = 0; i < disks->count; i++) {
		char *text = NULL;
		size_t size;
		FILE *element = open_memstream(&text, &size);

		write_before(key, i, out);
		if (element) {
			disk_spec_format(&disks->list[i], element);
			fclose(element);
		}
		write_element(text, out);
	}
	if (disks->count)
		fputs("]\n", out);
}

const struct key_type key_type_disks = {
	.words = "a list of strings such as \"/images/web.img, raw, xvda, rw\"",
	.set = set_disks,
	.format = format_disks,
	.clear = clear_disks,
};

/* --- network interfaces --- */

static void clear_vifs(void *field)
{
	struct guest_vifs *vifs = field;

	free(vifs->list);
	*vifs = (struct guest_vifs){0};
}

static int set_vifs(const struct guest_key *key, const struct config_value *value, void *field,
		    struct report *report)
{
	const struct config_value *element;
	struct guest_vifs new = {0};
	struct report why;
	size_t count;
	int err = check_count(key, value, &count, report);

	if (err)
		return err;
	new.list = calloc(count + 1, sizeof(*new.list));
	if (!new.list)
		return report_set(report, -ENOMEM, "out of memory while reading a config");
	for (; !err && new.count < count; new.count += !err) {
		err = element_text(key, value, new.count, &element, report);
		if (!err && vif_spec_parse(element->text, &new.list[new.count], &why))
			err = config_fail(&element->place, report, "'%s': %s", key->name, why.text);
	}
	if (err) {
		clear_vifs(&new);
		return err;
	}
	clear_vifs(field);
	*(struct guest_vifs *)field = new;
	return 0;
}

static void format_vifs(const struct guest_key *key, const void *field, FILE *out)
{
	const struct guest_vifs *vifs = field;

	for (size_t i = 0; i < vifs->count; i++) {
		char *text = NULL;
		size_t size;
		FILE *element = open_memstream(&text, &size);

		write_before(key, i, out);
		if (element) {
			vif_spec_format(&vifs->list[i], element);
			fclose(element);
		}
		write_element(text, out);
	}
	if (vifs->count)
		fputs("]\n", out);
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
