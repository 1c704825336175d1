/* SPDX-License-Identifier: ISC */
/* The config keys: what they take, what they refuse and in which words. */
#include "unit.h"

#include "config/guest_config.h"
#include "config/keys.h"
#include "base/read_file.h"
#include "base/uuid.h"
#include "clients/monitor_client.h"

#include <errno.h>
#include <fcntl.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START "name='g'\nkernel='/k'\n"
#define UUID  "9d2f1c6a-0b57-4e0e-8a7f-3f4f1f6f2a11"

static void load(const char *text, struct guest_config *guest)
{
	struct report report = {""};

	if (guest_config_load_text("f.cfg", text, strlen(text), guest, &report))
		fail_msg("%s: %s", text, report.text);
}

static void test_defaults(void **state)
{
	struct guest_config guest;
	char *cmdline;

	(void)state;
	load(START, &guest);
	assert_string_equal(guest.name, "g");
	assert_string_equal(guest.kernel, "/k");
	assert_null(guest.ramdisk);
	assert_int_equal(guest.memory_mib, 256);
	assert_int_equal(guest.maxmem_mib, 0);
	assert_int_equal(guest.vcpus, 1);
	assert_int_equal(guest_config_maxvcpus(&guest), 1);
	assert_int_equal(guest.cpus.count, 0);
	assert_null(guest_affinity_of(&guest.cpus, 0));
	assert_int_equal(guest.cpu_weight, 0);
	assert_int_equal(guest.gic_version, CTRL_GIC_HOST);
	assert_int_equal(guest.on_poweroff, MONITOR_DESTROY);
	assert_int_equal(guest.on_reboot, MONITOR_RESTART);
	assert_int_equal(guest.on_crash, MONITOR_DESTROY);
	assert_int_equal(guest.on_watchdog, MONITOR_DESTROY);
	assert_true(guest.max_grant_frames == GUEST_HOST_DEFAULT);
	assert_int_equal(guest.max_event_channels, 1023);
	assert_false(uuid_is_null(guest.uuid));
	cmdline = guest_config_cmdline(&guest);
	assert_string_equal(cmdline, "");
	free(cmdline);
	guest_config_clear(&guest);
}

/* A guest without a UUID has the same one each time, and another than guests of other names. */
static void test_uuid_from_name(void **state)
{
	struct guest_config first, second, other;

	(void)state;
	load(START "vif = ['']", &first);
	load(START "memory = 64\nvif = ['']", &second);
	load("name = 'h'; kernel = '/k'; vif = ['']", &other);
	assert_memory_equal(first.uuid, second.uuid, 16);
	assert_memory_not_equal(first.uuid, other.uuid, 16);
	assert_memory_equal(first.vifs.list[0].mac, second.vifs.list[0].mac, 6);
	assert_memory_not_equal(first.vifs.list[0].mac, other.vifs.list[0].mac, 6);
	assert_int_equal(first.uuid[6] >> 4, 8);
	assert_int_equal(first.uuid[8] >> 6, 2);
	guest_config_clear(&first);
	guest_config_clear(&second);
	guest_config_clear(&other);
}

struct row {
	const char *text, *expected;
};

/* What is written out again, without the lines that START and the uuid make. */
static const struct row written[] = {
	{"memory = 512", "memory = 512\n"},
	{"memory = '0x200'", "memory = 512\n"},
	{"memory = 128\nmaxmem = 512", "memory = 128\nmaxmem = 512\n"},
	{"vcpus = 4", "vcpus = 4\n"},
	{"vcpus = 2; maxvcpus = 4", "vcpus = 2\nmaxvcpus = 4\n"},
	{"cpus = '0-3,^1'", "cpus = \"0,2-3\"\n"},
	{"cpus = 2", "cpus = \"2\"\n"},
	{"cpus = ['0-1']", "cpus = [\"0-1\"]\n"},
	{"cpus = []", ""},
	{"cpus_soft = 'all'", "cpus_soft = \"all\"\n"},
	{"cpu_weight = 512\ncap = 50", "cpu_weight = 512\ncap = 50\n"},
	{"gic_version = 'v2'", "gic_version = \"v2\"\n"},
	{"gic_version = 'default'", ""},
	{"on_crash = 'restart'", "on_crash = \"restart\"\n"},
	{"on_reboot = 'rename-restart'\non_poweroff = 'preserve'",
	 "on_poweroff = \"preserve\"\non_reboot = \"rename-restart\"\n"},
	{"on_watchdog = 'restart'", "on_watchdog = \"restart\"\n"},
	{"max_grant_frames = 32\nmax_maptrack_frames = 0\nmax_event_channels = 100",
	 "max_grant_frames = 32\nmax_maptrack_frames = 0\n"
	 "max_event_channels = 100\n"},
	{"extra = 'a\\\"b\\\\ \\t\\xff1'", "extra = \"a\\\"b\\\\ \\011\\3771\"\n"},
	{"root = '/dev/xvda'\nextra = 'ro'", "root = \"/dev/xvda\"\nextra = \"ro\"\n"},
	{"vuart = 'sbsa_uart'", "vuart = \"sbsa_uart\"\n"},
	{"vuart = 'none'", ""},
	{"cmdline = 'x'", "cmdline = \"x\"\n"},
	{"ramdisk = '/r'", "ramdisk = \"/r\"\n"},
	{"disk = ['/a', '/b,,xvda,r', '/c']",
	 "disk = [\"vdev=xvdb,access=w,target=/a\", \"vdev=xvda,access=r,target=/b\", "
	 "\"vdev=xvdc,access=w,target=/c\"]\n"},
	{"disk = '/a\"b'", "disk = [\"vdev=xvda,access=w,target=/a\\\"b\"]\n"},
	{"vif = ['', 'bridge=br0,rate=8Kb/s']",
	 "vif = [\"mac=00:16:3e:4a:ae:ab\", "
	 "\"mac=00:16:3e:74:fe:14,bridge=br0,rate=1000B/s@50000us\"]\n"},
	{"vif = ['mac=0:1:2:3:4:5']", "vif = [\"mac=00:01:02:03:04:05\"]\n"},
	{"disk = ''; vif = ''", ""},
	/* said, but nothing asked for */
	{"disk = []; vif = []; vnc = 0; serial = ''; acpi = 0", ""},
	{"type = 'pvh'", ""},
	{"type = 'pv'\nbuilder = 'generic'\npool = 'Pool-0'", ""},
	{"nomigrate = 1\nhap = 1\npassthrough = 'disabled'", ""},
};

static void test_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(written); i++) {
		char text[1024], expected[1024];
		struct guest_config guest;
		const char *front = "name = \"g\"\nuuid = \"" UUID "\"\nkernel = \"/k\"\n";
		char *once, *twice;

		snprintf(text, sizeof(text), START "uuid = '" UUID "'\n%s", written[i].text);
		snprintf(expected, sizeof(expected), "%s%s", front, written[i].expected);
		load(text, &guest);
		once = guest_config_format(&guest);
		assert_string_equal(once, expected);
		guest_config_clear(&guest);
		load(once, &guest);
		twice = guest_config_format(&guest);
		assert_string_equal(twice, once);
		guest_config_clear(&guest);
		free(once);
		free(twice);
	}
}

#define ACTIONS "'destroy', 'restart', 'preserve' or 'rename-restart'"

/* Each after START, so the first line is 3. */
static const struct row refused[] = {
	{"memroy = 5", "f.cfg:3:1: unknown key 'memroy'; did you mean 'memory'?"},
	{"  xyzzy = 5", "f.cfg:3:3: unknown key 'xyzzy'; 'vmctl help config' lists all keys"},
	{"Memory = 5", "f.cfg:3:1: unknown key 'Memory'; did you mean 'memory'?"},
	{"maxvcpu = 5", "f.cfg:3:1: unknown key 'maxvcpu'; did you mean 'maxvcpus'?"},
	{"on_powerof = 'x'", "f.cfg:3:1: unknown key 'on_powerof'; did you mean 'on_poweroff'?"},
	{"memory = '1G'", "f.cfg:3:10: 'memory' is a number from 1 to 1048576, not '1G'"},
	{"memory = 0", "f.cfg:3:10: 'memory' is a number from 1 to 1048576, not 0"},
	{"memory = 99999999", "f.cfg:3:10: 'memory' is a number from 1 to 1048576, not 99999999"},
	{"memory = [256]", "f.cfg:3:10: 'memory' is a number, not a list"},
	{"memory = ''", "f.cfg:3:10: 'memory' is a number from 1 to 1048576, not ''"},
	{"memory = 512\nmaxmem = 256", "f.cfg:4:1: 'maxmem' (256) is less than 'memory' (512)"},
	{"vcpus = 129", "f.cfg:3:9: 'vcpus' is a number from 1 to 128, not 129"},
	{"vcpus = 4\nmaxvcpus = 2", "f.cfg:4:1: 'maxvcpus' (2) is less than 'vcpus' (4)"},
	{"vcpus = 9\ngic_version = 'v2'",
	 "f.cfg:4:1: a guest with a GICv2 has at most 8 vCPUs, not 9"},
	{"gic_version = 'v4'",
	 "f.cfg:3:15: 'gic_version' is 'default', 'v2' or 'v3', not 'v4'; did you mean "
	 "'v2'?"},
	{"gic_version = 3", "f.cfg:3:15: 'gic_version' is 'default', 'v2' or 'v3', not "
			    "'3'; did you mean 'v3'?"},
	{"on_crash = 'reboot'", "f.cfg:3:12: 'on_crash' is " ACTIONS ", not 'reboot'"},
	{"on_crash = 'resart'",
	 "f.cfg:3:12: 'on_crash' is " ACTIONS ", not 'resart'; did you mean 'restart'?"},
	{"on_crash = ['destroy']", "f.cfg:3:12: 'on_crash' is a word in quotes, not a list"},
	{"on_crash = 'coredump-restart'",
	 "f.cfg:3:12: 'on_crash' cannot be 'coredump-restart': core dumps cannot be "
	 "written; use 'destroy', or 'preserve' to look at the guest"},
	{"cpus = '0-x'", "f.cfg:3:8: 'cpus': a CPU number is missing at 'x': \"0-3,5,^2\" "
			 "and \"all\" are understood"},
	{"cpus = ['0', '5-2']", "f.cfg:3:14: 'cpus': the range 5-2 goes backwards"},
	{"cpus = ['0', '1']", "f.cfg:3:1: 'cpus' has 2 entries for 1 vCPUs"},
	{"cpus = [[0]]", "f.cfg:3:9: 'cpus' is a CPU list in quotes, or a [list] of them, "
			 "not a list"},
	{"uuid = 'x'", "f.cfg:3:8: 'x' is not a UUID of 32 hexadecimal digits such as "
		       "9d2f1c6a-0b57-4e0e-8a7f-3f4f1f6f2a11"},
	{"uuid = '00000000-0000-0000-0000-000000000000'",
	 "f.cfg:3:8: the UUID of all zeros is dom0's"},
	{"ramdisk = ''", "f.cfg:3:11: 'ramdisk' is an empty file name"},
	{"ramdisk = ['/r']", "f.cfg:3:11: 'ramdisk' is a file name, not a list"},
	{"extra = ['quiet']", "f.cfg:3:9: 'extra' is a string, not a list"},
	{"cmdline = 'a'\nextra = 'b'",
	 "f.cfg:4:1: 'extra' has no effect beside 'cmdline': use one of the two"},
	{"root = '/dev/xvda'\ncmdline = 'a'",
	 "f.cfg:3:1: 'root' has no effect beside 'cmdline': write root=... into 'cmdline'"},
	{"disk = ['/a', '/b,qcow2']",
	 "f.cfg:3:15: 'disk': 'format' cannot be 'qcow2': blkback reads raw images and "
	 "block devices; make a raw one of it: qemu-img convert -O raw OLD NEW"},
	{"disk = 5", "f.cfg:3:8: 'disk' is a list of strings such as \"/images/web.img, "
		     "raw, xvda, rw\", and here is a number"},
	{"disk = ['/a', ['/b']]",
	 "f.cfg:3:15: 'disk' is a list of strings such as \"/images/web.img, raw, xvda, "
	 "rw\", and here is a list"},
	{"disk = ['/a,,xvda', '/b,,xvda']",
	 "f.cfg:3:1: 'disk': the guest cannot have both 'xvda' and 'xvda'"},
	{"memory = 64\ndisk = ['/a,,xvdb', '/b,,xvdb1']",
	 "f.cfg:4:1: 'disk': the guest cannot have both 'xvdb' and 'xvdb1'"},
	{"vif = ['brigde=br0']",
	 "f.cfg:3:8: 'vif': a network interface has no 'brigde'; did you mean 'bridge'?"},
	{"vif = ['mac=0:1:2:3:4:5', '', 'mac=00:01:02:03:04:05']",
	 "f.cfg:3:1: 'vif': two interfaces have the MAC address 00:01:02:03:04:05"},
	{"vif = ['vifname=a', 'vifname=a']",
	 "f.cfg:3:1: 'vif': two interfaces have the vifname 'a'"},
	{"vfb = ['type=vnc']", "f.cfg:3:7: 'vfb' cannot be used: dom0 has backends for "
			       "disks and network interfaces only"},
	{"vuart = 'pl011'", "f.cfg:3:9: 'vuart' is 'none' or 'sbsa_uart', not 'pl011'"},
	{"vnc = 1", "f.cfg:3:7: 'vnc' cannot be used: it is for guests on x86 and does "
		    "nothing on ARM"},
	{"type = 'hvm'", "f.cfg:3:8: 'type' cannot be 'hvm': guests on ARM are 'pvh' (xl "
			 "accepts 'pv' for the same)"},
	{"type = 'xyz'", "f.cfg:3:8: 'type' is 'pvh' or 'pv', not 'xyz'"},
	{"builder = 'hvm'", "f.cfg:3:11: 'builder' cannot be 'hvm': guests on ARM are "
			    "'pvh'; leave the key out"},
	{"pool = 'mine'", "f.cfg:3:8: 'pool' is 'Pool-0', not 'mine'"},
	{"name = 'a b'", "f.cfg:3:8: 'a b' cannot be a guest's name: it may hold letters, "
			 "digits and . _ + : - only"},
	{"name = ''", "f.cfg:3:8: '' cannot be a guest's name: it is empty"},
	{"name = 12", "f.cfg:3:8: '12' cannot be a guest's name: only digits are taken for "
		      "a domain number"},
	{"name = '../x'", "f.cfg:3:8: '../x' cannot be a guest's name: it may hold letters, "
			  "digits and . _ + : - only"},
	{"name = '.x'", "f.cfg:3:8: '.x' cannot be a guest's name: it starts with '.' or '-'"},
	{"name = 'Domain-0'", "f.cfg:3:8: 'Domain-0' cannot be a guest's name: it is dom0's"},
	{"name = ['x']", "f.cfg:3:8: 'name' is a string, not a list"},
	{"cpu_weight = 0", "f.cfg:3:14: 'cpu_weight' is a number from 1 to 65535, not 0"},
};

static void test_refused_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct guest_config guest;
		struct report report = {""};
		char text[512];

		snprintf(text, sizeof(text), START "%s", refused[i].text);
		if (guest_config_load_text("f.cfg", text, strlen(text), &guest, &report) != -EINVAL)
			fail_msg("'%s' is not refused", refused[i].text);
		assert_string_equal(report.text, refused[i].expected);
	}
}

static void test_missing(void **state)
{
	static const struct row rows[] = {
		{"", "the config is empty: the key 'name' is missing"},
		{"kernel = '/k'", "f.cfg: the key 'name' is missing"},
		{"name = 'x'", "f.cfg: the key 'kernel' is missing"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct guest_config guest;
		struct report report = {""};

		if (guest_config_load_text("f.cfg", rows[i].text, strlen(rows[i].text), &guest,
					   &report) != -EINVAL)
			fail_msg("'%s' is not refused", rows[i].text);
		assert_string_equal(report.text, rows[i].expected);
	}
}

static void test_long_values(void **state)
{
	char text[4096], long_text[2100];
	struct guest_config guest;
	struct report report = {""};

	(void)state;
	memset(long_text, 'x', sizeof(long_text));
	long_text[2047] = '\0';
	snprintf(text, sizeof(text), START "cmdline = '%s'", long_text);
	load(text, &guest);
	guest_config_clear(&guest);
	snprintf(text, sizeof(text), START "cmdline = '%sx'", long_text);
	assert_int_equal(guest_config_load_text("f", text, strlen(text), &guest, &report), -EINVAL);
	assert_string_equal(report.text, "f:3:1: the kernel's command line is longer than 2047 "
					 "bytes, the most that Linux takes");
	long_text[63] = '\0';
	snprintf(text, sizeof(text), START "name = '%s'", long_text);
	load(text, &guest);
	guest_config_clear(&guest);
	snprintf(text, sizeof(text), START "name = '%sx'", long_text);
	assert_int_equal(guest_config_load_text("f", text, strlen(text), &guest, &report), -EINVAL);
	assert_contains(report.text, "it is longer than 63 bytes");
}

static void test_affinity(void **state)
{
	struct guest_config guest;

	(void)state;
	load(START "vcpus = 3\ncpus = [0, '1-2']\ncpus_soft = '4'", &guest);
	assert_true(cpulist_has(guest_affinity_of(&guest.cpus, 0), 0));
	assert_true(cpulist_has(guest_affinity_of(&guest.cpus, 1), 2));
	assert_null(guest_affinity_of(&guest.cpus, 2));
	assert_true(cpulist_has(guest_affinity_of(&guest.cpus_soft, 2), 4));
	guest_config_clear(&guest);
}

static void test_cmdline(void **state)
{
	static const struct row rows[] = {
		{"root = '/dev/xvda'", "root=/dev/xvda"},
		{"extra = 'quiet'", "quiet"},
		{"root = '/dev/xvda'\nextra = 'quiet'", "root=/dev/xvda quiet"},
		{"cmdline = 'a b'", "a b"},
		{"extra = 'a'\nextra += ' b'", "a b"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct guest_config guest;
		char text[256], *cmdline;

		snprintf(text, sizeof(text), START "%s", rows[i].text);
		load(text, &guest);
		cmdline = guest_config_cmdline(&guest);
		assert_string_equal(cmdline, rows[i].expected);
		free(cmdline);
		guest_config_clear(&guest);
	}
}

/* Relative names: in a file to its directory, in an argument to the working directory. */
static void test_load_file(void **state)
{
	char directory[] = "/tmp/plinth-test-XXXXXX", path[64], kernel[64];
	char override[] = "ramdisk=r", memory[] = "memory=512", bad[] = "memroy=1";
	char *overrides[] = {override, memory}, *bad_overrides[] = {bad}, *cwd = getcwd(NULL, 0);
	struct guest_config guest;
	struct report report = {""};
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/g.cfg", directory);
	snprintf(kernel, sizeof(kernel), "%s/Image", directory);
	file = fopen(path, "w");
	fputs("name = 'g'\nkernel = 'Image'\nmemory = 128\n", file);
	fclose(file);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(guest_config_load(path, overrides, 2, NULL, &guest, &report), 0);
	assert_string_equal(guest.kernel, kernel);
	assert_string_equal(guest.ramdisk, "//r");
	assert_int_equal(guest.memory_mib, 512);
	guest_config_clear(&guest);
	assert_int_equal(guest_config_load(path, bad_overrides, 1, NULL, &guest, &report), -EINVAL);
	assert_string_equal(report.text,
			    "command line:1:1: unknown key 'memroy'; did you mean 'memory'?");
	assert_int_equal(guest_config_load("/nonexistent/x", NULL, 0, NULL, &guest, &report),
			 -ENOENT);
	assert_string_equal(report.text, "cannot open /nonexistent/x: No such file or directory");
	unlink(path);
	rmdir(directory);
	assert_int_equal(chdir(cwd), 0);
	free(cwd);
}

/* Every key is in the manual page, once as a tag, and no key stands in the table twice. */
static void test_manual(void **state)
{
	char *text, tag[64];
	size_t length;
	struct report report = {""};

	(void)state;
	if (read_file("docs/plinth-guest.cfg.5", 1 << 20, &text, &length, &report))
		fail_msg("%s", report.text);
	for (size_t i = 0; i < guest_key_count; i++) {
		const struct guest_key *key = &guest_keys[i];

		assert_ptr_equal(guest_key_find(key->name), key);
		if (key->type == &key_type_refused)
			snprintf(tag, sizeof(tag), ".Cm %s", key->name);
		else
			snprintf(tag, sizeof(tag), ".It Cm %s ", key->name);
		if (!strstr(text, tag))
			fail_msg("'%s' is not in docs/plinth-guest.cfg.5", tag);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),       cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused_values), cmocka_unit_test(test_missing),
		cmocka_unit_test(test_long_values),    cmocka_unit_test(test_affinity),
		cmocka_unit_test(test_cmdline),        cmocka_unit_test(test_load_file),
		cmocka_unit_test(test_manual),         cmocka_unit_test(test_uuid_from_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
