/* SPDX-License-Identifier: ISC */
/* Any bytes as a kernel: recognized, laid out and loaded into memory that the sanitizers watch. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>

#include "backend.h"
#include "guest/guest_layout.h"
#include "image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A hypervisor that agrees to everything but has no call of its own. */
static long hypercall(void *state, uint64_t op, const uint64_t arg[5])
{
	(void)state, (void)arg;
	return op == 48 ? -38 : 0;
}

static void *alloc(void *state, size_t pages)
{
	(void)state;
	return calloc(pages, CTRL_PAGE_SIZE);
}

static void release(void *state, void *ptr, size_t pages)
{
	(void)state, (void)pages;
	free(ptr);
}

static int map_frames(void *state, uint32_t domid, const uint64_t *gfns, size_t nr, int prot,
		      int *errs, void **addr)
{
	(void)domid, (void)gfns, (void)prot, (void)errs;
	*addr = alloc(state, nr);
	return 0;
}

static void nothing(void *state)
{
	(void)state;
}

static const struct ctrl_backend_ops ops = {
	.hypercall = hypercall,
	.alloc = alloc,
	.free = release,
	.map_frames = map_frames,
	.unmap = release,
	.close = nothing,
};

static void load(struct ctrl *c, struct image *image)
{
	struct guest_layout layout;
	struct guest_writer w;

	if (guest_layout_make(&layout, 64 << 10, &image->info, 1000, 4096) < 0)
		return;
	guest_writer_begin(&w, c, 1, layout.kernel.base, layout.kernel.size);
	guest_writer_end(&w, image_load(image, &w));
	if (w.at > w.end)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("kernel", MFD_CLOEXEC);
	struct image image;
	struct ctrl *c;
	char path[64];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size ||
	    ctrl_open_backend(&c, &ops, NULL) < 0)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!image_open(&image, path)) {
		load(c, &image);
		image_close(&image);
	} else if (!ctrl_error()[0]) {
		abort();
	}
	ctrl_close(c);
	close(fd);
	return 0;
}
