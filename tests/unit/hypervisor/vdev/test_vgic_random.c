/* SPDX-License-Identifier: ISC */
/*
 * The vGIC against a reference model: guests, devices and the scheduler do random things, and after
 * each of them every interrupt's pending and active state, what every CPU would acknowledge and
 * what WFI would do are compared.
 */
#include <stdio.h>
#include <hyp/virq.h>
#include <stdlib.h>
#include <string.h>
#include "unit.h"
#include "vgic/machine.h"
#include "vgic/model_gic.h"
#include "../../../../hypervisor/vdev/vgic.h"

#define MAX_STACK 64

/* What is done in GICv3's EOImode 1 (GICv2's too): drop the priority first, deactivate later in any
 * order. */
struct guest {
	bool split;
	unsigned acked[MAX_STACK], nr_acked;
	bool stray[MAX_STACK]; /* deactivated by ICACTIVER meanwhile */
	unsigned dropped[MAX_STACK], nr_dropped;
};

static struct {
	uint64_t seed;
	struct model_gic model;
	struct guest guest[MODEL_CPUS];
	unsigned version, step;
	unsigned acks, wfis;
} t;

#define FIRST_ROUTED 40
#define NR_ROUTED    4
#define LINES        96

/* The interrupts that play: few enough to meet each other. */
static const unsigned players[] = {0,  1,  2,  15, 20, 27, 30, 31, 40,
				   41, 42, 43, 44, 45, 46, 64, 65, 95};

/* What was done last, told when a comparison fails. */
static char trace_line[32][96];
static unsigned trace_next;

#define trace(...)                                                                         \
	snprintf(trace_line[trace_next++ % ARRAY_SIZE(trace_line)], sizeof(trace_line[0]), \
		 __VA_ARGS__)

static void trace_vcpus(void)
{
	for (unsigned n = 0; n < machine.nr_vcpus; n++) {
		struct vcpu *v = machine.vcpu[n];
		int cpu = machine_cpu_of(v);
		struct virq *q;

		print_error("vCPU %u on %d:", n, cpu);
		for (unsigned i = 0; cpu >= 0 && i < nr_lrs; i++) {
			const struct lr *lr = &fake.cif[cpu].lr[i];

			print_error(" [%u.%x%s%s%s%s]", lr->virq, lr->priority,
				    lr->pending ? " P" : "", lr->active ? " A" : "",
				    lr->hw ? " H" : "", lr->eoi ? " E" : "");
		}
		print_error(" ready:");
		list_for_each (q, &v->vgic.ready, link)
			print_error(" %u.%x%s", q->intid, q->priority,
				    q->flags & VIRQ_ACTIVE ? "A" : "");
		print_error(" refill %x apr %x\n", v->vgic.refill,
			    cpu >= 0 ? fake.cif[cpu].apr : v->vgic.hw.apr[0]);
	}
}

#define fail_step(...)                                                                       \
	do {                                                                                 \
		for (unsigned _n = 0; _n < ARRAY_SIZE(trace_line); _n++)                     \
			print_error("%s\n",                                                  \
				    trace_line[(trace_next + _n) % ARRAY_SIZE(trace_line)]); \
		trace_vcpus();                                                               \
		print_error("step %u: ", t.step);                                            \
		fail_msg(__VA_ARGS__);                                                       \
	} while (0)

static unsigned below(unsigned limit)
{
	return (unsigned)random_below(&t.seed, limit);
}

static bool is_routed(unsigned intid)
{
	return intid >= FIRST_ROUTED && intid < FIRST_ROUTED + NR_ROUTED;
}

static unsigned pick_player(void)
{
	return players[below(ARRAY_SIZE(players))];
}

static struct vcpu *pick_vcpu(void)
{
	return machine.vcpu[below(machine.nr_vcpus)];
}

/* One that runs: loaded and not asleep; NULL: none. */
static struct vcpu *pick_running(void)
{
	struct vcpu *v = machine.loaded[below(machine.nr_cpus)];

	return v && !v->blocked ? v : NULL;
}

/* What the implementation holds true of an interrupt, wherever it keeps it. */

struct state {
	unsigned pending;
	bool active;
};

static struct state virq_part(const struct virq *q)
{
	bool line = (q->flags & (VIRQ_LINE | VIRQ_EDGE)) == VIRQ_LINE;
	struct state s = {q->latch ? q->latch : line, q->flags & VIRQ_ACTIVE};

	if (q->lr != NO_LR) {
		int cpu = machine_cpu_of(machine.vcpu[q->owner]);
		const struct lr *lr;

		assert_true(cpu >= 0);
		lr = &fake.cif[cpu].lr[q->lr];
		assert_int_equal(lr->virq, q->intid);
		s.active = lr->active;
		s.pending = q->latch | (lr->pending ? 1u << lr->source : 0) |
			    (line && !q->latch && !lr->pending);
	}
	return s;
}

static struct state whole_state(unsigned owner, unsigned intid)
{
	struct vcpu *v = machine.vcpu[owner];
	const struct virq *q = virq_find(v, intid);
	struct state s = {0};

	if (!q)
		return s;
	s = virq_part(q);
	if (virq_follows_line(q) && q->latch)
		s.pending &= ~1u; /* the line says it, below */
	if (is_routed(intid))
		s.pending |= fake_spi_pending(intid);
	if (intid == FAKE_TIMER)
		s.pending |= machine.timer_line[owner];
	return s;
}

static void compare_irq(unsigned owner, unsigned intid)
{
	struct state s = whole_state(owner, intid);
	const struct model_irq *i = model_irq(&t.model, owner, intid);
	unsigned pending = intid < 16 ? i->latch : model_pending(i);

	if (intid >= 16)
		s.pending = !!s.pending;
	if (s.pending != pending || s.active != i->active)
		fail_step("vCPU %u interrupt %u: pending %x active %d, should be %x %d", owner,
			  intid, s.pending, s.active, pending, i->active);
}

/* Of a GICv2 SGI with several senders any may come first. */
static bool same_iar(struct vcpu *v, unsigned got, unsigned want)
{
	if ((got & 0x3ff) != (want & 0x3ff))
		return false;
	return got == FAKE_NONE || got >> 10 == 0 ||
	       (model_irq(&t.model, v->id, got & 0x3ff)->latch & 1u << (got >> 10));
}

/* A timer that expired while its vCPU was away shows when it is back: of an absent one it is left
 * out. */
static void compare_cpu(struct vcpu *v)
{
	bool skip[MODEL_LINES] = {0};
	int cpu = machine_cpu_of(v);
	unsigned want;

	if (cpu < 0 && !virq_part(&v->vgic.local[FAKE_TIMER]).pending)
		skip[FAKE_TIMER] = true;
	want = model_highest(&t.model, v->id, skip);
	if (cpu >= 0 && !same_iar(v, fake_highest((unsigned)cpu), want))
		fail_step("vCPU %u would acknowledge %x, should be %x", v->id,
			  fake_highest((unsigned)cpu), want);
	if (v->blocked && want != MODEL_NONE)
		fail_step("vCPU %u sleeps with %x", v->id, want);
	if (below(4))
		return;
	fake_on(cpu >= 0 ? (unsigned)cpu : below(machine.nr_cpus));
	if (vgic_has_pending(v) != (want != MODEL_NONE))
		fail_step("vCPU %u: pending for WFI is not %d", v->id, want != MODEL_NONE);
}

/* A physical interrupt is active exactly as long as the guest has it in flight. */
static void compare_physical(void)
{
	for (unsigned i = FIRST_ROUTED; i < FIRST_ROUTED + NR_ROUTED; i++) {
		const struct virq *q = virq_find(machine.vcpu[0], i);
		struct state s = virq_part(q);

		if (fake.spi[i].active != (s.active || s.pending))
			fail_step("physical %u active %d", i, fake.spi[i].active);
		assert_int_equal(fake.spi[i].enabled, model_irq(&t.model, 0, i)->enabled);
	}
	for (unsigned p = 0; p < machine.nr_cpus; p++) {
		struct vcpu *v = machine.loaded[p];
		struct state s = {0};

		if (v)
			s = virq_part(&v->vgic.local[FAKE_TIMER]);
		if (fake.cif[p].timer_active && !s.active && !s.pending)
			fail_step("the timer is active on CPU %u and nobody will end it", p);
	}
}

static void compare_all(void)
{
	for (unsigned v = 0; v < machine.nr_vcpus; v++) {
		for (unsigned i = 0; i < 32; i++)
			compare_irq(v, i);
		compare_cpu(machine.vcpu[v]);
	}
	for (unsigned i = 32; i < LINES; i++)
		compare_irq(0, i);
	compare_physical();
}

/* How many interrupts v has active: list registers limit what can be told apart. */
static unsigned actives_of(const struct vcpu *v)
{
	unsigned n = 0;

	for (unsigned i = 0; i < LINES; i++) {
		const struct virq *q = virq_find(machine.vcpu[v->id], i);

		if (q && q->owner == v->id)
			n += virq_part(q).active;
	}
	return n;
}

static unsigned nested(const struct guest *g)
{
	unsigned n = 0;

	for (unsigned i = 0; i < g->nr_acked; i++)
		n += !g->stray[i];
	return n;
}

/* What guests do at their CPU interface. */

static void do_ack(void)
{
	struct vcpu *v = pick_running();
	struct guest *g;
	unsigned cpu, iar;

	if (!v)
		return;
	g = &t.guest[v->id];
	/* With more actives than list registers only nested ones can be told apart: by their order.
	 */
	if ((g->split || actives_of(v) > nested(g)) && actives_of(v) + 2 > nr_lrs)
		return;
	if (g->nr_acked == MAX_STACK || g->nr_dropped + g->nr_acked >= MAX_STACK)
		return;
	cpu = (unsigned)machine_cpu_of(v);
	iar = fake_ack(cpu);
	trace("%u: vCPU %u acknowledges %x", t.step, v->id, iar);
	assert_true(same_iar(v, iar, model_highest(&t.model, v->id, NULL)));
	model_ack(&t.model, v->id, iar);
	if (iar == FAKE_NONE)
		return;
	t.acks++;
	g->stray[g->nr_acked] = false;
	g->acked[g->nr_acked++] = iar;
}

static void do_eoi(void)
{
	struct vcpu *v = pick_running();
	struct guest *g;
	unsigned cpu, iar;

	if (!v || !t.guest[v->id].nr_acked)
		return;
	g = &t.guest[v->id];
	cpu = (unsigned)machine_cpu_of(v);
	iar = g->acked[--g->nr_acked];
	trace("%u: vCPU %u ends %x", t.step, v->id, iar);
	fake_drop(cpu);
	model_drop(&t.model, v->id);
	if (g->split) {
		g->dropped[g->nr_dropped++] = iar;
	} else if (!g->stray[g->nr_acked] || !(v->vgic.refill & REFILL_ACTIVE)) {
		if (fake_deactivate(cpu, iar) || !g->stray[g->nr_acked])
			model_deactivate(&t.model, v->id, iar);
	}
}

static void do_dir(void)
{
	struct vcpu *v = pick_running();
	struct guest *g;
	unsigned n;

	if (!v || !t.guest[v->id].nr_dropped)
		return;
	g = &t.guest[v->id];
	n = below(g->nr_dropped);
	trace("%u: vCPU %u deactivates %x", t.step, v->id, g->dropped[n]);
	fake_deactivate((unsigned)machine_cpu_of(v), g->dropped[n]);
	model_deactivate(&t.model, v->id, g->dropped[n]);
	g->dropped[n] = g->dropped[--g->nr_dropped];
}

static void do_cpu_interface(void)
{
	struct vcpu *v = pick_running();
	struct model_cpu *c;

	if (!v)
		return;
	c = &t.model.cpu[v->id];
	c->enable = below(8) != 0;
	c->mask = (uint8_t)(below(3) ? 0xf8 : below(32) << 3);
	if (!t.guest[v->id].nr_acked)
		c->binary_point = 2 + below(3);
	trace("%u: vCPU %u enable %d mask %x binary point %u", t.step, v->id, c->enable, c->mask,
	      c->binary_point);
	fake_set_vmcr((unsigned)machine_cpu_of(v), c->enable, c->mask, c->binary_point);
}

static void do_wfi(void)
{
	struct vcpu *v = pick_running();

	if (!v)
		return;
	fake_on((unsigned)machine_cpu_of(v));
	v->blocked = 1;
	t.wfis++;
	trace("%u: vCPU %u sleeps", t.step, v->id);
	if (vgic_has_pending(v))
		v->blocked = 0;
}

/* Something else than an interrupt wakes it: it must not sleep for ever, or the test stops. */
static void do_wake(void)
{
	pick_vcpu()->blocked = 0;
}

/* What guests do to the distributor and redistributors. */

static const struct {
	unsigned offset, bits;
	const char *name;
} fields[MODEL_FIELDS] = {
	[MODEL_ENABLE_SET] = {GICD_ISENABLER, 1, "ISENABLER"},
	[MODEL_ENABLE_CLEAR] = {GICD_ICENABLER, 1, "ICENABLER"},
	[MODEL_PENDING_SET] = {GICD_ISPENDR, 1, "ISPENDR"},
	[MODEL_PENDING_CLEAR] = {GICD_ICPENDR, 1, "ICPENDR"},
	[MODEL_ACTIVE_SET] = {GICD_ISACTIVER, 1, "ISACTIVER"},
	[MODEL_ACTIVE_CLEAR] = {GICD_ICACTIVER, 1, "ICACTIVER"},
	[MODEL_PRIORITY] = {GICD_IPRIORITYR, 8, "IPRIORITYR"},
	[MODEL_CONFIG] = {GICD_ICFGR, 2, "ICFGR"},
	[MODEL_TARGETS] = {GICD_ITARGETSR, 8, "ITARGETSR"},
	[MODEL_ROUTE] = {GICD_IROUTER, 64, "IROUTER"},
	[MODEL_SGI_SET] = {GICD_SPENDSGIR, 8, "SPENDSGIR"},
	[MODEL_SGI_CLEAR] = {GICD_CPENDSGIR, 8, "CPENDSGIR"},
};

/* Does this GIC have the field for this interrupt? */
static bool field_exists(enum model_field f, unsigned intid)
{
	switch (f) {
	case MODEL_TARGETS:
		return t.version == 2;
	case MODEL_ROUTE:
		return t.version == 3 && intid >= 32;
	case MODEL_SGI_SET:
	case MODEL_SGI_CLEAR:
		return t.version == 2 && intid < 16;
	default:
		return true;
	}
}

/*
 * What is unpredictable on hardware, or cannot be told apart with hardware-linked list registers,
 * is left out: other triggering of an interrupt that is not idle, other priorities of active ones,
 * too many active ones.
 */
static bool write_allowed(unsigned owner, unsigned intid, enum model_field f)
{
	const struct model_irq *i = model_irq(&t.model, owner, intid);
	const struct virq *q = virq_find(machine.vcpu[owner], intid);

	switch (f) {
	case MODEL_CONFIG:
		return intid != FAKE_TIMER &&
		       (!is_routed(intid) || (!i->line && !i->active && !model_pending(i)));
	case MODEL_PRIORITY:
		return !i->active;
	case MODEL_ACTIVE_SET:
		/* It keeps others from being taken until it is taken back: rarely. */
		return intid >= 16 && !i->active && below(nr_lrs > 2 ? 6 : 16) == 0 &&
		       actives_of(machine.vcpu[q ? q->owner : i->target]) + 2 <= nr_lrs;
	case MODEL_ACTIVE_CLEAR:
		return intid >= 16;
	default:
		return true;
	}
}

static void note_active_write(unsigned owner, unsigned intid, enum model_field f)
{
	if (f != MODEL_ACTIVE_CLEAR)
		return;
	for (unsigned v = 0; v < machine.nr_vcpus; v++) {
		struct guest *g = &t.guest[v];

		for (unsigned n = 0; n < g->nr_acked; n++)
			if ((g->acked[n] & 0x3ff) == intid && (intid >= 32 || v == owner))
				g->stray[n] = true;
		for (unsigned n = 0; n < g->nr_dropped; n++)
			if ((g->dropped[n] & 0x3ff) == intid && (intid >= 32 || v == owner))
				g->dropped[n--] = g->dropped[--g->nr_dropped];
	}
}

static unsigned random_value(enum model_field f, unsigned intid)
{
	switch (f) {
	case MODEL_PRIORITY:
		return below(4) ? 8 * below(8) + 0x40 : below(256);
	case MODEL_CONFIG:
		return intid < 16 ? 2 : 2 * below(2);
	case MODEL_TARGETS:
	case MODEL_SGI_SET:
	case MODEL_SGI_CLEAR:
		return below(1u << machine.nr_vcpus);
	case MODEL_ROUTE:
		return below(machine.nr_vcpus + 2); /* also such as do not exist */
	default:
		return 1;
	}
}

static void write_field(struct vcpu *v, unsigned owner, unsigned intid, enum model_field f,
			unsigned value)
{
	unsigned bits = fields[f].bits, shift = intid * bits % 32;
	gpaddr_t at;

	if (bits == 64) {
		at = DIST_BASE + GICD_IROUTER + 8 * intid;
		assert_true(machine_write(v, at, below(2) ? 4 : 8, vgic_vcpu_affinity(value)));
		return;
	}
	at = machine_reg(fields[f].offset, bits, owner, intid);
	if (bits == 8) {
		assert_true(machine_write(v, at + intid % 4, 1, value));
	} else if (bits == 2) {
		uint32_t old = machine_read32(v, at);

		machine_write32(v, at, (old & ~(3u << shift)) | value << shift);
	} else {
		machine_write32(v, at, value << shift);
	}
}

static unsigned read_field(struct vcpu *v, unsigned owner, unsigned intid, enum model_field f)
{
	unsigned bits = fields[f].bits;
	uint64_t value;

	if (bits == 64) {
		assert_true(machine_read(v, DIST_BASE + GICD_IROUTER + 8 * intid, 8, &value));
		return (unsigned)((value >> 8 << 4) + (value & 0xf));
	}
	return machine_read32(v, machine_reg(fields[f].offset, bits, owner, intid)) >>
		       intid * bits % 32 &
	       ((1u << bits) - 1);
}

static void do_register(void)
{
	struct vcpu *v = pick_running();
	enum model_field f = below(MODEL_FIELDS);
	unsigned intid = pick_player(), owner, value;

	if (!v || !field_exists(f, intid))
		return;
	owner = t.version == 3 ? below(machine.nr_vcpus) : v->id;
	if (below(3) == 0) {
		/* The line of another vCPU's timer is in its own CPU. */
		if (intid == FAKE_TIMER && owner != v->id &&
		    (f == MODEL_PENDING_SET || f == MODEL_PENDING_CLEAR))
			return;
		read_field(v, owner, intid, f);
		machine_settle(below(machine.nr_cpus)); /* another CPU may have to be asked */
		value = read_field(v, owner, intid, f);
		if (value != model_read(&t.model, owner, intid, f))
			fail_step("vCPU %u reads %s of %u (vCPU %u): %x", v->id, fields[f].name,
				  intid, owner, value);
		return;
	}
	if (!write_allowed(owner, intid, f))
		return;
	value = random_value(f, intid);
	trace("%u: vCPU %u writes %s of %u (vCPU %u): %x", t.step, v->id, fields[f].name, intid,
	      owner, value);
	write_field(v, owner, intid, f, value);
	note_active_write(owner, intid, f);
	model_write(&t.model, owner, intid, f, value);
}

static void do_dist_enable(void)
{
	struct vcpu *v = pick_running();

	if (!v)
		return;
	t.model.enabled = below(6) != 0;
	trace("%u: distributor %d", t.step, t.model.enabled);
	machine_write32(v, DIST_BASE + GICD_CTLR, t.model.enabled ? 3 : 0);
}

static void model_sgis(struct vcpu *v, uint64_t targets, unsigned intid)
{
	for (unsigned n = 0; n < machine.nr_vcpus; n++)
		if (targets & BIT64(n))
			model_sgi(&t.model, v->id, n, intid);
}

static void do_sgi(void)
{
	struct vcpu *v = pick_running();
	unsigned intid = below(3), kind = below(4);
	unsigned list = below(1u << machine.nr_vcpus), all = (1u << machine.nr_vcpus) - 1;

	if (!v)
		return;
	if (t.version == 2) {
		const unsigned to[4] = {list, all & ~(1u << v->id), 1u << v->id, 0};

		trace("%u: vCPU %u sends SGI %u to %x", t.step, v->id, intid, to[kind]);
		machine_write32(v, DIST_BASE + GICD_SGIR, kind << 24 | list << 16 | intid);
		model_sgis(v, to[kind], intid);
	} else {
		const uint64_t how[4] = {list, BIT64(40), list | BIT64(44), list | BIT64(16)};
		const unsigned to[4] = {list, all & ~(1u << v->id), 0, 0};

		trace("%u: vCPU %u sends SGI %u to %x", t.step, v->id, intid, to[kind]);
		fake_on((unsigned)machine_cpu_of(v));
		vgic_v3_write_sgi1r(v, how[kind] | intid << 24);
		model_sgis(v, to[kind], intid);
	}
}

/* Devices. */

/*
 * A line has fallen. Nobody watches the line of a forwarded interrupt; from a list register the
 * interrupt goes when the hypervisor next looks, for one of these reasons.
 */
static void look_at(struct vcpu *owner, unsigned intid)
{
	int cpu = machine_cpu_of(owner);
	const struct virq *q = virq_find(owner, intid);

	if (!q || q->lr == NO_LR || cpu < 0)
		return;
	trace("%u: vCPU %u is looked at", t.step, owner->id);
	fake_on((unsigned)cpu);
	switch (below(owner->blocked ? 2 : 5)) {
	case 0: /* a maintenance interrupt, for whatever it comes */
		vgic_maintenance(owner);
		break;
	case 1: /* its turn is over */
		machine_switch((unsigned)cpu, NULL);
		break;
	case 2:
		read_field(owner, owner->id, intid, MODEL_PENDING_SET);
		break;
	case 3: /* changes nothing */
		write_field(owner, owner->id, intid, MODEL_PRIORITY,
			    model_irq(&t.model, owner->id, intid)->priority);
		break;
	default: /* would it sleep? */
		vgic_has_pending(owner);
	}
}

static void do_timer(void)
{
	struct vcpu *v = pick_vcpu();
	bool level = !machine.timer_line[v->id];

	trace("%u: timer of vCPU %u %d", t.step, v->id, level);
	machine_timer_line(v, level);
	model_line(&t.model, v->id, FAKE_TIMER, level);
	if (!level)
		look_at(v, FAKE_TIMER);
}

static void do_physical_spi(void)
{
	unsigned intid = FIRST_ROUTED + below(NR_ROUTED);
	struct model_irq *i = model_irq(&t.model, 0, intid);
	bool level = !i->line;

	/*
	 * Of an edge, the physical interrupt was acknowledged, so that the next one counts before
	 * the guest takes this one.
	 */
	if (level && i->edge && virq_part(virq_find(machine.vcpu[0], intid)).pending)
		return;
	trace("%u: line %u %d", t.step, intid, level);
	fake_spi_line(intid, level);
	model_line(&t.model, 0, intid, level);
	if (!level)
		look_at(machine.vcpu[virq_find(machine.vcpu[0], intid)->owner], intid);
}

static void do_emulated(void)
{
	static const unsigned ppis[] = {20, 30, 31}, spis[] = {44, 45, 46, 64, 65, 95};
	struct vcpu *v = pick_vcpu();
	unsigned ppi = ppis[below(3)], spi = spis[below(6)];
	bool level = below(2);

	fake_on(below(machine.nr_cpus));
	trace("%u: emulated, CPU %u, vCPU %u, %u or %u, %d", t.step, fake_this_cpu->id, v->id, ppi,
	      spi, level);
	switch (below(4)) {
	case 0:
		vgic_raise_local(v, ppi);
		model_pulse(&t.model, v->id, ppi);
		break;
	case 1:
		vgic_set_local_level(v, ppi, level);
		model_line(&t.model, v->id, ppi, level);
		break;
	case 2:
		vgic_raise_spi(machine.d, spi);
		model_pulse(&t.model, 0, spi);
		break;
	default:
		vgic_set_spi_level(machine.d, spi, level);
		model_line(&t.model, 0, spi, level);
	}
}

/* The scheduler. */

static void do_switch(void)
{
	unsigned p = below(machine.nr_cpus);
	struct vcpu *v = below(4) ? pick_vcpu() : NULL;

	if (v && machine_cpu_of(v) >= 0)
		return;
	trace("%u: CPU %u switches to vCPU %d", t.step, p, v ? v->id : -1);
	machine_switch(p, v);
}

static const struct {
	void (*fn)(void);
	unsigned weight;
} actions[] = {
	{do_ack, 36},   {do_eoi, 36},  {do_dir, 12},         {do_cpu_interface, 2},
	{do_wfi, 3},    {do_wake, 8},  {do_register, 30},    {do_dist_enable, 1},
	{do_sgi, 8},    {do_timer, 6}, {do_physical_spi, 8}, {do_emulated, 12},
	{do_switch, 6},
};

static void random_step(void)
{
	unsigned total = 0, n;

	for (unsigned i = 0; i < ARRAY_SIZE(actions); i++)
		total += actions[i].weight;
	n = below(total);
	for (unsigned i = 0; i < ARRAY_SIZE(actions); i++) {
		if (n < actions[i].weight) {
			actions[i].fn();
			return;
		}
		n -= actions[i].weight;
	}
}

static void start(unsigned version, unsigned lrs, unsigned cpus_used, unsigned vcpus, uint64_t seed)
{
	memset(&t, 0, sizeof(t));
	t.seed = seed;
	t.version = version;
	machine_start(version, lrs, cpus_used, vcpus, LINES - 32);
	model_reset(&t.model, version, vcpus, LINES);
	for (unsigned i = 0; i < vcpus; i++) {
		t.guest[i].split = i & 1 && lrs > 2;
		t.model.cpu[i].binary_point = 2;
	}
	for (unsigned i = FIRST_ROUTED; i < FIRST_ROUTED + NR_ROUTED; i++)
		assert_int_equal(vgic_route_spi(machine.d, i), 0);
	/* As reset: binary point 0, which counts as the least that five bits allow, 2. */
	for (unsigned p = 0; p < cpus_used && p < vcpus; p++) {
		machine_switch(p, machine.vcpu[p]);
		machine_open(machine.vcpu[p]);
		t.model.cpu[p].enable = true;
		t.model.cpu[p].mask = 0xf8;
		t.model.enabled = true;
	}
}

static void run_random(unsigned version, unsigned lrs, unsigned cpus_used, unsigned vcpus,
		       unsigned steps, uint64_t seed)
{
	if (getenv("VGIC_SEED")) /* other roads: VGIC_SEED=n for any n */
		seed += 1000 * strtoul(getenv("VGIC_SEED"), NULL, 0);
	start(version, lrs, cpus_used, vcpus, seed);
	for (t.step = 0; t.step < steps; t.step++) {
		random_step();
		machine_settle(below(cpus_used));
		compare_all();
	}
	if (t.acks <= steps / 100)
		fail_step("only %u acknowledges", t.acks);
	assert_true(t.wfis > steps / 1000);
	machine_stop();
}

#define TEST(name, ...)                                \
	static void test_##name(void **state __unused) \
	{                                              \
		run_random(__VA_ARGS__);               \
	}

/* version, list registers, CPUs, vCPUs */
TEST(v3_one_cpu, 3, 4, 1, 1, 100000, 1)
TEST(v2_one_cpu, 2, 4, 1, 1, 100000, 2)
TEST(v3_vcpus_share_cpus, 3, 4, 2, 5, 100000, 3)
TEST(v2_vcpus_share_cpus, 2, 4, 2, 5, 100000, 4)
TEST(v3_few_lrs, 3, 2, 3, 3, 100000, 5)
TEST(v2_few_lrs, 2, 2, 3, 3, 100000, 6)
TEST(v3_many_lrs, 3, 16, 3, 4, 100000, 7)

/* Boards where the guest's end cannot be trusted to end the physical interrupt: it is ended by us.
 */
static void test_v2_no_hw_link(void **state __unused)
{
	irq_hw_link = false;
	run_random(2, 4, 2, 3, 100000, 8);
	irq_hw_link = true;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v3_one_cpu),
		cmocka_unit_test(test_v2_one_cpu),
		cmocka_unit_test(test_v3_vcpus_share_cpus),
		cmocka_unit_test(test_v2_vcpus_share_cpus),
		cmocka_unit_test(test_v3_few_lrs),
		cmocka_unit_test(test_v2_few_lrs),
		cmocka_unit_test(test_v3_many_lrs),
		cmocka_unit_test(test_v2_no_hw_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
