/* SPDX-License-Identifier: ISC */
/*
 * Ends in the way that its arguments name, after a verdict: reason=poweroff|reboot|suspend|crash|
 * watchdog|soft_reset|NUMBER and by=sched|psci|watchdog (psci knows poweroff and reboot; watchdog
 * means one that is let expire). With code=1 the reason is left by SHUTDOWN_code first and the
 * crash follows.
 */

#include "abi.h"
#include "gic.h"
#include "psci.h"

const char guest_name[] = "shutdown";

static const char *const reasons[] = {"poweroff", "reboot",   "suspend",
				      "crash",    "watchdog", "soft_reset"};

static u32 reason_wanted(void)
{
	const char *value = board_arg("reason");

	for (u32 n = 0; value && n < ARRAY_SIZE(reasons); n++)
		if (!strcmp(value, reasons[n]))
			return n;
	return (u32)board_arg_u64("reason", SHUTDOWN_poweroff);
}

/* What cannot be a way to end does not end it. */
static void check_refused(void)
{
	struct sched_shutdown bad = {.reason = SHUTDOWN_MAX + 1};
	struct sched_remote_shutdown remote = {.domain_id = xen_is_dom0() ? 4321 : 0};

	CHECK_RC(xen_sched_op(SCHEDOP_shutdown_code, mmu_map_page(3, 0, MMU_NONE)), -XEN_EFAULT);
	CHECK_RC(xen_sched_op(SCHEDOP_remote_shutdown, &remote),
		 xen_is_dom0() ? -XEN_ESRCH : -XEN_EPERM);
	(void)bad;
}

static void let_watchdog_expire(void)
{
	struct sched_watchdog w = {.id = 0, .timeout = 1};

	if (xen_sched_op(SCHEDOP_watchdog, &w) != 1)
		guest_printf("there is no watchdog\n");
	for (;;)
		WFI();
}

static const struct check checks[] = {{"refused", check_refused}};

void guest_main(void)
{
	u32 reason = reason_wanted();
	const char *by = board_arg("by");

	check_run(checks, ARRAY_SIZE(checks));
	guest_printf("VERDICT shutdown %s\n", check_failed() ? "FAIL 0/1 refused" : "PASS 1/1");
	if (by && !strcmp(by, "psci"))
		psci_call(reason == SHUTDOWN_reboot ? PSCI_SYSTEM_RESET : PSCI_SYSTEM_OFF, 0, 0, 0);
	if (by && !strcmp(by, "watchdog"))
		let_watchdog_expire();
	xen_shutdown(reason);
	guest_printf("shutdown with reason %u came back\n", reason);
	for (;;)
		WFI();
}
