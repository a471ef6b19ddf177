/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions for tests/pid/raw.c, one for each way that an instruction can be
 * displaced. Each takes x in rdi and returns x plus a constant, or as said.
 * The table raw_fns lists them: name, start, end, and what to add for even and odd x.
 */
	.macro FN name, even, odd
	.p2align 4
\name:
	.pushsection .rodata.names, "aMS", @progbits, 1
.Ln_\name: .string "\name"
	.popsection
	.pushsection .data.rel.ro.fns, "aw"
	.quad .Ln_\name, \name, \name\()_end, \even, \odd
	.popsection
	.endm
	.macro END name
	ret
\name\()_end:
	.endm

	.section .data.rel.ro.fns, "aw"
	.globl raw_fns
raw_fns:
	.data
rawvar:	.quad 7
	.section .data.rel.ro, "aw"
ptr_nop: .quad f_nop
ptr_mov: .quad f_mov
tab:	.quad .Lin, f_mov

	.text
	.globl raw_text, raw_text_end
	.p2align 12
raw_text:
FN f_push 1 1
	push %rbp
	mov %rsp, %rbp
	lea 1(%rdi), %rax
	pop %rbp
END f_push
FN f_sub 2 2
	sub $8, %rsp
	lea 2(%rdi), %rax
	add $8, %rsp
END f_sub
FN f_nop 3 3
	nop
	lea 3(%rdi), %rax
END f_nop
FN f_endbr 4 4
	endbr64
	lea 4(%rdi), %rax
END f_endbr
FN f_mov 5 5
	mov %rdi, %rax
	add $5, %rax
END f_mov
FN f_sse 6 6
	movaps %xmm0, %xmm1
	lea 6(%rdi), %rax
END f_sse
FN f_rip 7 7
	mov rawvar(%rip), %rax
	add %rdi, %rax
END f_rip
FN f_ripimm 8 8			/* immediate behind the displacement */
	cmpl $7, rawvar(%rip)
	sete %al
	movzbl %al, %eax
	lea 7(%rax,%rdi), %rax
END f_ripimm
FN f_jmp 5 5			/* tail call */
	{disp32} jmp f_mov
END f_jmp
FN f_jmp8 9 9
	jmp 1f
	hlt
1:	lea 9(%rdi), %rax
END f_jmp8
FN f_call 4 4
	call f_nop
	inc %rax
END f_call
FN f_callmem 4 4
	call *ptr_nop(%rip)
	inc %rax
END f_callmem
FN f_callreg 4 4
	lea f_nop(%rip), %r11
	call *%r11
	inc %rax
END f_callreg
FN f_callsp 4 4
	lea f_nop(%rip), %r11
	push %r11
	call *(%rsp)
	inc %rax
	pop %r11
END f_callsp
FN f_callsp8 4 4
	lea f_nop(%rip), %r11
	sub $24, %rsp
	mov %r11, 16(%rsp)
	call *16(%rsp)
	inc %rax
	add $24, %rsp
END f_callsp8
FN f_jcc 5 9			/* conditional tail call */
	test $1, %dil
	{disp32} je f_mov
	lea 9(%rdi), %rax
END f_jcc
FN f_jcc8 10 9
	test $1, %dil
	je 1f
	lea 9(%rdi), %rax
	ret
1:	lea 10(%rdi), %rax
END f_jcc8
FN f_loop 3 3
	mov $3, %ecx
	mov %rdi, %rax
1:	inc %rax
	loop 1b
END f_loop
FN f_jrcxz 12 11
	mov %rdi, %rcx
	and $1, %ecx
	jrcxz 1f
	lea 11(%rdi), %rax
	ret
1:	lea 12(%rdi), %rax
END f_jrcxz
FN f_jmpmem 5 5
	jmp *ptr_mov(%rip)
END f_jmpmem
FN f_jmpreg 5 5
	lea f_mov(%rip), %rax
	jmp *%rax
END f_jmpreg
FN f_jmptab 13 5		/* even: a switch inside the function; odd: a tail call */
	mov %edi, %ecx
	and $1, %ecx
	lea tab(%rip), %rdx
	jmp *(%rdx,%rcx,8)
.Lin:	lea 13(%rdi), %rax
END f_jmptab
FN f_rep 14 14
	mov %rdi, %r11
	lea -64(%rsp), %rdi
	mov $48, %ecx
	xor %eax, %eax
	rep stosb
	lea 14(%r11), %rax
END f_rep
FN f_syscall 15 15
	mov %rdi, %r10
	mov $39, %eax
	syscall
	lea 15(%r10), %rax
END f_syscall
FN f_leave 16 16
	push %rbp
	mov %rsp, %rbp
	sub $32, %rsp
	lea 16(%rdi), %rax
	leave
END f_leave
FN f_self 0 0			/* its own start is where its loop goes */
	mov %rdi, %rax
	dec %esi
	jns f_self
END f_self
FN f_sync 17 17			/* no probe: a SYNC point */
	nop
	lea 17(%rdi), %rax
END f_sync
FN f_int3 18 18			/* the program's own breakpoint */
	lea 18(%rdi), %rax
	int3
END f_int3
	.p2align 12
raw_text_end:

	.section .data.rel.ro.fns, "aw"
	.quad 0
	.section .note.GNU-stack, "", @progbits
