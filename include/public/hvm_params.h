/* SPDX-License-Identifier: ISC */
/* The parameters of a domain that HVMOP_set_param and HVMOP_get_param name. */
#ifndef PUBLIC_HVM_PARAMS_H
#define PUBLIC_HVM_PARAMS_H

/* Facts from xen/hvm/params.h; the indices that exist on ARM. */
#define HVM_PARAM_CALLBACK_IRQ     0  /* how events are signalled, see below */
#define HVM_PARAM_STORE_PFN        1  /* guest frame of the xenstore ring */
#define HVM_PARAM_STORE_EVTCHN     2  /* the guest's port for it */
#define HVM_PARAM_CONSOLE_PFN      17 /* guest frame of the console ring */
#define HVM_PARAM_CONSOLE_EVTCHN   18 /* the guest's port for it */
#define HVM_PARAM_MONITOR_RING_PFN 28
#define HVM_NR_PARAMS              39

/* HVM_PARAM_CALLBACK_IRQ: type in the top byte; for a PPI, flags in bits 8..15, number below. */
#define HVM_PARAM_CALLBACK_IRQ_TYPE_MASK           0xFF00000000000000ULL
#define HVM_PARAM_CALLBACK_TYPE_PPI                2
#define HVM_PARAM_CALLBACK_TYPE_PPI_FLAG_MASK      0xFF00
#define HVM_PARAM_CALLBACK_TYPE_PPI_FLAG_LOW_LEVEL 2

#endif /* PUBLIC_HVM_PARAMS_H */
