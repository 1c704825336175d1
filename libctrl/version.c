/* SPDX-License-Identifier: ISC */
/* What the hypervisor says about itself. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <public/features.h>
#include <public/version.h>

#include "internal.h"

/* Strings come from the hypervisor in fixed arrays: end them here, whatever it sent. */
static void get_string(struct ctrl *c, uint32_t cmd, char *to, size_t size)
{
	if (ctrl_hypercall_cmd(c, __HYPERVISOR_xen_version, cmd, to, size) < 0)
		to[0] = '\0';
	to[size - 1] = '\0';
}

static void get_compile_info(struct ctrl *c, struct ctrl_version *version)
{
	struct xen_compile_info info = {0};

	if (ctrl_hypercall_cmd(c, __HYPERVISOR_xen_version, XENVER_compile_info, &info,
			       sizeof(info)) < 0)
		return;
	snprintf(version->compiler, sizeof(version->compiler), "%.*s", (int)sizeof(info.compiler),
		 info.compiler);
	snprintf(version->compiled_by, sizeof(version->compiled_by), "%.*s",
		 (int)sizeof(info.compile_by), info.compile_by);
	snprintf(version->compile_date, sizeof(version->compile_date), "%.*s",
		 (int)sizeof(info.compile_date), info.compile_date);
}

int ctrl_get_version_number(struct ctrl *c, unsigned int *major, unsigned int *minor)
{
	long ret = ctrl_hypercall(c, __HYPERVISOR_xen_version, XENVER_version, 0);

	if (ret < 0)
		return ctrl_fail_call(c, ret, "xen_version version", "ask for the version");
	*major = ret >> 16;
	*minor = ret & 0xffff;
	return 0;
}

int ctrl_is_direct_mapped(struct ctrl *c)
{
	struct xen_feature_info info = {.submap_idx = 0};
	int ret = ctrl_hypercall_cmd(c, __HYPERVISOR_xen_version, XENVER_get_features, &info,
				     sizeof(info));

	if (ret < 0)
		return ctrl_fail_call(c, ret, "xen_version get_features", "ask for the features");
	return info.submap >> XENFEAT_direct_mapped & 1;
}

/* What the hypervisor's list of capabilities has for guests of each width. */
static const struct width {
	unsigned int bits;
	const char *capability;
	const char *refusal;
} widths[] = {
	{64, "xen-3.0-aarch64",
	 "this machine cannot run 64-bit guests: its CPUs are ARMv7 ones; give a zImage"},
	{32, "xen-3.0-armv7l",
	 "this machine cannot run 32-bit guests: its CPUs have no AArch32 at EL1; give an arm64 "
	 "Image"},
};

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = strstr(list, word); at; at = strstr(at + len, word))
		if ((at == list || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	return false;
}

int ctrl_check_width(struct ctrl *c, unsigned int width)
{
	xen_capabilities_info_t caps = "";
	const struct width *w = &widths[0];
	int ret = ctrl_hypercall_cmd(c, __HYPERVISOR_xen_version, XENVER_capabilities, caps,
				     sizeof(caps));

	if (ret < 0)
		return ctrl_fail_call(c, ret, "xen_version capabilities",
				      "ask which guests can be run");
	caps[sizeof(caps) - 1] = '\0';
	while (w->bits != width)
		w++;
	return has_word(caps, w->capability) ? 0 : ctrl_fail(-EOPNOTSUPP, "%s", w->refusal);
}

int ctrl_get_version(struct ctrl *c, struct ctrl_version *version)
{
	long ret;

	*version = (struct ctrl_version){0};
	ret = ctrl_get_version_number(c, &version->major, &version->minor);
	if (ret < 0)
		return ret;
	get_string(c, XENVER_extraversion, version->extra, sizeof(version->extra));
	get_string(c, XENVER_capabilities, version->capabilities, sizeof(version->capabilities));
	get_string(c, XENVER_changeset, version->changeset, sizeof(version->changeset));
	get_string(c, XENVER_commandline, version->command_line, sizeof(version->command_line));
	get_compile_info(c, version);
	ret = ctrl_hypercall(c, __HYPERVISOR_xen_version, XENVER_pagesize, 0);
	version->page_size = ret > 0 ? ret : 0;
	version->plinth = ctrl_plinth_version(c);
	return 0;
}
