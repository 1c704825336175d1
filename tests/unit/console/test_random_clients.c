/* SPDX-License-Identifier: ISC */
/* Random actions of guests, clients and terminals: the daemon keeps its invariants. */
#include "unit.h"

#include "fake_ctrl.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define STEPS     60000
#define GUESTS    6
#define CLIENTS   10
#define TERMINALS 3

static struct client clients[CLIENTS];
static int terminals[TERMINALS];
static const char *const names[GUESTS] = {"a", "b", "c", "d", "e", "f"};

/* The same in each run (Knuth's MMIX generator). */
static uint32_t below(uint32_t limit)
{
	static uint64_t seed = 1;

	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % limit;
}

static void fill(uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)below(256);
}

/* ---- guests ---- */

static void act_as_guest(void)
{
	uint32_t domid = 1 + below(GUESTS);
	struct fake_domain *domain = &fake->domains[domid];
	uint8_t data[1024];
	uint32_t *const indices[] = {&domain->page.ring.in_cons, &domain->page.ring.in_prod,
				     &domain->page.ring.out_cons, &domain->page.ring.out_prod};

	if (!domain->exists) {
		fake_add_domain(domid);
		memset(&domain->page, 0, sizeof(domain->page));
		world_add(domid, names[domid - 1], CONSOLE_PV);
	} else if (!below(50)) {
		domain->exists = false;
		server_check_guests(&server);
	} else if (!below(100)) {
		*indices[below(4)] = below(4) ? below(5000) : 0u - below(5000);
	} else if (below(2)) {
		fill(data, sizeof(data));
		fake_guest_write(domid, data, below(sizeof(data)));
	} else {
		fake_guest_read(domid, data, below(sizeof(data)));
	}
	if (domain->exists && domain->bound)
		fake_guest_notify(domid);
}

/* ---- clients ---- */

static uint32_t any_domid(void)
{
	return below(GUESTS + 2); /* some are not there */
}

static ssize_t put_add(uint8_t *frame, size_t size)
{
	bool pv = below(2);
	struct console_add add = {.domid = any_domid(),
				  .name = names[below(GUESTS)],
				  .kind = pv ? CONSOLE_PV : CONSOLE_VUART,
				  .ring_gfn = pv ? FAKE_RING_GFN : FAKE_UART_GFN,
				  .guest_port = pv ? FAKE_PORT : FAKE_UART_PORT,
				  .flags = CONSOLE_ADD_NO_LOG,
				  .scrollback = below(10000)};

	memcpy(add.uuid, fake_uuid(add.domid), 16);
	return console_put_add(frame, size, &add);
}

static ssize_t put_died(uint8_t *frame, size_t size)
{
	struct console_died died = {.domid = any_domid(), .reason = (int32_t)below(6) - 1};

	memcpy(died.uuid, fake_uuid(died.domid), 16);
	return below(4) ? 0 : console_put_died(frame, size, &died);
}

static ssize_t put_forget(uint8_t *frame, size_t size)
{
	return console_put_text(frame, size, CONSOLE_FORGET, below(4) ? names[below(GUESTS)] : "");
}

static ssize_t put_list(uint8_t *frame, size_t size)
{
	return console_put_empty(frame, size, CONSOLE_LIST);
}

static ssize_t put_open(uint8_t *frame, size_t size)
{
	struct console_open open = {.flags = below(4),
				    .kind = below(8) ? CONSOLE_PV : CONSOLE_VUART};

	snprintf(open.guest, sizeof(open.guest), "%s", names[below(GUESTS)]);
	return console_put_open(frame, size, &open);
}

static ssize_t put_bytes(uint8_t *frame, size_t size, uint32_t type)
{
	uint8_t bytes[CONSOLE_INPUT_MAX];

	fill(bytes, sizeof(bytes));
	return console_put_bytes(frame, size, (uint16_t)type, bytes, below(sizeof(bytes)));
}

static ssize_t put_input(uint8_t *frame, size_t size)
{
	return put_bytes(frame, size, CONSOLE_INPUT);
}

static ssize_t put_nonsense(uint8_t *frame, size_t size)
{
	return put_bytes(frame, size, below(CONSOLE_REQUEST_COUNT + 1));
}

static ssize_t (*const requests[])(uint8_t *frame, size_t size) = {
	put_add, put_died, put_forget, put_list, put_open, put_input, put_input, put_nonsense};

static bool send_something(int fd)
{
	static uint8_t frames[1 << 16];
	size_t used = 0;

	for (uint32_t count = below(4) ? 1 : below(20); count; count--) {
		ssize_t size = requests[below(8)](frames + used, sizeof(frames) - used);

		used += size > 0 ? (size_t)size : 0;
	}
	if (used && !below(50))
		frames[below((uint32_t)used)] ^= (uint8_t)(1 + below(255));
	if (!below(20))
		used = below((uint32_t)used + 1);
	return send(fd, frames, used, MSG_NOSIGNAL) >= 0 || errno == EAGAIN;
}

static bool read_something(int fd)
{
	static uint8_t data[1 << 16];
	ssize_t count = recv(fd, data, below(2) ? sizeof(data) : 1 + below(500), 0);

	return count > 0 || (count < 0 && errno == EAGAIN);
}

static void act_as_client(void)
{
	struct client *client = &clients[below(CLIENTS)];
	uint32_t choice = below(100);
	bool goes_on = false;

	if (choice == 0)
		shutdown(client->fd, SHUT_WR);
	if (choice > 1)
		goes_on = choice < 40 ? read_something(client->fd) : send_something(client->fd);
	if (goes_on)
		return;
	close(client->fd);
	client_connect(client);
}

static void act_at_terminal(void)
{
	int *fd = &terminals[below(TERMINALS)];
	struct console_guest *guest = world_find(names[below(GUESTS)]);
	uint8_t data[512];

	if (*fd >= 0 && !below(20)) {
		close(*fd);
		*fd = -1;
	} else if (*fd >= 0 && below(2)) {
		fill(data, sizeof(data));
		if (write(*fd, data, below(sizeof(data))) < 0)
			errno = 0; /* it is full, or hung up */
	} else if (*fd >= 0) {
		if (read(*fd, data, sizeof(data)) < 0)
			errno = 0;
	} else if (guest && guest->pty.source.fd >= 0) {
		*fd = open(guest->pty.path, O_RDWR | O_NOCTTY | O_NONBLOCK);
	}
}

/* ---- the test ---- */

static void test_random_clients(void **state)
{
	void (*const actors[])(void) = {act_as_guest, act_as_client, act_as_client,
					act_at_terminal};
	int64_t now = loop_now_ms();

	(void)state;
	assert_int_equal(pty_init(&server), 0);
	for (int i = 0; i < CLIENTS; i++)
		client_connect(&clients[i]);
	for (int i = 0; i < TERMINALS; i++)
		terminals[i] = -1;
	for (int i = 0; i < STEPS; i++) {
		actors[below(4)]();
		if (below(8))
			continue;
		server_take_events(&server);
		server_round(&server, now += below(100));
		conn_free_dead(&server);
		assert_int_equal(loop_run_once(&server.loop, 0), 0);
	}
	for (int i = 0; i < CLIENTS; i++)
		close(clients[i].fd);
	for (int i = 0; i < TERMINALS; i++)
		close(terminals[i]);
	world_run_at(now);
	assert_null(server.conns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random_clients, world_set_up, world_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
