/* SPDX-License-Identifier: GPL-2.0-or-later */
/* needs: kernel */
/* dtrace: -w */
/* A format makes the command of the shell. */
BEGIN
{
	system("echo %d %s", 5, "words");
	exit(0);
}
