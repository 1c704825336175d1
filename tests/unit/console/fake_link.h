/* SPDX-License-Identifier: ISC */
/* A link to the store that is made up: what the daemon sends is kept, what it gets is put in. */
#ifndef TESTS_UNIT_CONSOLE_FAKE_LINK_H
#define TESTS_UNIT_CONSOLE_FAKE_LINK_H

#include "console/store_link.h"

#include <stdbool.h>

#define FAKE_LINK_SENT 64

struct fake_link {
	bool full; /* nothing can be sent now */
	struct link_message sent[FAKE_LINK_SENT];
	unsigned count;
};

extern struct fake_link fake_link;

/* The thread says something. */
void fake_link_tell(const struct link_message *message);

#endif
