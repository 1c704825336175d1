/* SPDX-License-Identifier: ISC */
/* JSON on standard output. */
#ifndef TOOLS_VMCTL_JSON_H
#define TOOLS_VMCTL_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <yajl/yajl_gen.h>

/* NULL: no memory. Ended with yajl_gen_free(). */
yajl_gen json_start(void);

void json_add_text(yajl_gen json, const char *key, const char *text);
void json_add_number(yajl_gen json, const char *key, uint64_t number);
void json_add_null(yajl_gen json, const char *key);
void json_add_flag(yajl_gen json, const char *key, bool value);

#endif
