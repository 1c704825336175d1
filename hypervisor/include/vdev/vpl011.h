/* SPDX-License-Identifier: ISC */
/*
 * The emulated UART of a guest: a PL011 as far as the SBSA generic UART goes, in front of a console
 * ring that a daemon in dom0 serves.
 *
 *	 guest                    hypervisor                         console daemon
 *	 writes UARTDR  ------->  out[], out_prod --- event --->     reads out[], moves out_cons
 *	 reads UARTDR   <-------  in[], in_cons   <-- event ---      writes in[], moves in_prod
 *	 SPI 32         <-------  UARTRIS & UARTIMSC
 *
 * The ring page is the guest's memory: it can write there what it wants. The two indices that are
 * the hypervisor's are kept here and only ever written to the page; the daemon's two are read once
 * per access and believed only if they are possible.
 */
#ifndef HYP_VPL011_H
#define HYP_VPL011_H

#include <lib/spinlock.h>
#include <lib/types.h>

struct domain;
struct xencons_interface;

struct vpl011 {
	struct spinlock lock;           /* RANK_VUART */
	struct xencons_interface *ring; /* NULL: the domain has no such UART */
	mfn_t mfn;                      /* the page that it is in, a reference held */
	uint32_t port;                  /* the domain's end of the channel to the daemon */
	uint32_t in_cons, out_prod;
	uint16_t ris, imsc; /* raw interrupts; which of them are let through */
	bool tx_waits;      /* room for TX_TRIGGER bytes was missing, and is to be announced */
};

/* Once at boot. */
void vpl011_init(void);

/*
 * Give a domain that never ran the UART: its ring in the page gfn, a port that the domain `console`
 * may bind. 0; -EBUSY (it has one, or runs), -EINVAL (gfn, no SPI for it), or as
 * evtchn_alloc_hyp().
 */
int vpl011_create(struct domain *d, domid_t console, gfn_t gfn, uint32_t *port);
/* Let go of the ring. d's vCPUs are off their CPUs for good and its ports are closed. */
int vpl011_relinquish(struct domain *d);

#endif
