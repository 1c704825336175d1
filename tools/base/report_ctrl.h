/* SPDX-License-Identifier: ISC */
/* Copies libctrl's error message into a report. Inline, so that base/ links without libctrl. */
#ifndef TOOLS_BASE_REPORT_CTRL_H
#define TOOLS_BASE_REPORT_CTRL_H

#include "report.h"

#include <libctrl.h>

/* After a call of libctrl failed with err, copies its message into the report and returns err. */
static inline int report_ctrl(struct report *report, int err)
{
	return report_set(report, err, "%s", ctrl_error());
}

#endif
