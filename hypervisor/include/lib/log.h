/* SPDX-License-Identifier: ISC */
/*
 * The hypervisor's log: a ring in reserved RAM, also written to the console.
 *
 * The ring has a header with a magic number, a boot counter and a checksum. It is at the same
 * address at every boot, in memory that is mapped non-cacheable, so that no line is lost in a
 * cache. After a warm reset the next boot finds the ring and keeps a copy as "the previous log". A
 * board without a serial port can thus report the reason of a crash.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <lib/types.h>
#include <stdarg.h>

enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Are lines of this level shown? */
bool log_shows(enum log_level level);
/* One line, with the time and a prefix before it. */
void log_vprint(const char *prefix, const char *fmt, va_list ap) __cold;
void log_print(enum log_level level, const char *fmt, ...) __printf(2, 3) __cold;

#define log_err(...)   log_print(LOG_ERR, __VA_ARGS__)
#define log_warn(...)  log_print(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_print(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_print(LOG_DEBUG, __VA_ARGS__)

struct domain;

#define LOG_GUEST_BURST 20 /* lines at once, then one per second */

/*
 * Log a line about a guest's action. The rate is limited per domain, so that no guest can flood the
 * log. The next line reports how many lines were left out.
 */
void log_guest(struct domain *d, const char *fmt, ...) __printf(2, 3) __cold;

#define LOG_SIZE KiB(64) /* the ring with its header */

/*
 * Lines logged before log_init() go to a small buffer; log_init() copies them to the ring. ring:
 * LOG_SIZE bytes of non-cacheable memory.
 */
void log_init(void *ring, void *previous);
void log_set_level(int level);
/* Also write each line to a console. write() runs with the log locked. */
void log_set_console(void (*write)(const char *s, size_t len));

/*
 * Copy bytes from the log, starting at position *pos. A position counts all bytes ever logged in
 * this boot; if the byte at *pos has been overwritten, the oldest byte is next. Returns the number
 * of bytes and advances *pos.
 */
uint32_t log_read(uint64_t *pos, char *buf, uint32_t size);
/*
 * log_start() returns the position of the oldest byte that log_clear() does not hide. log_clear()
 * moves that position to the end.
 */
uint64_t log_start(void);
void log_clear(void);

/*
 * Read the log of the previous boot from offset. Returns the number of bytes, or -ENODATA if there
 * is none. *total is the size of that log.
 */
int log_read_previous(uint32_t offset, char *buf, uint32_t size, uint64_t *total,
		      uint32_t *boot_count);

/* For panic(): from now on a message waits only a bounded time for the lock. */
void log_panic_mode(void);

#endif
