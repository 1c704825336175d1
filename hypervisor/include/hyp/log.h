/* SPDX-License-Identifier: ISC */
/*
 * The hypervisor's log: a ring in reserved RAM, echoed to the console.
 *
 * The ring has a header with a magic number, a boot counter and a checksum, and lies at the same
 * place at every boot, in memory that is mapped non-cacheable so that nothing of it is lost in a
 * cache: after a warm reset the next boot finds it and keeps it as "the previous log". This is how
 * a board without a serial port tells why it died.
 */
#ifndef HYP_LOG_H
#define HYP_LOG_H

#include <hyp/types.h>

enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_print(enum log_level level, const char *fmt, ...) __printf(2, 3) __cold;

#define log_err(...)   log_print(LOG_ERR, __VA_ARGS__)
#define log_warn(...)  log_print(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_print(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_print(LOG_DEBUG, __VA_ARGS__)

struct domain;

#define LOG_GUEST_BURST 20 /* lines at once, then one a second */

/*
 * A line about what a guest did: rate-limited per domain, so that no guest can flood the log. How
 * many lines were left out is told with the next one.
 */
void log_guest(struct domain *d, const char *fmt, ...) __printf(2, 3) __cold;

#define LOG_SIZE KiB(64) /* the ring and its header */

/*
 * Before log_init() lines go to a small buffer; it moves them over. ring: LOG_SIZE bytes of
 * non-cacheable memory.
 */
void log_init(void *ring, void *previous);
void log_set_level(int level);

/*
 * Copy out of the log: bytes from position *pos on (a position counts all bytes ever logged; one
 * that has been overwritten is moved up). Returns the number of bytes; *pos is advanced.
 */
uint32_t log_read(uint64_t *pos, char *buf, uint32_t size);
/*
 * Position of the oldest byte that a reader who follows `clear` should see, and moving it to the
 * end.
 */
uint64_t log_start(void);
void log_clear(void);

/* The log of the boot before this one: -ENODATA, or bytes copied from offset; *total its size. */
int log_read_previous(uint32_t offset, char *buf, uint32_t size, uint64_t *total,
		      uint32_t *boot_count);

/* What panic() does besides logging: output without waiting for locks. */
void log_panic_mode(void);

#endif
