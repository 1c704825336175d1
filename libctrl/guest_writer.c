/* SPDX-License-Identifier: ISC */
/* Writes a stretch of a domain's memory, by Plinth's copy or by mapping windows of it. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>

#include "guest_writer.h"
#include "internal.h"
#include "plinth.h"

/*
 * Each mapped page costs dom0 a page of its own on kernels without unpopulated-alloc, and the pages
 * of an unmapped window serve the next one: a small window keeps dom0's own memory out of it.
 */
#define MAP_WINDOW_PAGES 512
/* Enough that the hypercall's own cost does not show; small enough for the CPU's cache. */
#define COPY_BUFFER_PAGES 64
/* A file is handed to Plinth in pieces of so much, without a copy here. */
#define FILE_WINDOW (16ul << 20)
/* A fault on a page of a file brings in its neighbours (Linux: fault_around_bytes). */
#define FAULT_AROUND (64ul << 10)

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14 */
#endif

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void guest_writer_begin(struct guest_writer *w, struct ctrl *c, uint32_t domid, uint64_t gpa,
			uint64_t size)
{
	*w = (struct guest_writer){
		.c = c,
		.domid = domid,
		.start = gpa,
		.at = gpa,
		.end = gpa + size,
		.direct = ctrl_plinth_can_copy(c),
	};
}

static void drop_window(struct guest_writer *w)
{
	if (!w->window)
		return;
	if (w->direct)
		ctrl_buf_put(w->c, w->window, w->window_pages * CTRL_PAGE_SIZE);
	else
		ctrl_unmap(w->c, w->window, w->window_pages);
	w->window = NULL;
}

/* The page-aligned window that begins with the page of w->at. */
static int map_window(struct guest_writer *w)
{
	uint64_t first = w->at >> CTRL_PAGE_SHIFT;
	uint64_t last = (w->end - 1) >> CTRL_PAGE_SHIFT;

	drop_window(w);
	w->window_gpa = first << CTRL_PAGE_SHIFT;
	w->window_pages = min_u64(last - first + 1, MAP_WINDOW_PAGES);
	return ctrl_map_range(w->c, w->domid, first, w->window_pages, PROT_READ | PROT_WRITE,
			      &w->window);
}

static int mapped_chunk(struct guest_writer *w, void **ptr, size_t *len)
{
	uint64_t window_end = w->window_gpa + w->window_pages * CTRL_PAGE_SIZE;

	if (!w->window || w->at >= window_end) {
		int ret = map_window(w);

		if (ret < 0)
			return ret;
		window_end = w->window_gpa + w->window_pages * CTRL_PAGE_SIZE;
	}
	*ptr = (uint8_t *)w->window + (w->at - w->window_gpa);
	*len = min_u64(window_end, w->end) - w->at;
	return 0;
}

static int buffer_chunk(struct guest_writer *w, void **ptr, size_t *len)
{
	if (!w->window) {
		uint64_t pages = (w->end - w->at + CTRL_PAGE_SIZE - 1) >> CTRL_PAGE_SHIFT;

		w->window_pages = min_u64(pages, COPY_BUFFER_PAGES);
		w->window = ctrl_buf_get(w->c, w->window_pages * CTRL_PAGE_SIZE);
		if (!w->window)
			return -ENOMEM;
	}
	*ptr = w->window;
	*len = min_u64(w->window_pages * CTRL_PAGE_SIZE, w->end - w->at);
	return 0;
}

int guest_writer_chunk(struct guest_writer *w, void **ptr, size_t *len)
{
	*ptr = NULL;
	*len = 0;
	if (w->at >= w->end)
		return 0;
	return w->direct ? buffer_chunk(w, ptr, len) : mapped_chunk(w, ptr, len);
}

static int fail_copy(struct guest_writer *w, size_t len, int err)
{
	return ctrl_fail_call(w->c, err, "plinth_op copy_to_domain",
			      "write %zu bytes to domain %u's memory at %#" PRIx64, len, w->domid,
			      w->at);
}

int guest_writer_commit(struct guest_writer *w, size_t n)
{
	if (w->direct && n) {
		size_t done = 0;
		int ret = ctrl_plinth_copy(w->c, w->domid, w->at, w->window, n, &done);

		if (ret < 0)
			return fail_copy(w, n, ret);
	}
	w->at += n;
	return 0;
}

static int check_room(struct guest_writer *w, uint64_t len)
{
	if (len > w->end - w->at)
		return ctrl_fail(-ENOSPC,
				 "cannot write %" PRIu64 " bytes to domain %u's memory at "
				 "%#" PRIx64 ": only %" PRIu64 " bytes were set aside there",
				 len, w->domid, w->at, w->end - w->at);
	return 0;
}

/* NULL writes zeros. */
static int write_bytes(struct guest_writer *w, const uint8_t *from, size_t len)
{
	int ret = check_room(w, len);

	while (!ret && len) {
		size_t n;
		void *to;

		ret = guest_writer_chunk(w, &to, &n);
		if (ret < 0)
			return ret;
		n = min_u64(n, len);
		if (from)
			memcpy(to, from, n);
		else
			memset(to, 0, n);
		ret = guest_writer_commit(w, n);
		from = from ? from + n : NULL;
		len -= n;
	}
	return ret;
}

int guest_writer_zeros(struct guest_writer *w, size_t len)
{
	return write_bytes(w, NULL, len);
}

/* read() straight into the chunk. */
static int read_file(struct guest_writer *w, int fd, const char *path, uint64_t len)
{
	while (len) {
		ssize_t got;
		size_t n;
		void *to;
		int ret = guest_writer_chunk(w, &to, &n);

		if (ret < 0)
			return ret;
		got = read(fd, to, min_u64(n, len));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ctrl_fail_file(-errno, "read %s", path);
		if (!got)
			return ctrl_fail(-EIO, "%s became shorter while it was being read", path);
		ret = guest_writer_commit(w, got);
		if (ret < 0)
			return ret;
		len -= got;
	}
	return 0;
}

/*
 * Lets Plinth copy out of the page cache. A page that is not there (any more) stops it with
 * -EFAULT: it is brought in and the call goes on. Returns how many bytes were written, or a
 * negative errno; a short count: the file should rather be read.
 */
static int64_t copy_mapped_file(struct guest_writer *w, void *map, size_t len)
{
	size_t done = 0, stuck_at = SIZE_MAX;

	for (;;) {
		int ret = ctrl_plinth_copy(w->c, w->domid, w->at, map, len, &done);
		size_t page = done & ~(CTRL_PAGE_SIZE - 1);

		if (!ret)
			break;
		if (ret != -EFAULT)
			return fail_copy(w, len, ret);
		if (done == stuck_at)
			break; /* brought in, and still not readable */
		stuck_at = done;
		/* Unlike a touch, this cannot end in SIGBUS when the file became shorter. */
		if (madvise((uint8_t *)map + page, len - page, MADV_POPULATE_READ) < 0)
			break;
	}
	w->at += done;
	return done;
}

/*
 * Has the pages of a mapped file brought in, by one of each group of neighbours: that is a quarter
 * of what MAP_POPULATE takes, which looks at every page. One that is missed costs -EFAULT later.
 */
static void bring_in(void *map, size_t len)
{
	for (size_t at = 0; at < len; at += FAULT_AROUND)
		if (madvise((uint8_t *)map + at, CTRL_PAGE_SIZE, MADV_POPULATE_READ) < 0)
			break;
}

/* The file's content without a copy here; returns how far that went, as above. */
static int64_t map_file(struct guest_writer *w, int fd, uint64_t len)
{
	off_t from = lseek(fd, 0, SEEK_CUR);
	uint64_t total = 0;

	if (from < 0 || from & (CTRL_PAGE_SIZE - 1))
		return 0;
	while (total < len) {
		size_t n = min_u64(len - total, FILE_WINDOW);
		void *map = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, from + total);
		int64_t done;

		if (map == MAP_FAILED)
			break;
		bring_in(map, n);
		done = copy_mapped_file(w, map, n);
		munmap(map, n);
		if (done < 0)
			return done;
		total += done;
		if ((size_t)done < n)
			break;
	}
	if (lseek(fd, from + total, SEEK_SET) < 0)
		return ctrl_fail(-errno, "cannot go on reading at byte %" PRIu64, from + total);
	return total;
}

int guest_writer_file(struct guest_writer *w, int fd, const char *path, uint64_t len)
{
	int64_t done = 0;
	int ret = check_room(w, len);

	if (ret < 0)
		return ret;
	if (w->direct)
		done = map_file(w, fd, len);
	if (done < 0)
		return done;
	return read_file(w, fd, path, len - done);
}

int guest_writer_end(struct guest_writer *w, int err)
{
	uint64_t first = w->start >> CTRL_PAGE_SHIFT;
	uint64_t last = (w->at - 1) >> CTRL_PAGE_SHIFT;

	drop_window(w);
	if (err < 0 || w->direct || w->at == w->start)
		return err;
	return ctrl_flush_cache(w->c, w->domid, first, last - first + 1);
}

int ctrl_copy_to_domain(struct ctrl *c, uint32_t domid, uint64_t gpa, const void *buf, size_t len)
{
	struct guest_writer w;
	int ret;

	if (gpa + len < gpa)
		return ctrl_fail(-EINVAL,
				 "cannot write %zu bytes to domain %u's memory at %#" PRIx64
				 ": that goes beyond the address space",
				 len, domid, gpa);
	guest_writer_begin(&w, c, domid, gpa, len);
	ret = write_bytes(&w, buf, len);
	return guest_writer_end(&w, ret);
}
