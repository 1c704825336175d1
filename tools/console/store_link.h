/* SPDX-License-Identifier: ISC */
/*
 * The console daemon's side in the store, in a thread of its own, because a store daemon that does
 * not answer must not stop the consoles. It finds the consoles of guests that others have made
 * (xl), and names each console's terminal where stock tools look for it:
 *
 *	/local/domain/N/console  or  /local/domain/N/vuart/0
 *		ring-ref, port, type   read: a console to be served, if type is xenconsoled
 *		tty                    written
 *
 * Daemon and thread share nothing but a socket pair that these messages go through.
 */
#ifndef PLINTH_CONSOLE_STORE_LINK_H
#define PLINTH_CONSOLE_STORE_LINK_H

#include <stdint.h>

#define LINK_TEXT_MAX 256

enum link_type {
	LINK_FOUND,    /* to the daemon: a console; text is the guest's name, or "" */
	LINK_DOMAINS,  /* to the daemon: domains came or went */
	LINK_LOG,      /* to the daemon: text is a line for its log */
	LINK_TERMINAL, /* to the thread: text is the terminal of this console, or "" */
};

struct link_message {
	uint32_t type; /* enum link_type */
	uint32_t domid;
	uint8_t uuid[16];
	uint32_t kind; /* enum console_kind */
	uint32_t port;
	uint64_t gfn;
	char text[LINK_TEXT_MAX];
};

struct ctrl;
struct store_link;

/* 0 or a negative errno. ctrl is used by the thread, too. */
int store_link_start(struct ctrl *ctrl, struct store_link **link);
/*
 * Waits a moment for the thread; one that waits for the store daemon is left to the process's end.
 */
void store_link_stop(struct store_link *link);

int store_link_fd(const struct store_link *link);

/* 0, or -EAGAIN: not now; try again later, or: none. Never wait. */
int store_link_send(struct store_link *link, const struct link_message *message);
int store_link_receive(struct store_link *link, struct link_message *message);

#endif
