/* SPDX-License-Identifier: ISC */
/* The console daemon's insides: guests on one side, connections on the other. */
#ifndef PLINTH_CONSOLE_SERVER_H
#define PLINTH_CONSOLE_SERVER_H

#include "base/loop.h"
#include "console_guest.h"
#include "store_link.h"

#define SERVER_MAX_CONNS  128
#define SERVER_MAX_DEAD   16          /* dead guests whose output is kept */
#define SERVER_CHECK_MS   2000        /* between looks whether guests still live */
#define CONN_OUT_MAX      (64 * 1024) /* answers that a client may leave unread */
#define CONSOLE_STATE_DIR "/run/plinth/consoled.d"

struct console_server;

/* A connection; after OPEN it follows a guest's output at a position of its own. */
struct console_conn {
	struct loop_source source;
	struct console_server *server;
	struct console_conn *next;
	bool closing; /* hang up once everything is sent */
	bool dead;    /* to be freed at the end of this round */
	bool due;     /* something happened at its guest: conn_advance() in this round */

	struct console_guest *guest; /* NULL before OPEN */
	bool read_only, replayed;
	uint64_t position, replay_end; /* in guest->output */
	uint64_t typed_before;         /* guest->typed when this client's last input was queued */
	uint64_t typed, told;          /* bytes typed; of these told as taken */

	uint8_t in[FRAME_HEADER_SIZE + CONSOLE_FRAME_MAX];
	size_t in_used;
	uint8_t *out;
	size_t out_size, out_used, out_sent;
};

struct console_server {
	struct console_host host;
	const char *state_dir;
	struct loop loop;
	struct loop_source events;
	struct store_link *store; /* NULL: there is none */
	struct loop_source store_events;
	struct loop_source terminals; /* inotify: one was opened; fd -1: there are none */
	struct console_guest *guests;
	struct console_conn *conns;
	unsigned conn_count;
	uint64_t deaths;
	int64_t check_ms; /* when to look next whether the guests live */
};

/* --- server.c: guests --- */
struct console_guest *server_find_guest(struct console_server *server, const char *guest,
					uint32_t kind);
/* A console of a living domain; CONSOLE_KINDS: any of them. */
struct console_guest *server_find_domain(struct console_server *server, uint32_t domid,
					 const uint8_t uuid[16], uint32_t kind);
int server_add_guest(struct console_server *server, const struct console_add *add,
		     struct report *report);
/* A guest that nobody told of, by its domain number: -ENOENT when there is none. */
int server_adopt(struct console_server *server, const char *text, uint32_t kind,
		 struct console_guest **guest, struct report *report);
void server_guest_died(struct console_server *server, struct console_guest *guest, int reason);
unsigned server_forget(struct console_server *server,
		       const char *name);                /* how many dead were dropped */
void server_check_guests(struct console_server *server); /* which of them are gone? */
void server_restore(struct console_server *server);      /* after a restart */
void server_reopen_logs(struct console_server *server);  /* they were moved away */

void server_close(struct console_server *server);

/* --- round.c --- */

/* The event channels have something. */
void server_take_events(struct console_server *server);

/* Every guest that wants one gets one turn. Milliseconds until the next round is due, -1: an event.
 */
int server_round(struct console_server *server, int64_t now_ms);

/* --- notices.c --- */
void server_report_turn(struct console_server *server, struct console_guest *guest, unsigned did);

/* --- state_file.c: what outlives the daemon --- */
int state_file_save(const struct console_server *server, const struct console_guest *guest);
void state_file_drop(const struct console_server *server, const struct console_guest *guest);

/* --- requests.c: what clients ask --- */

/* Carries out one frame. 0; -EAGAIN: keep it, there is no room yet; else the client is hung up on.
 */
int request_handle(struct console_conn *conn, const struct frame *frame);

/* --- store_guests.c: what stands in the store --- */
int server_open_store(struct console_server *server); /* 0 or a negative errno */
void server_close_store(struct console_server *server);

/* --- publish.c --- */
/* The guest's terminal has a name, or another one: let the store have it, now or later. */
void server_publish(struct console_server *server, struct console_guest *guest);
void server_publish_again(struct console_server *server); /* those that had to wait */

/* --- conn.c: one connection --- */
int conn_open(struct console_server *server, int fd);
void conn_advance(struct console_conn *conn); /* parse what came, send what can be sent */

/* --- conn_send.c --- */
void conn_hang_up(struct console_conn *conn);
void conn_send(struct console_conn *conn); /* as much as the socket takes */
void conn_queue(struct console_conn *conn, const void *frame, ssize_t size); /* a built frame */
void conn_error(struct console_conn *conn, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void conn_notice(struct console_conn *conn, const char *text);
void conn_free_dead(struct console_server *server);

#endif
