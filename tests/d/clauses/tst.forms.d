/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every form of a clause. */
BEGIN {}
BEGIN /1/ {}
BEGIN /0/ { printf("never\n"); }
BEGIN, END { printf("%s\n", probename); }
dtrace:::BEGIN { printf("four\n") }
:::BEGIN { printf("colons\n"); }
::BEGIN { printf("two colons\n"); }
:BEGIN { printf("one colon\n"); }
dtrace::: /probename == "BEGIN"/ { printf("provider\n"); }
BEGIN { exit(0); }
