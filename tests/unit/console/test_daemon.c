/* SPDX-License-Identifier: ISC */
/* The daemons' scaffolding: one at a time, readiness, files written whole, logs of one line, the
 * loop. */
#include "unit.h"

#include "daemon/daemon.h"
#include "daemon/logfile.h"
#include "base/loop.h"
#include "base/read_file.h"
#include "daemon/main.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char *folder, pid_path[PATH_MAX], socket_path[PATH_MAX], log_path[PATH_MAX],
	err_path[PATH_MAX];

static struct daemon_options options = {
	.name = "testd",
	.pid_file = pid_path,
	.socket = socket_path,
	.log_file = log_path,
};

static int setup(void **state)
{
	(void)state;
	folder = make_folder();
	snprintf(pid_path, sizeof(pid_path), "%s/run/testd.pid", folder);
	snprintf(socket_path, sizeof(socket_path), "%s/run/deep/testd.sock", folder);
	snprintf(log_path, sizeof(log_path), "%s/log/testd.log", folder);
	snprintf(err_path, sizeof(err_path), "%s/err", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	remove_folder(folder);
	return 0;
}

static char *read_path(const char *path)
{
	char *data;
	size_t size;

	return read_regular_file(path, 1 << 20, &data, &size) == 0 ? data : strdup("");
}

/* Of a file of /proc, which has no size. */
static char *read_line(const char *path)
{
	FILE *file = fopen(path, "r");
	char *line = calloc(1, 64);

	assert_non_null(file);
	assert_non_null(fgets(line, 64, file));
	fclose(file);
	return line;
}

/* Starts as a program would, in a process of its own whose status it returns. */
static int start(bool foreground, int exit_early)
{
	int status, fd;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		fd = open(err_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		dup2(fd, STDERR_FILENO);
		options.foreground = foreground;
		if (daemon_start(&options) < 0)
			_exit(1);
		if (exit_early) {
			daemon_fail("cannot start: no reason");
			_exit(exit_early);
		}
		daemon_is_ready();
		daemon_log("started\nwith two lines\xc2\x9b"
			   "1m");
		if (!foreground)
			pause();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static pid_t running_pid(void)
{
	char *text = read_path(pid_path);
	pid_t pid = (pid_t)atoi(text);

	free(text);
	assert_true(pid > 1);
	return pid;
}

static int connect_to_it(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), ret;

	assert_true(strlen(socket_path) < sizeof(address.sun_path));
	strcpy(address.sun_path, socket_path);
	ret = connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static void test_detaches_when_ready(void **state)
{
	struct stat status;
	char *text;
	pid_t pid;

	(void)state;
	assert_int_equal(start(false, 0), 0);
	pid = running_pid();
	assert_int_equal(kill(pid, 0), 0);
	assert_int_equal(getsid(pid), pid);
	assert_int_equal(connect_to_it(), 0);
	assert_int_equal(stat(socket_path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);

	assert_int_equal(start(false, 0), 1); /* the second one */
	text = read_path(err_path);
	assert_contains(text, "testd: already running as process ");
	assert_int_equal(atoi(strstr(text, "process ") + 8), pid);
	free(text);
	assert_int_equal(connect_to_it(), 0); /* and the first one was not harmed */

	kill(pid, SIGKILL); /* leaves its files behind; the next one is not bothered */
	while (connect_to_it() == 0)
		usleep(1000);
	assert_int_equal(start(false, 0), 0);
	assert_int_equal(connect_to_it(), 0);
	kill(running_pid(), SIGKILL);
}

/* The kernel is asked to spare it; where that is refused, the log says so. */
static void test_protected_when_memory_is_short(void **state)
{
	char path[64], *score, *log;

	(void)state;
	assert_int_equal(start(false, 0), 0);
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", running_pid());
	score = read_line(path);
	log = read_path(log_path);
	if (strcmp(score, "-900\n") != 0)
		assert_contains(log, "oom_score_adj cannot be set to -900: ");
	else
		assert_null(strstr(log, "oom_score_adj"));
	free(score);
	free(log);
	kill(running_pid(), SIGKILL);
}

static void test_failing_start(void **state)
{
	char *text;

	(void)state;
	assert_int_equal(start(false, 5), 5); /* the status of the child is the program's */
	text = read_path(err_path);
	assert_contains(text, "cannot start: no reason");
	free(text);
	snprintf(socket_path, sizeof(socket_path), "%s/%0200d/sock", folder, 0);
	assert_int_equal(start(false, 0), 1);
	text = read_path(err_path);
	assert_contains(text, "testd: cannot listen on");
	free(text);
}

static void test_log_lines(void **state)
{
	char *text;

	(void)state;
	assert_int_equal(start(true, 0), 0);
	text = read_path(log_path);
	assert_contains(text, "Z testd[");
	assert_contains(text, "]: started?with two lines\xc2?1m\n"); /* one action, one line */
	free(text);
	text = read_path(err_path);
	assert_contains(text, "started");
	free(text);
}

static void test_files_are_written_whole(void **state)
{
	char path[PATH_MAX], *data;
	struct stat status;
	size_t size;

	(void)state;
	snprintf(path, sizeof(path), "%s/file", folder);
	assert_int_equal(daemon_write_file(path, "old", 3), 0);
	assert_int_equal(daemon_write_file(path, "newer", 5), 0);
	assert_int_equal(read_regular_file(path, 5, &data, &size), 0);
	assert_int_equal(size, 5);
	assert_string_equal(data, "newer");
	free(data);
	assert_int_equal(read_regular_file(path, 4, &data, &size), -EFBIG);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(read_regular_file(folder, 100, &data, &size), -EINVAL);
	assert_int_equal(daemon_write_file("/nonexistent/x", "a", 1), -ENOENT);
}

static void test_log_is_no_link(void **state)
{
	char link_path[PATH_MAX], target[PATH_MAX];
	struct logfile log;
	uint64_t lost;

	(void)state;
	snprintf(link_path, sizeof(link_path), "%s/link", folder);
	snprintf(target, sizeof(target), "%s/target", folder);
	assert_int_equal(symlink(target, link_path), 0);
	assert_int_equal(logfile_init(&log, link_path, 100), 0);
	assert_int_equal(logfile_write(&log, "x", 1, 0, &lost), LOGFILE_FAILED);
	assert_int_equal(access(target, F_OK), -1);
	logfile_close(&log);
}

static int make_listener(struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(address->sun_path, sizeof(address->sun_path), "%s/sock", folder);
	assert_int_equal(bind(fd, (struct sockaddr *)address, sizeof(*address)), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static int make_client(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)address, sizeof(*address)), 0);
	return fd;
}

static bool is_ready(int fd)
{
	struct pollfd waiting = {.fd = fd, .events = POLLIN};

	return poll(&waiting, 1, 0) == 1;
}

static int served[8], served_count;

static int keep_client(int fd)
{
	served[served_count++] = fd;
	return 0;
}

/* With no descriptor left a client is hung up on, and nothing is left that would wake the loop. */
static void test_clients_without_descriptors(void **state)
{
	struct sockaddr_un address;
	int fd = make_listener(&address), clients[3], used[64], count = 0;
	struct listener listener;
	struct rlimit before, limit;
	struct loop loop;
	char byte;

	(void)state;
	served_count = 0;
	assert_int_equal(loop_init(&loop), 0);
	assert_int_equal(listener_open(&listener, &loop, fd, keep_client), 0);
	for (int i = 0; i < 3; i++)
		clients[i] = make_client(&address);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = 64;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	while (count < 64 && (used[count] = dup(fd)) >= 0)
		count++;
	assert_true(count < 64);
	assert_true(is_ready(fd));
	assert_int_equal(loop_run_once(&loop, 0), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(recv(clients[i], &byte, 1, 0), 0); /* it is told */
	assert_int_equal(listener.rejected, 3);
	assert_int_equal(served_count, 0);
	assert_false(is_ready(fd));
	while (count > 0)
		close(used[--count]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	used[0] = make_client(&address);
	assert_int_equal(loop_run_once(&loop, 0), 0); /* served again as soon as there is one */
	assert_int_equal(served_count, 1);
	close(used[0]);
	close(served[0]);
	for (int i = 0; i < 3; i++)
		close(clients[i]);
	listener_close(&listener);
	close(fd);
	loop_close(&loop);
}

/* ---- the main function, with a daemon that notes what is asked of it ---- */

static struct loop main_loop;

static int note_open(void)
{
	daemon_log("opened");
	return 0;
}

static int note_client(int fd)
{
	(void)fd;
	daemon_log("client");
	return -ENOMEM;
}

static int note_turn(int64_t now_ms)
{
	(void)now_ms;
	return -1;
}

static void note_signal(unsigned signo)
{
	daemon_log("signal %u", signo);
}

static void note_close(void)
{
	daemon_log("closed");
}

static void run_main(void)
{
	static struct daemon_program program = {
		.usage = "usage\n",
		.loop = &main_loop,
		.open = note_open,
		.serve = note_client,
		.turn = note_turn,
		.signal = note_signal,
		.close = note_close,
	};
	char name[] = "testd", *argv[] = {name, NULL};

	program.options = options;
	_exit(daemon_main(1, argv, &program));
}

static void wait_for_line(const char *line)
{
	for (int i = 0; i < 2000; i++) {
		char *log = read_path(log_path);
		bool there = strstr(log, line);

		free(log);
		if (there)
			return;
		poll(NULL, 0, 10);
	}
	fail_msg("the log has no line '%s'", line);
}

static void test_main(void **state)
{
	static const char *const lines[] = {
		"opened",   "started", "client", "rejected", "log file is opened anew",
		"signal 1", "stops",   "closed"};
	const char *at;
	char *log;
	int status;
	pid_t pid;

	(void)state;
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		run_main();
	assert_int_equal(waitpid(pid, &status, 0), pid); /* the daemon goes on in the background */
	assert_int_equal(status, 0);
	pid = running_pid();
	assert_int_equal(connect_to_it(), 0);
	wait_for_line("rejected 1 client: Cannot allocate memory");
	kill(pid, SIGHUP);
	wait_for_line("signal 1");
	kill(pid, SIGTERM);
	wait_for_line("closed");
	log = read_path(log_path);
	at = log;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		at = strstr(at, lines[i]);
		if (!at)
			fail_msg("'%s' is not in its place in the log:\n%s", lines[i], log);
	}
	free(log);
}

/* SIGHUP asks the daemon for new logs; its workers are not ended by it. */
static void test_worker_outlives_sighup(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (daemon_signal_fd(false) < 0)
			_exit(1);
		daemon_become_worker();
		raise(SIGHUP);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* A source that is removed by another one's handler in the same batch is not called any more. */
static struct loop loop;
static struct loop_source sources[2];
static unsigned called;

static void remove_the_other(struct loop_source *source, uint32_t events)
{
	(void)events;
	called++;
	loop_remove(&loop, source == &sources[0] ? &sources[1] : &sources[0]);
}

static void test_loop_removal(void **state)
{
	int fds[2][2];

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pipe(fds[i]), 0);
		assert_int_equal(write(fds[i][1], "x", 1), 1);
		sources[i] = (struct loop_source){
			.fd = fds[i][0], .events = EPOLLIN, .ready = remove_the_other};
		assert_int_equal(loop_add(&loop, &sources[i]), 0);
	}
	assert_int_equal(loop_run_once(&loop, 0), 0);
	assert_int_equal(called, 1);
	loop_close(&loop);
	for (int i = 0; i < 4; i++)
		close(fds[i / 2][i % 2]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_detaches_when_ready),
		TEST(test_failing_start),
		TEST(test_log_lines),
		TEST(test_files_are_written_whole),
		TEST(test_log_is_no_link),
		TEST(test_loop_removal),
		TEST(test_clients_without_descriptors),
		TEST(test_main),
		TEST(test_protected_when_memory_is_short),
		TEST(test_worker_outlives_sighup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
