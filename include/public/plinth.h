/* SPDX-License-Identifier: ISC */
/*
 * Plinth's own hypercall, beside the Xen ABI: what a toolstack needs and the ABI has no fast or no
 * way for. A tool tries it and, on -ENOSYS (what stock Xen answers), does it the ABI's way.
 *
 *	hvc #0xEA1, x16 = __HYPERVISOR_plinth_op, x0 = PLINTH_OP_*, x1 = address of the structure
 *
 * Only the privileged domain may call it: others get -EPERM whatever the sub-operation. Unknown
 * sub-operations are -ENOSYS. Padding must be zero (-EINVAL). All addresses of buffers are the
 * caller's virtual addresses, as everywhere in the ABI, and must be present in its stage 1 tables.
 */
#ifndef PUBLIC_PLINTH_H
#define PUBLIC_PLINTH_H

#include <stdint.h>

/* The ABI keeps 48..55 for the architecture; on ARM stock Xen uses none of them. */
#define __HYPERVISOR_plinth_op 48

/* Returns PLINTH_INTERFACE_VERSION. x1 is ignored. */
#define PLINTH_OP_version        0
#define PLINTH_INTERFACE_VERSION 1

/*
 * Writes into another domain's memory: what mapping every page, copying, unmapping and
 * XEN_DOMCTL_cacheflush would do. The range must be writable RAM of that domain throughout. What
 * was written is cleaned to the point of coherency, so that the domain sees it with its caches off.
 *
 * Preemptible: the hypervisor moves `done` on, in the caller's structure, before it restarts the
 * call; a caller never sees that. On an error `done` says how many bytes were written before.
 * Errors: -ESRCH no such domain; -EINVAL the caller's own, done > length, address overflow,
 * padding; -EFAULT the buffer, at `done`, cannot be read; -ENXIO the domain has no RAM at gpa +
 * done.
 */
#define PLINTH_OP_copy_to_domain 1
struct plinth_copy_to_domain {
	uint64_t gpa;    /* IN: guest physical address, any alignment */
	uint64_t buffer; /* IN: address of the bytes */
	uint64_t length; /* IN: bytes */
	uint64_t done;   /* IN/OUT: bytes done; the call goes on from there. Start with 0. */
	uint16_t domid;  /* IN */
	uint16_t pad0;
	uint32_t pad1;
};

/*
 * Reads the log of the boot before this one, which was found in memory after a warm reset.
 * Errors: -ENODATA there is none; -EFAULT the buffer cannot be written. offset >= total: length 0.
 */
#define PLINTH_OP_read_previous_log 2
struct plinth_read_previous_log {
	uint64_t buffer;     /* IN: address of the buffer */
	uint64_t offset;     /* IN: first byte wanted */
	uint64_t total;      /* OUT: bytes in the whole kept log */
	uint32_t length;     /* IN: bytes in the buffer, OUT: bytes copied */
	uint32_t boot_count; /* OUT: that boot's counter */
};

/* What is in use now, to be compared before and after something that should leave nothing behind.
 */
#define PLINTH_OP_get_usage 3
struct plinth_usage {
	uint64_t free_pages;   /* OUT: all free pages, scrubbed or not */
	uint64_t domain_pages; /* OUT: pages that are a domain's memory */
	uint64_t p2m_pages;    /* OUT: pages in stage 2 tables and their pools */
	uint64_t own_pages;    /* OUT: other pages that the hypervisor allocated */
	uint32_t domains;      /* OUT: that exist, the dying ones included */
	uint32_t vcpus;        /* OUT */
	uint32_t dying;        /* OUT: domains that are being torn down */
	uint32_t evtchns;      /* OUT: ports that are not free, in all domains */
	uint32_t grant_maps;   /* OUT: grants that are mapped */
	uint32_t foreign_maps; /* OUT: pages mapped by a domain that does not own them */
};

_Static_assert(sizeof(struct plinth_copy_to_domain) == 40, "ABI");
_Static_assert(sizeof(struct plinth_read_previous_log) == 32, "ABI");
_Static_assert(sizeof(struct plinth_usage) == 56, "ABI");

#endif /* PUBLIC_PLINTH_H */
