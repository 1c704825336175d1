/* SPDX-License-Identifier: ISC */
/*
 * A small make-believe hypervisor below libctrl: domains whose memory is a sparse file, checks on
 * every argument, a record of the calls, and failures on demand.
 */
#ifndef TESTS_LIBCTRL_FAKE_H
#define TESTS_LIBCTRL_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include <public/domctl.h>
#include <public/hvm_params.h>

#include "backend.h"
#include "libctrl.h"

#define FAKE_DOMAINS 300
#define FAKE_BUFFERS 64
#define FAKE_RANGES  64

struct fake_domain {
	bool exists;
	int memory; /* a file with the page of frame n at n * 4096 */
	struct xen_domctl_createdomain config;
	uint64_t mempool, max_kib, pages;
	struct {
		uint64_t gfn, nr;
	} ram[FAKE_RANGES];
	unsigned int nr_ram;
	unsigned int vcpus, address_size, paused;
	uint64_t params[HVM_NR_PARAMS];
	uint64_t flushed_pages;
	unsigned int next_port;
	bool grants_shown; /* grant table page is in its memory, see FAKE_SCRATCH_GFN */
	struct vcpu_guest_context context;
	struct xen_domctl_sched_credit2 sched;
	uint8_t hard[16], soft[16];
};

struct fake {
	struct fake_domain domains[FAKE_DOMAINS];
	struct {
		uint8_t *ptr;
		size_t size;
	} buffers[FAKE_BUFFERS];
	unsigned int live_maps;     /* pages mapped and not yet unmapped */
	bool plinth;                /* answers to Plinth's own hypercall */
	bool resources;             /* has XENMEM_acquire_resource */
	unsigned int biggest_order; /* no larger extents */
	uint8_t host_gic;
	bool direct_mapped; /* the domain that asks */
	uint64_t free_pages;
	uint32_t scheduler;
	unsigned int destroy_again; /* -ERESTART so many times */
	int destroy_error;          /* destroying fails with this */
	uint64_t more_free;         /* physinfo speaks of so many pages too much */
	const char *capabilities;
	const char *log;
	const char *previous_log;

	unsigned long calls;   /* operations so far, the closing ones not counted */
	unsigned long fail_at; /* the operation with this number fails (1: the first; 0: none) */
	int fail_with;
	char failed[64];           /* which one that was */
	unsigned int populated[3]; /* extents of 4 KiB, 2 MiB, 1 GiB */
	char keys[16];
	unsigned int copies; /* PLINTH_OP_copy_to_domain */
};

struct fake *fake_new(void);
/* Fails the test when a buffer or a mapping is left. */
void fake_check_clean(struct fake *f);
void fake_delete(struct fake *f);
struct ctrl *fake_open(struct fake *f);
const struct ctrl_backend_ops *fake_ops(void);
unsigned int fake_nr_domains(const struct fake *f);

/* The domain's memory, whether mapped by anyone or not. */
void fake_peek(const struct fake *f, uint32_t domid, uint64_t gpa, void *buf, size_t len);

#endif /* TESTS_LIBCTRL_FAKE_H */
