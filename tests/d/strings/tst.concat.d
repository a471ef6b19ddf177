/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	s = "";
	s = strjoin(s, "a"); s = strjoin(s, "b"); s = strjoin(s, lltostr(5));
	printf("%s\n", s);
	printf("%s\n", strjoin(strjoin(probename, ":"), lltostr(strlen(probename))));
	exit(0);
}
