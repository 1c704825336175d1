/* SPDX-License-Identifier: ISC */
/* The registry's index of names: kept by registry.c, read by registry_name_domains(). */
#ifndef TOOLS_COMMON_REGISTRY_NAMES_H
#define TOOLS_COMMON_REGISTRY_NAMES_H

#include <stdint.h>

/* The domain's name from now on; NULL: none any more, if the one that is there is its. 0 or a negative errno. */
int registry_names_set(const char *directory, uint32_t domid, const uint8_t uuid[16],
		       const char *name);

#endif
