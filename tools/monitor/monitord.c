/* SPDX-License-Identifier: ISC */
/* plinth-monitord: carries out what guests' configs say about their ends. See its manual page. */
#include "daemon/daemon.h"
#include "base/path.h"
#include "base/loop.h"
#include "clients/console_client.h"
#include "ends.h"
#include "monitor.h"
#include "sweep.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static struct monitor monitor = {
	.state_dir = MONITOR_STATE_DIR,
	.console_socket = CONSOLE_SOCKET,
	.monitor_socket = MONITOR_SOCKET,
	.start_work = worker_start,
	.tell_dead = worker_tell_dead,
	.kill_work = worker_kill,
};
static struct loop loop;
static struct loop_source listener_source, signal_source;
static bool stop;

static const char usage[] =
	"usage: plinth-monitord [-f] [-s SOCKET] [-c CONSOLESOCKET] [-p PIDFILE] [-l LOGFILE] "
	"[-d STATEDIR]\n"
	"Carries out on_poweroff, on_reboot, on_crash and on_watchdog of all guests.\n"
	"-f: stay in the foreground and log to stderr too.\n";

static void accept_client(struct loop_source *source, uint32_t events)
{
	int ret = request_accept(&monitor, &loop, source->fd);

	(void)events;
	if (ret < 0 && ret != -EAGAIN)
		daemon_log("a client is turned away: %s", strerror(-ret));
}

static void reap_workers(void)
{
	int status;
	pid_t worker;

	while ((worker = waitpid(-1, &status, WNOHANG)) > 0) {
		enum work_result result = WORK_KILLED;

		if (WIFEXITED(status))
			result = (enum work_result)WEXITSTATUS(status);
		else
			daemon_log("worker %d was killed by signal %d", (int)worker,
				   WTERMSIG(status));
		if (sweep_worker_done(worker, loop_now_ms()))
			continue;
		monitor_worker_done(&monitor, worker, result, loop_now_ms());
	}
}

static void take_signal(struct loop_source *source, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)events;
	if (read(source->fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD)
		reap_workers();
	else if (info.ssi_signo == SIGHUP)
		daemon_reopen_log();
	else
		stop = true;
}

static int prepare(int listener)
{
	int ret = path_make_directories(monitor.state_dir);

	if (ret == 0)
		ret = loop_init(&loop);
	if (ret == 0)
		ret = loop_watch(&loop, &listener_source, listener, accept_client);
	if (ret == 0)
		ret = loop_watch(&loop, &signal_source, daemon_signal_fd(true), take_signal);
	if (ret < 0) {
		daemon_fail("cannot start: %s", strerror(-ret));
		return ret;
	}
	if (ctrl_open(&monitor.ctrl) < 0) {
		daemon_fail("cannot start: %s", ctrl_error());
		return -EIO;
	}
	ends_listen(&monitor, &loop, loop_now_ms());
	sweep_start(&monitor, &loop, loop_now_ms());
	return 0;
}

/* Of two times until something is due; -1: nothing is. */
static int sooner(int a, int b)
{
	return b < 0 || (a >= 0 && a < b) ? a : b;
}

static void run(void)
{
	int ret = 0;

	while (!stop && ret == 0) {
		int64_t now = loop_now_ms();
		int timeout;

		ends_listen(&monitor, &loop, now);
		timeout = monitor_run_due(&monitor, now);
		timeout = sooner(timeout, ends_due(now));
		timeout = sooner(timeout, sweep_run_due(now));
		timeout = sooner(timeout, request_drop_idle(now));
		ret = loop_run_once(&loop, timeout);
	}
	daemon_log("stops%s%s", ret < 0 ? ": " : "", ret < 0 ? strerror(-ret) : "");
}

int main(int argc, char **argv)
{
	struct daemon_options options = {
		.name = "plinth-monitord",
		.pid_file = "/run/plinth/monitord.pid",
		.socket = MONITOR_SOCKET,
		.log_file = MONITOR_LOG,
	};
	const struct daemon_option own[] = {
		{'c', &monitor.console_socket, NULL},
		{'d', &monitor.state_dir, NULL},
		{'l', &options.log_file, NULL},
	};
	int listener;

	daemon_parse_options(argc, argv, usage, &options, own, sizeof(own) / sizeof(own[0]));
	monitor.monitor_socket = options.socket;
	listener = daemon_start(&options);
	if (listener < 0 || prepare(listener) < 0)
		return EXIT_FAILURE;
	monitor_restore(&monitor, loop_now_ms());
	daemon_is_ready();
	daemon_log("started");
	run();
	request_close_all();
	monitor_free(&monitor);
	ends_close();
	sweep_stop();
	ctrl_close(monitor.ctrl);
	loop_close(&loop);
	daemon_stop();
	return EXIT_SUCCESS;
}
