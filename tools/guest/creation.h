/* SPDX-License-Identifier: ISC */
/* What making and destroying a guest have in common. */
#ifndef TOOLS_GUEST_CREATION_H
#define TOOLS_GUEST_CREATION_H

#include <stddef.h>
#include <stdint.h>

struct ctrl;
struct ctrl_domain_info;
struct ctrl_store;
struct guest_config;
struct guest_options;
struct report;

/* The options, or those that apply if there are none. */
const struct guest_options *guest_all_options(const struct guest_options *options);

/* convert.c */
uint64_t guest_start_memory_mib(const struct guest_config *config);

/* identity.c. list has all domains; uuid NULL: checks only the name. */
int guest_check_identity(const struct ctrl_domain_info *list, size_t count,
			 const struct guest_options *options, const char *name, const uint8_t *uuid,
			 struct report *report);

/* destroy.c */
void guest_release_store(struct ctrl *ctrl, struct ctrl_store *store, uint32_t domid,
			 const uint8_t uuid[16]);
/* The monitor is not to act on the guest's end any more. */
void guest_forget(const struct guest_options *options, uint32_t domid, const uint8_t uuid[16]);

#endif
