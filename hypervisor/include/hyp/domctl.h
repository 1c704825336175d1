/* SPDX-License-Identifier: ISC */
/* What domctl and sysctl share. */
#ifndef HYP_DOMCTL_H
#define HYP_DOMCTL_H

struct domain;
struct xen_domctl_getdomaininfo;

void domctl_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info);

#endif
