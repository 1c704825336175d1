/* SPDX-License-Identifier: ISC */
/* The console daemon without its main(), its guests and its clients: see world.h. */
#include "unit.h"

#include "fake_ctrl.h"
#include "world.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

struct console_server server;
char *folder;
struct report report;

int world_set_up(void **state)
{
	(void)state;
	fake_reset();
	folder = make_folder();
	memset(&server, 0, sizeof(server));
	server.host.log_dir = server.state_dir = folder;
	server.terminals.fd = -1;
	assert_int_equal(loop_init(&server.loop), 0);
	return 0;
}

int world_tear_down(void **state)
{
	(void)state;
	server_close(&server);
	pty_exit(&server);
	loop_close(&server.loop);
	for (unsigned i = 0; i < FAKE_DOMAINS; i++)
		assert_false(fake->domains[i].mapped || fake->domains[i].bound);
	remove_folder(folder);
	return 0;
}

void world_run_at(int64_t now)
{
	for (int i = 0; i < 50; i++) {
		server_take_events(&server);
		server_round(&server, now);
		conn_free_dead(&server);
		assert_int_equal(loop_run_once(&server.loop, 0), 0);
	}
}

void world_run(void)
{
	world_run_at(loop_now_ms());
}

/* ---- guests ---- */

int world_add(uint32_t domid, const char *name, uint32_t kind)
{
	struct console_add add = {
		.domid = domid,
		.name = name,
		.kind = kind,
		.ring_gfn = kind == CONSOLE_PV ? FAKE_RING_GFN : FAKE_UART_GFN,
		.guest_port = kind == CONSOLE_PV ? FAKE_PORT : FAKE_UART_PORT,
		.flags = kind == CONSOLE_PV ? CONSOLE_ADD_NO_LOG : 0,
	};

	memcpy(add.uuid, fake_uuid(domid), 16);
	return server_add_guest(&server, &add, &report);
}

struct console_guest *world_guest(uint32_t domid, const char *name)
{
	fake_add_domain(domid);
	assert_int_equal(world_add(domid, name, CONSOLE_PV), 0);
	return server_find_domain(&server, domid, fake_uuid(domid), CONSOLE_PV);
}

struct console_guest *world_find(const char *guest)
{
	return server_find_guest(&server, guest, CONSOLE_PV);
}

void guest_says(uint32_t domid, const char *text)
{
	assert_int_equal(fake_guest_write(domid, text, strlen(text)), strlen(text));
	fake_guest_notify(domid);
	world_run();
}

/* ---- clients ---- */

void client_connect(struct client *client)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	assert_int_equal(conn_open(&server, fds[0]), 0);
	client->fd = fds[1];
}

void client_send(struct client *client, const void *frame, ssize_t size)
{
	assert_true(size > 0);
	assert_int_equal(send(client->fd, frame, (size_t)size, MSG_NOSIGNAL), size);
}

int client_next(struct client *client)
{
	size_t have = 0;
	ssize_t count;

	while (frame_parse(client->in, have, CONSOLE_FRAME_MAX, &client->frame) == 0) {
		size_t want = have < FRAME_HEADER_SIZE
				      ? FRAME_HEADER_SIZE - have
				      : FRAME_HEADER_SIZE + client->frame.size - have;

		count = recv(client->fd, client->in + have, want, 0);
		if (count == 0)
			return -1;
		if (count < 0 && have == 0)
			return errno == EAGAIN ? 0 : -1;
		assert_true(count > 0);
		have += (size_t)count;
	}
	return client->frame.type;
}

int client_error(struct client *client, char *text)
{
	struct reader r;
	int error;

	assert_int_equal(client_next(client), CONSOLE_ERROR);
	frame_open(&r, &client->frame);
	error = (int)reader_get_u32(&r);
	frame_get_string(&r, text, 512);
	assert_int_equal(frame_close(&r), 0);
	return error;
}

void client_open_kind(struct client *client, const char *guest, uint32_t flags, uint32_t kind)
{
	struct console_open open = {.flags = flags, .kind = kind};
	uint8_t frame[256];

	client_connect(client);
	snprintf(open.guest, sizeof(open.guest), "%s", guest);
	client_send(client, frame, console_put_open(frame, sizeof(frame), &open));
	world_run();
}

void client_open(struct client *client, const char *guest, uint32_t flags)
{
	client_open_kind(client, guest, flags, CONSOLE_PV);
}

void client_type(struct client *client, const char *text)
{
	uint8_t frame[FRAME_HEADER_SIZE + CONSOLE_FRAME_MAX];

	client_send(client, frame,
		    console_put_bytes(frame, sizeof(frame), CONSOLE_INPUT, text, strlen(text)));
	world_run();
}

void client_expect_opened(struct client *client)
{
	assert_int_equal(client_next(client), CONSOLE_OPENED);
}

void client_expect_output(struct client *client, const char *text)
{
	assert_int_equal(client_next(client), CONSOLE_OUTPUT);
	assert_int_equal(client->frame.size, strlen(text));
	assert_memory_equal(client->frame.data, text, strlen(text));
}

void client_expect_replay(struct client *client, const char *text)
{
	client_expect_opened(client);
	if (text)
		client_expect_output(client, text);
	assert_int_equal(client_next(client), CONSOLE_REPLAYED);
}
