/* SPDX-License-Identifier: ISC */
/* Talking with a guest through its nodes in the store, and waiting for what it does about it. */
#ifndef TOOLS_VMCTL_TALK_H
#define TOOLS_VMCTL_TALK_H

#include "vmctl.h"

#include <libctrl.h>

/* What has become of a domain. */
enum fate {
	FATE_ALIVE,
	FATE_SHUTDOWN, /* it has stopped, and is still there */
	FATE_GONE,     /* destroyed, or being torn down */
};

struct talk {
	struct ctrl *ctrl;
	struct ctrl_store *store; /* NULL: no daemon runs; waiting is by looking again and again */
	int64_t end_ms;           /* when waiting is over, see talk_set_limit() */
};

/* With a store, or an exit status with the sentence printed. */
int talk_open(struct talk *talk, struct ctrl *ctrl);

/* With a store where there is one. */
void talk_open_without(struct talk *talk, struct ctrl *ctrl);
void talk_close(struct talk *talk);

/*
 * A node below the guest's home. read: to be freed, NULL where there is none; what a guest may
 * write can be anything. write: 0, or an exit status with the sentence printed.
 */
char *talk_read(struct talk *talk, uint32_t domid, const char *path);
int talk_write(struct talk *talk, uint32_t domid, const char *path, const char *value);
bool talk_node_is(struct talk *talk, uint32_t domid, const char *path, const char *value);

/* Wakes talk_wait() when something below the guest's home changes there, or any domain ends. */
void talk_watch(struct talk *talk, uint32_t domid, const char *path);
void talk_watch_ends(struct talk *talk);

/* The value of a --timeout option in *seconds, which stays as it is where there was none. */
int talk_parse_timeout(const struct arguments *arguments, unsigned int *seconds);

/* From now. */
void talk_set_limit(struct talk *talk, unsigned int seconds);

/* Returns when something may have changed; false when the time is over. */
bool talk_wait(struct talk *talk);

/* Asks the hypervisor, and the domain's uuid: a number can be another domain's by now. */
enum fate talk_fate(struct talk *talk, const struct target *target, struct ctrl_domain_info *info);

#endif
