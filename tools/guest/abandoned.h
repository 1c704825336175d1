/* SPDX-License-Identifier: ISC */
/*
 * Cleans up after a tool that was killed.
 *
 * Before a tool makes a guest or attaches a device, it notes this in a lock file in the registry's
 * folder (registry_note_making(), guest/devices.h). It holds the file's lock until it is done. If
 * the lock is free, the process ended before it was done.
 */
#ifndef TOOLS_COMMON_ABANDONED_H
#define TOOLS_COMMON_ABANDONED_H

struct ctrl;

struct abandoned_options {
	const char *registry;       /* NULL: REGISTRY_DIR */
	const char *console_socket; /* NULL: CONSOLE_SOCKET */
	const char *monitor_socket; /* NULL: MONITOR_SOCKET */
	/*
	 * Called with a message about each domain or device that was removed or could not be
	 * removed.
	 */
	void (*tell)(const char *text);
};

enum abandoned {
	ABANDONED_NOTHING,
	ABANDONED_NOT_YET, /* files exist, but their processes are alive */
	ABANDONED_FOUND,
};

/* What the registry's folder (NULL: REGISTRY_DIR) contains. Fast. */
enum abandoned abandoned_look(const char *registry);

/*
 * Removes everything that was abandoned: domains, devices, lock files and partly written files. If
 * something cannot be removed, its lock file stays for the next attempt.
 */
void abandoned_clear(struct ctrl *ctrl, const struct abandoned_options *options);

#endif
