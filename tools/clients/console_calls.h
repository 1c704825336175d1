/* SPDX-License-Identifier: ISC */
/* What the console's client files share: where the daemon is and what it speaks. */
#ifndef PLINTH_CONSOLE_CLIENT_CALLS_H
#define PLINTH_CONSOLE_CLIENT_CALLS_H

#include "console_protocol.h"

struct frame_peer console_peer(const char *sock); /* NULL: CONSOLE_SOCKET */

#endif
