/* SPDX-License-Identifier: ISC */
/* cmocka with the headers that it wants before it, and a folder for a test's files. */
#ifndef TESTS_UNIT_CONSOLE_UNIT_H
#define TESTS_UNIT_CONSOLE_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A fresh folder; the caller's to free. What is in it is removed by remove_folder(). */
static inline char *make_folder(void)
{
	char path[] = "/tmp/plinth-test-XXXXXX";

	assert_non_null(mkdtemp(path));
	return strdup(path);
}

static inline void remove_folder(char *path)
{
	char command[PATH_MAX + 16];

	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	assert_int_equal(system(command), 0);
	free(path);
}

#endif
