/* SPDX-License-Identifier: ISC */
/*
 * The console client against a real daemon loop in another process and a made-up guest in a third:
 * a tiny shell that answers lines. Exit statuses, scripts, pipes, a terminal, death, a daemon that
 * goes.
 */
#include "unit.h"

#include "daemon/daemon.h"
#include "clients/console_calls.h"
#include "console/server.h"
#include "fake_ctrl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static char *folder, socket_path[PATH_MAX], out_path[PATH_MAX], err_path[PATH_MAX];
static pid_t daemon_pid, guest_pid, terminal_pid;

/* ---- the daemon's process ---- */

static struct console_server server;

static void accept_client(struct loop_source *source, uint32_t events)
{
	(void)events;
	conn_open(&server, accept4(source->fd, NULL, NULL, SOCK_NONBLOCK));
}

static void take_events(struct loop_source *source, uint32_t events)
{
	(void)source;
	(void)events;
	server_take_events(&server);
}

static void __attribute__((noreturn)) serve(int listener)
{
	struct loop_source listening = {.fd = listener, .events = EPOLLIN, .ready = accept_client};
	struct loop_source event = {
		.fd = fake->event_pipe[0], .events = EPOLLIN, .ready = take_events};
	struct console_add add = {
		.domid = 1, .name = "g1", .ring_gfn = FAKE_RING_GFN, .guest_port = FAKE_PORT};
	struct report report;

	server.host.log_dir = server.state_dir = folder;
	memcpy(add.uuid, fake_uuid(1), 16);
	if (loop_init(&server.loop) < 0 || loop_add(&server.loop, &listening) < 0 ||
	    loop_add(&server.loop, &event) < 0 || server_add_guest(&server, &add, &report) < 0)
		_exit(1);
	for (;;) {
		int timeout = server_round(&server, loop_now_ms());

		conn_free_dead(&server);
		if (loop_run_once(&server.loop, timeout) < 0)
			_exit(1);
	}
}

/* ---- the guest's process: echoes, and answers "ask" with "answer", "die" by dying ---- */

static void say(const char *text, size_t size)
{
	size_t done = 0;

	while (done < size) {
		done += fake_guest_write(1, text + done, size - done);
		fake_guest_notify(1);
		if (done < size)
			usleep(1000);
	}
}

/* Asks a terminal for its state, its place, its kind, its title and its answerback. */
static const char evil[] = "evil\033[5n\033[6n\033[c\033[21t\005\033]10;?\a\033P$qm\033\\\xc2\x9b"
			   "6n is here\r\n";

static void answer(const char *line)
{
	if (strcmp(line, "ask") == 0)
		say("answer\r\n", 8);
	if (strcmp(line, "evil") == 0)
		say(evil, sizeof(evil) - 1);
	if (strcmp(line, "die") == 0) {
		say("bye\r\n", 5);
		fake->domains[1].info.shutdown = true;
		fake->domains[1].info.shutdown_reason = 3;
		usleep(20000);
		fake->domains[1].info.dying = true;
		_exit(0);
	}
	say("$ ", 2);
}

static void __attribute__((noreturn)) be_guest(void)
{
	struct pollfd poller = {.fd = fake->notify_pipe[0], .events = POLLIN};
	char line[64] = "", byte;
	size_t used = 0;
	uint32_t port;

	say("welcome\r\n$ ", 11);
	for (;;) {
		poll(&poller, 1, -1);
		if (read(poller.fd, &port, sizeof(port)) < 0)
			continue;
		while (fake_guest_read(1, &byte, 1) == 1) {
			if (byte != '\n' && byte != '\r') {
				say(&byte, 1);
				if (used + 1 < sizeof(line))
					line[used++] = byte;
				continue;
			}
			line[used] = '\0';
			used = 0;
			say("\r\n", 2);
			answer(line);
		}
		fake_guest_notify(1); /* it took input */
	}
}

/* ---- a test's surroundings ---- */

static int setup(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener;

	(void)state;
	fake_reset();
	fake->notify_told = true;
	fake_add_domain(1);
	folder = make_folder();
	snprintf(socket_path, sizeof(socket_path), "%s/sock", folder);
	snprintf(out_path, sizeof(out_path), "%s/out", folder);
	snprintf(err_path, sizeof(err_path), "%s/err", folder);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/sock", folder);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 5), 0);
	fflush(stdout);
	daemon_pid = fork();
	if (daemon_pid == 0)
		serve(listener);
	close(listener);
	guest_pid = fork();
	if (guest_pid == 0)
		be_guest();
	return 0;
}

static void end(pid_t *pid)
{
	if (*pid > 0) {
		kill(*pid, SIGKILL);
		waitpid(*pid, NULL, 0);
	}
	*pid = 0;
}

static int teardown(void **state)
{
	(void)state;
	end(&daemon_pid);
	end(&guest_pid);
	end(&terminal_pid);
	remove_folder(folder);
	return 0;
}

/* ---- running the client ---- */

static void replace(int fd, int with)
{
	if (dup2(with, fd) < 0)
		_exit(99);
}

static pid_t start_client(int input, const char *const words[])
{
	char *argv[32] = {(char *)"console", (char *)"--socket", socket_path};
	int argc = 3;
	pid_t pid;

	while (words[argc - 3]) {
		argv[argc] = (char *)words[argc - 3];
		argc++;
	}
	fflush(stdout);
	pid = fork();
	if (pid > 0)
		return pid;
	replace(STDIN_FILENO, input);
	replace(STDOUT_FILENO, open(out_path, O_WRONLY | O_CREAT | O_TRUNC, 0600));
	replace(STDERR_FILENO, open(err_path, O_WRONLY | O_CREAT | O_TRUNC, 0600));
	exit(console_client_main(argc, argv));
}

static int wait_for(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_client(const char *input, const char *const words[])
{
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], input, strlen(input)), strlen(input));
	close(fds[1]);
	pid = start_client(fds[0], words);
	close(fds[0]);
	return wait_for(pid);
}

static char content[65536];

static const char *read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t count = fd < 0 ? 0 : read(fd, content, sizeof(content) - 1);

	content[count > 0 ? count : 0] = '\0';
	if (fd >= 0)
		close(fd);
	return content;
}

static void assert_said(const char *path, const char *text)
{
	if (!strstr(read_file(path), text))
		fail_msg("\"%s\" is not in: %s", text, content);
}

#define RUN(input, ...) run_client(input, (const char *const[]){__VA_ARGS__, NULL})

/* ---- the tests ---- */

static void test_script(void **state)
{
	(void)state;
	assert_int_equal(
		RUN("", "--expect", "^welcome$", "--send", "ask\\n", "--expect", "^answer$", "g1"),
		0);
	assert_said(out_path, "answer\r\n");
	assert_string_equal(read_file(err_path), "");
	assert_int_equal(
		RUN("", "--send", "ask\\n", "--expect", "^answer$", "--expect", "\\$ $", "1"), 0);
}

static void test_timeout(void **state)
{
	(void)state;
	assert_int_equal(RUN("", "--expect", "never", "--timeout", "1", "g1"), 4);
	assert_said(err_path, "\"never\" did not come from guest g1 within 1 s");
	/* what was there before does not count for a script that begins with a send */
	assert_int_equal(RUN("", "--send", "x\\n", "--expect", "welcome", "--timeout", "1", "g1"),
			 4);
}

static void test_death(void **state)
{
	(void)state;
	assert_int_equal(RUN("", "--send", "die\\n", "--expect", "never", "--timeout", "30", "g1"),
			 3);
	assert_said(err_path, "guest g1 has ended: crash, before \"never\" came");
	assert_int_equal(RUN("", "--expect", "bye", "g1"), 0); /* its output is kept */
	assert_int_equal(RUN("", "--expect", "never", "g1"), 3);
	assert_int_equal(RUN("", "g1"), 0);
	assert_said(err_path, "dead");
}

static void test_death_as_the_last_step(void **state)
{
	(void)state;
	assert_int_equal(RUN("", "--send", "die\\n", "--timeout", "30", "g1"), 0);
}

static void test_no_such_guest(void **state)
{
	(void)state;
	assert_int_equal(RUN("", "nobody"), 3);
	assert_string_equal(read_file(err_path), "there is no guest called nobody\n");
	assert_int_equal(RUN("", "17"), 3);
}

static void test_usage(void **state)
{
	(void)state;
	assert_int_equal(RUN("", "-q"), 2);
	assert_int_equal(RUN("", "g1", "g2"), 2);
	assert_int_equal(RUN("", "--frobnicate", "g1"), 2);
	assert_int_equal(RUN("", "--timeout", "0", "g1"), 2);
	assert_int_equal(RUN("", "--timeout", "5x", "g1"), 2);
	assert_int_equal(RUN("", "-r", "--send", "x", "g1"), 2);
	assert_int_equal(RUN("", "--expect", "a(", "g1"), 2);
	assert_said(err_path, "--expect \"a(\"");
}

static void test_pipe(void **state)
{
	(void)state;
	assert_int_equal(RUN("ask\nsomething else\n", "--settle", "4", "g1"), 0);
	assert_said(out_path, "welcome\r\n$ ask\r\nanswer\r\n$ something else\r\n$ ");
	assert_said(err_path, "Connected to guest g1 (domain 1).");
	assert_null(strstr(read_file(err_path), "detaches")); /* there are no keys */
}

/* A pipe with nothing in it, or /dev/null: whatever the guest says, for as long as it lives. */
static void test_empty_input(void **state)
{
	const char *const words[] = {"--settle", "1", "--timeout", "1", "-q", "g1", NULL};
	int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char out[sizeof(out_path)];
	pid_t pid = start_client(input, words);

	(void)state;
	close(input);
	usleep(1500 * 1000); /* longer than it would wait for silence, or for the end */
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	strcpy(out, out_path);
	snprintf(out_path, sizeof(out_path), "%s/out2", folder);
	assert_int_equal(RUN("", "--send", "ask\\n", "--expect", "^answer$", "g1"), 0);
	assert_int_equal(RUN("", "--send", "die\\n", "g1"), 0);
	assert_int_equal(wait_for(pid), 0);
	assert_said(out, "answer\r\n");
	assert_said(out, "bye");
}

/* Much more than fits into the ring and the daemon's queue, and not a byte of it lost. */
static void test_long_pipe(void **state)
{
	static char input[40000];
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(input); i++)
		input[i] = i % 60 == 59 ? '\n' : (char)('a' + i % 26);
	assert_int_equal(RUN(input, "--settle", "4", "-q", "-n", "g1"), 0);
	read_file(out_path);
	for (char *at = content; *at; at++)
		count += *at >= 'a' && *at <= 'z';
	assert_int_equal(count, sizeof(input) - 1 - (sizeof(input) - 1) / 60);
}

/* As in "vmctl console -r g1 | head -1": the guest says nothing more, and so no write fails. */
static void test_nobody_reads(void **state)
{
	const char *const words[] = {"-r", "g1", NULL};
	int input = open("/dev/null", O_RDONLY | O_CLOEXEC), reader;
	size_t used = 0;
	pid_t pid;

	(void)state;
	assert_int_equal(mkfifo(out_path, 0600), 0);
	pid = start_client(input, words);
	close(input);
	reader = open(out_path, O_RDONLY | O_CLOEXEC); /* now, or the client would have it, too */
	do {
		ssize_t count = read(reader, content + used, sizeof(content) - 1 - used);

		assert_true(count > 0);
		used += (size_t)count;
		content[used] = '\0';
	} while (!strstr(content, "$ "));
	close(reader);
	assert_int_equal(wait_for(pid), 1);
}

static void test_list(void **state)
{
	(void)state;
	assert_int_equal(RUN("", "--list"), 0);
	assert_said(out_path, "g1                                   1 pv    live");
	assert_int_equal(RUN("", "--list", "g1"), 2);
}

static void test_no_daemon(void **state)
{
	(void)state;
	end(&daemon_pid);
	assert_int_equal(RUN("", "g1"), 6);
	assert_said(err_path, "plinth-consoled is not running");
	assert_said(err_path, "start it with \"plinth-consoled\"");
	assert_int_equal(RUN("", "--list"), 6);
}

/* A daemon that is stopped: the callers get their answer in time, whatever they are waiting for. */
static void test_daemon_hangs(void **state)
{
	struct frame_peer peer = console_peer(socket_path);
	struct report report = {.text = ""};
	uint8_t request[64], buffer[FRAME_HEADER_SIZE + CONSOLE_FRAME_MAX];
	ssize_t size = console_put_empty(request, sizeof(request), CONSOLE_LIST);
	struct frame answer;
	int ret, fds[16], count = 0;

	(void)state;
	kill(daemon_pid, SIGSTOP);
	peer.timeout_ms = 100;
	ret = frame_call(&peer, request, (size_t)size, CONSOLE_ERROR, buffer, &answer, &report);
	assert_int_equal(ret, -ETIMEDOUT);
	assert_contains(report.text, "did not answer");
	while (count < 16 && (fds[count] = frame_connect(&peer, &report)) >= 0)
		count++;
	assert_true(count < 16); /* the queue holds five */
	assert_int_equal(fds[count], -ETIMEDOUT);
	while (count > 0)
		close(fds[--count]);
	kill(daemon_pid, SIGCONT);
	assert_int_equal(RUN("", "--list"), 0);
}

static void test_daemon_goes_away(void **state)
{
	static const char *const words[] = {"--expect", "never", "g1", NULL};
	pid_t client = start_client(STDIN_FILENO, words);

	(void)state;
	while (!strstr(read_file(out_path), "welcome"))
		usleep(1000);
	end(&daemon_pid);
	assert_int_equal(wait_for(client), 1);
	assert_said(err_path,
		    "lost the connection to plinth-consoled (it has ended). The guest runs on;");
	assert_said(err_path, "\"vmctl console g1\" attaches again");
}

/* ---- on a terminal ---- */

static int open_terminal(int *slave)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	*slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(*slave >= 0);
	return master;
}

static bool is_raw(int fd)
{
	struct termios mode;

	assert_int_equal(tcgetattr(fd, &mode), 0);
	return !(mode.c_lflag & ICANON);
}

static pid_t attach_terminal(int slave)
{
	static const char *const words[] = {"g1", NULL};
	pid_t client = start_client(slave, words);

	while (!is_raw(slave) || !strstr(read_file(out_path), "welcome"))
		usleep(1000);
	return client;
}

static void test_detach(void **state)
{
	int slave, master = open_terminal(&slave);
	pid_t client = attach_terminal(slave);

	(void)state;
	assert_int_equal(write(master, "ask\r", 4), 4);
	while (!strstr(read_file(out_path), "answer"))
		usleep(1000);
	assert_int_equal(write(master, "\003\032\x1d", 3),
			 3); /* ^C and ^Z are the guest's, ^] is ours */
	assert_int_equal(wait_for(client), 0);
	assert_false(is_raw(slave));
	assert_said(err_path, "^] detaches.");
	assert_said(err_path, "Detached; the guest runs on.");
	close(slave);
	close(master);
}

static void test_terminal_is_restored(void **state)
{
	static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT};

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		int slave, master = open_terminal(&slave);
		pid_t client = attach_terminal(slave);

		kill(client, signals[i]);
		assert_int_equal(wait_for(client), 128 + signals[i]);
		assert_false(is_raw(slave));
		close(slave);
		close(master);
		unlink(out_path);
	}
}

static void test_terminal_is_restored_when_the_daemon_goes(void **state)
{
	int slave, master = open_terminal(&slave);
	pid_t client = attach_terminal(slave);

	(void)state;
	end(&daemon_pid);
	assert_int_equal(wait_for(client), 1);
	assert_false(is_raw(slave));
	close(slave);
	close(master);
}

static void test_terminal_is_restored_when_the_guest_dies(void **state)
{
	int slave, master = open_terminal(&slave);
	pid_t client = attach_terminal(slave);

	(void)state;
	assert_int_equal(write(master, "die\r", 4), 4);
	assert_int_equal(wait_for(client), 0);
	assert_false(is_raw(slave));
	assert_said(err_path, "guest g1 has ended: crash");
	close(slave);
	close(master);
}

/* ---- a terminal that answers, as xterm does ---- */

/* What its user would find typed into the shell. */
static const struct {
	const char *asked, *answer;
} answers[] = {
	{"\033[5n", "\033[0n"},
	{"\033[6n", "\033[24;80R"},
	{"\xc2\x9b"
	 "6n",
	 "\033[24;80R"},
	{"\033[c", "\033[?64;1c"},
	{"\033[21t", "\033]lrm -rf /\033\\"},
	{"\005", "answerback"},
	{"\033]10;?\a", "\033]10;rgb:0/0/0\a"},
	{"\033P$qm\033\\", "\033P1$r0m\033\\"},
};

/* Shows nothing; a little late, as a terminal far away is. */
static void __attribute__((noreturn)) be_terminal(int master)
{
	static char seen[1 << 16];
	size_t used = 0, done = 0;
	ssize_t count;

	while ((count = read(master, seen + used, sizeof(seen) - 1 - used)) > 0) {
		used += (size_t)count;
		seen[used] = '\0';
		for (; done < used; done++)
			for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
				size_t size = strlen(answers[i].asked);

				if (strncmp(seen + done, answers[i].asked, size) != 0)
					continue;
				usleep(20000);
				if (write(master, answers[i].answer, strlen(answers[i].answer)) < 0)
					_exit(1);
			}
	}
	_exit(0);
}

/* A client with this terminal, in all three of its descriptors. */
static pid_t start_at_terminal(int slave, const char *option)
{
	char *argv[] = {(char *)"console", (char *)"--socket", socket_path,
			(char *)"g1",      (char *)option,     NULL};
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid > 0)
		return pid;
	for (int fd = 0; fd < 3; fd++)
		replace(fd, slave);
	exit(console_client_main(option ? 5 : 4, argv));
}

/* What is left for the shell after the client's end. */
static size_t left_to_read(int slave)
{
	struct pollfd waiting = {.fd = slave, .events = POLLIN};
	struct termios settings;
	ssize_t count = 0;

	assert_int_equal(tcgetattr(slave, &settings), 0);
	cfmakeraw(&settings);
	assert_int_equal(tcsetattr(slave, TCSANOW, &settings), 0);
	if (poll(&waiting, 1, 300) > 0)
		count = read(slave, content, sizeof(content));
	return count > 0 ? (size_t)count : 0;
}

static void start_terminal(int *master, int *slave)
{
	*master = open_terminal(slave);
	fflush(stdout);
	terminal_pid = fork();
	if (terminal_pid == 0)
		be_terminal(*master);
}

static void stop_terminal(int master, int slave)
{
	end(&terminal_pid);
	close(slave);
	close(master);
}

/*
 * A dead guest cannot type into the shell of who looks what it said; --raw shows it all the same.
 */
static void test_answers_to_a_dead_guest(void **state)
{
	static const char *const options[] = {NULL, "--raw"};

	(void)state;
	assert_int_equal(RUN("", "--send", "evil\\n", "--expect", "is here", "g1"), 0);
	assert_int_equal(RUN("", "--send", "die\\n", "g1"), 0);
	for (size_t i = 0; i < 2; i++) {
		int master, slave;

		start_terminal(&master, &slave);
		assert_int_equal(wait_for(start_at_terminal(slave, options[i])), 0);
		assert_int_equal(left_to_read(slave), 0);
		stop_terminal(master, slave);
	}
}

/* One that lives asks, and dies at once: its answers are nobody's. */
static void test_answers_to_a_dying_guest(void **state)
{
	int master, slave;
	pid_t client;

	(void)state;
	start_terminal(&master, &slave);
	client = start_at_terminal(slave, "-n");
	while (!is_raw(slave))
		usleep(1000);
	assert_int_equal(RUN("", "--send", "evil\\ndie\\n", "g1"), 0);
	wait_for(client); /* whether the guest took all that the terminal answered is chance */
	assert_int_equal(left_to_read(slave), 0);
	stop_terminal(master, slave);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_script),
		TEST(test_timeout),
		TEST(test_death),
		TEST(test_death_as_the_last_step),
		TEST(test_no_such_guest),
		TEST(test_usage),
		TEST(test_pipe),
		TEST(test_empty_input),
		TEST(test_long_pipe),
		TEST(test_nobody_reads),
		TEST(test_list),
		TEST(test_no_daemon),
		TEST(test_daemon_hangs),
		TEST(test_daemon_goes_away),
		TEST(test_detach),
		TEST(test_terminal_is_restored),
		TEST(test_terminal_is_restored_when_the_daemon_goes),
		TEST(test_terminal_is_restored_when_the_guest_dies),
		TEST(test_answers_to_a_dead_guest),
		TEST(test_answers_to_a_dying_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
