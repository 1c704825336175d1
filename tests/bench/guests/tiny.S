/* SPDX-License-Identifier: ISC */
/*
 * The smallest guest: an arm64 Image that sets a marker with its first instruction and sleeps for
 * ever.
 */

#define FIRST_INSTRUCTION 30 /* the marker, see toolstack.py */

	.text
	/*
	 * arm64 Image header (Linux Documentation/arm64/booting.rst): two instructions come first
	 */
image:	movz	xzr, #FIRST_INSTRUCTION
	b	sleep
	.quad	0			/* text_offset: runs where it is loaded */
	.quad	end - image		/* image_size */
	.quad	0xa			/* flags: little endian, 4 KiB pages, anywhere in RAM */
	.quad	0
	.quad	0
	.quad	0
	.ascii	"ARM\x64"
	.long	0
sleep:	wfi
	b	sleep
	.balign	4096
end:
	.section .note.GNU-stack, "", %progbits
