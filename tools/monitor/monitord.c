/* SPDX-License-Identifier: ISC */
/* plinth-monitord: carries out what guests' configs say about their ends. See its manual page. */
#include "daemon/main.h"
#include "base/path.h"
#include "base/loop.h"
#include "clients/console_client.h"
#include "ends.h"
#include "monitor.h"
#include "sweep.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static struct daemon_program program;
static struct monitor monitor = {
	.state_dir = MONITOR_STATE_DIR,
	.console_socket = CONSOLE_SOCKET,
	.monitor_socket = MONITOR_SOCKET,
	.start_work = worker_start,
	.tell_dead = worker_tell_dead,
	.kill_work = worker_kill,
};
static struct loop loop;

static const char usage[] =
	"usage: plinth-monitord [-f] [-s SOCKET] [-c CONSOLESOCKET] [-p PIDFILE] [-l LOGFILE] "
	"[-d STATEDIR]\n"
	"Carries out on_poweroff, on_reboot, on_crash and on_watchdog of all guests.\n"
	"-f: stay in the foreground and log to stderr too.\n";

static int serve(int fd)
{
	return request_accept(&monitor, &loop, fd);
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

static void take_signal(unsigned signo)
{
	if (signo == SIGCHLD)
		reap_workers();
}

static int open_monitor(void)
{
	int ret = path_make_directories(monitor.state_dir);

	monitor.monitor_socket = program.options.socket;
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
	monitor_restore(&monitor, loop_now_ms());
	return 0;
}

static int turn(int64_t now)
{
	int timeout;

	ends_listen(&monitor, &loop, now);
	timeout = monitor_run_due(&monitor, now);
	timeout = daemon_sooner(timeout, ends_due(now));
	timeout = daemon_sooner(timeout, sweep_run_due(now));
	return daemon_sooner(timeout, request_drop_idle(now));
}

static void close_monitor(void)
{
	request_close_all();
	monitor_free(&monitor);
	ends_close();
	sweep_stop();
	ctrl_close(monitor.ctrl);
}

int main(int argc, char **argv)
{
	static const struct daemon_option own[] = {
		{'c', &monitor.console_socket, NULL},
		{'d', &monitor.state_dir, NULL},
		{'l', &program.options.log_file, NULL},
	};

	program = (struct daemon_program){
		.options =
			{
				.name = "plinth-monitord",
				.pid_file = "/run/plinth/monitord.pid",
				.socket = MONITOR_SOCKET,
				.log_file = MONITOR_LOG,
			},
		.usage = usage,
		.own = own,
		.own_count = sizeof(own) / sizeof(own[0]),
		.loop = &loop,
		.has_workers = true,
		.open = open_monitor,
		.serve = serve,
		.turn = turn,
		.signal = take_signal,
		.close = close_monitor,
	};
	return daemon_main(argc, argv, &program);
}
