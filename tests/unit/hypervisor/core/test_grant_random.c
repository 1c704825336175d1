/* SPDX-License-Identifier: ISC */
/*
 * Grants under long random sequences beside a model, and entries that another CPU garbles
 * meanwhile.
 */
#include "unit.h"
#include <string.h>

#include <host/host.h>
#include "grant_priv.h"
#include "grants.h"

static struct {
	struct domain *d;
	grant_ref_t ref;
	uint64_t seed;
} flipper;

/* Another CPU of the granter garbles the entry between any two looks at it. */
static void flip_entry(struct domain *d, gfn_t gfn)
{
	uint64_t r = random_next(&flipper.seed);

	(void)gfn;
	if (d != flipper.d)
		return;
	*gnttab_entry(d, flipper.ref) =
		(struct grant_entry_v1){(uint16_t)r, (domid_t)(r >> 16 & 3), (r >> 32) % 40};
	if (r >> 60 == 0)
		(void)memory_remove_ram(d, GFN((r >> 32) % 40));
}

static void test_flipping_entry(void **state)
{
	grant_handle_t handles[64];
	uint64_t gfns[64];
	unsigned nr = 0;

	(void)state;
	flipper.d = a;
	flipper.ref = 7;
	flipper.seed = 77;
	world.on_translate = flip_entry;
	for (unsigned i = 0; i < 20000; i++) {
		uint32_t flags = GNTMAP_host_map | (i & 1 ? GNTMAP_readonly : 0);
		int status;

		gnttab_grant(a, 7, i & 4 ? 0 : 2, i % 36, i & 2 ? GTF_readonly : 0);
		if (nr == 64 || (nr && i % 3 == 0)) {
			nr--;
			assert_int_equal(gnttab_unmap(dom0, handles[nr], gfns[nr], 0), GNTST_okay);
			continue;
		}
		status = gnttab_map(dom0, a, 7, flags, 0x500 + nr);
		assert_in_range(status + 13, 0, 13);
		if (status == GNTST_okay) {
			handles[nr] = arg.map[0].handle;
			gfns[nr] = 0x500 + nr;
			nr++;
		}
	}
	world.on_translate = NULL;
	while (nr) {
		nr--;
		assert_int_equal(gnttab_unmap(dom0, handles[nr], gfns[nr], 0), GNTST_okay);
	}
	for (unsigned gfn = 0; gfn < GRANTS_RAM; gfn++)
		assert_true(world_type(a, gfn) == P2M_NONE || page_refs(a, gfn) == 1);
}

/* ---- another vCPU between any two lock sections ---- */

#define RACE_GFN 0x500ULL

static struct {
	unsigned releases, map_at, unmap_at; /* counted in releases of locks */
	bool mapped, unmapped;
	grant_handle_t first, second;
} race;

static void end_handle(grant_handle_t handle)
{
	struct gnttab_unmap_grant_ref op = {RACE_GFN << PAGE_SHIFT, 0, handle, 99};

	grant_unmap_ref(b->vcpu[0], &op);
	assert_int_equal(op.status, GNTST_okay);
}

/* It maps another grant at the frame, and later ends both handles. */
static void meanwhile(void)
{
	unsigned n;

	if (spin_is_locked(&b->p2m.lock))
		return; /* it would wait */
	n = ++race.releases;
	host_lock_released = NULL;
	if (n == race.map_at) {
		struct gnttab_map_grant_ref op = {.host_addr = RACE_GFN << PAGE_SHIFT,
						  .flags = GNTMAP_host_map,
						  .ref = 8,
						  .dom = a->id};

		grant_map_ref(b->vcpu[0], &op);
		race.mapped = op.status == GNTST_okay;
		race.second = op.handle;
	}
	if (n == race.unmap_at) {
		race.unmapped = true;
		if (race.mapped)
			end_handle(race.second);
		end_handle(race.first);
	}
	host_lock_released = meanwhile;
}

/*
 * A page is put over a grant mapping whose handle ends in the middle of that: the mapping does not
 * come back.
 */
static void test_place_race(void **state)
{
	(void)state;
	gnttab_grant(a, 7, b->id, 3, 0);
	gnttab_grant(a, 8, b->id, 4, 0);
	for (unsigned i = 0; i < 100; i++) {
		memset(&race, 0, sizeof(race));
		race.map_at = 1 + i / 10;
		race.unmap_at = 1 + i % 10;
		assert_int_equal(gnttab_map(b, a, 7, GNTMAP_host_map, RACE_GFN), GNTST_okay);
		race.first = arg.map[0].handle;
		host_lock_released = meanwhile;
		(void)memory_map_shared_info(b, GFN(RACE_GFN));
		host_lock_released = NULL;
		if (race.unmapped && race.map_at <= race.unmap_at) {
			assert_int_not_equal(world_type(b, RACE_GFN), P2M_GRANT_RW);
		} else if (!race.unmapped) {
			race.unmap_at = race.releases + 1;
			meanwhile();
			host_lock_released = NULL;
		} else if (race.mapped) {
			end_handle(race.second);
		}
		assert_int_equal(page_refs(a, 3), 1);
		assert_int_equal(page_refs(a, 4), 1);
		(void)memory_remove(b, GFN(RACE_GFN));
	}
}

/* ---- a model ---- */

#define MODEL_REFS 6
#define MODEL_MAPS 200

static struct model_map {
	bool used;
	struct domain *mapper, *granter;
	grant_handle_t handle;
	grant_ref_t ref;
	uint64_t gfn;
	mfn_t mfn;
	bool host, device, write;
} maps[MODEL_MAPS];

static uint64_t next_gfn;
static unsigned model_mapped, model_unmapped;

static unsigned model_users(struct domain *granter, grant_ref_t ref, bool writers,
			    struct domain **user)
{
	unsigned n = 0;

	for (unsigned i = 0; i < MODEL_MAPS; i++) {
		const struct model_map *m = &maps[i];

		if (!m->used || m->granter != granter || m->ref != ref || (writers && !m->write))
			continue;
		*user = m->mapper;
		n++;
	}
	return n;
}

/* What gnttab_map() has to say, from the entry and what is mapped already. */
static int model_expect(struct domain *d, struct domain *g, grant_ref_t ref, bool write)
{
	const struct grant_entry_v1 *e = gnttab_entry(g, ref);
	struct domain *user = NULL;
	unsigned users = model_users(g, ref, false, &user),
		 writers = model_users(g, ref, true, &user);
	mfn_t mfn = world_mfn(g, e->frame), used = INVALID_MFN;

	if (users && user != d)
		return GNTST_general_error;
	if (users && (!write || writers))
		return GNTST_okay;
	if ((e->flags & GTF_type_mask) != GTF_permit_access || e->domid != d->id ||
	    (write && e->flags & GTF_readonly))
		return GNTST_general_error;
	if (world_type(g, e->frame) != P2M_RAM)
		return GNTST_bad_page;
	for (unsigned i = 0; i < MODEL_MAPS; i++)
		if (maps[i].used && maps[i].granter == g && maps[i].ref == ref)
			used = maps[i].mfn;
	return users && used.n != mfn.n ? GNTST_general_error : GNTST_okay;
}

static void model_map(struct domain *d, struct domain *g, uint64_t *seed)
{
	grant_ref_t ref = (grant_ref_t)random_below(seed, MODEL_REFS);
	bool write = random_below(seed, 2), host = random_below(seed, 3),
	     device = !host || random_below(seed, 2);
	uint32_t flags = (write ? 0 : GNTMAP_readonly) | (host ? GNTMAP_host_map : 0) |
			 (device ? GNTMAP_device_map : 0);
	int want = model_expect(d, g, ref, write);
	uint64_t gfn = 0x1000 + next_gfn++ % 0x800;
	unsigned i = 0;

	while (i < MODEL_MAPS && maps[i].used)
		i++;
	if (i == MODEL_MAPS)
		return;
	if (world_type(d, gfn) != P2M_NONE)
		return;
	assert_int_equal(gnttab_map(d, g, ref, flags, gfn), want);
	if (want != GNTST_okay)
		return;
	model_mapped++;
	for (unsigned j = 0; j < MODEL_MAPS; j++)
		assert_false(maps[j].used && maps[j].mapper == d &&
			     maps[j].handle == arg.map[0].handle);
	maps[i] = (struct model_map){
		true, d,      g,    arg.map[0].handle, ref, gfn, pa_to_mfn(arg.map[0].dev_bus_addr),
		host, device, write};
}

static void model_unmap(uint64_t *seed)
{
	struct model_map *m = &maps[random_below(seed, MODEL_MAPS)];
	uint64_t gfn = random_below(seed, 4) ? m->gfn : m->gfn * random_below(seed, 3);
	uint64_t bus = random_below(seed, 2)   ? mfn_to_pa(m->mfn)
		       : random_below(seed, 8) ? 0
					       : 0x1000;
	struct domain *d = m->used ? m->mapper : dom0;
	bool bad_bus, bad_gfn;

	if (!m->used) {
		assert_int_equal(
			gnttab_unmap(d, 4000 + (grant_handle_t)random_below(seed, 99), gfn, bus),
			GNTST_bad_handle);
		return;
	}
	bad_bus = bus && bus != mfn_to_pa(m->mfn);
	bad_gfn = gfn && m->host && gfn != m->gfn;
	assert_int_equal(gnttab_unmap(d, m->handle, gfn, bus),
			 bad_bus || bad_gfn ? GNTST_general_error : GNTST_okay);
	if (bad_bus || bad_gfn)
		return;
	if (gfn && m->host) {
		assert_int_equal(world_type(d, m->gfn), P2M_NONE);
		m->host = false;
	}
	if (bus)
		m->device = false;
	m->used = m->host || m->device;
	model_unmapped += !m->used;
}

/* Marks that must be there; the model's granters change an entry only while it is not used. */
static void model_check(struct domain *g)
{
	for (grant_ref_t ref = 0; ref < MODEL_REFS; ref++) {
		struct domain *user;
		uint16_t marks = gnttab_entry(g, ref)->flags & (GTF_reading | GTF_writing);
		uint16_t want = (model_users(g, ref, false, &user) ? GTF_reading : 0) |
				(model_users(g, ref, true, &user) ? GTF_writing : 0);

		assert_int_equal(marks, want);
	}
	for (uint64_t gfn = 0; gfn < GRANTS_RAM; gfn++) {
		unsigned n = 1;

		if (world_type(g, gfn) != P2M_RAM)
			continue;
		for (unsigned i = 0; i < MODEL_MAPS; i++)
			n += maps[i].used && maps[i].mfn.n == world_mfn(g, gfn).n;
		assert_int_equal(page_refs(g, gfn), n);
	}
	for (unsigned i = 0; i < MODEL_MAPS; i++) {
		const struct model_map *m = &maps[i];

		if (!m->used)
			continue;
		assert_true(world_refs(m->mfn) > 0);
		if (m->host)
			assert_int_equal(world_mfn(m->mapper, m->gfn).n, m->mfn.n);
		if (m->host)
			assert_int_equal(world_type(m->mapper, m->gfn),
					 m->write ? P2M_GRANT_RW : P2M_GRANT_RO);
	}
}

static void model_granter(struct domain *g, uint64_t *seed)
{
	grant_ref_t ref = (grant_ref_t)random_below(seed, MODEL_REFS);
	uint64_t gfn = random_below(seed, 8);
	struct domain *user;

	switch (random_below(seed, 4)) {
	case 0:
		if (memory_remove_ram(g, GFN(gfn)) != 0)
			assert_int_equal(memory_populate(g, GFN(gfn), 0, 0), 0);
		break;
	default:
		if (!model_users(g, ref, false, &user))
			gnttab_grant(g, ref, (domid_t)(random_below(seed, 2) * 2), (uint32_t)gfn,
				     random_below(seed, 3) ? 0 : GTF_readonly);
	}
}

static void test_random(void **state)
{
	uint64_t seed = 0x6a47;

	(void)state;
	memset(maps, 0, sizeof(maps));
	next_gfn = 0;
	for (unsigned i = 0; i < 40000; i++) {
		struct domain *mapper = random_below(&seed, 2) ? dom0 : b;
		struct domain *granter = random_below(&seed, 4) ? a : b;

		switch (random_below(&seed, 4)) {
		case 0:
			model_map(mapper, granter, &seed);
			break;
		case 1:
		case 2:
			model_unmap(&seed);
			break;
		default:
			model_granter(granter, &seed);
		}
		if (i % 8 == 0) {
			model_check(a);
			model_check(b);
		}
	}
	/* It has been about something. */
	assert_true(model_mapped > 1000 && model_unmapped > 1000);
	/* Die with all that is mapped, the granter first. */
	world_kill(a);
	a = world_domain(1, false, 1, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, grants_set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_flipping_entry),
		TEST(test_place_race),
		TEST(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
