/* SPDX-License-Identifier: ISC */
/* Domains and vCPUs: look-up, life cycle, pausing. hyp/domain_types.h has their structures. */
#ifndef HYP_DOMAIN_H
#define HYP_DOMAIN_H

#include <hyp/domain_types.h>

struct vcpu_runstate_info;

extern struct domain *domain0;

/*
 * Look up a domain and take a reference; domain_put() drops it. NULL if it does not exist or is
 * dying.
 */
struct domain *domain_get(domid_t id);
/* The same; DOMID_SELF means v's domain. */
struct domain *domain_get_for(struct vcpu *v, domid_t id);
/*
 * The same for an operation on the domain's resources. Only the privileged domain may name another
 * domain than its own. Returns -ESRCH or -EPERM.
 */
int domain_get_target(struct vcpu *v, domid_t id, struct domain **out);
/* Finds dying domains too, for destroy and list. */
struct domain *domain_get_any(domid_t id);
/* The first domain with an ID of at least `from`, in order of IDs; finds dying domains too. */
struct domain *domain_get_next(domid_t from);
/* The domain after d. Takes a reference on it and drops the one on d. */
struct domain *domain_step(struct domain *d);
/* d is referenced within the loop body. A body that leaves the loop early drops the reference. */
#define for_each_domain_held(d) for ((d) = domain_get_next(0); (d); (d) = domain_step(d))

/*
 * core/domain_ref.c, called at boot. free() is called when the last reference to a domain is
 * dropped. Panics without memory.
 */
void domain_ref_init(void (*free)(struct domain *d));
/*
 * Insert a domain into the table, so that look-ups find it. -EEXIST: the ID is in use. -ENOMEM: too
 * many domains.
 */
int domain_insert(struct domain *d);

struct domain_part;

/* Callbacks for the end of a domain, set once at boot. */
struct domain_watcher {
	void (*domain_ended)(void);                       /* a domain has shut down or is dead */
	void (*machine_ended)(uint8_t reason) __noreturn; /* dom0 has shut down: SHUTDOWN_* */
};
void domain_stop_init(const struct domain_watcher *w);
void domain_report_end(void);

/* The configuration of a new domain. */
struct domain_config {
	uint8_t handle[16];
	uint32_t ssidref;
	uint32_t flags; /* XEN_DOMCTL_CDF_* */
	unsigned max_vcpus;
	bool privileged, direct_mapped;
	uint64_t max_pages;
	uint32_t max_tables; /* pages for stage 2 tables; 0: P2M_DEFAULT_TABLES */
	uint32_t max_evtchn_port;
	uint32_t max_grant_frames, max_maptrack_frames; /* pages */
	struct domain_gic {
		unsigned version; /* 2 or 3 */
		unsigned nr_spis;
		/* dist_base: GICD. cpu_base: GICC or the first GICR, see vdev/vgic.h. */
		gpaddr_t dist_base, cpu_base;
	} gic;
};

/* Called at boot, when pages can be allocated. The table of parts must stay valid. */
void domain_init(const struct domain_part *parts, unsigned nr_parts,
		 const struct domain_watcher *w);
/*
 * Make a domain that no look-up finds yet. Then either publish it, which can fail like
 * domain_insert(), or discard it. After publication other CPUs can destroy it. Returns -EINVAL
 * (max_vcpus, or from a part) or -ENOMEM.
 */
int domain_make(domid_t id, const struct domain_config *config, struct domain **out);
int domain_publish(struct domain *d);
void domain_discard(struct domain *d);
/* Make and publish. */
int domain_create(domid_t id, const struct domain_config *config, struct domain **out);
int domain_set_max_vcpus(struct domain *d, unsigned nr); /* creates vCPUs 0..nr-1 */
/*
 * Destroy a domain, with bounded work per call; -ERESTART: call again. The structure exists until
 * the last reference is dropped, so at least until the caller drops its own.
 */
int domain_kill(struct domain *d);
void domain_shutdown(struct domain *d, uint8_t reason);
/*
 * Stop a domain with SHUTDOWN_crash and log the reason, if the guest did something that no error
 * can report.
 */
void domain_crash(struct domain *d, const char *fmt, ...) __printf(2, 3);

/*
 * Pausing nests. domain_pause() does not wait; domain_is_quiet() is true when all vCPUs are off
 * their CPUs. A mark that belongs to a pause (shutting_down, DOMAIN_DYING ...) is set together with
 * the pause under d->lock, because a CPU that finds the mark may undo the pause or rely on it.
 * domain_unpause() takes d->lock.
 */
void domain_pause(struct domain *d);
void domain_unpause(struct domain *d);
bool domain_is_quiet(const struct domain *d);

/* core/vcpu.c: functions for the table of hyp/domain_parts.h. */
int vcpus_init(struct domain *d);
void vcpus_free(struct domain *d);
int vcpu_init(struct vcpu *v);
void vcpu_stop(struct vcpu *v);
void vcpu_free(struct vcpu *v);

/*
 * What ends a sleep. An event ends a WFI only through its interrupt. Otherwise a guest that has the
 * interrupt disabled would never sleep (Arm ARM D1.16.2: WFI wake-up events).
 */
enum vcpu_sleep {
	SLEEP_IRQ = 1,   /* WFI, CPU_SUSPEND: an interrupt that the guest's controller signals */
	SLEEP_EVENT = 2, /* SCHEDOP_block, SCHEDOP_poll: an event too */
};
void vcpu_block(struct vcpu *v, enum vcpu_sleep sleep); /* rechecks after blocking */
void vcpu_unblock(struct vcpu *v);
/* Clear v->blocked of the vCPU that runs here and has not slept yet. */
void vcpu_stay_awake(struct vcpu *v);
/*
 * An interrupt was queued for v: wake v if it sleeps, or make its CPU check if v runs on another
 * CPU.
 */
void vcpu_notify(struct vcpu *v);
bool vcpu_runnable(const struct vcpu *v);
/* Write v's run state times to the area that the guest registered, which must exist. */
void vcpu_write_runstate(struct vcpu *v);
int vcpu_register_runstate(struct vcpu *v, gvaddr_t area);
void vcpu_forget_runstate(struct vcpu *v); /* drop the area, if any */
void vcpu_read_runstate(struct vcpu *v, struct vcpu_runstate_info *info);

#endif
