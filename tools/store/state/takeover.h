/* SPDX-License-Identifier: ISC */
/* Can a program take the place of this daemon? It is asked before it is started in this process. */
#ifndef PLINTH_STORE_TAKEOVER_H
#define PLINTH_STORE_TAKEOVER_H

#define TAKEOVER_OPTION     "-T" /* its answer: a line that names the states that it can read */
#define TAKEOVER_TIMEOUT_MS 5000

/* 0; -ENOEXEC: it does not say that it can read our state; or why it cannot be asked. */
int takeover_check(const char *binary, int timeout_ms);

/* What this program answers. */
void takeover_print(void);

/* For a log or a person: why it was refused. */
const char *takeover_error(int error);

#endif
