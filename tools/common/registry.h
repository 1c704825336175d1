/* SPDX-License-Identifier: ISC */
/*
 * The running guests that the tools know by name: one JSON file a guest, <domid>.json.
 *
 * The hypervisor knows no names. A file here holds only as long as the domain with its number has
 * its uuid (the domain's handle); a stale file, or one of a number that another domain has now, is
 * as good as absent.
 */
#ifndef TOOLS_COMMON_REGISTRY_H
#define TOOLS_COMMON_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/report.h"

struct ctrl;
struct ctrl_domain_info;

#define REGISTRY_DIR       "/run/plinth/domains"
#define REGISTRY_MAX_FILE  (2 * 1024 * 1024) /* bytes; a bigger one is not read */
#define REGISTRY_DOM0_NAME "Domain-0"

struct registry_entry {
	uint32_t domid;
	uint8_t uuid[16];
	char *name;
	char *config;      /* text, see guest_config_format() */
	char *config_path; /* of the file that it was made from; NULL: none */
	int64_t started;   /* seconds since 1970 */
};

/*
 * directory: NULL for REGISTRY_DIR. Writes the entry so that a reader sees the old file or the new
 * one, never half. Makes the directory where it is missing. 0 or a negative errno.
 */
int registry_write(const char *directory, const struct registry_entry *entry,
		   struct report *report);

/* Removes the entry of domid if it has this uuid. 0 also when there is none. */
int registry_remove(const char *directory, uint32_t domid, const uint8_t uuid[16]);

/* Gives a registered domain another name. 0, -ENOENT, or another negative errno. */
int registry_rename(const char *directory, uint32_t domid, const uint8_t uuid[16], const char *name,
		    struct report *report);

/* Reads the entry of a domain. 0; -ENOENT when it has none (or one of another uuid, or a broken
 * one). */
int registry_read(const char *directory, uint32_t domid, const uint8_t uuid[16],
		  struct registry_entry *entry);

void registry_entry_clear(struct registry_entry *entry);

/* A domain with its name. */
struct registry_domain {
	const struct ctrl_domain_info *info; /* into the list given to registry_name_domains() */
	char *own_name;                      /* the registered one; NULL: it is not registered */
	char *foreign_name;                  /* see registry_name_foreign() */
	const char *name;                    /* "Domain-0", the registered one, or "(none)" */
};

/*
 * Puts names to a list of domains, which is ascending. *domains has count elements, the caller's to free with
 * registry_free_domains(). 0 or -ENOMEM.
 */
int registry_name_domains(const char *directory, const struct ctrl_domain_info *list, size_t count,
			  struct registry_domain **domains);

/*
 * Which of them, none of which is dying, is registered with this name? *found is its place in the list, or count.
 * registered[i] becomes whether domain i is registered at all.
 */
void registry_find_name(const char *directory, const char *name,
			const struct ctrl_domain_info *list, size_t count, bool *registered,
			size_t *found);

/* Then gives those that other tools have made the names that these have put into the store. */
void registry_name_foreign(struct registry_domain *domains, size_t count);

void registry_free_domains(struct registry_domain *domains, size_t count);

/*
 * Keeps a name to this process until registry_unlock_name(), or its end: two tools cannot create
 * two guests of one name. Returns a file descriptor, -EBUSY when another has it, or another
 * negative errno.
 */
int registry_lock_name(const char *directory, const char *name, struct report *report);
void registry_unlock_name(const char *directory, const char *name, int lock);

#endif
