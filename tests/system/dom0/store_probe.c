/* SPDX-License-Identifier: ISC */
/* Tries every request of libctrl's store client on the daemon that runs, from dom0 or a guest. */
#include <errno.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOP "/local/probe"

/* What a check expects, and where it stands. */
#define CHECK(condition)                                       \
	do {                                                   \
		if (!(condition))                              \
			return complain(__LINE__, #condition); \
	} while (0)

static int complain(int line, const char *what)
{
	fprintf(stderr, "store-probe: line %d: not so: %s (%s)\n", line, what, ctrl_error());
	return -1;
}

static int check_nodes(struct ctrl_store *s)
{
	char **names, *value;
	size_t size;

	CHECK(ctrl_store_remove(s, 0, TOP) == 0);
	CHECK(ctrl_store_read(s, 0, TOP "/a", &value, &size) == -ENOENT);
	CHECK(ctrl_store_write(s, 0, TOP "/a/b", "one\0two", 7) == 0);
	CHECK(ctrl_store_read(s, 0, TOP "/a/b", &value, &size) == 0);
	CHECK(size == 7 && !memcmp(value, "one\0two", 8));
	free(value);
	CHECK(ctrl_store_printf(s, 0, TOP "/a/c", "%d", 42) == 0);
	CHECK(ctrl_store_mkdir(s, 0, TOP "/a/d") == 0);
	CHECK(ctrl_store_list(s, 0, TOP "/a", &names) == 3);
	free(names);
	CHECK(ctrl_store_list(s, 0, TOP "/a/d", &names) == 0);
	free(names);
	CHECK(ctrl_store_remove(s, 0, TOP "/a") == 0);
	CHECK(ctrl_store_list(s, 0, TOP "/a", &names) == -ENOENT);
	return 0;
}

static int check_long_list(struct ctrl_store *s)
{
	struct ctrl_store_batch *b;
	char **names, path[64];
	int count;

	CHECK(ctrl_store_batch_new(s, &b) == 0);
	ctrl_store_batch_base(b, "%s", TOP "/many");
	for (int i = 0; i < 400; i++) {
		snprintf(path, sizeof(path), "a-rather-long-name-%03d", i);
		ctrl_store_batch_write(b, path, "%d", i);
	}
	CHECK(ctrl_store_batch_commit(b) == 0);
	ctrl_store_batch_free(b);
	count = ctrl_store_list(s, 0, TOP "/many", &names);
	CHECK(count == 400 && !strncmp(names[399], "a-rather-long-name-", 19));
	free(names);
	CHECK(ctrl_store_remove(s, 0, TOP "/many") == 0);
	return 0;
}

static int check_perms(struct ctrl_store *s)
{
	/* a daemon may drop what is for a domain that does not exist */
	const struct ctrl_store_perm perms[] = {{0, CTRL_STORE_READ}};
	struct ctrl_store_perm *got;

	CHECK(ctrl_store_mkdir(s, 0, TOP "/perms") == 0);
	CHECK(ctrl_store_set_perms(s, 0, TOP "/perms", perms, 1) == 0);
	CHECK(ctrl_store_get_perms(s, 0, TOP "/perms", &got) == 1);
	CHECK(!memcmp(got, perms, sizeof(perms)));
	free(got);
	return 0;
}

static int check_transactions(struct ctrl_store *s)
{
	struct ctrl_store *other;
	char *value;
	uint32_t tx;

	CHECK(ctrl_store_open(&other) == 0);
	CHECK(ctrl_store_begin(s, &tx) == 0);
	CHECK(ctrl_store_printf(s, tx, TOP "/t", "1") == 0);
	CHECK(ctrl_store_read(other, 0, TOP "/t", &value, NULL) == -ENOENT);
	CHECK(ctrl_store_commit(s, tx) == 0);
	CHECK(ctrl_store_read(other, 0, TOP "/t", &value, NULL) == 0);
	free(value);
	CHECK(ctrl_store_begin(s, &tx) == 0);
	CHECK(ctrl_store_read(s, tx, TOP "/t", &value, NULL) == 0);
	free(value);
	CHECK(ctrl_store_printf(other, 0, TOP "/t", "2") == 0);
	CHECK(ctrl_store_printf(s, tx, TOP "/t", "3") == 0);
	CHECK(ctrl_store_commit(s, tx) == -EAGAIN);
	CHECK(ctrl_store_begin(s, &tx) == 0);
	CHECK(ctrl_store_abort(s, tx) == 0);
	ctrl_store_close(other);
	return 0;
}

static int next_is(struct ctrl_store *s, const char *path, const char *token)
{
	struct ctrl_store_event event;
	int same;

	if (ctrl_store_next_event(s, 20000, &event))
		return 0;
	same = !strcmp(event.path, path) && !strcmp(event.token, token);
	if (!same)
		fprintf(stderr, "store-probe: an event %s %s\n", event.path, event.token);
	free(event.path);
	return same;
}

static int check_watches(struct ctrl_store *s)
{
	struct ctrl_store_event event;

	CHECK(ctrl_store_watch(s, TOP "/w", "token") == 0);
	CHECK(next_is(s, TOP "/w", "token"));
	CHECK(ctrl_store_printf(s, 0, TOP "/w/x", "1") == 0);
	CHECK(next_is(s, TOP "/w/x", "token"));
	CHECK(ctrl_store_unwatch(s, TOP "/w", "token") == 0);
	CHECK(ctrl_store_unwatch(s, TOP "/w", "token") == -ENOENT);
	CHECK(ctrl_store_printf(s, 0, TOP "/w/x", "2") == 0);
	CHECK(ctrl_store_next_event(s, 100, &event) == -EAGAIN);
	return 0;
}

static int check_batches(struct ctrl_store *s)
{
	const struct ctrl_store_perm perms[] = {{0, CTRL_STORE_NONE}, {1, CTRL_STORE_READ}};
	struct ctrl_store_batch *b;
	char *there, *missing;

	CHECK(ctrl_store_batch_new(s, &b) == 0);
	ctrl_store_batch_base(b, "%s", TOP "/batch");
	ctrl_store_batch_mkdir(b, "");
	ctrl_store_batch_perms(b, "", perms, 2);
	ctrl_store_batch_write(b, "below", "%d", 5);
	ctrl_store_batch_remove(b, "/nowhere/at/all");
	ctrl_store_batch_read(b, "below", &there);
	ctrl_store_batch_read(b, "missing", &missing);
	CHECK(ctrl_store_batch_commit(b) == 0);
	CHECK(there && !strcmp(there, "5") && !missing);
	free(there);
	ctrl_store_batch_free(b);
	return 0;
}

static int check_domains(struct ctrl_store *s)
{
	static const char *const words[] = {"help"};
	char *text;

	CHECK(ctrl_store_get_domain_path(s, 12, &text) == 0);
	CHECK(!strcmp(text, "/local/domain/12"));
	free(text);
	CHECK(ctrl_store_is_introduced(s, 0) == 1);
	CHECK(ctrl_store_is_introduced(s, 1234) == 0);
	CHECK(ctrl_store_release(s, 1234) < 0);
	CHECK(ctrl_store_control(s, words, 1, &text) == 0);
	CHECK(strstr(text, "print"));
	free(text);
	return 0;
}

static int (*const checks[])(struct ctrl_store *s) = {
	check_nodes,   check_long_list, check_perms,   check_transactions,
	check_watches, check_batches,   check_domains,
};

/* --- a guest that lies wherever it can --- */

#define DEEPEST 6

static const char *const lies[] = {
	"",
	"0",
	"1",
	"6",
	"-1",
	"4294967296",
	"99999999999999999999",
	"../../0/name",
	"/local/domain/0/backend/vbd/0/51712",
	"/etc/passwd",
	"\033[6n\n\x9b\xc2\x9b",
	"%s%n",
};

/* What a guest may write below its home, and what is in its devices. */
static const char *const homes[] = {
	"attr",
	"control/feature-poweroff",
	"control/feature-suspend",
	"data",
	"device",
	"drivers",
	"error",
	"feature",
};

static unsigned int some(unsigned int count)
{
	return (unsigned int)rand() % count;
}

static void lie(struct ctrl_store *s, const char *path)
{
	char below[512];

	if (!some(8))
		ctrl_store_remove(s, 0, path);
	else
		ctrl_store_printf(s, 0, path, "%s", lies[some(sizeof(lies) / sizeof(lies[0]))]);
	if (some(8))
		return;
	snprintf(below, sizeof(below), "%s/%u", path, some(4));
	ctrl_store_mkdir(s, 0, below);
}

static void lie_below(struct ctrl_store *s, const char *path, int depth)
{
	char **names, child[256];
	int count = depth < DEEPEST ? ctrl_store_list(s, 0, path, &names) : -1;

	for (int i = 0; i < count; i++) {
		if (snprintf(child, sizeof(child), "%s/%s", path, names[i]) < (int)sizeof(child))
			lie_below(s, child, depth + 1);
	}
	if (count >= 0)
		free(names);
	lie(s, path);
}

static void __attribute__((noreturn)) rewrite(struct ctrl_store *s)
{
	printf("lying-%d\n", 40 + 2);
	fflush(stdout);
	for (;;)
		for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++)
			lie_below(s, homes[i], 0);
}

/* Without an argument the checks; with "rewrite", in a guest, lies without end. */
int main(int argc, char **argv)
{
	struct ctrl_store *s;
	int wrong = 0;

	if (ctrl_store_open(&s)) {
		fprintf(stderr, "store-probe: %s\n", ctrl_error());
		return 2;
	}
	if (argc > 1 && !strcmp(argv[1], "rewrite"))
		rewrite(s);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		wrong += !!checks[i](s);
	ctrl_store_remove(s, 0, TOP);
	ctrl_store_close(s);
	printf("%zu of %zu kinds of requests work\n", sizeof(checks) / sizeof(checks[0]) - wrong,
	       sizeof(checks) / sizeof(checks[0]));
	return wrong != 0;
}
