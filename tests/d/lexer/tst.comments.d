/* SPDX-License-Identifier: GPL-2.0-or-later */
/**/ /***/ /* * / ** */
// line comment /* not opened
BEGIN	// at the end
{
	x = 8 /* inside */ / 2;	// "quotes"
	printf("%d // /* no comment */\n", x);	/* "a string" */
	// }
	exit(0);	/*
	several
	lines // */
}
// the last line, without newline
