/* SPDX-License-Identifier: ISC */
/* Event channels in the FIFO layout: queues, links, priorities, masks, and exact errors. */

#include "events.h"
#include "gic.h"

const char guest_name[] = "fifo";

static struct evtchn_fifo_control_block *control;
static char control_page[PAGE_SIZE] ALIGN_PAGE;
static event_word_t words[2 * PAGE_SIZE / sizeof(event_word_t)] ALIGN_PAGE;
static u32 upcalls;

#define WORD_PENDING (1U << EVTCHN_FIFO_PENDING)
#define WORD_MASKED  (1U << EVTCHN_FIFO_MASKED)
#define WORD_LINKED  (1U << EVTCHN_FIFO_LINKED)

static void hook(struct cpu *cpu, unsigned intid)
{
	if (intid != board.ppi_event)
		return;
	upcalls++;
	__atomic_store_n(&events_vcpu_info(cpu->index)->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
}

static long init_control(u64 gfn, u32 offset, u32 vcpu)
{
	struct evtchn_init_control op = {.control_gfn = gfn, .offset = offset, .vcpu = vcpu};
	long rc = xen_event_op(EVTCHNOP_init_control, &op);

	if (!rc)
		CHECK_EQ(op.link_bits, EVTCHN_FIFO_LINK_BITS);
	return rc;
}

static long expand_array(u64 gfn)
{
	struct evtchn_expand_array op = {.array_gfn = gfn};

	return xen_event_op(EVTCHNOP_expand_array, &op);
}

static void check_errors_before(void)
{
	const u64 gfn = (u64)control_page / PAGE_SIZE;

	CHECK_RC(init_control(gfn, 4, 0), -XEN_EINVAL);              /* not 8-byte aligned */
	CHECK_RC(init_control(gfn, PAGE_SIZE - 64, 0), -XEN_EINVAL); /* leaves the page */
	CHECK_RC(init_control(gfn, 0xfffffff8, 0), -XEN_EINVAL);
	CHECK_RC(init_control(gfn, 0, 4000), -XEN_ENOENT);
	CHECK_RC(init_control(1UL << 40, 0, 0), -XEN_EINVAL);
	CHECK_RC(expand_array((u64)words / PAGE_SIZE), -XEN_EOPNOTSUPP); /* still 2-level */
}

static void check_setup(void)
{
	const u64 gfn = (u64)control_page / PAGE_SIZE;

	CHECK_RC(init_control(gfn, 128, 0), 0);
	control = (void *)(control_page + 128);
	CHECK_EQ(control->ready, 0);
	CHECK_RC(init_control(gfn, 256, 0), -XEN_EINVAL); /* twice */
	CHECK_RC(expand_array(1UL << 40), -XEN_EINVAL);
	for (u32 port = 1; port < 64; port++)
		if (events_is_daemons(
			    port)) /* who send when they please: not what is looked at here */
			words[port] = WORD_MASKED;
	CHECK_RC(expand_array((u64)words / PAGE_SIZE), 0);
	CHECK_RC(expand_array((u64)words / PAGE_SIZE + 1), 0);
}

struct pair {
	u32 a, b;
};

static struct pair pair_make(void)
{
	struct pair p = {0, 0};

	CHECK_RC(events_alloc(DOMID_SELF, DOMID_SELF, &p.a), 0);
	CHECK_RC(events_bind(DOMID_SELF, p.a, &p.b), 0);
	CHECK(p.b < ARRAY_SIZE(words));
	return p;
}

static void pair_close(struct pair p)
{
	CHECK_RC(events_close(p.a), 0);
	CHECK_RC(events_close(p.b), 0);
}

/*
 * Takes the first port off a queue, as the consumer's side of the ABI prescribes: clear LINKED and
 * the link in one step, then PENDING. 0 when the queue is empty.
 */
static u32 consume(u32 queue)
{
	static u32 heads[EVTCHN_FIFO_MAX_QUEUES];
	u32 port = heads[queue] ? heads[queue] : READ_ONCE(control->head[queue]);
	u32 word, next;

	if (!(READ_ONCE(control->ready) >> queue & 1) && !heads[queue])
		return 0;
	if (!heads[queue])
		__atomic_fetch_and(&control->ready, ~(1U << queue), __ATOMIC_ACQ_REL);
	if (!port)
		return 0;
	word = __atomic_load_n(&words[port], __ATOMIC_ACQUIRE);
	while (!__atomic_compare_exchange_n(&words[port], &word,
					    word & ~(WORD_LINKED | EVTCHN_FIFO_LINK_MASK), false,
					    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		;
	next = word & EVTCHN_FIFO_LINK_MASK;
	heads[queue] = next;
	__atomic_fetch_and(&words[port], ~WORD_PENDING, __ATOMIC_ACQ_REL);
	return port;
}

static void settle(void)
{
	IRQ_ON();
	for (unsigned n = 0; n < 20; n++)
		guest_yield();
	IRQ_OFF();
}

/* The pending event of a new pair, and of anything else, is taken away. */
static void drain(void)
{
	settle();
	for (u32 queue = 0; queue < EVTCHN_FIFO_MAX_QUEUES; queue++)
		for (unsigned n = 0; n < 100 && consume(queue); n++)
			;
	upcalls = 0;
}

#define QUEUE EVTCHN_FIFO_PRIORITY_DEFAULT

static void check_send(void)
{
	struct pair p = pair_make();

	CHECK(words[p.b] & WORD_PENDING); /* binding makes it pending, as in 2-level */
	drain();
	for (u32 n = 0; n < 50; n++) {
		CHECK_RC(events_send(p.a), 0);
		CHECK_EQ(words[p.b] & (WORD_PENDING | WORD_LINKED), WORD_PENDING | WORD_LINKED);
		CHECK_EQ(control->ready, 1U << QUEUE);
		CHECK_EQ(control->head[QUEUE], p.b);
		CHECK_RC(events_send(p.a), 0); /* linked only once */
		CHECK_EQ(consume(QUEUE), p.b);
		CHECK_EQ(consume(QUEUE), 0);
		CHECK_EQ(words[p.b] & (WORD_PENDING | WORD_LINKED), 0);
	}
	settle();
	CHECK(upcalls >= 1);
	pair_close(p);
}

/* Several ports come in the order in which they were sent, linked one to the next. */
static void check_order(void)
{
	struct pair p[8];

	for (unsigned n = 0; n < 8; n++)
		p[n] = pair_make();
	drain();
	for (unsigned n = 0; n < 8; n++)
		CHECK_RC(events_send(p[(n * 3) % 8].a), 0);
	for (unsigned n = 0; n < 7; n++)
		CHECK_EQ(words[p[(n * 3) % 8].b] & EVTCHN_FIFO_LINK_MASK, p[(n + 1) * 3 % 8].b);
	for (unsigned n = 0; n < 8; n++)
		CHECK_EQ(consume(QUEUE), p[(n * 3) % 8].b);
	CHECK_EQ(consume(QUEUE), 0);
	for (unsigned n = 0; n < 8; n++)
		pair_close(p[n]);
}

static void check_mask(void)
{
	struct pair p = pair_make();

	drain();
	__atomic_fetch_or(&words[p.b], WORD_MASKED, __ATOMIC_ACQ_REL);
	CHECK_RC(events_send(p.a), 0);
	CHECK_EQ(words[p.b] & (WORD_PENDING | WORD_LINKED), WORD_PENDING);
	settle();
	CHECK_EQ(upcalls, 0);
	CHECK_EQ(consume(QUEUE), 0);
	CHECK_RC(events_unmask(p.b), 0);
	CHECK_EQ(words[p.b] & (WORD_PENDING | WORD_LINKED | WORD_MASKED),
		 WORD_PENDING | WORD_LINKED);
	settle();
	CHECK(upcalls > 0);
	CHECK_EQ(consume(QUEUE), p.b);
	pair_close(p);
}

static long set_priority(u32 port, u32 priority)
{
	struct evtchn_set_priority op = {.port = port, .priority = priority};

	return xen_event_op(EVTCHNOP_set_priority, &op);
}

static void check_priority(void)
{
	struct pair p = pair_make();

	drain();
	CHECK_RC(set_priority(p.b, EVTCHN_FIFO_PRIORITY_MIN + 1), -XEN_EINVAL);
	CHECK_RC(set_priority(~0U, 0), -XEN_EINVAL);
	CHECK_RC(set_priority(p.b, 2), 0);
	CHECK_RC(events_send(p.a), 0);
	CHECK_EQ(control->ready, 1U << 2);
	CHECK_EQ(consume(QUEUE), 0);
	CHECK_EQ(consume(2), p.b);
	CHECK_RC(set_priority(p.b, QUEUE), 0);
	CHECK_RC(events_send(p.a), 0);
	CHECK_EQ(consume(QUEUE), p.b);
	pair_close(p);
}

/* What the guest writes into the words is its own problem, not the hypervisor's. */
static void check_garbage(void)
{
	struct pair p = pair_make(), q = pair_make();

	drain();
	for (unsigned n = 0; n < 200; n++) {
		u32 junk = n * 0x9e3779b9U;

		words[p.b] = junk;
		words[q.b] = ~junk;
		control->ready = junk;
		control->head[QUEUE] = junk;
		events_send(p.a);
		events_send(q.a);
		events_unmask(p.b);
		events_unmask(q.b);
	}
	words[p.b] = words[q.b] = 0;
	control->ready = 0;
	memset(control->head, 0, sizeof(control->head));
	pair_close(p);
	pair_close(q);
}

static const struct check checks[] = {
	{"errors-before", check_errors_before},
	{"setup", check_setup},
	{"send", check_send},
	{"order", check_order},
	{"mask", check_mask},
	{"priority", check_priority},
	{"garbage", check_garbage},
};

void guest_main(void)
{
	gic_init();
	irq_hook = hook;
	if (!events_init())
		return;
	check_run(checks, ARRAY_SIZE(checks));
}
