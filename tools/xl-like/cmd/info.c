/* SPDX-License-Identifier: ISC */
/* vmctl info, vmctl version. */
#include "cmd.h"

#include <inttypes.h>
#include <libctrl.h>
#include <plinth/version.h>
#include <stdio.h>
#include <sys/utsname.h>

#define MIB (1024 * 1024)

static void print_fact(const char *name, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void print_fact(const char *name, const char *format, ...)
{
	va_list args;

	printf("%-23s: ", name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static void print_host(void)
{
	struct utsname host;

	if (uname(&host))
		return;
	print_fact("host", "%s", host.nodename);
	print_fact("release", "%s", host.release);
	print_fact("machine", "%s", host.machine);
}

static int print_machine(struct ctrl *ctrl)
{
	struct ctrl_physinfo info;
	const char *scheduler;
	int err = ctrl_get_physinfo(ctrl, &info);

	if (err)
		return err;
	print_fact("nr_cpus", "%" PRIu32, info.nr_cpus);
	print_fact("max_cpu_id", "%" PRIu32, info.max_cpu_id);
	print_fact("nr_nodes", "%" PRIu32, info.nr_nodes);
	print_fact("cores_per_socket", "%" PRIu32, info.cores_per_socket);
	print_fact("threads_per_core", "%" PRIu32, info.threads_per_core);
	print_fact("cpu_mhz", "%" PRIu32 ".%03" PRIu32, info.cpu_khz / 1000, info.cpu_khz % 1000);
	print_fact("total_memory", "%" PRIu64, info.total_bytes / MIB);
	print_fact("free_memory", "%" PRIu64, info.free_bytes / MIB);
	print_fact("outstanding_claims", "%" PRIu64, info.outstanding_bytes / MIB);
	err = ctrl_get_scheduler(ctrl, &scheduler);
	if (!err)
		print_fact("scheduler", "%s", scheduler);
	return err;
}

static int print_hypervisor(struct ctrl *ctrl)
{
	struct ctrl_version version;
	int err = ctrl_get_version(ctrl, &version);

	if (err)
		return err;
	print_fact("hypervisor", "%s", version.plinth ? "Plinth" : "Xen");
	print_fact("xen_version", "%u.%u%s", version.major, version.minor, version.extra);
	print_fact("xen_caps", "%s", version.capabilities);
	print_fact("xen_pagesize", "%" PRIu32, version.page_size);
	print_fact("xen_changeset", "%s", version.changeset);
	print_fact("xen_commandline", "%s", version.command_line);
	print_fact("cc_compiler", "%s", version.compiler);
	print_fact("cc_compile_by", "%s", version.compiled_by);
	print_fact("cc_compile_date", "%s", version.compile_date);
	return 0;
}

int cmd_info(const struct arguments *arguments)
{
	struct ctrl *ctrl;
	int status = vmctl_open(&ctrl), err;

	(void)arguments;
	if (status)
		return status;
	print_host();
	err = print_machine(ctrl);
	if (!err)
		err = print_hypervisor(ctrl);
	if (err)
		status = vmctl_fail(vmctl_status(err), "%s", ctrl_error());
	ctrl_close(ctrl);
	return status;
}

int cmd_version(const struct arguments *arguments)
{
	struct ctrl_version version;
	struct ctrl *ctrl;

	(void)arguments;
	printf("vmctl %s\n", PLINTH_VERSION);
	/* where there is no hypervisor, its version is not missed */
	if (ctrl_open(&ctrl) < 0)
		return EXIT_OK;
	if (!ctrl_get_version(ctrl, &version))
		printf("hypervisor %s, %u.%u%s\n", version.plinth ? "Plinth" : "Xen", version.major,
		       version.minor, version.extra);
	ctrl_close(ctrl);
	return EXIT_OK;
}
