/* SPDX-License-Identifier: ISC */
/* Mitigations of speculative execution: none yet, and the log says so. */
#include <arm/spectre.h>
#include <arm/width.h>
#include <asm/cp15.h>
#include <hyp/cpu.h>
#include <lib/log.h>

#define MIDR_MODEL(midr) ((midr)&0xff00fff0U)
#define CORTEX_A7        0x4100c070U /* in order: it does not speculate past an indirect branch */

struct spectre_plan spectre_all;

void mitigate_init(bool firmware __unused)
{
}

void mitigate_init_cpu(struct cpu *c)
{
	uint32_t midr = read_cp(MIDR);

	if (MIDR_MODEL(midr) == CORTEX_A7)
		return;
	spectre_all = (struct spectre_plan){
		.v2 = SPECTRE_VULNERABLE,
		.bhb = SPECTRE_VULNERABLE,
		.ssb = SPECTRE_VULNERABLE,
	};
	if (c->id == 0)
		log_info("CPU type %x: branch targets, branch history, store bypass vulnerable",
			 midr);
}
