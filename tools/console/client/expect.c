/* SPDX-License-Identifier: ISC */
/* A tiny expect for the console's scripts: no input or output of its own. */
#include "expect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* One escape, *text after its backslash; moves *text past it. The byte, or -1. */
static int unescape_one(const char **text)
{
	static const char letters[] = "rnte\\", values[] = "\r\n\t\033\\";
	char letter = *(*text)++;
	const char *at = letter ? strchr(letters, letter) : NULL;
	int high, low;

	if (at)
		return values[at - letters];
	if (letter != 'x' || (high = hex((*text)[0])) < 0 || (low = hex((*text)[1])) < 0)
		return -1;
	*text += 2;
	return high * 16 + low;
}

ssize_t expect_unescape(const char *text, char *out)
{
	char *at = out;

	while (*text) {
		int byte = (unsigned char)*text++;

		if (byte == '\\')
			byte = unescape_one(&text);
		if (byte < 0)
			return -EINVAL;
		*at++ = (char)byte;
	}
	return at - out;
}

static int check_step(const struct console_step *step, struct report *report)
{
	char *out = malloc(strlen(step->text) + 1);
	char why[128] = "only \\r \\n \\t \\e \\\\ and \\xHH may follow a backslash";
	regex_t regex;
	int ret;

	if (!out)
		return -ENOMEM;
	if (step->kind == CONSOLE_STEP_SEND) {
		ret = expect_unescape(step->text, out) < 0;
	} else {
		ret = regcomp(&regex, step->text, REG_EXTENDED | REG_NEWLINE);
		if (ret)
			regerror(ret, &regex, why, sizeof(why));
		else
			regfree(&regex);
	}
	free(out);
	if (ret)
		return report_set(report, -EINVAL, "--%s \"%s\": %s",
				  step->kind == CONSOLE_STEP_SEND ? "send" : "expect", step->text,
				  why);
	return 0;
}

int expect_init(struct expect *expect, const struct console_step *steps, size_t count,
		struct report *report)
{
	*expect = (struct expect){.steps = steps, .count = count, .fresh = true};
	for (size_t i = 0; i < count; i++) {
		int ret = check_step(&steps[i], report);

		if (ret < 0)
			return ret;
	}
	expect->window = calloc(1, EXPECT_WINDOW + 1);
	if (!expect->window) {
		return report_set(report, -ENOMEM, "no memory");
	}
	expect->deaf = count > 0 && steps[0].kind == CONSOLE_STEP_SEND;
	return 0;
}

void expect_free(struct expect *expect)
{
	if (expect->compiled)
		regfree(&expect->regex);
	free(expect->window);
	*expect = (struct expect){0};
}

static void forget(struct expect *expect, size_t count)
{
	expect->used -= count;
	memmove(expect->window, expect->window + count, expect->used + 1);
}

void expect_feed(struct expect *expect, const char *data, size_t size)
{
	if (expect->deaf)
		return;
	expect->fresh = true;
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\0' || data[i] == '\r')
			continue;
		if (expect->used == EXPECT_WINDOW)
			forget(expect, EXPECT_WINDOW / 2);
		expect->window[expect->used++] = data[i];
		expect->window[expect->used] = '\0';
	}
}

void expect_replayed(struct expect *expect)
{
	expect->deaf = false;
}

/* Look for the step's expression; true when found and used up. */
static bool match(struct expect *expect, const char *pattern)
{
	regmatch_t where;

	if (!expect->fresh)
		return false;
	expect->fresh = false;
	if (!expect->compiled && regcomp(&expect->regex, pattern, REG_EXTENDED | REG_NEWLINE) != 0)
		return false; /* cannot be: check_step() compiled it */
	expect->compiled = true;
	if (regexec(&expect->regex, expect->window, 1, &where, 0) != 0)
		return false;
	forget(expect, (size_t)where.rm_eo);
	regfree(&expect->regex);
	expect->compiled = false;
	expect->fresh = true;
	return true;
}

enum expect_need expect_advance(struct expect *expect)
{
	while (expect->at < expect->count) {
		const struct console_step *step = &expect->steps[expect->at];

		if (step->kind == CONSOLE_STEP_SEND)
			return expect->deaf ? EXPECT_OUTPUT : EXPECT_SEND;
		if (!match(expect, step->text))
			return EXPECT_OUTPUT;
		expect->at++;
	}
	return EXPECT_DONE;
}

const char *expect_wanted(const struct expect *expect)
{
	return expect->at < expect->count ? expect->steps[expect->at].text : "";
}

void expect_sent(struct expect *expect)
{
	if (expect->at < expect->count)
		expect->at++;
}
