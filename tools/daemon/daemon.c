/* SPDX-License-Identifier: ISC */
/* Start and end of every Plinth daemon: detaching, pid file, socket, log and signals. */
#include "daemon.h"

#include "logfile.h"
#include "base/loop.h"
#include "base/path.h"
#include "base/plain_text.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOG_LIMIT (1024 * 1024)
#define LOG_LINE  1024
#define OOM_SCORE "-900" /* range -1000 to 1000; the kernel kills others first */

static struct {
	const struct daemon_options *options;
	int pid_fd;
	int ready_fd; /* the parent waits at the other end; -1 if none */
	bool log_open;
	struct logfile log;
} self = {.pid_fd = -1, .ready_fd = -1};

static const struct daemon_option *find_option(const struct daemon_option *own, size_t count,
					       int letter)
{
	for (size_t i = 0; i < count; i++)
		if (own[i].letter == letter)
			return &own[i];
	return NULL;
}

static bool take_option(int letter, struct daemon_options *options, const struct daemon_option *own)
{
	if (letter == 'f')
		options->foreground = true;
	else if (letter == 's')
		options->socket = optarg;
	else if (letter == 'p')
		options->pid_file = optarg;
	else if (own && own->text)
		*own->text = optarg;
	else if (own)
		*own->flag = true;
	else
		return false;
	return true;
}

void daemon_parse_options(int argc, char **argv, const char *usage, struct daemon_options *options,
			  const struct daemon_option *own, size_t count)
{
	char letters[sizeof("fhs:p:") + 2 * 16] = "fhs:p:", *end = letters + strlen(letters);
	bool right = true;
	int letter;

	for (size_t i = 0; i < count; i++) {
		*end++ = own[i].letter;
		if (own[i].text)
			*end++ = ':';
	}
	while (right && (letter = getopt(argc, argv, letters)) != -1) {
		if (letter == 'h') {
			fputs(usage, stdout);
			exit(EXIT_SUCCESS);
		}
		right = take_option(letter, options, find_option(own, count, letter));
	}
	if (right && optind == argc)
		return;
	fputs(usage, stderr);
	exit(2);
}

void daemon_raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void log_v(bool to_stderr, const char *format, va_list args)
{
	char line[LOG_LINE];
	time_t now = time(NULL);
	struct tm utc;
	uint64_t lost;
	int used, text;

	gmtime_r(&now, &utc);
	used = (int)strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%SZ ", &utc);
	used += snprintf(line + used, sizeof(line) - (size_t)used,
			 "%s[%d]: ", self.options ? self.options->name : "plinth", (int)getpid());
	text = vsnprintf(line + used, sizeof(line) - (size_t)used - 1, format, args);
	used += text < 0 ? 0 : text;
	if (used > (int)sizeof(line) - 2)
		used = (int)sizeof(line) - 2;
	/* Text from guests and configs must not add lines to the log. */
	line[used] = '\0';
	plain_text_make(line);
	line[used++] = '\n';
	if (self.log_open)
		logfile_write(&self.log, line, (size_t)used, loop_now_ms(), &lost);
	if (to_stderr && write(STDERR_FILENO, line, (size_t)used) < 0)
		return; /* the error cannot be reported anywhere */
}

void daemon_log(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_v(self.options && self.options->foreground, format, args);
	va_end(args);
}

void daemon_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_v(true, format, args);
	va_end(args);
}

int daemon_set_log_file(const char *path)
{
	struct logfile log;
	int ret = logfile_init(&log, path, LOG_LIMIT);

	if (ret == 0 && log.fd < 0) {
		logfile_close(&log);
		ret = -EACCES;
	}
	if (ret < 0)
		return ret;
	if (self.log_open)
		logfile_close(&self.log);
	self.log = log;
	self.log_open = true;
	return 0;
}

void daemon_reopen_log(void)
{
	int ret = self.log_open ? logfile_reopen(&self.log) : 0;

	if (ret < 0)
		daemon_log("the log file %s cannot be opened anew: %s", self.log.path,
			   strerror(-ret));
	else
		daemon_log("the log file is opened anew");
}

/* Creates the folder of a file and its parents, mode 0755. Returns 0 or a negative errno. */
static int make_folder_of(const char *file)
{
	char *folder = path_directory(file);
	int ret = folder ? path_make_directories(folder) : -ENOMEM;

	free(folder);
	return ret;
}

static int complain(int error, const char *what, const char *which)
{
	fprintf(stderr, "%s: cannot %s %s: %s%s\n", self.options->name, what, which,
		strerror(error), error == EACCES || error == EPERM ? "; run it as root" : "");
	return -error;
}

static int complain_running(void)
{
	char pid[16] = "";
	ssize_t count = pread(self.pid_fd, pid, sizeof(pid) - 1, 0);

	pid[count > 0 ? count : 0] = '\0';
	pid[strcspn(pid, "\n")] = '\0';
	fprintf(stderr, "%s: already running as process %s (it holds the lock on %s)\n",
		self.options->name, pid[0] ? pid : "?", self.options->pid_file);
	return -EEXIST;
}

/* The lock belongs to the open file, so the child of fork() keeps it and it ends with the child. */
static int lock_pid_file(void)
{
	const char *path = self.options->pid_file;
	int ret = make_folder_of(path);

	if (ret < 0)
		return complain(-ret, "make the folder of", path);
	self.pid_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (self.pid_fd < 0)
		return complain(errno, "open", path);
	if (flock(self.pid_fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? complain_running() : complain(errno, "lock", path);
	return 0;
}

static int write_pid(void)
{
	char pid[16];
	int count = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());

	if (ftruncate(self.pid_fd, 0) < 0 || pwrite(self.pid_fd, pid, (size_t)count, 0) != count)
		return complain(errno, "write", self.options->pid_file);
	return 0;
}

/* Waits for the child to be ready. If the child exits instead, exits with its status. */
static void __attribute__((noreturn)) wait_as_parent(int fd, pid_t child)
{
	char byte;
	int status = 0;
	ssize_t count;

	do
		count = read(fd, &byte, 1);
	while (count < 0 && errno == EINTR);
	if (count == 1)
		_exit(EXIT_SUCCESS);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

static int detach(void)
{
	int fds[2];
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return complain(errno, "make", "a pipe");
	child = fork();
	if (child < 0)
		return complain(errno, "start", "the background process");
	if (child > 0) {
		close(fds[1]);
		wait_as_parent(fds[0], child);
	}
	close(fds[0]);
	self.ready_fd = fds[1];
	setsid();
	return 0;
}

/*
 * This process holds the pid file's lock, so an existing socket was left by a daemon that has
 * ended.
 */
static int listen_on_socket(void)
{
	const char *path = self.options->socket;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	mode_t mask;
	int fd, ret = make_folder_of(path);

	if (ret < 0)
		return complain(-ret, "make the folder of", path);
	if (strlen(path) >= sizeof(address.sun_path))
		return complain(ENAMETOOLONG, "listen on", path);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return complain(errno, "make", "a socket");
	unlink(path);
	mask = umask(0177); /* a client can type into every guest */
	ret = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (ret < 0 || listen(fd, 64) < 0) {
		ret = complain(errno, "listen on", path);
		close(fd);
		return ret;
	}
	return fd;
}

static void open_log(void)
{
	const struct daemon_options *options = self.options;
	int ret;

	umask(022);
	if (!options->log_file)
		return;
	ret = make_folder_of(options->log_file);
	self.log_open = ret == 0 && logfile_init(&self.log, options->log_file, LOG_LIMIT) == 0;
	if (!self.log_open || self.log.fd < 0)
		fprintf(stderr, "%s: warning: cannot write the log file %s\n", options->name,
			options->log_file);
}

/*
 * Killing the daemon frees little memory and affects the whole machine, so the kernel should avoid
 * it.
 */
static void protect_from_oom(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC), error = errno;

	if (fd >= 0) {
		error = write(fd, OOM_SCORE, strlen(OOM_SCORE)) < 0 ? errno : 0;
		close(fd);
	}
	if (fd < 0 || error)
		daemon_log("the kernel may kill this process when memory is short: "
			   "oom_score_adj cannot be set to " OOM_SCORE ": %s",
			   strerror(error));
}

int daemon_hand_over(void)
{
	fcntl(self.pid_fd, F_SETFD, 0);
	return self.pid_fd;
}

void daemon_take_over(const struct daemon_options *options, int pid_fd)
{
	self.options = options;
	self.pid_fd = pid_fd;
	fcntl(pid_fd, F_SETFD, FD_CLOEXEC);
	open_log();
	protect_from_oom();
}

int daemon_start(const struct daemon_options *options)
{
	int ret;

	self.options = options;
	ret = lock_pid_file();
	if (ret == 0 && !options->foreground)
		ret = detach();
	if (ret == 0)
		ret = write_pid();
	if (ret < 0)
		return ret;
	open_log();
	protect_from_oom();
	return listen_on_socket();
}

void daemon_is_ready(void)
{
	int null;

	if (self.options->foreground)
		return;
	if (chdir("/") < 0)
		daemon_log("cannot change to /: %s", strerror(errno));
	null = open("/dev/null", O_RDWR);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	if (self.ready_fd >= 0) {
		if (write(self.ready_fd, "", 1) < 0)
			daemon_log("cannot tell the starting process: %s", strerror(errno));
		close(self.ready_fd);
		self.ready_fd = -1;
	}
}

void daemon_stop(void)
{
	unlink(self.options->socket);
	unlink(self.options->pid_file);
	if (self.log_open)
		logfile_close(&self.log);
	self.log_open = false;
}

void daemon_become_worker(void)
{
	sigset_t none;

	signal(SIGHUP, SIG_IGN); /* meant for the daemon, but killall sends it here too */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	self.pid_fd = self.ready_fd = -1;
	if (!self.log_open)
		return;
	self.log.fd = -1;
	logfile_close(&self.log);
	self.log_open = logfile_init(&self.log, self.options->log_file, LOG_LIMIT) == 0;
}

int daemon_signal_fd(bool children)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (children)
		sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t count = write(fd, data, size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		data += count;
		size -= (size_t)count;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

int daemon_write_file(const char *path, const void *data, size_t size)
{
	char fresh[PATH_MAX];
	int fd, ret;

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh))
		return -ENAMETOOLONG;
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	ret = write_all(fd, data, size);
	if (close(fd) < 0 && ret == 0)
		ret = -errno;
	if (ret == 0 && rename(fresh, path) < 0)
		ret = -errno;
	if (ret < 0)
		unlink(fresh);
	return ret;
}
