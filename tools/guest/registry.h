/* SPDX-License-Identifier: ISC */
/*
 * The registry of the tools' running guests: one JSON file per guest, <domid>.json.
 *
 * The hypervisor knows no names. A file is valid only while the domain with its number has its UUID
 * (the domain's handle). A stale file, or a file whose number another domain has now, is treated as
 * absent.
 */
#ifndef TOOLS_COMMON_REGISTRY_H
#define TOOLS_COMMON_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/report.h"
#include "config/guest_config.h"

struct ctrl;
struct ctrl_domain_info;
struct lock_wait;

#define REGISTRY_DIR      "/run/plinth/domains"
#define REGISTRY_MAX_FILE (2 * 1024 * 1024) /* bytes; a larger file is not read */

#define REGISTRY_NEW ".new" /* ends the name of an entry's new version, locked by its writer */

struct registry_entry {
	uint32_t domid;
	uint8_t uuid[16];
	char *name;
	char *config;      /* text, see guest_config_format() */
	char *config_path; /* the config file; NULL: none */
	char *left_out;    /* a line per missing optional device with the reason; NULL: none */
	int64_t started;   /* seconds since 1970 */
};

/*
 * Writes the entry atomically: a reader sees the old or the new file. Creates the directory (NULL:
 * REGISTRY_DIR) if it is missing. Returns 0 or a negative errno.
 */
int registry_write(const char *directory, const struct registry_entry *entry,
		   struct report *report);

/* Removes the entry of domid if it has this UUID. Returns 0 also if there is none. */
int registry_remove(const char *directory, uint32_t domid, const uint8_t uuid[16]);

/* Renames a registered domain. Returns 0, -ENOENT or another negative errno. */
int registry_rename(const char *directory, uint32_t domid, const uint8_t uuid[16], const char *name,
		    struct report *report);

/* Reads the entry of a domain. Returns 0, or -ENOENT if there is no valid entry with this UUID. */
int registry_read(const char *directory, uint32_t domid, const uint8_t uuid[16],
		  struct registry_entry *entry);

void registry_entry_clear(struct registry_entry *entry);

/* A domain with its name. */
struct registry_domain {
	const struct ctrl_domain_info *info; /* element of the list of domains */
	char *own_name;                      /* its registered name; NULL: not registered */
	char *foreign_name;                  /* see registry_name_foreign() */
	const char *name;                    /* "Domain-0", one of the other names, or "(none)" */
};

/*
 * Finds the names of a list of domains, which is sorted by number. *domains has count elements. The
 * caller frees it with registry_free_domains(). Returns 0 or -ENOMEM.
 */
int registry_name_domains(const char *directory, const struct ctrl_domain_info *list, size_t count,
			  struct registry_domain **domains);

/*
 * Finds which domain of the list is registered with this name. The list has no dying domains. Sets
 * *found to its index, or to count if there is none. Sets registered[i] to whether domain i is
 * registered at all.
 */
void registry_find_name(const char *directory, const char *name,
			const struct ctrl_domain_info *list, size_t count, bool *registered,
			size_t *found);

/*
 * After registry_name_domains(), adds the names that other tools have written to the store. Returns
 * 0, or a negative errno if these names are missing. -ETIMEDOUT: the daemon hangs, see
 * ctrl_error().
 */
int registry_name_foreign(struct registry_domain *domains, size_t count);

void registry_free_domains(struct registry_domain *domains, size_t count);

/*
 * Locks a name until registry_unlock_name() or the end of the process, so that two tools cannot
 * create two guests with one name. Returns a file descriptor; -EBUSY if another process held the
 * lock until the timeout; -EINTR; or another negative errno.
 */
int registry_lock_name(const char *directory, const char *name, const struct lock_wait *wait,
		       struct report *report);
void registry_unlock_name(const char *directory, const char *name, int lock);

/*
 * Notes in a name's lock file, before the domain is made, that a guest with this UUID is being
 * made. list has the domains that exist now. If the process ends without unlocking the name, the
 * note and the free lock show that the domain is half made: see abandoned.h.
 */
int registry_note_making(int lock, const uint8_t uuid[16], const struct ctrl_domain_info *list,
			 size_t count, struct report *report);

/* Whether a lock file's note is about this domain, which was not completed. */
bool registry_was_making(const char *record, const struct ctrl_domain_info *info);

#endif
