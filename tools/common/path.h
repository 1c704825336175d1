/* SPDX-License-Identifier: ISC */
/* File names: absolute ones, and directories made when missing. */
#ifndef TOOLS_COMMON_PATH_H
#define TOOLS_COMMON_PATH_H

/*
 * name, taken as relative to directory (NULL: the working directory) unless it is absolute. To be
 * freed; NULL: no memory, or no working directory.
 */
char *path_make_absolute(const char *directory, const char *name);

/* The directory part of a file name, "." where it has none. To be freed; NULL: no memory. */
char *path_directory(const char *name);

/* mkdir -p with mode 0755. 0 or a negative errno. */
int path_make_directories(const char *name);

#endif
