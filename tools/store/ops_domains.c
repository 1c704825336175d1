/* SPDX-License-Identifier: ISC */
/* The requests about domains, and those to the daemon itself. */
#include "base/number.h"
#include "control.h"
#include "journal.h"
#include "request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A domain's number from a string. */
static int get_domid(const char *text, uint32_t *domid)
{
	uint64_t number;

	if (!number_parse(text, 0, DOMID_FIRST_RESERVED - 1, &number))
		return -EINVAL;
	*domid = (uint32_t)number;
	return 0;
}

int op_introduce(struct request *r)
{
	uint64_t gfn, port;
	uint32_t domid;
	int ret = get_domid(r->string[0], &domid);

	if (ret == 0 && (!number_parse(r->string[1], 0, UINT64_MAX, &gfn) ||
			 !number_parse(r->string[2], 0, UINT32_MAX, &port) || !port))
		ret = -EINVAL;
	if (ret == 0)
		ret = store_introduce(r->store, domid, gfn, (uint32_t)port);
	return ret < 0 ? ret : reply_ok(r);
}

int op_release(struct request *r)
{
	uint32_t domid;
	int ret = get_domid(r->string[0], &domid);

	if (ret == 0)
		ret = store_release(r->store, domid);
	return ret < 0 ? ret : reply_ok(r);
}

int op_resume(struct request *r)
{
	struct domain *domain;
	uint32_t domid;

	if (get_domid(r->string[0], &domid) < 0)
		return -EINVAL;
	domain = domains_find(&r->store->domains, domid);
	if (!domid)
		return -EINVAL;
	if (!domain || !domain->introduced)
		return -ENOENT;
	domain->shutdown = false;
	journal_domain(r->store, domain);
	return reply_ok(r);
}

int op_is_introduced(struct request *r)
{
	struct domain *domain;
	uint32_t domid;

	if (get_domid(r->string[0], &domid) < 0)
		return -EINVAL;
	domain = domains_find(&r->store->domains, domid);
	return reply_string(r, domain && domain->introduced ? "T" : "F");
}

int op_get_domain_path(struct request *r)
{
	char path[32];
	uint32_t domid;

	if (get_domid(r->string[0], &domid) < 0)
		return -EINVAL;
	snprintf(path, sizeof(path), "/local/domain/%u", domid);
	return reply_string(r, path);
}

int op_set_target(struct request *r)
{
	uint32_t domid, target_domid;
	struct domain *domain, *target;

	if (get_domid(r->string[0], &domid) < 0 || get_domid(r->string[1], &target_domid) < 0)
		return -EINVAL;
	domain = domains_find(&r->store->domains, domid);
	target = domains_find(&r->store->domains, target_domid);
	if (!domain || !domain->introduced || !target || !target->introduced)
		return -ENOENT;
	domain_get(target);
	domain_put(domain->target);
	domain->target = target;
	journal_domain(r->store, domain);
	return reply_ok(r);
}

int op_control(struct request *r)
{
	char answer[XENSTORE_PAYLOAD_MAX];
	size_t len = 0;
	int ret = control_run(r->store, r->data, r->len, answer, &len);

	if (ret == CONTROL_LATER) {
		r->store->update = (struct waiting){r->view.conn, r->head->req_id, r->head->tx_id};
		return 0;
	}
	return ret < 0 ? ret : reply(r, answer, len);
}
