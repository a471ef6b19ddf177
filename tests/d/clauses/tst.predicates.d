/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	n = 5;
	s = "text";
}

BEGIN /n == 5/ { printf("1\n"); }
BEGIN /n != 5/ { printf("never\n"); }
BEGIN /s == "text" && n > 4/ { printf("2\n"); }
BEGIN /s != NULL/ { printf("3\n"); }
BEGIN /n/ { printf("4\n"); }
BEGIN /!n/ { printf("never\n"); }
BEGIN /n / 5 == 1/ { printf("5\n"); }
BEGIN /(n / 5) / 1/ { printf("6\n"); }
BEGIN /n = 0/ { printf("never\n"); }
BEGIN /n == 0/ { printf("7\n"); exit(0); }
