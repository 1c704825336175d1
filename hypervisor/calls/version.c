/* SPDX-License-Identifier: ISC */
/* xen_version: version, build and feature information. */
#include <hyp/arch.h>
#include <lib/errno.h>
#include <mem/guest_access.h>
#include <hyp/domain.h>
#include <hyp/hypercall.h>
#include <lib/lib.h>
#include <hyp/version.h>
#include <public/version.h>
#include <asm/layout.h>

/* The options of the boot; only dom0 may read them. */
static const char *options = "";

void version_set_options(const char *cmdline)
{
	options = cmdline;
}

/* Write `text` into a buffer of the ABI's size, padded with zeroes. */
static long write_text(struct vcpu *v, uint64_t out, const char *text, size_t size)
{
	xen_commandline_t buffer = ""; /* the largest buffer */

	str_copy(buffer, text, size);
	return copy_to_guest(v, out, buffer, size);
}

/* Each function fills a buffer of the ABI's size and returns a result or a negative error. */

static long extraversion(struct vcpu *v, uint64_t out)
{
	return write_text(v, out, ".plinth-" PLINTH_VERSION, sizeof(xen_extraversion_t));
}

static long compile_info(struct vcpu *v, uint64_t out)
{
	/* No build path or date: builds are reproducible. */
	static const struct xen_compile_info info = {.compiler = "gcc " __VERSION__,
						     .compile_by = "plinth",
						     .compile_domain = "",
						     .compile_date = ""};

	return copy_to_guest(v, out, &info, sizeof(info));
}

static long capabilities(struct vcpu *v, uint64_t out)
{
	_Static_assert(sizeof(xen_capabilities_info_t) <= sizeof(xen_commandline_t), "the largest");
	return write_text(v, out, arch_capabilities(), sizeof(xen_capabilities_info_t));
}

static long changeset(struct vcpu *v, uint64_t out)
{
	return write_text(v, out, "Plinth " PLINTH_VERSION, sizeof(xen_changeset_info_t));
}

static long platform_parameters(struct vcpu *v, uint64_t out)
{
	const struct xen_platform_parameters params = {.virt_start = HYP_VIRT_START};

	return copy_to_guest(v, out, &params, sizeof(params));
}

static long get_features(struct vcpu *v, uint64_t inout)
{
	const struct domain *d = v->domain;
	struct xen_feature_info info;

	if (copy_from_guest(v, &info, inout, sizeof(info)) != 0)
		return -EFAULT;
	if (info.submap_idx >= XENFEAT_NR_SUBMAPS)
		return -EINVAL;
	info.submap = 1U << XENFEAT_writable_page_tables | 1U << XENFEAT_auto_translated_physmap |
		      1U << XENFEAT_memory_op_vnode_supported | 1U << XENFEAT_ARM_SMCCC_supported |
		      (d->privileged ? 1U << XENFEAT_dom0 : 0) |
		      1U << (d->direct_mapped ? XENFEAT_direct_mapped : XENFEAT_not_direct_mapped);
	return copy_to_guest(v, inout, &info, sizeof(info));
}

static long guest_handle(struct vcpu *v, uint64_t out)
{
	return copy_to_guest(v, out, v->domain->handle, sizeof(v->domain->handle));
}

static long commandline(struct vcpu *v, uint64_t out)
{
	return write_text(v, out, v->domain->privileged ? options : "", sizeof(xen_commandline_t));
}

static long version(struct vcpu *v __unused, uint64_t out __unused)
{
	return XEN_ABI_MAJOR << 16 | XEN_ABI_MINOR;
}

static long page_size(struct vcpu *v __unused, uint64_t out __unused)
{
	return PAGE_SIZE;
}

static long build_id(struct vcpu *v __unused, uint64_t out __unused)
{
	return -ENODATA;
}

static long (*const subops[])(struct vcpu *v, uint64_t arg) = {
	[XENVER_version] = version,           [XENVER_extraversion] = extraversion,
	[XENVER_compile_info] = compile_info, [XENVER_capabilities] = capabilities,
	[XENVER_changeset] = changeset,       [XENVER_platform_parameters] = platform_parameters,
	[XENVER_get_features] = get_features, [XENVER_pagesize] = page_size,
	[XENVER_guest_handle] = guest_handle, [XENVER_commandline] = commandline,
	[XENVER_build_id] = build_id,
};

long do_xen_version(struct vcpu *v, uint64_t *arg)
{
	uint32_t cmd = (uint32_t)arg[0];

	if (cmd >= ARRAY_SIZE(subops))
		return -ENOSYS;
	return subops[index_nospec(cmd, ARRAY_SIZE(subops))](v, arg[1]);
}
