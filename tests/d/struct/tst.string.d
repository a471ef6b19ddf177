/* SPDX-License-Identifier: GPL-2.0-or-later */
struct s {
	int a;
	string text;
	int b;
};
struct s v;

/* What was longer before leaves nothing behind: equal texts are equal keys. */
BEGIN
{
	v.a = 1;
	v.b = 7;
	v.text = "quite a long text";
	v.text = "short";
	@[v] = count();
	v.text = "another one";
	v.text = strjoin("sho", "rt");
	@[v] = count();
	printf("%s %d %d\n", v.text, v.a, v.b);
	v.text = substr(v.text, 1);
	printf("%s %d %d\n", v.text, v.a, v.b);
	printa("%@d\n", @);
	exit(0);
}
