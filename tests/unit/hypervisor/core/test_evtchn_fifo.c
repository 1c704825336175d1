/* SPDX-License-Identifier: ISC */
/*
 * The FIFO ABI of event channels, with a guest beside it that consumes as Linux does, and with
 * guests that garble their array and control block between any two steps.
 */
#include "unit.h"
#include <lib/errno.h>
#include <string.h>

#include <host/host.h>
#include <public/xen.h>
#include "ports.h"

#define WORDS 1024 /* in a page */
#define CB    2    /* frame of the control blocks, 128 bytes apart */
#define ARRAY 8    /* frames of the event array from here on */

static int set_up(void **state)
{
	(void)state;
	world_init();
	dom0 = world_domain(0, true, 1, 4);
	a = world_domain(1, false, 4, 64);
	b = world_domain(2, false, 1, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(evtchn_register_vcpu_info(a->vcpu[i], GFN(1), i * 64), 0);
	world_expose(&arg, sizeof(arg), true);
	return 0;
}

static long init_control(struct domain *d, uint32_t vcpu, uint64_t gfn, uint32_t offset)
{
	arg.control =
		(struct evtchn_init_control){.control_gfn = gfn, .offset = offset, .vcpu = vcpu};
	return port_call(d, EVTCHNOP_init_control);
}

static long expand(struct domain *d, uint64_t gfn)
{
	arg.expand.array_gfn = gfn;
	return port_call(d, EVTCHNOP_expand_array);
}

static long set_priority(struct domain *d, uint32_t port, uint32_t priority)
{
	arg.priority = (struct evtchn_set_priority){port, priority};
	return port_call(d, EVTCHNOP_set_priority);
}

/* ---- the guest's side ---- */

static struct evtchn_fifo_control_block *block(struct domain *d, unsigned vcpu)
{
	return (struct evtchn_fifo_control_block *)((char *)world_page(d, CB) + vcpu * 128);
}

static event_word_t *word(struct domain *d, uint32_t port)
{
	return (event_word_t *)world_page(d, ARRAY + port / WORDS) + port % WORDS;
}

static uint32_t local_head[4][EVTCHN_FIFO_MAX_QUEUES]; /* by vCPU */

/* Take the first event of a queue: clear LINKED, go on with its link. 0: the queue is empty. */
static uint32_t consume_one(struct domain *d, unsigned vcpu, unsigned q)
{
	uint32_t port = local_head[vcpu][q] ? local_head[vcpu][q] : block(d, vcpu)->head[q];
	event_word_t *w, old;

	if (!port)
		return 0;
	w = word(d, port);
	old = *w;
	*w = old & ~((1U << EVTCHN_FIFO_LINKED) | EVTCHN_FIFO_LINK_MASK);
	local_head[vcpu][q] = old & EVTCHN_FIFO_LINK_MASK;
	if (!local_head[vcpu][q]) {
		block(d, vcpu)->head[q] = 0;
		block(d, vcpu)->ready &= ~(1U << q);
	}
	if (!(*w & 1U << EVTCHN_FIFO_PENDING) || *w & 1U << EVTCHN_FIFO_MASKED)
		return ~0U; /* taken off, but not to be handled */
	*w &= ~(1U << EVTCHN_FIFO_PENDING);
	return port;
}

/* All events of a vCPU, most urgent queue first. Returns how many; they stand in order[]. */
static unsigned consume_all(struct domain *d, unsigned vcpu, uint32_t *order, unsigned max)
{
	unsigned n = 0;

	d->vcpu[vcpu]->info->evtchn_upcall_pending = 0;
	while (block(d, vcpu)->ready) {
		unsigned q = (unsigned)__builtin_ctz(block(d, vcpu)->ready);
		uint32_t port = consume_one(d, vcpu, q);

		if (!port)
			block(d, vcpu)->ready &= ~(1U << q);
		else if (port != ~0U && n < max)
			order[n++] = port;
	}
	return n;
}

static void unmask_word(struct domain *d, uint32_t port)
{
	*word(d, port) &= ~(1U << EVTCHN_FIFO_MASKED);
}

/* FIFO with all control blocks and one page of the array, nothing masked. */
static void start_fifo(void)
{
	memset(local_head, 0, sizeof(local_head));
	for (unsigned i = 0; i < 4; i++) {
		a->vcpu[i]->info->evtchn_upcall_pending =
			0; /* it was told to look when it registered */
		assert_int_equal(init_control(a, i, CB, i * 128), 0);
	}
	assert_int_equal(expand(a, ARRAY), 0);
}

static uint32_t bind_pair(uint32_t vcpu)
{
	uint32_t pa, pb;

	assert_int_equal(evtchn_alloc_unbound(a, b->id, &pa), 0);
	assert_int_equal(evtchn_bind_interdomain(b, a, pa, &pb), 0);
	assert_int_equal(pa, pb); /* so that b's port number is the same */
	assert_int_equal(evtchn_bind_vcpu(a, pa, vcpu), 0);
	return pa;
}

/* ---- tests ---- */

static void test_init_errors(void **state)
{
	(void)state;
	assert_int_equal(expand(a, ARRAY), -EOPNOTSUPP);
	assert_int_equal(set_priority(a, 1, 3), -EINVAL);
	assert_int_equal(init_control(a, 4, CB, 0), -ENOENT);
	assert_int_equal(init_control(a, ~0U, CB, 0), -ENOENT);
	assert_int_equal(init_control(a, 0, CB, 4), -EINVAL);
	assert_int_equal(init_control(a, 0, CB, 4096 - 64), -EINVAL);
	assert_int_equal(init_control(a, 0, CB, ~0U & ~7U), -EINVAL);
	assert_int_equal(init_control(a, 0, 1000, 0), -EINVAL);
	assert_int_equal(init_control(a, 0, ~0ULL, 0), -EINVAL);
	for (int n = 1; n <= 2; n++) {
		world.alloc_fails_in = n;
		assert_int_equal(init_control(a, 0, CB, 0), -ENOMEM);
	}
	assert_null(a->evtchn.fifo);
	assert_int_equal(world_refs(world_mfn(a, CB)), 1);
	assert_int_equal(init_control(a, 0, CB, 4096 - 72), 0);
	assert_int_equal(arg.control.link_bits, EVTCHN_FIFO_LINK_BITS);
	assert_int_equal(init_control(a, 0, CB, 0), -EINVAL); /* once */
	assert_int_equal(world_refs(world_mfn(a, CB)), 2);
	assert_int_equal(expand(a, 1000), -EINVAL);
	assert_int_equal(set_priority(a, 5, 3), -EINVAL);
	/* The array is full some day. */
	for (unsigned i = 0; i < 128; i++)
		assert_int_equal(expand(a, ARRAY), 0);
	assert_int_equal(expand(a, ARRAY), -ENOSPC);
	assert_int_equal(world_refs(world_mfn(a, ARRAY)), 129);
	/* Other domains are as they were. */
	assert_int_equal(expand(b, 1), -EOPNOTSUPP);
}

static void test_order(void **state)
{
	uint32_t order[8], port[6];

	(void)state;
	start_fifo();
	for (unsigned i = 0; i < 6; i++)
		port[i] = bind_pair(0);
	assert_int_equal(set_priority(a, port[3], EVTCHN_FIFO_PRIORITY_MAX), 0);
	assert_int_equal(set_priority(a, port[1], EVTCHN_FIFO_PRIORITY_MIN), 0);
	assert_int_equal(set_priority(a, port[1], EVTCHN_FIFO_PRIORITY_MIN + 1), -EINVAL);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(port_op(b, EVTCHNOP_send, port[i]), 0);
	assert_int_equal(world.upcalls[a->slot][0],
			 2); /* one by registering vcpu_info, one by the first event */
	assert_int_equal(port_op(b, EVTCHNOP_send, port[0]), 0); /* again: it is queued already */
	assert_int_equal(consume_all(a, 0, order, 8), 6);
	assert_int_equal(order[0], port[3]);
	assert_int_equal(order[1], port[0]);
	assert_int_equal(order[2], port[2]);
	assert_int_equal(order[3], port[4]);
	assert_int_equal(order[4], port[5]);
	assert_int_equal(order[5], port[1]);
	assert_int_equal(consume_all(a, 0, order, 8), 0);
	assert_int_equal(port_op(b, EVTCHNOP_send, port[5]), 0);
	assert_int_equal(world.upcalls[a->slot][0], 3);
	assert_int_equal(consume_all(a, 0, order, 8), 1);
}

static void test_mask(void **state)
{
	uint32_t order[4], port;

	(void)state;
	start_fifo();
	port = bind_pair(1);
	*word(a, port) |= 1U << EVTCHN_FIFO_MASKED;
	assert_int_equal(port_op(b, EVTCHNOP_send, port), 0);
	assert_true(evtchn_port_pending(a, port));
	assert_int_equal(consume_all(a, 1, order, 4), 0);
	assert_int_equal(port_op(a, EVTCHNOP_unmask, port), 0);
	assert_int_equal(consume_all(a, 1, order, 4), 1);
	assert_int_equal(order[0], port);
	assert_false(evtchn_port_pending(a, port));
	assert_int_equal(port_op(a, EVTCHNOP_unmask, port), 0);
	assert_int_equal(consume_all(a, 1, order, 4), 0);
	/* Masked while queued: taken off silently; unmasking brings it back. */
	assert_int_equal(port_op(b, EVTCHNOP_send, port), 0);
	*word(a, port) |= 1U << EVTCHN_FIFO_MASKED;
	assert_int_equal(consume_all(a, 1, order, 4), 0);
	assert_int_equal(port_op(a, EVTCHNOP_unmask, port), 0);
	assert_int_equal(consume_all(a, 1, order, 4), 1);
}

/* The event that ends a queue comes again, at the same place or another: never linked to itself. */
static void test_tail_again(void **state)
{
	uint32_t order[4], p, q;

	(void)state;
	start_fifo();
	p = bind_pair(0);
	q = bind_pair(0);
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(port_op(b, EVTCHNOP_send, p), 0);
		assert_int_equal(consume_all(a, 0, order, 4), 1);
		assert_int_equal(order[0], p);
	}
	for (unsigned i = 0; i < 64; i++) {
		assert_int_equal(port_op(b, EVTCHNOP_send, q), 0);
		assert_int_equal(port_op(b, EVTCHNOP_send, p), 0);
		/* While p is queued on one vCPU it moves to another, or to another queue: it stays
		 * for now. */
		assert_int_equal(evtchn_bind_vcpu(a, p, i % 2), 0);
		assert_int_equal(set_priority(a, p, i % 3), 0);
		assert_int_equal(port_op(b, EVTCHNOP_send, p), 0);
		assert_int_equal(consume_all(a, 0, order, 4) + consume_all(a, 1, order, 4), 2);
	}
}

/* Pending before there is a word for it, in the 2-level bitmap or later: not lost. */
static void test_before_the_array(void **state)
{
	uint32_t order[4], p, q;

	(void)state;
	memset(local_head, 0, sizeof(local_head));
	p = bind_pair(0);
	q = bind_pair(0);
	assert_int_equal(port_op(b, EVTCHNOP_send, p), 0);
	assert_int_equal(init_control(a, 0, CB, 0), 0);
	assert_true(evtchn_port_pending(a, p));
	assert_false(evtchn_port_pending(a, q));
	assert_int_equal(port_op(b, EVTCHNOP_send, q), 0);
	assert_int_equal(expand(a, ARRAY), 0);
	assert_int_equal(consume_all(a, 0, order, 4), 2);
	/* A vCPU without a control block: pending, but nobody is told. */
	assert_int_equal(evtchn_bind_vcpu(a, p, 2), 0);
	assert_int_equal(port_op(b, EVTCHNOP_send, p), 0);
	assert_true(evtchn_port_pending(a, p));
	assert_false(*word(a, p) & 1U << EVTCHN_FIFO_LINKED);
	/* A closed port's event does not reach the next user. */
	assert_int_equal(port_op(a, EVTCHNOP_close, p), 0);
	assert_int_equal(port_op(b, EVTCHNOP_close, p), 0);
	assert_int_equal(bind_pair(0), p);
	assert_false(evtchn_port_pending(a, p));
}

static void test_many_ports(void **state)
{
	static uint32_t order[1100];

	(void)state;
	start_fifo();
	for (unsigned i = 1; i <= 1023; i++)
		assert_int_equal(bind_pair(i % 4), i);
	for (unsigned i = 1; i <= 1023; i++)
		assert_int_equal(port_op(b, EVTCHNOP_send, 1024 - i), 0);
	for (unsigned v = 0; v < 4; v++) {
		unsigned n = consume_all(a, v, order, 1100);

		assert_int_equal(n, v ? 256 : 255);
		for (unsigned i = 0; i < n; i++) /* in the order of sending */
			assert_true(!i || order[i] < order[i - 1]);
	}
}

static void test_reset(void **state)
{
	uint32_t p, q;

	(void)state;
	start_fifo();
	p = bind_pair(0);
	assert_int_equal(port_op(b, EVTCHNOP_send, p), 0);
	arg.port = DOMID_SELF;
	assert_int_equal(port_call(a, EVTCHNOP_reset), 0);
	assert_null(a->evtchn.fifo);
	assert_int_equal(world_refs(world_mfn(a, CB)), 1);
	assert_int_equal(world_refs(world_mfn(a, ARRAY)), 1);
	/* 2-level again. */
	assert_int_equal(port_op(b, EVTCHNOP_close, p), 0);
	q = bind_pair(0);
	assert_int_equal(port_op(b, EVTCHNOP_send, q), 0);
	assert_true(a->shared_info->evtchn_pending[0] & BIT64(q));
	assert_int_equal(set_priority(a, q, 1), -ENOSYS);
	/* And over again. */
	start_fifo();
	assert_true(evtchn_port_pending(a, q));
}

/* ---- hostile guests ---- */

static uint64_t seed;

static void garble(void)
{
	uint32_t *w = world_page(a, ARRAY);

	switch (random_below(&seed, 6)) {
	case 0: /* everything */
		for (unsigned i = 0; i < WORDS; i++)
			w[i] = (uint32_t)random_next(&seed);
		break;
	case 1: /* links of ports that exist to ports that do not */
		w[random_below(&seed, 16)] =
			1U << EVTCHN_FIFO_LINKED | (uint32_t)random_below(&seed, 1 << 17);
		break;
	case 2: /* a circle */
		for (unsigned i = 1; i < 16; i++)
			w[i] = 1U << EVTCHN_FIFO_LINKED | (i % 15 + 1);
		break;
	case 3: /* nothing is linked, whatever we thought */
		memset(w, 0, PAGE_SIZE);
		break;
	case 4:
		w[random_below(&seed, 16)] ^= 1U << EVTCHN_FIFO_LINKED;
		break;
	default:
		for (unsigned i = 0; i < 128; i++)
			((uint32_t *)world_page(a, CB))[i] = (uint32_t)random_next(&seed);
	}
}

static void test_hostile(void **state)
{
	uint32_t port[12];

	(void)state;
	seed = 0xf1f0;
	start_fifo();
	for (unsigned i = 0; i < ARRAY_SIZE(port); i++)
		port[i] = bind_pair(i % 4);
	for (unsigned i = 0; i < 50000; i++) {
		uint32_t p = port[random_below(&seed, ARRAY_SIZE(port))];

		garble();
		switch (random_below(&seed, 6)) {
		case 0:
			assert_int_equal(port_op(a, EVTCHNOP_unmask, p), 0);
			break;
		case 1:
			assert_int_equal(set_priority(a, p, (uint32_t)random_below(&seed, 16)), 0);
			break;
		case 2:
			assert_int_equal(evtchn_bind_vcpu(a, p, (uint32_t)random_below(&seed, 4)),
					 0);
			break;
		case 3:
			assert_int_equal(port_op(b, EVTCHNOP_close, p), 0);
			assert_int_equal(evtchn_bind_interdomain(b, a, p, &(uint32_t){0}), 0);
			break;
		default:
			assert_int_equal(port_op(b, EVTCHNOP_send, p), 0);
		}
	}
	assert_int_equal(world.crashed, 0);
	/* A page that it uses for both, and as its own vcpu_info. */
	for (unsigned i = 1; i < 120; i++)
		assert_int_equal(expand(a, CB), 0);
	assert_int_equal(expand(a, 1), 0);
	for (unsigned i = 0; i < 12; i++)
		assert_int_equal(port_op(b, EVTCHNOP_send, port[i]), 0);
}

/* A guest that plays by the rules loses nothing and gets nothing twice, in any interleaving of
 * steps. */
static void test_random(void **state)
{
	bool sent[32] = {false};
	uint32_t port[12];

	(void)state;
	seed = 0xabcdef;
	start_fifo();
	for (unsigned i = 0; i < ARRAY_SIZE(port); i++)
		port[i] = bind_pair(i % 4);
	for (unsigned i = 0; i < 100000; i++) {
		uint32_t p = port[random_below(&seed, ARRAY_SIZE(port))], got;
		unsigned v = (unsigned)random_below(&seed, 4), q;

		switch (random_below(&seed, 8)) {
		case 0:
			assert_int_equal(set_priority(a, p, (uint32_t)random_below(&seed, 16)), 0);
			break;
		case 1:
			assert_int_equal(evtchn_bind_vcpu(a, p, v), 0);
			break;
		case 2:
			*word(a, p) |= 1U << EVTCHN_FIFO_MASKED;
			break;
		case 3:
			assert_int_equal(port_op(a, EVTCHNOP_unmask, p), 0);
			break;
		case 4:
		case 5:
			assert_int_equal(port_op(b, EVTCHNOP_send, p), 0);
			sent[p] = true;
			break;
		default: /* one step of the consumer */
			if (!block(a, v)->ready)
				break;
			q = (unsigned)__builtin_ctz(block(a, v)->ready);
			got = consume_one(a, v, q);
			if (got && got != ~0U) {
				assert_true(sent[got]);
				sent[got] = false;
			}
		}
	}
	for (unsigned i = 0; i < ARRAY_SIZE(port); i++) {
		unmask_word(a, port[i]);
		assert_int_equal(port_op(a, EVTCHNOP_unmask, port[i]), 0);
	}
	for (unsigned v = 0; v < 4; v++) {
		uint32_t order[32];
		unsigned n = consume_all(a, v, order, 32);

		while (n--) {
			assert_true(sent[order[n]]);
			sent[order[n]] = false;
		}
	}
	for (unsigned i = 0; i < ARRAY_SIZE(sent); i++)
		assert_false(sent[i]);
	assert_int_equal(world.crashed, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_init_errors),
		TEST(test_order),
		TEST(test_mask),
		TEST(test_tail_again),
		TEST(test_before_the_array),
		TEST(test_many_ports),
		TEST(test_reset),
		TEST(test_hostile),
		TEST(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
