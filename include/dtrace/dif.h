/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * D Intermediate Format: the instruction set that the D compiler emits and
 * that the kernel checks and executes.
 *
 * A DIF object (difo) is a function of no arguments that yields one value.
 * It owns four tables: text (u32 instructions), integers (u64), strings
 * (NUL-terminated, offset 0 is the empty string) and variable descriptions.
 *
 * Machine: DIF_NREGS 64-bit registers, %r0 reads as 0 and ignores writes;
 * condition codes N Z V C, set by cmp, tst and scmp only; a stack of at most
 * DIF_TUPLE_MAX tuple elements. Branches go forward only, so every program
 * ends. By-reference values (strings, structs) travel as addresses.
 *
 * Encoding: op in bits 31..24, then one of
 *   R  op r1 r2 rd        three registers
 *   W  op imm16 rd        table index, variable id or subroutine, and register
 *   B  op imm24           branch: absolute instruction index of the target
 */
#ifndef DTRACE_DIF_H
#define DTRACE_DIF_H

#include <linux/types.h>

#define DIF_NREGS	16
#define DIF_TUPLE_MAX	24	/* tuple elements, subroutine arguments */
#define DIF_TEXT_MAX	65536	/* instructions in a difo */
#define DIF_TABLE_MAX	(1u << 20) /* bytes in the string table, ints * 8, vars * size */

#define DIF_INSTR_R(op, r1, r2, rd) \
	((__u32)(op) << 24 | (__u32)(r1) << 16 | (__u32)(r2) << 8 | (__u32)(rd))
#define DIF_INSTR_W(op, imm16, rd) \
	((__u32)(op) << 24 | ((__u32)(imm16) & 0xffff) << 8 | (__u32)(rd))
#define DIF_INSTR_B(op, label)	((__u32)(op) << 24 | ((__u32)(label) & 0xffffff))

#define DIF_OP(i)	((__u32)(i) >> 24)
#define DIF_R1(i)	(((__u32)(i) >> 16) & 0xff)
#define DIF_R2(i)	(((__u32)(i) >> 8) & 0xff)
#define DIF_RD(i)	((__u32)(i) & 0xff)
#define DIF_IMM16(i)	(((__u32)(i) >> 8) & 0xffff)
#define DIF_LABEL(i)	((__u32)(i) & 0xffffff)

/*
 * X(mnemonic, format, meaning). Format letters:
 *   3 r1 r2 rd | 2 r1 rd | C r1 r2 (compare) | 1 r1 | B label | D rd (ret)
 *   I int index, rd | S string offset, rd | V variable id, rd
 *   A array variable's id in r1, index register r2, rd
 *   F subroutine, rd | T tuple push: r1 value, r2 size register (0: scalar), rd: DIF_TYPE_*
 *   N no operand
 * Loads sign- or zero-extend to 64 bits. [r1] is kernel (D) memory for ld*,
 * memory of the current process for uld*. A store goes to memory that D owns
 * (alloca, copyin and variables), never elsewhere.
 */
#define DIF_OPCODES(X) \
	X(NOP, N, "no operation") \
	X(OR, 3, "rd = r1 | r2") \
	X(XOR, 3, "rd = r1 ^ r2") \
	X(AND, 3, "rd = r1 & r2") \
	X(SLL, 3, "rd = r1 << (r2 & 63)") \
	X(SRL, 3, "rd = (u64)r1 >> (r2 & 63)") \
	X(SRA, 3, "rd = (s64)r1 >> (r2 & 63)") \
	X(SUB, 3, "rd = r1 - r2") \
	X(ADD, 3, "rd = r1 + r2") \
	X(MUL, 3, "rd = r1 * r2") \
	X(SDIV, 3, "rd = (s64)r1 / (s64)r2; r2 == 0: DIVZERO") \
	X(UDIV, 3, "rd = (u64)r1 / (u64)r2") \
	X(SREM, 3, "rd = (s64)r1 % (s64)r2") \
	X(UREM, 3, "rd = (u64)r1 % (u64)r2") \
	X(NOT, 2, "rd = ~r1") \
	X(MOV, 2, "rd = r1") \
	X(CMP, C, "codes of r1 - r2") \
	X(TST, 1, "codes of r1 - 0") \
	X(SCMP, C, "codes of strcmp(r1, r2), at most strsize bytes") \
	X(BA, B, "branch always") \
	X(BE, B, "branch if equal") \
	X(BNE, B, "branch if not equal") \
	X(BG, B, "signed greater") \
	X(BGU, B, "unsigned greater") \
	X(BGE, B, "signed greater or equal") \
	X(BGEU, B, "unsigned greater or equal") \
	X(BL, B, "signed less") \
	X(BLU, B, "unsigned less") \
	X(BLE, B, "signed less or equal") \
	X(BLEU, B, "unsigned less or equal") \
	X(LDSB, 2, "rd = *(s8 *)r1") \
	X(LDSH, 2, "rd = *(s16 *)r1") \
	X(LDSW, 2, "rd = *(s32 *)r1") \
	X(LDUB, 2, "rd = *(u8 *)r1") \
	X(LDUH, 2, "rd = *(u16 *)r1") \
	X(LDUW, 2, "rd = *(u32 *)r1") \
	X(LDX, 2, "rd = *(u64 *)r1") \
	X(ULDSB, 2, "rd = user *(s8 *)r1") \
	X(ULDSH, 2, "rd = user *(s16 *)r1") \
	X(ULDSW, 2, "rd = user *(s32 *)r1") \
	X(ULDUB, 2, "rd = user *(u8 *)r1") \
	X(ULDUH, 2, "rd = user *(u16 *)r1") \
	X(ULDUW, 2, "rd = user *(u32 *)r1") \
	X(ULDX, 2, "rd = user *(u64 *)r1") \
	X(STB, 2, "*(u8 *)rd = r1") \
	X(STH, 2, "*(u16 *)rd = r1") \
	X(STW, 2, "*(u32 *)rd = r1") \
	X(STX, 2, "*(u64 *)rd = r1") \
	X(RET, D, "end, the value is rd") \
	X(SETX, I, "rd = integer table[imm]") \
	X(SETS, S, "rd = address of string table + imm (imm < 65536)") \
	X(LDGA, A, "rd = built-in array variable r1 [r2]: args[], uregs[]") \
	X(LDGS, V, "rd = global or built-in scalar") \
	X(STGS, V, "global scalar = rd") \
	X(LDTS, V, "rd = thread-local scalar (0 if never stored)") \
	X(STTS, V, "thread-local scalar = rd; scalar 0 frees it") \
	X(LDLS, V, "rd = clause-local scalar") \
	X(STLS, V, "clause-local scalar = rd") \
	X(LDGAA, V, "rd = global associative array [tuple]") \
	X(STGAA, V, "global associative array [tuple] = rd; scalar 0 frees it") \
	X(LDTAA, V, "rd = thread-local associative array [tuple]") \
	X(STTAA, V, "thread-local associative array [tuple] = rd") \
	X(PUSHTR, T, "push a tuple element by reference: r1 address, r2 size register") \
	X(PUSHTV, T, "push a tuple element by value: r1") \
	X(POPTS, N, "drop the newest tuple element") \
	X(FLUSHTS, N, "empty the tuple stack") \
	X(CALL, F, "rd = subroutine(tuple stack)") \
	X(ALLOCS, 2, "rd = r1 bytes of scratch, zeroed; 0 and NOSCRATCH if there are none") \
	X(COPYS, 3, "copy r2 bytes from [r1] to [rd] (rd: D memory)")

enum dif_op {
#define DIF_OP_ENUM(name, fmt, text) DIF_OP_##name,
	DIF_OPCODES(DIF_OP_ENUM)
#undef DIF_OP_ENUM
	DIF_OP_MAX
};

/* Types of a difo's value, of variables and of tuple elements. */
#define DIF_TYPE_SCALAR	0	/* integer or pointer, size 1, 2, 4 or 8 */
#define DIF_TYPE_STRING	1	/* by reference, at most size (strsize) bytes with its NUL */
#define DIF_TYPE_STRUCT	2	/* by reference, exactly size bytes */

#define DIF_TF_BYREF	0x1	/* the register holds the address (always with STRING, STRUCT) */
#define DIF_TF_SIGNED	0x2	/* scalar is signed: how a load of 1, 2, 4 bytes extends */

struct dif_type {
	__u8  kind;		/* DIF_TYPE_* */
	__u8  flags;		/* DIF_TF_* */
	__u16 pad;
	__u32 size;		/* bytes; strings: 0 means the program's strsize */
};

/* A variable that the difo names. Ids are per consumer and scope: the same id
 * always means the same variable in every program the consumer loads. */
#define DIF_SCOPE_GLOBAL 0
#define DIF_SCOPE_THREAD 1
#define DIF_SCOPE_LOCAL	 2
#define DIF_KIND_SCALAR	 0
#define DIF_KIND_ARRAY	 1	/* associative array (or a built-in array) */
#define DIF_VF_LOAD	 0x1	/* read by this difo */
#define DIF_VF_STORE	 0x2	/* written by this difo */

struct dif_var {
	__u32 name;		/* offset in the difo's string table */
	__u16 id;
	__u8  scope;
	__u8  kind;
	__u32 flags;
	struct dif_type type;	/* of the value stored */
};

#define DIF_VAR_USER	0x500	/* first id of variables that D programs define */
#define DIF_VAR_MAX	0xffff

/* Built-in variables. X(name in D, C identifier, id). Arrays are below 0x100. */
#define DIF_VARIABLES(X) \
	X("args",	ARGS,		0x000)	/* [n]: raw 64-bit argument n */ \
	X("uregs",	UREGS,		0x001)	/* [R_*]: user register */ \
	X("regs",	REGS,		0x002)	/* [R_*]: register at the probe */ \
	X("arg0",	ARG0,		0x100)	/* arg0..arg9 are consecutive */ \
	X("arg1",	ARG1,		0x101) \
	X("arg2",	ARG2,		0x102) \
	X("arg3",	ARG3,		0x103) \
	X("arg4",	ARG4,		0x104) \
	X("arg5",	ARG5,		0x105) \
	X("arg6",	ARG6,		0x106) \
	X("arg7",	ARG7,		0x107) \
	X("arg8",	ARG8,		0x108) \
	X("arg9",	ARG9,		0x109) \
	X("timestamp",	TIMESTAMP,	0x110)	/* ns, monotonic, one value a firing */ \
	X("walltimestamp", WALLTIMESTAMP, 0x111) /* ns since 1970 */ \
	X("vtimestamp",	VTIMESTAMP,	0x112)	/* ns this thread ran on a CPU */ \
	X("curthread",	CURTHREAD,	0x113)	/* struct task_struct * */ \
	X("cpu",	CPU,		0x114) \
	X("pid",	PID,		0x115)	/* thread group id, initial namespace */ \
	X("tid",	TID,		0x116) \
	X("ppid",	PPID,		0x117) \
	X("uid",	UID,		0x118) \
	X("gid",	GID,		0x119) \
	X("execname",	EXECNAME,	0x11a)	/* string */ \
	X("execargs",	EXECARGS,	0x11b)	/* string */ \
	X("errno",	ERRNO,		0x11c) \
	X("cwd",	CWD,		0x11d)	/* string */ \
	X("root",	ROOT,		0x11e)	/* string */ \
	X("zonename",	ZONENAME,	0x11f)	/* string */ \
	X("threadname",	THREADNAME,	0x120)	/* string */ \
	X("probeprov",	PROBEPROV,	0x121)	/* string */ \
	X("probemod",	PROBEMOD,	0x122)	/* string */ \
	X("probefunc",	PROBEFUNC,	0x123)	/* string */ \
	X("probename",	PROBENAME,	0x124)	/* string */ \
	X("id",		ID,		0x125)	/* probe id */ \
	X("epid",	EPID,		0x126) \
	X("caller",	CALLER,		0x127)	/* kernel pc */ \
	X("ucaller",	UCALLER,	0x128)	/* user pc */ \
	X("stackdepth",	STACKDEPTH,	0x129) \
	X("ustackdepth", USTACKDEPTH,	0x12a) \
	X("ipl",	IPL,		0x12b)	/* 1 if interrupts were off at the probe */ \
	X("pset",	PSET,		0x12f) \
	X("chip",	CHIP,		0x130) \
	X("lgrp",	LGRP,		0x131) \
	X("usermode",	USERMODE,	0x132)	/* 1 if the probe fired in user mode */

enum dif_var_id {
#define DIF_VAR_ENUM(name, id, val) DIF_VAR_##id = val,
	DIF_VARIABLES(DIF_VAR_ENUM)
#undef DIF_VAR_ENUM
};

/* Subroutines; arguments are the tuple stack, oldest first. X(D name, id, min args, max args). */
#define DIF_SUBRS(X) \
	X("copyin",	COPYIN,		2, 2)	/* (uaddr, size) -> scratch */ \
	X("copyinstr",	COPYINSTR,	1, 2)	/* (uaddr[, max]) -> string in scratch */ \
	X("copyinto",	COPYINTO,	3, 3)	/* (uaddr, size, dest) */ \
	X("copyout",	COPYOUT,	3, 3)	/* destructive: (buf, uaddr, size) */ \
	X("copyoutstr",	COPYOUTSTR,	2, 3)	/* destructive */ \
	X("alloca",	ALLOCA,		1, 1) \
	X("bcopy",	BCOPY,		3, 3) \
	X("strlen",	STRLEN,		1, 1) \
	X("strjoin",	STRJOIN,	2, 2) \
	X("strchr",	STRCHR,		2, 2)	/* 0 if absent */ \
	X("strrchr",	STRRCHR,	2, 2) \
	X("strstr",	STRSTR,		2, 2) \
	X("strtok",	STRTOK,		2, 2) \
	X("substr",	SUBSTR,		2, 3) \
	X("index",	INDEX,		2, 3)	/* -1 if absent */ \
	X("rindex",	RINDEX,		2, 3) \
	X("basename",	BASENAME,	1, 1) \
	X("dirname",	DIRNAME,	1, 1) \
	X("cleanpath",	CLEANPATH,	1, 1) \
	X("lltostr",	LLTOSTR,	1, 2) \
	X("strtoll",	STRTOLL,	1, 2) \
	X("toupper",	TOUPPER,	1, 1) \
	X("tolower",	TOLOWER,	1, 1) \
	X("json",	JSON,		2, 2) \
	X("htons",	HTONS,		1, 1) \
	X("htonl",	HTONL,		1, 1) \
	X("htonll",	HTONLL,		1, 1) \
	X("ntohs",	NTOHS,		1, 1) \
	X("ntohl",	NTOHL,		1, 1) \
	X("ntohll",	NTOHLL,		1, 1) \
	X("inet_ntoa",	INET_NTOA,	1, 1) \
	X("inet_ntoa6",	INET_NTOA6,	1, 1) \
	X("inet_ntop",	INET_NTOP,	2, 2) \
	X("getmajor",	GETMAJOR,	1, 1) \
	X("getminor",	GETMINOR,	1, 1) \
	X("d_path",	D_PATH,		1, 1) \
	X("rand",	RAND,		0, 0) \
	X("progenyof",	PROGENYOF,	1, 1) \
	X("speculation", SPECULATION,	0, 0) \
	X("mutex_owned", MUTEX_OWNED,	1, 1) \
	X("mutex_owner", MUTEX_OWNER,	1, 1) \
	X("mutex_type_adaptive", MUTEX_TYPE_ADAPTIVE, 1, 1) \
	X("mutex_type_spin", MUTEX_TYPE_SPIN, 1, 1) \
	X("rw_iswriter", RW_ISWRITER,	1, 1) \
	X("rw_read_held", RW_READ_HELD,	1, 1) \
	X("rw_write_held", RW_WRITE_HELD, 1, 1) \
	X("memstr",	MEMSTR,		3, 3)	/* (addr, char, size): a string, each NUL the char */ \
	X("link_ntop",	LINK_NTOP,	2, 2)	/* (ARPHRD_*, addr): an address of the link layer */

enum dif_subr {
#define DIF_SUBR_ENUM(name, id, lo, hi) DIF_SUBR_##id,
	DIF_SUBRS(DIF_SUBR_ENUM)
#undef DIF_SUBR_ENUM
	DIF_SUBR_MAX
};

/* Registers of uregs[] and regs[] on x86-64. The order is the classic D library's. */
enum dif_reg_x86 {
	DIF_REG_R15, DIF_REG_R14, DIF_REG_R13, DIF_REG_R12, DIF_REG_R11, DIF_REG_R10,
	DIF_REG_R9, DIF_REG_R8, DIF_REG_RDI, DIF_REG_RSI, DIF_REG_RBP, DIF_REG_RBX,
	DIF_REG_RDX, DIF_REG_RCX, DIF_REG_RAX, DIF_REG_TRAPNO, DIF_REG_ERR,
	DIF_REG_RIP, DIF_REG_CS, DIF_REG_RFL, DIF_REG_RSP, DIF_REG_SS, DIF_REG_FS,
	DIF_REG_GS, DIF_REG_ES, DIF_REG_DS, DIF_REG_FSBASE, DIF_REG_GSBASE, DIF_REG_MAX
};

/* Faults that end a clause and fire dtrace:::ERROR (its arg4; arg5 is the address or value). */
enum dtrace_fault {
	DTRACEFLT_UNKNOWN,
	DTRACEFLT_BADADDR,	/* address not readable or writable */
	DTRACEFLT_BADALIGN,
	DTRACEFLT_ILLOP,
	DTRACEFLT_DIVZERO,
	DTRACEFLT_NOSCRATCH,	/* out of scratch space */
	DTRACEFLT_KPRIV,
	DTRACEFLT_UPRIV,
	DTRACEFLT_TUPOFLOW,	/* tuple stack overflow */
	DTRACEFLT_BADSTACK,
	DTRACEFLT_BADSIZE,	/* size argument out of range */
	DTRACEFLT_BADINDEX,	/* args[], uregs[] index out of range */
	DTRACEFLT_LIBRARY,	/* translator or library level fault */
	DTRACEFLT_MAX
};

#endif /* DTRACE_DIF_H */
