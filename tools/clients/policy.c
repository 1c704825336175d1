/* SPDX-License-Identifier: ISC */
/* What is to be done with a guest that has shut down: its policy, and the guard against loops. */
#include "policy.h"

#include <libctrl.h>

static const char *const action_names[MONITOR_ACTION_COUNT] = {
	[MONITOR_DESTROY] = "destroy",
	[MONITOR_RESTART] = "restart",
	[MONITOR_PRESERVE] = "preserve",
	[MONITOR_RENAME_RESTART] = "rename-restart",
};

const char *monitor_action_name(enum monitor_action action)
{
	return (unsigned)action < MONITOR_ACTION_COUNT ? action_names[action] : "?";
}

bool policy_restarts(enum monitor_action action)
{
	return action == MONITOR_RESTART || action == MONITOR_RENAME_RESTART;
}

bool policy_event(unsigned reason, enum monitor_event *event)
{
	static const enum monitor_event events[] = {
		[CTRL_SHUTDOWN_POWEROFF] = MONITOR_ON_POWEROFF,
		[CTRL_SHUTDOWN_REBOOT] = MONITOR_ON_REBOOT,
		[CTRL_SHUTDOWN_CRASH] = MONITOR_ON_CRASH,
		[CTRL_SHUTDOWN_WATCHDOG] = MONITOR_ON_WATCHDOG,
	};

	if (reason == CTRL_SHUTDOWN_SUSPEND)
		return false;
	/* A reason that nobody here knows (soft reset among them) is no orderly end. */
	*event = reason < sizeof(events) / sizeof(events[0]) ? events[reason] : MONITOR_ON_CRASH;
	return true;
}

int guard_next_delay(struct guard *guard, int64_t lived_ms)
{
	static const int delays[] = {0, 0, 1000, 2000, 4000, 8000, 16000, 32000, GUARD_LONGEST_MS};
	const uint32_t last = sizeof(delays) / sizeof(delays[0]) - 1;

	if (lived_ms >= GUARD_QUICK_MS)
		guard->quick_deaths = 0;
	else if (guard->quick_deaths < UINT32_MAX)
		guard->quick_deaths++;
	return delays[guard->quick_deaths < last ? guard->quick_deaths : last];
}
