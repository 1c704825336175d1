/* SPDX-License-Identifier: ISC */
/* The table of UART drivers. */
#include <lib/lib.h>
#include <hyp/uart.h>

static const struct uart_driver *const drivers[] = {
	&pl011_driver,
};

const struct uart_driver *uart_find_driver(const char *compatible)
{
	for (unsigned i = 0; i < ARRAY_SIZE(drivers); i++)
		if (strcmp(drivers[i]->compatible, compatible) == 0)
			return drivers[i];
	return NULL;
}
