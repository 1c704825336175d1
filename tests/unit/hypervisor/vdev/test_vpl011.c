/* SPDX-License-Identifier: ISC */
/*
 * The emulated UART: its registers, its ring, its interrupt, and guests that scribble on the ring.
 */
#include "unit.h"
#include <stdlib.h>
#include <string.h>

#include <host/host.h>
#include <lib/errno.h>
#include <vdev/mmio.h>
#include <public/arch-arm.h>
#include <public/event_channel.h>
#include <public/io/console.h>
#include <public/memory.h>
#include "../../../../hypervisor/vdev/vgic.h"
#include "whole.h"

#define RING_GFN ((GUEST_MAGIC_BASE >> PAGE_SHIFT) + 3)
#define OUT_SIZE 2048u
#define IN_SIZE  1024u

enum { DR = 0x00, RSR = 0x04, FR = 0x18, IMSC = 0x38, RIS = 0x3c, MIS = 0x40, ICR = 0x44 };
enum { BUSY = 1 << 3, RXFE = 1 << 4, TXFF = 1 << 5, RXFF = 1 << 6, TXFE = 1 << 7 };
enum { RX = 1 << 4, TX = 1 << 5, RT = 1 << 6 };

static struct domain *d;
static struct vcpu *v;
static struct xencons_interface *ring;
static uint32_t guest_port, port; /* the guest's end; dom0's, once bound */

/* ---- the toolstack ---- */

static struct domain *make_domain(unsigned nr_spis)
{
	struct xen_domctl op = {.u.createdomain = {.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
						   .max_vcpus = 2,
						   .max_evtchn_port = 1023,
						   .max_grant_frames = 1,
						   .grant_opts = 1,
						   .arch.nr_spis = nr_spis}};
	struct domain *made;

	assert_int_equal(whole_domctl(XEN_DOMCTL_createdomain, 0, &op), 0);
	made = domain_get(op.domain);
	domain_put(made);
	op.u.max_mem.max_memkb = 64;
	assert_int_equal(whole_domctl(XEN_DOMCTL_max_mem, made->id, &op), 0);
	op.u.max_vcpus.max = 2;
	assert_int_equal(whole_domctl(XEN_DOMCTL_max_vcpus, made->id, &op), 0);
	op.u.paging_mempool.size = MiB(1);
	assert_int_equal(whole_domctl(XEN_DOMCTL_set_paging_mempool_size, made->id, &op), 0);
	assert_int_equal(whole_populate(made->id, RING_GFN, 1), 1);
	return made;
}

static long init_vuart(struct domain *to, uint32_t cmd, uint32_t type, uint64_t gfn)
{
	struct xen_domctl op = {.u.vuart_op = {.cmd = cmd, .type = type, .gfn = gfn}};
	long ret = whole_domctl(XEN_DOMCTL_vuart_op, to->id, &op);

	guest_port = op.u.vuart_op.evtchn;
	return ret;
}

static long evtchn(struct vcpu *by, unsigned cmd, void *arg, size_t size)
{
	void *p = whole_scratch(size);
	long ret;

	memcpy(p, arg, size);
	ret = host_hypercall(by, __HYPERVISOR_event_channel_op, cmd, (uintptr_t)p, 0);
	memcpy(arg, p, size);
	whole_scratch_reset();
	return ret;
}

static long bind(void)
{
	struct evtchn_bind_interdomain b = {.remote_dom = d->id, .remote_port = guest_port};
	long ret = evtchn(whole_vcpu, EVTCHNOP_bind_interdomain, &b, sizeof(b));

	port = b.local_port;
	return ret;
}

static struct xencons_interface *ring_of(struct domain *of)
{
	enum p2m_type type;
	mfn_t mfn;

	assert_int_equal(p2m_lookup(of, GFN(RING_GFN), &mfn, &type, NULL), 0);
	return phys_to_virt(mfn_to_pa(mfn));
}

static int setup(void **state)
{
	whole_setup(state);
	d = make_domain(1);
	v = d->vcpu[0];
	ring = ring_of(d);
	memset(ring, 0xa5, PAGE_SIZE);
	assert_int_equal(init_vuart(d, 0, 0, RING_GFN), 0);
	assert_int_equal(bind(), 0);
	return 0;
}

static int teardown(void **state)
{
	if (d)
		assert_int_equal(whole_destroy(d->id), 0);
	d = NULL;
	return whole_teardown(state);
}

/* ---- the daemon ---- */

static void tell(void)
{
	struct evtchn_send send = {.port = port};

	assert_int_equal(evtchn(whole_vcpu, EVTCHNOP_send, &send, sizeof(send)), 0);
}

/* Was dom0 told since the last time? */
static bool told(void)
{
	bool pending = evtchn_port_pending(whole_dom0, port);

	if (pending)
		whole_dom0->shared_info->evtchn_pending[port / 64] &= ~BIT64(port % 64);
	return pending;
}

static void put_input(const char *text)
{
	for (; *text; text++)
		ring->in[ring->in_prod++ % IN_SIZE] = *text;
	tell();
}

static void take_output(unsigned count)
{
	ring->out_cons += count;
	tell();
}

/* ---- the guest ---- */

static bool access_uart(uint64_t offset, uint8_t size, bool write, uint64_t *value)
{
	struct mmio_result got;

	if (write)
		return mmio_write(v, GUEST_PL011_BASE + offset, size, *value);
	got = mmio_read(v, GUEST_PL011_BASE + offset, size);
	*value = mmio_cut(got.value, size);
	return got.done;
}

static uint64_t read_sized(uint64_t offset, uint8_t size)
{
	uint64_t value = 0;

	assert_true(access_uart(offset, size, false, &value));
	return value;
}

static uint32_t get(uint64_t offset)
{
	return (uint32_t)read_sized(offset, 4);
}

static void put(uint64_t offset, uint64_t value)
{
	assert_true(access_uart(offset, 4, true, &value));
}

static bool line(void)
{
	const struct virq *q = virq_get(v, GUEST_VPL011_SPI);

	assert_non_null(q);
	return q->flags & VIRQ_LINE;
}

/* ---- tests ---- */

static void who_gets_one(void **state)
{
	struct domain *other = make_domain(0);

	(void)state;
	assert_int_equal(init_vuart(d, 0, 0, RING_GFN), -EBUSY);
	assert_int_equal(init_vuart(other, 0, 0, RING_GFN), -EINVAL); /* no SPI */
	assert_int_equal(whole_destroy(other->id), 0);
	other = make_domain(32);
	assert_int_equal(init_vuart(other, 1, 0, RING_GFN), -EINVAL);
	assert_int_equal(init_vuart(other, 0, 1, RING_GFN), -EINVAL);
	assert_int_equal(init_vuart(other, 0, 0, RING_GFN + 1), -EINVAL);
	assert_int_equal(init_vuart(other, 0, 0, ~0ULL), -EINVAL);
	domain_unpause(other);
	assert_int_equal(init_vuart(other, 0, 0, RING_GFN), -EBUSY); /* has run */
	assert_int_equal(whole_destroy(other->id), 0);
}

static void after_reset(void **state)
{
	(void)state;
	assert_int_equal(get(FR), TXFE | RXFE);
	assert_int_equal(get(DR), 0);
	assert_int_equal(get(RSR), 0);
	assert_int_equal(get(IMSC), 0);
	assert_int_equal(get(RIS), 0);
	assert_int_equal(get(MIS), 0);
	assert_int_equal(get(ICR), 0);
	assert_int_equal(ring->in_cons | ring->in_prod | ring->out_cons | ring->out_prod, 0);
	assert_false(line());
}

static void sizes(void **state)
{
	uint64_t value = 0x1234;

	(void)state;
	assert_int_equal(read_sized(FR, 1), TXFE | RXFE);
	assert_int_equal(read_sized(FR, 2), TXFE | RXFE);
	assert_int_equal(read_sized(FR + 1, 1), 0);
	assert_int_equal(read_sized(FR + 2, 2), 0);
	assert_false(access_uart(DR, 8, false, &value));
	assert_false(access_uart(FR + 2, 4, false, &value)); /* not aligned */
	value = 0xffffffff;
	assert_true(access_uart(IMSC, 1, true, &value));
	assert_int_equal(get(IMSC), 0xff);
	assert_true(access_uart(IMSC + 1, 1, true, &value));
	assert_int_equal(get(IMSC), 0x7ff);
	assert_int_equal(read_sized(IMSC + 1, 1), 7);
	value = 'x';
	assert_true(access_uart(DR, 1, true, &value));
	assert_true(access_uart(DR + 1, 1, true, &value)); /* not the data */
	assert_int_equal(ring->out_prod, 1);
	put_input("ab");
	assert_int_equal(read_sized(DR + 1, 1), 0);
	assert_int_equal(read_sized(DR, 1), 'a');
	/* What an SBSA UART has not: zero, and no harm. */
	for (unsigned offset = 0x24; offset <= 0x34; offset += 4) {
		put(offset, ~0u);
		assert_int_equal(get(offset), 0);
	}
	assert_int_equal(get(0xfe0), 0);
}

static void output(void **state)
{
	const char *text = "Linux version 6.1";

	(void)state;
	for (const char *c = text; *c; c++) {
		told();
		put(DR, (uint32_t)*c | 0xffffff00);
		assert_true(told());
		assert_int_equal(get(FR), TXFE | RXFE); /* sent already */
	}
	assert_int_equal(ring->out_prod, strlen(text));
	assert_memory_equal(ring->out, text, strlen(text));
}

static void output_without_a_daemon(void **state)
{
	struct evtchn_close close = {.port = port};

	(void)state;
	assert_int_equal(evtchn(whole_vcpu, EVTCHNOP_close, &close, sizeof(close)), 0);
	put(DR, 'a');
	assert_int_equal(ring->out_prod, 1);
	assert_int_equal(bind(), 0); /* the next daemon */
	assert_true(told());
	put(DR, 'b');
	assert_true(told());
}

static void full_ring(void **state)
{
	(void)state;
	put(IMSC, TX);
	assert_false(line()); /* nothing was ever sent */
	put(DR, 0);
	assert_int_equal(get(MIS), TX);
	assert_true(line());
	for (unsigned i = 1; i < OUT_SIZE - 16; i++)
		put(DR, i);
	assert_int_equal(get(MIS), TX);
	for (unsigned i = OUT_SIZE - 16; i < OUT_SIZE; i++) {
		assert_int_equal(get(FR), TXFE | RXFE);
		put(DR, i);
		assert_int_equal(get(RIS), 0); /* a driver would write 16 bytes without looking */
	}
	assert_false(line());
	assert_int_equal(get(FR), TXFF | BUSY | RXFE);
	told();
	put(DR, 0x55); /* lost */
	assert_false(told());
	assert_int_equal(ring->out_prod, OUT_SIZE);
	assert_int_equal((uint8_t)ring->out[0], 0);
	take_output(15);
	assert_int_equal(get(FR), TXFE | RXFE);
	assert_int_equal(get(RIS), 0);
	take_output(1);
	assert_int_equal(get(MIS), TX);
	assert_true(line());
	put(ICR, TX);
	assert_false(line());
	take_output(1); /* told once */
	assert_false(line());
	put(DR, 0x77);
	assert_int_equal((uint8_t)ring->out[0], 0x77);
	assert_true(line());
}

static void input(void **state)
{
	(void)state;
	put(IMSC, RX | RT);
	put_input("ok\r");
	assert_int_equal(get(FR), TXFE);
	assert_int_equal(get(RIS), RX | RT);
	assert_true(line());
	put(ICR, 0x7ff); /* as Linux does when it opens the port */
	assert_false(line());
	assert_int_equal(get(FR), TXFE);
	assert_int_equal(get(DR), 'o');
	assert_true(line()); /* there is more */
	told();
	assert_int_equal(get(DR), 'k');
	assert_false(told());
	assert_int_equal(get(DR), '\r');
	assert_true(told()); /* all taken */
	assert_false(line());
	assert_int_equal(get(FR), TXFE | RXFE);
	assert_int_equal(get(DR), 0);
	assert_int_equal(ring->in_cons, 3);
	put(IMSC, 0);
	put_input("x");
	assert_int_equal(get(RIS), RX | RT);
	assert_int_equal(get(MIS), 0);
	assert_false(line());
	put(IMSC, RT);
	assert_true(line());
}

static void full_input(void **state)
{
	char text[IN_SIZE + 1];

	(void)state;
	memset(text, 'i', IN_SIZE);
	text[IN_SIZE] = '\0';
	put_input(text);
	assert_int_equal(get(FR), TXFE | RXFF);
	for (unsigned i = 1; i <= IN_SIZE; i++) {
		told();
		assert_int_equal(get(DR), 'i');
		assert_int_equal(told(), i == IN_SIZE / 2 || i == IN_SIZE);
	}
	assert_int_equal(get(FR), TXFE | RXFE);
}

static void indices_wrap(void **state)
{
	(void)state;
	d->vuart.out_prod = d->vuart.in_cons = ~0u - 2;
	ring->out_prod = ring->out_cons = ring->in_prod = ring->in_cons = ~0u - 2;
	for (unsigned i = 0; i < 10; i++) {
		put(DR, 'a' + i);
		put_input("z");
		assert_int_equal(get(DR), 'z');
		take_output(1);
	}
	assert_int_equal(ring->out_prod, 7);
	assert_int_equal(ring->in_cons, 7);
}

/* Indices that cannot be are as no room and no data; they are believed again when they can be. */
static void impossible_indices(void **state)
{
	static const uint32_t bad[] = {OUT_SIZE + 1, ~0u, 0x80000000, 1u << 20};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		ring->out_cons = d->vuart.out_prod - bad[i];
		ring->in_prod = d->vuart.in_cons + bad[i];
		tell();
		assert_int_equal(get(FR), TXFF | BUSY | RXFE);
		put(DR, 'l');
		assert_int_equal(get(DR), 0);
	}
	assert_int_equal(d->vuart.out_prod | d->vuart.in_cons, 0);
	ring->out_cons = ring->in_prod = 0;
	/* The hypervisor's own are only written. */
	ring->out_prod = ring->in_cons = 0xdead;
	put(DR, 'a');
	put_input("b");
	assert_int_equal(get(DR), 'b');
	assert_int_equal(ring->out_prod, 1);
	assert_int_equal(ring->in_cons, 1);
}

/* A page that the guest gives away stays until the UART is gone. */
static void page_taken_away(void **state)
{
	enum p2m_type type;
	mfn_t mfn;

	(void)state;
	assert_int_equal(p2m_take(d, GFN(RING_GFN), BIT(P2M_RAM), INVALID_MFN, &mfn, &type), 0);
	page_put(mfn);
	put(DR, 'a');
	assert_int_equal(ring->out_prod, 1);
	put_input("b");
	assert_int_equal(get(DR), 'b');
}

static void nothing_stays(void **state)
{
	uint64_t before;

	(void)state;
	assert_int_equal(whole_destroy(d->id), 0);
	before = page_nr_free();
	for (unsigned i = 0; i < 20; i++) {
		d = make_domain(1);
		v = d->vcpu[0];
		ring = ring_of(d);
		assert_int_equal(init_vuart(d, 0, 0, RING_GFN), 0);
		if (i % 3)
			assert_int_equal(bind(), 0);
		if (i % 2)
			domain_unpause(d);
		put(DR, 'x');
		host_yield_every = i % 4;
		assert_int_equal(whole_destroy(d->id), 0);
		host_yield_every = 0;
		assert_int_equal(page_nr_free(), before);
		if (i % 3) {
			struct evtchn_close close = {.port = port};

			tell(); /* nobody is there */
			assert_int_equal(evtchn(whole_vcpu, EVTCHNOP_close, &close, 4), 0);
		}
	}
	d = NULL;
}

static void any_allocation_fails(void **state)
{
	uint64_t before = page_nr_free();
	struct domain *other;
	long ret = -ENOMEM;

	(void)state;
	for (unsigned n = 1; ret; n++) {
		other = make_domain(1);
		whole_fail_at = n;
		ret = init_vuart(other, 0, 0, RING_GFN);
		whole_fail_at = 0;
		assert_true(ret == 0 || ret == -ENOMEM);
		if (ret) /* as if it had not been tried */
			assert_false(mmio_read(other->vcpu[0], GUEST_PL011_BASE, 4).done);
		assert_int_equal(whole_destroy(other->id), 0);
		assert_int_equal(page_nr_free(), before);
	}
}

/* Anything at any time: the line is what the registers say, and what is ours only moves on. */
static void random_accesses(void **state)
{
	static const uint8_t sizes_of[] = {1, 2, 4, 8};
	uint32_t out_prod = 0, in_cons = 0;

	(void)state;
	srandom(7);
	for (unsigned i = 0; i < 200000; i++) {
		uint64_t value = (uint64_t)random();
		uint64_t offset =
			random() % 8 ? (uint64_t)random() % 0x50 : (uint64_t)random() % 0x1000;

		if (random() % 16 == 0)
			((uint32_t *)&ring->in_cons)[random() % 4] =
				random() % 4 ? d->vuart.out_prod - (uint32_t)random() % 2100
					     : (uint32_t)random();
		if (random() % 8 == 0)
			tell();
		access_uart(offset, sizes_of[random() % 4], random() % 2, &value);
		assert_int_equal(line(), (d->vuart.ris & d->vuart.imsc) != 0);
		assert_true(d->vuart.out_prod - out_prod <= 1 && d->vuart.in_cons - in_cons <= 1);
		out_prod = d->vuart.out_prod;
		in_cons = d->vuart.in_cons;
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(who_gets_one),
		T(after_reset),
		T(sizes),
		T(output),
		T(output_without_a_daemon),
		T(full_ring),
		T(input),
		T(full_input),
		T(indices_wrap),
		T(impossible_indices),
		T(page_taken_away),
		T(nothing_stays),
		T(any_allocation_fails),
		T(random_accesses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
