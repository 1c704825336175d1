/* SPDX-License-Identifier: ISC */
/* The ways in which `vmctl list` prints domains. */
#ifndef TOOLS_VMCTL_LIST_FORMATS_H
#define TOOLS_VMCTL_LIST_FORMATS_H

#include <stddef.h>

struct registry_domain;

struct list_format {
	void (*print)(const struct registry_domain *domains, size_t count);
};

extern const struct list_format list_format_short, list_format_long, list_format_json;

#endif
