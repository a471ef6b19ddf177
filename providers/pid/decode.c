// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A function's code as the pid provider needs it: where instructions begin,
 * which of them return or leave, and how each can be displaced.
 *
 * Decoding is linear over the whole function. It is trusted only if every
 * direct branch inside lands on an instruction that was decoded as one: data
 * between instructions (old jump tables, hand-written code) makes the decoder
 * lose its step, and then branches do not fit. One old trick is known: jumping
 * over a lock prefix, to the next byte; such an instruction gets no point,
 * since its probe would be missed on that path.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <Zydis/Zydis.h>

#include "user.h"

#define LOCK_PREFIX	0xf0
#define MAX_FUNCTION	(16u << 20)

/* Zydis 4 brought Disassembler.h and split decoding in two steps; 3 has one. */
#if __has_include(<Zydis/Disassembler.h>)
#define decode(d, code, size, in) ZydisDecoderDecodeInstruction(d, NULL, code, size, in)
#define init_decoder(d) ZydisDecoderInit(d, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)
#else
#define decode(d, code, size, in) ZydisDecoderDecodeBuffer(d, code, size, in)
#define init_decoder(d) ZydisDecoderInit(d, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_ADDRESS_WIDTH_64)
#endif

const char *dt_pid_skip_text(enum dt_pid_skip why)
{
	static const char *const text[] = {
		[DT_PID_SKIP_UNDECODABLE] = "it has bytes that are no instruction",
		[DT_PID_SKIP_DATA] = "it has data among its instructions",
		[DT_PID_SKIP_RSEQ] = "it is inside a restartable sequence",
		[DT_PID_SKIP_SIZE] = "its size is not plausible",
		[DT_PID_SKIP_INT3] = "it starts with a breakpoint",
		[DT_PID_SKIP_KIND] = "its instruction cannot be displaced",
		[DT_PID_SKIP_NOFILE] = "its file cannot be read",
		[DT_PID_SKIP_LONGNAME] = "its name is too long",
		[DT_PID_SKIP_IFUNC] = "it is an indirect function whose implementation has not been chosen yet",
		[DT_PID_SKIP_ELSEWHERE] = "it is an indirect function implemented in the vDSO",
		[DT_PID_SKIP_LOOP] = "jumps lead back to its first instruction, so calls look like rounds of a loop",
		[DT_PID_SKIP_SHARED] = "other code leads into its middle, so its returns are not only its own",
		[DT_PID_SKIP_FALLS] = "it runs on into the code that follows it",
		[DT_PID_SKIP_PARTS] = "it is in more than two pieces",
		[DT_PID_SKIP_NORETURN] = "it never returns",
	};

	return (unsigned int)why < DT_PID_SKIP_MAX ? text[why] : "of no known reason";
}

/* ---- One instruction --------------------------------------------------------------- */

/* A 66 prefix cuts a branch's target to 16 bits on some processors unless REX.W overrules it. */
static bool is_truncated(const ZydisDecodedInstruction *in)
{
	return (in->attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE) && !in->raw.rex.W;
}

static bool is_rip_relative(const ZydisDecodedInstruction *in)
{
	return (in->attributes & ZYDIS_ATTRIB_HAS_MODRM) && in->raw.modrm.mod == 0 &&
	       in->raw.modrm.rm == 5;
}

/* A direct branch: where its displacement is and where it goes. */
static void set_relative(const ZydisDecodedInstruction *in, struct dt_pid_insn *ret)
{
	ret->point.off = in->raw.imm[0].offset;
	ret->target = ret->addr + in->length + in->raw.imm[0].value.s;
	if (is_truncated(in) || (in->raw.imm[0].size != 8 && in->raw.imm[0].size != 32))
		ret->is_fixed = true;
}

static void classify_call(const ZydisDecodedInstruction *in, struct dt_pid_insn *ret)
{
	ret->is_call = true;
	if (in->raw.imm[0].is_relative) {
		ret->point.kind = DTRACE_PID_CALL;
		set_relative(in, ret);
	} else {
		ret->point.kind = DTRACE_PID_CALLIND;
		ret->is_fixed = in->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR ||
				(in->attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE);
	}
}

static void classify_jump(const ZydisDecodedInstruction *in, struct dt_pid_insn *ret)
{
	if (in->mnemonic == ZYDIS_MNEMONIC_XABORT)	/* does nothing outside of a transaction */
		return;
	ret->is_end = true;
	if (in->raw.imm[0].is_relative) {
		ret->point.kind = DTRACE_PID_JMP;
		set_relative(in, ret);
	} else {
		ret->point.kind = DTRACE_PID_JMPIND;
		ret->indirect = true;
		ret->is_fixed = in->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR ||
				(in->attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE);
	}
}

static void classify_condition(const ZydisDecodedInstruction *in, struct dt_pid_insn *ret)
{
	ret->conditional = true;
	switch (in->mnemonic) {
	case ZYDIS_MNEMONIC_LOOP:
	case ZYDIS_MNEMONIC_LOOPE:
	case ZYDIS_MNEMONIC_LOOPNE:
	case ZYDIS_MNEMONIC_JCXZ:
	case ZYDIS_MNEMONIC_JECXZ:
	case ZYDIS_MNEMONIC_JRCXZ:
		ret->point.kind = DTRACE_PID_LOOP;
		break;
	default:
		ret->point.kind = DTRACE_PID_JCC;
	}
	set_relative(in, ret);
	if (in->mnemonic == ZYDIS_MNEMONIC_XBEGIN)
		ret->is_fixed = true;
}

static void classify_return(const ZydisDecodedInstruction *in, struct dt_pid_insn *ret)
{
	ret->is_end = true;
	if (in->mnemonic == ZYDIS_MNEMONIC_RET && in->meta.branch_type != ZYDIS_BRANCH_TYPE_FAR) {
		ret->point.kind = DTRACE_PID_RET;
		ret->is_ret = true;
		ret->is_fixed = in->attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE;
	} else {
		ret->is_fixed = true;
	}
}

static void classify_other(const ZydisDecodedInstruction *in, struct dt_pid_insn *ret)
{
	switch (in->mnemonic) {
	case ZYDIS_MNEMONIC_INT3:
	case ZYDIS_MNEMONIC_INT1:
		ret->is_fixed = true;
		break;
	case ZYDIS_MNEMONIC_UD0:
	case ZYDIS_MNEMONIC_UD1:
	case ZYDIS_MNEMONIC_UD2:
	case ZYDIS_MNEMONIC_HLT:
		ret->is_end = true;
		break;
	default:
		break;
	}
}

static void classify(const ZydisDecodedInstruction *in, struct dt_pid_insn *ret)
{
	switch (in->meta.category) {
	case ZYDIS_CATEGORY_CALL:
		classify_call(in, ret);
		break;
	case ZYDIS_CATEGORY_UNCOND_BR:
		classify_jump(in, ret);
		break;
	case ZYDIS_CATEGORY_COND_BR:
		classify_condition(in, ret);
		break;
	case ZYDIS_CATEGORY_RET:
		classify_return(in, ret);
		break;
	default:
		classify_other(in, ret);
	}
	if (!is_rip_relative(in))
		return;
	if (ret->point.kind == DTRACE_PID_COPY)
		ret->point.kind = DTRACE_PID_RIPREL;
	ret->point.off = in->raw.disp.offset;
	if (in->raw.disp.size != 32 || in->address_width != 64)
		ret->is_fixed = true;
}

static int decode_insn(const ZydisDecoder *d, const uint8_t *code, size_t size, uint64_t addr,
		       struct dt_pid_insn *ret)
{
	ZydisDecodedInstruction in;

	if (!ZYAN_SUCCESS(decode(d, code, size, &in)))
		return -(1 + DT_PID_SKIP_UNDECODABLE);
	memset(ret, 0, sizeof(*ret));
	ret->addr = ret->point.addr = addr;
	ret->point.len = in.length;
	memcpy(ret->point.bytes, code, in.length);
	classify(&in, ret);
	return 0;
}

int dt_pid_decode_one(const uint8_t *code, size_t size, uint64_t addr, struct dt_pid_insn *ret)
{
	ZydisDecoder d;

	init_decoder(&d);
	return decode_insn(&d, code, size, addr, ret);
}

/* ---- Status flags ------------------------------------------------------------------- */

#if __has_include(<Zydis/Disassembler.h>)
static struct dt_pid_flags flags_of(const ZydisDecodedInstruction *in)
{
	static const uint32_t flag[] = {
		ZYDIS_CPUFLAG_CF, ZYDIS_CPUFLAG_PF, ZYDIS_CPUFLAG_AF,
		ZYDIS_CPUFLAG_ZF, ZYDIS_CPUFLAG_SF, ZYDIS_CPUFLAG_OF,
	};
	const ZydisAccessedFlags *f = in->cpu_flags;
	struct dt_pid_flags ret = { 0, 0 };

	for (size_t i = 0; f && i < sizeof(flag) / sizeof(flag[0]); i++) {
		if (f->tested & flag[i])
			ret.reads |= 1 << i;
		if ((f->modified | f->set_0 | f->set_1 | f->undefined) & flag[i])
			ret.writes |= 1 << i;
	}
	return ret;
}
#else
static struct dt_pid_flags flags_of(const ZydisDecodedInstruction *in)
{
	static const int flag[] = {
		ZYDIS_CPUFLAG_CF, ZYDIS_CPUFLAG_PF, ZYDIS_CPUFLAG_AF,
		ZYDIS_CPUFLAG_ZF, ZYDIS_CPUFLAG_SF, ZYDIS_CPUFLAG_OF,
	};
	struct dt_pid_flags ret = { 0, 0 };

	for (size_t i = 0; i < sizeof(flag) / sizeof(flag[0]); i++) {
		ZydisCPUFlagAction act = in->accessed_flags[flag[i]].action;

		if (act == ZYDIS_CPUFLAG_ACTION_TESTED || act == ZYDIS_CPUFLAG_ACTION_TESTED_MODIFIED)
			ret.reads |= 1 << i;
		if (act != ZYDIS_CPUFLAG_ACTION_NONE && act != ZYDIS_CPUFLAG_ACTION_TESTED)
			ret.writes |= 1 << i;
	}
	return ret;
}
#endif

/* By zero bits, or zero times, these change no flag. */
static bool may_do_nothing(const ZydisDecodedInstruction *in)
{
	return in->meta.category == ZYDIS_CATEGORY_SHIFT || in->meta.category == ZYDIS_CATEGORY_ROTATE ||
	       in->meta.category == ZYDIS_CATEGORY_STRINGOP || in->mnemonic == ZYDIS_MNEMONIC_SYSCALL;
}

bool dt_pid_flags(const uint8_t *code, size_t size, struct dt_pid_flags *ret)
{
	ZydisDecodedInstruction in;
	ZydisDecoder d;

	init_decoder(&d);
	if (!ZYAN_SUCCESS(decode(&d, code, size, &in)))
		return false;
	*ret = flags_of(&in);
	if (may_do_nothing(&in))
		ret->writes = 0;
	return true;
}

bool dt_pid_may_jump(const uint8_t *code, size_t size, uint64_t addr, uint64_t lo, uint64_t hi)
{
	for (size_t i = 0; i + 2 <= size; i++) {
		uint64_t at = addr + i;
		uint8_t op = code[i];
		int32_t disp;

		if (((op & 0xf0) == 0x70 || op == 0xeb || (op & 0xfc) == 0xe0) &&
		    at + 2 + (int8_t)code[i + 1] - lo < hi - lo)
			return true;
		if (op == 0xe9 && i + 5 <= size) {
			memcpy(&disp, code + i + 1, 4);
			if (at + 5 + disp - lo < hi - lo)
				return true;
		} else if (op == 0x0f && (code[i + 1] & 0xf0) == 0x80 && i + 6 <= size) {
			memcpy(&disp, code + i + 2, 4);
			if (at + 6 + disp - lo < hi - lo)
				return true;
		}
	}
	return false;
}

/* ---- A function ---------------------------------------------------------------------- */

static struct dt_pid_insn *insn_at(const struct dt_pid_decoded *all, uint64_t addr)
{
	size_t lo = 0, hi = all->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (all->insn[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? &all->insn[lo - 1] : NULL;
}

/* Direct branches must fit the instructions; mark those that leave the function. */
static int check_branches(struct dt_pid_decoded *all, uint64_t addr, size_t size,
			  uint64_t lo2, uint64_t hi2)
{
	for (size_t i = 0; i < all->n; i++) {
		struct dt_pid_insn *in = &all->insn[i], *to;

		if (!in->target)
			continue;
		if (in->target - addr >= size) {
			in->leaves = !in->is_call && !(in->target >= lo2 && in->target < hi2);
			continue;
		}
		to = insn_at(all, in->target);
		if (to->addr == in->target)
			continue;
		if (in->target != to->addr + 1 || to->point.bytes[0] != LOCK_PREFIX)
			return -(1 + DT_PID_SKIP_DATA);
		to->is_fixed = true;
	}
	return 0;
}

static int more(struct dt_pid_decoded *all)
{
	size_t max = all->max ? 2 * all->max : 256;
	struct dt_pid_insn *v = realloc(all->insn, max * sizeof(*v));

	if (!v)
		return -ENOMEM;
	all->insn = v;
	all->max = max;
	return 0;
}

int dt_pid_decode(const uint8_t *code, size_t size, uint64_t addr, uint64_t lo2, uint64_t hi2,
		  struct dt_pid_decoded *ret)
{
	ZydisDecoder d;
	int rc;

	ret->n = 0;
	if (!size || size > MAX_FUNCTION)
		return -(1 + DT_PID_SKIP_SIZE);
	init_decoder(&d);
	for (size_t at = 0; at < size; at += ret->insn[ret->n++].point.len) {
		if (ret->n == ret->max && more(ret))
			return -ENOMEM;
		rc = decode_insn(&d, code + at, size - at, addr + at, &ret->insn[ret->n]);
		if (rc)
			return rc;
	}
	return check_branches(ret, addr, size, lo2, hi2);
}
