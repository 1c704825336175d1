/* SPDX-License-Identifier: ISC */
/* Domains and vCPUs: the central structures, their life cycle and look-up. */
#ifndef HYP_DOMAIN_H
#define HYP_DOMAIN_H

#include <hyp/cpu.h>
#include <hyp/errno.h>
#include <hyp/evtchn.h>
#include <hyp/grant.h>
#include <hyp/list.h>
#include <hyp/p2m.h>
#include <hyp/sched.h>
#include <hyp/spinlock.h>
#include <hyp/timer.h>
#include <hyp/vgic.h>
#include <hyp/vpl011.h>
#include <hyp/watchdog.h>
#include <public/xen.h>
#include <public/plinth.h>
#include <public/vcpu.h>
#include <asm/vcpu.h> /* struct arch_vcpu, struct arch_domain */

#define MAX_VCPUS   128  /* a domain, with GICv3 */
#define MAX_DOMAINS 1023 /* alive or dying; page descriptors have 10 bits for the owner */

struct vcpu {
	struct arch_vcpu arch; /* first: assembly knows its offsets */
	struct domain *domain;
	uint16_t id;
	/*
	 * Why it does not run: each of these keeps it off the CPUs. Written by atomics;
	 * vcpu_runnable() reads them.
	 */
	uint32_t offline;     /* never started, or PSCI CPU_OFF / VCPUOP_down */
	uint32_t blocked;     /* 0, or enum vcpu_sleep: what ends it */
	uint32_t pause_count; /* pausers; domain.pause_count stops all its vCPUs */
	bool running; /* its state is (being) used by a CPU: chosen and not yet switched away from
		       */
	bool poll;    /* blocked in SCHEDOP_poll */
	struct sched_vcpu sched;
	struct vcpu_info *info; /* mapped for ever once registered; see evtchn.c */
	mfn_t info_mfn;         /* the page it is in, INVALID_MFN: inside shared_info or none yet */
	struct runstate_area {
		mfn_t mfn[2]; /* pages that it lies in, references held; INVALID_MFN: none */
		uint16_t offset;
	} runstate;
	struct vgic_vcpu vgic;
	struct evtchn_vcpu evtchn;
	struct timer poll_timer;
	struct timer vtimer_wake;    /* wakes a blocked vCPU when its virtual timer is due */
	struct timer ptimer;         /* emulated physical timer */
	struct spinlock ptimer_lock; /* RANK_VTIMER: its registers and line, which its expiry on
					another CPU drives too */
};

enum domain_state {
	DOMAIN_BUILDING, /* never unpaused yet */
	DOMAIN_RUNNING,
	DOMAIN_DYING, /* being torn down */
	DOMAIN_DEAD,  /* only references are left */
};

struct domain {
	domid_t id;
	uint16_t slot; /* page descriptors name owners by it; 1..MAX_DOMAINS */
	uint32_t refs; /* one for being in the table, one a look-up, one while it owns pages */
	enum domain_state state;
	uint8_t teardown; /* next step of domain_kill() */
	bool killing;     /* a CPU is in it */
	bool privileged;  /* dom0: may use domctl, sysctl, foreign maps, devices */
	bool direct_mapped;
	bool shutting_down; /* stopped itself; vCPUs paused */
	uint8_t shutdown_code;
	uint8_t paused_by_tools;    /* how often by domctl: together they are one pause_count */
	bool being_paused;          /* by a domctl that waits for it to be quiet, and then counts */
	bool stopped_for_registers; /* paused by a domctl that waits for it to be quiet */
	uint32_t pause_count;
	struct spinlock lock; /* RANK_DOMAIN */
	uint8_t handle[16];   /* uuid */
	uint32_t ssidref;
	uint32_t flags; /* XEN_DOMCTL_CDF_* at creation */
	uint16_t max_vcpus;
	uint16_t nr_vcpus;             /* created so far */
	struct vcpu **vcpu;            /* max_vcpus entries, NULL: not created */
	uint64_t tot_pages, max_pages; /* tot_pages: atomic */
	struct p2m p2m;
	struct shared_info *shared_info; /* a hypervisor page */
	gfn_t shared_info_gfn; /* where it was mapped last; the p2m knows whether it still is */
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
	uint8_t last_vcpu[MAX_CPUS]; /* which of its vCPUs each CPU ran last: they share one TLB tag
				      */
	struct list all;             /* in domain_list, by id */
	struct domain *same_hash;
};

extern struct domain *domain0;

/* Look up and hold; release with domain_put(). NULL: there is none, or it is dying. */
struct domain *domain_get(domid_t id);
/* The same, DOMID_SELF means the caller's. */
struct domain *domain_get_for(struct vcpu *v, domid_t id);
/*
 * The same for an operation on a domain's resources: the caller's own, or anyone's for the
 * privileged domain. -ESRCH, -EPERM.
 */
int domain_get_target(struct vcpu *v, domid_t id, struct domain **out);
/* Dying ones too: for destroy and list. */
struct domain *domain_get_any(domid_t id);
/* The first domain with an id of at least `from`, in order of ids, dying ones too. */
struct domain *domain_get_next(domid_t from);
/* The one behind d, held instead of d. */
struct domain *domain_step(struct domain *d);
/* Each is held while the body has it; a body that ends the loop early puts it. */
#define for_each_domain_held(d) for ((d) = domain_get_next(0); (d); (d) = domain_step(d))
void domain_hold(struct domain *d);
void domain_put(struct domain *d);
struct domain *domain_by_slot(unsigned slot);

struct xen_domctl_createdomain;
void domain_init(void); /* at boot, when there are pages */
int domain_create(domid_t id, const struct xen_domctl_createdomain *config, bool privileged,
		  struct domain **out);
int domain_set_max_vcpus(struct domain *d, unsigned nr); /* creates vCPUs 0..nr-1 */
/*
 * Bounded work a call; -ERESTART: call again. The domain vanishes when the last reference is put
 * (that of the caller at the earliest).
 */
int domain_kill(struct domain *d);
void domain_shutdown(struct domain *d, uint8_t reason);
/* For what a guest did that cannot be answered: stop it with SHUTDOWN_crash and log the reason. */
void domain_crash(struct domain *d, const char *fmt, ...) __printf(2, 3);

/*
 * Pausing nests. The vCPUs are off their CPUs when domain_is_quiet() says so; pause itself does not
 * wait.
 */
void domain_pause(struct domain *d);
void domain_unpause(struct domain *d);
bool domain_is_quiet(const struct domain *d);

struct vcpu *vcpu_create(struct domain *d, unsigned id);
void vcpu_relinquish(struct vcpu *v); /* stopped for good: drop references and timers */
void vcpu_destroy(struct vcpu *v);

void vcpu_pause(struct vcpu *v);
void vcpu_unpause(struct vcpu *v);
/*
 * What ends a sleep. WFI knows of events only what their interrupt tells; a guest that has it disabled would never sleep
 * otherwise (Arm ARM D1.16.2: WFI wake-up events).
 */
enum vcpu_sleep {
	SLEEP_IRQ = 1,   /* WFI, CPU_SUSPEND: an interrupt that the guest's controller signals */
	SLEEP_EVENT = 2, /* SCHEDOP_block, SCHEDOP_poll: an event too */
};
void vcpu_block(struct vcpu *v, enum vcpu_sleep sleep); /* checks after blocking whether to go on */
void vcpu_unblock(struct vcpu *v);
/* Undo having set v->blocked, for the vCPU that runs here and has not slept yet. */
void vcpu_stay_awake(struct vcpu *v);
/*
 * An interrupt for v was queued: wake it if it sleeps, or make its CPU look if it runs elsewhere.
 */
void vcpu_notify(struct vcpu *v);
bool vcpu_runnable(const struct vcpu *v);
/*
 * Load v on this CPU, or put it away, with all that has to be told to the guest about it. Called by
 * the scheduler.
 */
void vcpu_switch_in(struct vcpu *v);
void vcpu_switch_out(struct vcpu *v);
/* v goes on where it is loaded, after having slept or having been interrupted. */
void vcpu_resume(struct vcpu *v);
/* Deliver v's times to the area that the guest registered, if it did. */
void vcpu_write_runstate(struct vcpu *v);
int vcpu_register_runstate(struct vcpu *v, gvaddr_t area);
void vcpu_read_runstate(struct vcpu *v, struct vcpu_runstate_info *info);

static inline struct vcpu *domain_vcpu(struct domain *d, unsigned id)
{
	return id < d->max_vcpus ? READ_ONCE(d->vcpu[index_nospec(id, d->max_vcpus)]) : NULL;
}

#define for_each_vcpu(d, v)                              \
	for (unsigned _i = 0; _i < (d)->max_vcpus; _i++) \
		if (((v) = (d)->vcpu[_i]) != NULL)

#define for_each_domain(d) list_for_each (d, &domain_list, all)
extern struct list domain_list; /* RANK_DOMAIN_LIST */

#endif
