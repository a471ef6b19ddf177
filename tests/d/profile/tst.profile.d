/* SPDX-License-Identifier: GPL-2.0-or-later */
/* needs: kernel */
profile-97, profile-10ms { n++; }
tick-20ms /n > 3/ { printf("fired\n"); exit(0); }
