/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What programs for the classic library expect under <sys/dtrace.h>: the
 * kernel's records and actions (from the ABI headers), option numbers and
 * stability attributes. Values and layouts are the family's.
 */
#ifndef DT_SYS_DTRACE_H
#define DT_SYS_DTRACE_H

#include <sys/types.h>
#include <stdint.h>
#include <dtrace/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef unsigned char uchar_t;
typedef unsigned int uint_t;
typedef unsigned long ulong_t;
typedef int processorid_t;

typedef int64_t dtrace_aggvarid_t;	/* an aggregation variable; DTRACE_AGGVARIDNONE: none */
#define DTRACE_AGGVARIDNONE	0
#define DTRACE_CPUALLCPUS	((processorid_t)-1)

/* Values of options: sizes in bytes, rates in nanoseconds a turn, switches 1. */
typedef int64_t dtrace_optval_t;
#define DTRACEOPT_UNSET		((dtrace_optval_t)-2)

#define DTRACEOPT_BUFSIZE	0
#define DTRACEOPT_BUFPOLICY	1
#define DTRACEOPT_DYNVARSIZE	2
#define DTRACEOPT_AGGSIZE	3
#define DTRACEOPT_SPECSIZE	4
#define DTRACEOPT_NSPEC		5
#define DTRACEOPT_STRSIZE	6
#define DTRACEOPT_CLEANRATE	7
#define DTRACEOPT_CPU		8
#define DTRACEOPT_BUFRESIZE	9
#define DTRACEOPT_GRABANON	10
#define DTRACEOPT_FLOWINDENT	11
#define DTRACEOPT_QUIET		12
#define DTRACEOPT_STACKFRAMES	13
#define DTRACEOPT_USTACKFRAMES	14
#define DTRACEOPT_AGGRATE	15
#define DTRACEOPT_SWITCHRATE	16
#define DTRACEOPT_STATUSRATE	17
#define DTRACEOPT_DESTRUCTIVE	18
#define DTRACEOPT_STACKINDENT	19
#define DTRACEOPT_RAWBYTES	20
#define DTRACEOPT_JSTACKFRAMES	21
#define DTRACEOPT_JSTACKSTRSIZE	22
#define DTRACEOPT_AGGSORTKEY	23
#define DTRACEOPT_AGGSORTREV	24
#define DTRACEOPT_AGGSORTPOS	25
#define DTRACEOPT_AGGSORTKEYPOS	26
#define DTRACEOPT_TEMPORAL	27
#define DTRACEOPT_AGGHIST	28
#define DTRACEOPT_AGGPACK	29
#define DTRACEOPT_AGGZOOM	30
#define DTRACEOPT_ZONE		31
#define DTRACEOPT_OFORMAT	32
#define DTRACEOPT_QUIETRESIZE	33
#define DTRACEOPT_PRINTSIZE	34
#define DTRACEOPT_AGGPERCPU	35
#define DTRACEOPT_ENCODING	36
#define DTRACEOPT_ERREXIT	37	/* the exit status */
#define DTRACEOPT_IREGS		38
#define DTRACEOPT_TREGS		39
#define DTRACEOPT_NORESOLVE	40
#define DTRACEOPT_PGMAX		41
#define DTRACEOPT_PREALLOCATE	42
#define DTRACEOPT_TRAPFREE	43	/* DTRACEOPT_TRAPFREE_*; unset: on */
#define DTRACEOPT_MAX		44

#define DTRACEOPT_BUFPOLICY_RING	0
#define DTRACEOPT_BUFPOLICY_FILL	1
#define DTRACEOPT_BUFPOLICY_SWITCH	2
#define DTRACEOPT_TRAPFREE_OFF		0
#define DTRACEOPT_TRAPFREE_ON		1
#define DTRACEOPT_TRAPFREE_REQUIRE	2
#define DTRACEOPT_BUFRESIZE_AUTO	0
#define DTRACEOPT_BUFRESIZE_MANUAL	1
#define DTRACEOPT_ENCODING_ASCII	0
#define DTRACEOPT_ENCODING_UTF8		1
#define DTRACEOPT_OFORMAT_TEXT		0	/* never seen: the option is unset */
#define DTRACEOPT_OFORMAT_JSON		1
#define DTRACEOPT_OFORMAT_XML		2
#define DTRACEOPT_OFORMAT_HTML		3	/* refused */
#define DTRACEOPT_OFORMAT_PRETTY	0x100	/* or'ed to it: for people */

/* Stability: what a name or a value promises (Guide, chapter "Stability"). */
#define DTRACE_STABILITY_INTERNAL	0
#define DTRACE_STABILITY_PRIVATE	1
#define DTRACE_STABILITY_OBSOLETE	2
#define DTRACE_STABILITY_EXTERNAL	3
#define DTRACE_STABILITY_UNSTABLE	4
#define DTRACE_STABILITY_EVOLVING	5
#define DTRACE_STABILITY_STABLE		6
#define DTRACE_STABILITY_STANDARD	7
#define DTRACE_STABILITY_MAX		7

#define DTRACE_CLASS_UNKNOWN	0
#define DTRACE_CLASS_CPU	1
#define DTRACE_CLASS_PLATFORM	2
#define DTRACE_CLASS_GROUP	3
#define DTRACE_CLASS_ISA	4
#define DTRACE_CLASS_COMMON	5
#define DTRACE_CLASS_MAX	5

typedef struct dtrace_attribute {
	uint8_t dtat_name, dtat_data;	/* DTRACE_STABILITY_* */
	uint8_t dtat_class;		/* DTRACE_CLASS_* */
} dtrace_attribute_t;

#ifdef __cplusplus
}
#endif

#endif /* DT_SYS_DTRACE_H */
