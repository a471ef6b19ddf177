/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	printf("%d %d %d\n", (char)300, (unsigned char)300, (short)70000);
	printf("%u %d\n", (unsigned int)-1, (int)0xffffffffffULL);
	printf("%d %d\n", (int)(char)-1, (unsigned char)(char)-1);
	printf("%x\n", (uint64_t)(int *)0x1000);
	printf("%d\n", (long)(int *)5 + 1);
	printf("%s\n", (string)"text");
	printf("%d\n", (int)'a' + (char)1);
	printf("%d\n", (_Bool)5);
	exit(0);
}
