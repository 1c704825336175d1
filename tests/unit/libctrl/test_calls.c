/* SPDX-License-Identifier: ISC */
/* Each call of the library once, its failures, and its sentences. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "fake.h"

struct fixture {
	struct fake *f;
	struct ctrl *c;
	uint32_t domid;
};

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));
	struct ctrl_domain_config config = {.uuid = {0xab, 1}, .max_vcpus = 2};

	x->f = fake_new();
	x->c = fake_open(x->f);
	assert_int_equal(ctrl_create_domain(x->c, &config, &x->domid), 0);
	assert_int_equal(config.gic_version, CTRL_GIC_V3);
	assert_int_equal(ctrl_set_max_vcpus(x->c, x->domid, 2), 0);
	assert_int_equal(ctrl_set_max_memory(x->c, x->domid, 8 << 20), 0);
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	ctrl_close(x->c);
	fake_delete(x->f);
	free(x);
	return 0;
}

static void sentence_has(const char *words)
{
	if (!strstr(ctrl_error(), words))
		fail_msg("\"%s\" is not in: %s", words, ctrl_error());
}

static void opening(void **state)
{
	struct ctrl *c;
	int ret = ctrl_open(&c);

	(void)state;
	if (!ret) { /* this machine is a dom0 */
		ctrl_close(c);
		skip();
	}
	sentence_has("/dev/xen/privcmd");
	sentence_has(ret == -EACCES ? "root" : "modprobe xen-privcmd");
	ctrl_close(NULL);
	ctrl_evtchn_close(NULL);
}

static void versions(void **state)
{
	struct fixture *x = *state;
	struct ctrl_version v;

	assert_int_equal(ctrl_get_version(x->c, &v), 0);
	assert_int_equal(v.major, 4);
	assert_int_equal(v.minor, 17);
	assert_int_equal(v.page_size, 4096);
	assert_int_equal(v.plinth, 0);
	assert_string_equal(v.extra, "xxxxxxxxxxxxxxx");
	assert_string_equal(v.capabilities, "xen-3.0-aarch64 ");
	assert_string_equal(v.changeset, "");
}

static void direct_mapping(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(ctrl_is_direct_mapped(x->c), 0);
	x->f->direct_mapped = true;
	assert_int_equal(ctrl_is_direct_mapped(x->c), 1);
}

static void machine(void **state)
{
	struct fixture *x = *state;
	struct ctrl_physinfo info;
	const char *name;
	uint64_t idle[8];

	assert_int_equal(ctrl_get_physinfo(x->c, &info), 0);
	assert_int_equal(info.nr_cpus, 4);
	assert_int_equal(info.total_bytes, 1ull << 31);
	assert_int_equal(ctrl_get_cpu_idle(x->c, idle, 8), 4);
	assert_int_equal(idle[3], 103);
	assert_int_equal(ctrl_get_cpu_idle(x->c, idle, 2), 2);
	assert_int_equal(ctrl_get_scheduler(x->c, &name), 0);
	assert_string_equal(name, "credit2");
}

static void domain_info(void **state)
{
	struct fixture *x = *state;
	struct ctrl_domain_info info;

	assert_int_equal(ctrl_get_domain(x->c, x->domid, &info), 0);
	assert_int_equal(info.domid, x->domid);
	assert_true(info.paused && info.shutdown && !info.dying && !info.running);
	assert_int_equal(info.shutdown_reason, CTRL_SHUTDOWN_CRASH);
	assert_string_equal(ctrl_shutdown_name(info.shutdown_reason), "crash");
	assert_string_equal(ctrl_shutdown_name(77), "unknown");
	assert_int_equal(info.uuid[0], 0xab);
	assert_int_equal(info.max_memory, 8ull << 30);
	/* The hypervisor would describe the next one: that is not the one asked for. */
	assert_int_equal(ctrl_get_domain(x->c, 0, &info), -ESRCH);
	sentence_has("domain 0");
	sentence_has("vmctl list");
	assert_int_equal(ctrl_get_domain(x->c, 77, &info), -ESRCH);
}

static void lists(void **state)
{
	struct fixture *x = *state;
	struct ctrl_domain_config config = {.max_vcpus = 1};
	struct ctrl_domain_info *all, some[3];
	uint32_t domid;

	for (int i = 0; i < 256; i++)
		assert_int_equal(ctrl_create_domain(x->c, &config, &domid), 0);
	assert_int_equal(ctrl_destroy_domain(x->c, 17), 0);
	assert_int_equal(ctrl_list_all_domains(x->c, &all), 256);
	assert_int_equal(all[0].domid, 1);
	assert_int_equal(all[16].domid, 18);
	assert_int_equal(all[255].domid, 257);
	free(all);
	assert_int_equal(ctrl_list_domains(x->c, 16, some, 3), 3);
	assert_int_equal(some[1].domid, 18);
	assert_int_equal(ctrl_list_domains(x->c, 257, some, 3), 1);
	assert_int_equal(ctrl_list_domains(x->c, 258, some, 3), 0);
	assert_int_equal(ctrl_list_domains(x->c, 0, some, 0), 0);
}

static void life(void **state)
{
	struct fixture *x = *state;
	struct ctrl_domain_config config = {.domid = x->domid, .max_vcpus = 1};
	uint32_t domid;

	assert_int_equal(ctrl_create_domain(x->c, &config, &domid), -EEXIST);
	sentence_has("taken");
	config.max_vcpus = 0;
	assert_int_equal(ctrl_create_domain(x->c, &config, &domid), -EINVAL);
	assert_int_equal(ctrl_pause_domain(x->c, x->domid), 0);
	assert_int_equal(x->f->domains[x->domid].paused, 2);
	assert_int_equal(ctrl_unpause_domain(x->c, x->domid), 0);
	assert_int_equal(ctrl_unpause_domain(x->c, x->domid), 0);
	assert_int_equal(x->f->domains[x->domid].paused, 0);
	assert_int_equal(ctrl_shutdown_domain(x->c, x->domid, CTRL_SHUTDOWN_REBOOT), 0);
	assert_int_equal(ctrl_shutdown_domain(x->c, 99, CTRL_SHUTDOWN_REBOOT), -ESRCH);
	/* Destroying may have to be asked for again and again. */
	x->f->destroy_again = 5;
	assert_int_equal(ctrl_destroy_domain(x->c, x->domid), 0);
	assert_int_equal(x->f->destroy_again, 0);
	assert_int_equal(fake_nr_domains(x->f), 0);
	assert_int_equal(ctrl_destroy_domain(x->c, x->domid), -ESRCH);
	assert_int_equal(ctrl_pause_domain(x->c, x->domid), -ESRCH);
	sentence_has("pausedomain");
}

static void limits(void **state)
{
	struct fixture *x = *state;
	uint64_t bytes, value;

	assert_int_equal(ctrl_set_paging_mempool(x->c, x->domid, 1 << 20), 0);
	assert_int_equal(ctrl_get_paging_mempool(x->c, x->domid, &bytes), 0);
	assert_int_equal(bytes, 1 << 20);
	assert_int_equal(ctrl_set_address_size(x->c, x->domid, 64), 0);
	assert_int_equal(ctrl_set_param(x->c, x->domid, CTRL_PARAM_STORE_PFN, 0x39001), 0);
	assert_int_equal(ctrl_get_param(x->c, x->domid, CTRL_PARAM_STORE_PFN, &value), 0);
	assert_int_equal(value, 0x39001);
	assert_int_equal(ctrl_get_param(x->c, x->domid, 4711, &value), -EINVAL);
	sentence_has("4711");
	assert_int_equal(ctrl_set_param(x->c, 50, CTRL_PARAM_CONSOLE_PFN, 1), -ESRCH);
	sentence_has("CONSOLE_PFN");
}

static void vcpus(void **state)
{
	struct fixture *x = *state;
	struct ctrl_vcpu_context in = {.online = true,
				       .pc = 0x40080000,
				       .pstate = 0x1c5,
				       .sctlr = 1,
				       .tcr = 2,
				       .ttbr0 = 3,
				       .ttbr1 = 4,
				       .sp_el0 = 5,
				       .sp_el1 = 6,
				       .elr_el1 = 7,
				       .spsr_el1 = 8};
	struct ctrl_vcpu_context out;
	struct ctrl_vcpu_info info;

	for (int i = 0; i < 31; i++)
		in.x[i] = 1000 + i;
	assert_int_equal(ctrl_set_vcpu_context(x->c, x->domid, 0, &in), 0);
	assert_int_equal(x->f->domains[x->domid].context.user_regs.x30, 1030);
	assert_int_equal(x->f->domains[x->domid].context.user_regs.pc64, 0x40080000);
	assert_int_equal(ctrl_get_vcpu_context(x->c, x->domid, 0, &out), 0);
	assert_int_equal(out.online, true);
	assert_memory_equal(out.x, in.x, sizeof(in.x));
	assert_int_equal(out.ttbr1, 4);
	assert_int_equal(out.spsr_el1, 8);
	assert_int_equal(ctrl_set_vcpu_context(x->c, x->domid, 2, &in), -EINVAL);
	sentence_has("vCPU 2");
	assert_int_equal(ctrl_get_vcpu_info(x->c, x->domid, 1, &info), 0);
	assert_true(info.online);
	assert_int_equal(info.cpu, 3);
	assert_int_equal(ctrl_get_vcpu_info(x->c, x->domid, 9, &info), -EINVAL);
}

static void scheduling(void **state)
{
	struct fixture *x = *state;
	uint8_t hard[2] = {0x0f, 0x01}, soft[2] = {0x03, 0}, out[2];
	struct ctrl_sched_params p = {.weight = 512, .cap = 50};

	assert_int_equal(ctrl_set_vcpu_affinity(x->c, x->domid, 0, hard, soft, 9), 0);
	assert_int_equal(ctrl_get_vcpu_affinity(x->c, x->domid, 0, out, NULL, 9), 0);
	assert_memory_equal(out, hard, 2);
	assert_int_equal(ctrl_get_vcpu_affinity(x->c, x->domid, 0, NULL, out, 9), 0);
	assert_memory_equal(out, soft, 2);
	assert_int_equal(ctrl_set_vcpu_affinity(x->c, x->domid, 0, NULL, NULL, 9), -EINVAL);
	assert_int_equal(ctrl_set_sched_params(x->c, x->domid, &p), 0);
	p = (struct ctrl_sched_params){0};
	assert_int_equal(ctrl_get_sched_params(x->c, x->domid, &p), 0);
	assert_int_equal(p.weight, 512);
	assert_int_equal(p.cap, 50);
	p.weight = 0;
	assert_int_equal(ctrl_set_sched_params(x->c, x->domid, &p), -EINVAL);
}

static void other_scheduler(void **state)
{
	struct fixture *x = *state;
	struct ctrl_sched_params p;

	x->f->scheduler = XEN_SCHEDULER_NULL;
	assert_int_equal(ctrl_get_sched_params(x->c, x->domid, &p), -EOPNOTSUPP);
	sentence_has("credit2");
}

static void populating(void **state)
{
	struct fixture *x = *state;

	/* From 2 MiB before a GiB to 4 KiB after the next: 1 x 2M, 1 x 1G, 1 x 4K. */
	assert_int_equal(ctrl_populate_memory(x->c, x->domid, 0x40000 - 0x200, 0x40201), 0);
	assert_int_equal(x->f->populated[2], 1);
	assert_int_equal(x->f->populated[1], 1);
	assert_int_equal(x->f->populated[0], 1);
	/* Not a single GiB is to be had: 512 pieces of 2 MiB. */
	x->f->biggest_order = 9;
	assert_int_equal(ctrl_populate_memory(x->c, x->domid, 0x100000, 0x40000), 0);
	assert_int_equal(x->f->populated[1], 513);
	x->f->biggest_order = 0;
	assert_int_equal(ctrl_populate_memory(x->c, x->domid, 0x200000, 0x401), 0);
	assert_int_equal(x->f->populated[0], 0x402);
	/* Runs out in the middle. */
	x->f->biggest_order = 18;
	x->f->free_pages = 0x250;
	assert_int_equal(ctrl_populate_memory(x->c, x->domid, 0x300000, 0x400), -ENOMEM);
	sentence_has("populate_physmap");
	sentence_has("0 KiB free");
	assert_int_equal(x->f->free_pages, 0);
	assert_int_equal(ctrl_populate_memory(x->c, 99, 0, 1), -ESRCH);
	assert_int_equal(ctrl_populate_memory(x->c, x->domid, 0, 0), 0);
}

static void mapping(void **state)
{
	struct fixture *x = *state;
	uint64_t gfns[] = {0x40002, 0x40000, 0x50000};
	char seen[4];
	void *p;

	assert_int_equal(ctrl_populate_memory(x->c, x->domid, 0x40000, 16), 0);
	assert_int_equal(ctrl_map_frames(x->c, x->domid, gfns, 2, PROT_READ | PROT_WRITE, &p), 0);
	memcpy((char *)p + 4096, "abc", 4);
	fake_peek(x->f, x->domid, 0x40000000, seen, 4);
	assert_string_equal(seen, "abc");
	ctrl_unmap(x->c, p, 2);
	/* All or nothing: the third has no memory. */
	assert_int_equal(ctrl_map_frames(x->c, x->domid, gfns, 3, PROT_READ, &p), -EINVAL);
	sentence_has("0x50000000");
	assert_int_equal(x->f->live_maps, 0);
	assert_int_equal(ctrl_map_range(x->c, x->domid, 0x40000, 0, PROT_READ, &p), -EINVAL);
	assert_int_equal(ctrl_map_range(x->c, 99, 0x40000, 1, PROT_READ, &p), -ESRCH);
	assert_int_equal(ctrl_flush_cache(x->c, x->domid, 0x40000, (1 << 18) + 5), 0);
	assert_int_equal(x->f->domains[x->domid].flushed_pages, (1 << 18) + 5);
}

static void copying(void **state)
{
	struct fixture *x = *state;
	char text[10000], seen[10000];

	memset(text, 'x', sizeof(text));
	assert_int_equal(ctrl_populate_memory(x->c, x->domid, 0x40000, 1024), 0);
	assert_int_equal(ctrl_copy_to_domain(x->c, x->domid, 0x40000ffd, text, sizeof(text)), 0);
	fake_peek(x->f, x->domid, 0x40000ffd, seen, sizeof(seen));
	assert_memory_equal(seen, text, sizeof(text));
	/* Four pages were touched, and only they are cleaned. */
	assert_int_equal(x->f->domains[x->domid].flushed_pages, 4);
	assert_int_equal(ctrl_copy_to_domain(x->c, x->domid, 0x40000000 + (4 << 20) - 5, text, 6),
			 -EINVAL);
	assert_int_equal(ctrl_copy_to_domain(x->c, x->domid, ~0ull - 3, text, 6), -EINVAL);
	assert_int_equal(ctrl_copy_to_domain(x->c, x->domid, 0x40000000, text, 0), 0);
}

static void logs(void **state)
{
	struct fixture *x = *state;
	char buf[8], all[64] = "";
	uint32_t index = 0;
	int n;

	while ((n = ctrl_read_log(x->c, buf, sizeof(buf), &index, 0)) > 0)
		strncat(all, buf, n);
	assert_int_equal(n, 0);
	assert_string_equal(all, x->f->log);
	assert_int_equal(ctrl_send_debug_keys(x->c, "qr"), 0);
	assert_string_equal(x->f->keys, "qr");
	assert_int_equal(ctrl_send_debug_keys(x->c, ""), 0);
}

static void plinth_calls(void **state)
{
	struct fixture *x = *state;
	struct ctrl_usage usage;
	uint64_t offset = 0;
	uint32_t boot = 0;
	char buf[8], all[64] = "";
	int n;

	assert_int_equal(ctrl_get_usage(x->c, &usage), -EOPNOTSUPP);
	sentence_has("not Plinth");
	assert_int_equal(ctrl_read_previous_log(x->c, buf, 8, &offset, NULL), -EOPNOTSUPP);
	x->f->plinth = true;
	assert_int_equal(ctrl_get_usage(x->c, &usage), 0);
	assert_int_equal(usage.free_pages, x->f->free_pages);
	assert_int_equal(ctrl_read_previous_log(x->c, buf, 8, &offset, NULL), -ENODATA);
	x->f->previous_log = "panic: so it is\n";
	while ((n = ctrl_read_previous_log(x->c, buf, 8, &offset, &boot)) > 0)
		strncat(all, buf, n);
	assert_int_equal(n, 0);
	assert_int_equal(boot, 7);
	assert_string_equal(all, x->f->previous_log);
}

static void event_channels(void **state)
{
	struct fixture *x = *state;
	struct ctrl_evtchn *e;
	uint32_t port;

	assert_int_equal(ctrl_alloc_unbound(x->c, x->domid, 0, &port), 0);
	assert_int_equal(port, 1);
	assert_int_equal(ctrl_alloc_unbound(x->c, 99, 0, &port), -ESRCH);
	assert_int_equal(ctrl_evtchn_open(x->c, &e), 0);
	assert_int_equal(ctrl_evtchn_fd(e), 99);
	assert_int_equal(ctrl_evtchn_bind_interdomain(e, 3, 7, &port), 0);
	assert_int_equal(port, 307);
	assert_int_equal(ctrl_evtchn_bind_unbound(e, 3, &port), 0);
	assert_int_equal(ctrl_evtchn_bind_virq(e, CTRL_VIRQ_DOM_EXC, &port), 0);
	assert_int_equal(port, 3);
	x->f->fail_at = x->f->calls + 1;
	x->f->fail_with = -EEXIST;
	assert_int_equal(ctrl_evtchn_bind_virq(e, CTRL_VIRQ_DOM_EXC, &port), -EBUSY);
	sentence_has("another program");
	x->f->calls = 0;
	assert_int_equal(ctrl_evtchn_pending(e, &port), 0);
	assert_int_equal(port, 5);
	assert_int_equal(ctrl_evtchn_pending(e, &port), -EAGAIN);
	assert_int_equal(ctrl_evtchn_unmask(e, 5), 0);
	assert_int_equal(ctrl_evtchn_notify(e, 5), 0);
	assert_int_equal(ctrl_evtchn_unbind(e, 5), 0);
	assert_int_equal(ctrl_evtchn_notify(e, 6), -EINVAL);
	ctrl_evtchn_close(e);
}

static void opening_events_fails(void **state)
{
	static const struct {
		int err;
		const char *words;
	} cases[] = {{-ENOENT, "modprobe xen-evtchn"}, {-EACCES, "root"}, {-EMFILE, "EMFILE"}};
	struct fixture *x = *state;
	struct ctrl_evtchn *e;

	for (size_t i = 0; i < 3; i++) {
		x->f->fail_at = x->f->calls + 1;
		x->f->fail_with = cases[i].err;
		assert_int_equal(ctrl_evtchn_open(x->c, &e), cases[i].err);
		sentence_has(cases[i].words);
	}
}

/* Every errno is told in words, by name, with the call and the domain. */
static void sentences(void **state)
{
	static const int errors[] = {EPERM, EACCES, ESRCH,  ENOSYS, EFAULT, EINVAL,
				     EBUSY, ENOMEM, ENOENT, EIO,    4711};
	struct fixture *x = *state;

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		const char *name = strerrorname_np(errors[i]);

		x->f->fail_at = x->f->calls + 1;
		x->f->fail_with = -errors[i];
		assert_int_equal(ctrl_pause_domain(x->c, x->domid), -errors[i]);
		sentence_has("cannot pause domain 1: domctl pausedomain: ");
		sentence_has(name ? name : "errno 4711");
	}
}

/* One call each of what takes more than a plain structure; 0 or more is success. */
static int do_version(struct fixture *x)
{
	struct ctrl_version v;

	return ctrl_get_version(x->c, &v);
}

static int do_idle(struct fixture *x)
{
	uint64_t idle[4];

	return ctrl_get_cpu_idle(x->c, idle, 4);
}

static int do_list(struct fixture *x)
{
	struct ctrl_domain_info *list;
	int ret = ctrl_list_all_domains(x->c, &list);

	if (ret >= 0)
		free(list);
	return ret;
}

static int do_log(struct fixture *x)
{
	uint32_t index = 0;
	char buf[100];

	return ctrl_read_log(x->c, buf, sizeof(buf), &index, CTRL_LOG_CLEAR);
}

static int do_previous_log(struct fixture *x)
{
	uint64_t offset = 0;
	char buf[100];

	return ctrl_read_previous_log(x->c, buf, sizeof(buf), &offset, NULL);
}

static int do_usage(struct fixture *x)
{
	struct ctrl_usage usage;

	return ctrl_get_usage(x->c, &usage);
}

static int do_keys(struct fixture *x)
{
	return ctrl_send_debug_keys(x->c, "q");
}

static int do_context(struct fixture *x)
{
	struct ctrl_vcpu_context context;

	return ctrl_get_vcpu_context(x->c, x->domid, 0, &context);
}

static int do_affinity(struct fixture *x)
{
	uint8_t hard[1], soft[1];

	return ctrl_get_vcpu_affinity(x->c, x->domid, 0, hard, soft, 4);
}

static int do_params(struct fixture *x)
{
	struct ctrl_sched_params params;

	return ctrl_get_sched_params(x->c, x->domid, &params);
}

static int do_pool(struct fixture *x)
{
	uint64_t bytes;

	return ctrl_get_paging_mempool(x->c, x->domid, &bytes);
}

static int do_evtchn(struct fixture *x)
{
	struct ctrl_evtchn *e;
	uint32_t port;
	int ret = ctrl_evtchn_open(x->c, &e);

	if (ret < 0)
		return ret;
	ret = ctrl_evtchn_bind_interdomain(e, 1, 1, &port);
	if (!ret)
		ret = ctrl_evtchn_bind_unbound(e, 1, &port);
	ctrl_evtchn_close(e);
	return ret;
}

static int (*const calls[])(struct fixture *x) = {
	do_version, do_idle,    do_list,     do_log,    do_previous_log, do_usage,
	do_keys,    do_context, do_affinity, do_params, do_pool,         do_evtchn,
};

/* Each operation below each of these fails once: an error with a sentence, and nothing left. */
static void every_operation_fails_once(void **state)
{
	struct fixture *x = *state;

	x->f->plinth = true;
	x->f->previous_log = "panic";
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int failures = 0;

		for (unsigned long n = 1;; n++) {
			struct fixture y = {.f = x->f, .c = fake_open(x->f), .domid = x->domid};
			unsigned long before = x->f->calls;
			int ret;

			x->f->fail_at = before + n;
			x->f->fail_with = -EIO;
			ret = calls[i](&y);
			ctrl_close(y.c);
			if (ret < 0)
				assert_string_not_equal(ctrl_error(), "");
			failures += ret < 0;
			if (x->f->calls < before + n) {
				assert_true(ret >= 0);
				break;
			}
		}
		assert_true(failures > 0);
	}
}

/* Threads on one handle: each its own sentence, buffers never shared. */
static void *hammer(void *arg)
{
	struct fixture *x = arg;
	char wanted[32];

	snprintf(wanted, sizeof(wanted), "domain %u:", x->domid);
	for (int i = 0; i < 2000; i++)
		if (ctrl_pause_domain(x->c, x->domid) != -ESRCH || !strstr(ctrl_error(), wanted))
			return (void *)1;
	return NULL;
}

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static const struct ctrl_backend_ops *unlocked;

static long locked_hypercall(void *state, uint64_t op, const uint64_t arg[5])
{
	long ret;

	pthread_mutex_lock(&one_at_a_time);
	ret = unlocked->hypercall(state, op, arg);
	pthread_mutex_unlock(&one_at_a_time);
	return ret;
}

static void *locked_alloc(void *state, size_t pages)
{
	void *p;

	pthread_mutex_lock(&one_at_a_time);
	p = unlocked->alloc(state, pages);
	pthread_mutex_unlock(&one_at_a_time);
	return p;
}

static void locked_free(void *state, void *p, size_t pages)
{
	pthread_mutex_lock(&one_at_a_time);
	unlocked->free(state, p, pages);
	pthread_mutex_unlock(&one_at_a_time);
}

static void threads(void **state)
{
	struct fixture *x = *state;
	struct ctrl_backend_ops ops = *fake_ops();
	struct fixture per_thread[4];
	pthread_t t[4];
	struct ctrl *c;

	unlocked = fake_ops();
	ops.hypercall = locked_hypercall;
	ops.alloc = locked_alloc;
	ops.free = locked_free;
	assert_int_equal(ctrl_open_backend(&c, &ops, x->f), 0);
	for (int i = 0; i < 4; i++) {
		per_thread[i] = (struct fixture){.f = x->f, .c = c, .domid = 100 + i};
		assert_int_equal(pthread_create(&t[i], NULL, hammer, &per_thread[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		void *failed;

		pthread_join(t[i], &failed);
		assert_null(failed);
	}
	ctrl_close(c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening),
		TEST(versions),
		TEST(direct_mapping),
		TEST(machine),
		TEST(domain_info),
		TEST(lists),
		TEST(life),
		TEST(limits),
		TEST(vcpus),
		TEST(scheduling),
		TEST(other_scheduler),
		TEST(populating),
		TEST(mapping),
		TEST(copying),
		TEST(logs),
		TEST(plinth_calls),
		TEST(event_channels),
		TEST(opening_events_fails),
		TEST(sentences),
		TEST(every_operation_fails_once),
		TEST(threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
