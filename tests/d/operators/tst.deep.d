/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Far more values at once than there are registers: parentheses, conditionals, calls, keys. */
BEGIN
{
	x = (1+(2+(3+(4+(5+(6+(7+(8+(9+(10+(11+(12+(13+(14+(15+(16+(17+(18+(19+(20+(21+(22+(23+(24+(25+pid)))))))))))))))))))))))));
	c = pid == 1 ? 1 : (pid == 2 ? 2 : (pid == 3 ? 3 : (pid == 4 ? 4 : (pid == 5 ? 5 : (pid == 6 ? 6 :
	    (pid == 7 ? 7 : (pid == 8 ? 8 : (pid == 9 ? 9 : (pid == 10 ? 10 : (pid == 11 ? 11 : (pid == 12 ? 12 :
	    (pid == 13 ? 13 : (pid == 14 ? 14 : (pid == 15 ? 15 : (pid == 16 ? 16 : (pid == 17 ? 17 : 18))))))))))))))));
	s = strjoin("a", strjoin("b", strjoin("c", strjoin("d", strjoin("e", strjoin("f", strjoin("g", strjoin("h",
	    strjoin("i", strjoin("j", strjoin("k", strjoin("l", strjoin("m", strjoin("n", strjoin("o", strjoin("p",
	    strjoin("q", "r")))))))))))))))));
	k[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20] = 7;
	y = k[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20] + (x - pid);
	trace(y);
	trace(s);
	exit(x == pid + 325 && y == 332 && c >= 1 && s == "abcdefghijklmnopqr" ? 0 : 1);
}

ERROR
{
	exit(1);
}
