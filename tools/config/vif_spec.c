/* SPDX-License-Identifier: ISC */
/* What a config says about one network interface of a guest. */
#include "vif_spec.h"
#include "base/hash.h"
#include "spec.h"
#include "base/number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS       " \t"
#define USEC         1000000
#define RATE_USEC    50000      /* the interval where a rate has none, as xl's */
#define RATE_MAX     UINT32_MAX /* bytes in an interval: what netback's counter holds */
#define INTERVAL_MAX (60 * USEC)
#define AMOUNT_MAX   100000000000 /* a second; times INTERVAL_MAX it is still below 2^63 */

enum slot {
	SLOT_MAC,
	SLOT_BRIDGE,
	SLOT_NAME,
	SLOT_IP,
	SLOT_RATE,
	SLOT_MTU,
	SLOT_TYPE,
	SLOT_SCRIPT,
	SLOT_BACKEND,
	SLOT_OPTIONAL,
	SLOT_NONE, /* of what is always refused */
};

static const struct spec_word types[] = {
	{"vif", 0, NULL},
	{"pv", 0, NULL},
	{"netfront", 0, NULL},
	{"ioemu", 0, "guests on ARM have no emulated network cards; leave it out"},
	{NULL, 0, NULL},
};

#define NO_SCRIPTS                                                                                \
	"no shell scripts are run; the interface is put on its bridge. What else there is to do " \
	"can be done when the guest runs: give it a 'vifname' to find it"

static const struct spec_word scripts[] = {
	{"vif-bridge", 0, NULL},
	{"/etc/xen/scripts/vif-bridge", 0, NULL},
	{"vif-route", 0, NO_SCRIPTS},
	{"vif-nat", 0, NO_SCRIPTS},
	{"vif-openvswitch", 0, NO_SCRIPTS},
	{NULL, 0, NULL},
};

static int set_mac(void *spec, const char *value, struct report *report)
{
	struct vif_spec *vif = spec;
	unsigned int b[6];
	char more;

	if (strspn(value, "0123456789abcdefABCDEF:") != strlen(value) ||
	    sscanf(value, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		   &more) != 6)
		return report_set(report, -EINVAL,
				  "'%.40s' is not a MAC address such as 00:16:3e:12:34:56", value);
	for (unsigned int i = 0; i < 6; i++)
		vif->mac[i] = (uint8_t)b[i];
	if (vif->mac[0] & 1 || !vif_has_mac(vif))
		return report_set(report, -EINVAL,
				  "'%s' is not the MAC address of one interface: the first byte "
				  "must be even, and not all may be zero",
				  value);
	return 0;
}

/* A name that the kernel takes for an interface. */
static int set_interface(const char *key, const char *value, char *name, struct report *report)
{
	size_t length = strlen(value);

	if (!length || length >= VIF_NAME_SIZE || strpbrk(value, "/: \t%") || !strcmp(value, ".") ||
	    !strcmp(value, ".."))
		return report_set(report, -EINVAL,
				  "'%s' cannot be '%.40s': an interface's name has 1 to 15 "
				  "letters, without '/', ':', '%%' and blanks",
				  key, value);
	memcpy(name, value, length + 1);
	return 0;
}

static int set_bridge(void *spec, const char *value, struct report *report)
{
	struct vif_spec *vif = spec;

	return set_interface("bridge", value, vif->bridge, report);
}

static int set_name(void *spec, const char *value, struct report *report)
{
	struct vif_spec *vif = spec;

	return set_interface("vifname", value, vif->name, report);
}

static int set_ip(void *spec, const char *value, struct report *report)
{
	struct vif_spec *vif = spec;

	if (!*value || strlen(value) >= sizeof(vif->ip) ||
	    value[strspn(value, "0123456789abcdefABCDEF.:/ ")])
		return report_set(report, -EINVAL, "'%.60s' is not a list of IP addresses", value);
	strcpy(vif->ip, value);
	return 0;
}

static int bad_rate(const char *value, struct report *report)
{
	return report_set(report, -EINVAL,
			  "'%.40s' is not a rate such as 10Mb/s, 500KB/s or 1GB/s@20ms", value);
}

/* "@20ms", or nothing. */
static int parse_interval(const char *text, uint32_t *usec)
{
	static const struct {
		const char *unit;
		uint64_t multiply, divide;
	} units[] = {{"us", 1, 1}, {"ms", 1000, 1}, {"s", USEC, 1}, {"", USEC, 1}, {"ns", 1, 1000}};
	const char *unit = text + 1;
	uint64_t number;
	int err;

	*usec = RATE_USEC;
	if (!*text)
		return 0;
	if (*text != '@')
		return -EINVAL;
	err = number_scan(&unit, INTERVAL_MAX * 1000ULL, &number);
	if (err)
		return err;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		uint64_t value = number * units[i].multiply / units[i].divide;

		if (strcmp(units[i].unit, unit))
			continue;
		*usec = (uint32_t)value;
		return value && value <= INTERVAL_MAX ? 0 : -ERANGE;
	}
	return -EINVAL;
}

/* "10Mb/s": bytes in a second. Decimal prefixes; b are bits, B are bytes. */
static int parse_amount(const char *text, const char **end, uint64_t *bytes)
{
	static const struct {
		char letter;
		uint64_t factor;
	} prefixes[] = {{'K', 1000}, {'k', 1000}, {'M', 1000000}, {'G', 1000000000}};
	const char *at = text;
	uint64_t number;
	int err = number_scan(&at, AMOUNT_MAX, &number);

	if (err)
		return err;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (*at != prefixes[i].letter)
			continue;
		if (number > AMOUNT_MAX / prefixes[i].factor)
			return -ERANGE;
		number *= prefixes[i].factor;
		at++;
		break;
	}
	if (number > AMOUNT_MAX)
		return -ERANGE;
	if ((*at != 'b' && *at != 'B') || at[1] != '/' || at[2] != 's')
		return -EINVAL;
	*bytes = *at == 'b' ? number / 8 : number;
	*end = at + 3;
	return 0;
}

static int set_rate(void *spec, const char *value, struct report *report)
{
	struct vif_spec *vif = spec;
	uint64_t bytes = 0;
	const char *end;
	int err = parse_amount(value, &end, &bytes);

	if (!err)
		err = parse_interval(end, &vif->rate_usec);
	if (err == -EINVAL)
		return bad_rate(value, report);
	if (!err)
		vif->rate_bytes = bytes * vif->rate_usec / USEC;
	if (!vif->rate_bytes || vif->rate_bytes > RATE_MAX)
		return report_set(report, -EINVAL,
				  "the rate '%.40s' makes less than 1 or more than %" PRIu32
				  " bytes in its interval, which netback cannot do",
				  value, (uint32_t)RATE_MAX);
	return 0;
}

static int set_mtu(void *spec, const char *value, struct report *report)
{
	struct vif_spec *vif = spec;
	uint64_t number;

	if (!number_parse(value, VIF_MTU_MIN, VIF_MTU_MAX, &number))
		return report_set(report, -EINVAL, "'mtu' is a number from %d to %d, not '%.40s'",
				  VIF_MTU_MIN, VIF_MTU_MAX, value);
	vif->mtu = (uint32_t)number;
	return 0;
}

static int set_type(void *spec, const char *value, struct report *report)
{
	unsigned int found;

	(void)spec;
	return spec_choose("type", types, value, &found, report);
}

static int set_script(void *spec, const char *value, struct report *report)
{
	unsigned int found;

	(void)spec;
	if (!spec_choose("script", scripts, value, &found, report))
		return 0;
	return report_set(report, -EINVAL, "'script' cannot be '%.60s': " NO_SCRIPTS, value);
}

static int set_backend(void *spec, const char *value, struct report *report)
{
	(void)spec;
	if (!strcmp(value, "0") || !strcmp(value, "dom0") || !strcmp(value, "Domain-0"))
		return 0;
	return report_set(report, -EINVAL,
			  "'backend' cannot be '%.40s': dom0 has all network interfaces", value);
}

#define ONLY_EMULATED "it is for emulated network cards, which guests on ARM do not have"

static int set_optional(void *spec, const char *value, struct report *report)
{
	struct vif_spec *vif = spec;
	unsigned int wanted = 0;
	int err = spec_choose("optional", spec_yes_no, value, &wanted, report);

	vif->optional = wanted;
	return err;
}

static const struct spec_key keys[] = {
	{"mac", SLOT_MAC, set_mac, NULL, NULL},
	{"bridge", SLOT_BRIDGE, set_bridge, NULL, NULL},
	{"vifname", SLOT_NAME, set_name, NULL, NULL},
	{"name", SLOT_NAME, set_name, NULL, NULL},
	{"ip", SLOT_IP, set_ip, NULL, NULL},
	{"rate", SLOT_RATE, set_rate, NULL, NULL},
	{"mtu", SLOT_MTU, set_mtu, NULL, NULL},
	{"type", SLOT_TYPE, set_type, NULL, NULL},
	{"script", SLOT_SCRIPT, set_script, NULL, NULL},
	{"backend", SLOT_BACKEND, set_backend, NULL, NULL},
	{"optional", SLOT_OPTIONAL, set_optional, "yes", NULL},
	{"model", SLOT_NONE, NULL, NULL, ONLY_EMULATED},
	{"gatewaydev", SLOT_NONE, NULL, NULL, NO_SCRIPTS},
	{"netdev", SLOT_NONE, NULL, NULL, NO_SCRIPTS},
	{"devid", SLOT_NONE, NULL, NULL, "interfaces are numbered in their order"},
	{"trusted", SLOT_NONE, NULL, NULL, "the guest decides whether it trusts dom0"},
	{NULL, 0, NULL, NULL, NULL},
};

static const char *const places[] = {NULL};

static const struct spec_syntax syntax = {
	.what = "a network interface",
	.keys = keys,
	.places = places,
};

int vif_spec_parse(const char *text, struct vif_spec *vif, struct report *report)
{
	*vif = (struct vif_spec){0};
	return spec_parse(&syntax, text, vif, report);
}

void vif_spec_format(const struct vif_spec *vif, FILE *out)
{
	char mac[VIF_MAC_SIZE];

	fprintf(out, "mac=%s", vif_format_mac(vif->mac, mac));
	if (*vif->bridge)
		fprintf(out, ",bridge=%s", vif->bridge);
	if (*vif->name)
		fprintf(out, ",vifname=%s", vif->name);
	if (*vif->ip)
		fprintf(out, ",ip=%s", vif->ip);
	if (vif->rate_bytes) /* rounded up, so that reading it back gives the same */
		fprintf(out, ",rate=%" PRIu64 "B/s@%" PRIu32 "us",
			(vif->rate_bytes * USEC + vif->rate_usec - 1) / vif->rate_usec,
			vif->rate_usec);
	if (vif->mtu)
		fprintf(out, ",mtu=%" PRIu32, vif->mtu);
	if (vif->optional)
		fputs(",optional", out);
}

bool vif_has_mac(const struct vif_spec *vif)
{
	static const uint8_t none[6];

	return !vif_mac_equal(vif->mac, none);
}

bool vif_mac_equal(const uint8_t a[6], const uint8_t b[6])
{
	return !memcmp(a, b, 6);
}

void vif_choose_mac(const uint8_t uuid[16], unsigned int index, uint8_t mac[6])
{
	static const uint8_t xen[3] = {0x00, 0x16, 0x3e}; /* the prefix that is for Xen's guests */
	uint8_t number = (uint8_t)index, bytes[16];
	struct hash hash;

	hash_start(&hash);
	hash_add(&hash, uuid, 16);
	hash_add(&hash, &number, sizeof(number));
	hash_finish(&hash, bytes);
	memcpy(mac, xen, sizeof(xen));
	memcpy(mac + 3, bytes, 3);
	mac[3] &= 0x7f; /* the upper half of the prefix is given out otherwise */
}

char *vif_format_mac(const uint8_t mac[6], char text[VIF_MAC_SIZE])
{
	snprintf(text, VIF_MAC_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	return text;
}
