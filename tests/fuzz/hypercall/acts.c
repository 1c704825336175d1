/* SPDX-License-Identifier: ISC */
/*
 * What guests do beside hypercalls: they write into memory and to devices, call the firmware, set
 * timers, take interrupts.
 */
#include <arm/a64_access.h>
#include <arm/psci.h>
#include <arm/trap.h>
#include <mem/guest_access.h>
#include <hyp/console.h>
#include <hyp/hypercall.h>
#include <vdev/mmio.h>
#include <hyp/uart.h>
#include <vdev/vtimer.h>
#include <public/grant_table.h>
#include "fuzz.h"

/*
 * The words that a guest shares with the hypervisor or with dom0, and that it may write as it
 * likes.
 */
static const struct shared_words {
	uint64_t gfn;
	uint16_t at, nr; /* offset of the first, how many */
	uint8_t size;    /* bytes of each */
} shared_words[] = {
	{EVENTS, 0, 16, 4},       /* FIFO: event words */
	{CONTROLS, 0, 36, 4},     /* FIFO: ready and heads, of both vCPUs */
	{INFOS, 0, 16, 8},        /* vcpu_info: pending, selector */
	{VUART_RING, 3072, 4, 4}, /* the console ring's indices */
	{GRANTS, 64, 12, 8},      /* grant entries */
};

static void write_shared(struct vcpu *v)
{
	const struct shared_words *s = &shared_words[byte() % ARRAY_SIZE(shared_words)];
	uint64_t at = (s->gfn << PAGE_SHIFT) + s->at + byte() % s->nr * s->size;
	uint64_t word = byte() & 1 ? bytes(s->size) : (uint64_t)byte() << (8 * (byte() % s->size));

	copy_to_domain(v->domain, at, &word, s->size);
}

/* A list for handles, a grant entry, anything anywhere. */
static void write_memory(struct vcpu *v)
{
	uint64_t base = base_of(v), gpa = a_gfn(base) << PAGE_SHIFT, word;
	struct grant_entry_v1 grant;

	switch (byte() % 3) {
	case 0:
		for (unsigned i = 0; i < 8; i++) {
			word = a_gfn(base);
			copy_to_domain(v->domain, base + PAGE_SIZE + i * 8, &word, sizeof(word));
		}
		break;
	case 1:
		grant = (struct grant_entry_v1){.flags = (uint16_t)(byte() % 64),
						.domid = a_domid(),
						.frame = (uint32_t)a_gfn(base)};
		copy_to_domain(v->domain, (GRANTS << PAGE_SHIFT) + byte() % 24 * sizeof(grant),
			       &grant, sizeof(grant));
		break;
	default:
		word = bytes(4);
		copy_to_domain(v->domain, gpa + bytes(2) % (PAGE_SIZE - 8), &word, sizeof(word));
	}
}

/* The UART of the machine: takes what is printed, gives what `typed` says. */
#define UART_SPI 33

static unsigned typed;

static void uart_init(char *regs)
{
	(void)regs;
}

static void uart_putc(char *regs, char c)
{
	(void)regs;
	(void)c;
}

static int uart_getc(char *regs)
{
	(void)regs;
	return typed ? (int)('a' + --typed % 26) : -1;
}

static void uart_input(void)
{
	evtchn_virq_global(VIRQ_CONSOLE);
}

void start_uart(void)
{
	static const struct uart_driver uart = {.init = uart_init,
						.putc = uart_putc,
						.getc = uart_getc,
						.rx_irq = uart_init,
						.rx_ack = uart_init};

	console_init(&uart, NULL);
	console_enable_input(UART_SPI, uart_input);
}

static gpaddr_t dist_base(const struct vcpu *v)
{
	return v->domain->privileged ? 0x8000000 : GUEST_GICD_BASE;
}

static void access(struct vcpu *v, gpaddr_t addr, unsigned size)
{
	if (byte() & 1)
		mmio_write(v, addr, size, bytes(size));
	else
		mmio_read(v, addr, size);
}

static void device_access(struct vcpu *v)
{
	unsigned size = 1u << byte() % 4;

	access(v, dist_base(v) + bytes(2) + (byte() % 4) * 0x10000, size);
}

/* Banks of registers of the distributor, and of a redistributor with version 3. */
static void gic_access(struct vcpu *v)
{
	static const uint16_t banks[] = {0x000, 0x080, 0x100, 0x180, 0x200, 0x280,
					 0x300, 0x380, 0x400, 0x420, 0x820, 0xc00,
					 0xc04, 0xc08, 0xf00, 0xf10, 0xf20};
	uint8_t b = byte();
	gpaddr_t at = banks[byte() % ARRAY_SIZE(banks)] + b % 8 * 4;

	if (v->domain->vgic.version == 3 && b & 0x80)
		at += (b & 0x40 ? 0x10000 : 0) + GUEST_GICV3_GICR0_BASE - GUEST_GICD_BASE +
		      b / 8 % 2 * (uint64_t)VGIC_REDIST_STRIDE;
	else if (v->domain->vgic.version == 3 && b & 0x40)
		at = 0x6000 + (NR_LOCALS + b % 32) * 8;
	access(v, dist_base(v) + at, b & 0x20 && at >= 0x400 && at < 0xc00 ? 1 : 4);
}

/*
 * An access to the distributor by an instruction that has to be decoded; mostly of the fault that
 * it has made.
 */
static void instruction_access(struct vcpu *v)
{
	static const struct {
		uint32_t insn, free; /* bits that may be anything */
	} forms[] = {
		{0xb8400400, 0x001ff3ff}, /* LDR, post-indexed */
		{0xb8000c00, 0x001ff3ff}, /* STR, pre-indexed */
		{0x28c00000, 0x003fffff}, /* LDP, post-indexed */
		{0x29000000, 0x003fffff}, /* STP */
		{0x38600800, 0x001ff3ff}, /* LDRB, register */
		{0x39c00000, 0x003fffff}, /* LDRSB */
		{0x00000000, 0xffffffff},
	};
	unsigned n = byte() % ARRAY_SIZE(forms);
	uint32_t insn = forms[n].insn | ((uint32_t)bytes(4) & forms[n].free);
	struct mmio_fault f = {.gpa = dist_base(v) + byte() * 8, .write = byte() & 1};
	struct a64_access a;
	uint64_t sp = 0;

	f.far = f.gpa;
	if (a64_decode_access(insn, &a) && byte() < 224) {
		uint64_t *base = a.rn == A64_SP ? &sp : &v->arch.x[a.rn];

		if (a.indexed && a.rm != 31)
			v->arch.x[a.rm] = 0;
		*base = f.far - (a.post || a.indexed ? 0 : (uint64_t)(int64_t)a.offset);
		f.write = a.write;
	}
	mmio_emulate_insn(v, insn, &sp, &f);
}

static void uart_access(struct vcpu *v)
{
	static const uint8_t registers[] = {0x00, 0x00, 0x04, 0x18, 0x30, 0x38, 0x3c, 0x40, 0x44};

	access(v, GUEST_PL011_BASE + registers[byte() % ARRAY_SIZE(registers)], 1u << byte() % 3);
}

static void firmware_call(struct vcpu *v)
{
	static const uint32_t ids[] = {
		PSCI_VERSION,   PSCI_CPU_ON_64, PSCI_CPU_OFF,        PSCI_AFFINITY_INFO_64,
		PSCI_FEATURES,  SMCCC_VERSION,  PSCI_CPU_SUSPEND_64, PSCI_SYSTEM_OFF,
		PSCI_CPU_ON_32, 0x84000010,     SMCCC_ARCH_FEATURES, PSCI_SYSTEM_RESET};
	const uint32_t functions = 32, convention_64 = 1u << 30;
	uint8_t b = byte();

	v->arch.x[0] = b & 0x80 ? ids[b % ARRAY_SIZE(ids)]
				: (PSCI_VERSION | (b & 0x40 ? convention_64 : 0)) + b % functions;
	v->arch.x[1] = small();
	v->arch.x[2] = a_gfn(base_of(v)) << PAGE_SHIFT;
	v->arch.x[3] = byte();
	if (!v->domain->privileged ||
	    (v->arch.x[0] != PSCI_SYSTEM_OFF && v->arch.x[0] != PSCI_SYSTEM_RESET &&
	     v->arch.x[0] != PSCI_CPU_OFF))
		smccc_call(v);
}

static void timers(struct vcpu *v)
{
	uint8_t b = byte();

	if (b & 1) {
		ptimer_write(v, PTIMER_CVAL, host_ticks + bytes(2) * 100);
		ptimer_write(v, PTIMER_CTL, b >> 1 & 3);
	} else {
		v->arch.vtimer.on = b & 2;
		v->arch.vtimer.cval = host_ticks + bytes(2) * 100;
	}
}

static void interrupts(struct vcpu *v)
{
	uint8_t b = byte();

	if (b & 1)
		host_guest_open();
	while (host_guest_take() != HOST_NO_IRQ && b & 2)
		;
	if (b & 4)
		host_raise_spi(NR_LOCALS + b / 8);
	if (v->domain->vgic.version == 3 && b & 8)
		vgic_v3_write_sgi1r(v, bytes(8));
}

/* dom0 asks for a report in the log; not for a panic or a reboot. */
static void debug_keys(struct vcpu *v)
{
	static const char keys[] = "hqrm?x";
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_debug_keys,
				.interface_version = XEN_SYSCTL_INTERFACE_VERSION,
				.u.debug_keys = {.keys.va = base_of(v) + sizeof(op), .nr_keys = 2}};

	if (!v->domain->privileged)
		return;
	copy_to_domain(v->domain, base_of(v), &op, sizeof(op));
	copy_to_domain(v->domain, base_of(v) + sizeof(op), &keys[byte() % (sizeof(keys) - 2)], 2);
	host_hypercall(v, __HYPERVISOR_sysctl, base_of(v), 0, 0);
}

/* Characters for the machine's console come from the UART. */
static void type(struct vcpu *v)
{
	(void)v;
	typed = byte() % 64;
	host_raise_spi(UART_SPI);
}

void act(struct vcpu *v)
{
	static void (*const acts[])(struct vcpu *) = {
		write_memory,       write_shared, device_access, gic_access, uart_access,
		firmware_call,      timers,       interrupts,    debug_keys, type,
		instruction_access,
	};

	acts[byte() % ARRAY_SIZE(acts)](v);
}
