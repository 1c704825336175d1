/* SPDX-License-Identifier: ISC */
/*
 * The 2-level ABI of event channels: a pending bit per port in shared_info, and in vcpu_info a
 * selector bit per word of 64 ports.
 */
#include <lib/atomic.h>
#include <lib/errno.h>
#include <public/xen.h>
#include "evtchn_priv.h"

/*
 * Ports of this ABI are below EVTCHN_2L_NR_CHANNELS. The modulo also keeps speculative accesses
 * within the words.
 */
static inline uint32_t word_of(uint32_t port)
{
	return port / 64 % (EVTCHN_2L_NR_CHANNELS / 64);
}

static __inline_here int select_word(struct vcpu *v, uint32_t port)
{
	struct vcpu_info *info = READ_ONCE(v->info);
	uint64_t bit = BIT64(port / 64), old;

	if (unlikely(!info))
		return 0; /* registering a vcpu_info sets every selector bit */
	if (unlikely(guest_or64(&info->evtchn_pending_sel, bit, &old)))
		return -EIO;
	return !(old & bit);
}

static int set_pending_2l(struct vcpu *v, struct evtchn *e __unused, uint32_t port)
{
	struct shared_info *s = v->domain->shared_info;
	uint64_t bit = BIT64(port % 64), old;

	if (unlikely(guest_or64(&s->evtchn_pending[word_of(port)], bit, &old)))
		return -EIO;
	if (old & bit)
		return 0;
	/*
	 * Read the mask only after the update above: a guest that unmasks a port then tests the
	 * pending bit.
	 */
	if (__atomic_load_n(&s->evtchn_mask[word_of(port)], __ATOMIC_SEQ_CST) & bit)
		return 0;
	return select_word(v, port);
}

static int unmask_2l(struct vcpu *v, struct evtchn *e __unused, uint32_t port)
{
	struct shared_info *s = v->domain->shared_info;
	uint64_t bit = BIT64(port % 64), old;

	if (guest_and64(&s->evtchn_mask[word_of(port)], ~bit, &old))
		return -EIO;
	if (!(old & bit) ||
	    !(__atomic_load_n(&s->evtchn_pending[word_of(port)], __ATOMIC_SEQ_CST) & bit))
		return 0;
	return select_word(v, port);
}

static void clear_pending_2l(struct domain *d, struct evtchn *e __unused, uint32_t port)
{
	uint64_t old;

	(void)guest_and64(&d->shared_info->evtchn_pending[word_of(port)], ~BIT64(port % 64), &old);
}

static bool is_pending_2l(struct domain *d, struct evtchn *e __unused, uint32_t port)
{
	return bitmap_test(d->shared_info->evtchn_pending, port % EVTCHN_2L_NR_CHANNELS);
}

const struct evtchn_abi evtchn_2l_abi = {
	.max_port = EVTCHN_2L_NR_CHANNELS - 1,
	.set_pending = set_pending_2l,
	.unmask = unmask_2l,
	.clear_pending = clear_pending_2l,
	.is_pending = is_pending_2l,
};
