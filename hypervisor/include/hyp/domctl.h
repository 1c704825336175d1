/* SPDX-License-Identifier: ISC */
/* A function of domctl that sysctl also uses. */
#ifndef HYP_DOMCTL_H
#define HYP_DOMCTL_H

struct domain;
struct xen_domctl_getdomaininfo;

void domctl_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info);

#endif
