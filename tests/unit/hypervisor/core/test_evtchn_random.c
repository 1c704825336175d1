/* SPDX-License-Identifier: ISC */
/*
 * Event channels under long random sequences beside a model, and with shared words that the guest
 * garbles.
 */
#include "unit.h"
#include <lib/errno.h>
#include <string.h>

#include <host/host.h>
#include <public/xen.h>
#include "ports.h"

/* Shared words that the guest garbled: no effect on anything but its own events. */
static void test_garbled_words(void **state)
{
	uint64_t seed = 0x1234567;
	uint32_t pa, pb;

	(void)state;
	port_connect_pair(&pa, &pb);
	for (unsigned i = 0; i < 2000; i++) {
		uint8_t *bytes = (uint8_t *)a->shared_info;

		for (unsigned j = 0; j < sizeof(struct shared_info); j++)
			bytes[j] = (uint8_t)random_next(&seed);
		assert_int_equal(port_op(b, EVTCHNOP_send, pb), 0);
		assert_true(port_is_pending(a, pa));
		assert_int_equal(port_op(a, EVTCHNOP_unmask, pa), 0);
	}
	assert_int_equal(world.crashed, 0);
}

/* ---- a model ---- */

#define MODEL_PORTS 40

static struct model_port {
	enum { M_FREE, M_UNBOUND, M_CONNECTED, M_IPI, M_VIRQ } state;
	unsigned remote; /* domain: index */
	uint32_t peer;
	uint32_t vcpu, virq;
	bool pending;
} model[3][MODEL_PORTS];

static struct domain *doms[3];

static uint32_t model_lowest(unsigned d)
{
	for (uint32_t p = 1; p < MODEL_PORTS; p++)
		if (model[d][p].state == M_FREE)
			return p;
	return 0;
}

/* The guest sees an event: what the model says must be what the words say. */
static void model_compare(void)
{
	static const uint32_t stats[] = {EVTCHNSTAT_closed, EVTCHNSTAT_unbound,
					 EVTCHNSTAT_interdomain, EVTCHNSTAT_ipi, EVTCHNSTAT_virq};

	for (unsigned d = 0; d < 3; d++) {
		for (uint32_t p = 1; p < MODEL_PORTS; p++) {
			const struct model_port *m = &model[d][p];
			struct evtchn_status s = {0};

			if (evtchn_get_status(doms[d], p, &s) == -EINVAL) {
				assert_int_equal(m->state, M_FREE);
				continue;
			}
			assert_int_equal(s.status, stats[m->state]);
			assert_int_equal(port_is_pending(doms[d], p), m->pending);
			if (m->state != M_FREE)
				assert_int_equal(s.vcpu, m->vcpu);
			if (m->state == M_CONNECTED) {
				assert_int_equal(s.u.interdomain.dom, doms[m->remote]->id);
				assert_int_equal(s.u.interdomain.port, m->peer);
			}
			if (m->state == M_UNBOUND)
				assert_int_equal(s.u.unbound.dom, doms[m->remote]->id);
		}
	}
}

static void model_new(unsigned d, uint32_t p, int state, unsigned remote)
{
	model[d][p] = (struct model_port){.state = state, .remote = remote};
}

static void step_alloc(unsigned d, uint64_t *seed)
{
	unsigned remote = (unsigned)random_below(seed, 3);
	uint32_t want = model_lowest(d);

	if (!want)
		return;
	assert_int_equal(port_alloc(doms[d], DOMID_SELF, doms[remote]->id), want);
	model_new(d, want, M_UNBOUND, remote);
}

static void step_bind(unsigned d, uint64_t *seed)
{
	unsigned rd = (unsigned)random_below(seed, 3);
	uint32_t rport = (uint32_t)random_below(seed, MODEL_PORTS), want = model_lowest(d);
	struct model_port *m = &model[rd][rport];
	long ret;

	if (!want)
		return;
	ret = port_bind(doms[d], doms[rd]->id, rport);
	if (m->state != M_UNBOUND || m->remote != d) {
		assert_int_equal(ret, -EINVAL);
		return;
	}
	assert_int_equal(ret, want);
	m->state = M_CONNECTED;
	m->peer = want;
	model_new(d, want, M_CONNECTED, rd);
	model[d][want].peer = rport;
	model[d][want].pending = true;
}

static void step_send(unsigned d, uint64_t *seed)
{
	uint32_t p = (uint32_t)random_below(seed, MODEL_PORTS);
	struct model_port *m = &model[d][p];
	long ret = port_op(doms[d], EVTCHNOP_send, p);

	if (m->state == M_CONNECTED)
		model[m->remote][m->peer].pending = true;
	else if (m->state == M_IPI)
		m->pending = true;
	assert_int_equal(ret, m->state == M_FREE || m->state == M_VIRQ ? -EINVAL : 0);
}

static void step_close(unsigned d, uint64_t *seed)
{
	uint32_t p = (uint32_t)random_below(seed, MODEL_PORTS);
	struct model_port *m = &model[d][p];

	assert_int_equal(port_op(doms[d], EVTCHNOP_close, p), m->state == M_FREE ? -EINVAL : 0);
	if (m->state == M_CONNECTED) {
		struct model_port *peer = &model[m->remote][m->peer];

		peer->state = M_UNBOUND;
		peer->remote = d;
	}
	*m = (struct model_port){0};
}

static void step_ipi(unsigned d, uint64_t *seed)
{
	uint32_t vcpu = (uint32_t)random_below(seed, doms[d]->max_vcpus), want = model_lowest(d);

	if (!want)
		return;
	assert_int_equal(port_bind_ipi(doms[d], vcpu), want);
	model_new(d, want, M_IPI, 0);
	model[d][want].vcpu = vcpu;
}

static void step_virq(unsigned d, uint64_t *seed)
{
	uint32_t vcpu = (uint32_t)random_below(seed, doms[d]->max_vcpus), want = model_lowest(d);
	bool bound = false;
	long ret;

	for (uint32_t p = 1; p < MODEL_PORTS; p++)
		bound |= model[d][p].state == M_VIRQ && model[d][p].vcpu == vcpu;
	if (!want)
		return;
	ret = port_bind_virq(doms[d], VIRQ_DEBUG, vcpu);
	assert_int_equal(ret, bound ? -EEXIST : (long)want);
	if (!bound) {
		model_new(d, want, M_VIRQ, 0);
		model[d][want].vcpu = vcpu;
	}
	evtchn_virq(doms[d]->vcpu[vcpu], VIRQ_DEBUG);
	for (uint32_t p = 1; p < MODEL_PORTS; p++)
		if (model[d][p].state == M_VIRQ && model[d][p].vcpu == vcpu)
			model[d][p].pending = true;
}

static void step_bind_vcpu(unsigned d, uint64_t *seed)
{
	uint32_t p = (uint32_t)random_below(seed, MODEL_PORTS);
	uint32_t vcpu = (uint32_t)random_below(seed, doms[d]->max_vcpus);
	struct model_port *m = &model[d][p];
	bool may = m->state == M_UNBOUND || m->state == M_CONNECTED;

	assert_int_equal(port_bind_vcpu(doms[d], p, vcpu), may ? 0 : -EINVAL);
	if (may)
		m->vcpu = vcpu;
}

static void step_consume(unsigned d, uint64_t *seed)
{
	(void)seed;
	port_take_all(doms[d]);
	for (uint32_t p = 0; p < MODEL_PORTS; p++)
		model[d][p].pending = false;
}

static void step_reset(unsigned d, uint64_t *seed)
{
	if (random_below(seed, 20))
		return;
	host_yield_every = 2;
	arg.reset.dom = DOMID_SELF;
	assert_int_equal(port_call(doms[d], EVTCHNOP_reset), 0);
	host_yield_every = 0;
	for (uint32_t p = 1; p < MODEL_PORTS; p++) {
		struct model_port *m = &model[d][p], *peer = &model[m->remote][m->peer];

		if (m->state == M_CONNECTED && peer->state == M_CONNECTED) {
			peer->state = M_UNBOUND;
			peer->remote = d;
		}
		*m = (struct model_port){0};
	}
	/* Peers within the same domain became unbound only to be closed next. */
	for (uint32_t p = 1; p < MODEL_PORTS; p++)
		model[d][p] = (struct model_port){0};
}

static void test_random(void **state)
{
	static void (*const steps[])(unsigned d, uint64_t *seed) = {
		step_alloc, step_alloc,     step_bind,    step_bind,  step_bind,
		step_send,  step_send,      step_send,    step_close, step_ipi,
		step_virq,  step_bind_vcpu, step_consume, step_reset,
	};
	uint64_t seed = 0xe7c4a11;

	(void)state;
	doms[0] = dom0;
	doms[1] = a;
	doms[2] = b;
	memset(model, 0, sizeof(model));
	for (unsigned d = 0; d < 3; d++)
		for (unsigned i = 1; i < doms[d]->max_vcpus; i++)
			assert_int_equal(
				evtchn_register_vcpu_info(doms[d]->vcpu[i], GFN(1), i * 64), 0);
	for (unsigned i = 0; i < 60000; i++) {
		unsigned d = (unsigned)random_below(&seed, 3);

		steps[random_below(&seed, ARRAY_SIZE(steps))](d, &seed);
		model_compare();
	}
	for (unsigned d = 0; d < 3; d++) {
		unsigned active = 0;

		for (uint32_t p = 1; p < MODEL_PORTS; p++)
			active += model[d][p].state != M_FREE;
		assert_int_equal(doms[d]->evtchn.nr_active, active);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ports_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_garbled_words),
		TEST(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
