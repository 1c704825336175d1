/* SPDX-License-Identifier: ISC */
/* plinth-consoled: owns every guest's console ring and shares it among clients. See its manual
 * page. */
#include "daemon/daemon.h"
#include "base/path.h"
#include "server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static struct console_server server = {
	.host.log_dir = CONSOLE_LOG_DIR,
	.state_dir = CONSOLE_STATE_DIR,
	.terminals.fd = -1,
};

static const char usage[] =
	"usage: plinth-consoled [-f] [-s SOCKET] [-p PIDFILE] [-l LOGDIR] [-d STATEDIR]\n"
	"Owns the consoles of all guests. -f: stay in the foreground and log to stderr too.\n";

static void accept_client(struct loop_source *source, uint32_t events)
{
	int fd = daemon_accept(source->fd);
	int ret;

	(void)events;
	if (fd < 0)
		return;
	ret = conn_open(&server, fd);
	if (ret < 0) {
		daemon_log("a client is turned away: %s", strerror(-ret));
		close(fd);
	}
}

static void take_signal(struct loop_source *source, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)events;
	if (read(source->fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGHUP) {
		server.stop = true;
		return;
	}
	daemon_reopen_log();
	server_reopen_logs(&server);
}

static void take_events(struct loop_source *source, uint32_t events)
{
	(void)source;
	(void)events;
	server_take_events(&server);
}

static int open_hypervisor(void)
{
	if (ctrl_open(&server.host.ctrl) < 0 ||
	    ctrl_evtchn_open(server.host.ctrl, &server.host.evtchn) < 0) {
		daemon_fail("cannot start: %s", ctrl_error());
		return -EIO;
	}
	return 0;
}

static int prepare(int listener)
{
	int ret = path_make_directories(server.host.log_dir);

	daemon_raise_file_limit();
	if (ret < 0) /* consoles matter more than their logs */
		daemon_log("cannot make the folder %s: %s; no console is logged",
			   server.host.log_dir, strerror(-ret));
	ret = path_make_directories(server.state_dir);
	if (ret == 0)
		ret = loop_init(&server.loop);
	if (ret == 0)
		ret = loop_watch(&server.loop, &server.listener, listener, accept_client);
	if (ret == 0)
		ret = loop_watch(&server.loop, &server.signals, daemon_signal_fd(false),
				 take_signal);
	if (ret == 0)
		ret = loop_watch(&server.loop, &server.events, ctrl_evtchn_fd(server.host.evtchn),
				 take_events);
	if (ret < 0) {
		daemon_fail("cannot start: %s", strerror(-ret));
		return ret;
	}
	ret = pty_init(&server);
	if (ret < 0)
		daemon_log("guests have no terminals: %s; \"vmctl console\" needs none",
			   strerror(-ret));
	ret = server_open_store(&server);
	if (ret < 0)
		daemon_log("the store is left alone: %s", strerror(-ret));
	return 0;
}

static void run(void)
{
	int ret = 0;

	while (!server.stop && ret == 0) {
		int timeout = server_round(&server, loop_now_ms());

		conn_free_dead(&server);
		ret = loop_run_once(&server.loop, timeout);
	}
	daemon_log("stops%s%s", ret < 0 ? ": " : "", ret < 0 ? strerror(-ret) : "");
}

int main(int argc, char **argv)
{
	struct daemon_options options = {
		.name = "plinth-consoled",
		.pid_file = "/run/plinth/consoled.pid",
		.socket = CONSOLE_SOCKET,
		.log_file = "/var/log/plinth/consoled.log",
	};
	const struct daemon_option own[] = {
		{'d', &server.state_dir, NULL},
		{'l', &server.host.log_dir, NULL},
	};
	int listener;

	daemon_parse_options(argc, argv, usage, &options, own, sizeof(own) / sizeof(own[0]));
	listener = daemon_start(&options);
	if (listener < 0 || open_hypervisor() < 0 || prepare(listener) < 0)
		return EXIT_FAILURE;
	server_restore(&server);
	daemon_is_ready();
	daemon_log("started");
	run();
	server_close_store(&server);
	server_close(&server);
	pty_exit(&server);
	ctrl_evtchn_close(server.host.evtchn);
	ctrl_close(server.host.ctrl);
	loop_close(&server.loop);
	daemon_stop();
	return EXIT_SUCCESS;
}
