/* SPDX-License-Identifier: ISC */
/* The copy that Plinth does itself, for guest_writer.c. */
#ifndef LIBCTRL_PLINTH_H
#define LIBCTRL_PLINTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ctrl;

bool ctrl_plinth_can_copy(struct ctrl *c);

/* buf must be present memory. *done: where to begin, and how far it came. No sentence. */
int ctrl_plinth_copy(struct ctrl *c, uint32_t domid, uint64_t gpa, const void *buf, size_t len,
		     size_t *done);

#endif /* LIBCTRL_PLINTH_H */
