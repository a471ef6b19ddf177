/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtrace: -x strsize=16 */
BEGIN
{
	s = "01234567890123456789";
	printf("[%s] %d\n", s, strlen(s));
	printf("[%s]\n", strjoin("0123456789", "abc"));
	exit(0);
}
