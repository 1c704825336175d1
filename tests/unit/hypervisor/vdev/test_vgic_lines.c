/* SPDX-License-Identifier: ISC */
/*
 * Lines that fall: the physical interrupt was taken and is on its way to the guest, wherever it
 * waits; then the device takes it back. A GIC forgets it then, and so must the vGIC when it next
 * looks.
 */
#include "unit.h"
#include <hyp/virq.h>
#include "vgic/machine.h"
#include "../../../../hypervisor/vdev/vgic.h"

#define SPI 40

static struct vcpu *v0, *v1;

/* Forwarded interrupts: of the virtual timer, and of a device. */
static const unsigned kinds[] = {FAKE_TIMER, SPI};

static void start(unsigned version, unsigned lrs, unsigned intid)
{
	machine_start(version, lrs, 2, 3, 64);
	v0 = machine.vcpu[0];
	v1 = machine.vcpu[1];
	machine_switch(0, v0);
	machine_switch(1, v1);
	machine_open(v0);
	machine_open(v1);
	assert_int_equal(vgic_route_spi(machine.d, SPI), 0);
	machine_enable(v0, intid, 0x80);
}

static void line(unsigned intid, bool level)
{
	if (intid == FAKE_TIMER)
		machine_timer_line(v0, level);
	else
		fake_spi_line(intid, level);
}

static bool held(unsigned intid)
{
	int cpu = machine_cpu_of(v0);

	return intid == FAKE_TIMER ? cpu >= 0 && fake.cif[cpu].timer_active
				   : fake.spi[intid].active;
}

/* Its line rises and the hypervisor takes the physical interrupt. */
static void fire(unsigned intid)
{
	line(intid, true);
	machine_settle(0);
	assert_true(held(intid));
}

/* Nothing is left of it for v0, and the next one comes. */
static void gone_and_comes_again(unsigned intid)
{
	unsigned cpu = (unsigned)machine_cpu_of(v0);

	machine_settle(0);
	assert_false(machine_read_bit(v0, GICD_ISPENDR, 0, intid));
	assert_int_equal(fake_highest(cpu), FAKE_NONE);
	assert_false(held(intid));
	fire(intid);
	assert_int_equal(fake_ack(cpu), intid);
	line(intid, false);
	fake_eoi(cpu, intid);
	machine_settle(0);
	assert_int_equal(fake_highest(cpu), FAKE_NONE);
	machine_stop();
}

/* The guest has it disabled when it fires, takes the cause away, and enables it. */
static void disabled(unsigned version, unsigned intid)
{
	start(version, 4, intid);
	fire(intid);
	machine_write_bit(v0, GICD_ICENABLER, 0, intid);
	machine_settle(0);
	assert_int_equal(fake_highest(0), FAKE_NONE);
	line(intid, false);
	machine_write_bit(v0, GICD_ISENABLER, 0, intid);
	assert_int_equal(fake_highest(0), FAKE_NONE);
	gone_and_comes_again(intid);
}

/* In a list register, and the guest asks whether it is pending. */
static void in_list_register(unsigned version, unsigned intid)
{
	start(version, 4, intid);
	fire(intid);
	assert_int_equal(fake_highest(0), intid);
	assert_true(machine_read_bit(v0, GICD_ISPENDR, 0, intid));
	line(intid, false);
	assert_false(machine_read_bit(v0, GICD_ISPENDR, 0, intid));
	assert_int_equal(fake_highest(0), FAKE_NONE);
	gone_and_comes_again(intid);
}

/* In a list register of a vCPU that goes to sleep with interrupts masked. */
static void asleep(unsigned version, unsigned intid)
{
	start(version, 4, intid);
	fire(intid);
	fake_on(0);
	assert_true(vgic_has_pending(v0));
	line(intid, false);
	assert_false(vgic_has_pending(v0));
	gone_and_comes_again(intid);
}

/* On the ready list, as the list registers are full of more urgent ones. */
static void on_ready_list(unsigned version, unsigned intid)
{
	start(version, 2, intid);
	for (unsigned i = 50; i < 52; i++) {
		machine_enable(v0, i, 0x40);
		vgic_raise_spi(machine.d, i);
	}
	fire(intid);
	line(intid, false);
	for (unsigned i = 50; i < 52; i++) {
		assert_int_equal(fake_ack(0), i);
		fake_eoi(0, i);
		machine_settle(0);
	}
	gone_and_comes_again(intid);
}

/* The vCPU is switched out when the line falls, or had been when it rose. */
static void not_loaded(unsigned version, unsigned intid)
{
	start(version, 4, intid);
	fire(intid);
	machine_switch(0, NULL);
	fake_on(1);
	assert_true(vgic_has_pending(v0));
	line(intid, false);
	assert_false(vgic_has_pending(v0));
	machine_switch(0, v0);
	assert_int_equal(fake_highest(0), FAKE_NONE);
	gone_and_comes_again(intid);
}

/* Another vCPU asks, on another CPU, which cannot reach the list register. */
static void from_elsewhere(unsigned version, unsigned intid)
{
	if (intid == FAKE_TIMER)
		return; /* the line of another CPU's timer cannot be seen */
	start(version, 4, intid);
	fire(intid);
	assert_true(machine_read_bit(v1, GICD_ISPENDR, 0, intid));
	line(intid, false);
	assert_false(machine_read_bit(v1, GICD_ISPENDR, 0, intid));
	gone_and_comes_again(intid);
}

/* What the guest itself has made pending stays so. */
static void by_hand(unsigned version, unsigned intid)
{
	start(version, 4, intid);
	fire(intid);
	machine_write_bit(v0, GICD_ISPENDR, 0, intid);
	line(intid, false);
	assert_true(machine_read_bit(v0, GICD_ISPENDR, 0, intid));
	machine_switch(0, NULL);
	machine_switch(0, v0);
	assert_int_equal(fake_ack(0), intid);
	fake_eoi(0, intid);
	machine_settle(0);
	fire(intid); /* not this time */
	line(intid, false);
	gone_and_comes_again(intid);
}

/* An edge is not taken back. */
static void edge(unsigned version, unsigned intid)
{
	if (intid == FAKE_TIMER)
		return;
	start(version, 4, intid);
	machine_write32(v0, machine_reg(GICD_ICFGR, 2, 0, intid), 2u << intid % 16 * 2);
	fire(intid);
	line(intid, false);
	assert_true(machine_read_bit(v0, GICD_ISPENDR, 0, intid));
	machine_switch(0, NULL);
	machine_switch(0, v0);
	assert_int_equal(fake_ack(0), intid);
	fake_eoi(0, intid);
	machine_settle(0);
	assert_int_equal(fake_highest(0), FAKE_NONE);
	machine_stop();
}

static void test_lines(void **state)
{
	void (*const fn)(unsigned version, unsigned intid) = *state;

	for (unsigned version = 2; version <= 3; version++)
		for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
			fn(version, kinds[i]);
	/* Boards where the guest's end does not end the physical interrupt. */
	irq_hw_link = false;
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		fn(2, kinds[i]);
	irq_hw_link = true;
}

/* A timer that expired while its vCPU was away is pending as soon as somebody asks. */
static void test_timer_of_absent(void **state __unused)
{
	start(3, 4, FAKE_TIMER);
	machine_switch(0, NULL);
	line(FAKE_TIMER, true);
	assert_true(machine_read_bit(v1, GICD_ISPENDR, 0, FAKE_TIMER));
	line(FAKE_TIMER, false);
	assert_false(machine_read_bit(v1, GICD_ISPENDR, 0, FAKE_TIMER));
	machine_stop();
}

#define ROW(fn)                                                                                \
	{                                                                                      \
		.name = #fn, .test_func = test_lines, .initial_state = (void *)(uintptr_t)(fn) \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(disabled),
		ROW(in_list_register),
		ROW(asleep),
		ROW(on_ready_list),
		ROW(not_loaded),
		ROW(from_elsewhere),
		ROW(by_hand),
		ROW(edge),
		cmocka_unit_test(test_timer_of_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
