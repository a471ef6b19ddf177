/* SPDX-License-Identifier: GPL-2.0-or-later */
inline string where = probename;
inline int me = pid;
inline uint64_t ago[uint64_t t] = timestamp - t;

BEGIN
{
	printf("%s %d %d\n", where, me == pid, ago[timestamp] < 1000000000);
	exit(0);
}
