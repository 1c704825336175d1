/* SPDX-License-Identifier: ISC */
/* The console daemon's thread that talks to the store. */
#include "store_link.h"

#include "clients/console_client.h"
#include "base/number.h"

#include <libctrl.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STACK_SIZE   (128 * 1024)
#define RECONNECT_MS 2000
#define STOP_WAIT_S  1
#define PATH_MAX_    64
#define NEW_DOMAIN   "new" /* tokens; those of a domain's nodes are its number */
#define END_DOMAIN   "end"

struct store_link {
	int fd;
	pthread_t thread;
};

/* What is known of one console of a domain. */
struct seen_console {
	bool found;        /* the daemon was told of it */
	char terminal[64]; /* "": none */
};

struct seen {
	struct seen *next;
	uint32_t domid;
	uint8_t uuid[16];
	bool watched, due, lives;
	struct seen_console consoles[CONSOLE_KINDS];
};

/* The thread's own. */
struct worker {
	int fd;
	struct ctrl *ctrl;
	struct ctrl_store *store; /* NULL: not connected */
	/* The highest number first: a domain that is new is asked about next, and found at once. */
	struct seen *domains;
	bool work; /* some of them are due, or not watched */
	bool stop;
};

static const char *const folders[CONSOLE_KINDS] = {"console", "vuart/0"};

/* ---- messages ---- */

static void tell(struct worker *worker, const struct link_message *message)
{
	if (send(worker->fd, message, sizeof(*message), MSG_NOSIGNAL) < 0)
		worker->stop = true;
}

static void __attribute__((format(printf, 2, 3)))
say(struct worker *worker, const char *format, ...)
{
	struct link_message message = {.type = LINK_LOG};
	va_list args;

	va_start(args, format);
	vsnprintf(message.text, sizeof(message.text), format, args);
	va_end(args);
	tell(worker, &message);
}

/* ---- the connection ---- */

static void disconnect(struct worker *worker)
{
	say(worker, "%s; consoles go on without it", ctrl_error());
	ctrl_store_close(worker->store);
	worker->store = NULL;
}

/*
 * Passes a call's result on as success or not, and gives up a connection that is no use any more.
 */
static bool went_well(struct worker *worker, int ret)
{
	static const int lost[] = {-EPIPE, -ECONNRESET, -ETIMEDOUT, -EBADMSG, -ENOMEM};

	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]) && worker->store; i++)
		if (ret == lost[i])
			disconnect(worker);
	return ret >= 0;
}

/* By depth 1 the store tells which domain it is; xenstored does not. */
static bool watch_domains(struct worker *worker, const char *path, const char *token)
{
	int ret = ctrl_store_watch_depth(worker->store, path, token, 1);

	return went_well(worker,
			 ret == -EINVAL ? ctrl_store_watch(worker->store, path, token) : ret);
}

static void connect_store(struct worker *worker)
{
	if (ctrl_store_open(&worker->store) < 0) {
		worker->store = NULL;
		return;
	}
	for (struct seen *seen = worker->domains; seen; seen = seen->next)
		seen->watched = false;
	worker->work = true;
	if (watch_domains(worker, "@introduceDomain", NEW_DOMAIN) &&
	    watch_domains(worker, "@releaseDomain", END_DOMAIN))
		say(worker, "connected to the store");
	else if (worker->store)
		disconnect(worker);
}

/* ---- domains ---- */

static struct seen *find(struct worker *worker, uint32_t domid)
{
	struct seen *seen = worker->domains;

	while (seen && seen->domid != domid)
		seen = seen->next;
	return seen;
}

static void look_soon(struct worker *worker, struct seen *seen)
{
	seen->due = true;
	worker->work = true;
}

/*
 * The entry of this very domain, a new one if need be; *at is where to look from on, and moves
 * there. NULL: no memory.
 */
static struct seen *note(struct worker *worker, struct seen ***at, uint32_t domid,
			 const uint8_t uuid[16])
{
	struct seen *seen;

	while (**at && (**at)->domid > domid)
		*at = &(**at)->next;
	seen = **at;
	if (!seen || seen->domid != domid) {
		seen = calloc(1, sizeof(*seen));
		if (!seen)
			return NULL;
		seen->domid = domid;
		seen->next = **at;
		**at = seen;
		worker->work = true;
	} else if (memcmp(seen->uuid, uuid, 16) != 0) {
		memset(seen->consoles, 0, sizeof(seen->consoles)); /* another's number before */
		look_soon(worker, seen);
	}
	memcpy(seen->uuid, uuid, 16);
	return seen;
}

static void watch_folders(struct worker *worker, struct seen *seen,
			  int (*fn)(struct ctrl_store *, const char *, const char *))
{
	char path[PATH_MAX_], token[16];

	snprintf(token, sizeof(token), "%u", seen->domid);
	for (int kind = 0; kind < CONSOLE_KINDS && worker->store; kind++) {
		snprintf(path, sizeof(path), "/local/domain/%u/%s", seen->domid, folders[kind]);
		went_well(worker, fn(worker->store, path, token));
	}
}

static void forget_dead(struct worker *worker)
{
	struct seen **at = &worker->domains;

	while (*at) {
		struct seen *seen = *at;

		if (seen->lives) {
			at = &seen->next;
			continue;
		}
		if (seen->watched)
			watch_folders(worker, seen, ctrl_store_unwatch);
		*at = seen->next;
		free(seen);
	}
}

/* Which domains are there now? The hypervisor knows, not the store. Its list is ascending. */
static void refresh(struct worker *worker)
{
	struct seen **at = &worker->domains;
	struct ctrl_domain_info *list;
	int count = ctrl_list_all_domains(worker->ctrl, &list);

	if (count < 0)
		return;
	for (struct seen *seen = worker->domains; seen; seen = seen->next)
		seen->lives = false;
	for (int i = count - 1; i >= 0; i--) {
		struct seen *seen = list[i].domid != 0 && !list[i].dying
					    ? note(worker, &at, list[i].domid, list[i].uuid)
					    : NULL;

		if (seen)
			seen->lives = true;
	}
	free(list);
	forget_dead(worker);
}

/* One that is new. */
static void meet(struct worker *worker, uint32_t domid)
{
	struct seen **at = &worker->domains, *seen;
	struct ctrl_domain_info info;

	if (ctrl_get_domain(worker->ctrl, domid, &info) < 0 || info.dying)
		return;
	seen = note(worker, &at, domid, info.uuid);
	if (seen)
		seen->lives = true;
}

static void watch_new(struct worker *worker)
{
	for (struct seen *seen = worker->domains; seen && worker->store; seen = seen->next) {
		if (seen->watched)
			continue;
		seen->watched = true; /* each watch brings an event at once */
		watch_folders(worker, seen, ctrl_store_watch);
	}
}

/* ---- a domain's consoles ---- */

/* What stands there for a console; NULL: nothing. */
struct nodes {
	char *name, *ring, *port, *type, *tty;
};

static void free_nodes(struct nodes *nodes)
{
	free(nodes->name);
	free(nodes->ring);
	free(nodes->port);
	free(nodes->type);
	free(nodes->tty);
}

static int read_nodes(struct worker *worker, uint32_t domid, int kind, struct nodes *nodes)
{
	const struct {
		const char *name;
		char **value;
	} wanted[] = {
		{"ring-ref", &nodes->ring},
		{"port", &nodes->port},
		{"type", &nodes->type},
		{"tty", &nodes->tty},
	};
	struct ctrl_store_batch *batch;
	int ret = ctrl_store_batch_new(worker->store, &batch);

	if (ret < 0)
		return ret;
	ctrl_store_batch_base(batch, "/local/domain/%u/%s", domid, folders[kind]);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		ctrl_store_batch_read(batch, wanted[i].name, wanted[i].value);
	ctrl_store_batch_base(batch, "/local/domain/%u", domid);
	ctrl_store_batch_read(batch, "name", &nodes->name);
	ret = ctrl_store_batch_run(batch);
	ctrl_store_batch_free(batch);
	return ret;
}

/* Only dom0 may say what is mapped and bound here. */
static bool is_dom0s(struct worker *worker, uint32_t domid, int kind)
{
	struct ctrl_store_perm *perms;
	char path[PATH_MAX_];
	bool dom0s;
	int count;

	snprintf(path, sizeof(path), "/local/domain/%u/%s/ring-ref", domid, folders[kind]);
	count = ctrl_store_get_perms(worker->store, 0, path, &perms);
	if (!went_well(worker, count) || count < 1)
		return false;
	dom0s = perms[0].domid == 0;
	free(perms);
	return dom0s;
}

static void tell_found(struct worker *worker, struct seen *seen, int kind,
		       const struct nodes *nodes)
{
	struct link_message message = {
		.type = LINK_FOUND, .domid = seen->domid, .kind = (uint32_t)kind};
	uint64_t port;

	if (strcmp(nodes->type, "xenconsoled") != 0 ||
	    !number_parse(nodes->ring, 0, UINT64_MAX >> 12, &message.gfn) ||
	    !number_parse(nodes->port, 0, UINT32_MAX - 1, &port) ||
	    !is_dom0s(worker, seen->domid, kind))
		return;
	message.port = (uint32_t)port;
	memcpy(message.uuid, seen->uuid, sizeof(message.uuid));
	snprintf(message.text, sizeof(message.text), "%s", nodes->name ? nodes->name : "");
	tell(worker, &message);
	seen->consoles[kind].found = true;
}

static void name_terminal(struct worker *worker, const struct seen *seen, int kind, const char *tty)
{
	const char *terminal = seen->consoles[kind].terminal;
	char path[PATH_MAX_];

	if (!terminal[0] || (tty && strcmp(tty, terminal) == 0))
		return;
	snprintf(path, sizeof(path), "/local/domain/%u/%s/tty", seen->domid, folders[kind]);
	went_well(worker, ctrl_store_write(worker->store, 0, path, terminal, strlen(terminal)));
}

static void look_at(struct worker *worker, struct seen *seen, int kind)
{
	struct seen_console *console = &seen->consoles[kind];
	struct nodes nodes = {0};

	if (went_well(worker, read_nodes(worker, seen->domid, kind, &nodes))) {
		if (!nodes.ring || !nodes.port || !nodes.type)
			console->found = false;
		else if (!console->found)
			tell_found(worker, seen, kind, &nodes);
	}
	if (worker->store && console->found)
		name_terminal(worker, seen, kind, nodes.tty);
	free_nodes(&nodes);
}

static void look_at_due(struct worker *worker)
{
	for (struct seen *seen = worker->domains; seen && worker->store; seen = seen->next) {
		if (!seen->due)
			continue;
		seen->due = false;
		for (int kind = 0; kind < CONSOLE_KINDS && worker->store; kind++)
			look_at(worker, seen, kind);
	}
}

/* ---- the thread ---- */

/* What events ask for that is done once for all of them. */
struct wanted {
	bool refresh, check;
};

static void take_event(struct worker *worker, const struct ctrl_store_event *event,
		       struct wanted *wanted)
{
	const char *slash = strchr(event->path, '/');
	struct seen *seen;
	uint64_t domid;

	if (strcmp(event->token, END_DOMAIN) == 0) {
		wanted->refresh = wanted->check = true;
	} else if (strcmp(event->token, NEW_DOMAIN) == 0) {
		if (slash && number_parse(slash + 1, 0, CTRL_DOMID_SELF, &domid))
			meet(worker, (uint32_t)domid);
		else
			wanted->refresh = true;
	} else if (number_parse(event->token, 0, CTRL_DOMID_SELF, &domid)) {
		seen = find(worker, (uint32_t)domid);
		if (seen)
			look_soon(worker, seen);
	}
}

static void take_events(struct worker *worker)
{
	struct ctrl_store_event event;
	struct wanted wanted = {false, false};
	int ret;

	while (worker->store &&
	       (ret = ctrl_store_next_event(worker->store, 0, &event)) != -EAGAIN) {
		if (ret == -EINTR)
			continue;
		if (!went_well(worker, ret))
			return;
		take_event(worker, &event, &wanted);
		free(event.path);
	}
	if (wanted.refresh)
		refresh(worker);
	if (wanted.check)
		tell(worker, &(struct link_message){.type = LINK_DOMAINS});
}

static void take_terminal(struct worker *worker, const struct link_message *message)
{
	struct seen *seen = find(worker, message->domid), **at = &worker->domains;
	struct seen_console *console;

	if (!seen && !worker->store)
		refresh(worker); /* nobody tells of the end of those that were before */
	seen = note(worker, &at, message->domid, message->uuid);
	if (!seen)
		return;
	seen->lives = true;
	console = &seen->consoles[message->kind];
	snprintf(console->terminal, sizeof(console->terminal), "%.*s",
		 (int)sizeof(console->terminal) - 1, message->text);
	look_soon(worker, seen);
}

static void take_messages(struct worker *worker)
{
	struct link_message message;
	ssize_t size;

	while ((size = recv(worker->fd, &message, sizeof(message), MSG_DONTWAIT)) > 0)
		if (size == sizeof(message) && message.type == LINK_TERMINAL)
			take_terminal(worker, &message);
	if (size == 0 || (errno != EAGAIN && errno != EINTR))
		worker->stop = true;
}

static void wait(struct worker *worker)
{
	struct pollfd fds[] = {
		{.fd = worker->fd, .events = POLLIN},
		{.fd = worker->store ? ctrl_store_fd(worker->store) : -1, .events = POLLIN},
	};

	poll(fds, 2, worker->store ? -1 : RECONNECT_MS);
}

static void *work(void *arg)
{
	struct worker worker = *(struct worker *)arg;

	free(arg);
	while (!worker.stop) {
		if (!worker.store)
			connect_store(&worker);
		/* Each of these may bring in events of the store: until there are none. */
		take_events(&worker);
		if (worker.store && worker.work) {
			worker.work = false;
			watch_new(&worker);
			look_at_due(&worker);
			take_events(&worker);
		}
		if (!worker.store || !worker.work)
			wait(&worker);
		take_messages(&worker);
	}
	ctrl_store_close(worker.store);
	for (struct seen *seen = worker.domains, *next; seen; seen = next) {
		next = seen->next;
		free(seen);
	}
	close(worker.fd);
	return NULL;
}

/* ---- the daemon's side ---- */

static int start_thread(struct store_link *link, struct worker *worker)
{
	pthread_attr_t attributes;
	int ret = pthread_attr_init(&attributes);

	if (ret)
		return -ret;
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	ret = pthread_create(&link->thread, &attributes, work, worker);
	pthread_attr_destroy(&attributes);
	return -ret;
}

int store_link_start(struct ctrl *ctrl, struct store_link **link)
{
	struct store_link *made = malloc(sizeof(*made));
	struct worker *worker = calloc(1, sizeof(*worker));
	int fds[2] = {-1, -1}, ret = -ENOMEM;

	if (!made || !worker)
		goto fail;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) {
		ret = -errno;
		goto fail;
	}
	made->fd = fds[0];
	*worker = (struct worker){.fd = fds[1], .ctrl = ctrl};
	ret = start_thread(made, worker);
	if (ret < 0)
		goto close_fds;
	*link = made;
	return 0;
close_fds:
	close(fds[0]);
	close(fds[1]);
fail:
	free(made);
	free(worker);
	return ret;
}

void store_link_stop(struct store_link *link)
{
	struct timespec limit;

	if (!link)
		return;
	close(link->fd);
	/* not the time of day, which may jump */
	clock_gettime(CLOCK_MONOTONIC, &limit);
	limit.tv_sec += STOP_WAIT_S;
	pthread_clockjoin_np(link->thread, NULL, CLOCK_MONOTONIC, &limit);
	free(link);
}

int store_link_fd(const struct store_link *link)
{
	return link->fd;
}

int store_link_send(struct store_link *link, const struct link_message *message)
{
	return send(link->fd, message, sizeof(*message), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -EAGAIN
											  : 0;
}

int store_link_receive(struct store_link *link, struct link_message *message)
{
	return recv(link->fd, message, sizeof(*message), MSG_DONTWAIT) == sizeof(*message)
		       ? 0
		       : -EAGAIN;
}
