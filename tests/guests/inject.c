/* SPDX-License-Identifier: ISC */
/*
 * Exceptions that the hypervisor makes for a guest look like the CPU's own, and an instruction that
 * it emulates is one instruction: from EL1, and from 32-bit EL0 where the CPU has that, with its
 * two sizes of instructions and its IT blocks.
 */

#include "abi.h"
#include "gic.h"

const char guest_name[] = "inject";

#define SCTLR_NTWI  BIT(16)
#define SCTLR_NTWE  BIT(18)
#define SCTLR_SPAN  BIT(23)
#define SCTLR_DSSBS BIT(44)

#define EC_SVC_A32  0x11
#define EC_DABT_LOW 0x24
#define NOWHERE     BIT(37) /* nothing is mapped at this guest physical address */

/*
 * EL0: one GiB below 4 GiB, which is neither RAM nor a device, has three blocks for it.
 */
enum { USER_CODE, USER_GIC, USER_NOWHERE };
static u64 user_table[512] ALIGN_PAGE;
static u16 user_code[64] __attribute__((aligned(64)));
static u64 user_base;

static u64 user_block(u64 address, bool device)
{
	/* AF, inner shareable, EL0 may read and write, the attributes' index */
	u64 bits = BIT(10) | 3UL << 8 | BIT(6) | (device ? 0 : 1UL << 2) | 1;

	return (address & ~(BLOCK_SIZE - 1)) | bits;
}

static u64 user_va(unsigned block, u64 address)
{
	return user_base + block * BLOCK_SIZE + (address & (BLOCK_SIZE - 1));
}

static void user_map(void)
{
	user_table[USER_CODE] = user_block((u64)user_code, false);
	user_table[USER_GIC] = user_block(board.gic[0].base, true);
	user_table[USER_NOWHERE] = user_block(NOWHERE, true);
	DSB();
	user_base = (u64)mmu_map_table((u64)user_table);
}

/* What runs at EL0, and how it ended. */
static struct user {
	u64 x[15];
	u64 pc, spsr;
	u64 esr, far;
} user;

void user_enter(struct user *u);
extern char user_done[];
asm(".text\n"
    ".hidden user_enter, user_done\n"
    ".global user_enter, user_done\n"
    "user_enter:\n\t"
    "stp x29, x30, [sp, #-96]!\n\t"
    "stp x19, x20, [sp, #16]\n\t"
    "stp x21, x22, [sp, #32]\n\t"
    "stp x23, x24, [sp, #48]\n\t"
    "stp x25, x26, [sp, #64]\n\t"
    "stp x27, x28, [sp, #80]\n\t"
    "ldp x1, x2, [x0, #120]\n\t"
    "msr elr_el1, x1\n\t"
    "msr spsr_el1, x2\n\t"
    "ldp x2, x3, [x0, #16]\n\t"
    "ldp x4, x5, [x0, #32]\n\t"
    "ldp x6, x7, [x0, #48]\n\t"
    "ldp x8, x9, [x0, #64]\n\t"
    "ldp x10, x11, [x0, #80]\n\t"
    "ldp x12, x13, [x0, #96]\n\t"
    "ldr x14, [x0, #112]\n\t"
    "ldp x0, x1, [x0]\n\t"
    "eret\n"
    "user_done:\n\t"
    "ldp x19, x20, [sp, #16]\n\t"
    "ldp x21, x22, [sp, #32]\n\t"
    "ldp x23, x24, [sp, #48]\n\t"
    "ldp x25, x26, [sp, #64]\n\t"
    "ldp x27, x28, [sp, #80]\n\t"
    "ldp x29, x30, [sp], #96\n\t"
    "ret\n");

static void user_ended(struct frame *frame)
{
	memcpy(user.x, frame->x, sizeof(user.x));
	user.pc = frame->elr;
	user.spsr = frame->spsr;
	user.esr = frame->esr;
	user.far = frame->far;
	frame->elr = (u64)user_done;
	frame->spsr = 0x3c5; /* EL1h, all masked */
}

#define USER_A64 0x3c0 /* all masked: an interrupt stays pending */
#define USER_A32 0x1d0
#define USER_T32 (USER_A32 | BIT(5))

/* Runs code of `size` bytes at EL0 until its first exception. */
static void user_run(const void *code, size_t size, u64 spsr)
{
	memcpy(user_code, code, size);
	asm volatile("dc cvau, %0\n\tdc cvau, %1\n\tdsb ish\n\tic ialluis\n\tdsb ish\n\tisb" ::"r"(
			     user_code),
		     "r"(&user_code[32])
		     : "memory");
	user.pc = user_va(USER_CODE, (u64)user_code);
	user.spsr = spsr;
	el0_hook = user_ended;
	user_enter(&user);
	el0_hook = NULL;
}

static u64 user_offset(void)
{
	return user.pc - user_va(USER_CODE, (u64)user_code);
}

static bool has_aarch32(void)
{
	u64 pfr0 = 0;

	probe_mrs(SYSREG_CODE(3, 0, 0, 4, 0), &pfr0);
	if ((pfr0 & 15) == 2)
		return true;
	check_note("the CPU has no AArch32");
	return false;
}

/*
 * T32 in an IT block: what an instruction that is emulated leaves of ITSTATE decides which of those
 * behind it are executed. r1: a GIC register, r2, r3, r5 count; all end with ADDS r5 and SVC #7.
 */
#define T32_CMP   0x42a4 /* cmp r4, r4: eq */
#define T32_ITTEE 0xbf07 /* eq */
#define T32_ITET  0xbf0a
#define T32_LDR   0x6808         /* ldreq r0, [r1] */
#define T32_STRB  0x7008         /* strbeq r0, [r1] */
#define T32_LDRW  0xf8d1, 0x0000 /* ldreq.w r0, [r1] */
#define T32_WFI   0xbf30         /* wfieq */
#define T32_ADD2  0x3201         /* add r2, #1 */
#define T32_ADD3  0x3301         /* add r3, #1 */
#define T32_END   0x3501, 0xdf07

static const struct {
	const char *name;
	u16 code[12];
	u32 length; /* of all but SVC, in bytes: where it is returned to */
	u32 r2;
	bool reads;
} t32[] = {
	{"ldr first",
	 {T32_CMP, T32_ITTEE, T32_LDR, T32_ADD2, T32_ADD3, T32_ADD3, T32_END},
	 16,
	 1,
	 true},
	{"ldr.w first",
	 {T32_CMP, T32_ITTEE, T32_LDRW, T32_ADD2, T32_ADD3, T32_ADD3, T32_END},
	 18,
	 1,
	 true},
	{"strb second",
	 {T32_CMP, T32_ITTEE, T32_ADD2, T32_STRB, T32_ADD3, T32_ADD3, T32_END},
	 16,
	 1,
	 false},
	{"ldr last", {T32_CMP, T32_ITET, T32_ADD2, T32_ADD3, T32_LDR, T32_END}, 14, 1, true},
	{"wfi first",
	 {T32_CMP, T32_ITTEE, T32_WFI, T32_ADD2, T32_ADD3, T32_ADD3, T32_END},
	 16,
	 1,
	 false},
	{"wfi alone", {T32_WFI, T32_ADD2, T32_END}, 8, 1, false},
};

/* A pending interrupt, masked by PSTATE: WFI returns at once. */
static void pend_timer(bool on)
{
	SYSREG_WRITE(cntv_cval_el0, timer_now());
	SYSREG_WRITE(cntv_ctl_el0, on ? TIMER_ENABLE : 0);
	ISB();
	if (on) {
		gic_enable(board.ppi_virt);
		return;
	}
	gic_disable(board.ppi_virt);
	gic_unpend(board.ppi_virt);
}

static void check_t32(void)
{
	u64 sctlr = SYSREG_READ(sctlr_el1), priority = board.gic[0].base + GICD_IPRIORITYR + 40;

	if (!has_aarch32())
		return;
	pend_timer(true);
	SYSREG_WRITE(sctlr_el1, sctlr | SCTLR_NTWI | SCTLR_NTWE);
	for (unsigned n = 0; n < ARRAY_SIZE(t32); n++) {
		u64 reg = t32[n].reads ? board.gic[0].base + GICD_TYPER : priority;

		memset(&user, 0, sizeof(user));
		user.x[0] = 0x80;
		user.x[1] = user_va(USER_GIC, reg);
		user_run(t32[n].code, sizeof(t32[n].code), USER_T32);
		if (ESR_EC(user.esr) != EC_SVC_A32 || user_offset() != t32[n].length ||
		    user.x[2] != t32[n].r2 || user.x[3] || user.x[5] != 1)
			CHECK_FAIL(
				"%s: esr 0x%lx at +%lu, r2 %lu r3 %lu r5 %lu, expected SVC at +%u, "
				"%u 0 1",
				t32[n].name, user.esr, user_offset(), user.x[2], user.x[3],
				user.x[5], t32[n].length, t32[n].r2);
		if (t32[n].reads)
			CHECK_EQ(user.x[0], gic_read(reg));
	}
	SYSREG_WRITE(sctlr_el1, sctlr);
	ISB();
	pend_timer(false);
}

/* An abort within an IT block: the handler is told where in the block, to go on there. */
static void check_t32_abort(void)
{
	static const u16 code[] = {T32_CMP,  T32_ITTEE, T32_ADD2, T32_LDR,
				   T32_ADD3, T32_ADD3,  T32_END};
	u64 it;

	if (!has_aarch32())
		return;
	memset(&user, 0, sizeof(user));
	user.x[1] = user_va(USER_NOWHERE, 0x123);
	user_run(code, sizeof(code), USER_T32);
	CHECK_EQ(ESR_EC(user.esr), EC_DABT_LOW);
	CHECK_EQ(user.far, user.x[1]);
	CHECK_EQ(user_offset(), 6);
	it = FIELD(user.spsr, 15, 10) << 2 | FIELD(user.spsr, 26, 25);
	CHECK_EQ(it, 0x0e); /* eq, and of the mask 0111 one bit is gone */
	CHECK_EQ(user.spsr & 0x3f, USER_T32 & 0x3f);
}

static void check_a32(void)
{
	static const u32 load[] = {0xe5910000, 0xef000007};  /* ldr r0, [r1]; svc #7 */
	static const u32 wait[] = {0xe320f003, 0xef000007};  /* wfi; svc #7 */
	static const u32 tpidr[] = {0xee1d0f50, 0xef000007}; /* mrc p15, 0, r0, c13, c0, 2 */
	static const u32 pmcr[] = {0xee190f1c};              /* mrc p15, 0, r0, c9, c12, 0 */
	u64 reg = board.gic[0].base + GICD_TYPER, sctlr = SYSREG_READ(sctlr_el1);

	if (!has_aarch32())
		return;
	memset(&user, 0, sizeof(user));
	user.x[1] = user_va(USER_GIC, reg);
	user_run(load, sizeof(load), USER_A32);
	CHECK_EQ(ESR_EC(user.esr), EC_SVC_A32);
	CHECK_EQ(ESR_ISS(user.esr) & 0xffff, 7);
	CHECK_EQ(user_offset(), 8);
	CHECK_EQ(user.x[0], gic_read(reg));

	pend_timer(true);
	SYSREG_WRITE(sctlr_el1, sctlr | SCTLR_NTWI);
	user_run(wait, sizeof(wait), USER_A32);
	SYSREG_WRITE(sctlr_el1, sctlr);
	ISB();
	pend_timer(false);
	CHECK_EQ(ESR_EC(user.esr), EC_SVC_A32);
	CHECK_EQ(user_offset(), 8);

	SYSREG_WRITE(tpidr_el0, 0x12345678);
	user_run(tpidr, sizeof(tpidr), USER_A32);
	CHECK_EQ(user.x[0], 0x12345678);
	/* the PMU is hidden; whoever refuses, EL1 hears of it */
	user_run(pmcr, sizeof(pmcr), USER_A32);
	CHECK(ESR_EC(user.esr) == EC_UNKNOWN || ESR_EC(user.esr) == 0x03);
	CHECK_EQ(user_offset(), 0);
}

/* The same from 64-bit EL0. */
static void check_a64(void)
{
	static const u32 load[] = {0xb9400020, 0xd40000e1}; /* ldr w0, [x1]; svc #7 */
	u64 reg = board.gic[0].base + GICD_TYPER;

	memset(&user, 0, sizeof(user));
	user.x[1] = user_va(USER_GIC, reg);
	user_run(load, sizeof(load), USER_A64);
	CHECK_EQ(ESR_EC(user.esr), 0x15);
	CHECK_EQ(user_offset(), 8);
	CHECK_EQ(user.x[0], gic_read(reg));
	user.x[1] = user_va(USER_NOWHERE, 0x124);
	user_run(load, sizeof(load), USER_A64);
	CHECK_EQ(ESR_EC(user.esr), EC_DABT_LOW);
	CHECK_EQ(user.far, user.x[1]);
	CHECK_EQ(user_offset(), 0);
	CHECK_EQ(user.spsr & ~(0xfUL << 28), USER_A64);
}

/*
 * PSTATE after an exception: the CPU's own and one that was injected must agree in every field that
 * the ID registers promise, whatever the fields and SCTLR_EL1 were before.
 */
static const struct pstate_field {
	const char *name;
	u16 reg, id;
	u8 low, from;
	bool settable;
} pstate_fields[] = {
	{"PAN", SYSREG_CODE(3, 0, 4, 2, 3), SYSREG_CODE(3, 0, 0, 7, 1), 20, 1, true},
	{"UAO", SYSREG_CODE(3, 0, 4, 2, 4), SYSREG_CODE(3, 0, 0, 7, 2), 4, 1, true},
	{"DIT", SYSREG_CODE(3, 3, 4, 2, 5), SYSREG_CODE(3, 0, 0, 4, 0), 48, 1, true},
	{"SSBS", SYSREG_CODE(3, 3, 4, 2, 6), SYSREG_CODE(3, 0, 0, 4, 1), 4, 2, true},
	{"DAIF", SYSREG_CODE(3, 3, 4, 2, 1), SYSREG_CODE(3, 0, 0, 4, 0), 0, 0, false},
	{"SPSel", SYSREG_CODE(3, 0, 4, 2, 0), SYSREG_CODE(3, 0, 0, 4, 0), 0, 0, false},
};
#define NR_FIELDS  ARRAY_SIZE(pstate_fields)
#define FIELD_DIT  2
#define FIELD_SSBS 3

static u32 field_code[NR_FIELDS][2][2] __attribute__((aligned(64))); /* MRS, RET; MSR, RET */
static bool field_there[NR_FIELDS];

struct pstate {
	u64 field[NR_FIELDS], spsr;
};
static struct pstate at_fault;

static void note_pstate(void)
{
	for (unsigned n = 0; n < NR_FIELDS; n++)
		if (field_there[n])
			at_fault.field[n] = ((u64(*)(void))field_code[n][0])();
	/*
	 * but for the flags, which are the compiler's, and BTYPE, which is of the branch to a probe
	 */
	at_fault.spsr = SYSREG_READ(spsr_el1) & ~(0xfUL << 28 | 3UL << 10);
}

static void set_fields(u64 value)
{
	for (unsigned n = 0; n < NR_FIELDS; n++)
		if (field_there[n] && pstate_fields[n].settable)
			((void (*)(u64))field_code[n][1])(value);
}

static void find_fields(void)
{
	for (unsigned n = 0; n < NR_FIELDS; n++) {
		const struct pstate_field *f = &pstate_fields[n];
		u64 id = 0;

		probe_mrs(f->id, &id);
		field_there[n] = (id >> f->low & 15) >= f->from;
		for (unsigned write = 0; write < 2; write++) {
			field_code[n][write][0] = (write ? 0xd5000000 : 0xd5200000) | (u32)f->reg
											      << 5;
			field_code[n][write][1] = 0xd65f03c0;
		}
		if (field_there[n] && f->settable)
			check_note("PSTATE.%s", f->name);
	}
	cache_clean_invalidate(field_code, sizeof(field_code));
	asm volatile("ic ialluis\n\tdsb ish\n\tisb" ::: "memory");
}

static u64 fault_undefined(void)
{
	u64 x0 = 0;

	return probe_instruction(0, &x0); /* udf #0: the CPU's own */
}

static u64 fault_trapped(void)
{
	u64 x0 = 0;

	return probe_instruction(0xd53b9c00, &x0); /* mrs x0, pmcr_el0: hidden, so injected */
}

static u64 fault_abort(void)
{
	static u64 va; /* not EL0's, or PSTATE.PAN would refuse it first */
	u64 value;

	if (!va)
		va = (u64)mmu_map_page(6, NOWHERE, MMU_DEVICE);
	return probe_read64(va, &value);
}

static struct pstate pstate_of(u64 (*fault)(void), u64 fields)
{
	u64 esr;

	memset(&at_fault, 0, sizeof(at_fault));
	fault_hook = note_pstate;
	set_fields(fields);
	esr = fault();
	set_fields(0);
	fault_hook = NULL;
	CHECK(esr);
	return at_fault;
}

static void compare_pstate(const char *what, u64 (*fault)(void), u64 fields, u64 sctlr)
{
	struct pstate want = pstate_of(fault_undefined, fields), is = pstate_of(fault, fields);

	/* An exception leaves DIT alone (Arm ARM D1.3.1); QEMU 7.2 clears it. */
	if (field_there[FIELD_DIT])
		want.field[FIELD_DIT] = fields & BIT(24);
	for (unsigned n = 0; n < NR_FIELDS; n++)
		if (is.field[n] != want.field[n])
			CHECK_FAIL("%s, fields 0x%lx, SCTLR 0x%lx: %s is 0x%lx, the CPU makes it "
				   "0x%lx",
				   what, fields, sctlr, pstate_fields[n].name, is.field[n],
				   want.field[n]);
	if (is.spsr != want.spsr)
		CHECK_FAIL("%s, fields 0x%lx: SPSR is 0x%lx, the CPU makes it 0x%lx", what, fields,
			   is.spsr, want.spsr);
}

static void check_pstate(void)
{
	u64 old = SYSREG_READ(sctlr_el1);
	bool ssbs;

	find_fields();
	ssbs = field_there[FIELD_SSBS];
	for (unsigned n = 0; n < 8; n++) {
		u64 sctlr = (old & ~SCTLR_SPAN) | (n & 1 ? SCTLR_SPAN : 0) |
			    (n & 2 && ssbs ? SCTLR_DSSBS : 0);

		SYSREG_WRITE(sctlr_el1, sctlr);
		ISB();
		compare_pstate("trapped register", fault_trapped, n & 4 ? ~0UL : 0, sctlr);
		compare_pstate("abort", fault_abort, n & 4 ? ~0UL : 0, sctlr);
	}
	SYSREG_WRITE(sctlr_el1, old);
	ISB();
}

static const struct check checks[] = {
	{"pstate", check_pstate},       {"a64", check_a64}, {"a32", check_a32}, {"t32", check_t32},
	{"t32-abort", check_t32_abort},
};

void guest_main(void)
{
	gic_init();
	user_map();
	check_run(checks, ARRAY_SIZE(checks));
}
