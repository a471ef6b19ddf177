// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting without a trap: prefixes, where stubs may lie, their code. See kmod_jump.h.
 */
#include "kmod_jump.h"

/* ---- The prefix --------------------------------------------------------------- */

/* Runs elsewhere as well, but the thread may sleep in it, or is meant to stop there. */
static bool stays(const struct dpid_insn *in, const u8 *b)
{
	u8 op = b[in->opc];

	if (in->opc && b[in->opc - 1] == 0x0f)	/* syscall, ud2, sysenter, ud1 */
		return op == 0x05 || op == 0x0b || op == 0x34 || op == 0xb9 || op == 0xff;
	return op == 0xcd || op == 0xf4;	/* int, hlt */
}

static bool ends(const struct dpid_insn *in)
{
	return in->kind == DTRACE_PID_JMP || in->kind == DTRACE_PID_RET || in->kind == DTRACE_PID_JMPIND;
}

int dpid_prefix_decode(const u8 *b, u32 len, struct dpid_prefix *px)
{
	const struct dpid_insn *last = NULL;
	u32 at = 0;

	memset(px, 0, sizeof(*px));
	if (!len || len > DPID_PREFIX_MAX)
		return -EINVAL;
	while (at < len) {
		struct dpid_insn *in = &px->insn[px->n];

		/* One too many, or it lies behind what is overwritten, or the one before goes elsewhere. */
		if (at >= DPID_JUMP_LEN || (last && (ends(last) || last->kind == DTRACE_PID_JCC)))
			return -EINVAL;
		if (dpid_insn_decode(b + at, len - at, in) || stays(in, b + at))
			return -EINVAL;
		if (in->kind == DTRACE_PID_CALL || in->kind == DTRACE_PID_CALLIND || in->kind == DTRACE_PID_LOOP)
			return -EINVAL;
		if (at)
			px->inside |= 1 << at;
		px->at[px->n++] = at;
		at += in->len;
		last = in;
	}
	if (at < DPID_JUMP_LEN && !ends(last))
		return -EINVAL;
	px->len = at;
	return 0;
}

/* ---- Where a stub may lie ------------------------------------------------------ */

static const u8 traps[] = {
	0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f, 0x60, 0x61, DPID_INT3, 0xce, 0xd6,
};

bool dpid_jump_traps(u8 byte)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(traps); i++)
		if (traps[i] == byte)
			return true;
	return false;
}

/* The first trapping byte that is not below @byte; -1: none. */
static int next_trap(u8 byte, bool int3)
{
	u32 i;

	if (int3)
		return byte <= DPID_INT3 ? DPID_INT3 : -1;
	for (i = 0; i < ARRAY_SIZE(traps); i++)
		if (traps[i] >= byte)
			return traps[i];
	return -1;
}

/* The first displacement that is not below @rel and traps where it must; -1: none. */
static s64 next_rel(u64 rel, u8 inside, bool int3)
{
	int i, trap;

	for (i = 3; i >= 0; i--) {
		u32 shift = 8 * i;

		if (!(inside >> (i + 1) & 1))
			continue;
		trap = next_trap(rel >> shift, int3);
		if (trap == (u8)(rel >> shift))
			continue;
		if (trap >= 0) {
			rel = (rel >> shift >> 8 << 8 | trap) << shift;
			continue;
		}
		rel = ((rel >> shift >> 8) + 1) << shift << 8;	/* the next higher byte moves on */
		if (rel > U32_MAX)
			return -1;
		i = 4;
	}
	return rel;
}

u64 dpid_jump_place(u64 addr, u8 inside, bool int3, u64 from, u64 to)
{
	s64 rel = from - (addr + DPID_JUMP_LEN), fit;

	if ((s32)rel != rel || from >= to)
		return 0;
	fit = next_rel((u32)rel, inside, int3);
	if (fit < 0 || (u64)fit - (u32)rel >= to - from)
		return 0;
	from += fit - (u32)rel;
	rel = from - (addr + DPID_JUMP_LEN);
	return (s32)rel == rel ? from : 0;
}

void dpid_jump_bytes(u8 jump[DPID_JUMP_LEN], u64 addr, u64 stub)
{
	s32 rel = stub - (addr + DPID_JUMP_LEN);

	jump[0] = DPID_JMP_OPCODE;
	memcpy(jump + 1, &rel, sizeof(rel));
}

/* ---- Building -------------------------------------------------------------------- */

/* The segment whose limit is this CPU's number, as the vDSO uses it: the same on all kernels since 4.20. */
#define CPUNODE_SELECTOR	0x7b

static void emit_head(struct dpid_code *c, u32 copies, bool rdpid, u32 *basefix, struct dpid_jump_map *map)
{
	static const u8 save[] = { 0x48, 0x89, 0x44, 0x24, 0xf8 };	/* mov %rax,-8(%rsp) */
	static const u8 restore[] = { 0x48, 0x8b, 0x44, 0x24, 0xf8 };	/* mov -8(%rsp),%rax */
	static const u8 pid[] = { 0xf3, 0x0f, 0xc7, 0xf8 };		/* rdpid %rax */
	static const u8 lsl[] = { 0xb8, CPUNODE_SELECTOR, 0, 0, 0,	/* mov $selector,%eax */
				  0x0f, 0x03, 0xc0 };			/* lsl %eax,%eax */
	static const u8 which[] = { 0xc1, 0xe0, DPID_COPY_SHIFT,	/* shl $12,%eax */
				    0x48, 0x03, 0x05 };			/* add base(%rip),%rax */
	static const u8 inc[] = { 0x48, 0xff, 0x00 };			/* incq (%rax) */
	u32 mask = copies - 1;

	dpid_emit(c, save, sizeof(save));
	map->saved = c->n;
	if (rdpid)
		dpid_emit(c, pid, sizeof(pid));
	else
		dpid_emit(c, lsl, sizeof(lsl));
	dpid_emit1(c, 0x25);			/* and $mask,%eax: the node's number is above */
	dpid_emit(c, &mask, sizeof(mask));
	dpid_emit(c, which, sizeof(which));
	*basefix = c->n;
	dpid_emit_rel32(c, c->at, 0);		/* filled in when it is known where */
	dpid_emit(c, inc, sizeof(inc));
	map->counted = c->n;
	dpid_emit(c, restore, sizeof(restore));
	map->body = c->n;
}

static void emit_insn(struct dpid_code *c, const struct dpid_insn *in, const u8 *b, u64 addr)
{
	switch (in->kind) {
	case DTRACE_PID_JMP:
		dpid_emit_jmp(c, dpid_insn_target(in, b, addr));
		break;
	case DTRACE_PID_JCC:
		dpid_emit_jcc(c, b[in->opc] & 15, dpid_insn_target(in, b, addr));
		break;
	default:
		dpid_emit_moved(c, in, b, addr);
	}
}

int dpid_jump_build(struct dpid_code *c, const struct dpid_prefix *px, const u8 *b, u64 addr,
		    u64 base, u32 copies, bool rdpid, struct dpid_jump_map *map)
{
	u32 i, basefix;
	s32 rel;

	memset(c->b, DPID_INT3, sizeof(c->b));
	memset(map, 0, sizeof(*map));
	c->n = 0;
	c->far = false;
	emit_head(c, copies, rdpid, &basefix, map);
	for (i = 0; i < px->n; i++) {
		map->insn[i] = c->n;
		emit_insn(c, &px->insn[i], b + px->at[i], addr + px->at[i]);
	}
	if (!ends(&px->insn[px->n - 1])) {
		map->back = c->n;
		dpid_emit_jmp(c, addr + px->len);
	}
	rel = c->n - (basefix + 4);
	memcpy(c->b + basefix, &rel, sizeof(rel));
	dpid_emit(c, &base, sizeof(base));
	map->size = c->n;
	return c->far ? -ERANGE : 0;
}
