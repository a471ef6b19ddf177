/* SPDX-License-Identifier: GPL-2.0-or-later */
/* needs: kernel */
tick-10ms { n++; }
tick-10msec { m++; }
tick-10000us { k++; }
tick-100hz { h++; }
tick-1s { late = 1; }
tick-10ms /n > 3 && m > 3 && k > 3 && h > 3/ { printf("all\n"); exit(0); }
