/* SPDX-License-Identifier: ISC */
/* console_io: the machine's console, for dom0 only. */
#include <hyp/console.h>
#include <hyp/domain.h>
#include <hyp/hypercall.h>
#include <lib/errno.h>
#include <lib/lib.h>
#include <lib/yield.h>
#include <mem/guest_access.h>
#include <public/xen.h>

#define CONSOLE_CHUNK 128

static long console_output(struct vcpu *v, uint64_t *arg)
{
	char chunk[CONSOLE_CHUNK];

	while (arg[1]) {
		uint32_t n = (uint32_t)MIN(arg[1], (uint64_t)sizeof(chunk));

		if (copy_from_guest(v, chunk, arg[2], n) != 0)
			return -EFAULT;
		console_write(chunk, n);
		arg[1] -= n;
		arg[2] += n;
		if (arg[1] && cpu_should_yield())
			return -ERESTART;
	}
	return 0;
}

static long console_input(struct vcpu *v, uint64_t *arg)
{
	char chunk[CONSOLE_CHUNK];
	uint32_t size = (uint32_t)MIN(arg[1], (uint64_t)sizeof(chunk)), n;

	if (probe_guest_write(v, arg[2], size) != 0)
		return -EFAULT;
	n = console_read(chunk, size);
	return copy_to_guest(v, arg[2], chunk, n) ? -EFAULT : (long)n;
}

long do_console_io(struct vcpu *v, uint64_t *arg)
{
	if (!v->domain->privileged)
		return -EPERM;
	arg[1] = (uint32_t)arg[1];
	switch ((uint32_t)arg[0]) {
	case CONSOLEIO_write:
		return console_output(v, arg);
	case CONSOLEIO_read:
		return console_input(v, arg);
	}
	return -ENOSYS;
}
