/* SPDX-License-Identifier: ISC */
/*
 * The vGIC while other CPUs take their time: kicks, maintenance and physical interrupts are served
 * late and in any order. Nothing can be compared in between, but in the end nothing may be lost,
 * stuck or left over.
 */
#include <stdlib.h>
#include <hyp/virq.h>
#include <string.h>
#include "unit.h"
#include "vgic/machine.h"
#include "../../../../hypervisor/vdev/vgic.h"

#define LINES     96
#define MAX_STACK 64

/* Private: SGIs 0-2, a pulsed and a level PPI, the timer. Shared: two forwarded (level, edge), a
 * pulsed, a level. */
enum {
	PPI_PULSE = 20,
	PPI_LEVEL = 30,
	SPI_PHYS_LEVEL = 40,
	SPI_PHYS_EDGE = 41,
	SPI_PULSE = 50,
	SPI_LEVEL = 70
};

static struct {
	uint64_t seed;
	struct {
		unsigned acked[MAX_STACK], nr;
		bool owed[32]; /* raised, and not taken since */
		bool line;     /* of PPI_LEVEL */
	} guest[8];
	bool owed[LINES], line[LINES];
	unsigned taken;
} t;

static unsigned below(unsigned limit)
{
	return (unsigned)random_below(&t.seed, limit);
}

static struct vcpu *pick_vcpu(void)
{
	return machine.vcpu[below(machine.nr_vcpus)];
}

static struct vcpu *pick_running(void)
{
	struct vcpu *v = machine.loaded[below(machine.nr_cpus)];

	return v && !v->blocked ? v : NULL;
}

static void on_any_cpu(void)
{
	fake_on(below(machine.nr_cpus));
}

/* A guest takes an interrupt, and its handler makes the device quiet. */
static void take(struct vcpu *v, unsigned intid)
{
	t.taken++;
	if (intid < 32)
		t.guest[v->id].owed[intid] = false;
	else
		t.owed[intid] = false;
	if (intid == FAKE_TIMER) {
		machine_timer_line(v, false);
	} else if (intid == PPI_LEVEL) {
		t.guest[v->id].line = false;
		fake_on((unsigned)machine_cpu_of(v));
		vgic_set_local_level(v, PPI_LEVEL, false);
	} else if (intid == SPI_LEVEL) {
		t.line[intid] = false;
		on_any_cpu();
		vgic_set_spi_level(machine.d, SPI_LEVEL, false);
	} else if (intid == SPI_PHYS_LEVEL || intid == SPI_PHYS_EDGE) {
		fake_spi_line(intid, false);
	}
}

static bool guest_ack(struct vcpu *v)
{
	unsigned cpu = (unsigned)machine_cpu_of(v), iar;

	if (t.guest[v->id].nr == MAX_STACK)
		return false;
	iar = fake_ack(cpu);
	if (iar == FAKE_NONE)
		return false;
	t.guest[v->id].acked[t.guest[v->id].nr++] = iar;
	take(v, iar & 0x3ff);
	return true;
}

static bool guest_eoi(struct vcpu *v)
{
	if (!t.guest[v->id].nr)
		return false;
	fake_eoi((unsigned)machine_cpu_of(v), t.guest[v->id].acked[--t.guest[v->id].nr]);
	return true;
}

static void do_guest(void)
{
	struct vcpu *v = pick_running();

	if (v && (below(2) ? !guest_ack(v) : !guest_eoi(v)) && below(4) == 0) {
		fake_on((unsigned)machine_cpu_of(v));
		v->blocked = 1;
		if (vgic_has_pending(v))
			v->blocked = 0;
	}
}

static void do_sgi(void)
{
	struct vcpu *v = pick_running();
	unsigned list = below(1u << machine.nr_vcpus), intid = below(3);

	if (!v)
		return;
	if (machine.d->vgic.version == 2) {
		machine_write32(v, DIST_BASE + GICD_SGIR, list << 16 | intid);
	} else {
		fake_on((unsigned)machine_cpu_of(v));
		vgic_v3_write_sgi1r(v, list | intid << 24);
	}
	for (unsigned i = 0; i < machine.nr_vcpus; i++)
		if (list & 1u << i)
			t.guest[i].owed[intid] = true;
}

static void do_device(void)
{
	struct vcpu *v = pick_vcpu();

	on_any_cpu();
	switch (below(6)) {
	case 0:
		vgic_raise_local(v, PPI_PULSE);
		t.guest[v->id].owed[PPI_PULSE] = true;
		break;
	case 1:
		vgic_set_local_level(v, PPI_LEVEL, true);
		t.guest[v->id].owed[PPI_LEVEL] = true;
		break;
	case 2:
		machine_timer_line(v, true);
		t.guest[v->id].owed[FAKE_TIMER] = true;
		break;
	case 3:
		vgic_raise_spi(machine.d, SPI_PULSE);
		t.owed[SPI_PULSE] = true;
		break;
	case 4:
		vgic_set_spi_level(machine.d, SPI_LEVEL, true);
		t.owed[SPI_LEVEL] = true;
		break;
	default: {
		unsigned intid = SPI_PHYS_LEVEL + below(2);

		fake_spi_line(intid, true);
		t.owed[intid] = true;
	}
	}
}

static const unsigned all[] = {
	0,         1,        2, PPI_PULSE, FAKE_TIMER, PPI_LEVEL, SPI_PHYS_LEVEL, SPI_PHYS_EDGE,
	SPI_PULSE, SPI_LEVEL};

static void route(struct vcpu *v, unsigned spi, unsigned target)
{
	if (machine.d->vgic.version == 2)
		assert_true(machine_write(v, DIST_BASE + GICD_ITARGETSR + spi, 1, 1u << target));
	else
		assert_true(machine_write(v, DIST_BASE + GICD_IROUTER + 8 * spi, 8,
					  vgic_vcpu_affinity(target)));
}

/* Registers whose changes do not take an interrupt back. */
static void do_register(void)
{
	struct vcpu *v = pick_running();
	unsigned intid = all[below(ARRAY_SIZE(all))], owner;

	if (!v)
		return;
	owner = machine.d->vgic.version == 3 ? below(machine.nr_vcpus) : v->id;
	switch (below(7)) {
	case 0:
		machine_write_bit(v, GICD_ICENABLER, owner, intid);
		break;
	case 1:
	case 2:
		machine_write_bit(v, GICD_ISENABLER, owner, intid);
		break;
	case 3:
		if (intid >= 32)
			route(v, intid, below(machine.nr_vcpus));
		break;
	case 4:
		/* Not of active ones nested deeper than list registers: they are told apart by it.
		 */
		if (nr_lrs > 2)
			machine_write(v, machine_reg(GICD_IPRIORITYR, 8, owner, intid) + intid % 4,
				      1, 8 * below(31));
		break;
	case 5:
		machine_read_bit(v, GICD_ISACTIVER, owner, intid);
		machine_read_bit(v, GICD_ISPENDR, owner, intid);
		break;
	default:
		machine_write32(v, DIST_BASE + GICD_CTLR, below(4) ? 3 : 0);
	}
}

static void do_switch(void)
{
	struct vcpu *v = below(4) ? pick_vcpu() : NULL;

	if (!v || machine_cpu_of(v) < 0)
		machine_switch(below(machine.nr_cpus), v);
}

static void lazy_step(void)
{
	unsigned n = below(100);

	if (n < 45)
		do_guest();
	else if (n < 55)
		do_sgi();
	else if (n < 70)
		do_device();
	else if (n < 80)
		do_register();
	else if (n < 88)
		do_switch();
	else if (n < 90)
		pick_vcpu()->blocked = 0;
	else
		machine_settle_cpu(below(machine.nr_cpus));
}

/* Everything is enabled again; each vCPU gets a CPU and handles what there is, until nobody has
 * anything. */
static void drain(void)
{
	bool busy = true;
	unsigned rounds = 0;

	for (unsigned p = 0; p < machine.nr_cpus; p++)
		machine_switch(p, NULL);
	while (busy) {
		busy = false;
		assert_true(rounds++ < 100);
		for (unsigned i = 0; i < machine.nr_vcpus; i++) {
			struct vcpu *v = machine.vcpu[i];

			machine_switch(0, v);
			machine_open(v);
			for (unsigned n = 0; n < ARRAY_SIZE(all); n++)
				machine_write_bit(v, GICD_ISENABLER, i, all[n]);
			do {
				machine_settle(0);
			} while ((guest_ack(v) || guest_eoi(v)) && (busy = true));
		}
	}
	machine_switch(0, NULL);
}

static void check_quiet(void)
{
	for (unsigned i = 0; i < machine.nr_vcpus; i++) {
		struct vcpu *v = machine.vcpu[i];

		assert_true(list_empty(&v->vgic.ready));
		assert_int_equal(v->vgic.phys_local, 0);
		for (unsigned n = 0; n < LINES; n++) {
			const struct virq *q = virq_find(v, n);

			if (q)
				assert_false(
					q->latch ||
					(q->flags & (VIRQ_ACTIVE | VIRQ_PHYS_ACTIVE | VIRQ_LINE)));
			if (n < 32 && t.guest[i].owed[n])
				fail_msg("interrupt %u of vCPU %u is lost", n, i);
			if (t.owed[n])
				fail_msg("interrupt %u is lost", n);
		}
	}
}

static void run(unsigned version, unsigned lrs, unsigned pcpus, unsigned vcpus, unsigned steps,
		uint64_t seed)
{
	memset(&t, 0, sizeof(t));
	t.seed = seed + (getenv("VGIC_SEED") ? 1000 * strtoul(getenv("VGIC_SEED"), NULL, 0) : 0);
	machine_start(version, lrs, pcpus, vcpus, LINES - 32);
	assert_int_equal(vgic_route_spi(machine.d, SPI_PHYS_LEVEL), 0);
	assert_int_equal(vgic_route_spi(machine.d, SPI_PHYS_EDGE), 0);
	machine_switch(0, machine.vcpu[0]);
	machine_open(machine.vcpu[0]);
	machine_write32(machine.vcpu[0], machine_reg(GICD_ICFGR, 2, 0, SPI_PHYS_EDGE),
			2u << SPI_PHYS_EDGE % 16 * 2);
	for (unsigned i = 0; i < vcpus; i++) {
		machine_switch(0, machine.vcpu[i]);
		machine_open(machine.vcpu[i]);
		for (unsigned n = 0; n < ARRAY_SIZE(all); n++)
			machine_enable(machine.vcpu[i], all[n], 0x10 * n);
	}
	for (unsigned step = 0; step < steps; step++) {
		lazy_step();
		if (step % 5000 == 4999) {
			drain();
			check_quiet();
		}
	}
	drain();
	check_quiet();
	for (unsigned n = 32; n < LINES; n++) /* routed ones were left enabled */
		if (fake.spi[n].enabled)
			fake.spi[n].line = false;
	assert_true(t.taken > steps / 50);
	machine_stop();
}

static void test_v3(void **state __unused)
{
	run(3, 4, 3, 4, 100000, 11);
}

static void test_v2(void **state __unused)
{
	run(2, 4, 3, 4, 100000, 12);
}

static void test_v3_few_lrs(void **state __unused)
{
	run(3, 2, 4, 6, 100000, 13);
}

static void test_v2_few_lrs(void **state __unused)
{
	run(2, 2, 2, 6, 100000, 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v3),
		cmocka_unit_test(test_v2),
		cmocka_unit_test(test_v3_few_lrs),
		cmocka_unit_test(test_v2_few_lrs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
