/* SPDX-License-Identifier: ISC */
/* File names: makes them absolute and creates missing directories. */
#ifndef TOOLS_COMMON_PATH_H
#define TOOLS_COMMON_PATH_H

/*
 * Returns name as an absolute path, relative to directory (NULL: the working directory) if it is
 * not absolute yet. The caller frees it. NULL: no memory, or no working directory.
 */
char *path_make_absolute(const char *directory, const char *name);

/*
 * Returns the directory part of a file name, "." if it has none. The caller frees it. NULL: no
 * memory.
 */
char *path_directory(const char *name);

/* Like mkdir -p with mode 0755. Returns 0 or a negative errno. */
int path_make_directories(const char *name);

#endif
