/* SPDX-License-Identifier: ISC */
/* A console on a terminal, in a pipe or in a script: one connection to the console daemon. */
#include "clients/console_calls.h"
#include "base/loop.h"
#include "expect.h"
#include "replay_filter.h"
#include "terminal.h"

#include <libctrl.h>

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DETACH            0x1d /* ^] */
#define TIMEOUT_DEFAULT_S 60u
#define SETTLE_DEFAULT_S  2u
#define IN_FLIGHT_MAX     2048u /* bytes typed that the guest has not taken; then reading waits */

struct client {
	const struct console_options *options;
	struct frame_peer peer;
	int fd;
	uint8_t in[FRAME_HEADER_SIZE + CONSOLE_FRAME_MAX];
	size_t in_used;
	struct console_opened guest;

	struct expect expect;
	bool script, raw;
	bool replaying;              /* what comes was said before this client came */
	bool shows;                  /* on a terminal, which may answer what it is shown */
	struct replay_filter filter; /* of what is replayed; of the rest it only counts */
	bool reads;                  /* standard input is still open and wanted */
	bool looks; /* standard input had nothing in it: only what the guest says is wanted */
	uint64_t typed, taken;
	int64_t step_ms;   /* when the step at hand, or the end of input, began */
	int64_t silent_ms; /* since when nothing was output and nothing was left to take */

	bool done;
	int status;
};

static void __attribute__((format(printf, 2, 3)))
say(const struct client *client, const char *format, ...)
{
	char text[CONSOLE_TEXT_MAX + 128];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "%s%s%s", client->raw ? "\r\n" : "", text, client->raw ? "\r\n" : "\n");
}

static void finish(struct client *client, int status)
{
	if (client->done)
		return;
	client->done = true;
	client->status = status;
}

static void write_output(struct client *client, const uint8_t *data, size_t size)
{
	while (size > 0) {
		ssize_t count = write(STDOUT_FILENO, data, size);
		struct pollfd poller = {.fd = STDOUT_FILENO, .events = POLLOUT};

		if (count < 0 && errno == EAGAIN) {
			poll(&poller, 1, -1);
			continue;
		}
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			say(client, "cannot write the guest's output: %s", strerror(errno));
			finish(client, CONSOLE_EXIT_ERROR);
			return;
		}
		data += count;
		size -= (size_t)count;
	}
}

static void lose_daemon(struct client *client, const char *why)
{
	if (client->done)
		return;
	say(client,
	    "lost the connection to plinth-consoled (%s). The guest runs on; once the daemon runs "
	    "again, "
	    "\"vmctl console %s\" attaches again",
	    why, client->guest.name);
	finish(client, CONSOLE_EXIT_ERROR);
}

static void type(struct client *client, const char *data, size_t size)
{
	uint8_t frame[FRAME_HEADER_SIZE + CONSOLE_INPUT_MAX];

	while (size > 0 && !client->done) {
		size_t part = size < CONSOLE_INPUT_MAX ? size : CONSOLE_INPUT_MAX;
		ssize_t whole = console_put_bytes(frame, sizeof(frame), CONSOLE_INPUT, data, part);
		int ret = frame_send(client->fd, frame, (size_t)whole, client->peer.timeout_ms);

		if (ret < 0) {
			lose_daemon(client, strerror(-ret));
			return;
		}
		client->typed += part;
		data += part;
		size -= part;
	}
}

/* ---- a script's progress ---- */

static void send_step(struct client *client)
{
	const char *text = expect_wanted(&client->expect);
	char *bytes = strdup(text);
	ssize_t size = bytes ? expect_unescape(text, bytes) : -ENOMEM;

	if (size < 0) {
		say(client, "cannot send \"%s\": %s", text, strerror((int)-size));
		finish(client, CONSOLE_EXIT_ERROR);
	} else {
		type(client, bytes, (size_t)size);
	}
	free(bytes);
	expect_sent(&client->expect);
}

static void advance_script(struct client *client)
{
	size_t before;

	while (client->script && !client->done) {
		enum expect_need need;

		before = client->expect.at;
		need = expect_advance(&client->expect);
		if (client->expect.at != before)
			client->step_ms = loop_now_ms();
		if (need == EXPECT_DONE && client->taken == client->typed)
			finish(client, CONSOLE_EXIT_OK);
		if (need != EXPECT_SEND)
			return;
		send_step(client);
		client->step_ms = loop_now_ms();
	}
}

/* ---- what the daemon says ---- */

/*
 * A program in the guest may ask the terminal something, and gets its answer. Nobody waits for the
 * answers to what was asked earlier: they would be typed into the guest, or into the shell.
 */
static void show_output(struct client *client, const struct frame *frame)
{
	uint8_t filtered[CONSOLE_FRAME_MAX + REPLAY_SEQUENCE];
	size_t size = replay_filter_run(&client->filter, frame->data, frame->size, filtered);

	if (client->shows && client->replaying && !client->options->raw)
		write_output(client, filtered, size);
	else
		write_output(client, frame->data, frame->size);
}

static int take_output(struct client *client, const struct frame *frame)
{
	show_output(client, frame);
	client->silent_ms = loop_now_ms();
	if (client->script)
		expect_feed(&client->expect, (const char *)frame->data, frame->size);
	return 0;
}

static int take_replayed(struct client *client, const struct frame *frame)
{
	if (client->script)
		expect_replayed(&client->expect);
	if (!client->options->raw)
		client->filter.left_out = 0; /* the terminal has seen nothing to be answered */
	client->replaying = false;
	client->silent_ms = loop_now_ms();
	return frame->size == 0 ? 0 : -EPROTO;
}

static int take_notice(struct client *client, const struct frame *frame)
{
	char text[CONSOLE_TEXT_MAX + 1];
	int ret = console_get_text(frame, text, sizeof(text));

	if (ret == 0)
		say(client, "[%s]", text);
	return ret;
}

static int take_taken(struct client *client, const struct frame *frame)
{
	client->silent_ms = loop_now_ms();
	return console_get_u64(frame, &client->taken);
}

static int take_error(struct client *client, const struct frame *frame)
{
	struct reader r;
	char text[CONSOLE_TEXT_MAX + 1];
	int error;

	frame_open(&r, frame);
	error = (int)reader_get_u32(&r);
	frame_get_string(&r, text, sizeof(text));
	if (frame_close(&r) < 0)
		return -EPROTO;
	say(client, "%s", text);
	finish(client,
	       error == -ENOENT || error == -ESRCH ? CONSOLE_EXIT_GONE : CONSOLE_EXIT_ERROR);
	return 0;
}

static int take_ended(struct client *client, const struct frame *frame)
{
	uint32_t reason = 0;
	int ret = console_get_u32(frame, &reason);
	bool unfinished = client->typed != client->taken;

	if (ret < 0)
		return ret;
	/* A script's last text may well be what ended the guest, so its taking is not asked for. */
	if (client->script)
		unfinished = expect_advance(&client->expect) != EXPECT_DONE;
	if (!client->options->quiet || unfinished)
		say(client, "guest %s has ended: %s%s%s%s", client->guest.name,
		    (int32_t)reason < 0 ? "destroyed" : ctrl_shutdown_name(reason),
		    client->script && unfinished ? ", before \"" : "",
		    client->script && unfinished ? expect_wanted(&client->expect) : "",
		    client->script && unfinished ? "\" came" : "");
	finish(client, unfinished ? CONSOLE_EXIT_GONE : CONSOLE_EXIT_OK);
	return 0;
}

static int take_opened(struct client *client, const struct frame *frame)
{
	int ret = console_get_opened(frame, &client->guest);

	if (ret < 0 || client->options->quiet || client->script)
		return ret;
	say(client, "Connected to guest %s (domain %u%s).%s", client->guest.name,
	    client->guest.domid,
	    client->guest.state == CONSOLE_DEAD ? ", dead: this is what it said" : "",
	    isatty(STDIN_FILENO) ? " ^] detaches." : "");
	return 0;
}

static const struct {
	uint16_t type;
	int (*take)(struct client *, const struct frame *);
} takers[] = {
	{CONSOLE_OUTPUT, take_output}, {CONSOLE_REPLAYED, take_replayed},
	{CONSOLE_NOTICE, take_notice}, {CONSOLE_TAKEN, take_taken},
	{CONSOLE_ERROR, take_error},   {CONSOLE_ENDED, take_ended},
	{CONSOLE_OPENED, take_opened},
};

static int take_frame(struct client *client, const struct frame *frame)
{
	for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++)
		if (takers[i].type == frame->type && frame->version == CONSOLE_VERSION)
			return takers[i].take(client, frame);
	return frame->type == CONSOLE_ERROR ? take_error(client, frame) : -EPROTO;
}

static void receive(struct client *client)
{
	ssize_t count = recv(client->fd, client->in + client->in_used,
			     sizeof(client->in) - client->in_used, MSG_DONTWAIT);
	size_t done = 0;
	ssize_t size = 1;

	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count <= 0) {
		lose_daemon(client, count ? strerror(errno) : "it has ended");
		return;
	}
	client->in_used += (size_t)count;
	while (!client->done) {
		struct frame frame;
		int ret;

		size = frame_parse(client->in + done, client->in_used - done, CONSOLE_FRAME_MAX,
				   &frame);
		if (size == 0)
			break;
		ret = size < 0 ? (int)size : take_frame(client, &frame);
		if (ret < 0) {
			say(client,
			    "plinth-consoled says something that this program does not understand; "
			    "are both of the same version?");
			finish(client, CONSOLE_EXIT_ERROR);
			return;
		}
		done += (size_t)size;
	}
	client->in_used -= done;
	memmove(client->in, client->in + done, client->in_used);
	advance_script(client);
}

/* ---- what the user types ---- */

/*
 * What was typed may still be answered. Who types nothing at all wants to look, until the guest
 * ends.
 */
static void end_input(struct client *client)
{
	client->reads = false;
	client->looks = !client->typed;
	client->step_ms = client->silent_ms = loop_now_ms();
}

static void read_keys(struct client *client, char *data, size_t size)
{
	char *detach = memchr(data, DETACH, size);

	if (detach)
		size = (size_t)(detach - data);
	if (client->options->read_only) {
		size = 0;
	} else if (client->typed - client->taken > IN_FLIGHT_MAX) {
		size = 0; /* a hung guest must not keep ^] from being seen */
		write_output(client, (const uint8_t *)"\a", 1);
	}
	type(client, data, size);
	if (detach) {
		say(client, "Detached; the guest runs on.");
		finish(client, CONSOLE_EXIT_OK);
	}
}

static void read_input(struct client *client)
{
	char data[CONSOLE_INPUT_MAX];
	ssize_t count = read(STDIN_FILENO, data, sizeof(data));

	if (count < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (count <= 0)
		end_input(client);
	else if (client->raw)
		read_keys(client, data, (size_t)count);
	else
		type(client, data, (size_t)count);
}

/* ---- time ---- */

static int64_t timeout_ms(const struct client *client)
{
	return 1000LL *
	       (client->options->timeout_s ? client->options->timeout_s : TIMEOUT_DEFAULT_S);
}

/* When the session ends if nothing happens; INT64_MAX: never. */
static int64_t deadline(const struct client *client)
{
	int64_t settle =
		1000LL * (client->options->settle_s ? client->options->settle_s : SETTLE_DEFAULT_S);
	int64_t last = client->step_ms + timeout_ms(client);

	if (client->script)
		return last;
	if (client->reads || client->looks || client->options->read_only)
		return INT64_MAX;
	if (client->typed == client->taken && client->silent_ms + settle < last)
		return client->silent_ms + settle;
	return last;
}

static void time_out(struct client *client)
{
	if (!client->script && client->typed == client->taken) {
		finish(client, CONSOLE_EXIT_OK); /* settled */
		return;
	}
	if (client->script && client->expect.at < client->expect.count)
		say(client, "\"%s\" did not come from guest %s within %lld s",
		    expect_wanted(&client->expect), client->guest.name,
		    (long long)timeout_ms(client) / 1000);
	else
		say(client, "guest %s did not take what was typed within %lld s",
		    client->guest.name, (long long)timeout_ms(client) / 1000);
	finish(client, CONSOLE_EXIT_TIMEOUT);
}

static void wait_once(struct client *client)
{
	bool full = !client->raw && client->typed - client->taken > IN_FLIGHT_MAX;
	struct pollfd fds[] = {
		{.fd = client->fd, .events = POLLIN},
		{.fd = client->reads && !full ? STDIN_FILENO : -1, .events = POLLIN},
		{.fd = STDOUT_FILENO}, /* for POLLERR: nobody reads it any more */
	};
	int64_t due = deadline(client), left = due - loop_now_ms();
	int count;

	if (left <= 0) {
		time_out(client);
		return;
	}
	count = poll(fds, sizeof(fds) / sizeof(fds[0]), left > INT32_MAX ? -1 : (int)left);
	if (count < 0 && errno != EINTR) {
		say(client, "cannot wait for the guest: %s", strerror(errno));
		finish(client, CONSOLE_EXIT_ERROR);
	}
	if (count <= 0)
		return;
	if (fds[2].revents)
		finish(client, CONSOLE_EXIT_ERROR);
	else if (fds[0].revents)
		receive(client);
	if (fds[1].revents && !client->done)
		read_input(client);
}

/* ---- the whole ---- */

static int open_guest(struct client *client, struct report *report)
{
	const struct console_options *options = client->options;
	struct console_open open = {
		.flags = (options->read_only ? CONSOLE_OPEN_READ_ONLY : 0) |
			 (options->no_replay ? CONSOLE_OPEN_NO_REPLAY : 0),
		.kind = options->kind,
	};
	uint8_t frame[FRAME_HEADER_SIZE + 128];
	ssize_t size;
	int ret;

	snprintf(open.guest, sizeof(open.guest), "%s", options->guest);
	snprintf(client->guest.name, sizeof(client->guest.name), "%s", options->guest);
	size = console_put_open(frame, sizeof(frame), &open);
	client->fd = frame_connect(&client->peer, report);
	if (client->fd < 0 || size < 0)
		return client->fd < 0 ? client->fd : (int)size;
	ret = frame_send(client->fd, frame, (size_t)size, client->peer.timeout_ms);
	if (ret < 0)
		return report_set(report, ret, "plinth-consoled does not listen: %s",
				  strerror(-ret));
	return ret;
}

static int prepare_input(struct client *client)
{
	client->step_ms = client->silent_ms = loop_now_ms();
	if (client->script)
		return 0;
	client->reads = isatty(STDIN_FILENO) || !client->options->read_only;
	if (!isatty(STDIN_FILENO))
		return 0;
	client->raw = terminal_make_raw(STDIN_FILENO) == 0;
	return client->raw ? 0 : -errno;
}

/* Whether the terminal may be answering something of which the guest takes no notice any more. */
static bool may_be_answered(const struct client *client)
{
	bool hidden = client->replaying && !client->options->raw;

	return client->shows && client->filter.left_out > 0 && !hidden;
}

int console_client_run(const struct console_options *options)
{
	struct client client = {
		.options = options,
		.fd = -1,
		.peer = console_peer(options->sock),
		.replaying = true,
		.shows = isatty(STDOUT_FILENO),
	};
	struct report report = {.text = ""};
	int ret;

	client.script = options->step_count > 0;
	if (expect_init(&client.expect, options->steps, options->step_count, &report) < 0) {
		finish(&client, CONSOLE_EXIT_USAGE);
	} else if (strlen(options->guest) > CONSOLE_NAME_MAX) {
		report_set(&report, 0, "there is no guest called %.80s...", options->guest);
		finish(&client, CONSOLE_EXIT_GONE);
	} else if ((ret = open_guest(&client, &report)) < 0) {
		finish(&client,
		       ret == -ECONNREFUSED ? CONSOLE_EXIT_UNREACHABLE : CONSOLE_EXIT_ERROR);
	} else if (prepare_input(&client) < 0) {
		report_set(&report, 0, "cannot put the terminal into raw mode: %s",
			   strerror(errno));
		finish(&client, CONSOLE_EXIT_ERROR);
	}
	if (report.text[0])
		say(&client, "%s", report.text);
	while (!client.done)
		wait_once(&client);
	if (client.raw && may_be_answered(&client))
		terminal_drop_answers(STDIN_FILENO);
	terminal_restore();
	if (client.fd >= 0)
		close(client.fd);
	expect_free(&client.expect);
	return client.status;
}
