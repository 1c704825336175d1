/* SPDX-License-Identifier: ISC */
/*
 * A libFuzzer target for guest configs: the parser, the key table and the way back into text.
 * The input's first byte says whether the rest is a file or a key=value argument on top of one.
 */
#include "config/config.h"
#include "config/guest_config.h"

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

static void try_config(const struct config *config)
{
	struct guest_config guest;
	struct report report = {""};

	if (guest_config_from(config, &guest, &report)) {
		check_report(&report, "fuzz");
		return;
	}
	check_round_trip(&guest);
	guest_config_clear(&guest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char base[] = "name = 'n'\nkernel = '/k'\n";
	static const struct config_source source = {.label = "fuzz", .directory = "/d"};
	struct config config = {0};
	struct report report = {""};
	char *text;
	int err;

	if (!size)
		return 0;
	text = strndup((const char *)data + 1, size - 1); /* cut at a NUL, for the argument */
	err = config_parse_text(&config, &source, base, sizeof(base) - 1, &report);
	if (!err && data[0] & 1)
		err = config_parse_override(&config, &source, text, &report);
	else if (!err)
		err = config_parse_text(&config, &source, (const char *)data + 1, size - 1,
					&report);
	free(text);
	if (err)
		check_report(&report, "fuzz:");
	else
		try_config(&config);
	config_clear(&config);
	return 0;
}
