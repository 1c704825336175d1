/* SPDX-License-Identifier: ISC */
/* Counts checks, says what was read and what was expected, and prints the verdict line. */

#include <stdarg.h>
#include "abi.h"

static struct {
	const char *name;       /* the running check */
	const char *first_fail; /* the first that failed */
	bool failed;
	unsigned done;
	unsigned passed;
	unsigned complaints; /* of the running check */
} state;

static struct lock state_lock;

#define COMPLAINTS_MAX 8 /* lines per check: the first few tell the story */

static void complain(const char *text, const char *file, int line)
{
	lock_acquire(&state_lock);
	state.failed = true;
	if (!state.first_fail)
		state.first_fail = state.name ? state.name : "start";
	if (state.complaints++ < COMPLAINTS_MAX)
		guest_printf("FAIL %s: %s (%s:%d)\n", state.name ? state.name : "start", text, file,
			     line);
	lock_release(&state_lock);
}

bool check_fail(const char *file, int line, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	guest_vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	complain(text, file, line);
	return false;
}

bool check_xen_differs(const char *file, int line, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	guest_vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!xen_is_stock())
		return check_fail(file, line, "%s", text);
	check_note("stock Xen differs: %s", text);
	return true;
}

bool check_true(bool ok, const char *what, const char *file, int line)
{
	return ok || check_fail(file, line, "expected %s", what);
}

bool check_equal(u64 got, u64 want, const char *what, const char *file, int line)
{
	return got == want ||
	       check_fail(file, line, "%s is 0x%lx, expected 0x%lx", what, got, want);
}

bool check_signed(int64_t got, int64_t want, const char *what, const char *file, int line)
{
	return got == want || check_fail(file, line, "%s is %ld, expected %ld", what, got, want);
}

void check_note(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	guest_vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	guest_printf("note %s: %s\n", state.name ? state.name : "start", text);
}

bool check_failed(void)
{
	return state.failed;
}

void check_run(const struct check *checks, unsigned count)
{
	for (unsigned n = 0; n < count; n++) {
		state.name = checks[n].name;
		state.failed = false;
		state.complaints = 0;
		checks[n].run();
		state.done++;
		if (!state.failed)
			state.passed++;
		guest_printf("%s %s\n", state.failed ? "not ok" : "ok", state.name);
	}
	state.name = NULL;
}

void check_verdict(void)
{
	if (state.first_fail || !state.done)
		guest_printf("VERDICT %s FAIL %u/%u %s\n", guest_name, state.passed, state.done,
			     state.first_fail ? state.first_fail : "nothing-ran");
	else
		guest_printf("VERDICT %s PASS %u/%u\n", guest_name, state.passed, state.done);
	guest_power_off();
}
