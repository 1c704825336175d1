/* SPDX-License-Identifier: ISC */
/* Guests for the tests with a thread for each CPU: they make random calls. */
#ifndef TESTS_UNIT_HYPERVISOR_THREADS_GUEST_H
#define TESTS_UNIT_HYPERVISOR_THREADS_GUEST_H

#define THREADS_GUESTS 4 /* domains 1 to that many, beside dom0 */
#define THREADS_VCPUS  3
#define THREADS_PAGES  48

struct vcpu;

/* fn(0) to fn(nr - 1), each in a thread of its own and all at once, to their ends. */
void threads_run(unsigned nr, void (*fn)(unsigned n));

/* dom0's memory: a page for each of its vCPUs. */
void threads_dom0_ram(char *ram);
/* The vCPU that the calling CPU runs goes on by one call: begins one, or issues it again. */
void threads_guest_step(struct vcpu *v);
/* How many calls of each kind there were, and how many did what they should. */
void threads_print_calls(void);

#endif
