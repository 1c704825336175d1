/* SPDX-License-Identifier: ISC */
/*
 * The guest "hostile": grants to itself and to its peer, mapped, copied and ended by all vCPUs at
 * once.
 */

#include "hostile.h"

#define REF_FIRST 16
#define REFS      32
#define HANDLES   64 /* the first ones: small numbers, so each vCPU can guess the others' */

static volatile struct grant_entry_v1 *table;

void grants_prepare(void)
{
	own_domid = events_own_domid();
	if (!table)
		CHECK_RC(xen_add_to_physmap(XENMAPSPACE_grant_table, 0,
					    board.grants.base / PAGE_SIZE),
			 0);
	mmu_map_blocks(board.grants.base, PAGE_SIZE, MMU_NORMAL);
	table = (struct grant_entry_v1 *)board.grants.base;
	pages_with_peer = peer_domid != DOMID_SELF;
}

static domid_t someone(u64 *seed)
{
	return rnd(seed) & 1 ? own_domid : peer_domid;
}

static u64 some_page(u64 *seed)
{
	return (u64)pool[rnd(seed) % POOL_PAGES];
}

static u32 some_ref(u64 *seed)
{
	return REF_FIRST + (u32)(rnd(seed) % REFS);
}

static void grant(u64 *seed)
{
	static const u16 flags[] = {0,
				    GTF_permit_access,
				    GTF_permit_access,
				    GTF_permit_access | GTF_readonly,
				    GTF_accept_transfer,
				    0xffff};
	u32 ref = some_ref(seed);

	table[ref].frame = (u32)(some_page(seed) / PAGE_SIZE);
	table[ref].domid = someone(seed);
	DMB();
	table[ref].flags = flags[rnd(seed) % ARRAY_SIZE(flags)];
}

static void map(u64 *seed)
{
	struct gnttab_map_grant_ref op[2];

	for (unsigned n = 0; n < 2; n++)
		op[n] = (struct gnttab_map_grant_ref){
			.host_addr = some_page(seed),
			.flags = GNTMAP_host_map | (rnd(seed) & 1 ? GNTMAP_readonly : 0),
			.ref = some_ref(seed),
			.dom = someone(seed)};
	xen_grant_op(GNTTABOP_map_grant_ref, op, 1 + rnd(seed) % 2);
}

static void unmap(u32 handle, u64 host_addr)
{
	struct gnttab_unmap_grant_ref op = {.host_addr = host_addr, .handle = handle};

	xen_grant_op(GNTTABOP_unmap_grant_ref, &op, 1);
}

static void copy_end(struct gnttab_copy *op, bool source, u64 *seed)
{
	bool by_ref = rnd(seed) & 1;
	domid_t domid = by_ref ? someone(seed) : DOMID_SELF;
	u32 ref = some_ref(seed);
	u64 gfn = some_page(seed) / PAGE_SIZE;
	u16 offset = (u16)(rnd(seed) % PAGE_SIZE);

	if (source) {
		op->flags |= by_ref ? GNTCOPY_source_gref : 0;
		op->source.domid = domid;
		op->source.offset = offset;
		if (by_ref)
			op->source.u.ref = ref;
		else
			op->source.u.gmfn = gfn;
	} else {
		op->flags |= by_ref ? GNTCOPY_dest_gref : 0;
		op->dest.domid = domid;
		op->dest.offset = offset;
		if (by_ref)
			op->dest.u.ref = ref;
		else
			op->dest.u.gmfn = gfn;
	}
}

static void copy(u64 *seed)
{
	struct gnttab_copy op[3] = {0};

	for (unsigned n = 0; n < ARRAY_SIZE(op); n++) {
		op[n].len = (u16)(rnd(seed) % PAGE_SIZE);
		copy_end(&op[n], true, seed);
		copy_end(&op[n], false, seed);
	}
	xen_grant_op(GNTTABOP_copy, op, 1 + rnd(seed) % ARRAY_SIZE(op));
}

static void reserve(unsigned cmd, u64 frame)
{
	struct xen_memory_reservation op = {.nr_extents = 1, .domid = DOMID_SELF};

	op.extent_start = xen_handle_from_ptr(&frame);
	xen_memory_op(cmd, &op);
}

void grants_step(struct cpu *cpu, u64 *seed)
{
	(void)cpu;
	switch (rnd(seed) % 8) {
	case 0:
		grant(seed);
		break;
	case 1:
	case 2:
		map(seed);
		break;
	case 3:
	case 4:
		unmap((u32)(rnd(seed) % HANDLES), some_page(seed));
		break;
	case 5:
		copy(seed);
		break;
	case 6: /* what is granted or mapped goes away, or something else takes its place */
		if (rnd(seed) & 1)
			reserve(rnd(seed) & 1 ? XENMEM_decrease_reservation
					      : XENMEM_populate_physmap,
				some_page(seed) / PAGE_SIZE);
		else
			xen_add_to_physmap(XENMAPSPACE_shared_info, 0, some_page(seed) / PAGE_SIZE);
		break;
	default:
		touch((unsigned)(rnd(seed) % POOL_PAGES), seed);
	}
}

/*
 * Whatever is still mapped is unmapped; then no grant to oneself is in use. The peer keeps what it
 * has.
 */
void grants_check(void)
{
	for (u32 handle = 0; handle < 1024; handle++)
		for (unsigned page = 0; page < POOL_PAGES; page++)
			unmap(handle, (u64)pool[page]);
	for (u32 ref = REF_FIRST; ref < REF_FIRST + REFS; ref++) {
		u16 flags = table[ref].flags;

		if (peer_domid == DOMID_SELF && flags != 0xffff &&
		    flags & (GTF_reading | GTF_writing))
			CHECK_FAIL("entry %u is in use: %x", ref, flags);
		table[ref].flags = 0;
	}
	memory_check();
}
