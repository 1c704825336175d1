/* SPDX-License-Identifier: ISC */
/* An opened kernel image: what it is, and putting it into a guest. */
#ifndef LIBCTRL_IMAGE_H
#define LIBCTRL_IMAGE_H

#include "../guest_writer.h"
#include "libctrl.h"

struct image_format;

struct image {
	int fd;
	const char *path; /* the caller's */
	struct ctrl_image_info info;
	const struct image_format *format;
	uint64_t data_size; /* bytes of the file to load, where it is not compressed */
};

/* Opens the file and looks at it; fails on what cannot be loaded. */
int image_open(struct image *image, const char *path);
void image_close(struct image *image);

/* Writes the kernel, decompressed, to the writer; at most info.image_size bytes. */
int image_load(struct image *image, struct guest_writer *w);

/* Decompresses all that image_load() would, to nowhere: whether it can be. */
int image_verify(struct image *image);

/* Opens a regular, non-empty file; what says what it is, for sentences. */
int image_open_file(const char *path, const char *what, uint64_t *size);

/* What the first len bytes of a file of that size are; pure. */
enum ctrl_image_kind image_detect(const uint8_t *head, size_t len, uint64_t file_size);

#endif /* LIBCTRL_IMAGE_H */
