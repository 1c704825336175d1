/* SPDX-License-Identifier: ISC */
/* Arm PL011 (DDI 0183). The firmware has set the line up; baud rate and format stay as they are. */
#include <lib/io.h>
#include <hyp/uart.h>

#define DR   0x00
#define FR   0x18
#define CR   0x30
#define IMSC 0x38
#define ICR  0x44

#define FR_RXFE BIT(4)
#define FR_TXFF BIT(5)
#define CR_ON   (BIT(0) | BIT(8) | BIT(9)) /* UART, transmitter, receiver */
#define INT_RX  BIT(4)
#define INT_RT  BIT(6) /* receive time-out */

static void pl011_init(char *regs)
{
	io_write32(regs + IMSC, 0);
	io_write32(regs + CR, io_read32(regs + CR) | CR_ON);
}

static void pl011_putc(char *regs, char c)
{
	while (io_read32(regs + FR) & FR_TXFF)
		;
	io_write32(regs + DR, (uint8_t)c);
}

static int pl011_getc(char *regs)
{
	if (io_read32(regs + FR) & FR_RXFE)
		return -1;
	return (int)(io_read32(regs + DR) & 0xff);
}

static void pl011_rx_irq(char *regs)
{
	io_write32(regs + ICR, INT_RX | INT_RT);
	io_write32(regs + IMSC, INT_RX | INT_RT);
}

static void pl011_rx_ack(char *regs)
{
	io_write32(regs + ICR, INT_RX | INT_RT);
}

const struct uart_driver pl011_driver = {
	.compatible = "arm,pl011",
	.init = pl011_init,
	.putc = pl011_putc,
	.getc = pl011_getc,
	.rx_irq = pl011_rx_irq,
	.rx_ack = pl011_rx_ack,
};
