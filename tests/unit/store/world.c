/* SPDX-License-Identifier: ISC */
/* A store in the test's process, its clients, and a hypervisor that is made up. */
#include "world.h"

#include <base/loop.h>

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

struct fake_domain fake[WORLD_DOMAINS];
struct store world;
unsigned world_asked;
static struct loop loop;

/* ---- the clock ---- */

int64_t __wrap_loop_now_ms(void);
static int64_t now_ms = 1000000;

int64_t __wrap_loop_now_ms(void)
{
	return now_ms;
}

void world_pass(int64_t ms)
{
	now_ms += ms;
}

bool world_pause(void)
{
	if (!world.wake_ms)
		return false;
	if (world.wake_ms > now_ms)
		now_ms = world.wake_ms;
	store_go_on(&world);
	return true;
}

void world_ring(uint32_t domid)
{
	if (store_port_listens(&world, 100 + domid))
		store_port_ready(&world, 100 + domid);
}

/* ---- the hypervisor ---- */

static struct domain_seen see(uint32_t domid)
{
	return (struct domain_seen){domid, fake[domid].state, {fake[domid].uuid}};
}

static int fake_state(struct store *store, uint32_t domid, struct domain_seen *seen)
{
	(void)store;
	world_asked++;
	if (domid >= WORLD_DOMAINS)
		return DOMAIN_GONE;
	*seen = see(domid);
	return seen->state;
}

static int fake_list(struct store *store, struct domain_seen **list)
{
	int count = 0;

	(void)store;
	*list = calloc(WORLD_DOMAINS, sizeof(**list));
	if (!*list)
		return -ENOMEM;
	for (uint32_t i = 0; i < WORLD_DOMAINS; i++)
		if (fake[i].state != DOMAIN_GONE)
			(*list)[count++] = see(i);
	return count;
}

static void *fake_map(struct store *store, uint32_t domid, uint64_t gfn, uint32_t *port)
{
	(void)store;
	(void)gfn;
	(void)port;
	if (domid >= WORLD_DOMAINS || fake[domid].state == DOMAIN_GONE || fake[domid].no_memory)
		return NULL;
	fake[domid].mapped = true;
	return fake[domid].page;
}

static void fake_unmap(struct store *store, void *page)
{
	(void)store;
	for (int i = 0; i < WORLD_DOMAINS; i++)
		if (fake[i].page == page)
			fake[i].mapped = false;
}

static int fake_bind(struct store *store, uint32_t domid, uint32_t remote_port)
{
	(void)store;
	if (fake[domid].bound || remote_port == 666)
		return -EINVAL;
	fake[domid].bound = true;
	return (int)(100 + domid);
}

static void fake_unbind(struct store *store, uint32_t port)
{
	(void)store;
	fake[port - 100].bound = false;
}

static void fake_notify(struct store *store, uint32_t port)
{
	(void)store;
	fake[port - 100].notified++;
}

static void fake_unmask(struct store *store, uint32_t port)
{
	(void)store;
	fake[port - 100].unmasked++;
}

static const struct platform platform = {
	.domain_state = fake_state,
	.list_domains = fake_list,
	.map_ring = fake_map,
	.unmap_ring = fake_unmap,
	.bind = fake_bind,
	.unbind = fake_unbind,
	.notify = fake_notify,
	.unmask = fake_unmask,
};

void world_start(void)
{
	assert_int_equal(store_init(&world), 0);
	assert_int_equal(loop_init(&loop), 0);
	world.loop = &loop;
	world.platform = &platform;
}

int world_open(void **state)
{
	(void)state;
	for (int i = 0; i < WORLD_DOMAINS; i++) {
		fake[i] = (struct fake_domain){.state = i < 8 ? DOMAIN_RUNS : DOMAIN_GONE};
		fake[i].uuid = (uint8_t)(i + 1);
		fake[i].page = calloc(1, 4096);
		assert_non_null(fake[i].page);
	}
	world_start();
	return 0;
}

/* The daemon is gone; the domains stay. */
void world_stop(void)
{
	state_close(&world);
	store_free(&world);
	loop_close(&loop);
	for (int i = 0; i < WORLD_DOMAINS; i++)
		assert_false(fake[i].mapped || fake[i].bound);
}

int world_close(void **state)
{
	(void)state;
	world_stop();
	for (int i = 0; i < WORLD_DOMAINS; i++)
		free(fake[i].page);
	return 0;
}

void world_turn(void)
{
	bool again = store_end_turn(&world);

	assert_int_equal(loop_run_once(&loop, 0), 0);
	if (again || store_is_due(&world))
		store_go_on(&world);
}

int world_connect(void)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	assert_int_equal(conn_socket_open(&world, ends[0]), 0);
	return ends[1];
}

void world_reopen(const char *folder)
{
	world_stop();
	world_start();
	assert_int_equal(state_open(&world, folder), 1);
	store_attach_rings(&world);
	store_end_turn(&world);
}

void world_forget(const char *folder)
{
	static const char *const files[] = {"journal", "journal.new"};
	char path[64];

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(folder), 0);
}

/* ---- clients ---- */

static struct client *of(struct conn *conn)
{
	return (struct client *)conn;
}

static void client_take(struct conn *conn)
{
	(void)conn;
}

static void client_flush(struct conn *conn)
{
	static unsigned flushes;
	struct client *client = of(conn);
	uint32_t len = buffer_len(&conn->out);

	if (client->deaf)
		return;
	assert_true(client->len + len <= ANSWER_MAX);
	memcpy(client->data + client->len, conn->out.data + conn->out.start, len);
	client->len += len;
	client->flushed = ++flushes;
	conn_sent(conn, len);
}

static void client_cut(struct conn *conn, int error)
{
	(void)error;
	of(conn)->cut = true;
	conn_reset(conn);
	conn_drop_queues(conn);
}

static void client_free(struct conn *conn)
{
	struct client *client = of(conn);

	free(client->data);
	free(client);
}

static const struct conn_ops client_ops = {
	.take = client_take,
	.flush = client_flush,
	.cut = client_cut,
	.free = client_free,
};

struct client *client_open(uint32_t domid)
{
	struct client *client = calloc(1, sizeof(*client));
	struct domain *domain = domains_named(&world.domains, domid);

	assert_non_null(client);
	assert_non_null(domain);
	client->data = malloc(ANSWER_MAX);
	assert_non_null(client->data);
	conn_open(&client->conn, &world, domain, &client_ops);
	domain_put(domain);
	return client;
}

void client_close(struct client *client)
{
	conn_close(&client->conn);
}

int next_message(struct client *client)
{
	struct xsd_sockmsg head;

	if (client->len - client->at < sizeof(head)) {
		client->len = client->at = 0;
		return -1;
	}
	memcpy(&head, client->data + client->at, sizeof(head));
	assert_true(head.len <= XENSTORE_PAYLOAD_MAX);
	memcpy(client->answer, client->data + client->at + sizeof(head), head.len);
	client->answer[head.len] = '\0';
	client->answer_len = head.len;
	client->at += sizeof(head) + head.len;
	assert_true(client->at <= client->len);
	return (int)head.type;
}

const char *next_event(struct client *client)
{
	int type;

	store_end_turn(&world);
	type = next_message(client);
	if (type < 0)
		return NULL;
	assert_int_equal(type, XS_WATCH_EVENT);
	client->answer[strlen(client->answer)] = ' ';
	return client->answer;
}

void drop_events(struct client *client)
{
	while (next_event(client))
		;
}

static int error_of(const char *name)
{
	static const int errors[] = {EINVAL, EACCES, EEXIST, ENOENT, ENOMEM, ENOSPC,
				     ENOSYS, EBUSY,  EAGAIN, E2BIG,  EPERM};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(name, wire_error_name(-errors[i])) == 0)
			return -errors[i];
	fail_msg("unknown error %s", name);
	return 0;
}

int ask(struct client *client, uint32_t type, uint32_t tx, const void *data, size_t len)
{
	const struct xsd_sockmsg head = {
		.type = type, .req_id = 77, .tx_id = tx, .len = (uint32_t)len};
	char message[sizeof(head) + XENSTORE_PAYLOAD_MAX];
	int answer;

	if (client->cut)
		return -EPIPE;
	assert_true(len <= XENSTORE_PAYLOAD_MAX);
	memcpy(message, &head, sizeof(head));
	if (len)
		memcpy(message + sizeof(head), data, len);
	while (client->conn.paused_until)
		world_pause();
	assert_int_equal(conn_take(&client->conn, message, sizeof(head) + len), sizeof(head) + len);
	store_end_turn(&world);
	for (client->events = 0; (answer = next_message(client)) == XS_WATCH_EVENT;)
		client->events++;
	if (answer < 0 && client->cut)
		return -EPIPE;
	if (answer == XS_ERROR)
		return error_of(client->answer);
	assert_int_equal(answer, type);
	return 0;
}

int ask_text(struct client *client, uint32_t type, uint32_t tx, const char *text)
{
	return ask(client, type, tx, text, strlen(text) + 1);
}

int ask_two(struct client *client, uint32_t type, uint32_t tx, const char *one, const char *two)
{
	char data[2 * XENSTORE_PAYLOAD_MAX];
	size_t len = strlen(one) + 1;

	memcpy(data, one, len);
	memcpy(data + len, two, strlen(two) + 1);
	return ask(client, type, tx, data, len + strlen(two) + 1);
}

int write_text(struct client *client, uint32_t tx, const char *path, const char *value)
{
	char data[2 * XENSTORE_PAYLOAD_MAX];
	size_t len = strlen(path) + 1;

	memcpy(data, path, len);
	memcpy(data + len, value, strlen(value));
	return ask(client, XS_WRITE, tx, data, len + strlen(value));
}

uint32_t begin(struct client *client)
{
	assert_int_equal(ask_text(client, XS_TRANSACTION_START, 0, ""), 0);
	return (uint32_t)atoi(client->answer);
}

int finish(struct client *client, uint32_t tx, bool commit)
{
	return ask_text(client, XS_TRANSACTION_END, tx, commit ? "T" : "F");
}

int set_perms(struct client *client, uint32_t tx, const char *path, const char *perms)
{
	char data[XENSTORE_PAYLOAD_MAX];
	size_t len = strlen(path) + 1;

	memcpy(data, path, len);
	memcpy(data + len, perms, strlen(perms) + 1);
	for (char *at = data + len; *at; at++)
		if (*at == ' ')
			*at = '\0';
	return ask(client, XS_SET_PERMS, tx, data, len + strlen(perms) + 1);
}

/* ---- everything as text ---- */

static void print_node(FILE *file, const struct node *node)
{
	char path[TREE_PATH_SIZE], perm[PERM_TEXT];

	node_path(node, path);
	fprintf(file, "%s", path);
	for (size_t i = 0; i < node->perms->count; i++) {
		perm_print(&node->perms->entry[i], perm);
		fprintf(file, " %s%s", perm, node->perms->entry[i].domain->dead ? "+" : "");
	}
	fprintf(file, " \"%.*s\"\n", (int)value_len(node->value),
		node->value ? node->value->data : "");
	for (const struct node *child = node->first; child; child = child->next)
		print_node(file, child);
}

char *world_text(void)
{
	char *text;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	print_node(file, world.tree.root);
	for (const struct node *node = world.tree.special->first; node; node = node->next)
		print_node(file, node);
	fclose(file);
	assert_int_equal(check_store(&world), 0);
	return text;
}

/* ---- numbers ---- */

static uint32_t seed = 1;

void random_seed(uint32_t value)
{
	seed = value * 2654435761u + 1;
}

uint32_t random_below(uint32_t limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % limit;
}

struct client *world_with_guest(const char *data)
{
	struct client *dom0 = client_open(0);

	write_text(dom0, 0, "/local/domain/3/data", data);
	set_perms(dom0, 0, "/local/domain/3", "n0 r3");
	set_perms(dom0, 0, "/local/domain/3/data", "n3");
	return dom0;
}

struct client *world_with_ring(const char *data)
{
	struct client *dom0 = world_with_guest(data);

	assert_int_equal(store_introduce(&world, 3, 0x39001, 7), 0);
	return dom0;
}
