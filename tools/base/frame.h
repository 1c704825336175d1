/* SPDX-License-Identifier: ISC */
/*
 * Length-prefixed frames, which all socket protocols of the daemons use. Declares how to build a
 * frame, how to parse one with every read checked, and a blocking client with a time limit.
 *
 *      0        4        6        8
 *      +--------+--------+--------+------------------+
 *      | size   | type   | version| size bytes ...   |     integers in host byte order, both ends
 *      +--------+--------+--------+------------------+     are on the same machine
 *
 * A string is a u16 count of bytes, followed by the bytes. It contains no NUL and ends without one.
 */
#ifndef PLINTH_COMMON_FRAME_H
#define PLINTH_COMMON_FRAME_H

#include "reader.h"
#include "report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FRAME_HEADER_SIZE 8u

struct frame {
	uint16_t type;
	uint16_t version;
	uint32_t size;       /* bytes of data */
	const uint8_t *data; /* points into the parsed buffer */
};

/*
 * Parses the first frame of a buffer that holds have bytes. Returns the size of the frame with its
 * header, 0 if the frame is not complete yet, or -EMSGSIZE if it announces more than limit bytes of
 * data. Reads nothing beyond have.
 */
ssize_t frame_parse(const void *buffer, size_t have, size_t limit, struct frame *frame);

/* Builds one frame in a buffer. If something does not fit, frame_end() reports it. */
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
ssize_t frame_end(struct frame_writer *w); /* size of the frame with its header, or -EMSGSIZE */

/* Reads a frame's data; reader.h has the rest. */
void frame_open(struct reader *r, const struct frame *frame);
void frame_get_string(struct reader *r, char *text, size_t size); /* always NUL-terminated */
int frame_close(const struct reader *r); /* 0: all data was read; else -EPROTO */

/* The daemon that serves a socket. Messages name it. */
struct frame_peer {
	const char *socket;
	const char *daemon;
	uint16_t version;
	size_t limit; /* maximum bytes of data in a frame, in both directions */
	int timeout_ms;
};

/*
 * Returns a connected socket, or a negative errno with a report. -ECONNREFUSED: no daemon is
 * running.
 */
int frame_connect(const struct frame_peer *peer, struct report *report);

/*
 * frame_send() sends a complete frame. frame_receive() receives one into buffer, which must have
 * room for limit bytes and the header.
 */
int frame_send(int fd, const void *data, size_t size, int timeout_ms);
int frame_receive(int fd, const struct frame_peer *peer, void *buffer, struct frame *frame);

/*
 * Connects, sends the request, waits for one answer and closes the connection. The answer's data is
 * in buffer. If the answer has the type error_type (s32 errno, string), the function returns its
 * errno and puts its string into report.
 */
int frame_call(const struct frame_peer *peer, const void *request, size_t size, uint16_t error_type,
	       void *buffer, struct frame *answer, struct report *report);

/*
 * Like frame_call(), for a request whose answer has no data: it has the type ok_type, or
 * error_type. size is the return value of the function that built the request, negative if the
 * request did not fit. report may be NULL.
 */
int frame_ask(const struct frame_peer *peer, const void *request, ssize_t size, uint16_t ok_type,
	      uint16_t error_type, struct report *report);

#endif
