/* SPDX-License-Identifier: ISC */
#ifndef PLINTH_COMMON_DOMAIN_FIND_H
#define PLINTH_COMMON_DOMAIN_FIND_H

#include <stdbool.h>
#include <stdint.h>

struct ctrl_domain_info;

/* The very domain, of a list in order of numbers (ctrl_list_all_domains()), or NULL. */
const struct ctrl_domain_info *domain_find(const struct ctrl_domain_info *list, int count,
					   uint32_t domid, const uint8_t uuid[16]);

/*
 * A domain is started in the last step of its making. Before that it has never run, and is paused;
 * so is one that is kept paused from the start, and there it depends on who made it.
 */
bool domain_is_half_made(const struct ctrl_domain_info *info);

#endif
