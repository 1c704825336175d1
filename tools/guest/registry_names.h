/* SPDX-License-Identifier: ISC */
/* The registry's index of names, written by registry.c and read by registry_name_domains(). */
#ifndef TOOLS_COMMON_REGISTRY_NAMES_H
#define TOOLS_COMMON_REGISTRY_NAMES_H

#include <stdint.h>

/*
 * Sets the domain's name. NULL removes the name if the record has this UUID. Returns 0 or a
 * negative errno.
 */
int registry_names_set(const char *directory, uint32_t domid, const uint8_t uuid[16],
		       const char *name);

#endif
