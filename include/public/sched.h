/* SPDX-License-Identifier: ISC */
/* A vCPU giving way, and a domain going down: sched_op(cmd, arg). */
#ifndef PUBLIC_SCHED_H
#define PUBLIC_SCHED_H

/* Facts from xen/sched.h. */
#include "event_channel.h"

#define SCHEDOP_yield           0 /* no argument */
#define SCHEDOP_block           1 /* no argument: unmask events, sleep until one is pending */
#define SCHEDOP_shutdown        2 /* does not return, save for SHUTDOWN_suspend */
#define SCHEDOP_poll            3
#define SCHEDOP_remote_shutdown 4 /* privileged */
#define SCHEDOP_shutdown_code   5 /* sched_shutdown: remember the reason, go on running */
#define SCHEDOP_watchdog        6

#define SHUTDOWN_poweroff   0
#define SHUTDOWN_reboot     1
#define SHUTDOWN_suspend    2
#define SHUTDOWN_crash      3
#define SHUTDOWN_watchdog   4
#define SHUTDOWN_soft_reset 5
#define SHUTDOWN_MAX        5

struct sched_shutdown {
	uint32_t reason; /* in: SHUTDOWN_* */
};

/* Sleep until one of the ports is pending. -EINVAL: a port that is not valid. */
struct sched_poll {
	XEN_GUEST_HANDLE(evtchn_port_t) ports;
	uint32_t nr_ports; /* at most 128 */
	uint64_t timeout;  /* absolute system time in ns, 0 = none */
};

struct sched_remote_shutdown {
	domid_t domain_id;
	uint32_t reason; /* in: SHUTDOWN_* */
};

struct sched_watchdog {
	uint32_t id;      /* 0 = give me a new one, which is the result */
	uint32_t timeout; /* seconds from now; 0 = stop it */
};

/* Layout, in bytes. */
XEN_ASSERT_SIZE(struct sched_shutdown, 4);
XEN_ASSERT_SIZE(struct sched_poll, 24);
XEN_ASSERT_OFFSET(struct sched_poll, nr_ports, 8);
XEN_ASSERT_OFFSET(struct sched_poll, timeout, 16);
XEN_ASSERT_SIZE(struct sched_remote_shutdown, 8);
XEN_ASSERT_OFFSET(struct sched_remote_shutdown, reason, 4);
XEN_ASSERT_SIZE(struct sched_watchdog, 8);
XEN_ASSERT_OFFSET(struct sched_watchdog, timeout, 4);

#endif /* PUBLIC_SCHED_H */
