/* SPDX-License-Identifier: ISC */
/*
 * The console daemon's socket protocol, version 2: frames (base/frame.h) over a Unix stream
 * socket. Every frame carries the version; one of another version is answered by ERROR and a
 * hang-up.
 *
 * client -> daemon                                          answer
 *   ADD     u32 domid, u8 uuid[16], u64 ring_gfn,           OK or ERROR
 *           u32 guest_port, u32 flags, u32 kind,
 *           u32 scrollback, u64 log_limit, string name
 *   DIED    u32 domid, u8 uuid[16], s32 reason              OK or ERROR
 *   FORGET  string name ("" = all dead guests)              OK or ERROR
 *   LIST    -                                               ENTRY..., OK
 *   OPEN    u32 flags, u32 kind, string guest (domid or     OPENED or ERROR
 *           name)
 *   INPUT   bytes to type, 1..CONSOLE_INPUT_MAX             nothing; TAKEN later
 *   NEXT    u32 domid: the first guest with a note whose    NOTE or OK (no more)
 *           domid is greater
 *
 * daemon -> client, after OPEN, in this order
 *   OPENED   u32 domid, u8 uuid[16], u32 state, string name
 *   OUTPUT   bytes                 what was kept, then what comes (none kept with NO_REPLAY)
 *   REPLAYED -                     everything before this had been output before OPEN
 *   NOTICE   string                something about the console that a person should know
 *   TAKEN    u64 count             the guest has taken the first count bytes this client typed
 *   ENDED    s32 reason            the guest is dead, all its output has been sent; hang-up follows
 *
 *   OK -      ERROR s32 errno (negative), string sentence
 *   NOTE  u32 domid, u8 uuid[16], string panic
 *   ENTRY u32 domid, u32 kind, u32 state, u64 output, u32 clients, string name
 *
 * Limits: data of a frame CONSOLE_FRAME_MAX. A client may send several frames before it reads
 * answers; one connection may hold one OPEN. A client that reads too slowly loses output (and gets
 * a NOTICE where); one that reads no answers at all is hung up on.
 */
#ifndef PLINTH_CONSOLE_PROTOCOL_H
#define PLINTH_CONSOLE_PROTOCOL_H

#include "base/frame.h"
#include "console_client.h"

#define CONSOLE_VERSION   2
#define CONSOLE_FRAME_MAX 4096 /* bytes of data */
#define CONSOLE_INPUT_MAX 1024
#define CONSOLE_TEXT_MAX  511 /* bytes of a sentence */

enum console_message {
	CONSOLE_ADD = 1,
	CONSOLE_DIED,
	CONSOLE_FORGET,
	CONSOLE_LIST,
	CONSOLE_OPEN,
	CONSOLE_INPUT,
	CONSOLE_NEXT,
	CONSOLE_REQUEST_COUNT,

	CONSOLE_OK = 64,
	CONSOLE_ERROR,
	CONSOLE_OPENED,
	CONSOLE_OUTPUT,
	CONSOLE_REPLAYED,
	CONSOLE_NOTICE,
	CONSOLE_TAKEN,
	CONSOLE_ENDED,
	CONSOLE_ENTRY,
	CONSOLE_NOTE,
};

#define CONSOLE_OPEN_READ_ONLY 1u
#define CONSOLE_OPEN_NO_REPLAY 2u

enum console_state {
	CONSOLE_LIVE,   /* ring mapped, channel bound */
	CONSOLE_BROKEN, /* the guest put impossible numbers into its ring: left alone since */
	CONSOLE_DEAD,   /* the output is kept */
};

struct console_died {
	uint32_t domid;
	uint8_t uuid[16];
	int32_t reason;
};

struct console_open {
	uint32_t flags, kind;
	char guest[CONSOLE_NAME_MAX + 1];
};

struct console_opened {
	uint32_t domid, state;
	uint8_t uuid[16];
	char name[CONSOLE_NAME_MAX + 1];
};

struct console_entry {
	uint32_t domid, kind, state, clients;
	uint64_t output; /* bytes since it was added */
	char name[CONSOLE_NAME_MAX + 1];
};

/* Each returns the size of the whole frame, or -EMSGSIZE. name of console_add is checked on
 * decoding. */
ssize_t console_put_add(void *buffer, size_t size, const struct console_add *add);
ssize_t console_put_died(void *buffer, size_t size, const struct console_died *died);
ssize_t console_put_open(void *buffer, size_t size, const struct console_open *open);
ssize_t console_put_opened(void *buffer, size_t size, const struct console_opened *opened);
ssize_t console_put_entry(void *buffer, size_t size, const struct console_entry *entry);
ssize_t console_put_note(void *buffer, size_t size, const struct console_note *note);
ssize_t console_put_error(void *buffer, size_t size, int error, const char *sentence);
ssize_t console_put_text(void *buffer, size_t size, uint16_t type, const char *text);
ssize_t console_put_u64(void *buffer, size_t size, uint16_t type, uint64_t value);
ssize_t console_put_u32(void *buffer, size_t size, uint16_t type, uint32_t value);
ssize_t console_put_bytes(void *buffer, size_t size, uint16_t type, const void *data, size_t count);
ssize_t console_put_empty(void *buffer, size_t size, uint16_t type);

/*
 * Each returns 0, or -EPROTO when the data is not exactly what the type demands. add->name points
 * to name afterwards. A name must be one (console_name_is_valid()).
 */
int console_get_add(const struct frame *frame, struct console_add *add,
		    char name[CONSOLE_NAME_MAX + 1]);
int console_get_died(const struct frame *frame, struct console_died *died);
int console_get_open(const struct frame *frame, struct console_open *open);
int console_get_opened(const struct frame *frame, struct console_opened *opened);
int console_get_entry(const struct frame *frame, struct console_entry *entry);
int console_get_note(const struct frame *frame, struct console_note *note);
int console_get_text(const struct frame *frame, char *text, size_t size);
int console_get_u64(const struct frame *frame, uint64_t *value);
int console_get_u32(const struct frame *frame, uint32_t *value);

/* 1..CONSOLE_NAME_MAX printable ASCII bytes, no '/', not all digits, no leading '.' or '-'. */
bool console_name_is_valid(const char *name);

#endif
