/* SPDX-License-Identifier: ISC */
/* Names guests' terminals in the store. The talking is done by the thread of store_link.c. */
#include "server.h"

#include <stdio.h>
#include <string.h>

void server_publish(struct console_server *server, struct console_guest *guest)
{
	struct link_message message = {
		.type = LINK_TERMINAL,
		.domid = guest->add.domid,
		.kind = guest->add.kind,
	};

	if (!server->store)
		return;
	memcpy(message.uuid, guest->add.uuid, sizeof(message.uuid));
	snprintf(message.text, sizeof(message.text), "%s", guest->pty.path);
	guest->pty.unpublished = store_link_send(server->store, &message) < 0;
}

void server_publish_again(struct console_server *server)
{
	for (struct console_guest *guest = server->guests; guest; guest = guest->next)
		if (guest->pty.unpublished && guest->state != CONSOLE_DEAD)
			server_publish(server, guest);
}
