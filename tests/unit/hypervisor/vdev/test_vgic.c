/* SPDX-License-Identifier: ISC */
/* The vGIC, case by case: registers, refusals, delivery in order, forwarded interrupts, what it
 * costs. */
#include <stdlib.h>
#include <hyp/virq.h>
#include <string.h>
#include "unit.h"
#include "vgic/machine.h"
#include "../../../../hypervisor/vdev/vgic.h"
#include <lib/errno.h>

#define ROUTED 40

static struct vcpu *v0, *v1;

/* Two vCPUs loaded on two CPUs, everything open. */
static void start_two(unsigned version, unsigned lrs)
{
	machine_start(version, lrs, 2, 4, 256);
	v0 = machine.vcpu[0];
	v1 = machine.vcpu[1];
	machine_switch(0, v0);
	machine_switch(1, v1);
	machine_open(v0);
	machine_open(v1);
}

static void start_v3(void)
{
	start_two(3, 4);
}

static unsigned ack(struct vcpu *v)
{
	return fake_ack((unsigned)machine_cpu_of(v));
}

static void eoi(struct vcpu *v, unsigned iar)
{
	fake_eoi((unsigned)machine_cpu_of(v), iar);
	machine_settle(0);
	fake_on(0);
}

/* Take the last vCPU away: created never, as far as the vGIC can see. */
static void make_absent(unsigned id)
{
	vgic_vcpu_destroy(machine.vcpu[id]);
	free(machine.vcpu[id]);
	machine.vcpu[id] = NULL;
	machine.nr_vcpus = id;
}

static void test_init_errors(void **state __unused)
{
	static struct domain d;

	d.max_vcpus = 9;
	assert_int_equal(vgic_domain_init(&d, 2, 32, DIST_BASE, 0), -EINVAL);
	assert_int_equal(vgic_domain_init(&d, 4, 32, DIST_BASE, REDIST_BASE), -EINVAL);
	assert_int_equal(vgic_domain_init(&d, 3, 989, DIST_BASE, REDIST_BASE), -EINVAL);
	assert_int_equal(vgic_domain_init(&d, 3, 32, DIST_BASE, DIST_BASE + 0x8000), -EINVAL);
	vgic_domain_destroy(&d);
}

static struct mmio_result no_read(struct vcpu *v __unused, uint64_t offset __unused,
				  unsigned size __unused, const void *data __unused)
{
	return MMIO_REFUSED;
}

static bool no_write(struct vcpu *v __unused, uint64_t offset __unused, unsigned size __unused,
		     uint64_t value __unused, const void *data __unused)
{
	return false;
}

static const struct mmio_device no_access = {no_read, no_write};

static void test_mmio_regions(void **state __unused)
{
	static struct domain d;
	struct vcpu v = {.domain = &d};
	assert_int_equal(mmio_register(&d, 0x1000, 0, &no_access, NULL), -EINVAL);
	assert_int_equal(mmio_register(&d, ~0ULL - 0xfff, 0x2000, &no_access, NULL), -EINVAL);
	for (unsigned i = 0; i < MMIO_MAX_REGIONS; i++)
		assert_int_equal(mmio_register(&d, 0x1000 + 0x10000 * i, 0x1000, &no_access, NULL),
				 0);
	assert_int_equal(mmio_register(&d, 0x1800, 0x1000, &no_access, NULL), -EINVAL);
	assert_int_equal(mmio_register(&d, 0, 0x1001, &no_access, NULL), -EINVAL);
	assert_int_equal(mmio_register(&d, 0x900000, 0x1000, &no_access, NULL), -ENOSPC);
	assert_false(mmio_read(&v, 0x10ff8, 8).done); /* nobody there */
	assert_false(mmio_write(&v, 0x10ff8, 8, 1));
}

static void test_identification(void **state __unused)
{
	uint64_t value;

	machine_start(3, 4, 1, 128, 64);
	machine_switch(0, machine.vcpu[77]);
	v0 = machine.vcpu[77];
	assert_int_equal(machine_read32(v0, DIST_BASE + 4) & 0x1f, 2); /* 96 lines */
	assert_int_equal(machine_read32(v0, DIST_BASE) & 0x70, 0x50);  /* ARE, DS */
	assert_int_equal(machine_read32(v0, DIST_BASE + 0xffe8) & 0xf0, 0x30);
	for (unsigned i = 0; i < 128; i++) {
		gpaddr_t frame = REDIST_BASE + i * (gpaddr_t)VGIC_REDIST_STRIDE;

		assert_true(machine_read(v0, frame + 8, 8, &value));
		assert_int_equal(value >> 32, (i / 16) << 8 | i % 16);
		assert_int_equal(value >> 8 & 0xffff, i);
		assert_int_equal(value >> 4 & 1, i == 127);
		assert_int_equal(value & 0x2f, 0);
		assert_int_equal(machine_read32(v0, frame + 12), value >> 32);
		assert_int_equal(machine_read32(v0, frame + 0xffe8) & 0xf0, 0x30);
	}
	assert_false(machine_read(v0, REDIST_BASE + 128 * (gpaddr_t)VGIC_REDIST_STRIDE, 4, &value));
	machine_stop();

	machine_start(2, 4, 1, 8, 64);
	v0 = machine.vcpu[5];
	machine_switch(0, v0);
	assert_int_equal(machine_read32(v0, DIST_BASE + 4), 2 | 7 << 5);
	assert_int_equal(machine_read32(v0, DIST_BASE + 0xfe8) & 0xf0, 0x20);
	assert_int_equal(machine_read32(v0, DIST_BASE + GICD_ITARGETSR), 0x20202020);
	machine_stop();
}

/* Which sizes a register takes: bytes where the architecture says so, 64 bits for IROUTER and
 * GICR_TYPER. */
static void test_widths(void **state __unused)
{
	static const struct {
		unsigned offset, sizes;
	} rows[] = {
		{0x0, 4},    {0x4, 4},       {0x104, 4}, {0x204, 4},           {0x284, 4},
		{0x304, 4},  {0x420, 4 | 1}, {0x423, 1}, {0xc08, 4},           {0x6100, 4 | 8},
		{0x6104, 4}, {0xffe8, 4},    {0x40, 4},  {0x100000 + 0x8, 12}, {0x100000 + 0xc, 4},
	};
	uint64_t value;

	start_v3();
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		gpaddr_t at = rows[i].offset >= 0x100000 ? REDIST_BASE + rows[i].offset - 0x100000
							 : DIST_BASE + rows[i].offset;

		for (unsigned size = 1; size <= 8; size *= 2) {
			assert_int_equal(machine_read(v0, at, size, &value),
					 !!(rows[i].sizes & size));
			assert_int_equal(machine_write(v0, at, size, 0), !!(rows[i].sizes & size));
		}
	}
	machine_stop();
}

/* Every offset, every size, reads and writes of nasty values: a value or a refusal, and the vGIC
 * works after it. */
static void all_offsets(gpaddr_t base, unsigned length)
{
	static const uint64_t values[] = {0, ~0ULL, 0x5555555555555555, 0x8000000080000000};
	uint64_t value;

	for (unsigned offset = 0; offset < length; offset++)
		for (unsigned size = 1; size <= 8; size *= 2) {
			uint64_t limit = size == 8 ? ~0ULL : BIT64(8 * size) - 1;

			if (machine_read(v0, base + offset, size, &value))
				assert_true(offset % size == 0 && value <= limit);
			for (unsigned i = 0; i < ARRAY_SIZE(values); i++)
				machine_write(v0, base + offset, size, values[i] & limit);
		}
	machine_settle(0);
}

static void still_works(void)
{
	machine_open(v0);
	machine_write_bit(v0, GICD_ICACTIVER, 0, 20);
	for (unsigned n = 0; n < 288; n++) {
		machine_write_bit(v0, GICD_ICENABLER, 0, n);
		machine_write_bit(v0, GICD_ICACTIVER, 0, n);
		machine_write_bit(v0, GICD_ICPENDR, 0, n);
		if (machine.d->vgic.version == 2 && n < 16)
			assert_true(machine_write(v0, DIST_BASE + GICD_CPENDSGIR + n, 1, 0xff));
	}
	machine_settle(0);
	machine_enable(v0, 20, 0x40);
	assert_int_equal(ack(v0), FAKE_NONE);
	fake_on(0);
	vgic_raise_local(v0, 20);
	assert_int_equal(ack(v0), 20);
	eoi(v0, 20);
}

static void test_all_offsets(void **state __unused)
{
	for (unsigned version = 2; version <= 3; version++) {
		start_two(version, 4);
		assert_int_equal(vgic_route_spi(machine.d, ROUTED), 0);
		make_absent(3);
		all_offsets(DIST_BASE, 0x10000);
		if (version == 3)
			all_offsets(REDIST_BASE, 4 * VGIC_REDIST_STRIDE);
		still_works();
		machine_stop();
	}
}

/* Lines beyond the last one read as zero and do not come to life. */
static void test_beyond_lines(void **state __unused)
{
	uint64_t value;

	machine_start(3, 4, 1, 1, 64);
	v0 = machine.vcpu[0];
	machine_switch(0, v0);
	for (unsigned n = 96; n < 1020; n += 4) {
		assert_true(machine_write(v0, DIST_BASE + GICD_IPRIORITYR + n, 4, ~0U));
		assert_int_equal(machine_read32(v0, DIST_BASE + GICD_IPRIORITYR + n), 0);
		machine_write32(v0, machine_reg(GICD_ISENABLER, 1, 0, n), ~0U);
		assert_int_equal(machine_read32(v0, machine_reg(GICD_ISENABLER, 1, 0, n)), 0);
		machine_write32(v0, machine_reg(GICD_ICFGR, 2, 0, n), ~0U);
		assert_int_equal(machine_read32(v0, machine_reg(GICD_ICFGR, 2, 0, n)), 0);
		assert_true(machine_write(v0, DIST_BASE + GICD_IROUTER + 8 * n, 8, 0));
		assert_true(machine_read(v0, DIST_BASE + GICD_IROUTER + 8 * n, 8, &value));
		assert_int_equal(value, 0);
	}
	vgic_raise_spi(machine.d, 96);
	vgic_set_spi_level(machine.d, 5000, true);
	for (unsigned b = 0; b < VGIC_SPI_BLOCKS; b++)
		assert_null(machine.d->vgic.spi[b]);
	machine_stop();
}

/* Linux writes every register at boot: what is as at reset costs no memory. */
static void test_blocks_when_changed(void **state __unused)
{
	start_v3();
	for (unsigned n = 32; n < 288; n++) {
		machine_write_bit(v0, GICD_ICENABLER, 0, n);
		machine_write_bit(v0, GICD_ICACTIVER, 0, n);
		machine_write32(v0, machine_reg(GICD_ICFGR, 2, 0, n), 0);
		assert_true(machine_write(v0, DIST_BASE + GICD_IROUTER + 8 * n, 8, 0));
	}
	for (unsigned b = 0; b < VGIC_SPI_BLOCKS; b++)
		assert_null(machine.d->vgic.spi[b]);
	machine_enable(v0, 100, 0x40);
	assert_non_null(machine.d->vgic.spi[2]);
	assert_null(machine.d->vgic.spi[1]);
	machine_stop();
}

/* SGIs of every class; targets that are not there are passed over. */
static uint32_t sgi_pending(unsigned intid)
{
	uint32_t set = 0;

	for (unsigned i = 0; i < machine.nr_vcpus; i++) {
		struct vcpu *v = machine.vcpu[i];
		struct virq *q = virq_find(v, intid);

		fake_on(machine_cpu_of(v) >= 0 ? (unsigned)machine_cpu_of(v) : 0);
		if (virq_state(machine.d, q).pending)
			set |= 1u << i;
		fake_on(0);
		machine_write_bit(v0, GICD_ICPENDR, i, intid);
		virq_lock(machine.d, q);
		q->latch = 0;
		q->drop = 0xff;
		virq_update(v, q);
		vgic_unlock(v);
		machine_settle(0);
	}
	return set;
}

static void test_sgir_classes(void **state __unused)
{
	start_two(2, 4);
	make_absent(3);
	for (unsigned class = 0; class < 4 * 256 * 16; class ++) {
		unsigned filter = class >> 12, list = class >> 4 & 0xff, intid = class & 15;
		const unsigned want[4] = {list & 7, 6, 1, 0};

		machine_write32(v0, DIST_BASE + GICD_SGIR,
				filter << 24 | list << 16 | 0x8000 | intid);
		machine_settle(0);
		assert_int_equal(sgi_pending(intid), want[filter]);
	}
	machine_stop();
}

static void test_sgi1r_classes(void **state __unused)
{
	start_v3();
	make_absent(3);
	for (unsigned list = 0; list < 0x10000; list += list < 16 ? 1 : 0x1111)
		for (unsigned bad = 0; bad < 6; bad++) {
			static const uint64_t elsewhere[6] = {0,         BIT64(16), BIT64(23),
							      BIT64(32), BIT64(44), BIT64(55)};

			fake_on(0);
			vgic_v3_write_sgi1r(v0, elsewhere[bad] | 5 << 24 | list);
			machine_settle(0);
			assert_int_equal(sgi_pending(5), bad ? 0 : list & 7);
		}
	fake_on(0);
	vgic_v3_write_sgi1r(v0, BIT64(40) | ~0ULL << 48 | 5 << 24);
	machine_settle(0);
	assert_int_equal(sgi_pending(5), 6);
	machine_stop();
}

static void test_sgi_to_cluster(void **state __unused)
{
	machine_start(3, 4, 1, 128, 32);
	v0 = machine.vcpu[0];
	machine_switch(0, v0);
	vgic_v3_write_sgi1r(v0, 7 << 16 | 3 << 24 | 0x8001); /* 7.0 and 7.15 */
	for (unsigned i = 0; i < 128; i++)
		assert_int_equal(machine.vcpu[i]->vgic.local[3].latch, i == 112 || i == 127);
	machine_stop();
}

static void test_absent_vcpus(void **state __unused)
{
	uint64_t value;

	start_v3();
	make_absent(3);
	assert_false(machine_read(v0, REDIST_BASE + 3 * VGIC_REDIST_STRIDE + 8, 8, &value));
	assert_false(machine_write(v0, REDIST_BASE + 3 * VGIC_REDIST_STRIDE + 0x10100, 4, ~0U));
	for (unsigned target = 0; target < 300; target++) {
		bool there = target < 3;

		assert_true(machine_write(v0, DIST_BASE + GICD_IROUTER + 8 * 50, 8, 1));
		assert_true(machine_write(v0, DIST_BASE + GICD_IROUTER + 8 * 50, 8,
					  vgic_vcpu_affinity(target)));
		assert_true(machine_read(v0, DIST_BASE + GICD_IROUTER + 8 * 50, 8, &value));
		assert_int_equal(value, there ? target : 1);
	}
	assert_true(machine_write(v0, DIST_BASE + GICD_IROUTER + 8 * 50, 8,
				  BIT64(31))); /* IRM: there is no 1-of-N */
	assert_true(machine_read(v0, DIST_BASE + GICD_IROUTER + 8 * 50, 8, &value));
	assert_int_equal(value, 0);
	machine_stop();
}

/* Everything at once, mixed priorities: all of it, once, in order. */
static void all_at_once(unsigned version, unsigned lrs)
{
	uint64_t seed = 99;
	unsigned last = 0, count = 0;
	bool seen[288] = {false};
	uint8_t priority[288];

	start_two(version, lrs);
	for (unsigned n = 0; n < 288; n++) {
		priority[n] = (uint8_t)(random_below(&seed, 31) << 3);
		machine_write_bit(v0, GICD_ICENABLER, 0, n);
		machine_write32(v0, machine_reg(GICD_ICFGR, 2, 0, n), 0xaaaaaaaa);
		assert_true(machine_write(v0, machine_reg(GICD_IPRIORITYR, 8, 0, n) + n % 4, 1,
					  priority[n]));
	}
	for (unsigned n = 288; n-- > 0;) {
		fake_on(n & 1); /* some by another CPU */
		if (n < 16)
			vgic_send_sgi(v0, n, 0);
		else if (n < 32)
			vgic_raise_local(v0, n);
		else
			vgic_raise_spi(machine.d, n);
		machine_write_bit(v0, GICD_ISENABLER, 0, n);
		machine_settle(n & 1);
	}
	for (;;) {
		unsigned iar = ack(v0);

		if (iar == FAKE_NONE)
			break;
		assert_false(seen[iar & 0x3ff]);
		seen[iar & 0x3ff] = true;
		assert_true(priority[iar & 0x3ff] >= last);
		last = priority[iar & 0x3ff];
		count++;
		eoi(v0, iar);
	}
	assert_int_equal(count, 288);
	machine_stop();
}

static void test_all_at_once(void **state __unused)
{
	all_at_once(3, 4);
	all_at_once(2, 4);
	all_at_once(3, 2);
	all_at_once(3, 16);
}

/* More nested interrupts than list registers: each is ended, none is lost. */
static void test_deep_nesting(void **state __unused)
{
	unsigned iars[16];

	start_v3();
	for (unsigned i = 0; i < 16; i++)
		machine_enable(v0, 32 + i, 0xf0 - 8 * i);
	for (unsigned i = 0; i < 16; i++) {
		fake_on(0);
		vgic_raise_spi(machine.d, 32 + i);
		machine_settle(0);
		iars[i] = ack(v0);
		assert_int_equal(iars[i], 32 + i);
		machine_settle(0);
	}
	for (unsigned i = 16; i-- > 0;) {
		assert_true(machine_read_bit(v0, GICD_ISACTIVER, 0, 32 + i));
		eoi(v0, iars[i]);
		assert_false(machine_read_bit(v0, GICD_ISACTIVER, 0, 32 + i));
	}
	assert_true(list_empty(&v0->vgic.ready));
	machine_stop();
}

static void test_more_urgent_displaces(void **state __unused)
{
	start_v3();
	for (unsigned i = 0; i < 6; i++) {
		machine_enable(v0, 32 + i, 0xa0);
		vgic_raise_spi(machine.d, 32 + i);
	}
	machine_enable(v0, 50, 0x20);
	vgic_raise_spi(machine.d, 50);
	assert_int_equal(ack(v0), 50);
	machine_stop();
}

static void test_level_fires_again(void **state __unused)
{
	start_v3();
	machine_enable(v0, 30, 0x80);
	vgic_set_local_level(v0, 30, true);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(ack(v0), 30);
		eoi(v0, 30);
	}
	vgic_set_local_level(v0, 30, false); /* while pending: it goes away */
	assert_int_equal(ack(v0), FAKE_NONE);
	vgic_set_local_level(v0, 30, true);
	assert_int_equal(ack(v0), 30);
	vgic_set_local_level(v0, 30, false);
	eoi(v0, 30);
	assert_int_equal(ack(v0), FAKE_NONE);
	machine_stop();
}

/* The physical timer interrupt goes with its vCPU in every state. */
static void test_timer_switch(void **state __unused)
{
	start_v3();
	machine_switch(1, NULL);
	machine_enable(v0, FAKE_TIMER, 0x80);

	/* Pending in a list register, not taken. */
	machine_timer_line(v0, true);
	machine_settle(0);
	assert_true(fake.cif[0].timer_active);
	machine_switch(0, v1);
	assert_false(fake.cif[0].timer_active);
	machine_enable(v1, FAKE_TIMER, 0x80);
	machine_timer_line(v1, true); /* the other one's fires meanwhile */
	machine_settle(0);
	assert_int_equal(ack(v1), FAKE_TIMER);

	/* Both active or pending; the first goes on on another CPU. */
	machine_switch(1, v0);
	assert_true(fake.cif[0].timer_active && fake.cif[1].timer_active);
	assert_int_equal(fake_ack(1), FAKE_TIMER);
	machine_switch(1, NULL);
	assert_false(fake.cif[1].timer_active);
	machine_switch(1, v0);
	machine_timer_line(v0, false);
	eoi(v0, FAKE_TIMER);
	assert_false(fake.cif[1].timer_active);
	eoi(v1, FAKE_TIMER); /* its line is still high: it fires again */
	assert_int_equal(ack(v1), FAKE_TIMER);

	/* Never delivered: disabled in the redistributor. */
	machine_write_bit(v0, GICD_ICENABLER, 0, FAKE_TIMER);
	machine_timer_line(v0, true);
	machine_settle(0);
	assert_int_equal(ack(v0), FAKE_NONE);
	machine_switch(1, NULL);
	assert_false(fake.cif[1].timer_active);
	machine_stop();
}

static void test_forward_spi(void **state __unused)
{
	start_v3();
	assert_int_equal(vgic_route_spi(machine.d, 33),
			 -EBUSY); /* the hypervisor's, says the fake */
	assert_int_equal(vgic_route_spi(machine.d, 288), -EINVAL);
	assert_int_equal(vgic_route_spi(machine.d, 27), -EINVAL);
	assert_int_equal(vgic_route_spi(machine.d, ROUTED), 0);
	assert_int_equal(vgic_route_spi(machine.d, ROUTED), -EBUSY);

	fake_spi_line(ROUTED, true);
	machine_settle(0);
	assert_false(fake.spi[ROUTED].active); /* not enabled yet */
	machine_enable(v0, ROUTED, 0x80);
	assert_true(fake.spi[ROUTED].enabled);
	assert_ptr_equal(fake.spi[ROUTED].target, cpus[0]);
	machine_settle(1); /* taken by another CPU than the guest's */
	assert_int_equal(ack(v0), ROUTED);
	assert_true(machine_read_bit(v0, GICD_ISPENDR, 0, ROUTED)); /* the line */
	eoi(v0, ROUTED);
	assert_int_equal(ack(v0), ROUTED);
	fake_spi_line(ROUTED, false);
	machine_write_bit(v0, GICD_ICACTIVER, 0, ROUTED);
	assert_false(fake.spi[ROUTED].active);
	fake_drop(0);

	machine_write_bit(v0, GICD_ISPENDR, 0, ROUTED); /* what irq_retrigger does */
	machine_settle(0);
	assert_int_equal(ack(v0), ROUTED);
	eoi(v0, ROUTED);
	assert_int_equal(ack(v0), FAKE_NONE);

	fake_spi_line(ROUTED, true);
	machine_settle(0);
	assert_int_equal(ack(v0), ROUTED);
	machine_stop(); /* and the guest dies with it: nothing stays behind */
}

static void test_forward_unrouted(void **state __unused)
{
	start_v3();
	fake.spi[60].enabled = fake.spi[60].active = true;
	vgic_forward_spi(machine.d, 60);
	assert_false(fake.spi[60].enabled || fake.spi[60].active);
	machine_stop();
}

static void test_retarget(void **state __unused)
{
	start_v3();
	machine_enable(v0, 50, 0x80);
	vgic_raise_spi(machine.d, 50);
	assert_int_equal(fake_highest(0), 50);
	assert_true(machine_write(v0, DIST_BASE + GICD_IROUTER + 8 * 50, 8, 1));
	assert_int_equal(fake_highest(0), FAKE_NONE);
	machine_settle(0);
	assert_int_equal(ack(v1), 50);
	/* Active: it stays until it is ended, what comes then goes to the new target. */
	assert_true(machine_write(v0, DIST_BASE + GICD_IROUTER + 8 * 50, 8, 0));
	fake_on(0);
	vgic_raise_spi(machine.d, 50);
	machine_settle(0);
	assert_int_equal(fake_highest(0), FAKE_NONE);
	assert_int_equal(fake_highest(1), FAKE_NONE);
	eoi(v1, 50);
	assert_int_equal(fake_highest(1), FAKE_NONE);
	assert_int_equal(ack(v0), 50);
	machine_stop();
}

static void test_wakes_sleeper(void **state __unused)
{
	start_v3();
	machine_enable(v1, 20, 0x80);
	v1->blocked = 1;
	fake_on(0);
	vgic_raise_local(v1, 21); /* not enabled */
	assert_int_equal(v1->blocked, 1);
	vgic_raise_local(v1, 20);
	assert_int_equal(v1->blocked, 0);
	/* Its own CPU, idle with its state still loaded, takes it straight into a list register. */
	machine_settle(0);
	eoi(v1, ack(v1));
	v1->blocked = 1;
	fake_on(1);
	vgic_raise_local(v1, 20);
	assert_int_equal(v1->blocked, 0);
	assert_int_equal(ack(v1), 20);
	machine_stop();
}

/* What is above the mask or below what runs does not keep a guest from sleeping. */
static void test_has_pending(void **state __unused)
{
	start_v3();
	assert_false(vgic_has_pending(v0));
	machine_enable(v0, 20, 0x80);
	machine_enable(v0, 21, 0x80);
	fake_on(0);
	vgic_raise_local(v0, 20);
	assert_true(vgic_has_pending(v0));
	fake_set_vmcr(0, true, 0x80, 2);
	assert_false(vgic_has_pending(v0));
	fake_set_vmcr(0, false, 0xf8, 2);
	assert_false(vgic_has_pending(v0));
	fake_set_vmcr(0, true, 0xf8, 2);
	assert_int_equal(ack(v0), 20);
	vgic_raise_local(v0, 21);
	assert_false(vgic_has_pending(v0)); /* of the same priority as what runs */
	machine_switch(0, NULL);
	assert_false(vgic_has_pending(v0));
	v0->vgic.hw.apr[0] = 0;
	assert_true(vgic_has_pending(v0));
	machine_stop();
}

/* List registers are expensive to reach (GICv2: uncached MMIO). */
static void test_costs(void **state __unused)
{
	struct fake_cif *c = &fake.cif[0];

	start_v3();
	machine_switch(0, NULL);
	c->lr_accesses = c->accesses = 0;
	machine_switch(0, v0);
	machine_switch(0, NULL);
	assert_int_equal(c->lr_accesses, 0);
	assert_int_equal(c->accesses, 3); /* load, save (and peek within it, in this fake) */

	machine_switch(0, v0);
	machine_enable(v0, 20, 0x80);
	c->lr_accesses = c->accesses = 0;
	vgic_raise_local(v0, 20);
	assert_int_equal(c->accesses, 1);
	ack(v0);
	fake_eoi(0, 20);
	c->lr_accesses = c->accesses = 0;
	vgic_raise_local(v0, 20); /* its list register is found empty and used again */
	assert_int_equal(c->lr_accesses, 1);
	assert_int_equal(c->accesses, 2);
	c->accesses = 0;
	assert_int_equal(machine_read32(v0, DIST_BASE) & 2, 2);
	vgic_raise_local(v0, 22); /* not enabled */
	assert_int_equal(c->accesses, 0);
	machine_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init_errors),
		cmocka_unit_test(test_mmio_regions),
		cmocka_unit_test(test_identification),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_all_offsets),
		cmocka_unit_test(test_beyond_lines),
		cmocka_unit_test(test_blocks_when_changed),
		cmocka_unit_test(test_sgir_classes),
		cmocka_unit_test(test_sgi1r_classes),
		cmocka_unit_test(test_sgi_to_cluster),
		cmocka_unit_test(test_absent_vcpus),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_deep_nesting),
		cmocka_unit_test(test_more_urgent_displaces),
		cmocka_unit_test(test_level_fires_again),
		cmocka_unit_test(test_timer_switch),
		cmocka_unit_test(test_forward_spi),
		cmocka_unit_test(test_forward_unrouted),
		cmocka_unit_test(test_retarget),
		cmocka_unit_test(test_wakes_sleeper),
		cmocka_unit_test(test_has_pending),
		cmocka_unit_test(test_costs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
