/* SPDX-License-Identifier: ISC */
/* Included before everything in test_lib: the hypervisor's C library gets names of its own beside
 * this machine's. */
#ifndef TESTS_UNIT_HYPERVISOR_LIB_NAMES_H
#define TESTS_UNIT_HYPERVISOR_LIB_NAMES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define memcpy    hyp_memcpy
#define memmove   hyp_memmove
#define memset    hyp_memset
#define memcmp    hyp_memcmp
#define memchr    hyp_memchr
#define strlen    hyp_strlen
#define strnlen   hyp_strnlen
#define strcmp    hyp_strcmp
#define strchr    hyp_strchr
#define strrchr   hyp_strrchr
#define snprintf  hyp_snprintf
#define vsnprintf hyp_vsnprintf

#endif
