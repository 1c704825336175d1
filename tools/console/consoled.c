/* SPDX-License-Identifier: ISC */
/* plinth-consoled: owns every guest's console ring and shares it among clients. See its manual
 * page. */
#include "common/daemon.h"
#include "server.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
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
	int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
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
	if (read(source->fd, &info, sizeof(info)) == sizeof(info))
		server.stop = true;
}

static void take_events(struct loop_source *source, uint32_t events)
{
	(void)source;
	(void)events;
	server_take_events(&server);
}

static int watch(struct loop_source *source, int fd, void (*ready)(struct loop_source *, uint32_t))
{
	if (fd < 0)
		return fd;
	*source = (struct loop_source){.fd = fd, .events = EPOLLIN, .ready = ready};
	return loop_add(&server.loop, source);
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

/* A log file and a connection each take a descriptor; hundreds of guests pass the usual 1024. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int prepare(int listener)
{
	int ret = daemon_make_folder(server.host.log_dir);

	raise_file_limit();
	if (ret < 0) /* consoles matter more than their logs */
		daemon_log("cannot make the folder %s: %s; no console is logged",
			   server.host.log_dir, strerror(-ret));
	ret = daemon_make_folder(server.state_dir);
	if (ret == 0)
		ret = loop_init(&server.loop);
	if (ret == 0)
		ret = watch(&server.listener, listener, accept_client);
	if (ret == 0)
		ret = watch(&server.signals, daemon_signal_fd(false), take_signal);
	if (ret == 0)
		ret = watch(&server.events, ctrl_evtchn_fd(server.host.evtchn), take_events);
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

static int parse_options(int argc, char **argv, struct daemon_options *options)
{
	int option;

	while ((option = getopt(argc, argv, "fhs:p:l:d:")) != -1) {
		switch (option) {
		case 'f':
			options->foreground = true;
			break;
		case 's':
			options->socket = optarg;
			break;
		case 'p':
			options->pid_file = optarg;
			break;
		case 'l':
			server.host.log_dir = optarg;
			break;
		case 'd':
			server.state_dir = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(EXIT_SUCCESS);
		default:
			return -EINVAL;
		}
	}
	return optind == argc ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	struct daemon_options options = {
		.name = "plinth-consoled",
		.pid_file = "/run/plinth/consoled.pid",
		.socket = CONSOLE_SOCKET,
		.log_file = "/var/log/plinth/consoled.log",
	};
	int listener;

	if (parse_options(argc, argv, &options) < 0) {
		fputs(usage, stderr);
		return 2;
	}
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
