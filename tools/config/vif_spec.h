/* SPDX-License-Identifier: ISC */
/* What a config says about one network interface of a guest. */
#ifndef TOOLS_COMMON_VIF_SPEC_H
#define TOOLS_COMMON_VIF_SPEC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/report.h"

#define VIF_NAME_SIZE 16 /* of an interface's or a bridge's name, with the NUL */
#define VIF_IP_SIZE   256
#define VIF_MAC_SIZE  18 /* as text, with the NUL */
#define VIF_MTU_MIN   68
#define VIF_MTU_MAX   65517 /* of a packet that netback takes, without the Ethernet header */

struct vif_spec {
	uint8_t mac[6];             /* all zero: not chosen yet */
	char bridge[VIF_NAME_SIZE]; /* "": the first there is */
	char name[VIF_NAME_SIZE];   /* in dom0; "": vifDOMAIN.NUMBER */
	char ip[VIF_IP_SIZE]; /* as written, for those who look it up in the store; "": none */
	uint64_t rate_bytes;  /* the guest sends at most so many in ...; 0: no limit */
	uint32_t rate_usec;   /* ... so many microseconds */
	uint32_t mtu;         /* 0: the bridge's */
	bool optional;        /* where it cannot be had, the guest is made without it */
};

/* Reads xl's syntax, "key=value, ..."; all is optional. 0; -EINVAL with a sentence; -ENOMEM. */
int vif_spec_parse(const char *text, struct vif_spec *vif, struct report *report);

/* Writes what vif_spec_parse() reads. */
void vif_spec_format(const struct vif_spec *vif, FILE *out);

bool vif_has_mac(const struct vif_spec *vif);

/* The address of the index-th interface of the guest with this UUID: always the same one. */
void vif_choose_mac(const uint8_t uuid[16], unsigned int index, uint8_t mac[6]);

/* Six pairs of hexadecimal digits with colons; returns text. */
char *vif_format_mac(const uint8_t mac[6], char text[VIF_MAC_SIZE]);

/* Whether two addresses are the same. */
bool vif_mac_equal(const uint8_t a[6], const uint8_t b[6]);

#endif
