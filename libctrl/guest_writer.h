/* SPDX-License-Identifier: ISC */
/*
 * Writes a stretch of a domain's memory from front to back, in the fastest way that the hypervisor
 * offers:
 *
 *	Plinth	   chunk = a buffer here, commit = one hypercall that copies and cleans caches
 *	otherwise  chunk = the guest's own pages, mapped a window at a time; caches cleaned at the
 *end
 *
 *	   gpa                       at            end
 *	    |------ written ---------|--------------|
 *	                         [ window ]
 *
 * Either way the producer (read(), inflate(), memcpy()) puts its bytes straight into the chunk.
 */
#ifndef LIBCTRL_GUEST_WRITER_H
#define LIBCTRL_GUEST_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ctrl;

struct guest_writer {
	struct ctrl *c;
	uint32_t domid;
	uint64_t start, at, end; /* guest physical */
	bool direct;             /* Plinth copies */
	void *window;            /* mapped guest pages, or the buffer */
	uint64_t window_gpa;     /* where the window begins, page aligned (not direct) */
	size_t window_pages;
};

/* Nothing is mapped or allocated yet. */
void guest_writer_begin(struct guest_writer *w, struct ctrl *c, uint32_t domid, uint64_t gpa,
			uint64_t size);

/* Where to put the next bytes, and how many fit; *len is 0 at the end. */
int guest_writer_chunk(struct guest_writer *w, void **ptr, size_t *len);
/* The first n bytes of the last chunk are there. */
int guest_writer_commit(struct guest_writer *w, size_t n);

/* The next len bytes become zero. -ENOSPC when that is more than is left. */
int guest_writer_zeros(struct guest_writer *w, size_t len);
/* The next len bytes, from the file's current position; path is for sentences. */
int guest_writer_file(struct guest_writer *w, int fd, const char *path, uint64_t len);

/* Always to be called. err != 0: only tidies up. Returns err, or its own error. */
int guest_writer_end(struct guest_writer *w, int err);

#endif /* LIBCTRL_GUEST_WRITER_H */
