/* SPDX-License-Identifier: ISC */
/*
 * Length-prefixed frames, the common ground of the daemons' socket protocols: building them, taking
 * them apart with every read checked, and the client's blocking side with a time limit.
 *
 *      0        4        6        8
 *      +--------+--------+--------+------------------+
 *      | size   | type   | version| size bytes ...   |     integers in host byte order: both ends
 *      +--------+--------+--------+------------------+     are on one machine by construction
 *
 * A string is a u16 count of bytes followed by them, without a NUL; it holds no NUL either.
 */
#ifndef PLINTH_COMMON_FRAME_H
#define PLINTH_COMMON_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FRAME_HEADER_SIZE 8u

struct frame {
	uint16_t type;
	uint16_t version;
	uint32_t size;       /* bytes of data */
	const uint8_t *data; /* into the buffer that was parsed */
};

/*
 * The first frame in have bytes at buffer: returns the bytes it takes (header included), 0 when
 * more are needed, -EMSGSIZE when it announces more than limit bytes of data. Nothing is read past
 * have.
 */
ssize_t frame_parse(const void *buffer, size_t have, size_t limit, struct frame *frame);

/* Builds one frame in a buffer; what does not fit is remembered and told by frame_end(). */
struct frame_writer {
	uint8_t *buffer;
	size_t size, used;
	bool overflow;
};

void frame_begin(struct frame_writer *w, void *buffer, size_t size, uint16_t type,
		 uint16_t version);
void frame_put_u32(struct frame_writer *w, uint32_t value);
void frame_put_u64(struct frame_writer *w, uint64_t value);
void frame_put_bytes(struct frame_writer *w, const void *data, size_t size);
void frame_put_string(struct frame_writer *w, const char *text); /* cut at 65535 bytes */
ssize_t frame_end(struct frame_writer *w); /* bytes of the whole frame, or -EMSGSIZE */

/* Reads a frame's data; the first read past the end makes all that follow fail. */
struct frame_reader {
	const uint8_t *at, *end;
	bool bad;
};

void frame_open(struct frame_reader *r, const struct frame *frame);
uint32_t frame_get_u32(struct frame_reader *r); /* 0 when bad */
uint64_t frame_get_u64(struct frame_reader *r);
void frame_get_bytes(struct frame_reader *r, void *data, size_t size);  /* zeroes when bad */
void frame_get_string(struct frame_reader *r, char *text, size_t size); /* NUL-terminated always */
int frame_close(const struct frame_reader *r); /* 0: all read, nothing left over; else -EPROTO */

/* Whoever serves the socket, for messages: "plinth-consoled" and how to start it. */
struct frame_peer {
	const char *socket;
	const char *daemon;
	uint16_t version;
	size_t limit; /* most bytes of data of a frame in either direction */
	int timeout_ms;
};

/* A connected socket, or a negative errno and a sentence; no daemon of any kind is -ECONNREFUSED.
 */
int frame_connect(const struct frame_peer *peer, char *err, size_t err_size);

/* Send all of a built frame; receive one into buffer (header and data, at least limit + header). */
int frame_send(int fd, const void *data, size_t size, int timeout_ms);
int frame_receive(int fd, const struct frame_peer *peer, void *buffer, struct frame *frame);

/*
 * Connect, send the request, wait for one answer and close. The answer's data is in buffer. An
 * answer of the type error_type (s32 errno, string) becomes the return value and err.
 */
int frame_call(const struct frame_peer *peer, const void *request, size_t size, uint16_t error_type,
	       void *buffer, struct frame *answer, char *err, size_t err_size);

/*
 * The same where the answer can only be yes, of the type ok_type, or an error. size is what the function returned that
 * built the request: negative if it did not fit. err may be NULL.
 */
int frame_ask(const struct frame_peer *peer, const void *request, ssize_t size, uint16_t ok_type,
	      uint16_t error_type, char *err, size_t err_size);

#endif
