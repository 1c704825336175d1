/* SPDX-License-Identifier: ISC */
/* Many requests of the store that are gathered, sent together, and answered together. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

#define ATTEMPTS 64 /* of a transaction that others are in the way of */

/* A read: which message it is, and where its value goes. */
struct wish {
	size_t index;
	char **value;
};

struct ctrl_store_batch {
	struct ctrl_store *s;
	struct store_out out;
	struct wish *wishes;
	size_t nr_wishes;
	size_t next_wish; /* while answers come in, which is in order */
	int err;          /* the first failure of gathering, or of the answers */
	int gather_err;
	size_t failed; /* index of the message that failed */
	char base[XENSTORE_ABS_PATH_MAX + 1];
	char failed_path[64]; /* the beginning of the path that could not be gathered */
};

int ctrl_store_batch_new(struct ctrl_store *s, struct ctrl_store_batch **b)
{
	*b = calloc(1, sizeof(**b));
	if (!*b)
		return ctrl_fail_file(-ENOMEM, "gather requests for the store");
	(*b)->s = s;
	return 0;
}

void ctrl_store_batch_free(struct ctrl_store_batch *b)
{
	if (!b)
		return;
	free(b->out.data);
	free(b->wishes);
	free(b);
}

/* --- gathering --------------------------------------------------------------------------- */

static void cannot_gather(struct ctrl_store_batch *b, int err, const char *path)
{
	if (b->gather_err)
		return;
	b->gather_err = err;
	snprintf(b->failed_path, sizeof(b->failed_path), "%.*s", (int)sizeof(b->failed_path) - 1,
		 path);
}

void ctrl_store_batch_base(struct ctrl_store_batch *b, const char *format, ...)
{
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(b->base, sizeof(b->base), format, args);
	va_end(args);
	if (size < 0 || size >= (int)sizeof(b->base))
		cannot_gather(b, -ENAMETOOLONG, format);
}

/* The base, a slash where one is needed, and the path with its NUL: without a copy of them. */
static void add(struct ctrl_store_batch *b, uint32_t type, const char *path, const void *data,
		size_t size)
{
	bool below = path[0] != '/';
	const struct store_part parts[] = {
		{b->base, below ? strlen(b->base) : 0},
		{"/", below && path[0] && b->base[0]},
		STORE_STRING(path),
		{data, size},
	};
	int err = store_out_add(&b->out, type, 0, parts, ARRAY_SIZE(parts));

	if (err)
		cannot_gather(b, err, path);
}

void ctrl_store_batch_write(struct ctrl_store_batch *b, const char *path, const char *format, ...)
{
	char value[XENSTORE_PAYLOAD_MAX];
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	if (size < 0 || size >= (int)sizeof(value))
		cannot_gather(b, -E2BIG, path);
	else
		add(b, XS_WRITE, path, value, size);
}

void ctrl_store_batch_mkdir(struct ctrl_store_batch *b, const char *path)
{
	add(b, XS_MKDIR, path, NULL, 0);
}

void ctrl_store_batch_remove(struct ctrl_store_batch *b, const char *path)
{
	add(b, XS_RM, path, NULL, 0);
}

void ctrl_store_batch_perms(struct ctrl_store_batch *b, const char *path,
			    const struct ctrl_store_perm *perms, size_t nr)
{
	char text[CTRL_STORE_MAX_PERMS * STORE_PERM_MAX];

	if (!nr || nr > CTRL_STORE_MAX_PERMS)
		cannot_gather(b, -EINVAL, path);
	else
		add(b, XS_SET_PERMS, path, text, store_perms_to_text(perms, nr, text));
}

void ctrl_store_batch_read(struct ctrl_store_batch *b, const char *path, char **value)
{
	struct wish *wishes = realloc(b->wishes, (b->nr_wishes + 1) * sizeof(*wishes));

	*value = NULL;
	if (!wishes) {
		cannot_gather(b, -ENOMEM, path);
		return;
	}
	b->wishes = wishes;
	wishes[b->nr_wishes++] = (struct wish){b->out.count, value};
	add(b, XS_READ, path, NULL, 0);
}

/* --- running ----------------------------------------------------------------------------- */

static int keep_value(char **value, const struct store_answer *answer)
{
	*value = malloc(answer->size + 1);
	if (!*value)
		return -ENOMEM;
	memcpy(*value, answer->data, answer->size);
	(*value)[answer->size] = '\0';
	return 0;
}

/* What is not there needs no removing, and has no value to read. */
static int judge(struct ctrl_store_batch *b, size_t index, const struct store_answer *answer)
{
	struct wish *wish = b->wishes + b->next_wish;

	if (b->next_wish < b->nr_wishes && wish->index == index) {
		b->next_wish++;
		if (!answer->err)
			return keep_value(wish->value, answer);
		return answer->err == -ENOENT ? 0 : answer->err;
	}
	if (answer->err == -ENOENT && answer->type == XS_RM)
		return 0;
	return answer->err;
}

static void take(void *context, size_t index, const struct store_answer *answer)
{
	struct ctrl_store_batch *b = context;
	int err = judge(b, index, answer);

	if (err && !b->err) {
		b->err = err;
		b->failed = index;
	}
}

static void forget_values(struct ctrl_store_batch *b)
{
	for (size_t i = 0; i < b->nr_wishes; i++) {
		free(*b->wishes[i].value);
		*b->wishes[i].value = NULL;
	}
	b->next_wish = 0;
	b->err = 0;
}

static const char *verb_of(uint32_t type)
{
	static const char *const verbs[XS_TYPE_COUNT] = {
		[XS_READ] = "read",
		[XS_WRITE] = "write",
		[XS_MKDIR] = "make",
		[XS_RM] = "remove",
		[XS_SET_PERMS] = "set the permissions of",
	};

	return verbs[type];
}

static int fail_answer(const struct ctrl_store_batch *b)
{
	struct xsd_sockmsg header;
	size_t at = 0;

	for (size_t i = 0; i <= b->failed; i++) {
		at += i ? sizeof(header) + header.len : 0;
		memcpy(&header, b->out.data + at, sizeof(header));
	}
	return ctrl_fail_file(b->err, "%s %s in the store", verb_of(header.type),
			      b->out.data + at + sizeof(header));
}

/* Everything once, within a transaction or none. */
static int run_once(struct ctrl_store_batch *b, uint32_t tx)
{
	struct xsd_sockmsg header;
	int err;

	forget_values(b);
	for (size_t at = 0; at < b->out.size; at += sizeof(header) + header.len) {
		memcpy(&header, b->out.data + at, sizeof(header));
		header.tx_id = tx;
		memcpy(b->out.data + at, &header, sizeof(header));
	}
	err = store_exchange(b->s, &b->out, take, b);
	if (err)
		return err;
	return b->err ? fail_answer(b) : 0;
}

static int check_gathered(const struct ctrl_store_batch *b)
{
	if (!b->gather_err)
		return 0;
	return ctrl_fail_file(b->gather_err, "ask the store for %s", b->failed_path);
}

int ctrl_store_batch_run(struct ctrl_store_batch *b)
{
	int err = check_gathered(b);

	return err ? err : run_once(b, 0);
}

/* Leaves the sentence of what made it necessary. */
static int give_up(struct ctrl_store_batch *b, uint32_t tx, int err)
{
	ctrl_store_abort(b->s, tx);
	return b->err ? fail_answer(b) : err;
}

static int commit_once(struct ctrl_store_batch *b)
{
	uint32_t tx;
	int err = ctrl_store_begin(b->s, &tx);

	if (err)
		return err;
	err = run_once(b, tx);
	return err ? give_up(b, tx, err) : ctrl_store_commit(b->s, tx);
}

int ctrl_store_batch_commit(struct ctrl_store_batch *b)
{
	int err = check_gathered(b);

	if (err)
		return err;
	for (int i = 0; i < ATTEMPTS; i++) {
		err = commit_once(b);
		if (err != -EAGAIN)
			break;
	}
	return err;
}
