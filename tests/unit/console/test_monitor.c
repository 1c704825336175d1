/* SPDX-License-Identifier: ISC */
/* The monitor's policies: every end and every action, the loop guard, workers that fail, restarts.
 */
#include "unit.h"

#include "console/console_client.h"
#include "fake_ctrl.h"
#include "monitor/monitor.h"

#include <errno.h>

static struct monitor monitor;
static char *folder, err[512];
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

int console_client_died(const char *sock, uint32_t domid, const uint8_t uuid[16], int reason,
			char *text, size_t text_size)
{
	(void)sock;
	(void)domid;
	(void)uuid;
	(void)text;
	(void)text_size;
	told_dead++;
	dead_reason = reason;
	return 0;
}

static void start_monitor(void)
{
	memset(&monitor, 0, sizeof(monitor));
	monitor.state_dir = folder;
	monitor.start_work = start_fake_work;
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
	return monitor_register(&monitor, &guest, now, err, sizeof(err));
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

static bool asked(bool destroy, bool rename, bool create)
{
	return last.destroy == destroy && last.rename == rename && last.create == create;
}

static void test_words(void **state)
{
	enum monitor_action action;
	struct monitor_guest guest;

	(void)state;
	for (int i = 0; i < MONITOR_ACTION_COUNT; i++) {
		assert_int_equal(
			monitor_action_parse(monitor_action_name((enum monitor_action)i), &action),
			0);
		assert_int_equal(action, i);
	}
	assert_int_equal(monitor_action_parse("explode", &action), -EINVAL);
	assert_int_equal(monitor_action_parse("", &action), -EINVAL);
	assert_string_equal(monitor_action_name(MONITOR_ACTION_COUNT), "?");
	monitor_guest_set_defaults(&guest);
	assert_int_equal(guest.on[MONITOR_ON_REBOOT], MONITOR_RESTART);
	assert_int_equal(guest.on[MONITOR_ON_CRASH], MONITOR_DESTROY);
}

static void test_events(void **state)
{
	enum monitor_event event;

	(void)state;
	assert_true(policy_event(0, &event));
	assert_int_equal(event, MONITOR_ON_POWEROFF);
	assert_true(policy_event(1, &event));
	assert_int_equal(event, MONITOR_ON_REBOOT);
	assert_false(policy_event(2, &event));
	assert_true(policy_event(3, &event));
	assert_int_equal(event, MONITOR_ON_CRASH);
	assert_true(policy_event(4, &event));
	assert_int_equal(event, MONITOR_ON_WATCHDOG);
	assert_true(policy_event(5, &event));
	assert_int_equal(event, MONITOR_ON_CRASH);
	assert_true(policy_event(255, &event));
	assert_int_equal(event, MONITOR_ON_CRASH);
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
	assert_int_equal(monitor_forget(&monitor, 1, fake_uuid(1), err, sizeof(err)), -ENOENT);
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

/* Dying within seconds again and again: pauses grow, then it stays destroyed. */
static void test_loop_guard(void **state)
{
	uint32_t domid = 1;
	unsigned lives = 0;
	int pause = 0, before;

	(void)state;
	new_guest(domid);
	while (monitor.records && lives < 100) {
		now += 1000;
		before = pause;
		shut_down(domid, 1);
		lives++;
		assert_true(last.destroy);
		if (last.create) {
			finish_restart(domid, domid + 1);
			domid++;
			continue;
		}
		fake->domains[domid].exists = false;
		finish_work(WORK_DONE);
		if (!monitor.records)
			break;
		assert_int_equal(monitor.records->state, RECORD_WAITING);
		pause = (int)(monitor.records->due_ms - now);
		assert_true(pause > before);
		assert_int_equal(monitor_run_due(&monitor, now + pause - 1), 1);
		assert_false(last.create);
		now += pause;
		monitor_run_due(&monitor, now);
		assert_true(asked(false, false, true));
		new_guest(++domid);
		finish_work(WORK_DONE);
	}
	assert_int_equal(lives, GUARD_GIVE_UP);
	assert_null(monitor.records);
}

static void test_long_life_clears_the_guard(void **state)
{
	uint32_t domid = 1;

	(void)state;
	new_guest(domid);
	for (int i = 0; i < 5 * GUARD_GIVE_UP; i++, domid++) {
		now += GUARD_QUICK_MS;
		shut_down(domid, 1);
		assert_true(last.create);
		finish_restart(domid, domid + 1);
	}
}

static void test_create_fails_again_and_again(void **state)
{
	unsigned tries = 1;

	(void)state;
	new_guest(1);
	now += 3600 * 1000;
	shut_down(1, 1);
	fake->domains[1].exists = false;
	finish_work(WORK_CREATE_FAILED);
	while (monitor.records && tries < 100) {
		assert_int_equal(monitor.records->state, RECORD_WAITING);
		now = monitor.records->due_ms;
		monitor_run_due(&monitor, now);
		assert_true(asked(false, false, true));
		tries++;
		finish_work(WORK_CREATE_FAILED);
	}
	assert_int_equal(tries, GUARD_GIVE_UP);
	assert_int_equal(monitor.workers, 0);
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
	assert_int_equal(monitor_forget(&monitor, 1, fake_uuid(1), err, sizeof(err)), -ENOENT);
	assert_non_null(strstr(err, "domain 1"));
	new_guest(1);
	assert_int_equal(monitor_forget(&monitor, 1, fake_uuid(1), err, sizeof(err)), 0);
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
	assert_int_equal(monitor_forget(&monitor, 1, fake_uuid(1), err, sizeof(err)), 0);
	fake_add_domain(2);
	assert_int_equal(register_as(2, 1, usual),
			 -ECANCELED); /* so the worker undoes what it made */
	finish_work(WORK_CREATE_FAILED);
	assert_null(monitor.records);
}

static int call_off(void)
{
	return monitor_call_off(&monitor, "g1", err, sizeof(err));
}

/* By the name, which is all that is left of a guest whose restart is put off. */
static void test_call_off_while_it_waits(void **state)
{
	(void)state;
	assert_int_equal(call_off(), -ENOENT);
	assert_non_null(strstr(err, "'g1'"));
	new_guest(1);
	shut_down(1, 1);
	finish_restart(1, 2);
	assert_int_equal(call_off(), -ENOENT); /* it lives again */
	shut_down(2, 1);
	fake->domains[2].exists = false;
	finish_work(WORK_DONE);
	assert_int_equal(monitor.records->state, RECORD_WAITING);
	assert_int_equal(monitor_call_off(&monitor, "g2", err, sizeof(err)), -ENOENT);
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

static void restart_monitor(void)
{
	monitor_free(&monitor);
	start_monitor();
	monitor_restore(&monitor, now);
}

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
	monitor.records->guard.quick_deaths = GUARD_GIVE_UP - 1;
	shut_down(1, 1); /* at once: the last straw */
	assert_false(last.create);
	finish_work(WORK_KEEP_FAILED);
	restart_monitor();
	assert_int_equal(monitor.records->guard.quick_deaths, GUARD_GIVE_UP);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_words),
		TEST(test_events),
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
