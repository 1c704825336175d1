/* SPDX-License-Identifier: ISC */
/* plinth-consoled: owns every guest's console ring and shares it among clients. See its manual
 * page. */
#include "daemon/main.h"
#include "base/path.h"
#include "server.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static struct console_server server = {
	.host.log_dir = CONSOLE_LOG_DIR,
	.state_dir = CONSOLE_STATE_DIR,
	.terminals.fd = -1,
};

static const char usage[] =
	"usage: plinth-consoled [-f] [-s SOCKET] [-p PIDFILE] [-l LOGDIR] [-d STATEDIR]\n"
	"Owns the consoles of all guests. -f: stay in the foreground and log to stderr too.\n";

static int serve(int fd)
{
	return conn_open(&server, fd);
}

static void take_signal(unsigned signo)
{
	if (signo == SIGHUP)
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

static int open_consoles(void)
{
	int ret = path_make_directories(server.host.log_dir);

	if (ret < 0) /* consoles matter more than their logs */
		daemon_log("cannot make the folder %s: %s; no console is logged",
			   server.host.log_dir, strerror(-ret));
	if (open_hypervisor() < 0)
		return -EIO;
	ret = path_make_directories(server.state_dir);
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
	server_restore(&server);
	return 0;
}

static int turn(int64_t now_ms)
{
	int timeout = server_round(&server, now_ms);

	conn_free_dead(&server);
	return timeout;
}

static void close_consoles(void)
{
	server_close_store(&server);
	server_close(&server);
	pty_exit(&server);
	ctrl_evtchn_close(server.host.evtchn);
	ctrl_close(server.host.ctrl);
}

int main(int argc, char **argv)
{
	static const struct daemon_option own[] = {
		{'d', &server.state_dir, NULL},
		{'l', &server.host.log_dir, NULL},
	};
	static struct daemon_program program = {
		.options =
			{
				.name = "plinth-consoled",
				.pid_file = "/run/plinth/consoled.pid",
				.socket = CONSOLE_SOCKET,
				.log_file = "/var/log/plinth/consoled.log",
			},
		.usage = usage,
		.own = own,
		.own_count = sizeof(own) / sizeof(own[0]),
		.loop = &server.loop,
		.open = open_consoles,
		.serve = serve,
		.turn = turn,
		.signal = take_signal,
		.close = close_consoles,
	};

	return daemon_main(argc, argv, &program);
}
