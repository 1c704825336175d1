/* SPDX-License-Identifier: ISC */
/*
 * Two parties that wake each other by events, ROUNDS times, and say how long a round took (a figure
 * for benchmarks, not a check). Alone: two vCPUs of one guest. As a pair of domains:
 *   role=server peer=DOMID            allocates a port for the peer and prints it
 *   role=client peer=DOMID port=PORT  binds to it and begins
 * rounds=N changes their number.
 */

#include "events.h"
#include "gic.h"

const char guest_name[] = "pingpong";

static u32 own_port, reply_port;
static u64 rounds_wanted;

/* Sleeps until the port has had one more event than *seen; false: it never came. */
static bool await_event(u32 port, u32 *seen)
{
	u64 limit = timer_now() + WAIT_SECONDS * timer_frequency();

	while (READ_ONCE(events_count[port]) == *seen && timer_now() < limit) {
		WFI(); /* masked: an interrupt that is pending by now ends it at once */
		IRQ_ON();
		ISB();
		IRQ_OFF();
	}
	(*seen)++;
	return CHECK(READ_ONCE(events_count[port]) >= *seen);
}

static void reply(u64 rounds, u32 port)
{
	u32 seen = READ_ONCE(events_count[port]);

	for (u64 n = 0; n < rounds && await_event(port, &seen); n++)
		CHECK_RC(events_send(port), 0);
}

static void begin(u64 rounds, u32 port)
{
	u32 seen = READ_ONCE(events_count[port]);
	u64 start = timer_now(), ticks;

	for (u64 n = 0; n < rounds; n++) {
		CHECK_RC(events_send(port), 0);
		if (!await_event(port, &seen))
			return;
	}
	ticks = timer_now() - start;
	check_note("%lu rounds, %lu ns each", rounds,
		   ticks * 1000 / (timer_frequency() / 1000000) / rounds);
}

static u32 ready;

static void job_reply(struct cpu *cpu, void *arg)
{
	(void)arg;
	events_init_cpu(cpu);
	__atomic_store_n(&ready, 1, __ATOMIC_RELEASE);
	reply(rounds_wanted, reply_port);
}

static void settle(void)
{
	IRQ_ON();
	for (unsigned n = 0; n < 20; n++)
		guest_yield();
	IRQ_OFF();
}

static void check_two_vcpus(void)
{
	if (board.cpu_count < 2)
		return;
	CHECK_RC(smp_start_cpu(1), 0);
	CHECK_RC(events_alloc(DOMID_SELF, DOMID_SELF, &own_port), 0);
	CHECK_RC(events_bind(DOMID_SELF, own_port, &reply_port), 0);
	settle();
	/* masked until the other vCPU is ready for it */
	smp_run(1, job_reply, NULL);
	CHECK(WAIT_FOR(__atomic_load_n(&ready, __ATOMIC_ACQUIRE)));
	CHECK_RC(events_bind_vcpu(reply_port, 1), 0);
	begin(rounds_wanted, own_port);
	CHECK(smp_wait(1));
}

static void check_server(void)
{
	u32 port = 0;

	if (!CHECK_RC(events_alloc(DOMID_SELF, (domid_t)board_arg_u64("peer", 0), &port), 0))
		return;
	guest_printf("pingpong: port %u\n", port);
	reply(rounds_wanted, port);
}

static void check_client(void)
{
	u32 port = 0;

	if (!CHECK_RC(events_bind((domid_t)board_arg_u64("peer", 0), (u32)board_arg_u64("port", 0),
				  &port),
		      0))
		return;
	settle(); /* binding is an event, too */
	begin(rounds_wanted, port);
}

void guest_main(void)
{
	static const struct check alone = {"two-vcpus", check_two_vcpus};
	static const struct check server = {"server", check_server};
	static const struct check client = {"client", check_client};
	const char *role = board_arg("role");

	gic_init();
	irq_hook = events_hook;
	if (!events_init())
		return;
	rounds_wanted = board_arg_u64("rounds", 200);
	if (!role || !*role)
		check_run(&alone, 1);
	else
		check_run(!strcmp(role, "server") ? &server : &client, 1);
}
