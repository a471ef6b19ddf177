/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exit: 0 */
#pragma D option quiet
BEGIN { trace(*(int *)8); }
ERROR /arg4 == DTRACEFLT_BADADDR/ { printf("bad address\n"); exit(0); }
