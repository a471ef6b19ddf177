// SPDX-License-Identifier: GPL-2.0-only
/*
 * See kmod_insn.h. Layout of an instruction, in the order the decoder walks it:
 *
 *   legacy prefixes* [REX | VEX | EVEX] opcode [ModRM [SIB] [disp]] [immediate]
 *
 * Source: Intel SDM volume 2, chapter 2 and appendix A (opcode maps).
 */
#include "kmod_insn.h"

#define REX_W	0x08
#define REX_X	0x02
#define REX_B	0x01

enum map { MAP_1, MAP_0F, MAP_0F38, MAP_0F3A, MAP_VEX1, MAP_VEX2, MAP_VEX3, MAP_EVEX5, MAP_EVEX6 };

/* A cursor over the bytes: reading past the end sets short_read instead of reading. */
struct cur {
	const u8 *b;
	u32 n, at;
	bool short_read;
};

static u8 peek(struct cur *c)
{
	if (c->at >= c->n) {
		c->short_read = true;
		return 0;
	}
	return c->b[c->at];
}

static u8 take(struct cur *c)
{
	u8 v = peek(c);

	c->at++;
	return v;
}

/* One bit per opcode: bit i of row r is opcode r * 16 + i. */
static bool in_set(const u16 *set, u8 op)
{
	return set[op >> 4] >> (op & 15) & 1;
}

static const u16 modrm_1[16] = {
	0x0f0f, 0x0f0f, 0x0f0f, 0x0f0f, 0x0000, 0x0000, 0x0a08, 0x0000,
	0xfffb, 0x0000, 0x0000, 0x0000, 0x00c3, 0xff0f, 0x0000, 0xc0c0,
};

/*
 * Invalid in 64-bit mode, or leaving the flat code segment (far calls, iret), or
 * debug traps, or prefixes where no prefix belongs (after a REX).
 */
static const u16 refused_1[16] = {
	0x40c0, 0xc0c0, 0xc0c0, 0xc0c0, 0xffff, 0x0000, 0x00f7, 0x0000,
	0x0004, 0x0400, 0x0000, 0x0000, 0xdc00, 0x0070, 0x0400, 0x000f,
};

static const u16 modrm_0f[16] = {
	0xa00f, 0xffff, 0xff00, 0x0000, 0xffff, 0xffff, 0xffff, 0xfe7f,
	0x0000, 0xffff, 0xf838, 0xffff, 0x00ff, 0xffff, 0xffff, 0xffff,
};

/* Undefined, system-only with odd forms, or (sysret, sysenter, rsm) returning elsewhere. */
static const u16 refused_0f[16] = {
	0x1490, 0x0000, 0x00ff, 0xfaf0, 0x0000, 0x0000, 0x0000, 0x0300,
	0x0000, 0x0000, 0x04c0, 0x0000, 0x0000, 0x0000, 0x0000, 0x0000,
};

static bool imm8_0f(u8 op)
{
	return op == 0x0f || (op >= 0x70 && op <= 0x73) || op == 0xa4 || op == 0xac ||
	       op == 0xba || op == 0xc2 || (op >= 0xc4 && op <= 0xc6);
}

/* Bytes of immediate (or branch displacement) of a one-byte opcode. */
static u32 imm_1(u8 op, u8 modrm, const struct dpid_insn *in)
{
	u32 immz = in->opsize && !(in->rex & REX_W) ? 2 : 4;

	if (op < 0x40)
		return (op & 7) == 4 ? 1 : (op & 7) == 5 ? immz : 0;
	if (op >= 0x70 && op <= 0x7f)
		return 1;
	if (op >= 0xb0 && op <= 0xb7)
		return 1;
	if (op >= 0xb8 && op <= 0xbf)
		return in->rex & REX_W ? 8 : immz;
	if (op >= 0xa0 && op <= 0xa3)
		return in->addr32 ? 4 : 8;
	switch (op) {
	case 0x68: case 0x69: case 0x81: case 0xa9: case 0xc7:
		return immz;
	case 0xe8: case 0xe9:
		return 4;
	case 0x6a: case 0x6b: case 0x80: case 0x83: case 0xa8: case 0xc0: case 0xc1: case 0xc6:
	case 0xcd: case 0xe0: case 0xe1: case 0xe2: case 0xe3: case 0xe4: case 0xe5: case 0xe6:
	case 0xe7: case 0xeb:
		return 1;
	case 0xc2:
		return 2;
	case 0xc8:
		return 3;
	case 0xf6:
		return (modrm & 0x30) == 0 ? 1 : 0;
	case 0xf7:
		return (modrm & 0x30) == 0 ? immz : 0;
	}
	return 0;
}

static u32 imm_size(enum map map, u8 op, u8 modrm, const struct dpid_insn *in)
{
	switch (map) {
	case MAP_1:
		return imm_1(op, modrm, in);
	case MAP_0F:
		return op >= 0x80 && op <= 0x8f ? 4 : imm8_0f(op);
	case MAP_VEX1:
		return imm8_0f(op);
	case MAP_0F3A:
	case MAP_VEX3:
		return 1;
	default:
		return 0;
	}
}

static bool has_modrm(enum map map, u8 op)
{
	switch (map) {
	case MAP_1:
		return in_set(modrm_1, op);
	case MAP_0F:
		return in_set(modrm_0f, op);
	case MAP_VEX1:
		return op != 0x77;
	default:
		return true;
	}
}

static bool refused(enum map map, u8 op, u8 modrm)
{
	u8 reg = modrm >> 3 & 7;

	if (map == MAP_0F)
		return in_set(refused_0f, op);
	if (map == MAP_VEX1)		/* branches of a coprocessor once sold */
		return op >= 0x80 && op <= 0x8f;
	if (map != MAP_1)
		return false;
	if (op == 0xff)			/* far call, far jump, undefined */
		return reg == 3 || reg == 5 || reg == 7;
	if (op == 0xfe)
		return reg > 1;
	if (op == 0xc7)			/* xbegin is relative to ip; the rest but mov is undefined */
		return reg != 0;
	if (op == 0x8f)			/* XOP, but for pop */
		return reg != 0;
	return in_set(refused_1, op);
}

static void prefixes(struct cur *c, struct dpid_insn *in, bool *legacy)
{
	for (;; c->at++) {
		u8 p = peek(c);

		switch (p) {
		case 0x66:
			in->opsize = true;
			*legacy = true;
			continue;
		case 0x67:
			in->addr32 = true;
			continue;
		case 0xf0: case 0xf2: case 0xf3:
			*legacy = true;
			continue;
		case 0x64: case 0x65:
			in->seg = p;
			continue;
		case 0x2e: case 0x36: case 0x3e: case 0x26:
			continue;
		}
		if ((p & 0xf0) == 0x40) {	/* counts only directly before the opcode */
			in->rex = p;
			c->at++;
		}
		return;
	}
}

/* VEX and EVEX: consume the prefix, find the map. Returns -EINVAL if it is none that we know. */
static int vex_map(struct cur *c, u8 lead, enum map *map)
{
	u8 p = take(c), m;

	if (lead == 0xc5) {
		*map = MAP_VEX1;
		return 0;
	}
	take(c);
	m = lead == 0x62 ? p & 0x0f : p & 0x1f;	/* EVEX: bit 3 is 0 but for APX */
	if (lead == 0x62) {
		take(c);
		if (m == 5 || m == 6) {
			*map = m == 5 ? MAP_EVEX5 : MAP_EVEX6;
			return 0;
		}
	}
	if (m < 1 || m > 3)
		return -EINVAL;
	*map = m == 1 ? MAP_VEX1 : m == 2 ? MAP_VEX2 : MAP_VEX3;
	return 0;
}

/* The opcode's map; leaves the cursor on the opcode byte. */
static int opcode_map(struct cur *c, struct dpid_insn *in, bool legacy, enum map *map)
{
	u8 op = peek(c);

	if (op == 0xc4 || op == 0xc5 || op == 0x62) {
		if (legacy || in->rex)
			return -EINVAL;
		take(c);
		return vex_map(c, op, map);
	}
	*map = MAP_1;
	if (op != 0x0f)
		return 0;
	take(c);
	op = peek(c);
	*map = op == 0x38 ? MAP_0F38 : op == 0x3a ? MAP_0F3A : MAP_0F;
	if (*map != MAP_0F)
		take(c);
	return 0;
}

static bool operands(struct cur *c, struct dpid_insn *in)
{
	u8 m = take(c), mod = m >> 6, rm = m & 7, base = rm;

	if (mod == 3)
		return false;
	if (rm == 4)
		base = take(c) & 7;
	in->disp = c->at;
	if (mod == 1)
		in->ndisp = 1;
	else if (mod == 2 || (mod == 0 && base == 5))
		in->ndisp = 4;
	else
		in->disp = 0;
	c->at += in->ndisp;
	return mod == 0 && rm == 5;
}

static u8 classify(enum map map, u8 op, u8 modrm, bool riprel)
{
	u8 reg = modrm >> 3 & 7;

	if (map == MAP_0F && op >= 0x80 && op <= 0x8f)
		return DTRACE_PID_JCC;
	if (map == MAP_1) {
		if (op >= 0x70 && op <= 0x7f)
			return DTRACE_PID_JCC;
		if (op == 0xeb || op == 0xe9)
			return DTRACE_PID_JMP;
		if (op == 0xe8)
			return DTRACE_PID_CALL;
		if (op >= 0xe0 && op <= 0xe3)
			return DTRACE_PID_LOOP;
		if (op == 0xc2 || op == 0xc3)
			return DTRACE_PID_RET;
		if (op == 0xff && (reg == 2 || reg == 4))
			return reg == 2 ? DTRACE_PID_CALLIND : DTRACE_PID_JMPIND;
	}
	return riprel ? DTRACE_PID_RIPREL : DTRACE_PID_COPY;
}

int dpid_insn_decode(const u8 *b, u32 n, struct dpid_insn *in)
{
	struct cur c = { b, n < DPID_INSN_MAX ? n : DPID_INSN_MAX };
	bool legacy = false, riprel = false;
	u8 op, modrm = 0;
	enum map map;
	u32 imm;

	memset(in, 0, sizeof(*in));
	prefixes(&c, in, &legacy);
	if (opcode_map(&c, in, legacy, &map))
		return -EINVAL;
	in->opc = c.at;
	op = take(&c);
	if (has_modrm(map, op)) {
		in->modrm = c.at;
		modrm = peek(&c);
		riprel = operands(&c, in);
	}
	if (refused(map, op, modrm))
		return -EINVAL;
	imm = imm_size(map, op, modrm, in);
	in->kind = classify(map, op, modrm, riprel);
	if (in->kind == DTRACE_PID_JCC || in->kind == DTRACE_PID_JMP ||
	    in->kind == DTRACE_PID_CALL || in->kind == DTRACE_PID_LOOP) {
		/* 66 cuts ip to 16 bits on some makes and is ignored by others, unless REX.W overrules it. */
		if (in->opsize && !(in->rex & REX_W))
			return -EINVAL;
		in->off = c.at;
	} else if (riprel) {
		if (in->addr32)		/* relative to eip: nobody emits it */
			return -EINVAL;
		in->off = in->disp;
	}
	if ((in->kind == DTRACE_PID_JMPIND || in->kind == DTRACE_PID_CALLIND ||
	     in->kind == DTRACE_PID_RET) && in->opsize)
		return -EINVAL;
	c.at += imm;
	if (c.short_read || c.at > c.n)
		return -EINVAL;
	in->len = c.at;
	return 0;
}

static s64 read_disp(const u8 *p, u32 n)
{
	s32 v;

	if (n == 0)
		return 0;
	if (n == 1)
		return (s8)*p;
	memcpy(&v, p, sizeof(v));
	return v;
}

u64 dpid_insn_target(const struct dpid_insn *in, const u8 *b, u64 addr)
{
	u32 n = in->ndisp ? in->ndisp : in->len - in->off;

	return addr + in->len + read_disp(b + in->off, n);
}

static bool condition(u8 cc, u64 fl)
{
	bool cf = fl & 1, pf = fl >> 2 & 1, zf = fl >> 6 & 1, sf = fl >> 7 & 1, of = fl >> 11 & 1;
	bool v = false;

	switch (cc >> 1) {
	case 0: v = of; break;
	case 1: v = cf; break;
	case 2: v = zf; break;
	case 3: v = cf || zf; break;
	case 4: v = sf; break;
	case 5: v = pf; break;
	case 6: v = sf != of; break;
	case 7: v = zf || sf != of; break;
	}
	return v != (cc & 1);
}

/* loopne, loope, loop, jrcxz. */
static bool loop_taken(u8 op, bool addr32, const struct dpid_regs *regs)
{
	u64 n = addr32 ? (u32)regs->r[1] : regs->r[1];
	bool zf = regs->flags >> 6 & 1;

	if (op == 0xe3)
		return n == 0;
	if (addr32 ? (u32)n == 1 : n == 1)
		return false;
	return op == 0xe2 || zf == (op == 0xe1);
}

static u64 effective(const struct dpid_insn *in, const u8 *b, u64 addr,
		     const struct dpid_regs *regs)
{
	u8 m = b[in->modrm], mod = m >> 6, rm = m & 7, sib, base, index;
	u64 ea = read_disp(b + in->disp, in->ndisp);

	if (mod == 0 && rm == 5)
		return addr + in->len + ea;
	if (rm != 4) {
		ea += regs->r[rm | (in->rex & REX_B ? 8 : 0)];
	} else {
		sib = b[in->modrm + 1];
		base = sib & 7;
		index = (sib >> 3 & 7) | (in->rex & REX_X ? 8 : 0);
		if (!(mod == 0 && base == 5))
			ea += regs->r[base | (in->rex & REX_B ? 8 : 0)];
		if (index != 4)
			ea += regs->r[index] << (sib >> 6);
	}
	return in->addr32 ? (u32)ea : ea;
}

int dpid_insn_jump(const struct dpid_insn *in, const u8 *b, u64 addr,
		   const struct dpid_regs *regs, u64 *to)
{
	u8 m;

	switch (in->kind) {
	case DTRACE_PID_JMP:
		*to = dpid_insn_target(in, b, addr);
		return 1;
	case DTRACE_PID_JCC:
		*to = dpid_insn_target(in, b, addr);
		return condition(b[in->opc] & 15, regs->flags);
	case DTRACE_PID_LOOP:
		*to = dpid_insn_target(in, b, addr);
		return loop_taken(b[in->opc], in->addr32, regs);
	case DTRACE_PID_JMPIND:
		m = b[in->modrm];
		if (m >> 6 == 3) {
			*to = regs->r[(m & 7) | (in->rex & REX_B ? 8 : 0)];
			return 1;
		}
		if (in->seg)
			return -EINVAL;
		return dtk_read_user(to, effective(in, b, addr, regs), 8) ? -EFAULT : 1;
	}
	return -EINVAL;
}
