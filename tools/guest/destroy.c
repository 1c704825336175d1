/* SPDX-License-Identifier: ISC */
/* Destroys a guest, and takes it out of everything that knows it. */
#include "base/report_ctrl.h"
#include "clients/console_client.h"
#include "clients/monitor_client.h"
#include "clients/store_open.h"
#include "creation.h"
#include "guest.h"
#include "registry.h"
#include "store.h"

#include <errno.h>
#include <libctrl.h>
#include <string.h>

const struct guest_options *guest_all_options(const struct guest_options *options)
{
	static const struct guest_options none;

	return options ? options : &none;
}

/*
 * The store daemon keeps the guest's ring mapped. If it was not notified of the domain's death,
 * this call makes it unmap the page. Until then the domain's number is not reused.
 */
void guest_release_store(struct ctrl *ctrl, struct ctrl_store *store, uint32_t domid,
			 const uint8_t uuid[16])
{
	struct ctrl_domain_info info;

	if (store && !ctrl_get_domain(ctrl, domid, &info) && info.dying &&
	    !memcmp(info.uuid, uuid, sizeof(info.uuid)))
		ctrl_store_release(store, domid);
}

void guest_forget(const struct guest_options *options, uint32_t domid, const uint8_t uuid[16])
{
	if (options->forget_guest)
		options->forget_guest(options->context, domid, uuid);
	else if (!options->register_guest)
		monitor_client_forget(options->monitor_socket, domid, uuid, NULL);
}

/*
 * Removes the guest's nodes from the store while its domain ID cannot be reused. Pauses the guest
 * first, as it must not run without them. The store is only a public copy, so an unreachable store
 * does not prevent the destruction.
 */
static void leave_store(struct ctrl *ctrl, struct ctrl_store *store, uint32_t domid,
			const uint8_t uuid[16], const struct guest_options *options)
{
	struct report report;

	if (!store)
		return;
	ctrl_pause_domain(ctrl, domid);
	if (guest_store_remove(store, domid, uuid, &report) && options->warn)
		options->warn(options->context, report.text);
}

int guest_destroy(struct ctrl *ctrl, uint32_t domid, const uint8_t uuid[16], int reason,
		  const struct guest_options *options, struct report *report)
{
	const struct guest_options *all = guest_all_options(options);
	struct ctrl_store *store = NULL;
	int err;

	if (!domid)
		return report_set(report, -EPERM, "dom0 cannot be destroyed: shut it down instead");
	err = store_open(&store);
	if (err)
		store = NULL;
	if (err == -ETIMEDOUT && all->warn)
		all->warn(all->context, ctrl_error());
	guest_forget(all, domid, uuid);
	leave_store(ctrl, store, domid, uuid, all);
	err = ctrl_destroy_domain(ctrl, domid);
	if (err)
		report_ctrl(report, err);
	else
		guest_release_store(ctrl, store, domid, uuid);
	ctrl_store_close(store);
	if (err)
		return err;
	/*
	 * ignore errors: the daemon may not run or not know this guest, and the domain is gone
	 * anyway
	 */
	console_client_died(all->console_socket, domid, uuid, reason, NULL);
	registry_remove(all->registry, domid, uuid);
	return 0;
}
