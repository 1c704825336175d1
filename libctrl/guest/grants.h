/* SPDX-License-Identifier: ISC */
/* The grant table entries that a new guest is given. */
#ifndef LIBCTRL_GRANTS_H
#define LIBCTRL_GRANTS_H

#include <stddef.h>
#include <stdint.h>

struct ctrl;

struct grant_seed {
	uint32_t ref;   /* entry, in the table's first page */
	uint32_t domid; /* who may map it */
	uint64_t gfn;   /* the guest's page, below 2^32 */
};

int grants_seed(struct ctrl *c, uint32_t domid, const struct grant_seed *seeds, size_t nr);

#endif /* LIBCTRL_GRANTS_H */
