/* SPDX-License-Identifier: ISC */
/* No code: the compiler's check that this architecture's inline functions are the ones it owes. */
#include <hyp/arch_inline.h>
