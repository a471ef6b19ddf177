/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NFUNCS functions that nobody calls, and a main that waits for end of file: for the time to arm. */
	.altmacro
.macro one n
	.globl fn_\n
	.type fn_\n, @function
	.p2align 4
fn_\n:	push %rbp
	mov %rsp, %rbp
	lea 1(%rdi), %rax
	pop %rbp
	ret
	.size fn_\n, . - fn_\n
.endm
	.text
	.set i, 0
	.rept NFUNCS
	one %i
	.set i, i + 1
	.endr

	.globl main
	.type main, @function
main:	sub $24, %rsp
1:	xor %edi, %edi
	mov %rsp, %rsi
	mov $1, %edx
	call read@PLT
	test %rax, %rax
	jg 1b
	xor %eax, %eax
	add $24, %rsp
	ret
	.size main, . - main
	.section .note.GNU-stack, "", @progbits
