/* SPDX-License-Identifier: ISC */
/* Per-domain parameters: hvm_op(cmd, arg). */
#ifndef PUBLIC_HVM_OP_H
#define PUBLIC_HVM_OP_H

/* Facts from xen/hvm/hvm_op.h. */
#include "hvm_params.h"
#include "xen.h"

#define HVMOP_set_param 0
#define HVMOP_get_param 1

/* -EINVAL: no such parameter. -EPERM: not allowed to the caller. */
struct xen_hvm_param {
	domid_t domid; /* in */
	uint16_t pad;
	uint32_t index; /* in: HVM_PARAM_* */
	uint64_t value; /* in or out */
};

/* Layout, in bytes. */
XEN_ASSERT_SIZE(struct xen_hvm_param, 16);
XEN_ASSERT_OFFSET(struct xen_hvm_param, pad, 2);
XEN_ASSERT_OFFSET(struct xen_hvm_param, index, 4);
XEN_ASSERT_OFFSET(struct xen_hvm_param, value, 8);

#endif /* PUBLIC_HVM_OP_H */
