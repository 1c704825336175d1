/* SPDX-License-Identifier: ISC */
/*
 * A libFuzzer target for guest configs: the parser, the key table and the way back into text.
 * The input's first byte says whether the rest is a file or a key=value argument on top of one.
 */
#include "config/guest_config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was accepted once must be accepted in its written form, and be the same then. */
static void check_round_trip(struct guest_config *guest)
{
	char *once = guest_config_format(guest), *twice;
	struct guest_config again;
	struct report report;

	if (!once)
		abort();
	if (guest_config_load_text("formatted", once, strlen(once), &again, &report)) {
		fprintf(stderr, "%s\nfrom:\n%s", report.text, once);
		abort();
	}
	twice = guest_config_format(&again);
	if (!twice || strcmp(once, twice)) {
		fprintf(stderr, "%s\nbecomes:\n%s", once, twice);
		abort();
	}
	guest_config_clear(&again);
	free(once);
	free(twice);
}

/* An error must have its sentence, with the place in front. */
static void check_report(const struct report *report, const char *label)
{
	size_t length = strlen(report->text);

	if (length < 10 || strchr(report->text, '\n') ||
	    (strncmp(report->text, label, strlen(label)) && !strstr(report->text, "the key '") &&
	     !strstr(report->text, "'maxmem'") && !strstr(report->text, "'maxvcpus'") &&
	     !strstr(report->text, "vCPUs") && !strstr(report->text, "command line"))) {
		fprintf(stderr, "a bad report: %s\n", report->text);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char base[] = "name = 'n'\nkernel = '/k'\n";
	char *text = malloc(sizeof(base) + size);
	char name[] = "name=n", kernel[] = "kernel=/k";
	char *overrides[] = {name, kernel, text + sizeof(base) - 1};
	bool is_override = size && data[0] & 1;
	struct guest_config guest;
	struct report report = {""};
	int err;

	if (!size || !text) {
		free(text);
		return 0;
	}
	memcpy(text, base, sizeof(base) - 1);
	memcpy(text + sizeof(base) - 1, data + 1, size - 1);
	text[sizeof(base) - 1 + size - 1] = '\0'; /* an argument ends at a NUL, a file does not */
	if (is_override)
		err = guest_config_load(NULL, overrides, 3, NULL, &guest, &report);
	else
		err = guest_config_load_text("fuzz", text, sizeof(base) - 1 + size - 1, &guest,
					     &report);
	free(text);
	if (err) {
		check_report(&report, is_override ? "command line" : "fuzz");
		return 0;
	}
	check_round_trip(&guest);
	guest_config_clear(&guest);
	return 0;
}
