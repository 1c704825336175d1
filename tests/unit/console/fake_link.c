/* SPDX-License-Identifier: ISC */
/* A link to the store that is made up. */
#include "fake_link.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct store_link {
	int fds[2]; /* the daemon's end; the test's */
};

struct fake_link fake_link;
static struct store_link *started;

int store_link_start(struct ctrl *ctrl, struct store_link **link)
{
	(void)ctrl;
	started = malloc(sizeof(*started));
	assert(started && socketpair(AF_UNIX, SOCK_SEQPACKET, 0, started->fds) == 0);
	fake_link = (struct fake_link){0};
	*link = started;
	return 0;
}

void store_link_stop(struct store_link *link)
{
	close(link->fds[0]);
	close(link->fds[1]);
	free(link);
}

int store_link_fd(const struct store_link *link)
{
	return link->fds[0];
}

int store_link_send(struct store_link *link, const struct link_message *message)
{
	(void)link;
	if (fake_link.full)
		return -EAGAIN;
	assert(fake_link.count < FAKE_LINK_SENT);
	fake_link.sent[fake_link.count++] = *message;
	return 0;
}

int store_link_receive(struct store_link *link, struct link_message *message)
{
	return recv(link->fds[0], message, sizeof(*message), MSG_DONTWAIT) == sizeof(*message)
		       ? 0
		       : -EAGAIN;
}

void fake_link_tell(const struct link_message *message)
{
	assert(send(started->fds[1], message, sizeof(*message), 0) == sizeof(*message));
}
