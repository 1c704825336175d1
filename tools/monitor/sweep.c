/* SPDX-License-Identifier: ISC */
/* Has a worker take away what tools that were killed have left half done. */
#include "sweep.h"

#include "guest/abandoned.h"
#include "daemon/daemon.h"
#include "base/path.h"
#include "guest/registry.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#define SOON_MS  100   /* after a file was closed: its lock goes a moment later */
#define AGAIN_MS 10000 /* where there are lock files: their processes may be about to end */
#define LIMIT_MS 120000

static struct {
	struct monitor *monitor;
	struct loop *loop;
	struct loop_source folder; /* inotify: a file in the registry was closed; fd -1: none */
	int64_t due_ms;            /* when to look; -1: when the kernel tells */
	pid_t worker;              /* 0: none */
	int64_t kill_ms;           /* the worker's limit */
} sweep = {.folder.fd = -1, .due_ms = -1};

static void look_soon(int64_t now_ms)
{
	if (sweep.due_ms < 0 || sweep.due_ms > now_ms + SOON_MS)
		sweep.due_ms = now_ms + SOON_MS;
}

/* A creation closes several files: the others are not waited for until it is time to look. */
static void take_event(struct loop_source *source, uint32_t events)
{
	(void)events;
	loop_set_events(sweep.loop, source, 0);
	look_soon(loop_now_ms());
}

/* Before looking, so that what comes after that is told. */
static void drop_events(void)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	if (sweep.folder.fd < 0)
		return;
	while (read(sweep.folder.fd, buffer, sizeof(buffer)) > 0)
		;
	loop_set_events(sweep.loop, &sweep.folder, EPOLLIN);
}

void sweep_start(struct monitor *monitor, struct loop *loop, int64_t now_ms)
{
	const char *folder = monitor->registry ? monitor->registry : REGISTRY_DIR;
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), ret = fd < 0 ? -errno : 0;

	sweep.monitor = monitor;
	sweep.loop = loop;
	sweep.due_ms = now_ms;
	path_make_directories(folder);
	if (ret == 0 && inotify_add_watch(fd, folder, IN_CLOSE_WRITE) < 0)
		ret = -errno;
	if (ret == 0)
		ret = loop_watch(loop, &sweep.folder, fd, take_event);
	if (ret == 0)
		return;
	daemon_log("looks for what is abandoned only from time to time: %s", strerror(-ret));
	if (fd >= 0)
		close(fd);
	sweep.folder.fd = -1;
}

static void log_sentence(const char *text)
{
	daemon_log("%s", text);
}

static void __attribute__((noreturn)) work(void)
{
	const struct abandoned_options options = {
		.registry = sweep.monitor->registry,
		.console_socket = sweep.monitor->console_socket,
		.monitor_socket = sweep.monitor->monitor_socket,
		.tell = log_sentence,
	};
	struct ctrl *ctrl;

	daemon_become_worker();
	if (ctrl_open(&ctrl) < 0)
		_exit(1);
	abandoned_clear(ctrl, &options);
	ctrl_close(ctrl);
	_exit(0);
}

static void start_worker(int64_t now_ms)
{
	pid_t worker = fork();

	if (worker == 0)
		work();
	if (worker < 0) {
		daemon_log("cannot start a worker: %s", strerror(errno));
		sweep.due_ms = now_ms + AGAIN_MS;
		return;
	}
	sweep.worker = worker;
	sweep.kill_ms = now_ms + LIMIT_MS;
}

/* To be safe, files whose processes live are looked at again without the kernel's word. */
static void look(int64_t now_ms)
{
	enum abandoned found;

	drop_events();
	found = abandoned_look(sweep.monitor->registry);
	sweep.due_ms = -1;
	if (found == ABANDONED_FOUND)
		start_worker(now_ms);
	else if (found == ABANDONED_NOT_YET || sweep.folder.fd < 0)
		sweep.due_ms = now_ms + AGAIN_MS;
}

static void kill_late_worker(int64_t now_ms)
{
	if (now_ms < sweep.kill_ms)
		return;
	daemon_log("worker %d has not ended for %d s and is killed", (int)sweep.worker,
		   LIMIT_MS / 1000);
	kill(sweep.worker, SIGKILL);
	sweep.kill_ms = now_ms + LIMIT_MS;
}

int sweep_run_due(int64_t now_ms)
{
	int64_t next;

	if (sweep.worker)
		kill_late_worker(now_ms);
	else if (sweep.due_ms >= 0 && now_ms >= sweep.due_ms)
		look(now_ms);
	next = sweep.worker ? sweep.kill_ms : sweep.due_ms;
	if (next < 0)
		return -1;
	return next > now_ms ? (int)(next - now_ms) : 0;
}

bool sweep_worker_done(pid_t worker, int64_t now_ms)
{
	if (!worker || worker != sweep.worker)
		return false;
	sweep.worker = 0;
	if (sweep.due_ms < 0) /* nothing came meanwhile; what could not be cleared is tried again */
		sweep.due_ms = now_ms + AGAIN_MS;
	return true;
}

void sweep_stop(void)
{
	if (sweep.folder.fd < 0)
		return;
	loop_remove(sweep.loop, &sweep.folder);
	close(sweep.folder.fd);
	sweep.folder.fd = -1;
}
