/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Errors of the library. A code always has a sentence; one that arose with more
 * to say (where, which option, what the kernel answered) leaves that sentence
 * in the handle, and dtrace_errmsg() prefers it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dt_impl.h"

static const char *const text[EDT_END - EDT_BASE] = {
	[EDT_VERSION - EDT_BASE] = "the program asks for another version of the library's "
				   "interface than this library has",
	[EDT_ILP32 - EDT_BASE] = "the 32-bit data model is not supported",
	[EDT_FLAGS - EDT_BASE] = "unknown flags in dtrace_open()",
	[EDT_NOMODULE - EDT_BASE] = "cannot open " DTRACE_DEVICE ": "
				   "the module is not loaded; load it with \"modprobe dtrace\"",
	[EDT_PERM - EDT_BASE] = "cannot open " DTRACE_DEVICE ": DTrace must be run as root (CAP_SYS_ADMIN)",
	[EDT_KVERSION - EDT_BASE] = "the loaded module and this library are of different versions; "
				    "unload it with \"rmmod dtrace\" and load the one that was built with this library",
	[EDT_NODEV - EDT_BASE] = "tracing is not possible: the DTrace device was not opened",
	[EDT_BADOPTNAME - EDT_BASE] = "there is no such option",
	[EDT_BADOPTVAL - EDT_BASE] = "the option does not take this value",
	[EDT_OPTNOSUP - EDT_BASE] = "the option is not supported yet",
	[EDT_OPTACTIVE - EDT_BASE] = "the option cannot be changed while tracing",
	[EDT_COMPILER - EDT_BASE] = "the D program does not compile",
	[EDT_CPP - EDT_BASE] = "the C preprocessor failed",
	[EDT_LIBRARY - EDT_BASE] = "a D library does not compile",
	[EDT_BADSPEC - EDT_BASE] = "invalid probe description",
	[EDT_NOPROBE - EDT_BASE] = "no probe matches the description",
	[EDT_ACTIVE - EDT_BASE] = "tracing has begun already",
	[EDT_NOTGO - EDT_BASE] = "tracing has not begun",
	[EDT_ENABLE - EDT_BASE] = "the kernel refused the program",
	[EDT_GO - EDT_BASE] = "the kernel cannot start tracing",
	[EDT_KILLED - EDT_BASE] = "tracing was ended by the kernel, because this program did not "
				  "read its data in time; some data is lost",
	[EDT_BADRECORD - EDT_BASE] = "the trace buffer holds something that is no record",
	[EDT_ERRABORT - EDT_BASE] = "aborted: a clause failed, and nobody handles errors",
	[EDT_DROPABORT - EDT_BASE] = "aborted: data was dropped, and nobody handles drops",
	[EDT_BUFABORT - EDT_BASE] = "aborted by the handler of buffered output",
	[EDT_PROCABORT - EDT_BASE] = "aborted by the handler of processes",
	[EDT_OPTABORT - EDT_BASE] = "aborted by the handler of options",
	[EDT_NODOF - EDT_BASE] = "programs do not become DOF here: the module takes them in a form of its own",
	[EDT_NOUSDT - EDT_BASE] = "the probes of the providers that the program declares cannot be built",
	[EDT_NOVECTOR - EDT_BASE] = "tracing data can be read from the running kernel only: there is no dtrace_vopen()",
	[EDT_STMT - EDT_BASE] = "a program can be made by the compiler alone, not statement by statement",
	[EDT_NOTYPE - EDT_BASE] = "no such type",
	[EDT_FORMAT - EDT_BASE] = "the format is wrong",
	[EDT_NOBUFFERED - EDT_BASE] = "there is neither a file nor a handler to write output to",
	[EDT_BADRVAL - EDT_BASE] = "a callback returned a value that has no meaning",
	[EDT_BADAGGVAR - EDT_BASE] = "no such aggregation",
	[EDT_PROC - EDT_BASE] = "cannot trace the process",
	[EDT_NOSYM - EDT_BASE] = "no symbol is known at this address",
	[EDT_IO - EDT_BASE] = "the output cannot be written",
};

int dt_set_errno(dtrace_hdl_t *dtp, int error)
{
	dtp->err = error;
	dtp->errmsg[0] = 0;
	return -1;
}

int dt_set_error(dtrace_hdl_t *dtp, int error, const char *fmt, ...)
{
	va_list ap;

	dtp->err = error;
	va_start(ap, fmt);
	vsnprintf(dtp->errmsg, sizeof(dtp->errmsg), fmt, ap);
	va_end(ap);
	return -1;
}

int _dtrace_debug;

void dt_debug(const dtrace_hdl_t *dtp, const char *fmt, ...)
{
	va_list ap;

	if (!dtp->debug && !_dtrace_debug)
		return;
	va_start(ap, fmt);
	fprintf(stderr, "libdtrace DEBUG %d: ", (int)getpid());
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
}

int dtrace_errno(dtrace_hdl_t *dtp)
{
	return dtp->err;
}

const char *dtrace_errmsg(dtrace_hdl_t *dtp, int error)
{
	if (dtp && error == dtp->err && dtp->errmsg[0])
		return dtp->errmsg;
	if (error >= EDT_BASE && error < EDT_END)
		return text[error - EDT_BASE];
	return error ? strerror(error) : "no error";
}

const char *dtrace_faultstr(dtrace_hdl_t *dtp, int fault)
{
	static const char *const faults[DTRACEFLT_MAX] = {
		[DTRACEFLT_UNKNOWN] = "unknown fault",
		[DTRACEFLT_BADADDR] = "invalid address",
		[DTRACEFLT_BADALIGN] = "invalid alignment",
		[DTRACEFLT_ILLOP] = "illegal operation",
		[DTRACEFLT_DIVZERO] = "divide-by-zero",
		[DTRACEFLT_NOSCRATCH] = "out of scratch space",
		[DTRACEFLT_KPRIV] = "invalid kernel access",
		[DTRACEFLT_UPRIV] = "invalid user access",
		[DTRACEFLT_TUPOFLOW] = "tuple stack overflow",
		[DTRACEFLT_BADSTACK] = "bad stack",
		[DTRACEFLT_BADSIZE] = "invalid size",
		[DTRACEFLT_BADINDEX] = "invalid array index",
		[DTRACEFLT_LIBRARY] = "library-level fault",
	};

	return fault > 0 && fault < DTRACEFLT_MAX ? faults[fault] : faults[DTRACEFLT_UNKNOWN];
}

const char *dtrace_subrstr(dtrace_hdl_t *dtp, int subr)
{
	static const char *const names[] = {
#define SUBR_NAME(name, id, lo, hi) [DIF_SUBR_##id] = name "()",
		DIF_SUBRS(SUBR_NAME)
#undef SUBR_NAME
	};

	return subr >= 0 && subr < DIF_SUBR_MAX ? names[subr] : NULL;
}
