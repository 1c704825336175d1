/* SPDX-License-Identifier: ISC */
/* The hypervisor's description of a domain turned into libctrl's, for domctl.c and sysctl.c. */
#ifndef LIBCTRL_DOMAIN_INFO_H
#define LIBCTRL_DOMAIN_INFO_H

#include <public/domctl.h>

#include "libctrl.h"

void ctrl_fill_domain_info(struct ctrl_domain_info *info, const struct xen_domctl_getdomaininfo *d);

#endif /* LIBCTRL_DOMAIN_INFO_H */
