/* SPDX-License-Identifier: ISC */
/* The sentence for a person that goes with each error; one a thread. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define ERROR_SIZE 1024
/* With so much free, the hypervisor itself does not run out of memory for a single piece. */
#define ENOUGH_KIB 4096

static _Thread_local char sentence[ERROR_SIZE];

const char *ctrl_error(void)
{
	return sentence;
}

/* What an errno means when it comes from the hypervisor, and what can be done about it. */
static const struct call_error {
	int err;
	const char *words;
	const char *advice;
} call_errors[] = {
	{EPERM, "not permitted", "only the privileged domain (dom0), and root in it, may do this"},
	{EACCES, "access denied",
	 "only root may do this; if you are, the hypervisor has another interface version"},
	{ESRCH, "there is no such domain", "`vmctl list` shows those that exist"},
	{ENOSYS, "the hypervisor does not have this call", NULL},
	{EOPNOTSUPP, "the hypervisor does not support this", NULL},
	{EFAULT, "the hypervisor could not reach this program's memory", NULL},
	{EINVAL, "the hypervisor rejects a value", NULL},
	{EEXIST, "it exists already", NULL},
	{EBUSY, "it is in use", NULL},
	{ENOENT, "there is no such thing", NULL},
	{ENODEV, "there is no such device", NULL},
	{ENOMEM, "out of memory", NULL},
	{ENOSPC, "no room is left", NULL},
	{E2BIG, "a value is too large", NULL},
	{ERANGE, "a value is out of range", NULL},
	{ENOBUFS, "dom0 has no memory for the call's arguments", "end some program in dom0"},
	{ENXIO, "the domain has no memory there", NULL},
};

static const struct call_error *find_call_error(int err)
{
	for (size_t i = 0; i < ARRAY_SIZE(call_errors); i++)
		if (call_errors[i].err == -err)
			return &call_errors[i];
	return NULL;
}

/* "ENOENT", or "errno 4711" for what libc does not know. */
static const char *errno_name(int err, char *buf, size_t size)
{
	const char *name = strerrorname_np(-err);

	if (name)
		return name;
	snprintf(buf, size, "errno %d", -err);
	return buf;
}

static void append(const char *fmt, ...) PRINTF(1, 2);
static void append(const char *fmt, ...)
{
	size_t len = strlen(sentence);
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence + len, sizeof(sentence) - len, fmt, args);
	va_end(args);
}

int ctrl_fail(int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	return err;
}

static void append_words(int err, const char *words)
{
	char buf[32];
	const char *descr = words ? words : strerrordesc_np(-err);

	append(": %s (%s)", descr ? descr : "unknown error", errno_name(err, buf, sizeof(buf)));
}

/* Memory is short either in the hypervisor or in dom0, which gives a page for each that it maps. */
static void append_memory_advice(struct ctrl *c)
{
	uint64_t kib = ctrl_free_kib(c);

	if (kib < ENOUGH_KIB)
		append("; the hypervisor has %" PRIu64 " KiB free: destroy a domain, give this one "
		       "less, or start dom0 with less (dom0_mem=)",
		       kib);
	else
		append("; the hypervisor has %" PRIu64 " KiB free, so it is a limit of the domain "
		       "or dom0 that is short of memory",
		       kib);
}

int ctrl_fail_call(struct ctrl *c, int err, const char *call, const char *fmt, ...)
{
	const struct call_error *e = find_call_error(err);
	va_list args;

	snprintf(sentence, sizeof(sentence), "cannot ");
	va_start(args, fmt);
	vsnprintf(sentence + 7, sizeof(sentence) - 7, fmt, args);
	va_end(args);
	append(": %s", call);
	append_words(err, e ? e->words : NULL);
	if (err == -ENOMEM)
		append_memory_advice(c);
	else if (e && e->advice)
		append("; %s", e->advice);
	return err;
}

int ctrl_fail_file(int err, const char *fmt, ...)
{
	va_list args;

	snprintf(sentence, sizeof(sentence), "cannot ");
	va_start(args, fmt);
	vsnprintf(sentence + 7, sizeof(sentence) - 7, fmt, args);
	va_end(args);
	append_words(err, NULL);
	return err;
}

int ctrl_fail_in(int err, const char *fmt, ...)
{
	char old[ERROR_SIZE];
	va_list args;

	memcpy(old, sentence, sizeof(old));
	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	append(": %s", old);
	return err;
}
