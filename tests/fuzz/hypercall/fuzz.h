/* SPDX-License-Identifier: ISC */
/* The hypercall fuzzer: its input, the guests that it starts with, the calls that they make. */
#ifndef TESTS_FUZZ_HYPERCALL_FUZZ_H
#define TESTS_FUZZ_HYPERCALL_FUZZ_H

#include <string.h>

#include <host/host.h>
#include <public/arch-arm.h>
#include <whole.h>

#define GUESTS      2
#define GUEST_VCPUS 2
#define GUEST_PAGES 24
#define GRANTS      (GUEST_GNTTAB_BASE >> PAGE_SHIFT) /* where a guest has its grant frame */
#define EVENTS      (RAM0 + 18) /* the page of its event words, with the FIFO layout */
#define CONTROLS    (RAM0 + 19) /* the page of its control blocks */
#define INFOS       (RAM0 + 20) /* the page of its vcpu_info */
#define VUART_RING  ((GUEST_MAGIC_BASE >> PAGE_SHIFT) + 3)

extern domid_t guest_id[GUESTS];

/* ---- input.c: the input ---- */

void input_set(const uint8_t *data, size_t size);
bool input_left(void);
/* The next byte, or the next n bytes as a number; 0 at the end of the input. */
uint8_t byte(void);
uint64_t bytes(unsigned n);

/* Values that are often sensible and sometimes anything. base: where the caller's buffers are. */
domid_t a_domid(void);
uint64_t a_gfn(uint64_t base);
uint64_t a_handle(uint64_t base);
uint64_t small(void);

/* ---- calls.c: the hypercalls ---- */

/* A hypercall of v, which runs on this CPU. */
void call(struct vcpu *v);
/* The guest physical address of v's buffers. */
uint64_t base_of(const struct vcpu *v);

/* ---- acts.c: all that is no hypercall ---- */

/* Something that v, which runs on this CPU, does. */
void act(struct vcpu *v);
/* Gives the machine a UART, once. */
void start_uart(void);

/* ---- guests.c: two guests that have all that a guest can have ---- */

/*
 * Grants to each other, to dom0 and to themselves; ports between them and to dom0, IPIs, virtual
 * interrupts; registered vcpu_info; an emulated UART with dom0 at its other end; interrupts
 * enabled. Bits of `with` choose.
 */
void start_guests(uint8_t with);
#define WITH_FIFO 1 /* << guest: it has the FIFO layout */

#endif
