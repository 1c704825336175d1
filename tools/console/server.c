/* SPDX-License-Identifier: ISC */
/* The console daemon's guests: coming, taking turns, dying, and coming back after a restart. */
#include "server.h"

#include "daemon/daemon.h"
#include "clients/domain_find.h"
#include "base/number.h"
#include "base/read_file.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- finding ---- */

/* A living guest wins, then the one that died last. */
static bool is_better(const struct console_guest *a, const struct console_guest *b)
{
	if (!b || (a->state == CONSOLE_DEAD) != (b->state == CONSOLE_DEAD))
		return !b || a->state != CONSOLE_DEAD;
	return a->death > b->death;
}

/* A whole text as a domid: 0, or -EINVAL for anything else. */
static int parse_domid(const char *text, uint32_t *domid)
{
	uint64_t value;

	if (!number_parse(text, 0, CTRL_DOMID_SELF - 1, &value))
		return -EINVAL;
	*domid = (uint32_t)value;
	return 0;
}

struct console_guest *server_find_guest(struct console_server *server, const char *text,
					uint32_t kind)
{
	uint32_t domid = CTRL_DOMID_INVALID;
	bool by_number = parse_domid(text, &domid) == 0;
	struct console_guest *best = NULL;

	for (struct console_guest *guest = server->guests; guest; guest = guest->next)
		if (guest->add.kind == kind &&
		    (by_number ? guest->add.domid == domid : strcmp(guest->name, text) == 0) &&
		    is_better(guest, best))
			best = guest;
	return best;
}

static bool is_domain(const struct console_guest *guest, uint32_t domid, const uint8_t uuid[16])
{
	return guest->add.domid == domid && memcmp(guest->add.uuid, uuid, 16) == 0;
}

struct console_guest *server_find_domain(struct console_server *server, uint32_t domid,
					 const uint8_t uuid[16], uint32_t kind)
{
	for (struct console_guest *guest = server->guests; guest; guest = guest->next)
		if (guest->state != CONSOLE_DEAD && is_domain(guest, domid, uuid) &&
		    (kind == CONSOLE_KINDS || guest->add.kind == kind))
			return guest;
	return NULL;
}

void server_reopen_logs(struct console_server *server)
{
	for (struct console_guest *guest = server->guests; guest; guest = guest->next) {
		int ret = guest->has_log ? logfile_reopen(&guest->log) : 0;

		if (ret < 0)
			daemon_log("the log file of guest %s cannot be opened anew: %s",
				   guest->name, strerror(-ret));
	}
}

/* ---- dropping ---- */

static void remove_guest(struct console_server *server, struct console_guest *guest)
{
	struct console_guest **at = &server->guests;

	for (struct console_conn *conn = server->conns; conn; conn = conn->next) {
		if (conn->guest != guest)
			continue;
		conn->guest = NULL;
		conn->closing = true;
		conn->due = true;
	}
	while (*at && *at != guest)
		at = &(*at)->next;
	if (*at)
		*at = guest->next;
	pty_stop(guest);
	console_guest_free(&server->host, guest);
}

unsigned server_forget(struct console_server *server, const char *name)
{
	struct console_guest *guest = server->guests, *next;
	unsigned count = 0;

	for (; guest; guest = next) {
		next = guest->next;
		if (guest->state != CONSOLE_DEAD || (name && strcmp(guest->name, name) != 0))
			continue;
		remove_guest(server, guest);
		count++;
	}
	return count;
}

/* One dead console a name and kind, SERVER_MAX_DEAD of them in all; the newest stay. */
static void drop_older_dead(struct console_server *server, const struct console_guest *latest)
{
	struct console_guest *oldest = NULL, *guest, *next;
	unsigned count = 0;

	for (guest = server->guests; guest; guest = next) {
		next = guest->next;
		if (guest->state != CONSOLE_DEAD || guest == latest)
			continue;
		if (guest->add.kind == latest->add.kind && strcmp(guest->name, latest->name) == 0) {
			remove_guest(server, guest);
			continue;
		}
		count++;
		if (!oldest || guest->death < oldest->death)
			oldest = guest;
	}
	if (count >= SERVER_MAX_DEAD)
		remove_guest(server, oldest);
}

void server_guest_died(struct console_server *server, struct console_guest *guest, int reason)
{
	unsigned did = console_guest_die(&server->host, guest, reason >= 0 ? reason : guest->reason,
					 loop_now_ms());

	guest->death = ++server->deaths;
	state_file_drop(server, guest);
	daemon_log("guest %s%s (domain %u) is gone: %s", guest->name, console_guest_suffix(guest),
		   guest->add.domid,
		   guest->reason < 0 ? "destroyed" : ctrl_shutdown_name((unsigned)guest->reason));
	server_report_turn(server, guest,
			   did | GUEST_OUTPUT); /* also to those who read all: ENDED is due */
	drop_older_dead(server, guest);
}

/* ---- coming ---- */

/* Is the domain there, and is it the guest that it is said to be? */
static int check_domain(struct console_server *server, const struct console_add *add,
			struct report *report)
{
	struct ctrl_domain_info info;
	int ret = ctrl_get_domain(server->host.ctrl, add->domid, &info);

	if (ret == 0 && (info.dying || memcmp(info.uuid, add->uuid, 16) != 0))
		ret = -ESRCH;
	if (ret < 0)
		return report_set(report, ret, "cannot take the console of guest %s: domain %u: %s",
				  add->name, add->domid,
				  ret == -ESRCH
					  ? "there is no such domain, or it is another guest's"
					  : ctrl_error());
	return ret;
}

/* The same guest's console of another kind. */
static bool is_sibling(const struct console_guest *guest, const struct console_add *add)
{
	return guest->add.kind != add->kind && is_domain(guest, add->domid, add->uuid) &&
	       strcmp(guest->name, add->name) == 0;
}

/* Whoever else lives and claims this domid or this name. */
static struct console_guest *find_rival(struct console_server *server,
					const struct console_add *add)
{
	struct console_guest *guest = server->guests;

	while (guest && (guest->state == CONSOLE_DEAD || is_sibling(guest, add) ||
			 (guest->add.domid != add->domid && strcmp(guest->name, add->name) != 0)))
		guest = guest->next;
	return guest;
}

/* Are the rivals gone, or in the way? */
static int make_way(struct console_server *server, const struct console_add *add,
		    struct report *report)
{
	struct console_guest *guest = find_rival(server, add);

	if (guest)
		server_check_guests(server);
	while ((guest = find_rival(server, add))) {
		if (guest->add.domid != add->domid) {
			return report_set(report, -EEXIST,
					  "a guest called %s lives already, as domain %u",
					  add->name, guest->add.domid);
		}
		server_guest_died(server, guest, -1);
	}
	return 0;
}

static int attach_new(struct console_server *server, const struct console_add *add,
		      struct report *report)
{
	struct console_guest *guest = console_guest_new(add);
	int ret;

	if (!guest) {
		return report_set(report, -ENOMEM, "no memory for the console of guest %s",
				  add->name);
	}
	ret = console_guest_attach(&server->host, guest, report);
	if (ret < 0)
		goto free_guest;
	ret = state_file_save(server, guest);
	if (ret < 0) {
		report_set(report, 0, "cannot remember guest %s below %s: %s", guest->name,
			   server->state_dir, strerror(-ret));
		goto free_guest;
	}
	guest->next = server->guests;
	server->guests = guest;
	pty_start(server, guest);
	daemon_log("guest %s%s (domain %u): console attached, ring frame 0x%llx, port %u",
		   guest->name, console_guest_suffix(guest), guest->add.domid,
		   (unsigned long long)guest->add.ring_gfn, guest->add.guest_port);
	return 0;
free_guest:
	console_guest_free(&server->host, guest);
	return ret;
}

static bool is_name_taken(const struct console_server *server, const struct console_add *add)
{
	for (const struct console_guest *guest = server->guests; guest; guest = guest->next)
		if (guest->state != CONSOLE_DEAD && strcmp(guest->name, add->name) == 0 &&
		    !is_domain(guest, add->domid, add->uuid))
			return true;
	return false;
}

/* A living guest is called otherwise now: its consoles keep their rings, output and log files. */
static int rename_guest(struct console_server *server, const struct console_add *add,
			struct report *report)
{
	if (is_name_taken(server, add)) {
		return report_set(report, -EEXIST, "a guest called %s lives already", add->name);
	}
	for (struct console_guest *guest = server->guests; guest; guest = guest->next) {
		if (guest->state == CONSOLE_DEAD || !is_domain(guest, add->domid, add->uuid))
			continue;
		daemon_log("guest %s%s (domain %u): is called %s now", guest->name,
			   console_guest_suffix(guest), guest->add.domid, add->name);
		snprintf(guest->name, sizeof(guest->name), "%s", add->name);
		state_file_save(server, guest); /* or the next daemon knows the old name */
	}
	return 0;
}

int server_add_guest(struct console_server *server, const struct console_add *add,
		     struct report *report)
{
	struct console_guest *same;
	int ret = check_domain(server, add, report);

	if (ret < 0)
		return ret;
	same = server_find_domain(server, add->domid, add->uuid, add->kind);
	if (same && same->state == CONSOLE_LIVE && same->add.ring_gfn == add->ring_gfn &&
	    same->add.guest_port == add->guest_port && strcmp(same->name, add->name) == 0)
		return 0;
	if (same && same->state == CONSOLE_LIVE && add->guest_port == CONSOLE_PORT_FIND)
		return rename_guest(server, add, report);
	ret = make_way(server, add, report);
	return ret < 0 ? ret : attach_new(server, add, report);
}

int server_adopt(struct console_server *server, const char *text, uint32_t kind,
		 struct console_guest **guest, struct report *report)
{
	struct console_add add = {.guest_port = CONSOLE_PORT_FIND, .kind = kind};
	struct ctrl_domain_info info;
	char name[CONSOLE_NAME_MAX + 1];
	int ret;

	if (parse_domid(text, &add.domid) < 0) {
		return report_set(report, -ENOENT, "there is no guest called %s", text);
	}
	if (ctrl_get_domain(server->host.ctrl, add.domid, &info) < 0 || info.dying ||
	    add.domid == 0) {
		return report_set(report, -ENOENT, "there is no guest with domain number %u",
				  add.domid);
	}
	snprintf(name, sizeof(name), "domain-%u", add.domid);
	add.name = name;
	memcpy(add.uuid, info.uuid, sizeof(add.uuid));
	ret = server_add_guest(server, &add, report);
	if (ret < 0)
		return ret;
	*guest = server_find_domain(server, add.domid, add.uuid, kind);
	return 0;
}

static void restore_file(struct console_server *server, const char *file)
{
	char path[PATH_MAX], name[CONSOLE_NAME_MAX + 1];
	struct report report = {.text = "the file makes no sense"};
	struct console_add add;
	struct frame frame;
	char *data;
	size_t size;
	int ret;

	if (snprintf(path, sizeof(path), "%s/%s", server->state_dir, file) >= (int)sizeof(path))
		return;
	ret = read_regular_file(path, FRAME_HEADER_SIZE + CONSOLE_FRAME_MAX, &data, &size);
	if (ret < 0)
		return;
	if (frame_parse(data, size, CONSOLE_FRAME_MAX, &frame) != (ssize_t)size ||
	    frame.type != CONSOLE_ADD || frame.version != CONSOLE_VERSION ||
	    console_get_add(&frame, &add, name) < 0 || !console_name_is_valid(name))
		ret = -EPROTO;
	else
		ret = server_add_guest(server, &add, &report);
	if (ret < 0) {
		daemon_log("%s is dropped: %s", path, report.text);
		unlink(path);
	}
	free(data);
}

void server_restore(struct console_server *server)
{
	DIR *dir = opendir(server->state_dir);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)) != NULL) {
		size_t length = strlen(entry->d_name);

		if (length > 6 && strcmp(entry->d_name + length - 6, ".guest") == 0)
			restore_file(server, entry->d_name);
	}
	closedir(dir);
}

/* ---- living ---- */

void server_check_guests(struct console_server *server)
{
	struct ctrl_domain_info *list;
	struct console_guest *guest, *next;
	int count = ctrl_list_all_domains(server->host.ctrl, &list);

	server->check_ms = loop_now_ms() + SERVER_CHECK_MS;
	server_publish_again(server);
	if (count < 0)
		return;
	for (guest = server->guests; guest; guest = next) {
		const struct ctrl_domain_info *info =
			domain_find(list, count, guest->add.domid, guest->add.uuid);

		next = guest->next;
		if (guest->state == CONSOLE_DEAD)
			continue;
		guest->reason = info && info->shutdown ? info->shutdown_reason : guest->reason;
		if (info && !info->dying)
			continue;
		server_guest_died(server, guest, -1);
		next = server->guests; /* a death may drop others; those seen are dead or as they
					  were */
	}
	free(list);
}

void server_close(struct console_server *server)
{
	struct console_guest *guest = server->guests, *next;

	for (struct console_conn *conn = server->conns; conn; conn = conn->next)
		conn->dead = true;
	conn_free_dead(server);
	for (; guest; guest = next) {
		next = guest->next;
		pty_stop(guest);
		console_guest_free(&server->host, guest);
	}
	server->guests = NULL;
}
