/* SPDX-License-Identifier: ISC */
/*
 * An access to an emulated device that came without a syndrome: carried out from the instruction.
 *
 * The instruction was read after the fault, and another vCPU may have changed it meanwhile. It
 * counts only if it makes the access that faulted: this direction, at this address.
 */
#include <arm/a64_access.h>
#include <hyp/domain.h>
#include <vdev/mmio.h>

#define XZR 31

static uint64_t *base_of(struct vcpu *v, const struct a64_access *a, uint64_t *sp)
{
	return a->rn == A64_SP ? sp : &v->arch.x[a->rn];
}

static uint64_t reg(const struct vcpu *v, unsigned n)
{
	return n == XZR ? 0 : v->arch.x[n];
}

static void set_reg(struct vcpu *v, unsigned n, uint64_t value)
{
	if (n != XZR)
		v->arch.x[n] = value;
}

/* What a register gets of a value from memory. */
static uint64_t loaded(const struct a64_access *a, uint64_t value)
{
	unsigned unused_bits = 64 - 8 * a->size;

	if (!a->sign)
		return mmio_cut(value, a->size);
	value = (uint64_t)((int64_t)(value << unused_bits) >> unused_bits);
	return a->wide ? value : (uint32_t)value;
}

static bool load(struct vcpu *v, const struct a64_access *a, gpaddr_t gpa)
{
	uint64_t value[2];

	for (unsigned i = 0; i < a->nr; i++)
		if (!mmio_access(v, gpa + i * a->size, a->size, false, &value[i]))
			return false;
	set_reg(v, a->rt, loaded(a, value[0]));
	if (a->nr == 2)
		set_reg(v, a->rt2, loaded(a, value[1]));
	return true;
}

static bool store(struct vcpu *v, const struct a64_access *a, gpaddr_t gpa)
{
	uint64_t value[2] = {mmio_cut(reg(v, a->rt), a->size), mmio_cut(reg(v, a->rt2), a->size)};

	for (unsigned i = 0; i < a->nr; i++)
		if (!mmio_access(v, gpa + i * a->size, a->size, true, &value[i]))
			return false;
	return true;
}

/* FAR may lack the tag of a tagged address (Arm ARM D8.8). */
static bool same_address(uint64_t a, uint64_t b)
{
	return a << 8 == b << 8;
}

bool mmio_emulate_insn(struct vcpu *v, uint32_t insn, uint64_t *sp, const struct mmio_fault *f)
{
	struct a64_access a;
	uint64_t *base, moved;

	if (!a64_decode_access(insn, &a))
		return false;
	base = base_of(v, &a, sp);
	moved = *base + (a.indexed ? a64_extend_index(&a, reg(v, a.rm)) : (uint64_t)a.offset);
	if (a.write != f->write || !same_address(a.post ? *base : moved, f->far))
		return false;
	if ((f->gpa & ~PAGE_MASK) + a.nr * a.size > PAGE_SIZE)
		return false; /* what the next page is, the fault does not tell */
	if (!(a.write ? store(v, &a, f->gpa) : load(v, &a, f->gpa)))
		return false;
	if (a.writeback)
		*base = moved;
	return true;
}
