/* SPDX-License-Identifier: ISC */
/* The words of a guest's policy, and which of its events a shutdown is. */
#include "unit.h"

#include "clients/policy.h"

static void test_action_names(void **state)
{
	static const char *const names[MONITOR_ACTION_COUNT] = {
		[MONITOR_DESTROY] = "destroy",
		[MONITOR_RESTART] = "restart",
		[MONITOR_PRESERVE] = "preserve",
		[MONITOR_RENAME_RESTART] = "rename-restart",
	};

	(void)state;
	for (int i = 0; i < MONITOR_ACTION_COUNT; i++)
		assert_string_equal(monitor_action_name((enum monitor_action)i), names[i]);
	assert_string_equal(monitor_action_name(MONITOR_ACTION_COUNT), "?");
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
		cmocka_unit_test(test_action_names),
		cmocka_unit_test(test_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
