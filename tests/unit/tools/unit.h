/* SPDX-License-Identifier: ISC */
/* cmocka with the headers that it wants before it. */
#ifndef TESTS_UNIT_TOOLS_UNIT_H
#define TESTS_UNIT_TOOLS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
