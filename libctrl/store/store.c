/* SPDX-License-Identifier: ISC */
/* What can be asked of the store: a function for each request of the xenstore protocol. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

#define ARGUMENT_MAX  24 /* bytes of a number as text, with its NUL */
#define LIST_ATTEMPTS 16 /* at a long list that others change meanwhile */

/* --- one request, one answer ------------------------------------------------------------- */

/* What comes back: a copy, as the receive buffer is reused; a NUL is behind it. */
struct reply {
	int err;
	bool wanted; /* the payload is to be copied into data */
	char *data;
	size_t size;
};

static void take_reply(void *context, size_t index, const struct store_answer *answer)
{
	struct reply *reply = context;

	(void)index;
	reply->err = answer->err;
	if (answer->err || !reply->wanted)
		return;
	reply->data = malloc(answer->size + 1);
	if (!reply->data) {
		reply->err = -ENOMEM;
		return;
	}
	memcpy(reply->data, answer->data, answer->size);
	reply->data[answer->size] = '\0';
	reply->size = answer->size;
}

/*
 * Asks and waits. 0 or a negative errno; *said tells whether it came from the daemon (and is
 * without a sentence yet) or from the connection.
 */
static int ask(struct ctrl_store *s, uint32_t type, uint32_t tx, const struct store_part *parts,
	       size_t nr, struct reply *reply, bool *said)
{
	struct store_out out = {0};
	int err = store_out_add(&out, type, tx, parts, nr);

	*said = true;
	if (!err) {
		err = store_exchange(s, &out, take_reply, reply);
		*said = !err;
		if (!err)
			err = reply->err;
	}
	free(out.data);
	if (err && !*said)
		free(reply->data);
	return err;
}

/* For a request about one path; verb is of the sentence: "cannot <verb> <path> in the store". */
static int ask_path(struct ctrl_store *s, uint32_t type, uint32_t tx, const char *verb,
		    const struct store_part *parts, size_t nr, struct reply *reply)
{
	bool said;
	int err = ask(s, type, tx, parts, nr, reply, &said);

	if (err && said)
		ctrl_fail_file(err, "%s %s in the store", verb, (const char *)parts[0].data);
	return err;
}

/* For a request about a domain. */
static int ask_domain(struct ctrl_store *s, uint32_t type, uint32_t domid, const char *what,
		      const struct store_part *parts, size_t nr, struct reply *reply)
{
	bool said;
	int err = ask(s, type, 0, parts, nr, reply, &said);

	if (err && said)
		ctrl_fail_file(err, "%s domain %" PRIu32 " (asked of the store daemon)", what,
			       domid);
	return err;
}

static struct store_part number_part(char text[ARGUMENT_MAX], uint64_t number)
{
	snprintf(text, ARGUMENT_MAX, "%" PRIu64, number);
	return STORE_STRING(text);
}

/* --- transactions ------------------------------------------------------------------------ */

int ctrl_store_begin(struct ctrl_store *s, uint32_t *tx)
{
	struct reply reply = {.wanted = true};
	bool said;
	int err = ask(s, XS_TRANSACTION_START, 0, &STORE_STRING(""), 1, &reply, &said);

	if (err && said)
		ctrl_fail_file(err, "begin a transaction of the store");
	if (err)
		return err;
	*tx = strtoul(reply.data, NULL, 10);
	free(reply.data);
	if (!*tx)
		return ctrl_fail(-EBADMSG, "the store daemon gave a transaction no number");
	return 0;
}

static int end(struct ctrl_store *s, uint32_t tx, const char *how, const char *what)
{
	struct reply reply = {0};
	bool said;
	int err = ask(s, XS_TRANSACTION_END, tx, &STORE_STRING(how), 1, &reply, &said);

	if (err == -EAGAIN && said)
		return ctrl_fail(err, "cannot commit a transaction of the store: others have "
				      "changed what it looked at; try again");
	if (err && said)
		return ctrl_fail_file(err, "%s a transaction of the store", what);
	return err;
}

int ctrl_store_commit(struct ctrl_store *s, uint32_t tx)
{
	return end(s, tx, "T", "commit");
}

int ctrl_store_abort(struct ctrl_store *s, uint32_t tx)
{
	return end(s, tx, "F", "abort");
}

/* --- nodes ------------------------------------------------------------------------------- */

int ctrl_store_read(struct ctrl_store *s, uint32_t tx, const char *path, char **value, size_t *size)
{
	struct reply reply = {.wanted = true};
	int err = ask_path(s, XS_READ, tx, "read", &STORE_STRING(path), 1, &reply);

	if (err)
		return err;
	*value = reply.data;
	if (size)
		*size = reply.size;
	return 0;
}

int ctrl_store_write(struct ctrl_store *s, uint32_t tx, const char *path, const void *value,
		     size_t size)
{
	const struct store_part parts[] = {STORE_STRING(path), {value, size}};

	return ask_path(s, XS_WRITE, tx, "write", parts, 2, &(struct reply){0});
}

int ctrl_store_printf(struct ctrl_store *s, uint32_t tx, const char *path, const char *format, ...)
{
	va_list args;
	char *text;
	int size, err;

	va_start(args, format);
	size = vasprintf(&text, format, args);
	va_end(args);
	if (size < 0)
		return ctrl_fail_file(-ENOMEM, "write %s in the store", path);
	err = ctrl_store_write(s, tx, path, text, size);
	free(text);
	return err;
}

int ctrl_store_mkdir(struct ctrl_store *s, uint32_t tx, const char *path)
{
	return ask_path(s, XS_MKDIR, tx, "make", &STORE_STRING(path), 1, &(struct reply){0});
}

int ctrl_store_remove(struct ctrl_store *s, uint32_t tx, const char *path)
{
	int err = ask_path(s, XS_RM, tx, "remove", &STORE_STRING(path), 1, &(struct reply){0});

	return err == -ENOENT ? 0 : err;
}

/* --- lists ------------------------------------------------------------------------------- */

/* Names as they come, each with its NUL, from one answer or several. */
struct names {
	char *data;
	size_t size;
};

/* Pointers in front, the names behind them: one thing to free. */
static int names_to_list(const struct names *names, char ***list)
{
	size_t count = 0, i = 0;
	char *text, **pointers;

	for (size_t at = 0; at < names->size; at++)
		count += !names->data[at];
	pointers = malloc((count + 1) * sizeof(*pointers) + names->size);
	if (!pointers)
		return -ENOMEM;
	text = (char *)(pointers + count + 1);
	if (names->size)
		memcpy(text, names->data, names->size);
	for (; i < count; i++, text += strlen(text) + 1)
		pointers[i] = text;
	pointers[count] = NULL;
	*list = pointers;
	return count;
}

static int add_names(struct names *names, const char *data, size_t size)
{
	char *bigger = realloc(names->data, names->size + size + 1);

	if (!bigger)
		return -ENOMEM;
	memcpy(bigger + names->size, data, size);
	names->data = bigger;
	names->size += size;
	return 0;
}

/* One part of a list: the list's generation, names, and an empty name at the very end. */
struct part {
	char generation[ARGUMENT_MAX];
	bool last;
};

static int add_part(struct names *names, struct part *part, const char *data, size_t size)
{
	size_t skip = strnlen(data, size) + 1;

	if (skip > size || skip > sizeof(part->generation))
		return -EBADMSG;
	memcpy(part->generation, data, skip);
	data += skip;
	size -= skip;
	part->last = size && !data[size - 1] && (size == 1 || !data[size - 2]);
	if (part->last)
		size--;
	if (!size && !part->last)
		return -EBADMSG;
	return add_names(names, data, size);
}

static int get_part(struct ctrl_store *s, uint32_t tx, const char *path, struct names *names,
		    struct part *part)
{
	char offset[ARGUMENT_MAX];
	const struct store_part parts[] = {STORE_STRING(path), number_part(offset, names->size)};
	struct reply reply = {.wanted = true};
	int err = ask_path(s, XS_DIRECTORY_PART, tx, "list", parts, 2, &reply);

	if (err)
		return err;
	err = add_part(names, part, reply.data, reply.size);
	free(reply.data);
	return err ? ctrl_fail_file(err, "list %s in the store", path) : 0;
}

/* A whole list of one generation. 0, -EAGAIN when it changed in between, or another errno. */
static int list_once(struct ctrl_store *s, uint32_t tx, const char *path, struct names *names)
{
	struct part first = {0}, part;
	int err;

	names->size = 0;
	do {
		err = get_part(s, tx, path, names, &part);
		if (err)
			return err;
		if (!first.generation[0])
			first = part;
		if (strcmp(first.generation, part.generation))
			return ctrl_fail(-EAGAIN,
					 "cannot list %s in the store: it changes all the time",
					 path);
	} while (!part.last);
	return 0;
}

/* A list that does not fit into one message. */
static int list_in_parts(struct ctrl_store *s, uint32_t tx, const char *path, struct names *names)
{
	int err = -EAGAIN;

	for (int i = 0; i < LIST_ATTEMPTS && err == -EAGAIN; i++)
		err = list_once(s, tx, path, names);
	return err;
}

int ctrl_store_list(struct ctrl_store *s, uint32_t tx, const char *path, char ***list)
{
	const struct store_part parts[] = {STORE_STRING(path)};
	struct reply reply = {.wanted = true};
	struct names names = {0};
	bool said;
	int ret = ask(s, XS_DIRECTORY, tx, parts, 1, &reply, &said);

	if (!ret) {
		names = (struct names){reply.data, reply.size};
	} else if (ret == -E2BIG && said) {
		ret = list_in_parts(s, tx, path, &names);
		said = false;
	}
	if (!ret) {
		ret = names_to_list(&names, list);
		said = true;
	}
	free(names.data);
	if (ret < 0 && said)
		ctrl_fail_file(ret, "list %s in the store", path);
	return ret;
}

/* --- permissions ------------------------------------------------------------------------- */

static const char perm_letters[] = {
	[CTRL_STORE_NONE] = 'n',
	[CTRL_STORE_READ] = 'r',
	[CTRL_STORE_WRITE] = 'w',
	[CTRL_STORE_READ | CTRL_STORE_WRITE] = 'b',
};

size_t store_perms_to_text(const struct ctrl_store_perm *perms, size_t nr, char *text)
{
	size_t size = 0;

	for (size_t i = 0; i < nr; i++)
		size += 1 + sprintf(text + size, "%c%" PRIu32, perm_letters[perms[i].access & 3],
				    perms[i].domid);
	return size;
}

int ctrl_store_set_perms(struct ctrl_store *s, uint32_t tx, const char *path,
			 const struct ctrl_store_perm *perms, size_t nr)
{
	char text[CTRL_STORE_MAX_PERMS * STORE_PERM_MAX];
	struct store_part parts[] = {STORE_STRING(path), {text, 0}};

	if (!nr || nr > CTRL_STORE_MAX_PERMS)
		return ctrl_fail_file(-EINVAL, "give %s in the store %zu permissions", path, nr);
	parts[1].size = store_perms_to_text(perms, nr, text);
	return ask_path(s, XS_SET_PERMS, tx, "set the permissions of", parts, 2,
			&(struct reply){0});
}

static int text_to_perm(const char *text, struct ctrl_store_perm *perm)
{
	const char *letter = text[0] ? memchr(perm_letters, text[0], sizeof(perm_letters)) : NULL;
	char *rest;

	if (!letter)
		return -EBADMSG;
	perm->access = letter - perm_letters;
	perm->domid = strtoul(text + 1, &rest, 10);
	return rest == text + 1 || *rest ? -EBADMSG : 0;
}

static int text_to_perms(const struct names *names, struct ctrl_store_perm **perms)
{
	char **list;
	int count = names_to_list(names, &list), err = 0;

	if (count < 0)
		return count;
	*perms = calloc(count + 1, sizeof(**perms));
	if (!*perms)
		err = -ENOMEM;
	for (int i = 0; i < count && !err; i++)
		err = text_to_perm(list[i], &(*perms)[i]);
	free(list);
	if (err)
		free(*perms);
	return err ? err : count;
}

int ctrl_store_get_perms(struct ctrl_store *s, uint32_t tx, const char *path,
			 struct ctrl_store_perm **perms)
{
	struct reply reply = {.wanted = true};
	int ret = ask_path(s, XS_GET_PERMS, tx, "read the permissions of", &STORE_STRING(path), 1,
			   &reply);

	if (ret)
		return ret;
	ret = text_to_perms(&(struct names){reply.data, reply.size}, perms);
	free(reply.data);
	if (ret < 0)
		ctrl_fail_file(ret, "read the permissions of %s in the store", path);
	return ret;
}

/* --- domains ----------------------------------------------------------------------------- */

int ctrl_store_introduce(struct ctrl_store *s, uint32_t domid, uint64_t gfn, uint32_t port)
{
	char text[3][ARGUMENT_MAX];
	const struct store_part parts[] = {
		number_part(text[0], domid),
		number_part(text[1], gfn),
		number_part(text[2], port),
	};

	return ask_domain(s, XS_INTRODUCE, domid, "introduce", parts, 3, &(struct reply){0});
}

static int ask_by_number(struct ctrl_store *s, uint32_t type, uint32_t domid, const char *what,
			 struct reply *reply)
{
	char text[ARGUMENT_MAX];
	const struct store_part part = number_part(text, domid);

	return ask_domain(s, type, domid, what, &part, 1, reply);
}

int ctrl_store_release(struct ctrl_store *s, uint32_t domid)
{
	return ask_by_number(s, XS_RELEASE, domid, "release", &(struct reply){0});
}

int ctrl_store_resume(struct ctrl_store *s, uint32_t domid)
{
	return ask_by_number(s, XS_RESUME, domid, "resume", &(struct reply){0});
}

int ctrl_store_is_introduced(struct ctrl_store *s, uint32_t domid)
{
	struct reply reply = {.wanted = true};
	int ret = ask_by_number(s, XS_IS_DOMAIN_INTRODUCED, domid, "look for", &reply);

	if (ret)
		return ret;
	ret = reply.data[0] == 'T';
	free(reply.data);
	return ret;
}

int ctrl_store_get_domain_path(struct ctrl_store *s, uint32_t domid, char **path)
{
	struct reply reply = {.wanted = true};
	int err = ask_by_number(s, XS_GET_DOMAIN_PATH, domid, "find the path of", &reply);

	if (!err)
		*path = reply.data;
	return err;
}

int ctrl_store_set_target(struct ctrl_store *s, uint32_t domid, uint32_t target)
{
	char text[2][ARGUMENT_MAX];
	const struct store_part parts[] = {number_part(text[0], domid),
					   number_part(text[1], target)};

	return ask_domain(s, XS_SET_TARGET, domid, "set the target of", parts, 2,
			  &(struct reply){0});
}

/* --- watches, and the daemon itself ------------------------------------------------------ */

int ctrl_store_watch(struct ctrl_store *s, const char *path, const char *token)
{
	const struct store_part parts[] = {STORE_STRING(path), STORE_STRING(token)};

	return ask_path(s, XS_WATCH, 0, "watch", parts, 2, &(struct reply){0});
}

int ctrl_store_watch_depth(struct ctrl_store *s, const char *path, const char *token,
			   unsigned int depth)
{
	struct store_part parts[] = {STORE_STRING(path), STORE_STRING(token), {0}};
	char digits[16];

	snprintf(digits, sizeof(digits), "%u", depth);
	parts[2] = (struct store_part)STORE_STRING(digits);
	return ask_path(s, XS_WATCH, 0, "watch", parts, 3, &(struct reply){0});
}

int ctrl_store_unwatch(struct ctrl_store *s, const char *path, const char *token)
{
	const struct store_part parts[] = {STORE_STRING(path), STORE_STRING(token)};

	return ask_path(s, XS_UNWATCH, 0, "stop watching", parts, 2, &(struct reply){0});
}

#define MAX_WORDS 8

int ctrl_store_control(struct ctrl_store *s, const char *const *words, size_t nr, char **answer)
{
	struct store_part parts[MAX_WORDS];
	struct reply reply = {.wanted = true};
	bool said;
	int err;

	if (!nr || nr > MAX_WORDS)
		return ctrl_fail(-EINVAL, "the store daemon takes 1 to %d words, not %zu",
				 MAX_WORDS, nr);
	for (size_t i = 0; i < nr; i++)
		parts[i] = STORE_STRING(words[i]);
	err = ask(s, XS_CONTROL, 0, parts, nr, &reply, &said);
	if (err && said)
		ctrl_fail_file(err, "have the store daemon do '%s'", words[0]);
	if (!err)
		*answer = reply.data;
	return err;
}
