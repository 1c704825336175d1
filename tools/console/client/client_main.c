/* SPDX-License-Identifier: ISC */
/* The console's command line. */
#include "clients/console_calls.h"
#include "base/number.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_STEPS 256

const char console_client_usage[] =
	"console [-r] [-n] [-q] [--raw] [-t TYPE] [--expect REGEX | --send TEXT]... [--timeout S] "
	"[--settle S] GUEST\n"
	"console --list\n"
	"  Attach to a guest's console; ^] detaches. GUEST is a name or a domain number; a dead\n"
	"  guest's last output can be read too.\n"
	"  -r, --read-only    only look\n"
	"  -n, --no-replay    do not show what was output before\n"
	"  -q, --quiet        no messages but errors\n"
	"  --raw              show earlier output as it was, with all that steers a terminal\n"
	"  -t, --type TYPE    pv, which is hvc0 (the default), or vuart, an emulated UART\n"
	"  -l, --list         the guests whose consoles are known\n"
	"  --expect REGEX     script: wait for output that matches (POSIX extended, line by line)\n"
	"  --send TEXT        script: type TEXT (\\r \\n \\t \\e \\\\ \\xHH); steps are done in "
	"order\n"
	"  --timeout S        seconds for each --expect (60); exit status 4 when they pass\n"
	"  --settle S         input from a pipe: end after S seconds of silence (2)\n"
	"                     input from /dev/null: look until the guest ends\n"
	"  --socket PATH      of the console daemon\n"
	"  Exit status: 0 done, 1 failure, 2 usage, 3 no such guest or it ended, 4 timeout,\n"
	"  6 the daemon does not run.\n";

struct command_line {
	struct console_options options;
	struct console_step steps[MAX_STEPS];
	bool list;
};

static int parse_seconds(const char *option, const char *text, unsigned *seconds)
{
	uint64_t value;

	if (!number_parse(text, 1, 1000000, &value)) {
		fprintf(stderr,
			"console: --%s %s: a number of seconds from 1 to 1000000 is wanted\n",
			option, text);
		return -EINVAL;
	}
	*seconds = (unsigned)value;
	return 0;
}

static int parse_kind(const char *text, enum console_kind *kind)
{
	for (int i = 0; i < CONSOLE_KINDS; i++) {
		if (strcmp(text, console_kind_words[i]) != 0)
			continue;
		*kind = (enum console_kind)i;
		return 0;
	}
	fprintf(stderr, "console: --type %s: there are pv and vuart\n", text);
	return -EINVAL;
}

static int add_step(struct command_line *line, int kind, const char *text)
{
	if (line->options.step_count == MAX_STEPS) {
		fprintf(stderr, "console: more than %d steps\n", MAX_STEPS);
		return -E2BIG;
	}
	line->steps[line->options.step_count].kind = kind;
	line->steps[line->options.step_count++].text = text;
	return 0;
}

static int parse_option(struct command_line *line, int option)
{
	switch (option) {
	case 'r':
		line->options.read_only = 1;
		return 0;
	case 'n':
		line->options.no_replay = 1;
		return 0;
	case 'q':
		line->options.quiet = 1;
		return 0;
	case 'R':
		line->options.raw = 1;
		return 0;
	case 'l':
		line->list = true;
		return 0;
	case 'e':
		return add_step(line, CONSOLE_STEP_EXPECT, optarg);
	case 's':
		return add_step(line, CONSOLE_STEP_SEND, optarg);
	case 't':
		return parse_kind(optarg, &line->options.kind);
	case 'T':
		return parse_seconds("timeout", optarg, &line->options.timeout_s);
	case 'w':
		return parse_seconds("settle", optarg, &line->options.settle_s);
	case 'S':
		line->options.sock = optarg;
		return 0;
	default:
		return -EINVAL;
	}
}

static int parse(int argc, char *const argv[], struct command_line *line)
{
	static const struct option known[] = {
		{"read-only", no_argument, NULL, 'r'},    {"no-replay", no_argument, NULL, 'n'},
		{"quiet", no_argument, NULL, 'q'},        {"raw", no_argument, NULL, 'R'},
		{"list", no_argument, NULL, 'l'},         {"expect", required_argument, NULL, 'e'},
		{"send", required_argument, NULL, 's'},   {"timeout", required_argument, NULL, 'T'},
		{"settle", required_argument, NULL, 'w'}, {"socket", required_argument, NULL, 'S'},
		{"type", required_argument, NULL, 't'},   {NULL, 0, NULL, 0},
	};
	int option, ret;

	optind = 0; /* the caller may have parsed options of its own before */
	while ((option = getopt_long(argc, argv, "rnqlt:", known, NULL)) != -1) {
		ret = parse_option(line, option);
		if (ret < 0)
			return ret;
	}
	line->options.steps = line->steps;
	if (argc - optind != (line->list ? 0 : 1)) {
		fprintf(stderr, "console: exactly one guest is wanted\n");
		return -EINVAL;
	}
	line->options.guest = argv[optind];
	for (size_t i = 0; line->options.read_only && i < line->options.step_count; i++) {
		if (line->steps[i].kind == CONSOLE_STEP_SEND) {
			fprintf(stderr, "console: --read-only and --send contradict each other\n");
			return -EINVAL;
		}
	}
	return 0;
}

static int list_guests(const char *sock)
{
	static const char *const states[] = {"live", "broken", "dead"};
	struct frame_peer peer = console_peer(sock);
	uint8_t buffer[FRAME_HEADER_SIZE + CONSOLE_FRAME_MAX];
	struct report report;
	struct console_entry entry;
	struct frame frame = {0};
	int ret, fd = frame_connect(&peer, &report);

	if (fd < 0) {
		fprintf(stderr, "%s\n", report.text);
		return fd == -ECONNREFUSED ? CONSOLE_EXIT_UNREACHABLE : CONSOLE_EXIT_ERROR;
	}
	ret = frame_send(fd, buffer,
			 (size_t)console_put_empty(buffer, sizeof(buffer), CONSOLE_LIST),
			 peer.timeout_ms);
	if (ret == 0)
		printf("%-32s %5s %-5s %-6s %10s %7s\n", "NAME", "ID", "TYPE", "STATE", "OUTPUT",
		       "CLIENTS");
	while (ret == 0 && (ret = frame_receive(fd, &peer, buffer, &frame)) == 0 &&
	       frame.type == CONSOLE_ENTRY) {
		ret = console_get_entry(&frame, &entry);
		if (ret == 0 && entry.state > CONSOLE_DEAD)
			ret = -EPROTO;
		if (ret == 0)
			printf("%-32s %5u %-5s %-6s %10llu %7u\n", entry.name, entry.domid,
			       console_kind_words[entry.kind], states[entry.state],
			       (unsigned long long)entry.output, entry.clients);
	}
	close(fd);
	if (ret == 0 && frame.type != CONSOLE_OK)
		ret = -EPROTO;
	if (ret < 0)
		fprintf(stderr, "plinth-consoled did not list its guests: %s\n", strerror(-ret));
	return ret < 0 ? CONSOLE_EXIT_ERROR : CONSOLE_EXIT_OK;
}

int console_client_main(int argc, char *const argv[])
{
	struct command_line *line = calloc(1, sizeof(*line));
	int status = CONSOLE_EXIT_USAGE;

	if (!line) {
		fprintf(stderr, "console: no memory\n");
		return CONSOLE_EXIT_ERROR;
	}
	if (parse(argc, argv, line) < 0)
		fprintf(stderr, "usage: %s", console_client_usage);
	else
		status = line->list ? list_guests(line->options.sock)
				    : console_client_run(&line->options);
	free(line);
	return status;
}
