/* SPDX-License-Identifier: ISC */
/* A connection to a store daemon that answers. */
#ifndef TOOLS_COMMON_STORE_OPEN_H
#define TOOLS_COMMON_STORE_OPEN_H

struct ctrl_store;

#define STORE_ANSWER_MS \
	5000 /* a daemon that is well answers in this time, a guest's storm or not */

/*
 * As ctrl_store_open(), and asks the daemon for a first answer: one that hangs takes connections as
 * long as there is room in its queue. -ETIMEDOUT: it hangs; ctrl_error() has the sentence.
 */
int store_open(struct ctrl_store **store);

#endif
