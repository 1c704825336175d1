/* SPDX-License-Identifier: ISC */
/* vm_assist: runstate areas that say when they are being written. */
#include <hyp/domain.h>
#include <hyp/hypercall.h>
#include <lib/errno.h>
#include <public/xen.h>

long do_vm_assist(struct vcpu *v, uint64_t *arg)
{
	uint32_t cmd = (uint32_t)arg[0];

	if (cmd != VMASST_CMD_enable && cmd != VMASST_CMD_disable)
		return -ENOSYS;
	if ((uint32_t)arg[1] != VMASST_TYPE_runstate_update_flag)
		return -EINVAL;
	v->domain->vm_assist_runstate_update = cmd == VMASST_CMD_enable;
	return 0;
}
