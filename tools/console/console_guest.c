/* SPDX-License-Identifier: ISC */
/* One guest's console in the daemon: from attaching its ring to keeping what it said last. */
#include "console_guest.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

const char *console_guest_suffix(const struct console_guest *guest)
{
	static const char *const suffixes[CONSOLE_KINDS] = {"", "-vuart"};

	return suffixes[guest->add.kind];
}

struct console_guest *console_guest_new(const struct console_add *add)
{
	struct console_guest *guest = calloc(1, sizeof(*guest));
	uint32_t scrollback = add->scrollback ? add->scrollback : GUEST_SCROLLBACK_DEFAULT;

	if (!guest)
		return NULL;
	snprintf(guest->name, sizeof(guest->name), "%s", add->name);
	guest->add = *add;
	guest->add.name = guest->name;
	if (guest->add.log_limit == 0)
		guest->add.log_limit = GUEST_LOG_LIMIT_DEFAULT;
	if (guest->add.log_limit < GUEST_LOG_LIMIT_MIN)
		guest->add.log_limit = GUEST_LOG_LIMIT_MIN;
	if (scrollback > GUEST_SCROLLBACK_MAX)
		scrollback = GUEST_SCROLLBACK_MAX;
	scrollback_init(&guest->output, scrollback);
	guest->awake = true;
	guest->reason = -1;
	guest->log.fd = -1;
	guest->pty.source.fd = -1;
	return guest;
}

/* Let go of what belongs to a living guest; the output stays. */
static void detach(const struct console_host *host, struct console_guest *guest)
{
	if (guest->page) {
		ctrl_evtchn_unbind(host->evtchn, guest->port);
		ctrl_unmap(host->ctrl, guest->page, 1);
	}
	guest->page = NULL;
	guest->pending = false;
	free(guest->input);
	guest->input = NULL;
	guest->input_used = 0;
}

void console_guest_free(const struct console_host *host, struct console_guest *guest)
{
	detach(host, guest);
	if (guest->has_log)
		logfile_close(&guest->log);
	scrollback_free(&guest->output);
	free(guest);
}

static void open_log(const struct console_host *host, struct console_guest *guest)
{
	/* no guest's name has an @: what is "a@vuart" is not the log of a guest called so */
	static const char *const suffixes[CONSOLE_KINDS] = {"", "@vuart"};
	char path[PATH_MAX];

	if (guest->has_log || (guest->add.flags & CONSOLE_ADD_NO_LOG))
		return;
	if (snprintf(path, sizeof(path), "%s/%s%s.log", host->log_dir, guest->name,
		     suffixes[guest->add.kind]) < (int)sizeof(path))
		guest->has_log = logfile_init(&guest->log, path, guest->add.log_limit) == 0;
}

static int find_ring(const struct console_host *host, struct console_add *add)
{
	uint64_t port;
	int ret;

	if (add->guest_port != CONSOLE_PORT_FIND)
		return 0;
	if (add->kind != CONSOLE_PV)
		return -ENODEV;
	ret = ctrl_get_param(host->ctrl, add->domid, CTRL_PARAM_CONSOLE_PFN, &add->ring_gfn);
	if (ret == 0)
		ret = ctrl_get_param(host->ctrl, add->domid, CTRL_PARAM_CONSOLE_EVTCHN, &port);
	if (ret < 0)
		return ret;
	if (add->ring_gfn == 0 || port == 0 || port >= CONSOLE_PORT_FIND)
		return -ENODEV;
	add->guest_port = (uint32_t)port;
	return 0;
}

static int explain(const struct console_guest *guest, int ret, const char *what,
		   struct report *report)
{
	const char *why = ret == -EBADMSG  ? "its ring holds impossible indices"
			  : ret == -ENODEV ? "it has no console ring"
					   : ctrl_error();

	return report_set(report, ret, "cannot take the console of guest %s (domain %u): %s: %s",
			  guest->name, guest->add.domid, what, why[0] ? why : strerror(-ret));
}

int console_guest_attach(const struct console_host *host, struct console_guest *guest,
			 struct report *report)
{
	uint32_t domid = guest->add.domid;
	int ret = find_ring(host, &guest->add);

	if (ret < 0)
		return explain(guest, ret, "finding its ring", report);
	ret = ctrl_map_frames(host->ctrl, domid, &guest->add.ring_gfn, 1, PROT_READ | PROT_WRITE,
			      &guest->page);
	if (ret < 0) {
		guest->page = NULL;
		return explain(guest, ret, "mapping its ring", report);
	}
	ret = console_ring_open(&guest->ring, guest->page);
	if (ret < 0) {
		explain(guest, ret, "reading its ring", report);
		goto unmap;
	}
	ret = ctrl_evtchn_bind_interdomain(host->evtchn, domid, guest->add.guest_port,
					   &guest->port);
	if (ret < 0) {
		explain(guest, ret, "binding its event channel", report);
		goto unmap;
	}
	guest->state = CONSOLE_LIVE;
	guest->awake = true;
	guest->pending = true; /* what was output before this moment announced itself to nobody */
	open_log(host, guest);
	/* The guest may wait for room that a predecessor made without telling it. */
	ctrl_evtchn_notify(host->evtchn, guest->port);
	return 0;
unmap:
	ctrl_unmap(host->ctrl, guest->page, 1);
	guest->page = NULL;
	return ret;
}

void console_guest_event(struct console_guest *guest, int64_t now_ms)
{
	guest->pending = guest->awake = true;
	budget_use_event(&guest->budget, now_ms);
}

static unsigned break_console(const struct console_host *host, struct console_guest *guest)
{
	detach(host, guest);
	guest->state = CONSOLE_BROKEN;
	return GUEST_BROKE;
}

static unsigned keep_output(struct console_guest *guest, const char *data, size_t size,
			    int64_t now_ms)
{
	unsigned did = GUEST_OUTPUT;

	scrollback_append(&guest->output, data, size);
	panic_feed(&guest->panic, data, size);
	if (!guest->has_log)
		return did;
	switch (logfile_write(&guest->log, data, size, now_ms, &guest->log_lost)) {
	case LOGFILE_FAILED:
		guest->log_error = errno;
		did |= GUEST_LOG_FAILED;
		break;
	case LOGFILE_HEALTHY:
		did |= GUEST_LOG_HEALTHY;
		break;
	case LOGFILE_SAME:
		break;
	}
	return did;
}

/* Bytes moved from the queue into the ring, or -EBADMSG. */
static ssize_t move_input(struct console_guest *guest)
{
	ssize_t count;

	if (guest->input_used == 0)
		return 0;
	count = console_ring_write(&guest->ring, guest->input, guest->input_used);
	if (count > 0) {
		guest->input_used -= (size_t)count;
		memmove(guest->input, guest->input + count, guest->input_used);
	}
	return count;
}

/* How much of what was typed the guest has taken: GUEST_TAKEN, 0, or -EBADMSG. */
static int count_taken(struct console_guest *guest)
{
	ssize_t untaken;
	uint64_t taken;

	if (guest->taken == guest->typed)
		return 0;
	untaken = console_ring_untaken(&guest->ring);
	if (untaken < 0)
		return (int)untaken;
	/* The ring may also hold what a predecessor of this daemon put there. */
	taken = guest->typed - guest->input_used;
	taken = taken > (uint64_t)untaken ? taken - (uint64_t)untaken : 0;
	if (taken <= guest->taken)
		return 0;
	guest->taken = taken;
	return GUEST_TAKEN;
}

unsigned console_guest_turn(const struct console_host *host, struct console_guest *guest,
			    int64_t now_ms)
{
	char data[CONSOLE_RING_OUT];
	size_t left = budget_left(&guest->budget, now_ms);
	ssize_t out, in, waiting;
	unsigned did = 0;
	int taken;

	if (guest->state != CONSOLE_LIVE)
		return 0;
	out = console_ring_read(&guest->ring, data, left < sizeof(data) ? left : sizeof(data));
	in = move_input(guest);
	taken = count_taken(guest);
	if (out > 0) {
		budget_use(&guest->budget, (size_t)out);
		did |= keep_output(guest, data, (size_t)out, now_ms);
	}
	if (out > 0 || in > 0)
		ctrl_evtchn_notify(host->evtchn, guest->port);
	waiting = console_ring_output(&guest->ring);
	if (out < 0 || in < 0 || taken < 0 || waiting < 0)
		return did | break_console(host, guest);
	did |= (unsigned)taken;
	if (!guest->pending)
		return did;
	if (budget_left(&guest->budget, now_ms) == 0)
		return did | GUEST_THROTTLED;
	if (waiting > 0)
		return did | GUEST_MORE;
	guest->pending = false;
	ctrl_evtchn_unmask(host->evtchn, guest->port);
	return did;
}

size_t console_guest_room(const struct console_guest *guest)
{
	return GUEST_INPUT_MAX - guest->input_used;
}

int console_guest_type(struct console_guest *guest, const void *data, size_t size)
{
	if (!guest->input)
		guest->input = malloc(GUEST_INPUT_MAX);
	if (!guest->input)
		return -ENOMEM;
	memcpy(guest->input + guest->input_used, data, size);
	guest->input_used += size;
	guest->typed += size;
	guest->awake = true;
	return 0;
}

unsigned console_guest_die(const struct console_host *host, struct console_guest *guest, int reason,
			   int64_t now_ms)
{
	char data[CONSOLE_RING_OUT];
	unsigned did = 0;
	ssize_t count = 0;

	if (guest->page)
		count = console_ring_read(&guest->ring, data, sizeof(data));
	if (count > 0)
		did = keep_output(guest, data, (size_t)count, now_ms);
	detach(host, guest);
	if (guest->has_log)
		logfile_close(&guest->log);
	guest->has_log = false;
	guest->state = CONSOLE_DEAD;
	guest->awake = true;
	guest->reason = reason;
	return did;
}
