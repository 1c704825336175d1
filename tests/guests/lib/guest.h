/* SPDX-License-Identifier: ISC */
/* What every test guest includes: types, system register access, per-CPU state, checks and output.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "asm.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define ARRAY_SIZE(a)    (sizeof(a) / sizeof((a)[0]))
#define PAGE_SIZE        4096UL
#define BLOCK_SIZE       0x200000UL
#define ALIGN_PAGE       __attribute__((aligned(4096)))
#define BIT(n)           (1UL << (n))
#define FIELD(v, hi, lo) (((v) >> (lo)) & (BIT((hi) - (lo) + 1) - 1))

#define SYSREG_NAME_(name) #name
#define SYSREG_READ(name)                                                             \
	({                                                                            \
		u64 value_;                                                           \
		asm volatile("mrs %0, " SYSREG_NAME_(name) : "=r"(value_)::"memory"); \
		value_;                                                               \
	})
#define SYSREG_WRITE(name, value) \
	asm volatile("msr " SYSREG_NAME_(name) ", %0" ::"r"((u64)(value)) : "memory")

#define ISB()     asm volatile("isb" ::: "memory")
#define DSB()     asm volatile("dsb sy" ::: "memory")
#define DMB()     asm volatile("dmb sy" ::: "memory")
#define WFI()     asm volatile("wfi" ::: "memory")
#define WFE()     asm volatile("wfe" ::: "memory")
#define SEV()     asm volatile("dsb sy; sev" ::: "memory")
#define IRQ_ON()  asm volatile("msr daifclr, #2" ::: "memory")
#define IRQ_OFF() asm volatile("msr daifset, #2" ::: "memory")

#define READ_ONCE(x)     (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

/* The image, from the linker script. */
extern char image_start[], bss_start[], bss_end[], image_end[];

/* The registers that the boot vCPU started with. */
extern struct entry_state {
	u64 x0;
	u64 sctlr, daif, current_el, spsel;
	u64 x1_to_x3; /* or-ed together */
	u64 x4_to_x30;
	u64 sp;
} entry_state;

/* --- string.c ----------------------------------------------------------------------------- */
void *memset(void *dst, int byte, size_t size);
void *memcpy(void *dst, const void *src, size_t size);
void *memmove(void *dst, const void *src, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);
char *strchr(const char *s, int c);
u64 str_to_u64(const char *s);

/* --- print.c ------------------------------------------------------------------------------ */
int guest_vsnprintf(char *out, size_t size, const char *format, __builtin_va_list args);
int guest_snprintf(char *out, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void guest_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* --- console.c ---------------------------------------------------------------------------- */
void console_init(void);
void console_write(const char *text, size_t length);
const char *console_kind(void);

/* --- cpu.h part: one struct per vCPU, in TPIDR_EL1 ------------------------------------------ */
struct frame {
	u64 x[31];
	u64 sp;
	u64 elr;
	u64 spsr;
	u64 esr;
	u64 far;
};
_Static_assert(sizeof(struct frame) == FRAME_SIZE, "start.S saves a frame of FRAME_SIZE");

/* An exception the guest provoked on purpose, see trap.c. */
struct fault {
	bool armed;
	unsigned count;
	u64 esr;
	u64 far;
	u64 elr;
	u64 resume; /* 0: the instruction after the faulting one */
};

#define IRQ_LOG 512

struct cpu {
	char *stack_top; /* at CPU_STACK */
	unsigned index;
	unsigned state; /* smp.c */
	u64 mpidr;
	void (*job)(struct cpu *cpu, void *arg);
	void *job_arg;
	struct fault fault;
	u32 irq_count[32]; /* SGIs and PPIs; SPIs are in irq_spi_count */
	u32 irq_spurious;
	u32 last_iar;   /* as acknowledged: GICv2 puts an SGI's sender there */
	u32 log_length; /* interrupts in the order in which they were acknowledged */
	u16 log[IRQ_LOG];
};
_Static_assert(offsetof(struct cpu, stack_top) == CPU_STACK, "start.S reads stack_top");

extern struct cpu cpus[MAX_CPUS];

static inline struct cpu *cpu_self(void)
{
	return (struct cpu *)SYSREG_READ(tpidr_el1);
}

/* --- trap.c ------------------------------------------------------------------------------- */
/* Called for each acknowledged interrupt before its end of interrupt; NULL counts only. */
extern void (*irq_hook)(struct cpu *cpu, unsigned intid);
extern u32 irq_spi_count[1024];

u32 irq_count(unsigned intid);
void irq_counts_clear(void);

/* Synchronous exceptions of EL0; it may change where the frame returns to. NULL: unexpected. */
extern void (*el0_hook)(struct frame *frame);
/* Called for each exception that a probe provoked, at the very beginning. */
extern void (*fault_hook)(void);

void trap_handle(u64 vector, struct frame *frame);

/* ESR of the exception that the access caused, 0 if it caused none. FAR is in cpu_self()->fault. */
u64 probe_read8(u64 va, u64 *value);
u64 probe_read16(u64 va, u64 *value);
u64 probe_read32(u64 va, u64 *value);
u64 probe_read64(u64 va, u64 *value);
u64 probe_write8(u64 va, u64 value);
u64 probe_write16(u64 va, u64 value);
u64 probe_write32(u64 va, u64 value);
u64 probe_write64(u64 va, u64 value);
u64 probe_call(u64 va, u64 *x0); /* branch there with x0 = *x0, and back with the result */
void probe_begin(u64 resume);
u64 probe_end(void);

/* MRS/MSR by encoding; sysreg is the 16-bit op0:op1:CRn:CRm:op2 as in the instruction's bits 20-5.
 */
#define SYSREG_CODE(op0, op1, crn, crm, op2) \
	((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
void sysreg_describe(char *out, size_t size, unsigned sysreg); /* S3_0_C1_C0_0 */
u64 probe_mrs(unsigned sysreg, u64 *value);
u64 probe_msr(unsigned sysreg, u64 value);
u64 probe_instruction(u32 instruction, u64 *x0); /* one instruction that may use x0 */

#define ESR_EC(esr)   FIELD(esr, 31, 26)
#define ESR_ISS(esr)  FIELD(esr, 24, 0)
#define ESR_DFSC(esr) FIELD(esr, 5, 0)
#define EC_UNKNOWN    0x00 /* an undefined instruction */
#define EC_WFX        0x01
#define EC_IABT_SAME  0x21
#define EC_DABT_SAME  0x25

/* --- mmu.c -------------------------------------------------------------------------------- */
enum mmu_kind { MMU_DEVICE, MMU_NORMAL, MMU_NORMAL_RO, MMU_UNCACHED, MMU_NONE };

u64 mmu_build_early(u64 dtb, u64 image);
void mmu_enable(u64 table);
void mmu_disable(void);
void mmu_init(void);
void mmu_map_blocks(u64 address, u64 size, enum mmu_kind kind); /* identity, in 2 MiB blocks */
void *mmu_map_page(unsigned slot, u64 ipa, enum mmu_kind kind); /* in a window of 512 pages */
/* A level 2 table of the caller's, at any address, for a GiB that AArch32 reaches; 0: none. */
void *mmu_map_table(u64 table);
void mmu_call_off(void (*fn)(void *arg), void *arg);
extern u64 mmu_final_table;

#define CACHE_LINE 16 /* smaller than any real line: each is cleaned at least once */
void cache_clean_invalidate(const void *start, size_t size);

/* --- board.c: what the device tree says ----------------------------------------------------- */
struct range {
	u64 base;
	u64 size;
};

struct board {
	const void *dtb;
	struct range ram[8];
	unsigned ram_count;
	unsigned cpu_count;
	u64 cpu_mpidr[MAX_CPUS];
	unsigned gic_version;        /* 2, 3, or 0: none */
	struct range gic[2];         /* distributor; CPU interface (v2) or redistributors (v3) */
	unsigned ppi_phys, ppi_virt; /* timers, as INTIDs */
	unsigned ppi_event;          /* event channel upcall */
	bool has_hypervisor;
	char hypervisor_compatible[64];
	struct range grants; /* /hypervisor reg[0] */
	char bootargs[256];
};

extern struct board board;

void board_init(const void *dtb);
bool board_in_ram(u64 address);
const char *
board_arg(const char *key); /* the value of key=value in bootargs, "" if it has none, or NULL */
u64 board_arg_u64(const char *key, u64 absent);

/* --- check.c ------------------------------------------------------------------------------ */
struct check {
	const char *name;
	void (*run)(void);
};

/* Each guest defines these two. */
extern const char guest_name[];
void guest_main(void);

void guest_start(const void *dtb) __attribute__((noreturn));

/* Runs a table of checks; each counts once however many expectations it states. */
void check_run(const struct check *checks, unsigned count);
void check_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool check_true(bool ok, const char *what, const char *file, int line);
bool check_equal(u64 got, u64 want, const char *what, const char *file, int line);
bool check_signed(int64_t got, int64_t want, const char *what, const char *file, int line);
bool check_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void check_verdict(void) __attribute__((noreturn));
bool check_failed(void); /* has the running check failed already? */

/*
 * Where stock Xen is known to do something else than the architecture or the ABI says: on stock Xen
 * a note, anywhere else a failure. Each use says in a comment why Xen is not followed.
 */
bool check_xen_differs(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
#define XEN_DIFFERS(...) check_xen_differs(__FILE_NAME__, __LINE__, __VA_ARGS__)

#define CHECK(cond)         check_true((cond), #cond, __FILE_NAME__, __LINE__)
#define CHECK_EQ(got, want) check_equal((u64)(got), (u64)(want), #got, __FILE_NAME__, __LINE__)
#define CHECK_RC(got, want) check_signed((got), (want), #got, __FILE_NAME__, __LINE__)
#define CHECK_FAIL(...)     check_fail(__FILE_NAME__, __LINE__, __VA_ARGS__)

/* A hard limit against hangs, not a timing test: true when cond became true. */
#define WAIT_SECONDS 10
#define WAIT_FOR(cond)                                                       \
	({                                                                   \
		u64 limit_ = timer_now() + WAIT_SECONDS * timer_frequency(); \
		bool ok_;                                                    \
		while (!(ok_ = (cond)) && timer_now() < limit_)              \
			guest_yield();                                       \
		ok_;                                                         \
	})

/* --- power.c, smp.c ------------------------------------------------------------------------ */
void guest_yield(void);
void guest_power_off(void) __attribute__((noreturn));

#define SMP_OFF    0
#define SMP_IDLE   1 /* in WFI until SGI 0 comes; it takes no other interrupts then */
#define SMP_POSTED 2
#define SMP_BUSY   3
void smp_init(void);
void smp_secondary(struct cpu *cpu);
long smp_start_cpu(unsigned index); /* PSCI result; waits until it idles. After gic_init(). */
unsigned smp_start_all(void);       /* how many CPUs run now */
/* Returns when the job has begun. */
void smp_run(unsigned index, void (*job)(struct cpu *, void *), void *arg);
bool smp_wait(unsigned index);
void smp_stop_cpu(unsigned index); /* PSCI CPU_OFF there, then smp_wait_off() */
void smp_wait_off(unsigned index); /* until AFFINITY_INFO says so */

/* --- the generic timer ---------------------------------------------------------------------- */
static inline u64 timer_now(void)
{
	ISB();
	return SYSREG_READ(cntvct_el0);
}

static inline u64 timer_frequency(void)
{
	return SYSREG_READ(cntfrq_el0);
}

/* Never ~0: QEMU 7.2 hangs when CNTV_CVAL + CNTVOFF wraps. */
#define TIMER_NEVER   0x7fffffffffffffffUL
#define TIMER_ENABLE  1
#define TIMER_IMASK   2
#define TIMER_ISTATUS 4

/* --- spinlock ------------------------------------------------------------------------------- */
struct lock {
	u32 held;
};

static inline void lock_acquire(struct lock *lock)
{
	while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE))
		guest_yield();
}

static inline void lock_release(struct lock *lock)
{
	__atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

#endif
