/* SPDX-License-Identifier: ISC */
/* The main function of every daemon: options, start, event loop and end, in this order. */
#include "main.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static struct daemon_program *self;
static struct loop_source signals;
static bool stop;

static void take_signal(struct loop_source *source, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)events;
	if (read(source->fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP)
		daemon_reopen_log();
	else if (info.ssi_signo != SIGCHLD)
		stop = true;
	if (!stop && self->signal)
		self->signal(info.ssi_signo);
}

static int prepare(int listening)
{
	int ret = loop_init(self->loop);

	daemon_raise_file_limit();
	if (ret == 0)
		ret = listener_open(&self->listener, self->loop, listening, self->serve);
	if (ret == 0)
		ret = loop_watch(self->loop, &signals, daemon_signal_fd(self->has_workers),
				 take_signal);
	if (ret < 0)
		daemon_fail("cannot start: %s", strerror(-ret));
	return ret < 0 ? ret : self->open();
}

int daemon_sooner(int a, int b)
{
	return b < 0 || (a >= 0 && a < b) ? a : b;
}

static void run(void)
{
	int ret = 0;

	while (!stop && ret == 0) {
		int64_t now = loop_now_ms();
		int rest = listener_due(&self->listener, now);

		ret = loop_run_once(self->loop, daemon_sooner(rest, self->turn(now)));
	}
	daemon_log("stops%s%s", ret < 0 ? ": " : "", ret < 0 ? strerror(-ret) : "");
}

int daemon_main(int argc, char **argv, struct daemon_program *program)
{
	int listening;

	self = program;
	program->argv = argv;
	program->greeting = "started";
	daemon_parse_options(argc, argv, program->usage, &program->options, program->own,
			     program->own_count);
	listening = program->start ? program->start(&program->options)
				   : daemon_start(&program->options);
	if (listening < 0 || prepare(listening) < 0)
		return EXIT_FAILURE;
	daemon_is_ready();
	daemon_log("%s", program->greeting);
	run();
	listener_close(&program->listener);
	program->close();
	loop_close(program->loop);
	daemon_stop();
	return EXIT_SUCCESS;
}
