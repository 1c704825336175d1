/* SPDX-License-Identifier: ISC */
/* The registry's index of names: kept by registry.c, read by registry_name_domains(). */
#ifndef TOOLS_COMMON_REGISTRY_NAMES_H
#define TOOLS_COMMON_REGISTRY_NAMES_H

struct registry_entry;

/* 0 or a negative errno; 0 also when it is there. */
int registry_names_add(const char *directory, const struct registry_entry *entry);
void registry_names_remove(const char *directory, const struct registry_entry *entry);

#endif
