/* SPDX-License-Identifier: ISC */
/* The ways in which `vmctl list` prints domains. */
#ifndef TOOLS_VMCTL_LIST_FORMATS_H
#define TOOLS_VMCTL_LIST_FORMATS_H

#include <stddef.h>

struct console_note;
struct monitor_pending;
struct registry_domain;

/* What is to be printed: domains, and guests that have none because their restart is pending. */
struct list_content {
	const struct registry_domain *domains;
	size_t count;
	const struct monitor_pending *pending;
	size_t pending_count;
	const struct console_note *notes; /* what domains have said of themselves */
	size_t note_count;
};

struct list_format {
	void (*print)(const struct list_content *content);
};

extern const struct list_format list_format_short, list_format_long, list_format_json;

#endif
