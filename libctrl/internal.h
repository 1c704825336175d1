/* SPDX-License-Identifier: ISC */
/* What libctrl's files share: the handle, errors with a sentence, buffers, hypercalls. */
#ifndef LIBCTRL_INTERNAL_H
#define LIBCTRL_INTERNAL_H

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>

#include "backend.h"
#include "libctrl.h"

#define ARRAY_SIZE(a)      (sizeof(a) / sizeof((a)[0]))
#define PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/* libctrl.map exports what libctrl.h declares; all other functions stay inside the library. */
#define CTRL_NR_SPARE_PAGES 8

struct ctrl {
	const struct ctrl_backend_ops *ops;
	void *state;
	pthread_mutex_t lock;             /* of the two below; never held over a hypercall */
	void *spare[CTRL_NR_SPARE_PAGES]; /* pages that the next calls use, so that they need no
					     mmap */
	unsigned int nr_spare;
	atomic_int plinth; /* PLINTH_OP_version's answer, PLINTH_UNKNOWN: not asked yet, 0: stock
			      Xen */
	atomic_int plinth_copy; /* whether it has PLINTH_OP_copy_to_domain, in the same way */
	atomic_int sched_id;    /* XEN_SCHEDULER_*, -1: not asked yet */
};
#define PLINTH_UNKNOWN (-1)

/* error.c. All return err, so that `return ctrl_fail(...)` reads well. err is negative. */

/* The sentence as given. */
int ctrl_fail(int err, const char *fmt, ...) PRINTF(2, 3);
/* error_call.c: "cannot <what>: <call>: <errno in words>[; what to do]" */
int ctrl_fail_call(struct ctrl *c, int err, const char *call, const char *fmt, ...) PRINTF(4, 5);
/* "cannot <what>: <errno in words>", for system calls on files */
int ctrl_fail_file(int err, const char *fmt, ...) PRINTF(2, 3);
/* Puts words in front of the sentence that is there. */
int ctrl_fail_in(int err, const char *fmt, ...) PRINTF(2, 3);

/*
 * For error_call.c: begins a sentence, adds to it, and adds ": words (ERRNO)"; NULL: libc's words.
 */
void ctrl_say_cannot(const char *fmt, va_list args) PRINTF(1, 0);
void ctrl_append(const char *fmt, ...) PRINTF(1, 2);
void ctrl_append_errno(int err, const char *words);

/* handle.c */

/* Zeroed memory for hypercall arguments; NULL with the sentence set. size as given to put. */
void *ctrl_buf_get(struct ctrl *c, size_t size);
void ctrl_buf_put(struct ctrl *c, void *buf, size_t size);

/*
 * The bare hypercall: a result or a negative errno, no sentence. The second form is op(cmd, arg),
 * the third op(arg), with a structure in ordinary memory that is copied in and out.
 */
long ctrl_hypercall(struct ctrl *c, uint64_t op, uint64_t a0, uint64_t a1);
long ctrl_hypercall_cmd(struct ctrl *c, uint64_t op, uint64_t cmd, void *arg, size_t size);
long ctrl_hypercall_arg(struct ctrl *c, uint64_t op, void *arg, size_t size);

/* domctl.c: fills in command, version and domain, and calls again when told to. No sentence. */
struct xen_domctl;
int ctrl_domctl(struct ctrl *c, uint32_t cmd, uint32_t domid, struct xen_domctl *arg);

/* sysctl.c: the same */
struct xen_sysctl;
int ctrl_sysctl(struct ctrl *c, uint32_t cmd, struct xen_sysctl *arg);

/* version.c: the ABI's version alone, with a sentence */
int ctrl_get_version_number(struct ctrl *c, unsigned int *major, unsigned int *minor);

/* version.c: 0 if the hypervisor has guests of so many bits (64 or 32), else a sentence */
int ctrl_check_width(struct ctrl *c, unsigned int width);

/* plinth.c: the version of Plinth's own hypercall, 0 on stock Xen. */
int ctrl_plinth_version(struct ctrl *c);

#endif /* LIBCTRL_INTERNAL_H */
