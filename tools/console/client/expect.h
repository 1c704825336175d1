/* SPDX-License-Identifier: ISC */
/*
 * A tiny expect: steps in order, each either waits for a regular expression in the output or sends
 * a text. What matched, and all before it, is used up; the next step sees only what follows.
 *
 * Expressions are POSIX extended, line by line (^ and $ are a line's ends, . is no newline), on the
 * output without carriage returns and NULs. A script that begins with SEND does not look at what
 * was output before it began, one that begins with EXPECT does.
 */
#ifndef PLINTH_CONSOLE_EXPECT_H
#define PLINTH_CONSOLE_EXPECT_H

#include "base/report.h"

#include "clients/console_client.h"

#include <regex.h>
#include <stdbool.h>
#include <sys/types.h>

#define EXPECT_WINDOW (64 * 1024) /* bytes looked at; a match must lie within the last ones */

struct expect {
	const struct console_step *steps;
	size_t count, at; /* at == count: all done */
	regex_t regex;    /* of step at, when compiled */
	bool compiled;
	bool deaf;    /* what comes now had been output before */
	char *window; /* NUL-terminated */
	size_t used;
	bool fresh; /* something came since the last look */
};

/* Checks every step. 0, -ENOMEM, or -EINVAL with a sentence on the wrong expression or text. */
int expect_init(struct expect *expect, const struct console_step *steps, size_t count,
		struct report *report);
void expect_free(struct expect *expect);

void expect_feed(struct expect *expect, const char *data, size_t size);
void expect_replayed(struct expect *expect); /* what follows is new output */

enum expect_need {
	EXPECT_OUTPUT, /* feed more */
	EXPECT_SEND,   /* send text, then expect_sent() */
	EXPECT_DONE,
};

/* Goes on as far as the output allows. */
enum expect_need expect_advance(struct expect *expect);
const char *
expect_wanted(const struct expect *expect); /* the text of the step at hand, "" at the end */
void expect_sent(struct expect *expect);

/* "ls\r" as it is typed: \r \n \t \e \\ \xHH. Count of bytes in out (as long as text), or -EINVAL.
 */
ssize_t expect_unescape(const char *text, char *out);

#endif
