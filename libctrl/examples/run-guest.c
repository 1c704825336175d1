/* SPDX-License-Identifier: ISC */
/*
 * An example of libctrl: builds a guest, shows its console until it shuts down or the time is over,
 * and destroys it.
 *
 *	run-guest KERNEL RAMDISK "COMMAND LINE" MEMORY_MIB VCPUS SECONDS [OUTPUT-TO-WAIT-FOR]
 */
#include <err.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>

#include <libctrl.h>
#include <public/io/console.h>

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Everything that the guest has written since, to stdout and the end of seen. */
static void drain(struct xencons_interface *ring, char *seen, size_t size)
{
	uint32_t cons = ring->out_cons;
	uint32_t prod = __atomic_load_n(&ring->out_prod, __ATOMIC_ACQUIRE);

	while (cons != prod && prod - cons <= sizeof(ring->out)) {
		char ch = ring->out[cons++ % sizeof(ring->out)];
		size_t len = strlen(seen);

		putchar(ch);
		if (len == size - 1)
			memmove(seen, seen + 1, len--);
		seen[len] = ch;
		seen[len + 1] = '\0';
	}
	__atomic_store_n(&ring->out_cons, cons, __ATOMIC_RELEASE);
	fflush(stdout);
}

static void serve_console(struct ctrl *c, const struct ctrl_guest *guest, double seconds,
			  const char *wanted)
{
	struct xencons_interface *ring;
	struct ctrl_evtchn *e;
	double until = now() + seconds;
	static char seen[4096];
	uint32_t port, pending;
	void *page;

	if (ctrl_map_range(c, guest->domid, guest->console_gfn, 1, PROT_READ | PROT_WRITE, &page) <
		    0 ||
	    ctrl_evtchn_open(c, &e) < 0 ||
	    ctrl_evtchn_bind_interdomain(e, guest->domid, guest->console_port, &port) < 0)
		errx(1, "%s", ctrl_error());
	ring = page;
	if (ctrl_unpause_domain(c, guest->domid) < 0)
		errx(1, "%s", ctrl_error());
	while (now() < until && !(wanted && strstr(seen, wanted))) {
		struct pollfd pfd = {.fd = ctrl_evtchn_fd(e), .events = POLLIN};
		struct ctrl_domain_info info;

		poll(&pfd, 1, 200);
		if (!ctrl_evtchn_pending(e, &pending))
			ctrl_evtchn_unmask(e, pending);
		drain(ring, seen, sizeof(seen));
		ctrl_evtchn_notify(e, port);
		if (ctrl_get_domain(c, guest->domid, &info) < 0)
			errx(1, "%s", ctrl_error());
		if (info.shutdown) {
			printf("\nrun-guest: domain %u has shut down: %s\n", guest->domid,
			       ctrl_shutdown_name(info.shutdown_reason));
			break;
		}
	}
	ctrl_evtchn_close(e);
	ctrl_unmap(c, page, 1);
}

static void show_domains(struct ctrl *c)
{
	struct ctrl_domain_info *list;
	int n = ctrl_list_all_domains(c, &list);

	if (n < 0)
		errx(1, "%s", ctrl_error());
	for (int i = 0; i < n; i++)
		printf("run-guest: domain %u: %" PRIu64 " KiB, %u vCPUs, %s%s%s%s\n", list[i].domid,
		       list[i].memory >> 10, list[i].nr_online_vcpus,
		       list[i].running ? "running " : "", list[i].blocked ? "blocked " : "",
		       list[i].paused ? "paused " : "", list[i].dying ? "dying " : "");
	free(list);
}

static uint64_t free_kib(struct ctrl *c)
{
	struct ctrl_physinfo info;

	if (ctrl_get_physinfo(c, &info) < 0)
		errx(1, "%s", ctrl_error());
	return info.free_bytes >> 10;
}

int main(int argc, char *argv[])
{
	struct ctrl_guest_config config;
	struct ctrl_guest guest;
	struct ctrl_version version;
	struct ctrl *c;
	uint64_t before;
	double start;

	if (argc < 7)
		errx(2, "usage: run-guest KERNEL RAMDISK CMDLINE MIB VCPUS SECONDS [OUTPUT]");
	ctrl_guest_config_init(&config);
	config.name = "example";
	config.kernel = argv[1];
	config.ramdisk = argv[2][0] ? argv[2] : NULL;
	config.cmdline = argv[3];
	config.memory_kib = strtoull(argv[4], NULL, 0) << 10;
	config.vcpus = strtoul(argv[5], NULL, 0);
	if (ctrl_open(&c) < 0 || ctrl_get_version(c, &version) < 0)
		errx(1, "%s", ctrl_error());
	printf("run-guest: hypervisor %u.%u%s (Plinth's calls: version %u)\n", version.major,
	       version.minor, version.extra, version.plinth);
	before = free_kib(c);
	start = now();
	if (ctrl_build_guest(c, &config, &guest) < 0)
		errx(1, "%s", ctrl_error());
	printf("run-guest: domain %u built in %.3f s, GICv%d\n", guest.domid, now() - start,
	       guest.gic_version + 1);
	show_domains(c);
	serve_console(c, &guest, strtod(argv[6], NULL), argc > 7 ? argv[7] : NULL);
	start = now();
	if (ctrl_destroy_domain(c, guest.domid) < 0)
		errx(1, "%s", ctrl_error());
	printf("\nrun-guest: destroyed in %.3f s; free memory %" PRIu64 " KiB before, %" PRIu64
	       " KiB after\n",
	       now() - start, before, free_kib(c));
	show_domains(c);
	ctrl_close(c);
	return 0;
}
