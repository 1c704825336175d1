/* SPDX-License-Identifier: ISC */
/* What is in a message: strings, paths, errors. */
#include "wire.h"

#include <errno.h>
#include <string.h>

static const struct {
	int error;
	const char *name;
} errors[] = {
	{EINVAL, "EINVAL"}, {EACCES, "EACCES"}, {EEXIST, "EEXIST"},       {EISDIR, "EISDIR"},
	{ENOENT, "ENOENT"}, {ENOMEM, "ENOMEM"}, {ENOSPC, "ENOSPC"},       {EIO, "EIO"},
	{ENOSYS, "ENOSYS"}, {EROFS, "EROFS"},   {ENOTEMPTY, "ENOTEMPTY"}, {EBUSY, "EBUSY"},
	{EAGAIN, "EAGAIN"}, {E2BIG, "E2BIG"},   {EISCONN, "EISCONN"},     {EPERM, "EPERM"},
};

const char *wire_error_name(int error)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].error == -error)
			return errors[i].name;
	return errors[0].name;
}

static const char *const type_names[XS_TYPE_COUNT] = {
	[XS_CONTROL] = "CONTROL",
	[XS_DIRECTORY] = "DIRECTORY",
	[XS_READ] = "READ",
	[XS_GET_PERMS] = "GET_PERMS",
	[XS_WATCH] = "WATCH",
	[XS_UNWATCH] = "UNWATCH",
	[XS_TRANSACTION_START] = "TRANSACTION_START",
	[XS_TRANSACTION_END] = "TRANSACTION_END",
	[XS_INTRODUCE] = "INTRODUCE",
	[XS_RELEASE] = "RELEASE",
	[XS_GET_DOMAIN_PATH] = "GET_DOMAIN_PATH",
	[XS_WRITE] = "WRITE",
	[XS_MKDIR] = "MKDIR",
	[XS_RM] = "RM",
	[XS_SET_PERMS] = "SET_PERMS",
	[XS_WATCH_EVENT] = "WATCH_EVENT",
	[XS_ERROR] = "ERROR",
	[XS_IS_DOMAIN_INTRODUCED] = "IS_DOMAIN_INTRODUCED",
	[XS_RESUME] = "RESUME",
	[XS_SET_TARGET] = "SET_TARGET",
	[XS_RESET_WATCHES] = "RESET_WATCHES",
	[XS_DIRECTORY_PART] = "DIRECTORY_PART",
};

const char *wire_type_name(uint32_t type)
{
	return type < XS_TYPE_COUNT && type_names[type] ? type_names[type] : "?";
}

size_t wire_strings(const char *data, size_t len, const char **strings, size_t max)
{
	const char *end = data + len;
	size_t count = 0;

	while (data < end) {
		const char *nul = memchr(data, '\0', (size_t)(end - data));

		if (!nul)
			break;
		if (count < max)
			strings[count] = data;
		count++;
		data = nul + 1;
	}
	return count;
}

/* What a path may be made of: no slash follows another. */
enum { OF_NAMES = 1, SLASH };
#define NAME_CHARS                                          \
	['a' ... 'z'] = OF_NAMES, ['A' ... 'Z'] = OF_NAMES, \
		 ['0' ... '9'] = OF_NAMES, ['-'] = OF_NAMES, ['_'] = OF_NAMES, ['@'] = OF_NAMES
static const uint8_t behind[][256] = {
	[OF_NAMES] = {NAME_CHARS, ['/'] = SLASH},
	[SLASH] = {NAME_CHARS},
};

/* Fills in length and hash: false when the text is no path. */
static bool measure(struct path *path)
{
	const uint8_t *allowed = behind[OF_NAMES];
	const char *at = path->text;
	uint32_t hash = PATH_HASH;
	unsigned kind;

	for (; (kind = allowed[(unsigned char)*at]) != 0; allowed = behind[kind])
		hash = path_hash(hash, at++, 1);
	path->hash = hash;
	path->len = (uint32_t)(at - path->text);
	return !*at && path->len && (allowed != behind[SLASH] || path->len == 1);
}

/* "/local/domain/N/": how long it is at the beginning of the path, and 0 when it is not there. A
 * domain's paths are as long as their part behind it. */
static size_t home_len(const char *path)
{
	static const char prefix[] = "/local/domain/";
	size_t len = sizeof(prefix) - 1, digits;

	if (strncmp(path, prefix, len) != 0)
		return 0;
	digits = strspn(path + len, "0123456789");
	return digits && digits <= 5 && path[len + digits] == '/' ? len + digits + 1 : 0;
}

int wire_path(const char *text, size_t len, const char *home, size_t path_max, bool special,
	      struct path *path, bool *relative)
{
	size_t prefix = 0;

	if (*text == '@' && !special)
		return -EINVAL;
	*relative = *text != '/' && *text != '@';
	if (*relative)
		prefix = strlen(home) + 1;
	if (prefix + len >= sizeof(path->text))
		return -EINVAL;
	if (*relative) {
		memcpy(path->text, home, prefix - 1);
		path->text[prefix - 1] = '/';
	}
	memcpy(path->text + prefix, text, len + 1);
	if (!measure(path))
		return -EINVAL;
	if (path->len > path_max && path->len > home_len(path->text) + path_max)
		return -EINVAL;
	return 0;
}
