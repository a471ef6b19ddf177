/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blanks, newlines and comments may stand between all parts. */
BEGIN	/* comment */
	// another
,
END
/ 1 /* in a predicate */ /
// before the body
{
	printf(
		"%s\n"	/* before the comma */
		,
		probename
	)
	;
}
BEGIN{exit(0)}
