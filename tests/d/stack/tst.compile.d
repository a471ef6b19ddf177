/* SPDX-License-Identifier: GPL-2.0-or-later */
/* needs: kernel */
/* dtrace: -x stackframes=3 -x ustackframes=3 */
BEGIN
{
	@a[stack()] = count(); @b[stack(2)] = count(); @c[ustack()] = count(); @d[ustack(2, 0)] = count();
	clear(@a); trunc(@a); trunc(@b); trunc(@c); trunc(@d);
	printf("%d\n", stackdepth >= 0);
	exit(0);
}
