/* SPDX-License-Identifier: ISC */
/* Arm PL011 (DDI 0183). The firmware has set the line up; baud rate and format stay as they are. */
#include <hyp/uart.h>

#define DR   0x00
#define FR   0x18
#define CR   0x30
#define IMSC 0x38
#define ICR  0x44

#define FR_RXFE BIT(4)
#define FR_TXFF BIT(5)
#define CR_ON	(BIT(0) | BIT(8) | BIT(9)) /* UART, transmitter, receiver */
#define INT_RX	BIT(4)
#define INT_RT	BIT(6) /* receive time-out */

static uint32_t read32(const char *p)
{
	return *(const volatile uint32_t *)p;
}

static void write32(char *p, uint32_t v)
{
	*(volatile uint32_t *)p = v;
}

static void pl011_init(char *regs)
{
	write32(regs + IMSC, 0);
	write32(regs + CR, read32(regs + CR) | CR_ON);
}

static void pl011_putc(char *regs, char c)
{
	while (read32(regs + FR) & FR_TXFF)
		;
	write32(regs + DR, (uint8_t)c);
}

static int pl011_getc(char *regs)
{
	if (read32(regs + FR) & FR_RXFE)
		return -1;
	return (int)(read32(regs + DR) & 0xff);
}

static void pl011_rx_irq(char *regs)
{
	write32(regs + ICR, INT_RX | INT_RT);
	write32(regs + IMSC, INT_RX | INT_RT);
}

static void pl011_rx_ack(char *regs)
{
	write32(regs + ICR, INT_RX | INT_RT);
}

const struct uart_driver pl011_driver = {
	.compatible = "arm,pl011",
	.init = pl011_init,
	.putc = pl011_putc,
	.getc = pl011_getc,
	.rx_irq = pl011_rx_irq,
	.rx_ack = pl011_rx_ack,
};
