/* SPDX-License-Identifier: ISC */
/* Writes and reads files of records, and finds damage in them by their sums. */
#include "state_file.h"
#include "daemon/daemon.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- sums ---- */

/* Tells damage and cuts, not malice. */
static uint64_t sum_of(const char *data, size_t len)
{
	uint64_t sum = len, word;

	for (; len >= sizeof(word); data += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		sum = (sum ^ word) * 0x9e3779b97f4a7c15ull;
		sum ^= sum >> 32;
	}
	word = 0;
	memcpy(&word, data, len);
	return (sum ^ word) * 0x9e3779b97f4a7c15ull;
}

void state_file_put_sum(char *records, size_t len)
{
	const uint32_t head[] = {SUM_SIZE, RECORD_SUM};
	uint64_t sum = sum_of(records, len);

	memcpy(records + len, head, sizeof(head));
	memcpy(records + len + sizeof(head), &sum, sizeof(sum));
}

/* How many bytes of the records are as they were written, up to the last sum that is right. */
static size_t good_len(const char *records, size_t len)
{
	const char *at = records, *begin = records, *group = records;
	struct reader reader;
	unsigned type;

	while ((type = record_next(&at, records + len, &reader))) {
		if (type == RECORD_SUM) {
			if (reader_get_u64(&reader) != sum_of(group, (size_t)(begin - group)))
				break;
			group = at;
		}
		begin = at;
	}
	return (size_t)(group - records);
}

/* ---- files of records ---- */

static void write_file(struct file_sink *file)
{
	size_t done = 0;

	while (done < file->used && !file->error) {
		ssize_t count = write(file->fd, file->data + done, file->used - done);

		if (count < 0 && errno != EINTR)
			file->error = -errno;
		done += count > 0 ? (size_t)count : 0;
	}
	file->used = 0;
}

static void flush_file(struct file_sink *file)
{
	state_file_put_sum(file->data + file->summed, file->used - file->summed);
	file->used += SUM_SIZE;
	file->total += SUM_SIZE;
	file->summed = 0;
	write_file(file);
}

static void add_to_file(struct sink *sink, const struct record *record)
{
	struct file_sink *file = (struct file_sink *)sink;

	if (file->used + record->len + SUM_SIZE > sizeof(file->data))
		flush_file(file);
	memcpy(file->data + file->used, record->data, record->len);
	file->used += record->len;
	file->total += record->len;
}

ssize_t state_file_write(struct store *store, struct file_sink *file, int fd, enum dump_what what)
{
	struct journal_head head = {.magic = MAGIC};

	file->sink.add = add_to_file;
	file->fd = fd;
	file->error = 0;
	file->total = 0;
	memcpy(file->data, &head, sizeof(head));
	file->used = file->summed = sizeof(head);
	dump_store(store, &file->sink, what);
	flush_file(file);
	if (file->error)
		return file->error;
	head.len = file->total;
	return pwrite(fd, &head, sizeof(head), 0) == sizeof(head) ? (ssize_t)file->total : -EIO;
}

/* What of a file is to be read: its length, and store->stale. */
static size_t check_dump(struct store *store, const struct journal_head *head, size_t room)
{
	size_t len = head->len < room ? head->len : room, good = len;

	if (head->magic != MAGIC_1)
		good = good_len(head->records, len);
	if (good < head->len) {
		daemon_log(
			"the state is damaged: %zu of its %zu bytes are good, the rest is left out",
			good, (size_t)head->len);
		store->stale = true;
	}
	if (head->magic == STALE) {
		daemon_log("the state is older than what was seen of it: it could not be written");
		store->stale = true;
	}
	return good;
}

int state_file_read(struct store *store, int fd, enum dump_what what)
{
	struct journal_head *head;
	struct stat status;
	size_t size, len = 0;

	if (fstat(fd, &status) < 0)
		return -errno;
	size = (size_t)status.st_size;
	if (size < sizeof(*head))
		return -ENODATA;
	head = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (head == MAP_FAILED)
		return -errno;
	if (head->magic == MAGIC || head->magic == MAGIC_1 || head->magic == STALE)
		len = check_dump(store, head, size - sizeof(*head));
	if (len)
		load_store(store, head->records, len, what);
	munmap(head, size);
	return len ? 0 : -ENODATA;
}
