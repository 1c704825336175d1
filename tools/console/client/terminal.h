/* SPDX-License-Identifier: ISC */
/* The user's terminal in raw mode, given back on every way out of the process. */
#ifndef PLINTH_CONSOLE_TERMINAL_H
#define PLINTH_CONSOLE_TERMINAL_H

/* Raw mode for the terminal fd, until terminal_restore(), exit() or a deadly signal. 0 or -errno.
 */
int terminal_make_raw(int fd);
void terminal_restore(void); /* harmless when nothing is raw; what was not read yet is lost */

/* Reads and drops what the terminal sends in answer to what it was shown, until it is silent. */
void terminal_drop_answers(int fd);

#endif
