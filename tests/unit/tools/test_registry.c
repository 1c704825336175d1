/* SPDX-License-Identifier: ISC */
/* The registry of running guests: what is written is read, what is stale or broken is absent. */
#include "unit.h"

#include "base/lockfile.h"
#include "guest/registry.h"

#include <dirent.h>
#include <errno.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint8_t uuid[16] = {0x9d, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const uint8_t other_uuid[16] = {1};
#define UUID_TEXT "9d010203-0405-0607-0809-0a0b0c0d0e0f"

static char *top, directory[80];

static int make_directory(void **state)
{
	(void)state;
	top = make_folder();
	snprintf(directory, sizeof(directory), "%s/a/domains", top); /* not made yet */
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	remove_folder(top);
	return 0;
}

static void write_entry(uint32_t domid, const char *name, const char *path)
{
	struct registry_entry entry = {
		.domid = domid,
		.name = (char *)name,
		.config = (char *)"name = \"x\"\nextra = \"\\\"q\\\"\"\n",
		.config_path = (char *)path,
		.started = 1700000000,
	};
	struct report report = {""};

	memcpy(entry.uuid, uuid, 16);
	if (registry_write(directory, &entry, &report))
		fail_msg("%s", report.text);
}

/* A file with any content in the place of a domain's. */
static void write_raw(uint32_t domid, const char *text, size_t length)
{
	char path[128];
	FILE *file;

	write_entry(domid, "x", NULL); /* makes the directory */
	snprintf(path, sizeof(path), "%s/%u.json", directory, domid);
	file = fopen(path, "w");
	fwrite(text, 1, length, file);
	fclose(file);
}

static size_t count_files(void)
{
	DIR *folder = opendir(directory);
	struct dirent *file;
	size_t count = 0;

	assert_non_null(folder);
	while ((file = readdir(folder)))
		count += file->d_name[0] != '.';
	closedir(folder);
	return count;
}

static void test_write_and_read(void **state)
{
	struct registry_entry entry;

	(void)state;
	write_entry(3, "web", "/etc/web.cfg");
	assert_int_equal(registry_read(directory, 3, uuid, &entry), 0);
	assert_int_equal(entry.domid, 3);
	assert_memory_equal(entry.uuid, uuid, 16);
	assert_string_equal(entry.name, "web");
	assert_string_equal(entry.config, "name = \"x\"\nextra = \"\\\"q\\\"\"\n");
	assert_string_equal(entry.config_path, "/etc/web.cfg");
	assert_int_equal(entry.started, 1700000000);
	registry_entry_clear(&entry);
	assert_int_equal(count_files(), 1); /* no temporary file is left */
}

static void test_replace(void **state)
{
	struct registry_entry entry;

	(void)state;
	write_entry(3, "web", "/etc/web.cfg");
	write_entry(3, "mail", NULL);
	assert_int_equal(registry_read(directory, 3, uuid, &entry), 0);
	assert_string_equal(entry.name, "mail");
	assert_null(entry.config_path);
	registry_entry_clear(&entry);
	assert_int_equal(count_files(), 1);
}

static void test_stale(void **state)
{
	struct registry_entry entry;

	(void)state;
	write_entry(3, "web", NULL);
	assert_int_equal(registry_read(directory, 3, other_uuid, &entry), -ENOENT);
	assert_int_equal(registry_read(directory, 4, uuid, &entry), -ENOENT);
	/* the file of another domain with this number is not removed either */
	assert_int_equal(registry_remove(directory, 3, other_uuid), 0);
	assert_int_equal(count_files(), 1);
	assert_int_equal(registry_remove(directory, 3, uuid), 0);
	assert_int_equal(count_files(), 0);
	assert_int_equal(registry_remove(directory, 3, uuid), 0);
	assert_int_equal(registry_read("/nonexistent", 3, uuid, &entry), -ENOENT);
}

#define BODY(domid, id, name) \
	"{\"domid\": " domid ", \"uuid\": \"" id "\", \"name\": " name ", \"config\": \"\"}"

static void test_broken_files(void **state)
{
	static const char *const rows[] = {
		"",
		"{",
		"not json",
		"[]",
		"{}",
		"3",
		BODY("\"3\"", UUID_TEXT, "\"x\""),
		BODY("4", UUID_TEXT, "\"x\""),
		BODY("-3", UUID_TEXT, "\"x\""),
		BODY("4294967299", UUID_TEXT, "\"x\""),
		BODY("3.0e99", UUID_TEXT, "\"x\""),
		BODY("3", "nonsense", "\"x\""),
		BODY("3", "", "\"x\""),
		BODY("3", UUID_TEXT, "3"),
		BODY("3", UUID_TEXT, "\"../x\""),
		BODY("3", UUID_TEXT, "\"\\u001b[31m\""),
		BODY("3", UUID_TEXT, "\"Domain-0\""),
		"{\"domid\": 3, \"uuid\": \"" UUID_TEXT "\", \"name\": \"x\"}",
		BODY("3", UUID_TEXT, "\"x\"") "trailing",
	};
	struct registry_entry entry;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		write_raw(3, rows[i], strlen(rows[i]));
		if (registry_read(directory, 3, uuid, &entry) != -ENOENT)
			fail_msg("taken: %s", rows[i]);
	}
	write_raw(3, BODY("3", UUID_TEXT, "\"x\"") "\0", sizeof(BODY("3", UUID_TEXT, "\"x\"")));
	assert_int_equal(registry_read(directory, 3, uuid, &entry), -ENOENT);
	write_raw(3, BODY("3", UUID_TEXT, "\"x\""), strlen(BODY("3", UUID_TEXT, "\"x\"")));
	assert_int_equal(registry_read(directory, 3, uuid, &entry), 0); /* the rows' good sister */
	assert_int_equal(entry.started, 0);
	registry_entry_clear(&entry);
}

static void test_path_not_utf8(void **state)
{
	struct registry_entry entry;

	(void)state;
	write_entry(3, "web", "/tmp/\xff.cfg");
	assert_int_equal(registry_read(directory, 3, uuid, &entry), 0);
	assert_string_equal(entry.name, "web");
	assert_null(entry.config_path);
	registry_entry_clear(&entry);
}

static void test_rename(void **state)
{
	struct registry_entry entry;
	struct report report = {""};

	(void)state;
	write_entry(3, "web", "/etc/web.cfg");
	assert_int_equal(registry_rename(directory, 3, uuid, "web-3", &report), 0);
	assert_int_equal(registry_read(directory, 3, uuid, &entry), 0);
	assert_string_equal(entry.name, "web-3");
	assert_string_equal(entry.config_path, "/etc/web.cfg");
	registry_entry_clear(&entry);
	assert_int_equal(registry_rename(directory, 3, other_uuid, "y", &report), -ENOENT);
	assert_string_equal(report.text, "domain 3 is not in the registry");
}

static void test_names(void **state)
{
	struct ctrl_domain_info list[4] = {{.domid = 0}, {.domid = 3}, {.domid = 4}, {.domid = 5}};
	struct registry_domain *domains;

	(void)state;
	memcpy(list[1].uuid, uuid, 16);
	memcpy(list[2].uuid, uuid, 16);
	memcpy(list[3].uuid, other_uuid, 16);
	write_entry(3, "web", NULL);
	write_entry(5, "stale", NULL);
	write_entry(0, "evil", NULL);
	write_entry(3, "before", NULL);
	write_entry(3, "web", NULL); /* one name at a time */
	assert_int_equal(registry_name_domains(directory, list, 4, &domains), 0);
	assert_string_equal(domains[0].name, "Domain-0");
	assert_string_equal(domains[1].name, "web");
	assert_string_equal(domains[2].name, "(none)");
	assert_string_equal(domains[3].name, "(none)");
	assert_ptr_equal(domains[2].info, &list[2]);
	registry_free_domains(domains, 4);
	assert_int_equal(registry_name_domains(directory, list, 0, &domains), 0);
	registry_free_domains(domains, 0);
}

static void test_find_name(void **state)
{
	struct ctrl_domain_info list[4] = {{.domid = 0}, {.domid = 3}, {.domid = 4}, {.domid = 70}};
	bool registered[4];
	size_t found;

	(void)state;
	for (size_t i = 1; i < 4; i++)
		memcpy(list[i].uuid, i == 2 ? other_uuid : uuid, 16);
	registry_find_name(directory, "web", list, 4, registered, &found); /* nothing there yet */
	assert_int_equal(found, 4);
	write_entry(3, "web", NULL);
	write_entry(4, "stale", NULL);
	registry_find_name(directory, "web", list, 4, registered, &found);
	assert_int_equal(found, 1);
	assert_true(!registered[0] && registered[1] && !registered[2] && !registered[3]);
	registry_find_name(directory, "stale", list, 4, registered, &found);
	assert_int_equal(found, 4);
	list[1].dying = true;
	registry_find_name(directory, "web", list, 4, registered, &found);
	assert_int_equal(found, 4);
	write_entry(70, "mail", NULL);
	registry_find_name(directory, "mail", list, 4, registered, &found);
	assert_int_equal(found, 3);
	assert_int_equal(registry_remove(directory, 70, uuid), 0);
	registry_find_name(directory, "mail", list, 4, registered, &found);
	assert_int_equal(found, 4);
	assert_false(registered[3]);
}

static void test_cannot_write(void **state)
{
	struct registry_entry entry = {.name = (char *)"x", .config = (char *)""};
	struct report report = {""};

	(void)state;
	assert_int_equal(registry_write("/dev/null/x", &entry, &report), -ENOTDIR);
	assert_string_equal(report.text, "cannot write /dev/null/x/0.json: Not a directory");
}

static const struct lock_wait at_once;

static void test_lock(void **state)
{
	struct report report = {""};
	int lock = registry_lock_name(directory, "web", &at_once, &report), other;
	char sentence[256];

	(void)state;
	assert_true(lock >= 0);
	assert_int_equal(registry_lock_name(directory, "web", &at_once, &report), -EBUSY);
	snprintf(sentence, sizeof(sentence),
		 "the name 'web' is being given to a guest by process %d (", (int)getpid());
	assert_int_equal(strncmp(report.text, sentence, strlen(sentence)), 0);
	other = registry_lock_name(directory, "mail", &at_once, &report);
	assert_true(other >= 0);
	registry_unlock_name(directory, "web", lock);
	lock = registry_lock_name(directory, "web", &at_once, &report);
	assert_true(lock >= 0);
	registry_unlock_name(directory, "web", lock);
	registry_unlock_name(directory, "mail", other);
	assert_int_equal(count_files(), 0);
}

/* A process that ends without unlocking leaves the name free. */
static void test_lock_of_dead_process(void **state)
{
	struct report report = {""};
	pid_t child;
	int status, lock;

	(void)state;
	child = fork();
	if (!child)
		_exit(registry_lock_name(directory, "web", &at_once, NULL) < 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	lock = registry_lock_name(directory, "web", &at_once, &report);
	assert_true(lock >= 0);
	registry_unlock_name(directory, "web", lock);
}

/* The note of a guest that is being made is about one domain: of its uuid, new, never started. */
static void test_note_of_making(void **state)
{
	struct ctrl_domain_info list[3] = {{.domid = 0}, {.domid = 3}, {.domid = 31}};
	struct ctrl_domain_info made = {.domid = 32, .paused = true};
	struct report report = {""};
	char *note;
	int lock;

	(void)state;
	memcpy(list[1].uuid, other_uuid, 16);
	memcpy(list[2].uuid, uuid, 16); /* kept beside its successor */
	memcpy(made.uuid, uuid, 16);
	lock = registry_lock_name(directory, "web", &at_once, &report);
	assert_int_equal(registry_note_making(lock, uuid, list, 3, &report), 0);
	note = lockfile_read(lock);
	assert_string_equal(note, "making " UUID_TEXT "\nbeside 31\n");
	assert_true(registry_was_making(note, &made));
	made.domid = 31;
	assert_false(registry_was_making(note, &made));
	made.domid = 3; /* not to be taken for 31 */
	assert_true(registry_was_making(note, &made));
	made.paused = false;
	assert_false(registry_was_making(note, &made));
	made.paused = true;
	made.cpu_time = 1; /* paused later */
	assert_false(registry_was_making(note, &made));
	made.cpu_time = 0;
	made.dying = true;
	assert_false(registry_was_making(note, &made));
	made.dying = false;
	memcpy(made.uuid, other_uuid, 16);
	assert_false(registry_was_making(note, &made));
	free(note);
	registry_unlock_name(directory, "web", lock);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_write_and_read),
		TEST(test_replace),
		TEST(test_stale),
		TEST(test_broken_files),
		TEST(test_path_not_utf8),
		TEST(test_rename),
		TEST(test_names),
		TEST(test_find_name),
		TEST(test_cannot_write),
		TEST(test_lock),
		TEST(test_lock_of_dead_process),
		TEST(test_note_of_making),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
