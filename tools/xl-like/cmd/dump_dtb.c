/* SPDX-License-Identifier: ISC */
/* vmctl dump-dtb. */
#include "cmd.h"
#include "config/guest_config.h"
#include "guest/guest.h"

#include <errno.h>
#include <libctrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A device tree on a terminal helps nobody. */
static int write_stdout(const void *dtb, size_t size)
{
	if (isatty(STDOUT_FILENO))
		return vmctl_fail(EXIT_USAGE, "dump-dtb: the device tree is binary: name a file "
					      "with -o, or pipe it into 'dtc -I dtb -O dts'");
	fwrite(dtb, 1, size, stdout); /* main() looks for errors */
	return EXIT_OK;
}

static int write_file(const char *path, const void *dtb, size_t size)
{
	FILE *file = fopen(path, "we");
	int err = 0;

	if (!file)
		return vmctl_fail(EXIT_FAILED, "cannot open %s: %s", path, strerror(errno));
	if (fwrite(dtb, 1, size, file) != size)
		err = errno;
	if (fclose(file) && !err)
		err = errno;
	if (err)
		return vmctl_fail(EXIT_FAILED, "cannot write %s: %s", path, strerror(err));
	return EXIT_OK;
}

static int make_and_write(const struct guest_config *config, const char *cmdline,
			  const char *output)
{
	struct ctrl_guest_config wanted;
	size_t size;
	void *dtb;
	int status;

	guest_to_ctrl(config, cmdline, &wanted);
	if (ctrl_make_guest_dtb(&wanted, &dtb, &size))
		return vmctl_fail(EXIT_CONFIG, "%s", ctrl_error());
	status = output ? write_file(output, dtb, size) : write_stdout(dtb, size);
	free(dtb);
	return status;
}

int cmd_dump_dtb(const struct arguments *arguments)
{
	const char *output = arguments_option(arguments, "output");
	struct guest_config config;
	struct report report;
	char *cmdline;
	int status;

	if (guest_config_load(arguments->words[0], arguments->words + 1,
			      (size_t)arguments->count - 1, vmctl_warn, &config, &report))
		return vmctl_fail(EXIT_CONFIG, "%s", report.text);
	cmdline = guest_config_cmdline(&config);
	if (cmdline)
		status = make_and_write(&config, cmdline, output);
	else
		status = vmctl_fail(EXIT_FAILED, "out of memory");
	free(cmdline);
	guest_config_clear(&config);
	return status;
}
