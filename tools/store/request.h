/* SPDX-License-Identifier: ISC */
/* One request of a client, as the functions that carry requests out see it. */
#ifndef PLINTH_STORE_REQUEST_H
#define PLINTH_STORE_REQUEST_H

#include "store/changes/change.h"
#include "store/conn/conn.h"

#include <string.h>

#define REQUEST_STRINGS 4

/* One request that is being carried out. */
struct request {
	struct store *store;
	struct view view; /* whose, and in which transaction */
	const struct xsd_sockmsg *head;
	const char *data;
	size_t len;
	const char *string[REQUEST_STRINGS]; /* the first of them */
	size_t strings;                      /* how many there are */
	struct path *path; /* the first one as an absolute path, where it is one */
	size_t path_len;   /* of that string itself */
	bool relative;
};

static inline int reply(struct request *r, const void *data, size_t len)
{
	conn_put(r->view.conn, r->head->type, r->head->req_id, r->head->tx_id, data, len);
	return 0;
}

static inline int reply_string(struct request *r, const char *text)
{
	return reply(r, text, strlen(text) + 1);
}

static inline int reply_ok(struct request *r)
{
	return reply_string(r, "OK");
}

/* ops_domains.c */
int op_introduce(struct request *r);
int op_release(struct request *r);
int op_resume(struct request *r);
int op_is_introduced(struct request *r);
int op_get_domain_path(struct request *r);
int op_set_target(struct request *r);
int op_control(struct request *r);

#endif
