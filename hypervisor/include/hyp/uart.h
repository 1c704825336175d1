/* SPDX-License-Identifier: ISC */
/* UARTs that the hypervisor can drive. */
#ifndef HYP_UART_H
#define HYP_UART_H

#include <lib/types.h>

struct uart_driver {
	const char *compatible;
	void (*init)(char *regs);
	/* Wait until there is room, then send. */
	void (*putc)(char *regs, char c);
	/* Returns a received character, or -1. */
	int (*getc)(char *regs);
	/* Enable the interrupt for received characters. */
	void (*rx_irq)(char *regs);
	void (*rx_ack)(char *regs);
};

extern const struct uart_driver pl011_driver;

/* Returns the driver for a device tree node's compatible string, or NULL. */
const struct uart_driver *uart_find_driver(const char *compatible);

#endif
