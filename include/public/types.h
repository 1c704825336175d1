/* SPDX-License-Identifier: ISC */
/* The scalar types of the hypercall ABI, guest handles, and the layout assertions. */
#ifndef PUBLIC_TYPES_H
#define PUBLIC_TYPES_H

#include <stddef.h>
#include <stdint.h>

/*
 * The ABI is little-endian and the same on arm64 and armv7: "long", frame numbers and handles are
 * 64 bits wide on both (xen/arch-arm.h). All of these headers use explicit widths only, so an
 * x86-64 host sees the same layouts and can test the tools.
 */
typedef uint64_t xen_ulong_t;
typedef uint64_t xen_pfn_t; /* frame number, in pages of 4 KiB */
typedef uint16_t domid_t;

/* A domain's UUID, most significant byte first as it is printed (xen/xen.h). */
typedef uint8_t xen_domain_handle_t[16];

/*
 * A handle is the caller's virtual address of a buffer. The hypervisor reads `va` and translates
 * it through the calling vCPU's stage 1; the tools fill it from a pointer. XEN_GUEST_HANDLE(type)
 * names the element type for the reader; all handles have one and the same representation.
 */
typedef struct {
	uint64_t va;
} xen_guest_handle_t;

#define XEN_GUEST_HANDLE(type) xen_guest_handle_t

static inline xen_guest_handle_t xen_handle_from_ptr(const volatile void *ptr)
{
	return (xen_guest_handle_t){.va = (uintptr_t)ptr};
}

static inline int xen_handle_is_null(xen_guest_handle_t handle)
{
	return handle.va == 0;
}

/* The layout assertions at the end of each header; sizes and offsets are in bytes. */
#define XEN_ASSERT_SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), "size of " #type)
#define XEN_ASSERT_OFFSET(type, field, bytes) \
	_Static_assert(offsetof(type, field) == (bytes), "offset of " #type "." #field)

XEN_ASSERT_SIZE(xen_guest_handle_t, 8);
_Static_assert(_Alignof(xen_guest_handle_t) == 8, "handles are 8-byte aligned");

#endif /* PUBLIC_TYPES_H */
