/* SPDX-License-Identifier: ISC */
/* The xenstore protocol: message header, message types, and the ring page of a guest. */
#ifndef PUBLIC_IO_XS_WIRE_H
#define PUBLIC_IO_XS_WIRE_H

/* Facts from xen/io/xs_wire.h. */
#include "../types.h"

enum xsd_sockmsg_type {
	XS_CONTROL,
	XS_DIRECTORY,
	XS_READ,
	XS_GET_PERMS,
	XS_WATCH,
	XS_UNWATCH,
	XS_TRANSACTION_START,
	XS_TRANSACTION_END,
	XS_INTRODUCE,
	XS_RELEASE,
	XS_GET_DOMAIN_PATH,
	XS_WRITE,
	XS_MKDIR,
	XS_RM,
	XS_SET_PERMS,
	XS_WATCH_EVENT, /* server to client, unasked */
	XS_ERROR,       /* payload: an errno's name, NUL */
	XS_IS_DOMAIN_INTRODUCED,
	XS_RESUME,
	XS_SET_TARGET,
	/* 20 was XS_RESTRICT */
	XS_RESET_WATCHES = 21,
	XS_DIRECTORY_PART,
	XS_TYPE_COUNT,
	XS_INVALID = 0xffff
};

/* In front of every message; an answer repeats type (or has XS_ERROR), req_id and tx_id. */
struct xsd_sockmsg {
	uint32_t type;   /* XS_* */
	uint32_t req_id; /* the client's choice */
	uint32_t tx_id;  /* transaction, 0 = none */
	uint32_t len;    /* bytes that follow, at most XENSTORE_PAYLOAD_MAX */
};

/* The strings of an XS_WATCH_EVENT, by position. */
enum xs_watch_type { XS_WATCH_PATH = 0, XS_WATCH_TOKEN };

#define XENSTORE_PAYLOAD_MAX  4096 /* bytes */
#define XENSTORE_ABS_PATH_MAX 3072 /* bytes without the NUL */
#define XENSTORE_REL_PATH_MAX 2048

#define XENSTORE_RING_SIZE 1024 /* bytes each way */

typedef uint32_t XENSTORE_RING_IDX;

/* The ring page. Indices run freely and wrap at 2^32. */
struct xenstore_domain_interface {
	char req[XENSTORE_RING_SIZE]; /* from the guest */
	char rsp[XENSTORE_RING_SIZE]; /* to the guest */
	XENSTORE_RING_IDX req_cons, req_prod;
	XENSTORE_RING_IDX rsp_cons, rsp_prod;
	uint32_t server_features; /* XENSTORE_SERVER_FEATURE_* */
	uint32_t connection;      /* XENSTORE_CONNECTED or RECONNECT */
	uint32_t error;           /* XENSTORE_ERROR_* */
};

#define XENSTORE_SERVER_FEATURE_RECONNECTION 1
#define XENSTORE_SERVER_FEATURE_ERROR        2

#define XENSTORE_CONNECTED 0
#define XENSTORE_RECONNECT 1

#define XENSTORE_ERROR_NONE    0
#define XENSTORE_ERROR_COMM    1 /* communication problem */
#define XENSTORE_ERROR_RINGIDX 2 /* ring indices that cannot be */
#define XENSTORE_ERROR_PROTO   3 /* a message that cannot be */

/* Layout, in bytes. */
XEN_ASSERT_SIZE(struct xsd_sockmsg, 16);
XEN_ASSERT_OFFSET(struct xsd_sockmsg, req_id, 4);
XEN_ASSERT_OFFSET(struct xsd_sockmsg, tx_id, 8);
XEN_ASSERT_OFFSET(struct xsd_sockmsg, len, 12);
XEN_ASSERT_SIZE(struct xenstore_domain_interface, 2076);
XEN_ASSERT_OFFSET(struct xenstore_domain_interface, rsp, 1024);
XEN_ASSERT_OFFSET(struct xenstore_domain_interface, req_cons, 2048);
XEN_ASSERT_OFFSET(struct xenstore_domain_interface, req_prod, 2052);
XEN_ASSERT_OFFSET(struct xenstore_domain_interface, rsp_cons, 2056);
XEN_ASSERT_OFFSET(struct xenstore_domain_interface, rsp_prod, 2060);
XEN_ASSERT_OFFSET(struct xenstore_domain_interface, server_features, 2064);
XEN_ASSERT_OFFSET(struct xenstore_domain_interface, connection, 2068);
XEN_ASSERT_OFFSET(struct xenstore_domain_interface, error, 2072);

#endif /* PUBLIC_IO_XS_WIRE_H */
