/* SPDX-License-Identifier: ISC */
/*
 * The console daemon without its main(), guests that say something, and clients over socket pairs.
 */
#ifndef TESTS_UNIT_CONSOLE_WORLD_H
#define TESTS_UNIT_CONSOLE_WORLD_H

#include "console/server.h"

extern struct console_server server;
extern char *folder;         /* for its logs and its state */
extern struct report report; /* what it says of a guest that it refuses */

/* For cmocka: a daemon without terminals; nothing of a guest's may stay mapped. */
int world_set_up(void **state);
int world_tear_down(void **state);

/* Let the daemon run until it has nothing to do any more. */
void world_run_at(int64_t now);
void world_run(void);

/* Adds a console of an existing domain. */
int world_add(uint32_t domid, const char *name, uint32_t kind);
/* A domain and its console. */
struct console_guest *world_guest(uint32_t domid, const char *name);
/* The console of this guest, by name or number. */
struct console_guest *world_find(const char *guest);
void guest_says(uint32_t domid, const char *text);

struct client {
	int fd;
	uint8_t in[FRAME_HEADER_SIZE + CONSOLE_FRAME_MAX];
	struct frame frame;
};

void client_connect(struct client *client);
void client_send(struct client *client, const void *frame, ssize_t size);
/* Connects and asks for a guest's console. */
void client_open(struct client *client, const char *guest, uint32_t flags);
void client_open_kind(struct client *client, const char *guest, uint32_t flags, uint32_t kind);
void client_type(struct client *client, const char *text);

/* The type of the next frame, 0: none, -1: hung up. */
int client_next(struct client *client);
/* It is an error: its number; text has 512 bytes. */
int client_error(struct client *client, char *text);
void client_expect_opened(struct client *client);
void client_expect_output(struct client *client, const char *text);
/* It is opened, and gets what was said before; NULL: nothing. */
void client_expect_replay(struct client *client, const char *text);

#endif
