/* SPDX-License-Identifier: ISC */
/*
 * Guests that others made are found in the store and taken over. The talking is done by the thread
 * of store_link.c.
 */
#include "daemon/daemon.h"
#include "server.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

/* ---- in ---- */

static int add(struct console_server *server, const struct link_message *message, const char *name,
	       struct report *report)
{
	struct console_add found = {
		.domid = message->domid,
		.name = name,
		.kind = message->kind,
		.ring_gfn = message->gfn,
		.guest_port = message->port,
	};

	memcpy(found.uuid, message->uuid, sizeof(found.uuid));
	return server_add_guest(server, &found, report);
}

/* A console whose nodes are complete: ours already, or one that a guest of xl's has. */
static void take_found(struct console_server *server, const struct link_message *message)
{
	struct report report;
	char number[CONSOLE_NAME_MAX + 1];
	const char *name = message->text;
	int ret = -EEXIST;

	if (server_find_domain(server, message->domid, message->uuid, message->kind))
		return;
	if (console_name_is_valid(name))
		ret = add(server, message, name, &report);
	if (ret == -EEXIST) { /* it has no name, or that of another one */
		snprintf(number, sizeof(number), "domain-%u", message->domid);
		ret = add(server, message, number, &report);
	}
	if (ret < 0)
		daemon_log("found in the store, but: %s", report.text);
}

static void take_domains(struct console_server *server, const struct link_message *message)
{
	(void)message;
	server_check_guests(server);
}

static void take_log(struct console_server *server, const struct link_message *message)
{
	(void)server;
	daemon_log("%s", message->text);
}

static void (*const takers[])(struct console_server *, const struct link_message *) = {
	[LINK_FOUND] = take_found,
	[LINK_DOMAINS] = take_domains,
	[LINK_LOG] = take_log,
};

static void store_ready(struct loop_source *source, uint32_t events)
{
	struct console_server *server =
		(struct console_server *)((char *)source -
					  offsetof(struct console_server, store_events));
	struct link_message message;

	if (events &
	    (EPOLLHUP | EPOLLERR)) { /* the thread has ended, which it does not by itself */
		server_close_store(server);
		return;
	}
	while (store_link_receive(server->store, &message) == 0)
		takers[message.type](server, &message);
}

/* ---- beginning and end ---- */

int server_open_store(struct console_server *server)
{
	int ret = store_link_start(server->host.ctrl, &server->store);

	if (ret < 0) {
		server->store = NULL;
		return ret;
	}
	server->store_events = (struct loop_source){
		.fd = store_link_fd(server->store), .events = EPOLLIN, .ready = store_ready};
	ret = loop_add(&server->loop, &server->store_events);
	if (ret < 0) {
		store_link_stop(server->store);
		server->store = NULL;
	}
	return ret;
}

void server_close_store(struct console_server *server)
{
	if (!server->store)
		return;
	loop_remove(&server->loop, &server->store_events);
	store_link_stop(server->store);
	server->store = NULL;
}
