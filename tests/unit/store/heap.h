/* SPDX-License-Identifier: ISC */
/* How much memory the test's process has allocated. */
#ifndef TESTS_UNIT_STORE_HEAP_H
#define TESTS_UNIT_STORE_HEAP_H

#include <stddef.h>

size_t heap_bytes(void); /* that are allocated now */
size_t heap_calls(void); /* of malloc() and its like, so far */

#endif
