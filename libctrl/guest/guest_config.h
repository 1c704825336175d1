/* SPDX-License-Identifier: ISC */
/* A guest's configuration with its defaults filled in, for build.c. */
#ifndef LIBCTRL_GUEST_CONFIG_H
#define LIBCTRL_GUEST_CONFIG_H

#include "libctrl.h"

uint32_t guest_config_max_vcpus(const struct ctrl_guest_config *config);
uint64_t guest_config_max_memory_kib(const struct ctrl_guest_config *config);
int guest_config_check(const struct ctrl_guest_config *config);
int guest_config_check_gic(uint8_t gic_version, uint32_t vcpus);

#endif /* LIBCTRL_GUEST_CONFIG_H */
