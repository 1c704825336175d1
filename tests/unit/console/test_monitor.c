/* SPDX-License-Identifier: ISC */
/* The monitor's policies: every end and every action, the loop guard, workers that fail, restarts.
 */
#include "unit.h"

#include "fake_ctrl.h"
#include "monitor/monitor.h"

#include <errno.h>

static struct monitor monitor;
static char *folder;
static struct report report;
static int64_t now;

/* What the made-up worker was asked to do last. */
static struct work last;
static unsigned started, told_dead;
static int start_error;
static int dead_reason;

static pid_t start_fake_work(struct monitor *self, const struct work *work)
{
	(void)self;
	if (start_error)
		return start_error;
	last = *work;
	return (pid_t)(1000 + ++started);
}

static void note_dead(struct monitor *self, const struct record *record)
{
	(void)self;
	told_dead++;
	dead_reason = record->shutdown;
}

static pid_t killed;

static void note_killed(pid_t worker)
{
	killed = worker;
}

static void start_monitor(void)
{
	memset(&monitor, 0, sizeof(monitor));
	monitor.state_dir = folder;
	monitor.start_work = start_fake_work;
	monitor.tell_dead = note_dead;
	monitor.kill_work = note_killed;
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	folder = make_folder();
	start_monitor();
	started = told_dead = 0;
	start_error = 0;
	now = 1000000;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	monitor_free(&monitor);
	remove_folder(folder);
	return 0;
}

static int register_as(uint32_t domid, uint32_t uuid, const enum monitor_action on[4])
{
	struct monitor_guest guest = {
		.domid = domid, .name = "g1", .config = "name = \"g1\"\n", .config_size = 12};

	memcpy(guest.uuid, fake_uuid(uuid), 16);
	memcpy(guest.on, on, sizeof(guest.on));
	return monitor_register(&monitor, &guest, now, &report);
}

static const enum monitor_action usual[4] = {MONITOR_DESTROY, MONITOR_RESTART, MONITOR_PRESERVE,
					     MONITOR_RENAME_RESTART};

/* A domain with the given number and the uuid of guest 1, and its registration. */
static void new_guest(uint32_t domid)
{
	memcpy(fake_add_domain(domid)->info.uuid, fake_uuid(1), 16);
	assert_int_equal(register_as(domid, 1, usual), 0);
}

static void shut_down(uint32_t domid, unsigned reason)
{
	fake->domains[domid].info.shutdown = true;
	fake->domains[domid].info.shutdown_reason = (uint8_t)reason;
	monitor_check(&monitor, now);
}

static void finish_work(enum work_result result)
{
	monitor_worker_done(&monitor, (pid_t)(1000 + started), result, now);
}

/* What a good worker does: the old domain goes, the new one comes and registers. */
static void finish_restart(uint32_t old, uint32_t new)
{
	fake->domains[old].exists = false;
	new_guest(new);
	finish_work(WORK_DONE);
}

static void restart_monitor(void)
{
	monitor_free(&monitor);
	start_monitor();
	monitor_restore(&monitor, now);
}

static bool asked(bool destroy, bool rename, bool create)
{
	return last.destroy == destroy && last.rename == rename && last.create == create;
}

static void test_poweroff_destroys(void **state)
{
	(void)state;
	new_guest(1);
	monitor_check(&monitor, now);
	assert_int_equal(started, 0);
	shut_down(1, 0);
	assert_int_equal(started, 1);
	assert_true(asked(true, false, false));
	monitor_check(&monitor, now); /* once is enough */
	assert_int_equal(started, 1);
	fake->domains[1].exists = false;
	finish_work(WORK_DONE);
	assert_null(monitor.records);
	assert_int_equal(monitor.workers, 0);
}

static void test_reboot_restarts(void **state)
{
	(void)state;
	new_guest(1);
	now += 3600 * 1000;
	shut_down(1, 1);
	assert_true(asked(true, false, true));
	finish_restart(1, 2);
	assert_int_equal(monitor.records->guest.domid, 2);
	assert_int_equal(monitor.records->state, RECORD_WATCHING);
	assert_null(monitor.records->next);
	shut_down(2, 0);
	assert_int_equal(started, 2);
	assert_true(asked(true, false, false));
}

static void test_crash_preserves(void **state)
{
	(void)state;
	new_guest(1);
	shut_down(1, 3);
	assert_int_equal(started, 0);
	assert_null(monitor.records);
}

static void test_watchdog_renames_and_restarts(void **state)
{
	(void)state;
	new_guest(1);
	now += 3600 * 1000;
	shut_down(1, 4);
	assert_true(asked(false, true, true));
	new_guest(2); /* beside the old one */
	finish_work(WORK_DONE);
	assert_int_equal(monitor.records->guest.domid, 2);
	/* destroying the old one must not take the new one out of our hands */
	assert_int_equal(monitor_forget(&monitor, 1, fake_uuid(1), &report), -ENOENT);
	assert_non_null(monitor.records);
}

static void test_suspend_is_left_alone(void **state)
{
	(void)state;
	new_guest(1);
	shut_down(1, 2);
	assert_int_equal(started, 0);
	assert_non_null(monitor.records);
}

static void test_destroyed_by_somebody(void **state)
{
	(void)state;
	new_guest(1);
	fake->domains[1].info.dying = true;
	monitor_check(&monitor, now);
	assert_int_equal(started, 0);
	assert_int_equal(told_dead, 1);
	assert_int_equal(dead_reason, -1);
	assert_null(monitor.records);
}

static void test_domid_reused_by_another(void **state)
{
	(void)state;
	new_guest(1);
	memset(fake->domains[1].info.uuid, 0x77, 16);
	shut_down(1, 1);
	assert_int_equal(started, 0);
	assert_null(monitor.records);
}

/* Dying within seconds again and again: pauses grow up to the longest, and it goes on. */
static void test_loop_guard(void **state)
{
	uint32_t domid = 1;
	int pause = 0, before;

	(void)state;
	new_guest(domid);
	for (unsigned lives = 0; lives < 20; lives++) {
		now += 1000;
		before = pause;
		shut_down(domid, 1);
		assert_true(last.destroy);
		if (last.create) {
			assert_true(lives < 1);
			finish_restart(domid, domid + 1);
			domid++;
			continue;
		}
		fake->domains[domid].exists = false;
		finish_work(WORK_DONE);
		assert_int_equal(monitor.records->state, RECORD_WAITING);
		pause = (int)(monitor.records->due_ms - now);
		assert_true(pause > before || pause == GUARD_LONGEST_MS);
		assert_true(pause <= GUARD_LONGEST_MS);
		assert_int_equal(monitor_run_due(&monitor, now + pause - 1), 1);
		assert_false(last.create);
		now += pause;
		monitor_run_due(&monitor, now);
		assert_true(asked(false, false, true));
		domid = domid % 30 + 1;
		new_guest(domid);
		finish_work(WORK_DONE);
	}
	assert_int_equal(pause, GUARD_LONGEST_MS);
}

static void test_long_life_clears_the_guard(void **state)
{
	uint32_t domid = 1;

	(void)state;
	new_guest(domid);
	for (int i = 0; i < 30; i++, domid++) {
		now += GUARD_QUICK_MS;
		shut_down(domid, 1);
		assert_true(last.create);
		finish_restart(domid, domid + 1);
	}
}

/* It is tried until it works or is called off, and everybody can see that and why. */
static void test_create_fails_again_and_again(void **state)
{
	struct monitor_pending pending;
	const uint8_t first[16] = {0};
	int64_t pause = 0;

	(void)state;
	new_guest(1);
	now += 3600 * 1000;
	assert_false(monitor_next_pending(&monitor, first, now, &pending));
	shut_down(1, 1);
	fake->domains[1].exists = false;
	assert_true(monitor_next_pending(&monitor, first, now, &pending));
	assert_true(pending.working);
	assert_string_equal(pending.reason, "");
	for (unsigned tries = 1; tries < 100; tries++) {
		assert_int_equal(monitor_explain(&monitor, fake_uuid(1), "no disk", &report), 0);
		finish_work(WORK_CREATE_FAILED);
		assert_int_equal(monitor.records->state, RECORD_WAITING);
		assert_true(monitor_next_pending(&monitor, first, now, &pending));
		assert_false(pending.working);
		assert_string_equal(pending.name, "g1");
		assert_string_equal(pending.reason, "no disk");
		assert_int_equal(pending.tries, tries);
		assert_int_equal(pending.due_ms, monitor.records->due_ms - now);
		assert_in_range(pending.due_ms, pause, GUARD_LONGEST_MS);
		assert_false(monitor_next_pending(&monitor, pending.uuid, now, &pending));
		pause = pending.due_ms;
		if (tries == 50)
			restart_monitor(); /* it goes on with that, and still knows why */
		now = monitor.records->due_ms;
		monitor_run_due(&monitor, now);
		assert_true(asked(false, false, true));
	}
	assert_int_equal(pause, GUARD_LONGEST_MS);
	new_guest(2);
	finish_work(WORK_DONE);
	assert_false(monitor_next_pending(&monitor, first, now, &pending));
	assert_int_equal(monitor_explain(&monitor, fake_uuid(1), "late", &report), -ENOENT);
	assert_string_equal(monitor.records->reason, "");
}

/* A pause that the guest itself is the reason of says so. */
static void test_pending_after_quick_deaths(void **state)
{
	struct monitor_pending pending;
	const uint8_t first[16] = {0};

	(void)state;
	new_guest(1);
	shut_down(1, 1);
	finish_restart(1, 2);
	shut_down(2, 4);
	finish_work(WORK_DONE);
	assert_true(monitor_next_pending(&monitor, first, now, &pending));
	assert_contains(pending.reason, "2 times in a row, at last by watchdog");
	assert_int_equal(pending.due_ms, 1000);
	assert_true(monitor_next_pending(&monitor, first, now + 5000, &pending));
	assert_int_equal(pending.due_ms, 0);
}

/* All of them, one after the other, however many and in whatever order they came. */
static void test_pending_are_listed(void **state)
{
	struct monitor_pending pending = {0};
	uint8_t before[16] = {0};
	unsigned count = 0;

	(void)state;
	for (uint32_t domid = 1; domid <= 4; domid++) {
		fake_add_domain(domid)->info.shutdown = true;
		fake->domains[domid].info.shutdown_reason = domid == 2 ? 0 : 1;
		assert_int_equal(register_as(domid, 5 - domid, usual), 0);
		memcpy(fake->domains[domid].info.uuid, fake_uuid(5 - domid), 16);
	}
	monitor_check(&monitor, now);
	while (monitor_next_pending(&monitor, pending.uuid, now, &pending)) {
		assert_true(memcmp(pending.uuid, before, 16) > 0);
		memcpy(before, pending.uuid, 16);
		count++;
	}
	assert_int_equal(count, 3); /* one of the four is not restarted */
}

static void test_create_fails_after_registering(void **state)
{
	(void)state;
	new_guest(1);
	now += 3600 * 1000;
	shut_down(1, 1);
	fake->domains[1].exists = false;
	new_guest(2);
	fake->domains[2].exists = false; /* unpausing failed, and it was undone */
	monitor_check(&monitor, now);    /* not ours to judge while the worker is at it */
	assert_non_null(monitor.records);
	finish_work(WORK_CREATE_FAILED);
	assert_int_equal(monitor.records->state, RECORD_WAITING);
}

static void test_destroy_fails(void **state)
{
	(void)state;
	new_guest(1);
	shut_down(1, 0);
	finish_work(WORK_KEEP_FAILED);
	monitor_check(&monitor, now + 1);
	assert_int_equal(started, 1); /* not at once again */
	now += MONITOR_CHECK_MS;
	monitor_check(&monitor, now);
	assert_int_equal(started, 2);
	assert_true(asked(true, false, false));
}

static void test_no_worker_can_be_started(void **state)
{
	(void)state;
	new_guest(1);
	start_error = -ENOMEM;
	shut_down(1, 0);
	assert_int_equal(monitor.records->state, RECORD_WATCHING);
	assert_in_range(monitor_run_due(&monitor, now), 1, 2000);
	start_error = 0;
	now += 2000;
	monitor_check(&monitor, now);
	assert_int_equal(started, 1);
}

static void test_workers_are_bounded(void **state)
{
	(void)state;
	for (uint32_t domid = 1; domid <= 10; domid++) {
		fake_add_domain(domid)->info.shutdown = true;
		assert_int_equal(register_as(domid, domid, usual), 0);
	}
	monitor_check(&monitor, now);
	assert_int_equal(started, MONITOR_MAX_WORKERS);
	finish_work(WORK_DONE);
	monitor_run_due(&monitor, now); /* the next one at once, without waiting for an event */
	assert_int_equal(started, MONITOR_MAX_WORKERS + 1);
}

static void test_forget(void **state)
{
	(void)state;
	assert_int_equal(monitor_forget(&monitor, 1, fake_uuid(1), &report), -ENOENT);
	assert_contains(report.text, "domain 1");
	new_guest(1);
	assert_int_equal(monitor_forget(&monitor, 1, fake_uuid(1), &report), 0);
	shut_down(1, 1);
	assert_int_equal(started, 0);
}

static void test_forget_calls_a_restart_off(void **state)
{
	(void)state;
	new_guest(1);
	now += 3600 * 1000;
	shut_down(1, 1);
	fake->domains[1].exists = false;
	assert_int_equal(monitor_forget(&monitor, 1, fake_uuid(1), &report), 0);
	fake_add_domain(2);
	assert_int_equal(register_as(2, 1, usual),
			 -ECANCELED); /* so the worker undoes what it made */
	finish_work(WORK_CREATE_FAILED);
	assert_null(monitor.records);
}

static int call_off(void)
{
	return monitor_call_off(&monitor, "g1", &report);
}

/* By the name, which is all that is left of a guest whose restart is put off. */
static void test_call_off_while_it_waits(void **state)
{
	(void)state;
	assert_int_equal(call_off(), -ENOENT);
	assert_contains(report.text, "'g1'");
	new_guest(1);
	shut_down(1, 1);
	finish_restart(1, 2);
	assert_int_equal(call_off(), -ENOENT); /* it lives again */
	shut_down(2, 1);
	fake->domains[2].exists = false;
	finish_work(WORK_DONE);
	assert_int_equal(monitor.records->state, RECORD_WAITING);
	assert_int_equal(monitor_call_off(&monitor, "g2", &report), -ENOENT);
	assert_int_equal(call_off(), 0);
	assert_null(monitor.records);
	assert_int_equal(call_off(), -ENOENT);
}

static void test_call_off_while_it_is_made(void **state)
{
	(void)state;
	new_guest(1);
	shut_down(1, 0);
	assert_int_equal(call_off(), -ENOENT); /* it is destroyed, not restarted */
	finish_work(WORK_DONE);
	new_guest(2);
	shut_down(2, 1);
	fake->domains[2].exists = false;
	assert_int_equal(call_off(), 0);
	assert_int_equal(call_off(), -ENOENT);
	fake_add_domain(3);
	assert_int_equal(register_as(3, 1, usual), -ECANCELED);
	finish_work(WORK_CREATE_FAILED);
	assert_null(monitor.records);
}

/* Whoever calls off finds the domain instead. */
static void test_call_off_comes_too_late(void **state)
{
	(void)state;
	new_guest(1);
	shut_down(1, 1);
	fake->domains[1].exists = false;
	new_guest(2);
	assert_int_equal(call_off(), -ENOENT);
	finish_work(WORK_DONE);
	assert_int_equal(monitor.records->state, RECORD_WATCHING);
}

/* ---- killed without a word and started again ---- */

static void test_restart_while_watching(void **state)
{
	(void)state;
	new_guest(1);
	fake->domains[1].info.shutdown = true; /* while nobody looks */
	fake->domains[1].info.shutdown_reason = 1;
	now += 3600 * 1000;
	restart_monitor();
	assert_string_equal(monitor.records->guest.name, "g1");
	assert_int_equal(monitor.records->guest.config_size, 12);
	monitor_run_due(&monitor, now);
	assert_int_equal(started, 1);
	assert_true(asked(true, false, true));
}

static void test_restart_after_a_quiet_death(void **state)
{
	(void)state;
	new_guest(1);
	fake->domains[1].exists = false;
	restart_monitor();
	assert_null(monitor.records);
	assert_int_equal(told_dead, 1);
	restart_monitor(); /* its file is gone too */
	assert_int_equal(told_dead, 1);
}

static void test_restart_in_the_middle_of_a_restart(void **state)
{
	(void)state;
	new_guest(1);
	now += 3600 * 1000;
	shut_down(1, 1);
	fake->domains[1].exists = false; /* the worker came so far */
	restart_monitor();
	assert_int_equal(monitor.records->state, RECORD_WAITING);
	now = monitor.records->due_ms;
	monitor_run_due(&monitor, now);
	assert_true(asked(false, false, true));
}

static void test_restart_when_the_new_guest_is_there(void **state)
{
	(void)state;
	new_guest(1);
	now += 3600 * 1000;
	shut_down(1, 1);
	fake->domains[1].exists = false;
	memcpy(fake_add_domain(2)->info.uuid, fake_uuid(1), 16);
	restart_monitor();
	/* whether the old daemon's worker completes it or undoes it is not known yet */
	assert_int_equal(monitor.records->state, RECORD_WAITING);
	now = monitor.records->due_ms;
	monitor_run_due(&monitor, now);
	assert_int_equal(started, 1);
	assert_int_equal(monitor.records->state, RECORD_WATCHING);
	assert_int_equal(monitor.records->guest.domid, 2);
}

static void test_restart_when_the_new_guest_registers_late(void **state)
{
	(void)state;
	new_guest(1);
	now += 3600 * 1000;
	shut_down(1, 1);
	fake->domains[1].exists = false;
	restart_monitor();
	new_guest(2); /* by the old daemon's worker */
	assert_int_equal(monitor.records->state, RECORD_WATCHING);
	now += 3600 * 1000;
	monitor_run_due(&monitor, now);
	assert_int_equal(started, 1);
}

static void test_restart_in_the_middle_of_a_destroy(void **state)
{
	(void)state;
	new_guest(1);
	shut_down(1, 0);
	fake->domains[1].exists = false;
	restart_monitor();
	assert_null(monitor.records); /* destroyed is what it should be */
}

static void test_guard_outlives_the_daemon(void **state)
{
	(void)state;
	new_guest(1);
	monitor.records->guard.quick_deaths = 5;
	shut_down(1, 1); /* at once */
	assert_false(last.create);
	finish_work(WORK_KEEP_FAILED);
	restart_monitor();
	assert_int_equal(monitor.records->guard.quick_deaths, 6);
}

static void test_state_folder_not_writable(void **state)
{
	(void)state;
	monitor.state_dir = "/nonexistent/plinth";
	new_guest(1);
	shut_down(1, 0); /* goes on without */
	assert_int_equal(started, 1);
}

static void test_polls_only_without_the_interrupt(void **state)
{
	(void)state;
	assert_int_equal(monitor_run_due(&monitor, now), -1);
	new_guest(1);
	monitor_run_due(&monitor, now);
	assert_in_range(monitor_run_due(&monitor, now), 1, MONITOR_POLL_MS);
	monitor.told = MONITOR_TOLD_BY_VIRQ;
	monitor_check(&monitor, now);
	assert_int_equal(monitor_run_due(&monitor, now), MONITOR_CHECK_MS);
}

/* Four workers that hang would be the end of all restarts. */
static void test_worker_that_hangs(void **state)
{
	(void)state;
	killed = 0;
	new_guest(1);
	now += 3600 * 1000;
	shut_down(1, 1);
	fake->domains[1].exists = false;
	assert_in_range(monitor_run_due(&monitor, now), 1, MONITOR_WORK_MS);
	now += MONITOR_WORK_MS - 1;
	monitor_run_due(&monitor, now);
	assert_int_equal(killed, 0);
	now++;
	monitor_run_due(&monitor, now);
	assert_int_equal(killed, 1001);
	finish_work(WORK_KILLED);
	assert_int_equal(monitor.workers, 0);
	assert_int_equal(monitor.records->state, RECORD_WAITING);
}

/* The new domain of a worker that was killed: it is there and registered, and was never started. */
static void make_half(uint32_t domid)
{
	new_guest(domid);
	fake->domains[domid].info.paused = true;
	fake->domains[domid].info.cpu_time = 0;
}

/* Killed at each step of a restart: the guest is neither lost nor watched in a state half made. */
static void test_killed_worker(void **state)
{
	(void)state;
	new_guest(1);
	now += 3600 * 1000;
	shut_down(1, 1);
	assert_int_equal(started, 1);
	finish_work(WORK_KILLED); /* before the old domain was gone */
	assert_int_equal(monitor.records->state, RECORD_WATCHING);
	now += MONITOR_CHECK_MS;
	monitor_check(&monitor, now);
	assert_int_equal(started, 2); /* and tries again */
	assert_true(asked(true, false, true));
	fake->domains[1].exists = false;
	finish_work(WORK_KILLED); /* between the two domains */
	assert_int_equal(monitor.records->state, RECORD_WAITING);
	now += 10000;
	monitor_run_due(&monitor, now);
	assert_int_equal(started, 3);
	make_half(2);
	finish_work(WORK_KILLED); /* with a new domain that is not complete */
	assert_int_equal(monitor.records->state, RECORD_WAITING);
	fake->domains[2].exists = false; /* taken away */
	now += 10000;
	monitor_run_due(&monitor, now);
	assert_int_equal(started, 4);
	new_guest(3);
	finish_work(WORK_KILLED); /* after the new guest had been started */
	assert_int_equal(monitor.records->state, RECORD_WATCHING);
	assert_int_equal(monitor.records->guest.domid, 3);
}

/* A domain of this uuid that was never started is not the guest created again. */
static void test_half_made_successor(void **state)
{
	(void)state;
	new_guest(1);
	now += 3600 * 1000;
	shut_down(1, 1);
	fake->domains[1].exists = false;
	finish_work(WORK_CREATE_FAILED);
	memcpy(fake_add_domain(2)->info.uuid, fake_uuid(1), 16);
	fake->domains[2].info.paused = true;
	fake->domains[2].info.cpu_time = 0;
	now += 10000;
	monitor_run_due(&monitor, now);
	assert_int_equal(started, 2); /* it is created; that takes the other one away */
	assert_int_equal(monitor.records->guest.domid, 1);
}

/* The daemon and its worker were killed together, with the new domain half made. */
static void test_restored_half_made(void **state)
{
	(void)state;
	new_guest(1);
	now += 3600 * 1000;
	shut_down(1, 1);
	fake->domains[1].exists = false;
	make_half(2);
	monitor_free(&monitor);
	start_monitor();
	monitor_restore(&monitor, now);
	assert_int_equal(monitor.records->state, RECORD_WAITING);
	fake->domains[2].exists = false;
	now += 10000;
	monitor_run_due(&monitor, now);
	assert_int_equal(started, 2);
	assert_true(asked(false, false, true));
}

/* The worker of a daemon that was killed has created the guest; ours finds the name in use. */
static void test_two_workers(void **state)
{
	(void)state;
	new_guest(1);
	now += 3600 * 1000;
	shut_down(1, 1);
	monitor_free(&monitor);
	start_monitor();
	fake->domains[1].exists = false;
	monitor_restore(&monitor, now);
	now += 10000;
	monitor_run_due(&monitor, now);
	assert_int_equal(started, 2);
	new_guest(2); /* by the first worker */
	finish_work(WORK_CREATE_FAILED);
	assert_int_equal(monitor.records->state, RECORD_WATCHING);
	assert_int_equal(monitor.records->guest.domid, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_poweroff_destroys),
		TEST(test_reboot_restarts),
		TEST(test_crash_preserves),
		TEST(test_watchdog_renames_and_restarts),
		TEST(test_suspend_is_left_alone),
		TEST(test_destroyed_by_somebody),
		TEST(test_domid_reused_by_another),
		TEST(test_loop_guard),
		TEST(test_long_life_clears_the_guard),
		TEST(test_create_fails_again_and_again),
		TEST(test_pending_after_quick_deaths),
		TEST(test_pending_are_listed),
		TEST(test_create_fails_after_registering),
		TEST(test_destroy_fails),
		TEST(test_no_worker_can_be_started),
		TEST(test_workers_are_bounded),
		TEST(test_forget),
		TEST(test_forget_calls_a_restart_off),
		TEST(test_call_off_while_it_waits),
		TEST(test_call_off_while_it_is_made),
		TEST(test_call_off_comes_too_late),
		TEST(test_restart_while_watching),
		TEST(test_restart_after_a_quiet_death),
		TEST(test_restart_in_the_middle_of_a_restart),
		TEST(test_restart_when_the_new_guest_is_there),
		TEST(test_restart_when_the_new_guest_registers_late),
		TEST(test_restart_in_the_middle_of_a_destroy),
		TEST(test_guard_outlives_the_daemon),
		TEST(test_state_folder_not_writable),
		TEST(test_polls_only_without_the_interrupt),
		TEST(test_worker_that_hangs),
		TEST(test_killed_worker),
		TEST(test_half_made_successor),
		TEST(test_restored_half_made),
		TEST(test_two_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
