/* SPDX-License-Identifier: ISC */
/* plinth-stored: the store, in which domains tell each other what they have and want. See its
 * manual page. */
#include "daemon/main.h"
#include "journal.h"
#include "store/conn/conn.h"
#include "store/state/state.h"
#include "store/state/takeover.h"
#include "xen.h"

#include <libctrl.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define STORE_SOCKET "/run/xenstored/socket" /* where the clients look for it */
#define KEPT_FILES   32 /* descriptors that are left for other things than clients */
#define HAND_OVER    "PLINTH_STORED_FDS" /* environment: state, lock and socket of the one before */

static struct daemon_program program;
static struct store store;
static struct loop loop;
static struct loop_source restart_signal;
static const char *state_dir = STATE_DIR;
static bool alone;                /* no hypervisor */
static bool bare;                 /* domain 0's nodes are left to xen-init-dom0 */
static bool ask_states;           /* only print which states this program can read */
static bool ask_update;           /* only tell the running one to let itself be replaced */
static bool again;                /* requests are left for the next turn */
static int inherited_state = -1;  /* what the program before left, or -1 */
static char executable[PATH_MAX]; /* where this one was started from */

static const char usage[] =
	"usage: plinth-stored [-fDN] [-s SOCKET] [-p PIDFILE] [-l LOGFILE] [-d STATEDIR]\n"
	"       plinth-stored -r [-s SOCKET]\n"
	"       plinth-stored -T\n"
	"The store: tells domains of each other (xenstore). -f: stay in the foreground and log to\n"
	"stderr too. -D: leave domain 0's nodes to xen-init-dom0. -N: without a hypervisor, for\n"
	"clients on the socket alone. -r: have the running one replaced by the program that is\n"
	"installed now. -T: print which states of a daemon this program can take over.\n";

static void take_restart_signal(struct loop_source *source, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)events;
	if (read(source->fd, &info, sizeof(info)) == sizeof(info))
		store.restart = true;
}

static int restart_signal_fd(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int open_hypervisor(void)
{
	if (alone)
		return 0;
	if (xen_open(&store) < 0) {
		daemon_fail("cannot start: %s", ctrl_error());
		return -EIO;
	}
	return 0;
}

/* What the one before left, by exec() or by its journal; or a store with the first nodes. */
static int get_state(int state_fd)
{
	int ret = 0;

	if (state_fd >= 0 && state_take_over(&store, state_fd) < 0)
		daemon_log("the state of the daemon before cannot be read");
	ret = state_open(&store, state_dir);
	if (ret < 0) {
		daemon_fail("cannot start: the state below %s: %s", state_dir, strerror(-ret));
		return ret;
	}
	if (ret == 1)
		store_attach_rings(&store);
	else if (!bare)
		ret = store_make_dom0_nodes(&store);
	if (!alone && store_introduce_dom0(&store) < 0)
		daemon_log("domain 0's kernel has no store");
	return ret;
}

/* Clients on the socket may have all descriptors but some. */
static uint32_t socket_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur > UINT32_MAX)
		return UINT32_MAX;
	return files.rlim_cur > KEPT_FILES ? (uint32_t)files.rlim_cur - KEPT_FILES : 1;
}

static int open_store(void)
{
	int ret = store_init(&store);

	store.loop = &loop;
	store.max_sockets = socket_limit();
	if (ret == 0)
		ret = loop_watch(&loop, &restart_signal, restart_signal_fd(), take_restart_signal);
	if (ret < 0) {
		daemon_fail("cannot start: %s", strerror(-ret));
		return ret;
	}
	ret = open_hypervisor();
	if (ret == 0)
		ret = get_state(inherited_state);
	if (store.restored)
		program.greeting = "goes on";
	return ret;
}

static int serve(int fd)
{
	return conn_socket_accept(&store, fd);
}

/* The next program, in this process. Returns only when it cannot be: a negative errno. */
static int start_next(const char *binary, int state_fd)
{
	int listener_fd = program.listener.source.fd, pid_fd = daemon_hand_over(), ret;
	char fds[64];

	daemon_log("is replaced by %s", binary);
	journal_commit(&store);
	fcntl(listener_fd, F_SETFD, 0);
	snprintf(fds, sizeof(fds), "%d:%d:%d", state_fd, pid_fd, listener_fd);
	setenv(HAND_OVER, fds, 1);
	execv(binary, program.argv);
	ret = -errno;
	unsetenv(HAND_OVER);
	fcntl(listener_fd, F_SETFD, FD_CLOEXEC);
	fcntl(pid_fd, F_SETFD, FD_CLOEXEC);
	return ret;
}

/* It goes on itself, and says so to who asked. */
static void stay(const char *binary, int error)
{
	const struct waiting *update = &store.update;
	char text[PATH_MAX + 128];

	snprintf(text, sizeof(text), "cannot be replaced by %s: %s", binary, takeover_error(error));
	daemon_log("%s", text);
	text[XENSTORE_PAYLOAD_MAX - 1] = '\0';
	if (update->conn)
		conn_put(update->conn, XS_CONTROL, update->req_id, update->tx_id, text,
			 strlen(text) + 1);
	store.update.conn = NULL;
	free(store.binary);
	store.binary = NULL;
}

/*
 * Another program takes this process over, with everything in it. Answers that are queued are the
 * next one's to send, and so is the one to who asked for it.
 */
static void hand_over(void)
{
	const char *binary = store.binary ? store.binary : executable;
	int ret = takeover_check(binary, TAKEOVER_TIMEOUT_MS);
	int state_fd = ret < 0 ? ret : state_hand_over(&store);

	store.restart = false;
	ret = state_fd;
	if (state_fd >= 0) {
		ret = start_next(binary, state_fd);
		state_hand_back(&store, state_fd);
	}
	stay(binary, ret);
}

static int ask_for_update(const char *socket_path)
{
	static const char *const words[] = {"live-update", "-s"};
	struct ctrl_store *client;
	char *answer = NULL;
	int ret;

	setenv("XENSTORED_PATH", socket_path, 1);
	ret = ctrl_store_open(&client);
	if (ret == 0) {
		ret = ctrl_store_control(client, words, 2, &answer);
		ctrl_store_close(client);
	}
	if (ret < 0)
		fprintf(stderr, "plinth-stored: cannot be replaced: %s\n", ctrl_error());
	else if (strcmp(answer, "OK") != 0)
		fprintf(stderr, "plinth-stored: %s\n", answer);
	if (ret == 0 && strcmp(answer, "OK") != 0)
		ret = -EAGAIN;
	free(answer);
	return ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The listening socket, or a negative errno. */
static int start(const struct daemon_options *options)
{
	const char *fds = getenv(HAND_OVER);
	int pid_fd, listener_fd;

	if (ask_states) {
		takeover_print();
		exit(EXIT_SUCCESS);
	}
	if (ask_update)
		exit(ask_for_update(options->socket));
	if (readlink("/proc/self/exe", executable, sizeof(executable) - 1) < 0)
		executable[0] = '\0';
	if (!fds || sscanf(fds, "%d:%d:%d", &inherited_state, &pid_fd, &listener_fd) != 3) {
		inherited_state = -1;
		return daemon_start(options);
	}
	unsetenv(HAND_OVER);
	daemon_take_over(options, pid_fd);
	fcntl(listener_fd, F_SETFD, FD_CLOEXEC);
	return listener_fd;
}

static int turn(int64_t now_ms)
{
	(void)now_ms;
	if (again || store_is_due(&store))
		store_go_on(&store);
	if (store.restart)
		hand_over();
	again = store_end_turn(&store);
	return store_wait_ms(&store, again);
}

static void close_store(void)
{
	store_end_turn(&store);
	state_close(&store);
	store_free(&store);
	xen_close();
}

int main(int argc, char **argv)
{
	static const struct daemon_option own[] = {
		{'d', &state_dir, NULL},  {'l', &program.options.log_file, NULL},
		{'D', NULL, &bare},       {'N', NULL, &alone},
		{'r', NULL, &ask_update}, {'T', NULL, &ask_states},
	};

	program = (struct daemon_program){
		.options =
			{
				.name = "plinth-stored",
				.pid_file = "/run/plinth/stored.pid",
				.socket = STORE_SOCKET,
				.log_file = "/var/log/plinth/stored.log",
			},
		.usage = usage,
		.own = own,
		.own_count = sizeof(own) / sizeof(own[0]),
		.loop = &loop,
		.start = start,
		.open = open_store,
		.serve = serve,
		.turn = turn,
		.close = close_store,
	};
	return daemon_main(argc, argv, &program);
}
