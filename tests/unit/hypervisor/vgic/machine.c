/* SPDX-License-Identifier: ISC */
/* The machine around the vGIC under test. */
#include <hyp/arch.h>
#include <hyp/cpu.h>
#include <hyp/virq.h>
#include <stdlib.h>
#include <string.h>
#include "unit.h"
#include "machine.h"
#include <vdev/vtimer.h>

struct machine machine;

void machine_start(unsigned version, unsigned lrs, unsigned pcpus, unsigned vcpus, unsigned spis)
{
	struct domain *d = calloc(1, sizeof(*d));

	fake_reset(lrs, version);
	memset(&machine, 0, sizeof(machine));
	machine.d = d;
	machine.nr_cpus = pcpus;
	machine.nr_vcpus = vcpus;
	d->max_vcpus = (uint16_t)vcpus;
	d->vcpu = machine.vcpu;
	vgic_init();
	assert_int_equal(vgic_domain_init(d, version, spis, DIST_BASE, REDIST_BASE), 0);
	for (unsigned i = 0; i < vcpus; i++) {
		struct vcpu *v = calloc(1, sizeof(*v));

		v->domain = d;
		v->id = (uint16_t)i;
		v->sched.cpu = (uint16_t)(i % pcpus);
		assert_int_equal(vgic_vcpu_init(v), 0);
		machine.vcpu[i] = v;
		d->nr_vcpus++;
	}
}

void machine_stop(void)
{
	for (unsigned p = 0; p < machine.nr_cpus; p++) {
		machine_switch(p, NULL);
		assert_false(fake.cif[p].timer_active);
	}
	for (unsigned i = 0; i < machine.nr_vcpus; i++) {
		vgic_vcpu_destroy(machine.vcpu[i]);
		free(machine.vcpu[i]);
	}
	vgic_domain_destroy(machine.d);
	free(machine.d);
	for (unsigned i = 0; i < FAKE_LINES; i++)
		assert_false(fake.spi[i].active || fake.spi[i].enabled);
}

int machine_cpu_of(const struct vcpu *v)
{
	for (unsigned p = 0; p < machine.nr_cpus; p++)
		if (machine.loaded[p] == v)
			return (int)p;
	return -1;
}

/* The timer stops before the vGIC is saved and starts after it is loaded. */
void machine_switch(unsigned cpu, struct vcpu *v)
{
	struct fake_cif *c = &fake.cif[cpu];

	fake_on(cpu);
	c->timer_line = false;
	if (machine.loaded[cpu]) {
		fake.cpu[cpu].current = NULL;
		vgic_save(machine.loaded[cpu]);
	}
	assert_false(c->timer_active); /* it is nobody's now */
	machine.loaded[cpu] = v;
	if (!v)
		return;
	fake.cpu[cpu].current = v;
	v->sched.cpu = (uint16_t)cpu;
	vgic_load(v);
	c->timer_line = machine.timer_line[v->id];
}

void machine_timer_line(struct vcpu *v, bool level)
{
	int cpu = machine_cpu_of(v);

	machine.timer_line[v->id] = level;
	if (cpu >= 0)
		fake.cif[cpu].timer_line = level;
}

bool arch_vtimer_line(const struct vcpu *v)
{
	assert_true(!v->vgic.cpu ||
		    v->vgic.cpu == fake_this_cpu); /* another CPU's cannot be seen */
	return machine.timer_line[v->id];
}

static bool take_interrupts(unsigned p, struct vcpu *v)
{
	unsigned intid = fake_phys_ack(p);

	if (intid == FAKE_NONE)
		return false;
	if (intid == FAKE_TIMER)
		vgic_forward_vtimer(v);
	else
		vgic_forward_spi(machine.d, intid);
	return true;
}

bool machine_settle_cpu(unsigned p)
{
	struct vcpu *v = machine.loaded[p];
	bool busy = false;

	fake_on(p);
	if (v && fake.cif[p].kicked) {
		fake.cif[p].kicked = false;
		vgic_flush(v);
		busy = true;
	}
	if (v && fake_maintenance(p)) {
		vgic_maintenance(v);
		busy = true;
	}
	return take_interrupts(p, v) || busy;
}

void machine_settle(unsigned first_cpu)
{
	unsigned rounds = 0;
	bool busy = true;

	while (busy) {
		busy = false;
		assert_true(rounds++ < 1000); /* or it is a storm */
		for (unsigned i = 0; i < machine.nr_cpus; i++)
			busy |= machine_settle_cpu((first_cpu + i) % machine.nr_cpus);
	}
}

static void machine_on_cpu_of(const struct vcpu *v)
{
	int cpu = machine_cpu_of(v);

	assert_true(cpu >= 0);
	fake_on((unsigned)cpu);
}

bool machine_read(struct vcpu *v, gpaddr_t addr, unsigned size, uint64_t *value)
{
	struct mmio_result r;

	machine_on_cpu_of(v);
	r = mmio_read(v, addr, size);
	*value = mmio_cut(r.value, size);
	return r.done;
}

bool machine_write(struct vcpu *v, gpaddr_t addr, unsigned size, uint64_t value)
{
	machine_on_cpu_of(v);
	return mmio_write(v, addr, size, value);
}

uint32_t machine_read32(struct vcpu *v, gpaddr_t addr)
{
	uint64_t value;

	assert_true(machine_read(v, addr, 4, &value));
	assert_true(value <= UINT32_MAX);
	return (uint32_t)value;
}

void machine_write32(struct vcpu *v, gpaddr_t addr, uint32_t value)
{
	assert_true(machine_write(v, addr, 4, value));
}

gpaddr_t machine_reg(unsigned offset, unsigned bits, unsigned owner, unsigned intid)
{
	gpaddr_t base = DIST_BASE;

	if (intid < 32 && machine.d->vgic.version == 3)
		base = REDIST_BASE + owner * (gpaddr_t)VGIC_REDIST_STRIDE + 0x10000;
	return base + offset + intid * bits / 32 * 4;
}

void machine_write_bit(struct vcpu *v, unsigned offset, unsigned owner, unsigned intid)
{
	machine_write32(v, machine_reg(offset, 1, owner, intid), 1u << intid % 32);
}

bool machine_read_bit(struct vcpu *v, unsigned offset, unsigned owner, unsigned intid)
{
	return machine_read32(v, machine_reg(offset, 1, owner, intid)) >> intid % 32 & 1;
}

void machine_open(struct vcpu *v)
{
	machine_write32(v, DIST_BASE + GICD_CTLR, 3);
	fake_set_vmcr((unsigned)machine_cpu_of(v), true, 0xf8, 2);
}

void machine_enable(struct vcpu *v, unsigned intid, unsigned priority)
{
	assert_true(machine_write(v, machine_reg(GICD_IPRIORITYR, 8, v->id, intid) + intid % 4, 1,
				  priority));
	machine_write_bit(v, GICD_ISENABLER, v->id, intid);
}
