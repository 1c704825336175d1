/* SPDX-License-Identifier: ISC */
/* The words of a guest's policy, and which of its events a shutdown is. */
#include "unit.h"

#include "clients/policy.h"

#include <errno.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
