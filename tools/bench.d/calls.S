/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tiny functions, told apart by their first instruction: what a tracer must displace. */
	.text
.macro fn name
	.globl \name
	.type \name, @function
	.p2align 6
\name:
.endm
.macro end name
	.size \name, . - \name
.endm

fn b_push
	push %rbp
	pop %rbp
	ret
end b_push

fn b_sub
	sub $8, %rsp
	add $8, %rsp
	ret
end b_sub

fn b_nop
	nop
	ret
end b_nop

fn b_endbr64
	endbr64
	ret
end b_endbr64

fn b_mov
	mov %rdi, %rax
	ret
end b_mov

fn b_sse
	movaps %xmm0, %xmm1
	ret
end b_sse

fn b_riprel
	mov word(%rip), %rax
	ret
end b_riprel

fn b_jmp
	jmp 1f
	nop
1:	ret
end b_jmp

fn b_call
	call b_helper
	ret
end b_call

fn b_helper
	ret
end b_helper

	.data
	.p2align 3
word:	.quad 0
	.section .note.GNU-stack, "", @progbits
