// SPDX-License-Identifier: GPL-2.0-only
/*
 * A jump instead of a trap: prefixes, where stubs may lie, their code. See kmod_jump.h.
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

int dpid_prefix_decode(const u8 *b, u32 len, u32 lead, struct dpid_prefix *px)
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
		if (at == lead)
			px->pivot = px->n;
		px->at[px->n++] = at;
		at += in->len;
		last = in;
	}
	if ((at < DPID_JUMP_LEN && !ends(last)) || px->at[px->pivot] != lead)
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

static bool goes_on(const struct dpid_prefix *px)
{
	return !ends(&px->insn[px->n - 1]);
}

static void emit_insns(struct dpid_code *c, const struct dpid_prefix *px, u32 i, u32 end, const u8 *b, u64 addr)
{
	for (; i < end; i++)
		emit_insn(c, &px->insn[i], b + px->at[i], addr + px->at[i]);
}

/* The body, and behind it where the cells are. */
static void emit_body(struct dpid_code *c, const struct dpid_prefix *px, const u8 *b, u64 addr, u64 cells)
{
	emit_insns(c, px, px->pivot, px->n, b, addr);
	if (goes_on(px))
		dpid_emit_jmp(c, addr + px->len);
	dpid_emit(c, &cells, sizeof(cells));
}

/* A branch is longer there; how far it goes makes no difference. */
static u32 moved_len(const struct dpid_insn *in)
{
	return in->kind == DTRACE_PID_JMP ? 5 : in->kind == DTRACE_PID_JCC ? 6 : in->len;
}

static void map_body(const struct dpid_prefix *px, const struct dpid_plan *plan, struct dpid_jump_map *map)
{
	u32 i, at = 0;

	memset(map, 0, sizeof(*map));
	for (i = 0; i < px->n; i++) {
		if (i == px->pivot) {
			map->head = at;
			at += plan->size;
		}
		map->insn[i] = at;
		at += moved_len(&px->insn[i]);
	}
	if (goes_on(px)) {
		map->back = at;
		at += DPID_JUMP_LEN;
	}
	map->size = at + sizeof(u64);
}

u32 dpid_jump_size(const struct dpid_prefix *px, const struct dpid_plan *plan)
{
	struct dpid_jump_map map;

	map_body(px, plan, &map);
	return map.size;
}

int dpid_jump_build(u8 out[DPID_LANDING_MAX], u64 at, const struct dpid_prefix *px, const u8 *b, u64 addr,
		    const struct dpid_plan *plan, u64 cells, struct dpid_jump_map *map)
{
	struct dpid_code lead = { .at = at }, body;
	u8 *head;
	u32 i;
	s32 rel;

	map_body(px, plan, map);
	emit_insns(&lead, px, 0, px->pivot, b, addr);
	body = (struct dpid_code){ .at = at + map->insn[px->pivot] };
	emit_body(&body, px, b, addr, cells);
	if (lead.far || body.far || lead.n != map->head || map->insn[px->pivot] + body.n != map->size)
		return -ERANGE;
	head = out + map->head;
	memcpy(out, lead.b, lead.n);
	memcpy(head, plan->head, plan->size);
	memcpy(head + plan->size, body.b, body.n);
	for (i = 0; i < plan->n; i++) {
		rel = map->size - sizeof(cells) - (map->head + plan->base[i] + sizeof(rel));
		memcpy(head + plan->base[i], &rel, sizeof(rel));
	}
	return 0;
}
