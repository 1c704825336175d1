/* SPDX-License-Identifier: ISC */
/*
 * Exceptions of a test guest: interrupts are acknowledged, logged and ended; an exception that a
 * probe provoked is recorded; any other one ends the guest with its registers and a FAIL verdict.
 */

#include "gic.h"
#include "guest.h"

void (*irq_hook)(struct cpu *cpu, unsigned intid);
u32 irq_spi_count[1024];
void (*el0_hook)(struct frame *frame);
void (*fault_hook)(void);

/* The instruction that probe_instruction() runs, then RET; one per CPU, on lines of their own. */
static u32 code_slot[MAX_CPUS][16] __attribute__((aligned(64)));

u32 irq_count(unsigned intid)
{
	u32 sum = 0;

	if (intid >= 32)
		return READ_ONCE(irq_spi_count[intid]);
	for (unsigned n = 0; n < MAX_CPUS; n++)
		sum += READ_ONCE(cpus[n].irq_count[intid]);
	return sum;
}

void irq_counts_clear(void)
{
	memset(irq_spi_count, 0, sizeof(irq_spi_count));
	for (unsigned n = 0; n < MAX_CPUS; n++) {
		memset(cpus[n].irq_count, 0, sizeof(cpus[n].irq_count));
		cpus[n].irq_spurious = 0;
		cpus[n].log_length = 0;
	}
}

static void irq_record(struct cpu *cpu, unsigned intid)
{
	if (intid < 32)
		cpu->irq_count[intid]++;
	else
		__atomic_add_fetch(&irq_spi_count[intid], 1, __ATOMIC_RELAXED);
	if (cpu->log_length < IRQ_LOG)
		cpu->log[cpu->log_length++] = (u16)intid;
}

static void irq_handle(struct cpu *cpu)
{
	u32 iar = gic_ack();
	unsigned intid = iar & GIC_INTID_MASK;

	if (intid >= 1020) {
		cpu->irq_spurious++;
		return;
	}
	cpu->last_iar = iar;
	irq_record(cpu, intid);
	if (irq_hook)
		irq_hook(cpu, intid);
	gic_end(iar);
}

static void trap_unexpected(u64 vector, const struct frame *f)
{
	guest_printf(
		"unexpected exception: vector %lu esr 0x%lx far 0x%lx elr 0x%lx (image + 0x%lx)"
		" spsr 0x%lx cpu %u\n",
		vector, f->esr, f->far, f->elr, f->elr - (u64)image_start, f->spsr,
		cpu_self()->index);
	for (unsigned n = 0; n < 30; n += 3)
		guest_printf("x%u 0x%lx  x%u 0x%lx  x%u 0x%lx\n", n, f->x[n], n + 1, f->x[n + 1],
			     n + 2, f->x[n + 2]);
	guest_printf("x30 0x%lx sp 0x%lx\n", f->x[30], f->sp);
	CHECK_FAIL("unexpected exception, vector %lu esr 0x%lx", vector, f->esr);
	check_verdict();
}

#define VECTOR_SYNC   4 /* current EL with SP_ELx */
#define VECTOR_IRQ    5
#define VECTOR_EL0_64 8
#define VECTOR_EL0_32 12

void trap_handle(u64 vector, struct frame *frame)
{
	struct cpu *cpu = cpu_self();
	struct fault *fault = &cpu->fault;

	if (vector == VECTOR_IRQ) {
		irq_handle(cpu);
	} else if ((vector == VECTOR_EL0_64 || vector == VECTOR_EL0_32) && el0_hook) {
		el0_hook(frame);
	} else if (vector == VECTOR_SYNC && fault->armed) {
		if (fault_hook)
			fault_hook();
		fault->count++;
		fault->esr = frame->esr;
		fault->far = frame->far;
		fault->elr = frame->elr;
		frame->elr = fault->resume ? fault->resume : frame->elr + 4;
	} else {
		trap_unexpected(vector, frame);
	}
}

void probe_begin(u64 resume)
{
	struct fault *fault = &cpu_self()->fault;

	*fault = (struct fault){.resume = resume};
	asm volatile("" ::: "memory");
	WRITE_ONCE(fault->armed, true);
}

u64 probe_end(void)
{
	struct fault *fault = &cpu_self()->fault;

	DSB(); /* an abort of a store has been taken by now */
	WRITE_ONCE(fault->armed, false);
	/* an exception with ESR 0 (EC unknown, IL 0) is not possible from A64 code: IL is set */
	return fault->count ? fault->esr : 0;
}

/* clang-format off */
#define PROBE(bits, load, store)                                                                   \
	u64 probe_read##bits(u64 va, u64 *value)                                                   \
	{                                                                                          \
		u64 v = 0;                                                                         \
		probe_begin(0);                                                                    \
		asm volatile(load : "+r"(v) : "r"(va) : "memory");                                 \
		*value = v;                                                                        \
		return probe_end();                                                                \
	}                                                                                          \
	u64 probe_write##bits(u64 va, u64 value)                                                   \
	{                                                                                          \
		probe_begin(0);                                                                    \
		asm volatile(store ::"r"(value), "r"(va) : "memory");                              \
		return probe_end();                                                                \
	}
/* clang-format on */

PROBE(8, "ldrb %w0, [%1]", "strb %w0, [%1]")
PROBE(16, "ldrh %w0, [%1]", "strh %w0, [%1]")
PROBE(32, "ldr %w0, [%1]", "str %w0, [%1]")
PROBE(64, "ldr %0, [%1]", "str %0, [%1]")

u64 probe_call(u64 va, u64 *x0)
{
	u64 *resume = &cpu_self()->fault.resume;
	register u64 r0 asm("x0") = *x0;

	probe_begin(0);
	asm volatile("adr x9, 1f\n\t"
		     "str x9, [%2]\n\t"
		     "blr %1\n"
		     "1:"
		     : "+r"(r0)
		     : "r"(va), "r"(resume)
		     : "memory", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
		       "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x30", "cc");
	*x0 = r0;
	return probe_end();
}

u64 probe_instruction(u32 instruction, u64 *x0)
{
	u32 *slot = code_slot[cpu_self()->index];

	slot[0] = instruction;
	slot[1] = 0xd65f03c0; /* ret */
	asm volatile("dc cvau, %0\n\tdsb ish\n\tic ivau, %0\n\tdsb ish\n\tisb" ::"r"(slot)
		     : "memory");
	return probe_call((u64)slot, x0);
}

void sysreg_describe(char *out, size_t size, unsigned sysreg)
{
	guest_snprintf(out, size, "S%u_%u_C%u_C%u_%u", sysreg >> 14, sysreg >> 11 & 7,
		       sysreg >> 7 & 15, sysreg >> 3 & 15, sysreg & 7);
}

u64 probe_mrs(unsigned sysreg, u64 *value)
{
	return probe_instruction(0xd5200000 | sysreg << 5, value);
}

u64 probe_msr(unsigned sysreg, u64 value)
{
	return probe_instruction(0xd5000000 | sysreg << 5, &value);
}
