/* SPDX-License-Identifier: ISC */
/* plinth-stored: the store, in which domains tell each other what they have and want. See its
 * manual page. */
#include "conn.h"
#include "state.h"
#include "xen.h"

#include "common/daemon.h"

#include <libctrl.h>

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define STORE_SOCKET "/run/xenstored/socket" /* where the clients look for it */
#define ACCEPT_BATCH 16

static struct store store;
static struct loop loop;
static struct loop_source listener, signals;
static bool alone; /* no hypervisor */
static bool bare;  /* domain 0's nodes are left to xen-init-dom0 */

static const char usage[] =
	"usage: plinth-stored [-fDN] [-s SOCKET] [-p PIDFILE] [-l LOGFILE] [-d STATEDIR]\n"
	"The store: tells domains of each other (xenstore). -f: stay in the foreground and log to\n"
	"stderr too. -D: leave domain 0's nodes to xen-init-dom0. -N: without a hypervisor, for\n"
	"clients on the socket alone.\n";

static void accept_clients(struct loop_source *source, uint32_t events)
{
	(void)events;
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		int ret;

		if (fd < 0)
			return;
		ret = conn_socket_open(&store, fd);
		if (ret < 0) {
			daemon_log("a client is turned away: %s", strerror(-ret));
			close(fd);
		}
	}
}

static void take_signal(struct loop_source *source, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)events;
	if (read(source->fd, &info, sizeof(info)) != sizeof(info))
		return;
	store.stop = true;
}

static int watch_fd(struct loop_source *source, int fd,
		    void (*ready)(struct loop_source *, uint32_t))
{
	if (fd < 0)
		return fd;
	*source = (struct loop_source){.fd = fd, .events = EPOLLIN, .ready = ready};
	return loop_add(&loop, source);
}

/* Each client takes a descriptor. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_hypervisor(void)
{
	if (alone)
		return 0;
	if (xen_open(&store) < 0) {
		daemon_fail("cannot start: %s", ctrl_error());
		return -EIO;
	}
	if (store_introduce_dom0(&store) < 0)
		daemon_log("domain 0's kernel has no store");
	return 0;
}

static int prepare(int socket_fd)
{
	int ret = store_init(&store);

	raise_file_limit();
	if (ret == 0 && !bare)
		ret = store_make_dom0_nodes(&store);
	if (ret == 0)
		ret = loop_init(&loop);
	store.loop = &loop;
	if (ret == 0)
		ret = watch_fd(&listener, socket_fd, accept_clients);
	if (ret == 0)
		ret = watch_fd(&signals, daemon_signal_fd(false), take_signal);
	if (ret < 0)
		daemon_fail("cannot start: %s", strerror(-ret));
	return ret < 0 ? ret : open_hypervisor();
}

static void run(void)
{
	bool again = false;
	int ret = 0;

	while (!store.stop && ret == 0) {
		again = store_end_turn(&store);
		ret = loop_run_once(&loop, again ? 0 : -1);
		if (again)
			store_go_on(&store);
	}
	store_end_turn(&store);
	daemon_log("stops%s%s", ret < 0 ? ": " : "", ret < 0 ? strerror(-ret) : "");
}

static int parse_options(int argc, char **argv, struct daemon_options *options)
{
	int option;

	while ((option = getopt(argc, argv, "fhDNs:p:l:d:")) != -1) {
		switch (option) {
		case 'f':
			options->foreground = true;
			break;
		case 'D':
			bare = true;
			break;
		case 'N':
			alone = true;
			break;
		case 's':
			options->socket = optarg;
			break;
		case 'p':
			options->pid_file = optarg;
			break;
		case 'l':
			options->log_file = optarg;
			break;
		case 'd':
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
		.name = "plinth-stored",
		.pid_file = "/run/plinth/stored.pid",
		.socket = STORE_SOCKET,
		.log_file = "/var/log/plinth/stored.log",
	};
	int socket_fd;

	if (parse_options(argc, argv, &options) < 0) {
		fputs(usage, stderr);
		return 2;
	}
	socket_fd = daemon_start(&options);
	if (socket_fd < 0 || prepare(socket_fd) < 0)
		return EXIT_FAILURE;
	daemon_is_ready();
	daemon_log("started");
	run();
	store_free(&store);
	xen_close();
	loop_close(&loop);
	daemon_stop();
	return EXIT_SUCCESS;
}
