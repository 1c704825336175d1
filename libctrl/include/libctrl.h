/* SPDX-License-Identifier: ISC */
/*
 * libctrl: the toolstack's way to the hypervisor, for programs in dom0 (Plinth, and Xen 4.17 on
 *ARM).
 *
 *	struct ctrl *c;
 *
 *	if (ctrl_open(&c) < 0)
 *		errx(1, "%s", ctrl_error());
 *	if (ctrl_pause_domain(c, 3) < 0)
 *		warnx("%s", ctrl_error());
 *	ctrl_close(c);
 *
 * Results: 0 (or a count, where it says so) on success, a negative errno otherwise. After a failure
 * ctrl_error() has a sentence for a person: what was attempted, on which domain, by which
 * hypercall, what was wrong and what to do about it.
 * Threads: one handle may be used by several threads at once. The error sentence is the thread's.
 * Units: bytes unless the name says _kib; times in nanoseconds; gfn = guest frame number, 4 KiB.
 * Link with -lctrl (pkg-config libctrl).
 */
#ifndef LIBCTRL_H
#define LIBCTRL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CTRL_PAGE_SHIFT 12
#define CTRL_PAGE_SIZE  (1UL << CTRL_PAGE_SHIFT)

#define CTRL_DOMID_SELF      0x7ff0u /* the calling domain, where a call allows it */
#define CTRL_DOMID_INVALID   0x7ff4u /* no domain */
#define CTRL_MAX_VCPUS       128u    /* the most a guest can have (GICv3; 8 with GICv2) */
#define CTRL_MAX_VCPUS_GICV2 8u

struct ctrl;             /* a handle on the hypervisor */
struct ctrl_evtchn;      /* a set of event channels of this process */
struct ctrl_store;       /* a connection to the store daemon */
struct ctrl_store_batch; /* requests for it that are sent together */

/* --- handle and errors ---------------------------------------------------------------------- */

/* Opens /dev/xen/privcmd. Asks nothing of the hypervisor yet. */
int ctrl_open(struct ctrl **c);

/* NULL is allowed. Mappings and event channel sets made with it must be gone before. */
void ctrl_close(struct ctrl *c);

/*
 * The sentence for the calling thread's last failed ctrl_ call: no newline, never NULL, "" when
 * none has failed yet. Valid until this thread's next ctrl_ call.
 */
const char *ctrl_error(void);

/* --- the hypervisor and the machine ----------------------------------------------------------- */

struct ctrl_version {
	unsigned int major, minor;
	char extra[16];          /* ".1", "-plinth-0.1", ... follows "major.minor" */
	char capabilities[1024]; /* "xen-3.0-aarch64 xen-3.0-armv7l" */
	char compiler[64];
	char compiled_by[32];
	char compile_date[32];
	char changeset[64];
	char command_line[1024];
	uint32_t page_size;
	uint32_t
		plinth; /* version of Plinth's own calls (include/public/plinth.h); 0: not Plinth */
};
int ctrl_get_version(struct ctrl *c, struct ctrl_version *version);

/*
 * Whether the domain that asks is mapped 1:1: its guest frames are the machine's. 1, 0 or a
 * negative errno. Pages that such a domain gives back stay its own, as nothing else could take
 * their place.
 */
int ctrl_is_direct_mapped(struct ctrl *c);

struct ctrl_physinfo {
	uint32_t nr_cpus;    /* online */
	uint32_t max_cpu_id; /* the largest number a CPU can have */
	uint32_t nr_nodes;
	uint32_t threads_per_core, cores_per_socket;
	uint32_t cpu_khz;      /* the timer's frequency on ARM */
	uint32_t capabilities; /* XEN_SYSCTL_PHYSCAP_* as they come */
	uint32_t arch_capabilities;
	uint64_t total_bytes;
	uint64_t free_bytes;        /* can be given to a domain now, scrubbed or not */
	uint64_t scrub_bytes;       /* of these, how much waits for scrubbing */
	uint64_t outstanding_bytes; /* promised to domains (claims) */
	uint64_t max_mfn;
};
int ctrl_get_physinfo(struct ctrl *c, struct ctrl_physinfo *info);

/* Idle time in ns of CPUs 0 .. max-1 since boot. Returns how many were written. */
int ctrl_get_cpu_idle(struct ctrl *c, uint64_t *idle_ns, unsigned int max);

/* "credit2", "null", "arinc653", ... or "unknown". */
int ctrl_get_scheduler(struct ctrl *c, const char **name);

/*
 * The hypervisor's log. Copies what was written since *index into buf and moves *index on, so that
 * a loop with the same index follows the log; start with *index = 0. Returns the bytes copied (0:
 * nothing new). CTRL_LOG_CLEAR empties the log after reading.
 */
#define CTRL_LOG_CLEAR 1u
int ctrl_read_log(struct ctrl *c, char *buf, size_t size, uint32_t *index, unsigned int flags);

/*
 * The log of the boot before this one, kept over a warm reset, from byte *offset on; moves *offset.
 * Returns the bytes copied, 0 at the end, -ENODATA when none was kept, -EOPNOTSUPP on a hypervisor
 * that is not Plinth. boot_count (may be NULL): the kept log's boot counter.
 */
int ctrl_read_previous_log(struct ctrl *c, char *buf, size_t size, uint64_t *offset,
			   uint32_t *boot_count);

/* Has the hypervisor carry out its debug keys; the output goes to its log. */
int ctrl_send_debug_keys(struct ctrl *c, const char *keys);

/* What the hypervisor has in use, to compare before and after (Plinth only: else -EOPNOTSUPP). */
struct ctrl_usage {
	uint64_t free_pages;   /* all free pages, scrubbed or not */
	uint64_t domain_pages; /* pages that belong to a domain's memory */
	uint64_t p2m_pages;    /* stage 2 tables */
	uint64_t own_pages;    /* everything else the hypervisor allocated */
	uint32_t domains, vcpus;
	uint32_t evtchns;      /* ports that are not free, in all domains */
	uint32_t grant_maps;   /* grants that are mapped */
	uint32_t foreign_maps; /* pages of one domain mapped by another */
	uint32_t dying;        /* domains that wait to be torn down */
};
int ctrl_get_usage(struct ctrl *c, struct ctrl_usage *usage);

/* --- domains ---------------------------------------------------------------------------------- */

/* Why a domain shut down. */
enum ctrl_shutdown {
	CTRL_SHUTDOWN_POWEROFF = 0,
	CTRL_SHUTDOWN_REBOOT = 1,
	CTRL_SHUTDOWN_SUSPEND = 2,
	CTRL_SHUTDOWN_CRASH = 3,
	CTRL_SHUTDOWN_WATCHDOG = 4,
	CTRL_SHUTDOWN_SOFT_RESET = 5,
};
const char *ctrl_shutdown_name(unsigned int reason); /* "poweroff", "crash", ..., "unknown" */

struct ctrl_domain_info {
	uint32_t domid;
	bool dying;              /* being torn down; only the rest of it is there */
	bool shutdown;           /* has stopped by itself; shutdown_reason says why */
	bool paused;             /* by the toolstack */
	bool blocked;            /* every vCPU waits for an event */
	bool running;            /* a vCPU is on a CPU */
	uint8_t shutdown_reason; /* enum ctrl_shutdown */
	uint32_t flags;          /* XEN_DOMINF_* as they come */
	uint32_t nr_online_vcpus;
	uint32_t max_vcpu_id; /* (uint32_t)-1: it has none yet */
	uint64_t memory;      /* bytes it has */
	uint64_t max_memory;  /* bytes it may have */
	uint64_t cpu_time;    /* ns, all vCPUs */
	uint64_t shared_info_gfn;
	uint32_t cpupool;
	uint8_t uuid[16];
};

/* Domains from number first on, ascending. Returns how many (at most max; max again: ask for more).
 */
int ctrl_list_domains(struct ctrl *c, uint32_t first, struct ctrl_domain_info *list, size_t max);

/* All of them, in a list that the caller free()s. Returns how many. */
int ctrl_list_all_domains(struct ctrl *c, struct ctrl_domain_info **list);

/* -ESRCH when there is no such domain. */
int ctrl_get_domain(struct ctrl *c, uint32_t domid, struct ctrl_domain_info *info);

/*
 * An empty domain, paused. The low-level call; ctrl_build_guest() makes a whole guest.
 * Limits: 0 vCPUs is an error; -1 in max_*_frames means the hypervisor's default.
 */
struct ctrl_domain_config {
	uint32_t domid; /* wanted number, 0: the first free one */
	uint8_t uuid[16];
	uint32_t
		flags; /* XEN_DOMCTL_CDF_*; ctrl_create_domain() adds what ARM demands (hvm, hap) */
	uint32_t max_vcpus;
	uint32_t max_evtchn_port; /* highest port number */
	int32_t max_grant_frames;
	int32_t max_maptrack_frames;
	uint32_t cpupool;
	uint8_t gic_version;      /* enum ctrl_gic; out: what the domain got */
	uint32_t nr_spis;         /* shared interrupts of the guest's GIC */
	uint32_t clock_frequency; /* out: Hz that the device tree must state, 0: need not */
};
int ctrl_create_domain(struct ctrl *c, struct ctrl_domain_config *config, uint32_t *domid);

/*
 * Returns when the domain is torn down, except for pages that others still map. The last of its
 * memory may become free a moment later.
 */
int ctrl_destroy_domain(struct ctrl *c, uint32_t domid);
int ctrl_pause_domain(struct ctrl *c, uint32_t domid); /* counted */
int ctrl_unpause_domain(struct ctrl *c, uint32_t domid);
int ctrl_shutdown_domain(struct ctrl *c, uint32_t domid, unsigned int reason); /* by force */

int ctrl_set_max_vcpus(struct ctrl *c, uint32_t domid, uint32_t max);
int ctrl_set_max_memory(struct ctrl *c, uint32_t domid, uint64_t kib);
int ctrl_set_paging_mempool(struct ctrl *c, uint32_t domid, uint64_t bytes); /* stage 2 tables */
int ctrl_get_paging_mempool(struct ctrl *c, uint32_t domid, uint64_t *bytes);
int ctrl_set_address_size(struct ctrl *c, uint32_t domid, unsigned int bits); /* 32 or 64 */

/*
 * An emulated SBSA UART at 0x22000000 with interrupt 32, before the domain runs for the first time.
 * gfn: a page of the domain's for its console ring. *port: what domain console_domid may bind.
 */
int ctrl_init_vuart(struct ctrl *c, uint32_t domid, uint32_t console_domid, uint64_t gfn,
		    uint32_t *port);

/* HVM parameters, by their ABI number. */
#define CTRL_PARAM_CALLBACK_IRQ     0
#define CTRL_PARAM_STORE_PFN        1
#define CTRL_PARAM_STORE_EVTCHN     2
#define CTRL_PARAM_CONSOLE_PFN      17
#define CTRL_PARAM_CONSOLE_EVTCHN   18
#define CTRL_PARAM_MONITOR_RING_PFN 28
int ctrl_set_param(struct ctrl *c, uint32_t domid, uint32_t index, uint64_t value);
int ctrl_get_param(struct ctrl *c, uint32_t domid, uint32_t index, uint64_t *value);

/* --- vCPUs and scheduling -----------------------------------------------------------------------
 */

struct ctrl_vcpu_info {
	bool online, blocked, running;
	uint64_t cpu_time; /* ns */
	uint32_t cpu;      /* where it is or was last */
};
int ctrl_get_vcpu_info(struct ctrl *c, uint32_t domid, uint32_t vcpu, struct ctrl_vcpu_info *info);

struct ctrl_vcpu_context {
	bool online;
	uint64_t x[31];
	uint64_t pc, pstate;
	uint64_t sp_el0, sp_el1, elr_el1, spsr_el1;
	uint64_t sctlr, tcr, ttbr0, ttbr1; /* EL1 */
};
int ctrl_get_vcpu_context(struct ctrl *c, uint32_t domid, uint32_t vcpu,
			  struct ctrl_vcpu_context *context);
int ctrl_set_vcpu_context(struct ctrl *c, uint32_t domid, uint32_t vcpu,
			  const struct ctrl_vcpu_context *context);

/*
 * CPU sets: bit n%8 of byte n/8 is CPU n; nr_cpus bits, the rest of the last byte is ignored.
 * Hard: where the vCPU may run. Soft: where it would rather run. A NULL set is left alone (set) or
 * not wanted (get).
 */
int ctrl_set_vcpu_affinity(struct ctrl *c, uint32_t domid, uint32_t vcpu, const uint8_t *hard,
			   const uint8_t *soft, unsigned int nr_cpus);
int ctrl_get_vcpu_affinity(struct ctrl *c, uint32_t domid, uint32_t vcpu, uint8_t *hard,
			   uint8_t *soft, unsigned int nr_cpus);

/* The credit2 scheduler's parameters: weight 1..65535 (256 is usual); cap in % of a CPU, 0 none. */
struct ctrl_sched_params {
	uint16_t weight;
	uint16_t cap;
};
int ctrl_set_sched_params(struct ctrl *c, uint32_t domid, const struct ctrl_sched_params *params);
int ctrl_get_sched_params(struct ctrl *c, uint32_t domid, struct ctrl_sched_params *params);

/* --- a domain's memory
 * ---------------------------------------------------------------------------- */

/*
 * Gives the domain RAM at gfn .. gfn+nr-1 in the biggest pieces that alignment and free memory
 * allow (1 GiB, 2 MiB, 4 KiB). On failure some of it may have been given; destroying the domain
 * frees it.
 */
int ctrl_populate_memory(struct ctrl *c, uint32_t domid, uint64_t gfn, uint64_t nr);

/*
 * Maps frames of another domain into this process, all or nothing. prot: PROT_READ, PROT_WRITE.
 * ctrl_unmap() takes the same nr. A mapped page outlives its domain until it is unmapped.
 */
int ctrl_map_frames(struct ctrl *c, uint32_t domid, const uint64_t *gfns, size_t nr, int prot,
		    void **addr);
int ctrl_map_range(struct ctrl *c, uint32_t domid, uint64_t gfn, size_t nr, int prot, void **addr);
void ctrl_unmap(struct ctrl *c, void *addr, size_t nr);

/*
 * For the store daemon: the ring page over which dom0's own kernel talks to it, and the port of
 * this domain to bind to (ctrl_evtchn_bind_interdomain() with domain 0). ctrl_unmap() takes nr 1.
 */
int ctrl_map_dom0_store(struct ctrl *c, void **page, uint32_t *port);

/* Writes len bytes of buf to guest physical address gpa, cleaned to the point of coherency. */
int ctrl_copy_to_domain(struct ctrl *c, uint32_t domid, uint64_t gpa, const void *buf, size_t len);

/* Cleans nr frames to the point of coherency, for a guest that starts with its caches off. */
int ctrl_flush_cache(struct ctrl *c, uint32_t domid, uint64_t gfn, uint64_t nr);

/* --- event channels
 * -------------------------------------------------------------------------------- */

/* Allocates a port in domain domid that domain remote may bind to. */
int ctrl_alloc_unbound(struct ctrl *c, uint32_t domid, uint32_t remote, uint32_t *port);

/* Virtual interrupts that a toolstack binds. Each has one taker at a time (else -EBUSY). */
#define CTRL_VIRQ_DOM_EXC  3 /* a domain was shut down or destroyed */
#define CTRL_VIRQ_CON_RING 8 /* the hypervisor's log has something new */

/* /dev/xen/evtchn: each set has its own file descriptor and its own ports. */
int ctrl_evtchn_open(struct ctrl *c, struct ctrl_evtchn **e);
void ctrl_evtchn_close(struct ctrl_evtchn *e);   /* unbinds all its ports; NULL is allowed */
int ctrl_evtchn_fd(const struct ctrl_evtchn *e); /* for poll(): readable when a port is pending */

/* These three give the local port number in *port. */
int ctrl_evtchn_bind_interdomain(struct ctrl_evtchn *e, uint32_t domid, uint32_t remote_port,
				 uint32_t *port);
int ctrl_evtchn_bind_unbound(struct ctrl_evtchn *e, uint32_t domid, uint32_t *port);
int ctrl_evtchn_bind_virq(struct ctrl_evtchn *e, uint32_t virq, uint32_t *port);

int ctrl_evtchn_unbind(struct ctrl_evtchn *e, uint32_t port);
int ctrl_evtchn_notify(struct ctrl_evtchn *e, uint32_t port);

/* The next pending port, which stays masked until ctrl_evtchn_unmask(); -EAGAIN: none (never
 * waits). */
int ctrl_evtchn_pending(struct ctrl_evtchn *e, uint32_t *port);
int ctrl_evtchn_unmask(struct ctrl_evtchn *e, uint32_t port);

/* --- the store
 * ------------------------------------------------------------------------------------- */

/*
 * The store is a tree of small values that domains share (xenstore): paths like
 * /local/domain/3/name, absolute or relative to the caller's own /local/domain/N; 4096 bytes a
 * request. It needs no struct ctrl. A connection is used by one thread at a time.
 * tx: a transaction's number, 0 for none.
 */
#define CTRL_STORE_MAX_PATH  3072u /* bytes of an absolute path */
#define CTRL_STORE_MAX_VALUE 4096u /* bytes of path, NUL and value together */

/*
 * Connects to the daemon's socket ($XENSTORED_PATH, else `socket` in $XENSTORED_RUNDIR, else in
 * /run/xenstored), or where dom0's daemon cannot be (in a guest) to /dev/xen/xenbus.
 * -ENOENT, -ECONNREFUSED: no daemon runs; -ETIMEDOUT: it has let nobody in for 5 seconds.
 */
int ctrl_store_open(struct ctrl_store **s);

/*
 * How long each answer is waited for; 30 seconds if it is never set. After a failure with
 * -ETIMEDOUT the connection is of no use any more.
 */
void ctrl_store_set_timeout(struct ctrl_store *s, int timeout_ms);

/* NULL is allowed. Open transactions and watches end with the connection. */
void ctrl_store_close(struct ctrl_store *s);

/* For poll(): readable when an event may have come. See ctrl_store_next_event(). */
int ctrl_store_fd(const struct ctrl_store *s);

/*
 * What is done in a transaction others see at its commit, all at once. commit: -EAGAIN when others
 * have changed in between what it looked at; nothing was done then: do it again from the beginning.
 */
int ctrl_store_begin(struct ctrl_store *s, uint32_t *tx);
int ctrl_store_commit(struct ctrl_store *s, uint32_t tx);
int ctrl_store_abort(struct ctrl_store *s, uint32_t tx);

/*
 * *value is the caller's to free() and has a NUL behind its *size bytes; size may be NULL.
 * -ENOENT: there is no such node.
 */
int ctrl_store_read(struct ctrl_store *s, uint32_t tx, const char *path, char **value,
		    size_t *size);

/* Nodes above that are missing are made. A new node has the permissions of the one above it. */
int ctrl_store_write(struct ctrl_store *s, uint32_t tx, const char *path, const void *value,
		     size_t size);
int ctrl_store_printf(struct ctrl_store *s, uint32_t tx, const char *path, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
int ctrl_store_mkdir(struct ctrl_store *s, uint32_t tx, const char *path);

/* With all that is below it. 0 also when there is none. */
int ctrl_store_remove(struct ctrl_store *s, uint32_t tx, const char *path);

/*
 * The names directly below path, in one list that the caller free()s with a NULL at its end.
 * Returns how many.
 */
int ctrl_store_list(struct ctrl_store *s, uint32_t tx, const char *path, char ***names);

/* The first one names the owner, who may do everything, and what all others may. */
#define CTRL_STORE_NONE  0u
#define CTRL_STORE_READ  1u
#define CTRL_STORE_WRITE 2u
struct ctrl_store_perm {
	uint32_t domid;
	uint32_t access; /* CTRL_STORE_* */
};
#define CTRL_STORE_MAX_PERMS 64u

/* *perms is the caller's to free(). Returns how many. */
int ctrl_store_get_perms(struct ctrl_store *s, uint32_t tx, const char *path,
			 struct ctrl_store_perm **perms);
int ctrl_store_set_perms(struct ctrl_store *s, uint32_t tx, const char *path,
			 const struct ctrl_store_perm *perms, size_t nr);

/*
 * Introduces a domain: its ring page (a guest frame) and the port in it that the daemon binds to.
 * Introduced again: the daemon tells those who watch it, no more.
 */
int ctrl_store_introduce(struct ctrl_store *s, uint32_t domid, uint64_t gfn, uint32_t port);
int ctrl_store_release(struct ctrl_store *s, uint32_t domid); /* -ENOENT: was not introduced */
int ctrl_store_resume(struct ctrl_store *s, uint32_t domid);  /* its next shutdown counts anew */
int ctrl_store_is_introduced(struct ctrl_store *s, uint32_t domid);                /* 1 or 0 */
int ctrl_store_get_domain_path(struct ctrl_store *s, uint32_t domid, char **path); /* free() it */
int ctrl_store_set_target(struct ctrl_store *s, uint32_t domid, uint32_t target);

/* Events come for path and all below it, and one at once. token: comes back with each of them. */
int ctrl_store_watch(struct ctrl_store *s, const char *path, const char *token);
/*
 * Only for path and so many levels below it. With depth 1 the events of @introduceDomain and
 * @releaseDomain tell which domain it is, by a path such as @introduceDomain/7. -EINVAL: the daemon
 * knows no depths; xenstored 4.17 does not.
 */
int ctrl_store_watch_depth(struct ctrl_store *s, const char *path, const char *token,
			   unsigned int depth);
int ctrl_store_unwatch(struct ctrl_store *s, const char *path, const char *token);

struct ctrl_store_event {
	char *path;        /* what has changed; free() it when done, the token goes with it */
	const char *token; /* the watch's */
};

/*
 * The next event, waited for up to timeout_ms (-1: without end). -EAGAIN: none came; -EINTR: a
 * signal did. Events come in with the answers to other calls too: before waiting for
 * ctrl_store_fd() take them with a timeout of 0 until there is none.
 */
int ctrl_store_next_event(struct ctrl_store *s, int timeout_ms, struct ctrl_store_event *event);

/* Asks the daemon about itself: words like "memreport", "log", "on". free() the answer. */
int ctrl_store_control(struct ctrl_store *s, const char *const *words, size_t nr, char **answer);

/*
 * Many requests for the price of few: they are gathered, sent together and answered together. What
 * goes wrong while gathering shows when the batch is run. A batch can be run again, and is cheaper
 * than as many calls even outside a transaction.
 *
 *	ctrl_store_batch_base(b, "/local/domain/%u", domid);
 *	ctrl_store_batch_write(b, "memory/target", "%u", kib);
 *	ctrl_store_batch_perms(b, "memory/target", perms, 2);
 *	ret = ctrl_store_batch_commit(b);
 */
int ctrl_store_batch_new(struct ctrl_store *s, struct ctrl_store_batch **b);
void ctrl_store_batch_free(struct ctrl_store_batch *b); /* NULL is allowed */

/* Paths after this that do not begin with '/' are below base; "" is base itself. */
void ctrl_store_batch_base(struct ctrl_store_batch *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Running it stores a value as ctrl_store_read() does; NULL where there is no such node. */
void ctrl_store_batch_read(struct ctrl_store_batch *b, const char *path, char **value);
void ctrl_store_batch_write(struct ctrl_store_batch *b, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void ctrl_store_batch_mkdir(struct ctrl_store_batch *b, const char *path);
void ctrl_store_batch_remove(struct ctrl_store_batch *b, const char *path);
void ctrl_store_batch_perms(struct ctrl_store_batch *b, const char *path,
			    const struct ctrl_store_perm *perms, size_t nr);

/*
 * Run: one after the other; after a failure the rest is done all the same, the first failure is
 * returned. Commit: in a transaction of its own, all or nothing, and again while others are in the
 * way (-EAGAIN after many attempts).
 */
int ctrl_store_batch_run(struct ctrl_store_batch *b);
int ctrl_store_batch_commit(struct ctrl_store_batch *b);

/* --- whole guests
 * ------------------------------------------------------------------------------------ */

enum ctrl_gic {
	CTRL_GIC_HOST = 0, /* as the host's */
	CTRL_GIC_V2 = 1,
	CTRL_GIC_V3 = 2,
};

/* What a kernel or ramdisk file is, by its content. */
enum ctrl_image_kind {
	CTRL_IMAGE_UNKNOWN = 0,
	CTRL_IMAGE_ARM64,      /* loadable */
	CTRL_IMAGE_ARM64_GZIP, /* loadable */
	CTRL_IMAGE_GZIP_OTHER, /* gzip, but no arm64 Image inside */
	CTRL_IMAGE_EMPTY,
	CTRL_IMAGE_TRUNCATED,
	CTRL_IMAGE_BIG_ENDIAN, /* arm64 Image of a big-endian kernel */
	CTRL_IMAGE_EFI_ZBOOT,
	CTRL_IMAGE_EFI_PE,
	CTRL_IMAGE_ELF,
	CTRL_IMAGE_ZIMAGE32, /* 32-bit ARM */
	CTRL_IMAGE_BZIMAGE,  /* x86 */
	CTRL_IMAGE_UIMAGE,   /* U-Boot legacy image */
	CTRL_IMAGE_DTB,      /* a flattened device tree or FIT */
	CTRL_IMAGE_XZ,
	CTRL_IMAGE_ZSTD,
	CTRL_IMAGE_LZ4,
	CTRL_IMAGE_BZIP2,
	CTRL_IMAGE_LZMA,
	CTRL_IMAGE_LZO,
	CTRL_IMAGE_CPIO,   /* an initramfs: swapped with the kernel? */
	CTRL_IMAGE_SCRIPT, /* a text file */
	CTRL_IMAGE_KINDS,
};
const char *ctrl_image_kind_name(enum ctrl_image_kind kind);

struct ctrl_image_info {
	enum ctrl_image_kind kind;
	uint64_t file_size;   /* bytes on disk */
	uint64_t text_offset; /* from a 2 MiB boundary, bytes */
	uint64_t image_size;  /* bytes of memory it needs from there, bss included */
	uint8_t width;        /* 64 or 32: bits of the CPU's registers that it starts with */
};

/* Looks at a kernel file. Fails, with a sentence that says what to do, on what cannot be loaded. */
int ctrl_probe_image(const char *path, struct ctrl_image_info *info);

/*
 * A guest to be built. Start with ctrl_guest_config_init(): one vCPU, 128 MiB, console served by
 * domain 0, no store (a Linux guest that is promised a store waits for it at boot, for ever if need
 * be). Strings and sets stay the caller's.
 */
struct ctrl_guest_config {
	const char *name; /* for error sentences only; may be NULL */
	uint8_t uuid[16];
	uint32_t domid;           /* wanted number, 0: the first free one */
	uint64_t memory_kib;      /* RAM at start */
	uint64_t max_memory_kib;  /* 0: as memory_kib */
	uint32_t vcpus;           /* online at start, at least 1 */
	uint32_t max_vcpus;       /* 0: as vcpus */
	const char *kernel;       /* path of an arm64 Image, which may be gzip-compressed, or of an
				       ARM zImage */
	const char *ramdisk;      /* path or NULL */
	const char *cmdline;      /* or NULL */
	uint8_t gic_version;      /* enum ctrl_gic */
	uint32_t domain_flags;    /* extra XEN_DOMCTL_CDF_* */
	int32_t max_grant_frames; /* -1: the hypervisor's default */
	int32_t max_maptrack_frames; /* -1: the hypervisor's default */
	uint32_t max_evtchn_port;    /* highest port number */
	uint32_t nr_spis;
	uint32_t cpupool;
	uint64_t paging_mempool_kib; /* memory for stage 2 tables, 0: enough for this guest */
	uint32_t console_domid;      /* who will serve its console ring */
	uint32_t store_domid;        /* who will serve its store ring; CTRL_DOMID_INVALID: nobody */
	const uint8_t *hard_affinity; /* set of affinity_cpus CPUs for all vCPUs; NULL: any */
	const uint8_t *soft_affinity;
	uint32_t affinity_cpus;
	uint16_t cpu_weight; /* 0: the scheduler's default */
	uint16_t cpu_cap;    /* 0: none */
	bool vuart;          /* with an emulated SBSA UART, served by console_domid too */
};
void ctrl_guest_config_init(struct ctrl_guest_config *config);

/* What was built. */
struct ctrl_guest {
	uint32_t domid;
	uint8_t gic_version; /* enum ctrl_gic, never HOST */
	/* Ports are unbound, in the guest; pages are zeroed, and grants 0 and 1 name them. */
	uint32_t console_port;
	uint32_t store_port; /* 0: it has no store */
	uint64_t console_gfn;
	uint64_t store_gfn;  /* 0: it has no store */
	uint32_t vuart_port; /* of the emulated UART; 0: it has none */
	uint64_t vuart_gfn;
	uint64_t kernel_addr, kernel_size; /* guest physical, bytes */
	uint64_t ramdisk_addr, ramdisk_size;
	uint64_t dtb_addr, dtb_size;
};

/*
 * Checks what can be checked cheaply and without the hypervisor: values, files, whether all fits.
 * Of a compressed kernel only the beginning is looked at: damage further in shows when it is
 * loaded.
 */
int ctrl_check_guest(const struct ctrl_guest_config *config);

/*
 * Everything that ctrl_build_guest() would find wrong, short of building it: the whole of a
 * compressed kernel is read, and an empty domain with these limits is created and destroyed again.
 * c NULL: only the files are looked at.
 */
int ctrl_try_guest(struct ctrl *c, const struct ctrl_guest_config *config);

/*
 * Builds the guest and leaves it paused: hook up console and store, then ctrl_unpause_domain().
 * On failure nothing is left behind and the sentence names the step.
 */
int ctrl_build_guest(struct ctrl *c, const struct ctrl_guest_config *config,
		     struct ctrl_guest *guest);

/*
 * The device tree that the guest would get, in memory that the caller free()s. Asks nothing of the
 * hypervisor; gic_version HOST is taken as GICv3.
 */
int ctrl_make_guest_dtb(const struct ctrl_guest_config *config, void **dtb, size_t *size);

#ifdef __cplusplus
}
#endif

#endif /* LIBCTRL_H */
