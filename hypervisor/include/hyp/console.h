/* SPDX-License-Identifier: ISC */
/* The machine's console: output of the hypervisor and of dom0, input for dom0. */
#ifndef HYP_CONSOLE_H
#define HYP_CONSOLE_H

#include <hyp/types.h>

struct uart_driver;

void console_init(const struct uart_driver *driver, char *regs);
/*
 * Receive by interrupt from now on: characters go to dom0's console_io read, announced by
 * VIRQ_CONSOLE.
 */
void console_enable_input(unsigned intid);

/* \n becomes \r\n. */
void console_write(const char *s, size_t len);
/* Up to size characters that were typed. */
uint32_t console_read(char *buf, uint32_t size);

#endif
