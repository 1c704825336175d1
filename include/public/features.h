/* SPDX-License-Identifier: ISC */
/* Feature bits of XENVER_get_features. */
#ifndef PUBLIC_FEATURES_H
#define PUBLIC_FEATURES_H

/* Facts from xen/features.h: bit numbers. Those of x86 PV guests are left out. */
#define XENFEAT_writable_page_tables      0
#define XENFEAT_auto_translated_physmap   2 /* guest frames are not machine frames; required */
#define XENFEAT_supervisor_mode_kernel    3
#define XENFEAT_gnttab_map_avail_bits     7
#define XENFEAT_hvm_callback_vector       8
#define XENFEAT_hvm_safe_pvclock          9
#define XENFEAT_dom0                      11 /* the initial domain */
#define XENFEAT_memory_op_vnode_supported 13
#define XENFEAT_ARM_SMCCC_supported       14
#define XENFEAT_not_direct_mapped         16 /* guest frame != machine frame */
#define XENFEAT_direct_mapped             17 /* guest frame == machine frame */

#define XENFEAT_NR_SUBMAPS 1

#endif /* PUBLIC_FEATURES_H */
