/* SPDX-License-Identifier: ISC */
/* A connection to a store daemon that answers. */
#include "store_open.h"

#include <libctrl.h>
#include <stdlib.h>

#define USUAL_MS 30000 /* for later answers: it answers, however long it takes */

int store_open(struct ctrl_store **store)
{
	char *path;
	int err = ctrl_store_open(store);

	if (err)
		return err;
	ctrl_store_set_timeout(*store, STORE_ANSWER_MS);
	err = ctrl_store_get_domain_path(*store, 0, &path);
	if (err) {
		ctrl_store_close(*store);
		return err;
	}
	free(path);
	ctrl_store_set_timeout(*store, USUAL_MS);
	return 0;
}
