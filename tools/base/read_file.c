/* SPDX-License-Identifier: ISC */
/* Reads a small file as a whole, up to a size limit. */
#include "read_file.h"

#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_CHUNK 4096

/* Reads to the end of the file, or one byte past limit. */
static int read_all(int fd, size_t limit, char **text, size_t *length)
{
	size_t room = FIRST_CHUNK, used = 0;
	char *buffer = malloc(room + 1), *bigger;
	ssize_t got;

	while (buffer && used <= limit) {
		if (used == room) {
			bigger = realloc(buffer, 2 * room + 1);
			if (!bigger)
				break;
			buffer = bigger;
			room *= 2;
		}
		got = read(fd, buffer + used, room - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int err = -errno;

			free(buffer);
			return err;
		}
		if (got == 0) {
			buffer[used] = '\0';
			*text = buffer;
			*length = used;
			return 0;
		}
		used += (size_t)got;
	}
	free(buffer);
	return used > limit ? -EFBIG : -ENOMEM;
}

int read_file(const char *path, size_t limit, char **text, size_t *length, struct report *report)
{
	int standard_input = !strcmp(path, "-");
	int fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int err;

	if (fd < 0)
		return report_set(report, -errno, "cannot open %s: %s", path, strerror(errno));
	err = read_all(fd, limit, text, length);
	if (!standard_input)
		close(fd);
	if (err == -EFBIG)
		return report_set(report, err, "%s is bigger than the %zu bytes allowed", path,
				  limit);
	if (err)
		return report_set(report, err, "cannot read %s: %s", path, strerror(-err));
	return 0;
}

int read_regular_file(const char *path, size_t limit, char **text, size_t *length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;
	int err;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		err = -EINVAL;
	else
		err = read_all(fd, limit, text, length);
	close(fd);
	return err;
}
