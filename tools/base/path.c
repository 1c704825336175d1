/* SPDX-License-Identifier: ISC */
/* File names: makes them absolute and creates missing directories. */
#include "path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *join(const char *directory, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

char *path_make_absolute(const char *directory, const char *name)
{
	char *base, *path;

	if (*name == '/')
		return strdup(name);
	if (directory && *directory == '/')
		return join(directory, name);
	base = getcwd(NULL, 0);
	if (!base || !directory || !strcmp(directory, ".")) {
		path = base ? join(base, name) : NULL;
		free(base);
		return path;
	}
	path = join(base, directory);
	free(base);
	base = path;
	path = base ? join(base, name) : NULL;
	free(base);
	return path;
}

char *path_directory(const char *name)
{
	const char *slash = strrchr(name, '/');

	if (!slash)
		return strdup(".");
	return slash == name ? strdup("/") : strndup(name, (size_t)(slash - name));
}

int path_make_directories(const char *name)
{
	char *path = strdup(name), *slash;
	int err = 0;

	if (!path)
		return -ENOMEM;
	for (slash = strchr(path + 1, '/'); slash && !err; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			err = -errno;
		*slash = '/';
	}
	if (!err && mkdir(path, 0755) && errno != EEXIST)
		err = -errno;
	free(path);
	return err;
}
