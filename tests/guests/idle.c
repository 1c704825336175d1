/* SPDX-License-Identifier: ISC */
/* The smallest guest: says that it is there, then sleeps for ever (beat=MS: wakes so often and
 * counts). */

#include "abi.h"
#include "gic.h"

const char guest_name[] = "idle";

void guest_main(void)
{
	const u64 beat = board_arg_u64("beat", 0) * timer_frequency() / 1000;
	u64 count = 0;

	gic_init();
	guest_printf("VERDICT idle PASS 0/0\nidle: here\n");
	gic_enable(board.ppi_virt);
	for (;;) {
		u64 deadline = timer_now() + beat;

		if (beat) {
			SYSREG_WRITE(cntv_cval_el0, deadline);
			SYSREG_WRITE(cntv_ctl_el0, TIMER_ENABLE);
		}
		while (!beat || timer_now() < deadline)
			WFI();
		SYSREG_WRITE(cntv_ctl_el0, 0);
		guest_printf("idle: beat %lu\n", ++count);
	}
}
