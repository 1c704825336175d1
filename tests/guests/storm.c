/* SPDX-License-Identifier: ISC */
/*
 * A guest that does everything wrong as fast as it can. It must neither stop the machine nor fill
 * the hypervisor's log: run.py limits what appears on the console between the two marks.
 */

#include "abi.h"
#include "gic.h"
#include "psci.h"

const char guest_name[] = "storm";

#define COUNT 20000

static u64 hole;

static void check_hypercalls(void)
{
	for (unsigned n = 0; n < COUNT && !check_failed(); n++)
		CHECK_RC(hypercall(100 + n % 1000, n, n, n, n, n), -XEN_ENOSYS);
}

static void check_pointers(void)
{
	for (unsigned n = 0; n < COUNT && !check_failed(); n++)
		CHECK_RC(xen_version(XENVER_get_features, (void *)(hole + n)), -XEN_EFAULT);
}

static void check_aborts(void)
{
	u64 value;

	for (unsigned n = 0; n < COUNT && !check_failed(); n++)
		CHECK_EQ(ESR_EC(probe_read32(hole + n * 4, &value)), EC_DABT_SAME);
}

static void check_gic(void)
{
	u64 value;

	for (unsigned n = 0; n < COUNT; n++) {
		probe_read16(board.gic[0].base + n % 0x1000, &value);
		probe_write64(board.gic[0].base + 0xd00 + n % 0x300, n);
	}
}

static void check_smc(void)
{
	for (unsigned n = 0; n < COUNT && !check_failed(); n++)
		CHECK_RC(psci_call(0x84001000 + n, n, n, n), PSCI_NOT_SUPPORTED);
}

static void check_undefined(void)
{
	u64 x0 = 0;

	for (unsigned n = 0; n < COUNT / 10 && !check_failed(); n++) {
		CHECK_EQ(ESR_EC(probe_instruction(0xd4000002 | (1 + n % 999) << 5, &x0)),
			 EC_UNKNOWN);
		CHECK_EQ(ESR_EC(probe_mrs(SYSREG_CODE(3, 4, 1, 1, 0), &x0)), EC_UNKNOWN);
	}
}

static void check_events(void)
{
	for (unsigned n = 0; n < COUNT; n++) {
		struct evtchn_send op = {.port = n * 77777};

		xen_event_op(EVTCHNOP_send, &op);
		xen_event_op(EVTCHNOP_unmask, &op);
		xen_event_op(EVTCHNOP_close, &op);
	}
}

/* The timer cannot be used to keep the hypervisor from anything else. */
static void check_timers(void)
{
	for (unsigned n = 0; n < COUNT; n++) {
		SYSREG_WRITE(cntp_cval_el0, n & 1 ? 0 : timer_now() + 1);
		SYSREG_WRITE(cntp_ctl_el0, TIMER_ENABLE);
		SYSREG_WRITE(cntp_ctl_el0, TIMER_ENABLE | TIMER_IMASK);
		SYSREG_WRITE(cntv_cval_el0, n & 1 ? 0 : timer_now() + 1);
		SYSREG_WRITE(cntv_ctl_el0, TIMER_ENABLE);
		SYSREG_WRITE(cntv_ctl_el0, 0);
	}
	SYSREG_WRITE(cntp_ctl_el0, 0);
}

static const struct check checks[] = {
	{"hypercalls", check_hypercalls},
	{"pointers", check_pointers},
	{"aborts", check_aborts},
	{"gic", check_gic},
	{"smccc", check_smc},
	{"undefined", check_undefined},
	{"events", check_events},
	{"timers", check_timers},
};

void guest_main(void)
{
	gic_init();
	hole = board.ram[board.ram_count - 1].base + board.ram[board.ram_count - 1].size;
	guest_printf("STORM BEGINS\n");
	check_run(checks, ARRAY_SIZE(checks));
	guest_printf("STORM ENDS\n");
}
