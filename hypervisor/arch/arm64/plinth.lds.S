/* SPDX-License-Identifier: ISC */
/* Layout of the image: each kind of section on pages of its own so that permissions can differ. */
#include <asm/layout.h>

OUTPUT_ARCH(aarch64)
ENTRY(_start)

SECTIONS
{
	. = HYP_VA_IMAGE;
	.text : {
		KEEP(*(.head))
		_ehead = .;
		/* The vectors are aligned to 2 KiB: small things fill the gap. */
		*cache.o(.text) *fpsimd.o(.text) *gicv3_lr.o(.text)
		*vectors.o(.text)
		*entries.o(.text.entries)
		*(.text .text.*)
	}
	. = ALIGN(4096);
	_etext = .;
	.rodata : {
		*(.rodata .rodata.*)
		*(.got .got.plt)
		*(.data.rel.ro .data.rel.ro.*)
	}
	. = ALIGN(4096);
	_erodata = .;
	.data : {
		*(.data .data.*)
		. = ALIGN(8);
	}
	_edata = .;
	. = ALIGN(16);
	_bss = .;
	.bss (NOLOAD) : {
		*(.bss .bss.* COMMON)
	}
	.bss.pages (NOLOAD) : {
		*(.tables)
		*(.stack)
	}
	_end = .;
	ASSERT(_end - _start <= IMAGE_MAX_SIZE, "the image must end below HYP_VA_TABLES")

	/DISCARD/ : {
		*(.comment) *(.note*) *(.eh_frame*) *(.interp)
		*(.dynamic) *(.dynsym) *(.dynstr) *(.hash) *(.gnu.hash)
	}
}
