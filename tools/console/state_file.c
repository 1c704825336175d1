/* SPDX-License-Identifier: ISC */
/* What outlives the daemon: one file a console, holding the ADD message that made it. */
#include "server.h"

#include "daemon/daemon.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static int state_path(const struct console_server *server, const struct console_guest *guest,
		      char path[PATH_MAX])
{
	int count = snprintf(path, PATH_MAX, "%s/%u%s.guest", server->state_dir, guest->add.domid,
			     console_guest_suffix(guest));

	return count < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int state_file_save(const struct console_server *server, const struct console_guest *guest)
{
	uint8_t frame[FRAME_HEADER_SIZE + 256];
	ssize_t size = console_put_add(frame, sizeof(frame), &guest->add);
	char path[PATH_MAX];
	int ret = size < 0 ? (int)size : state_path(server, guest, path);

	return ret < 0 ? ret : daemon_write_file(path, frame, (size_t)size);
}

void state_file_drop(const struct console_server *server, const struct console_guest *guest)
{
	char path[PATH_MAX];

	if (state_path(server, guest, path) == 0)
		unlink(path);
}
