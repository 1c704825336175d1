/* SPDX-License-Identifier: ISC */
/*
 * Emulated devices: regions of guest physical addresses whose accesses are answered by the
 * hypervisor.
 */
#ifndef HYP_MMIO_H
#define HYP_MMIO_H

#include <lib/types.h>

struct vcpu;
struct domain;

/* What a read gives, returned in two registers. */
struct mmio_result {
	uint64_t value; /* may have more bits than the access: mmio_cut() */
	uint64_t done;  /* false: the device refuses, the guest gets an external abort */
};

#define MMIO_REFUSED ((struct mmio_result){0, false})

/* The lower `size` bytes of a value. */
static inline uint64_t mmio_cut(uint64_t value, unsigned size)
{
	unsigned unused_bits = -8 * size & 63;

	return value << unused_bits >> unused_bits;
}

/* size: 1, 2, 4 or 8 bytes, and offset, in the region, is a multiple of it. */
struct mmio_device {
	struct mmio_result (*read)(struct vcpu *v, uint64_t offset, unsigned size,
				   const void *data);
	bool (*write)(struct vcpu *v, uint64_t offset, unsigned size, uint64_t value,
		      const void *data); /* false: refused */
};

struct mmio_region {
	gpaddr_t base;
	uint64_t size;
	const struct mmio_device *device;
	const void *data;
};

#define MMIO_MAX_REGIONS 8

struct mmio_map {
	struct mmio_region region[MMIO_MAX_REGIONS + 1]; /* up to the first of size 0 */
};

/* Before the domain runs. -EINVAL (empty, wraps, overlaps another), -ENOSPC (too many). */
int mmio_register(struct domain *d, gpaddr_t base, uint64_t size, const struct mmio_device *device,
		  const void *data);
/* Refused: no device there, or it says so (misaligned, or of a size that the register has not). */
struct mmio_result mmio_read(struct vcpu *v, gpaddr_t addr, unsigned size);
bool mmio_write(struct vcpu *v, gpaddr_t addr, unsigned size, uint64_t value);
/*
 * Either of them for callers that are seldom used: the two are part of the trap's own code, as they
 * have one caller each.
 */
bool mmio_access(struct vcpu *v, gpaddr_t addr, unsigned size, bool write, uint64_t *value);

/*
 * A fault on the way to a device: the address that the guest used, what stage 1 made of it, and the
 * direction.
 */
struct mmio_fault {
	gvaddr_t far;
	gpaddr_t gpa;
	bool write;
};

/*
 * The access that caused the fault, carried out from the A64 instruction at the guest's pc:
 * registers (all of them in v->arch.x) and *sp, the stack pointer in use, become what it makes of
 * them. false: refused, nothing has changed in v; not a load or store of general registers, not the
 * one that faulted, or as above.
 */
bool mmio_emulate_insn(struct vcpu *v, uint32_t insn, uint64_t *sp, const struct mmio_fault *f);

/*
 * Register tables. A row is a register, or a bank of registers of one kind side by side; rows are
 * sorted by offset and do not overlap. What no row covers reads as zero and ignores writes (32 bits
 * wide).
 *
 * Handlers see accesses whose size the row allows and that lie inside the row, naturally aligned.
 * offset counts from the start of the row. A reader returns what stands at the offset, all of it or
 * more.
 */
struct mmio_reg;

typedef uint64_t mmio_read_fn(struct vcpu *v, const struct mmio_reg *r, unsigned offset,
			      unsigned size);
typedef void mmio_write_fn(struct vcpu *v, const struct mmio_reg *r, unsigned offset, unsigned size,
			   uint64_t value);

struct mmio_reg {
	uint32_t offset;
	uint16_t length;      /* bytes */
	uint8_t widths;       /* sizes of access allowed, ORed: they are powers of two */
	uint8_t info;         /* for the handlers */
	mmio_read_fn *read;   /* NULL: reads as zero */
	mmio_write_fn *write; /* NULL: writes are ignored */
	union {
		const void *arg; /* for the handlers */
		uint64_t value;  /* for mmio_read_value() */
	};
};

/*
 * A table, and an index of it: for each 128 bytes of registers the first row that lies there or
 * behind.
 *
 *	offset >> 7:   0   1   2   3   4  ...
 *	first:        [0] [3] [4] [5] [6]
 *	               |   +------------------> IGROUPR  at 0x084
 *	               +-> CTLR, TYPER, IIDR    at 0x000, 0x004, 0x008
 */
struct mmio_table {
	const struct mmio_reg *row; /* the last one is MMIO_END */
	unsigned slots;             /* of the index: a power of two */
	uint8_t *first;
};

#define MMIO_END                       \
	{                              \
		.offset = ~(uint32_t)0 \
	}
#define MMIO_SLOT_SHIFT 7
#define MMIO_TABLE(name, size)                                  \
	static uint8_t name##_first[(size) >> MMIO_SLOT_SHIFT]; \
	static const struct mmio_table name = {name##_rows, ARRAY_SIZE(name##_first), name##_first}

/* Fill in the index, before the table is used. */
void mmio_table_init(const struct mmio_table *t);
struct mmio_result mmio_table_read(struct vcpu *v, uint64_t offset, unsigned size,
				   const void *table);
bool mmio_table_write(struct vcpu *v, uint64_t offset, unsigned size, uint64_t value,
		      const void *table);

/* A device that is nothing but a table: mmio_register()'s data. */
extern const struct mmio_device mmio_table_device;

/* Reader of a constant. */
mmio_read_fn mmio_read_value;

#endif
