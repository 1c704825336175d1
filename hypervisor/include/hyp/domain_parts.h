/* SPDX-License-Identifier: ISC */
/*
 * The parts of a domain: a constant table in boot/domain_parts.c with a row for each part.
 *
 * core/domain.c knows no part by name. It walks the table forward to make a domain or a vCPU, and
 * backward to end it. A part may therefore use the parts in the rows above it while it exists.
 *
 *	            domain                            vCPU
 *	make        init()                            vcpu_init()
 *	publish     published()
 *	            (it runs)
 *	stop        stop(), after all vCPUs           vcpu_stop()
 *	free        free(), after all vCPUs           vcpu_free()
 */
#ifndef HYP_DOMAIN_PARTS_H
#define HYP_DOMAIN_PARTS_H

#include <lib/types.h>

struct domain;
struct domain_config;
struct vcpu;

/* A function may be NULL if the part has nothing to do. */
struct domain_part {
	const char *name;
	/*
	 * Returns 0 or -errno. After an error nothing of this part is left, and stop() and free()
	 * are not called.
	 */
	int (*init)(struct domain *d, const struct domain_config *config);
	/* Other CPUs can find the domain from now on. */
	void (*published)(struct domain *d);
	/*
	 * The domain is dying and its vCPUs are off their CPUs for good. Release references to
	 * other domains, and the guest's memory, with bounded work per call. -ERESTART: call again.
	 */
	int (*stop)(struct domain *d);
	/* The last reference to the domain was dropped. */
	void (*free)(struct domain *d);
	/* The same as init() for a vCPU that no look-up finds yet. */
	int (*vcpu_init)(struct vcpu *v);
	/* The vCPU is off its CPU for good: stop its timers and drop its references to pages. */
	void (*vcpu_stop)(struct vcpu *v);
	void (*vcpu_free)(struct vcpu *v);
	/* Saving and restoring a domain would be two more functions. */
};

extern const struct domain_part domain_parts[];
extern const unsigned nr_domain_parts;

#endif
