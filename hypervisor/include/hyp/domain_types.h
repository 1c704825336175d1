/* SPDX-License-Identifier: ISC */
/* The structures of a vCPU and of a domain. hyp/domain.h has the functions on them. */
#ifndef HYP_DOMAIN_TYPES_H
#define HYP_DOMAIN_TYPES_H

#include <asm/vcpu.h> /* struct arch_vcpu, struct arch_domain */
#include <hyp/evtchn.h>
#include <hyp/grant.h>
#include <hyp/limits.h>
#include <hyp/sched.h>
#include <hyp/timer.h>
#include <hyp/watchdog.h>
#include <lib/list.h>
#include <lib/spinlock.h>
#include <mem/p2m.h>
#include <vdev/vgic.h>
#include <vdev/vpl011.h>

struct shared_info;
struct vcpu_info;

/*
 * Rules for access to a vCPU.
 *
 * A CPU owns a vCPU from pick() to vcpu_release(). pick() sets `running` under the lock of the
 * vCPU's run queue. vcpu_release() clears it, as the CPU's last access to the vCPU. In between,
 * possibly long after the vCPU fell asleep, the vCPU stays on that CPU (sched.cpu does not change).
 * Only that CPU accesses its registers, its runstate area and its loaded state. Other CPUs may set
 * bits for it: `blocked`, pause counts, and the vGIC's lists under their locks.
 *
 * A CPU that reads `running` as clear by a load-acquire sees all that the owner did, and the owner
 * no longer accesses the vCPU. Then choose_cpu(), move_to() and steal() may move the vCPU.
 * domain_is_quiet() permits ending it or accessing its registers, and is_on() of PSCI permits
 * resetting it. Another CPU may pick the vCPU meanwhile, unless it is not runnable or in no queue,
 * which can be checked under the lock of its run queue. A vCPU moves from CPU to CPU through its
 * run queue: hand_over() assigns it to another queue and releases it under both locks.
 *
 * The structure exists as long as its domain. A CPU that uses a vCPU without owning it needs a
 * reference on the domain, or something that ends before the domain does: a lock under which a port
 * is bound to the vCPU, or a timer of the vCPU (vcpu_stop() waits for timers). A vCPU of the same
 * domain needs neither, because all vCPUs are released before the domain ends.
 */
struct vcpu {
	struct arch_vcpu arch; /* first: assembly code uses its offsets */
	struct domain *domain;
	uint16_t id;
	/*
	 * Reasons for not running: each alone keeps the vCPU off the CPUs. Written atomically;
	 * vcpu_runnable() reads them.
	 */
	uint32_t offline;     /* never started, or PSCI CPU_OFF */
	uint32_t blocked;     /* 0, or enum vcpu_sleep: what ends the sleep */
	uint32_t pause_count; /* number of pauses; domain.pause_count pauses all vCPUs */
	bool running;         /* a CPU owns it: picked and not yet released */
	bool poll;            /* blocked in SCHEDOP_poll */
	struct sched_vcpu sched;
	struct vcpu_info *info; /* once registered, mapped until the domain dies; see evtchn.c */
	mfn_t info_mfn;         /* its page; INVALID_MFN: in shared_info, or none yet */
	struct runstate_area {
		mfn_t mfn[2]; /* its pages, referenced; INVALID_MFN: none */
		uint16_t offset;
	} runstate;
	struct vgic_vcpu vgic;
	struct evtchn_vcpu evtchn;
	struct timer poll_timer;
	struct timer vtimer_wake; /* wakes a blocked vCPU when its virtual timer is due */
	struct timer ptimer;      /* emulated physical timer */
	/*
	 * RANK_VTIMER: protects the physical timer's registers and line, which its expiry on
	 * another CPU also changes.
	 */
	struct spinlock ptimer_lock;
};

enum domain_state {
	DOMAIN_BUILDING, /* never unpaused yet */
	DOMAIN_RUNNING,
	DOMAIN_DYING, /* domain_kill() has begun */
	DOMAIN_DEAD,  /* only references are left */
};

struct domain {
	domid_t id;
	uint16_t slot;           /* identifies the owner in page descriptors; 1..MAX_DOMAINS */
	uint32_t refs;           /* one for the table, one per look-up, one while it owns pages */
	enum domain_state state; /* changes under `lock`, only forward; read without it */
	uint8_t teardown;        /* completed steps of domain_kill() */
	bool killing;            /* a CPU is in domain_kill() */
	bool privileged;         /* dom0: may use domctl, sysctl, foreign maps, devices */
	bool direct_mapped;
	bool shutting_down; /* has shut down; its vCPUs are paused */
	uint8_t shutdown_code;
	uint8_t paused_by_tools; /* number of pauses by domctl; together one pause_count */
	/* A domctl waits until the domain is quiet, and then counts the pause. */
	bool being_paused;
	bool stopped_for_registers; /* paused by a domctl that waits until it is quiet */
	uint32_t pause_count;
	struct spinlock lock; /* RANK_DOMAIN */
	uint8_t handle[16];   /* uuid */
	uint32_t ssidref;
	uint32_t flags; /* XEN_DOMCTL_CDF_*, from creation */
	uint16_t max_vcpus;
	uint16_t nr_vcpus;             /* created so far */
	struct vcpu **vcpu;            /* max_vcpus entries; NULL: not created */
	uint64_t tot_pages, max_pages; /* tot_pages: atomic */
	struct p2m p2m;
	struct shared_info *shared_info; /* a hypervisor page */
	/* Guest frame of its last mapping; the p2m knows whether the mapping still exists. */
	gfn_t shared_info_gfn;
	struct evtchn_domain evtchn;
	struct grant_table grant;
	struct vgic vgic;
	struct vpl011 vuart;
	uint64_t hvm_params[64];
	uint32_t sched_weight, sched_cap;
	struct watchdog watchdog[MAX_WATCHDOGS];
	int64_t time_offset; /* seconds added to the wall clock */
	bool vm_assist_runstate_update;
	struct {
		uint32_t budget, lost;
		ns_t refill;
	} log; /* rate limit of log_guest() */
	struct arch_domain arch;
	/* Per CPU, the vCPU of this domain that ran there last: they share one TLB tag. */
	uint8_t last_vcpu[MAX_CPUS];
	struct list all; /* in domain_list, in order of IDs */
	struct domain *same_hash;
};

/* The load-acquires pair with the store-release in domain_set_max_vcpus(). */
static inline struct vcpu *domain_vcpu(struct domain *d, unsigned id)
{
	return id < d->max_vcpus ? atomic_load_acq(&d->vcpu[index_nospec(id, d->max_vcpus)]) : NULL;
}

#define for_each_vcpu(d, v)                              \
	for (unsigned _i = 0; _i < (d)->max_vcpus; _i++) \
		if (((v) = atomic_load_acq(&(d)->vcpu[_i])) != NULL)

#define for_each_domain(d) list_for_each (d, &domain_list, all)
extern struct list domain_list; /* RANK_DOMAIN_LIST */

#endif
