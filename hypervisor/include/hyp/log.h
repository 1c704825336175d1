/* SPDX-License-Identifier: ISC */
/* The hypervisor's log: a ring in reserved RAM that survives a warm reset, echoed to the console. */
#ifndef HYP_LOG_H
#define HYP_LOG_H

#include <hyp/types.h>

enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_print(enum log_level level, const char *fmt, ...) __printf(2, 3);

#define log_err(...)   log_print(LOG_ERR, __VA_ARGS__)
#define log_warn(...)  log_print(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_print(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_print(LOG_DEBUG, __VA_ARGS__)

struct domain;

/*
 * A line about what a guest did: rate-limited per domain, so that no guest can flood the log.
 * The lines left out are counted and told once the domain is quiet again.
 */
void log_guest(struct domain *d, const char *fmt, ...) __printf(2, 3);

#endif
