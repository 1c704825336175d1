/* SPDX-License-Identifier: ISC */
/* What unit tests share: cmocka with the headers that it wants before it, folders, texts. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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

/* The text has these words in it. A failure prints both. */
#define assert_contains(text, words) unit_find_words(text, words, __FILE__, __LINE__)

static inline void unit_find_words(const char *text, const char *words, const char *file, int line)
{
	if (text && strstr(text, words))
		return;
	print_error("\"%s\" is not in: %s\n", words, text ? text : "(nothing)");
	_fail(file, line);
}

#endif
