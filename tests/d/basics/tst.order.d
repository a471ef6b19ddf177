/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clauses of a probe run in the order of the program, the statements in theirs. */
BEGIN { printf("1 "); }
BEGIN { printf("2 "); }
dtrace:::BEGIN { printf("3 "); printf("4\n"); exit(0); }
