/* SPDX-License-Identifier: ISC */
/* The console UART: output, and a buffer for input. */
#include <hyp/console.h>
#include <hyp/irq.h>
#include <hyp/uart.h>
#include <lib/spinlock.h>

static const struct uart_driver *uart;
static char *uart_regs;
static void (*input_arrived)(void);

/* Characters received and not read yet. If the buffer is full, more characters are lost. */
static struct {
	struct spinlock lock;
	uint32_t prod, cons;
	char buf[256];
} input = {.lock = SPINLOCK_INIT(RANK_LOG)};

void console_init(const struct uart_driver *driver, char *regs)
{
	driver->init(regs);
	uart_regs = regs;
	uart = driver;
}

void console_write(const char *s, size_t len)
{
	if (!uart)
		return;
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\n')
			uart->putc(uart_regs, '\r');
		uart->putc(uart_regs, s[i]);
	}
}

static void console_receive(unsigned intid __unused)
{
	int c;

	uart->rx_ack(uart_regs);
	spin_lock(&input.lock);
	/* Bounded. If characters keep arriving, the next interrupt reads the rest. */
	for (unsigned i = 0; i < sizeof(input.buf) && (c = uart->getc(uart_regs)) >= 0; i++)
		if (input.prod - input.cons < sizeof(input.buf))
			input.buf[input.prod++ % sizeof(input.buf)] = (char)c;
	spin_unlock(&input.lock);
	input_arrived();
}

void console_enable_input(unsigned intid, void (*arrived)(void))
{
	input_arrived = arrived;
	if (!uart || !intid || irq_request(intid, console_receive, "console") != 0)
		return;
	uart->rx_irq(uart_regs);
	irqchip->enable(intid);
}

uint32_t console_read(char *buf, uint32_t size)
{
	uint32_t n = 0;

	spin_lock(&input.lock);
	while (n < size && input.cons != input.prod)
		buf[n++] = input.buf[input.cons++ % sizeof(input.buf)];
	spin_unlock(&input.lock);
	return n;
}
