/* SPDX-License-Identifier: ISC */
/*
 * Emulated devices: regions of guest physical addresses whose accesses are answered by the
 * hypervisor.
 */
#ifndef HYP_MMIO_H
#define HYP_MMIO_H

#include <hyp/types.h>

struct vcpu;
struct domain;

struct mmio_access {
	gpaddr_t addr;
	uint64_t offset; /* within the region */
	uint64_t value;  /* read: filled in; write: what was written, zero-extended */
	uint8_t size;    /* bytes: 1, 2, 4, 8 */
	bool write;
};

typedef bool mmio_access_fn(struct vcpu *v, struct mmio_access *a, void *data);

struct mmio_region {
	gpaddr_t base;
	uint64_t size;
	/* true: done. false: the device refuses, the guest gets an external abort. */
	mmio_access_fn *access;
	void *data;
};

#define MMIO_MAX_REGIONS 8

struct mmio_map {
	struct mmio_region region[MMIO_MAX_REGIONS];
	unsigned nr;
};

/* Before the domain runs. -EINVAL (empty, wraps, overlaps another), -ENOSPC (too many). */
int mmio_register(struct domain *d, gpaddr_t base, uint64_t size, mmio_access_fn *access,
		  void *data);
/* false: no device there, or it refused (misaligned, or of a size that the register has not). */
bool mmio_dispatch(struct vcpu *v, struct mmio_access *a);

/*
 * Register tables. A row is a register, or a bank of registers of one kind side by side; rows are
 * sorted by offset and do not overlap. What no row covers reads as zero and ignores writes (32 bits
 * wide).
 *
 * Handlers see accesses whose size the row allows and that lie inside the row, naturally aligned.
 * a->offset counts from the start of the row. A reader puts what stands at a->offset into a->value;
 * the dispatcher truncates it to the size.
 */
struct mmio_reg;

typedef void mmio_reg_fn(struct vcpu *v, const struct mmio_reg *r, struct mmio_access *a);

struct mmio_reg {
	uint32_t offset;
	uint16_t length;    /* bytes */
	uint8_t widths;     /* sizes of access allowed, ORed: they are powers of two */
	uint8_t info;       /* for the handlers */
	mmio_reg_fn *read;  /* NULL: reads as zero */
	mmio_reg_fn *write; /* NULL: writes are ignored */
	union {
		const void *arg; /* for the handlers */
		uint64_t value;  /* for mmio_read_value() */
	};
};

/* false: refused. a->offset is the offset in the table. */
bool mmio_reg_access(struct vcpu *v, const struct mmio_reg *table, unsigned rows,
		     struct mmio_access *a);

/* Reader of a constant. */
mmio_reg_fn mmio_read_value;

#endif
