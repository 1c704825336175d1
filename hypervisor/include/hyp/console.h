/* SPDX-License-Identifier: ISC */
/* The machine's console: output of the hypervisor and dom0, input for dom0. */
#ifndef HYP_CONSOLE_H
#define HYP_CONSOLE_H

#include <lib/types.h>

struct uart_driver;

void console_init(const struct uart_driver *driver, char *regs);
/*
 * Enable the receive interrupt intid; 0 if the UART has none. Each interrupt calls arrived()
 * without a lock; console_read() may then have input.
 */
void console_enable_input(unsigned intid, void (*arrived)(void));

/*
 * Write
 *  as \r
 * .
 */
void console_write(const char *s, size_t len);
/* Read up to size characters of input. Returns their number. */
uint32_t console_read(char *buf, uint32_t size);

#endif
