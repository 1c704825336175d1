/* SPDX-License-Identifier: ISC */
/*
 * A log file with a size limit and one rotation. If the disk is full, output is lost but the caller
 * continues.
 */
#include "logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RETRY_MS 5000 /* between attempts to open a file that could not be opened */

static int open_file(struct logfile *log)
{
	struct stat status;

	/*
	 * Only root can write to the folder. The flags also refuse a link, pipe or device placed
	 * there by mistake.
	 */
	log->fd =
		open(log->path,
		     O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
		     0600);
	if (log->fd < 0)
		return -errno;
	if (fstat(log->fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		close(log->fd);
		log->fd = -1;
		errno = EINVAL;
		return -EINVAL;
	}
	log->size = (uint64_t)status.st_size;
	return 0;
}

int logfile_init(struct logfile *log, const char *path, uint64_t limit)
{
	*log = (struct logfile){.path = strdup(path), .fd = -1, .limit = limit};
	if (!log->path)
		return -ENOMEM;
	open_file(log); /* a failure is reported by the first write */
	return 0;
}

void logfile_close(struct logfile *log)
{
	if (log->fd >= 0)
		close(log->fd);
	free(log->path);
	*log = (struct logfile){.fd = -1};
}

int logfile_reopen(struct logfile *log)
{
	struct logfile fresh = *log;
	int ret = open_file(&fresh);

	if (ret < 0)
		return ret;
	if (log->fd >= 0)
		close(log->fd);
	*log = fresh;
	return 0;
}

static void rotate(struct logfile *log)
{
	char old[PATH_MAX];

	/* Truncate the file if renaming fails, so that the size limit always holds. */
	if (snprintf(old, sizeof(old), "%s.1", log->path) >= (int)sizeof(old) ||
	    rename(log->path, old) < 0) {
		if (ftruncate(log->fd, 0) == 0)
			log->size = 0;
		return;
	}
	close(log->fd);
	open_file(log);
}

/* Returns the bytes written; if not all, errno is set. */
static size_t append(struct logfile *log, const uint8_t *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t count = write(log->fd, data + done, size - done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		done += (size_t)count;
	}
	log->size += done;
	return done;
}

enum logfile_change logfile_write(struct logfile *log, const void *data, size_t size,
				  int64_t now_ms, uint64_t *lost)
{
	uint64_t lost_before = log->lost;
	size_t done = 0;

	if (log->fd >= 0 && log->size > 0 && log->size + size > log->limit)
		rotate(log);
	if (log->fd < 0 && now_ms >= log->retry_ms) {
		log->retry_ms = now_ms + RETRY_MS;
		open_file(log);
	}
	if (log->fd >= 0)
		done = append(log, data, size);
	if (done < size) {
		log->lost += size - done;
		return lost_before ? LOGFILE_SAME : LOGFILE_FAILED;
	}
	log->lost = 0;
	*lost = lost_before;
	return lost_before ? LOGFILE_HEALTHY : LOGFILE_SAME;
}
