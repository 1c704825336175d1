/* SPDX-License-Identifier: ISC */
/* A small store daemon in a thread of the test: a flat list of nodes, and faults on demand. */
#include "fake_store.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <public/io/xs_wire.h>

#define MAX_NODES   4096
#define MAX_DOMAINS 16
#define MAX_WATCHES 16

struct node {
	char *path, *value, *perms;
	size_t size;
};

struct fake_domain {
	bool introduced;
	uint64_t gfn;
	uint32_t port;
};

/* All nodes are in a list; a transaction works on a copy of the nodes and replaces them. */
struct tree {
	struct node nodes[MAX_NODES];
	size_t count;
};

struct fake_store {
	pthread_t thread;
	pthread_mutex_t lock;
	char folder[64], path[96];
	int listening, client, quit[2];
	struct tree tree, copy;
	uint32_t tx; /* the open transaction, 0: none */
	unsigned int requests, conflicts;
	uint32_t fail_type;
	const char *fail_error;
	void *garbage;
	size_t garbage_size;
	struct fake_domain domains[MAX_DOMAINS];
	char *watches[MAX_WATCHES][2]; /* path, token */
	bool no_depth;
	char in[1 << 16];
	size_t in_size;
};

/* --- nodes --- */

static struct node *find(struct tree *tree, const char *path)
{
	for (size_t i = 0; i < tree->count; i++)
		if (!strcmp(tree->nodes[i].path, path))
			return &tree->nodes[i];
	return NULL;
}

static void put(struct tree *tree, const char *path, const void *value, size_t size)
{
	struct node *node = find(tree, path);
	char *slash;

	if (!node) {
		char *above = strdup(path);

		slash = strrchr(above, '/');
		if (slash && slash != above) {
			*slash = '\0';
			if (!find(tree, above))
				put(tree, above, "", 0);
		}
		free(above);
		if (tree->count == MAX_NODES)
			abort();
		node = &tree->nodes[tree->count++];
		*node = (struct node){.path = strdup(path), .perms = strdup("n0,")};
	}
	free(node->value);
	node->value = malloc(size + 1);
	memcpy(node->value, value, size);
	node->value[size] = '\0';
	node->size = size;
}

static void free_node(struct node *node)
{
	free(node->path);
	free(node->value);
	free(node->perms);
}

static bool is_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	return !strncmp(path, top, len) && (path[len] == '/' || !path[len]);
}

static bool remove_below(struct tree *tree, const char *top)
{
	size_t kept = 0, count = tree->count;

	for (size_t i = 0; i < count; i++) {
		if (is_below(tree->nodes[i].path, top))
			free_node(&tree->nodes[i]);
		else
			tree->nodes[kept++] = tree->nodes[i];
	}
	tree->count = kept;
	return kept != count;
}

static void clear(struct tree *tree)
{
	while (tree->count)
		free_node(&tree->nodes[--tree->count]);
}

static void copy_tree(struct tree *to, const struct tree *from)
{
	clear(to);
	for (size_t i = 0; i < from->count; i++) {
		const struct node *node = &from->nodes[i];

		put(to, node->path, node->value, node->size);
		free(find(to, node->path)->perms);
		find(to, node->path)->perms = strdup(node->perms);
	}
}

/* --- answers --- */

static void send_all(struct fake_store *f, const void *data, size_t size)
{
	while (size) {
		ssize_t sent = send(f->client, data, size, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		data = (const char *)data + sent;
		size -= sent;
	}
}

static void answer(struct fake_store *f, struct xsd_sockmsg header, uint32_t type, const void *data,
		   size_t size)
{
	char message[sizeof(header) + XENSTORE_PAYLOAD_MAX];

	if (f->garbage) {
		send_all(f, f->garbage, f->garbage_size);
		shutdown(f->client, SHUT_RDWR);
		free(f->garbage);
		f->garbage = NULL;
		return;
	}
	header.type = type;
	header.len = size;
	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), data, size);
	send_all(f, message, sizeof(header) + size);
}

static void answer_ok(struct fake_store *f, struct xsd_sockmsg header)
{
	answer(f, header, header.type, "OK", 3);
}

static void answer_text(struct fake_store *f, struct xsd_sockmsg header, const char *text)
{
	answer(f, header, header.type, text, strlen(text) + 1);
}

static void answer_error(struct fake_store *f, struct xsd_sockmsg header, const char *error)
{
	answer(f, header, XS_ERROR, error, strlen(error) + 1);
}

static void send_event(struct fake_store *f, const char *path, const char *token)
{
	char data[512];
	int size = snprintf(data, sizeof(data), "%s%c%s", path, 0, token) + 1;

	answer(f, (struct xsd_sockmsg){0}, XS_WATCH_EVENT, data, size);
}

static void send_events(struct fake_store *f, const char *path)
{
	for (int i = 0; i < MAX_WATCHES; i++)
		if (f->watches[i][0] && is_below(path, f->watches[i][0]))
			send_event(f, path, f->watches[i][1]);
}

/* --- requests --- */

struct request {
	struct xsd_sockmsg header;
	const char *path; /* the payload's first string */
	const char *rest; /* what is behind it */
	size_t rest_size;
	struct tree *tree;
};

static void do_read(struct fake_store *f, const struct request *r)
{
	struct node *node = find(r->tree, r->path);

	if (node)
		answer(f, r->header, XS_READ, node->value, node->size);
	else
		answer_error(f, r->header, "ENOENT");
}

static void do_write(struct fake_store *f, const struct request *r)
{
	put(r->tree, r->path, r->rest, r->rest_size);
	answer_ok(f, r->header);
	send_events(f, r->path);
}

static void do_mkdir(struct fake_store *f, const struct request *r)
{
	if (!find(r->tree, r->path))
		put(r->tree, r->path, "", 0);
	answer_ok(f, r->header);
}

static void do_remove(struct fake_store *f, const struct request *r)
{
	if (remove_below(r->tree, r->path))
		answer_ok(f, r->header);
	else
		answer_error(f, r->header, "ENOENT");
}

/* The names below a path, each with its NUL. */
static size_t names_below(struct tree *tree, const char *top, char *names)
{
	size_t len = strlen(top), size = 0;

	for (size_t i = 0; i < tree->count; i++) {
		const char *path = tree->nodes[i].path;

		if (!is_below(path, top) || !path[len] || strchr(path + len + 1, '/'))
			continue;
		strcpy(names + size, path + len + 1);
		size += strlen(path + len + 1) + 1;
	}
	return size;
}

static void do_directory(struct fake_store *f, const struct request *r)
{
	char names[1 << 16];
	size_t size = names_below(r->tree, r->path, names);

	if (!find(r->tree, r->path))
		answer_error(f, r->header, "ENOENT");
	else if (size > XENSTORE_PAYLOAD_MAX)
		answer_error(f, r->header, "E2BIG");
	else
		answer(f, r->header, XS_DIRECTORY, names, size);
}

static void do_directory_part(struct fake_store *f, const struct request *r)
{
	char names[1 << 16], data[1024] = "17";
	size_t size = names_below(r->tree, r->path, names), offset = strtoul(r->rest, NULL, 10);
	size_t used = 3;

	while (offset < size && used + strlen(names + offset) + 1 < sizeof(data)) {
		strcpy(data + used, names + offset);
		used += strlen(names + offset) + 1;
		offset += strlen(names + offset) + 1;
	}
	if (offset == size)
		data[used++] = '\0';
	answer(f, r->header, XS_DIRECTORY_PART, data, used);
}

static void do_set_perms(struct fake_store *f, const struct request *r)
{
	struct node *node = find(r->tree, r->path);

	if (!node) {
		answer_error(f, r->header, "ENOENT");
		return;
	}
	free(node->perms);
	node->perms = calloc(1, r->rest_size + 1);
	for (size_t i = 0; i < r->rest_size; i++)
		node->perms[i] = r->rest[i] ? r->rest[i] : ',';
	answer_ok(f, r->header);
}

static void do_get_perms(struct fake_store *f, const struct request *r)
{
	struct node *node = find(r->tree, r->path);
	char data[512];
	size_t size;

	if (!node) {
		answer_error(f, r->header, "ENOENT");
		return;
	}
	size = strlen(node->perms);
	for (size_t i = 0; i < size; i++)
		data[i] = node->perms[i] == ',' ? '\0' : node->perms[i];
	answer(f, r->header, XS_GET_PERMS, data, size);
}

static void do_begin(struct fake_store *f, const struct request *r)
{
	copy_tree(&f->copy, &f->tree);
	f->tx++;
	answer_text(f, r->header, "1");
}

static void do_end(struct fake_store *f, const struct request *r)
{
	struct tree *old = &f->tree;

	if (r->path[0] == 'T' && f->conflicts) {
		f->conflicts--;
		answer_error(f, r->header, "EAGAIN");
		return;
	}
	if (r->path[0] == 'T')
		copy_tree(old, &f->copy);
	answer_ok(f, r->header);
}

static void do_introduce(struct fake_store *f, const struct request *r)
{
	struct fake_domain *domain = &f->domains[strtoul(r->path, NULL, 10) % MAX_DOMAINS];

	domain->introduced = true;
	domain->gfn = strtoul(r->rest, NULL, 10);
	domain->port = strtoul(r->rest + strlen(r->rest) + 1, NULL, 10);
	answer_ok(f, r->header);
}

static void do_release(struct fake_store *f, const struct request *r)
{
	struct fake_domain *domain = &f->domains[strtoul(r->path, NULL, 10) % MAX_DOMAINS];

	if (domain->introduced)
		answer_ok(f, r->header);
	else
		answer_error(f, r->header, "ENOENT");
	domain->introduced = false;
}

static void do_is_introduced(struct fake_store *f, const struct request *r)
{
	bool is = f->domains[strtoul(r->path, NULL, 10) % MAX_DOMAINS].introduced;

	answer_text(f, r->header, is ? "T" : "F");
}

static void do_domain_path(struct fake_store *f, const struct request *r)
{
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%s", r->path);
	answer_text(f, r->header, path);
}

static void do_watch(struct fake_store *f, const struct request *r)
{
	if (f->no_depth && r->rest_size > strlen(r->rest) + 1) {
		answer_error(f, r->header, "EINVAL");
		return;
	}
	for (int i = 0; i < MAX_WATCHES; i++) {
		if (f->watches[i][0])
			continue;
		f->watches[i][0] = strdup(r->path);
		f->watches[i][1] = strdup(r->rest);
		answer_ok(f, r->header);
		send_event(f, r->path, r->rest);
		return;
	}
	answer_error(f, r->header, "E2BIG");
}

static void do_unwatch(struct fake_store *f, const struct request *r)
{
	for (int i = 0; i < MAX_WATCHES; i++) {
		if (!f->watches[i][0] || strcmp(f->watches[i][0], r->path) ||
		    strcmp(f->watches[i][1], r->rest))
			continue;
		free(f->watches[i][0]);
		free(f->watches[i][1]);
		f->watches[i][0] = NULL;
		answer_ok(f, r->header);
		return;
	}
	answer_error(f, r->header, "ENOENT");
}

static void do_control(struct fake_store *f, const struct request *r)
{
	answer_text(f, r->header, r->path);
}

static void do_nothing(struct fake_store *f, const struct request *r)
{
	answer_ok(f, r->header);
}

static void (*const handlers[XS_TYPE_COUNT])(struct fake_store *, const struct request *) = {
	[XS_CONTROL] = do_control,
	[XS_DIRECTORY] = do_directory,
	[XS_READ] = do_read,
	[XS_GET_PERMS] = do_get_perms,
	[XS_WATCH] = do_watch,
	[XS_UNWATCH] = do_unwatch,
	[XS_TRANSACTION_START] = do_begin,
	[XS_TRANSACTION_END] = do_end,
	[XS_INTRODUCE] = do_introduce,
	[XS_RELEASE] = do_release,
	[XS_GET_DOMAIN_PATH] = do_domain_path,
	[XS_WRITE] = do_write,
	[XS_MKDIR] = do_mkdir,
	[XS_RM] = do_remove,
	[XS_SET_PERMS] = do_set_perms,
	[XS_IS_DOMAIN_INTRODUCED] = do_is_introduced,
	[XS_RESUME] = do_nothing,
	[XS_SET_TARGET] = do_nothing,
	[XS_DIRECTORY_PART] = do_directory_part,
};

static void handle(struct fake_store *f, struct xsd_sockmsg header, const char *data)
{
	struct request r = {.header = header, .path = data};

	f->requests++;
	r.rest = data + strnlen(data, header.len) + 1;
	r.rest_size = data + header.len > r.rest ? (size_t)(data + header.len - r.rest) : 0;
	r.tree = header.tx_id ? &f->copy : &f->tree;
	if (f->fail_error && f->fail_type == header.type)
		answer_error(f, header, f->fail_error);
	else if (header.type < XS_TYPE_COUNT && handlers[header.type])
		handlers[header.type](f, &r);
	else
		answer_error(f, header, "ENOSYS");
}

/* --- the thread --- */

static void handle_all(struct fake_store *f)
{
	struct xsd_sockmsg header;
	size_t at = 0;

	while (f->in_size - at >= sizeof(header)) {
		memcpy(&header, f->in + at, sizeof(header));
		if (f->in_size - at - sizeof(header) < header.len)
			break;
		handle(f, header, f->in + at + sizeof(header));
		at += sizeof(header) + header.len;
	}
	memmove(f->in, f->in + at, f->in_size - at);
	f->in_size -= at;
}

static void hang_up(struct fake_store *f)
{
	close(f->client);
	f->client = -1;
	f->in_size = 0;
	for (int i = 0; i < MAX_WATCHES; i++) {
		if (f->watches[i][0]) {
			free(f->watches[i][0]);
			free(f->watches[i][1]);
		}
		f->watches[i][0] = NULL;
	}
}

static void serve(struct fake_store *f)
{
	ssize_t got = read(f->client, f->in + f->in_size, sizeof(f->in) - f->in_size);

	pthread_mutex_lock(&f->lock);
	if (got > 0) {
		f->in_size += got;
		handle_all(f);
	} else {
		hang_up(f);
	}
	pthread_mutex_unlock(&f->lock);
}

static void *run(void *context)
{
	struct fake_store *f = context;

	for (;;) {
		struct pollfd fds[] = {
			{.fd = f->quit[0], .events = POLLIN},
			{.fd = f->client < 0 ? f->listening : f->client, .events = POLLIN}};

		if (poll(fds, 2, -1) < 0 || fds[0].revents)
			break;
		if (f->client < 0)
			f->client = accept(f->listening, NULL, NULL);
		else
			serve(f);
	}
	return NULL;
}

struct fake_store *fake_store_new(void)
{
	struct fake_store *f = calloc(1, sizeof(*f));
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	f->client = -1;
	strcpy(f->folder, "/tmp/fake-store-XXXXXX");
	if (!mkdtemp(f->folder) || pipe(f->quit))
		abort();
	snprintf(f->path, sizeof(f->path), "%s/socket", f->folder);
	strcpy(address.sun_path, f->path);
	f->listening = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(f->listening, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(f->listening, 8))
		abort();
	setenv("XENSTORED_PATH", f->path, 1);
	pthread_mutex_init(&f->lock, NULL);
	pthread_create(&f->thread, NULL, run, f);
	return f;
}

void fake_store_delete(struct fake_store *f)
{
	if (write(f->quit[1], "", 1) != 1)
		abort();
	pthread_join(f->thread, NULL);
	if (f->client >= 0)
		hang_up(f);
	close(f->listening);
	close(f->quit[0]);
	close(f->quit[1]);
	unlink(f->path);
	rmdir(f->folder);
	clear(&f->tree);
	clear(&f->copy);
	free(f->garbage);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

/* --- what a test does with it --- */

void fake_store_conflict(struct fake_store *f, unsigned int times)
{
	pthread_mutex_lock(&f->lock);
	f->conflicts = times;
	pthread_mutex_unlock(&f->lock);
}

void fake_store_refuse_depth(struct fake_store *f)
{
	pthread_mutex_lock(&f->lock);
	f->no_depth = true;
	pthread_mutex_unlock(&f->lock);
}

void fake_store_fail(struct fake_store *f, uint32_t type, const char *error)
{
	pthread_mutex_lock(&f->lock);
	f->fail_type = type;
	f->fail_error = error;
	pthread_mutex_unlock(&f->lock);
}

void fake_store_garbage(struct fake_store *f, const void *data, size_t size)
{
	pthread_mutex_lock(&f->lock);
	f->garbage = malloc(size + 1);
	memcpy(f->garbage, data, size);
	f->garbage_size = size;
	pthread_mutex_unlock(&f->lock);
}

const char *fake_store_value(struct fake_store *f, const char *path)
{
	struct node *node;

	pthread_mutex_lock(&f->lock);
	node = find(&f->tree, path);
	pthread_mutex_unlock(&f->lock);
	return node ? node->value : NULL;
}

bool fake_store_is(struct fake_store *f, const char *path, const char *value)
{
	struct node *node;
	bool is;

	pthread_mutex_lock(&f->lock);
	node = find(&f->tree, path);
	is = node && value ? !strcmp(node->value, value) : !node && !value;
	pthread_mutex_unlock(&f->lock);
	return is;
}

const char *fake_store_perms(struct fake_store *f, const char *path)
{
	struct node *node;

	pthread_mutex_lock(&f->lock);
	node = find(&f->tree, path);
	pthread_mutex_unlock(&f->lock);
	return node ? node->perms : NULL;
}

void fake_store_put(struct fake_store *f, const char *path, const char *value)
{
	pthread_mutex_lock(&f->lock);
	put(&f->tree, path, value, strlen(value));
	pthread_mutex_unlock(&f->lock);
}

void fake_store_tell(struct fake_store *f, const char *path)
{
	pthread_mutex_lock(&f->lock);
	if (f->client >= 0)
		send_events(f, path);
	pthread_mutex_unlock(&f->lock);
}

void fake_store_hang_up(struct fake_store *f)
{
	pthread_mutex_lock(&f->lock);
	if (f->client >= 0)
		shutdown(f->client, SHUT_RDWR);
	pthread_mutex_unlock(&f->lock);
}

unsigned int fake_store_requests(struct fake_store *f)
{
	unsigned int requests;

	pthread_mutex_lock(&f->lock);
	requests = f->requests;
	pthread_mutex_unlock(&f->lock);
	return requests;
}

bool fake_store_introduced(struct fake_store *f, uint32_t domid, uint64_t *gfn, uint32_t *port)
{
	struct fake_domain domain;

	pthread_mutex_lock(&f->lock);
	domain = f->domains[domid % MAX_DOMAINS];
	pthread_mutex_unlock(&f->lock);
	*gfn = domain.gfn;
	*port = domain.port;
	return domain.introduced;
}
