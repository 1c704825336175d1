/* SPDX-License-Identifier: ISC */
/*
 * Accesses to emulated devices by every kind of load and store of general registers. Each
 * instruction runs on memory first, and then on a device that holds the same: registers and
 * contents must come out the same. Those that move their base or have two registers come to the
 * hypervisor without a syndrome.
 */

#include "abi.h"
#include "gic.h"
#include <public/arch-arm.h>

const char guest_name[] = "loadstore";

#define BYTES \
	32 /* priorities of the private interrupts: they keep what is written, in bytes or words */

/* x29 = the registers, x30 = return; x28 keeps the stack. */
struct regs {
	u64 x[28];
	u64 sp;    /* loaded into the stack pointer in use if set_sp */
	u64 spsel; /* which one: SP_EL0 or SP_EL1 */
	u64 set_sp;
	u64 code;
};

void run_with_regs(struct regs *regs);
extern char run_with_regs_resume[];

asm(".text\n"
    ".type run_with_regs, %function\n"
    "run_with_regs:\n"
    "	stp x19, x20, [sp, #-96]!\n"
    "	stp x21, x22, [sp, #16]\n"
    "	stp x23, x24, [sp, #32]\n"
    "	stp x25, x26, [sp, #48]\n"
    "	stp x27, x28, [sp, #64]\n"
    "	stp x29, x30, [sp, #80]\n"
    "	mov x29, x0\n"
    "	mov x28, sp\n"
    "	ldr x30, [x29, #240]\n"
    "	cbz x30, 1f\n"
    "	ldp x1, x2, [x29, #224]\n"
    "	cbnz x2, 2f\n"
    "	msr spsel, #0\n"
    "2:	mov sp, x1\n"
    "1:	ldp x2, x3, [x29, #16]\n"
    "	ldp x4, x5, [x29, #32]\n"
    "	ldp x6, x7, [x29, #48]\n"
    "	ldp x8, x9, [x29, #64]\n"
    "	ldp x10, x11, [x29, #80]\n"
    "	ldp x12, x13, [x29, #96]\n"
    "	ldp x14, x15, [x29, #112]\n"
    "	ldp x16, x17, [x29, #128]\n"
    "	ldp x18, x19, [x29, #144]\n"
    "	ldp x20, x21, [x29, #160]\n"
    "	ldp x22, x23, [x29, #176]\n"
    "	ldp x24, x25, [x29, #192]\n"
    "	ldp x26, x27, [x29, #208]\n"
    "	ldr x30, [x29, #248]\n"
    "	ldp x0, x1, [x29]\n"
    "	blr x30\n"
    ".globl run_with_regs_resume\n"
    "run_with_regs_resume:\n"
    "	stp x0, x1, [x29]\n"
    "	stp x2, x3, [x29, #16]\n"
    "	mov x2, sp\n"
    "	str x2, [x29, #224]\n"
    "	msr spsel, #1\n"
    "	mov sp, x28\n"
    "	stp x4, x5, [x29, #32]\n"
    "	stp x6, x7, [x29, #48]\n"
    "	stp x8, x9, [x29, #64]\n"
    "	stp x10, x11, [x29, #80]\n"
    "	stp x12, x13, [x29, #96]\n"
    "	stp x14, x15, [x29, #112]\n"
    "	stp x16, x17, [x29, #128]\n"
    "	stp x18, x19, [x29, #144]\n"
    "	stp x20, x21, [x29, #160]\n"
    "	stp x22, x23, [x29, #176]\n"
    "	stp x24, x25, [x29, #192]\n"
    "	stp x26, x27, [x29, #208]\n"
    "	ldp x29, x30, [sp, #80]\n"
    "	ldp x27, x28, [sp, #64]\n"
    "	ldp x25, x26, [sp, #48]\n"
    "	ldp x23, x24, [sp, #32]\n"
    "	ldp x21, x22, [sp, #16]\n"
    "	ldp x19, x20, [sp], #96\n"
    "	ret\n");
_Static_assert(offsetof(struct regs, sp) == 224 && offsetof(struct regs, set_sp) == 240 &&
		       offsetof(struct regs, code) == 248,
	       "run_with_regs");

static u32 code[16] __attribute__((aligned(64)));

/* ESR of the abort, 0: none. */
static u64 run(u32 word, struct regs *r)
{
	u64 daif = SYSREG_READ(daif), esr;

	WRITE_ONCE(code[0], word);
	WRITE_ONCE(code[1], 0xd65f03c0); /* ret */
	asm volatile("dc cvau, %0\n\tdsb ish\n\tic ivau, %0\n\tdsb ish\n\tisb" ::"r"(code)
		     : "memory");
	IRQ_OFF();
	r->code = (u64)code;
	probe_begin((u64)run_with_regs_resume);
	run_with_regs(r);
	esr = probe_end();
	SYSREG_WRITE(daif, daif);
	return esr;
}

/*
 * Bases: x1, x20 and sp. x2 = 4, x3 = -4, x23 = 2 are offsets; the others are data, of bytes that a
 * priority can have. START is where the base points to, from the beginning of the device.
 */
#define FORMS(F)                              \
	F("str w4, [x1], #4", 8)              \
	F("str w4, [x1], #-4", 8)             \
	F("str w4, [x1, #4]!", 8)             \
	F("str w4, [x1, #-8]!", 8)            \
	F("str w21, [x20], #12", 4)           \
	F("str w27, [x20, #-4]!", 16)         \
	F("str wzr, [x20], #4", 16)           \
	F("ldr w4, [x1], #4", 8)              \
	F("ldr w5, [x1, #-4]!", 8)            \
	F("ldr w26, [x20], #255", 28)         \
	F("ldr w27, [x20, #-256]!", 256 + 12) \
	F("ldr wzr, [x1], #4", 8)             \
	F("strb w4, [x1], #1", 3)             \
	F("strb w19, [x20, #1]!", 5)          \
	F("ldrb w4, [x1], #1", 7)             \
	F("ldrb w22, [x20, #-1]!", 7)         \
	F("ldrsb w4, [x1], #1", 1)            \
	F("ldrsb x22, [x20, #3]!", 1)         \
	F("ldrsw x4, [x1], #4", 4)            \
	F("ldrsw x27, [x20, #4]!", 4)         \
	F("stp w4, w5, [x1]", 8)              \
	F("stp w4, w21, [x20, #8]", 8)        \
	F("stp w19, w27, [x1], #8", 8)        \
	F("stp w4, wzr, [x20, #-8]!", 16)     \
	F("stnp w6, w7, [x1, #4]", 4)         \
	F("ldp w4, w5, [x1]", 8)              \
	F("ldp w27, w19, [x20, #-8]", 16)     \
	F("ldp w21, w22, [x20], #-8", 16)     \
	F("ldp w4, w5, [x1, #8]!", 16)        \
	F("ldp w4, wzr, [x1, #8]!", 16)       \
	F("ldnp w24, w6, [x20]", 0)           \
	F("ldpsw x4, x5, [x1]", 8)            \
	F("ldpsw x24, x25, [x20], #8", 8)     \
	F("ldpsw x4, x21, [x1, #-8]!", 8)     \
	F("str w4, [x1, #4]", 8)              \
	F("stur w4, [x1, #-4]", 8)            \
	F("str w4, [x1, x2]", 8)              \
	F("str w4, [x1, w3, sxtw]", 8)        \
	F("str w4, [x20, w23, uxtw #2]", 8)   \
	F("ldr w24, [x20, x3, sxtx]", 8)      \
	F("ldr w5, [x1, x23, lsl #2]", 8)     \
	F("ldrsb x5, [x1, x2]", 8)            \
	F("ldrsw x5, [x1, #8]", 8)            \
	F("ldurb w26, [x20, #-3]", 8)

/* With a stack pointer as the base. */
#define SP_FORMS(F)                       \
	F("str w4, [sp], #16", 16)        \
	F("str w21, [sp, #-16]!", 16)     \
	F("stp w4, w21, [sp, #-16]!", 16) \
	F("ldp w4, w21, [sp], #16", 0)    \
	F("ldr w4, [sp], #16", 16)        \
	F("ldp w5, w6, [sp, #8]", 16)     \
	F("ldr wzr, [sp], #16", 0)

/* Of 64 bits, on two registers that route interrupts (GICv3). */
#define WIDE_FORMS(F)                   \
	F("str x10, [x1], #8", 0)       \
	F("str x10, [x1, #8]!", 0)      \
	F("stp x10, xzr, [x1]", 0)      \
	F("stp xzr, x10, [x1], #16", 0) \
	F("ldr x4, [x1], #8", 8)        \
	F("ldr x21, [x20, #-8]!", 8)    \
	F("ldp x4, x25, [x1]", 0)       \
	F("ldp x4, x5, [x20], #-16", 0) \
	F("ldnp x4, x5, [x20]", 0)

/* Of 16 bits, reading the UART's registers. */
#define HALF_FORMS(F)                    \
	F("ldrh w4, [x1], #2", 0x18)     \
	F("ldrh w21, [x20, #-4]!", 0x3c) \
	F("ldrsh w4, [x1], #2", 0x18)    \
	F("ldrsh x24, [x20, #8]!", 0x38)

struct form {
	const char *text;
	u64 start;
};

#define ROW(text, start)  {text, start},
#define CODE(text, start) text "\n"
#define TABLE(name, list)                                                     \
	static const struct form name[] = {list(ROW)};                        \
	extern const u32 name##_words[];                                      \
	asm(".pushsection .rodata\n.balign 4\n.globl " #name "_words\n" #name \
	    "_words:\n" list(CODE) ".popsection\n")

TABLE(forms, FORMS);
TABLE(sp_forms, SP_FORMS);
TABLE(wide_forms, WIDE_FORMS);
TABLE(half_forms, HALF_FORMS);

static struct regs fresh_regs(u64 at)
{
	struct regs r = {.sp = at};

	for (unsigned n = 0; n < 28; n++)
		r.x[n] = 0x80f86830a0c8b888 ^ n * 0x0808080808080808UL;
	r.x[10] = board.cpu_count > 1; /* a routing: to the last of two CPUs */
	r.x[1] = r.x[20] = at;
	r.x[2] = 4;
	r.x[3] = ~3UL;
	r.x[23] = 2;
	return r;
}

static u32 pattern(unsigned word)
{
	return 0x88d04060 ^ word * 0x18081008;
}

static void compare_regs(const char *text, const struct regs *ram, u64 ram_at,
			 const struct regs *dev, u64 dev_at)
{
	for (unsigned n = 0; n < 28; n++) {
		bool base = n == 1 || n == 20;
		u64 want = base ? ram->x[n] - ram_at : ram->x[n],
		    got = base ? dev->x[n] - dev_at : dev->x[n];

		if (want != got)
			CHECK_FAIL("%s: x%u is 0x%lx, expected 0x%lx", text, n, got, want);
	}
	if (ram->set_sp)
		CHECK_EQ(dev->sp - dev_at, ram->sp - ram_at);
}

/* Stock Xen carries out post-indexed loads and stores of one register only. */
static bool aborted(const char *text, u64 esr)
{
	if (!esr)
		return false;
	XEN_DIFFERS("%s: aborts, esr 0x%lx", text, esr);
	return true;
}

static u8 memory[512] __attribute__((aligned(64)));

static u64 priorities(void)
{
	return gic_bank(GICD_IPRIORITYR, 0, 8);
}

static void run_both(const struct form *f, u32 word, u64 set_sp, u64 spsel)
{
	u64 ram_at = (u64)memory + 128 + f->start, dev_at = priorities() + f->start;
	struct regs ram = fresh_regs(ram_at), dev = fresh_regs(dev_at);

	for (unsigned n = 0; n < BYTES / 4; n++) {
		((volatile u32 *)(memory + 128))[n] = pattern(n);
		CHECK_EQ(probe_write32(priorities() + n * 4, pattern(n)), 0);
	}
	ram.set_sp = dev.set_sp = set_sp;
	ram.spsel = dev.spsel = spsel;
	CHECK_EQ(run(word, &ram), 0);
	if (aborted(f->text, run(word, &dev)))
		return;
	compare_regs(f->text, &ram, ram_at, &dev, dev_at);
	for (unsigned n = 0; n < BYTES / 4; n++) {
		u32 want = ((volatile u32 *)(memory + 128))[n],
		    got = gic_read(priorities() + n * 4);

		if (got != want)
			CHECK_FAIL("%s: word %u is 0x%x, expected 0x%x", f->text, n, got, want);
	}
}

static void check_forms(void)
{
	for (unsigned n = 0; n < ARRAY_SIZE(forms); n++)
		run_both(&forms[n], forms_words[n], 0, 1);
}

/* An abort would use the stack, which is the device then: stock Xen is not tried. */
static void check_stack(void)
{
	for (unsigned n = 0; !xen_is_stock() && n < ARRAY_SIZE(sp_forms); n++) {
		run_both(&sp_forms[n], sp_forms_words[n], 1, 0);
		run_both(&sp_forms[n], sp_forms_words[n], 1, 1);
	}
}

/* What firmware does with its interrupt controller. */
static void check_loop(void)
{
	u64 at = priorities(), end = at + BYTES;
	u32 value = 0xa0a0a0a0, sum = 0;

	if (xen_is_stock())
		return;
	asm volatile("1: str %w1, [%0], #4\n\tcmp %0, %2\n\tb.lo 1b"
		     : "+r"(at)
		     : "r"(value), "r"(end)
		     : "memory", "cc");
	CHECK_EQ(at, end);
	asm volatile("1: ldr w9, [%0, #-4]!\n\tadd %w1, %w1, w9, lsr #28\n\tcmp %0, %2\n\tb.hi 1b"
		     : "+r"(at), "+r"(sum)
		     : "r"(priorities())
		     : "memory", "cc", "x9");
	CHECK_EQ(sum, BYTES / 4 * 0xa);
}

static void check_wide(void)
{
	u64 at = board.gic[0].base + GICD_IROUTER + 32 * 8;

	if (board.gic_version != 3 || gic_lines() < 64)
		return;
	for (unsigned n = 0; n < ARRAY_SIZE(wide_forms); n++) {
		u64 start = wide_forms[n].start, ram_at = (u64)memory + start;
		struct regs ram = fresh_regs(ram_at), dev = fresh_regs(at + start);

		for (unsigned i = 0; i < 2; i++) {
			((volatile u64 *)memory)[i] = i ? 0 : board.cpu_count > 1;
			CHECK_EQ(probe_write64(at + i * 8, i ? 0 : board.cpu_count > 1), 0);
		}
		CHECK_EQ(run(wide_forms_words[n], &ram), 0);
		if (aborted(wide_forms[n].text, run(wide_forms_words[n], &dev)))
			continue;
		compare_regs(wide_forms[n].text, &ram, ram_at, &dev, at + start);
		for (unsigned i = 0; i < 2; i++) {
			u64 value = 0;

			CHECK_EQ(probe_read64(at + i * 8, &value), 0);
			CHECK_EQ(value, ((volatile u64 *)memory)[i]);
		}
	}
}

static void check_uart(void)
{
	static const u8 registers[] = {0x18, 0x38, 0x3c, 0x40}; /* FR, IMSC, RIS, MIS */
	u64 at = (u64)mmu_map_page(40, GUEST_PL011_BASE, MMU_DEVICE), value = 0;

	if (xen_is_dom0() || probe_read32(at, &value)) {
		check_note("no UART: no registers of 16 bits");
		return;
	}
	for (unsigned n = 0; n < ARRAY_SIZE(half_forms); n++) {
		u64 start = half_forms[n].start, ram_at = (u64)memory + start;
		struct regs ram = fresh_regs(ram_at), dev = fresh_regs(at + start);

		for (unsigned i = 0; i < ARRAY_SIZE(registers); i++) {
			CHECK_EQ(probe_read32(at + registers[i], &value), 0);
			*(volatile u32 *)(memory + registers[i]) = (u32)value;
		}
		CHECK_EQ(run(half_forms_words[n], &ram), 0);
		if (!aborted(half_forms[n].text, run(half_forms_words[n], &dev)))
			compare_regs(half_forms[n].text, &ram, ram_at, &dev, at + start);
	}
}

/* Not carried out: an abort, and no register has changed. */
static void check_refused(void)
{
	static const struct {
		const char *what;
		u32 word;
		u64 start;
	} bad[] = {
		{"ldxr w4, [x1]", 0x885f7c24, 0},
		{"ldaxr w4, [x1]", 0x885ffc24, 0},
		{"ldxp w4, w5, [x1]", 0x887f1424, 0},
		{"ldr x4, [x1], #8: the register has 32 bits", 0xf8408424, 0},
		{"ldrh w4, [x1], #2", 0x78402424, 0},
		{"ldr w4, [x1], #4: misaligned", 0xb8404424, 2},
		{"stp w4, w5, [x1]: into the next page", 0x29001424, 0xc00 - 4},
	};

	for (unsigned n = 0; n < ARRAY_SIZE(bad); n++) {
		u64 at = priorities() + bad[n].start, esr;
		struct regs before = fresh_regs(at), r = before;

		esr = run(bad[n].word, &r);
		if (ESR_EC(esr) != EC_DABT_SAME) {
			XEN_DIFFERS("%s: esr 0x%lx, expected an abort", bad[n].what, esr);
			continue;
		}
		CHECK_EQ(cpu_self()->fault.far & ~7UL, at & ~7UL);
		before.code = r.code;
		before.sp = r.sp;
		CHECK_EQ(memcmp(&before, &r, sizeof(r)), 0);
	}
}

/* Another vCPU changes the instruction while it is carried out: one of the two, or an abort. */
static u32 racing[16] __attribute__((aligned(64)));
static u32 race_stop;

#define RACE_STORE 0xb8004424 /* str w4, [x1], #4 */
#define RACE_LOAD  0xb8404425 /* ldr w5, [x1], #4 */

static void job_race(struct cpu *cpu, void *arg)
{
	u32 n = 0;

	(void)cpu;
	(void)arg;
	while (!__atomic_load_n(&race_stop, __ATOMIC_ACQUIRE)) {
		WRITE_ONCE(racing[0], n++ & 1 ? RACE_STORE : RACE_LOAD);
		asm volatile("dc cvau, %0\n\tdsb ish\n\tic ivau, %0\n\tdsb ish" ::"r"(racing)
			     : "memory");
	}
}

static void race_once(u64 at)
{
	struct regs r = fresh_regs(at);
	u32 old = pattern(2), now;
	u64 esr;

	gic_write(at, old);
	r.code = (u64)racing;
	probe_begin((u64)run_with_regs_resume);
	run_with_regs(&r);
	esr = probe_end();
	now = gic_read(at);
	if (esr)
		CHECK(ESR_EC(esr) == EC_DABT_SAME && r.x[1] == at && now == old);
	else
		CHECK_EQ(r.x[1], at + 4);
	CHECK(now == old || now == (u32)r.x[4]);
	CHECK(r.x[5] == fresh_regs(at).x[5] || r.x[5] == old);
}

static void check_race(void)
{
	if (board.cpu_count < 2 || xen_is_stock())
		return;
	CHECK_RC(smp_start_cpu(1), 0);
	racing[0] = RACE_LOAD;
	racing[1] = 0xd65f03c0; /* ret */
	race_stop = 0;
	cache_clean_invalidate(racing, sizeof(racing));
	smp_run(1, job_race, NULL);
	for (unsigned n = 0; n < 3000 && !check_failed(); n++)
		race_once(priorities() + 8);
	__atomic_store_n(&race_stop, 1, __ATOMIC_RELEASE);
	CHECK(smp_wait(1));
}

static const struct check checks[] = {
	{"forms", check_forms}, {"stack", check_stack}, {"loop", check_loop},
	{"wide", check_wide},   {"uart", check_uart},   {"refused", check_refused},
	{"race", check_race},
};

void guest_main(void)
{
	gic_init();
	check_run(checks, ARRAY_SIZE(checks));
}
