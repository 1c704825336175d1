/* SPDX-License-Identifier: ISC */
/* UARTs that the hypervisor can drive. */
#ifndef HYP_UART_H
#define HYP_UART_H

#include <hyp/types.h>

struct uart_driver {
	const char *compatible;
	void (*init)(char *regs);
	/* Wait until there is room and send. */
	void (*putc)(char *regs, char c);
	/* A received character, or -1. */
	int (*getc)(char *regs);
	/* Raise the interrupt when characters arrive. */
	void (*rx_irq)(char *regs);
	void (*rx_ack)(char *regs);
};

extern const struct uart_driver pl011_driver;

/* The driver for a device tree node's compatible string, NULL: none. */
const struct uart_driver *uart_find_driver(const char *compatible);

#endif
