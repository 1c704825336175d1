/* SPDX-License-Identifier: ISC */
/* Network interfaces: what a config may say about one, and the addresses chosen for it. */
#include "unit.h"

#include "base/uuid.h"
#include "config/vif_spec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAC "mac=00:00:00:00:00:00" /* not chosen */

struct row {
	const char *text, *expected;
};

static void check_rate(const char *text, uint64_t bytes, uint32_t usec)
{
	struct report report = {""};
	struct vif_spec vif;
	char *out;
	size_t size;

	for (unsigned int round = 0; round < 2; round++) {
		static char kept[256];
		FILE *file = open_memstream(&out, &size);

		if (vif_spec_parse(text, &vif, &report))
			fail_msg("%s: %s", text, report.text);
		if (vif.rate_bytes != bytes || vif.rate_usec != usec)
			fail_msg("%s is %lu,%u", text, (unsigned long)vif.rate_bytes,
				 vif.rate_usec);
		memset(vif.mac, 2, sizeof(vif.mac));
		vif_spec_format(&vif, file);
		fclose(file);
		snprintf(kept, sizeof(kept), "%s", out);
		free(out);
		text = kept;
	}
}

static void test_rates(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
		uint32_t usec;
	} rows[] = {
		{"rate=10Mb/s", 62500, 50000},     {"rate=250KB/s", 12500, 50000},
		{"rate=1MB/s@20ms", 20000, 20000}, {"rate=100b/s@1s", 12, 1000000},
		{"rate=10Gb/s", 62500000, 50000},  {"rate=100GB/s@1ms", 100000000, 1000},
		{"rate=1000000B/s@7us", 7, 7},     {"rate=999999B/s@333333us", 333332, 333333},
		{"rate=3B/s@60s", 180, 60000000},  {"rate=7B/s@1500ms", 10, 1500000},
		{"rate=1GB/s@5000ns", 5000, 5},    {"rate=5kB/s@2", 10000, 2000000},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_rate(rows[i].text, rows[i].bytes, rows[i].usec);
}

static void test_accepted_specs(void **state)
{
	static const struct row rows[] = {
		{"", MAC},
		{"  ", MAC},
		{"mac=00:16:3E:aB:cd:ef", "mac=00:16:3e:ab:cd:ef"},
		{"mac=0:16:3e:1:2:3", "mac=00:16:3e:01:02:03"},
		{"bridge=br0", MAC ",bridge=br0"},
		{"bridge = br0 , vifname = web0", MAC ",bridge=br0,vifname=web0"},
		{"name=web0", MAC ",vifname=web0"},
		{"ip=10.0.0.1 10.0.0.2/24", MAC ",ip=10.0.0.1 10.0.0.2/24"},
		{"ip=fd00::1", MAC ",ip=fd00::1"},
		{"mtu=9000", MAC ",mtu=9000"},
		{"optional,mtu=9000", MAC ",mtu=9000,optional"},
		{"optional=no", MAC},
		{"type=vif,script=vif-bridge,backend=0", MAC},
		{"script=/etc/xen/scripts/vif-bridge", MAC},
		{"rate=10Mb/s", MAC ",rate=1250000B/s@50000us"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct report report = {""};
		struct vif_spec vif;
		size_t size;
		char *out;
		FILE *file = open_memstream(&out, &size);

		if (vif_spec_parse(rows[i].text, &vif, &report))
			fail_msg("'%s': %s", rows[i].text, report.text);
		vif_spec_format(&vif, file);
		fclose(file);
		assert_string_equal(out, rows[i].expected);
		free(out);
	}
}

#define NAME_RULE "an interface's name has 1 to 15 letters, without '/', ':', '%' and blanks"
#define SCRIPTS                                                                                   \
	"no shell scripts are run; the interface is put on its bridge. What else there is to do " \
	"can be done when the guest runs: give it a 'vifname' to find it"

static const struct row refused[] = {
	{"mac=00:16:3e:12:34", "'00:16:3e:12:34' is not a MAC address such as 00:16:3e:12:34:56"},
	{"mac=00:16:3e:12:34:56:78",
	 "'00:16:3e:12:34:56:78' is not a MAC address such as 00:16:3e:12:34:56"},
	{"mac=00:16:3e:12:34:5g",
	 "'00:16:3e:12:34:5g' is not a MAC address such as 00:16:3e:12:34:56"},
	{"mac=", "'' is not a MAC address such as 00:16:3e:12:34:56"},
	{"mac=01:16:3e:12:34:56",
	 "'01:16:3e:12:34:56' is not the MAC address of one interface: the first byte must "
	 "be even, and not all may be zero"},
	{"mac=0:0:0:0:0:0", "'0:0:0:0:0:0' is not the MAC address of one interface: the "
			    "first byte must be even, and not all may be zero"},
	{"bridge=", "'bridge' cannot be '': " NAME_RULE},
	{"bridge=a/b", "'bridge' cannot be 'a/b': " NAME_RULE},
	{"bridge=abcdefghijklmnop", "'bridge' cannot be 'abcdefghijklmnop': " NAME_RULE},
	{"vifname=a b", "'vifname' cannot be 'a b': " NAME_RULE},
	{"vifname=vif%d", "'vifname' cannot be 'vif%d': " NAME_RULE},
	{"ip=dhcp", "'dhcp' is not a list of IP addresses"},
	{"ip=", "'' is not a list of IP addresses"},
	{"optional=maybe", "'optional' is 'yes' or 'no', not 'maybe'"},
	{"mtu=67", "'mtu' is a number from 68 to 65517, not '67'"},
	{"mtu=65518", "'mtu' is a number from 68 to 65517, not '65518'"},
	{"mtu=1500x", "'mtu' is a number from 68 to 65517, not '1500x'"},
	{"rate=10", "'10' is not a rate such as 10Mb/s, 500KB/s or 1GB/s@20ms"},
	{"rate=10Mb", "'10Mb' is not a rate such as 10Mb/s, 500KB/s or 1GB/s@20ms"},
	{"rate=10Tb/s", "'10Tb/s' is not a rate such as 10Mb/s, 500KB/s or 1GB/s@20ms"},
	{"rate=10Mb/s@", "'10Mb/s@' is not a rate such as 10Mb/s, 500KB/s or 1GB/s@20ms"},
	{"rate=10Mb/s@5m", "'10Mb/s@5m' is not a rate such as 10Mb/s, 500KB/s or "
			   "1GB/s@20ms"},
	{"rate=0b/s", "the rate '0b/s' makes less than 1 or more than 4294967295 bytes in "
		      "its interval, which netback cannot do"},
	{"rate=1GB/s@60s", "the rate '1GB/s@60s' makes less than 1 or more than 4294967295 "
			   "bytes in its interval, which netback cannot do"},
	{"rate=101GB/s", "the rate '101GB/s' makes less than 1 or more than 4294967295 bytes "
			 "in its interval, which netback cannot do"},
	{"rate=1GB/s@61s", "the rate '1GB/s@61s' makes less than 1 or more than 4294967295 "
			   "bytes in its interval, which netback cannot do"},
	{"type=ioemu", "'type' cannot be 'ioemu': guests on ARM have no emulated network "
		       "cards; leave it out"},
	{"model=e1000", "'model' cannot be used: it is for emulated network cards, which "
			"guests on ARM do not have"},
	{"script=vif-route", "'script' cannot be 'vif-route': " SCRIPTS},
	{"script=/root/mine", "'script' cannot be '/root/mine': " SCRIPTS},
	{"backend=net", "'backend' cannot be 'net': dom0 has all network interfaces"},
	{"brigde=br0", "a network interface has no 'brigde'; did you mean 'bridge'?"},
	{"br0", "'br0' is neither a word that is known nor key=value"},
	{"mac=00:16:3e:1:2:3,mac=00:16:3e:1:2:4", "'mac' says again what was said before"},
	{"vifname=a,name=b", "'name' says again what was said before"},
	{"bridge=br0,", "'' is neither a word that is known nor key=value"},
};

static void test_refused_specs(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct report report = {""};
		struct vif_spec vif;

		if (vif_spec_parse(refused[i].text, &vif, &report) != -EINVAL)
			fail_msg("'%s' is not refused", refused[i].text);
		assert_string_equal(report.text, refused[i].expected);
	}
}

/* Chosen addresses are good ones, always the same, and differ for interfaces and guests. */
static void test_chosen_mac(void **state)
{
	uint8_t macs[64][6];
	unsigned int count = 0;

	(void)state;
	for (unsigned int guest = 0; guest < 8; guest++) {
		uint8_t uuid[16];
		char name[16];

		snprintf(name, sizeof(name), "web%u", guest);
		uuid_make_from_name("machine", name, uuid);
		for (unsigned int index = 0; index < 8; index++, count++) {
			char text[32];
			struct vif_spec vif;
			struct report report;

			vif_choose_mac(uuid, index, macs[count]);
			assert_memory_equal(macs[count], "\x00\x16\x3e", 3);
			assert_false(macs[count][3] & 0x80);
			strcpy(text, "mac=");
			vif_format_mac(macs[count], text + 4);
			assert_int_equal(vif_spec_parse(text, &vif, &report), 0);
			assert_true(vif_mac_equal(vif.mac, macs[count]));
			for (unsigned int i = 0; i < count; i++)
				assert_false(vif_mac_equal(macs[i], macs[count]));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_accepted_specs),
		cmocka_unit_test(test_refused_specs),
		cmocka_unit_test(test_chosen_mac),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
