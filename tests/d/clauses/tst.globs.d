/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGI? { printf("question\n"); }
BEG* { printf("star\n"); }
[BX]EGIN { printf("bracket\n"); }
dtr*:::B*N { printf("two stars\n"); }
dtrace:::[!E]* { printf("not E\n"); }
BEGIN { exit(0); }
