/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A 32-bit program, for the error that it gets: built with -m32 -nostdlib, so no 32-bit libc is needed. */
	.globl _start
_start:	xorl %ebx, %ebx
	movl $1, %eax
	int $0x80
	.section .note.GNU-stack, "", @progbits
