/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	this->j = "{ \"a\": 5, \"b\": { \"c\": \"text\", \"d\": [ 1, 2, { \"e\": true } ] } }";
	printf("%s %s %s %s\n", json(this->j, "a"), json(this->j, "b.c"), json(this->j, "b.d[1]"),
	    json(this->j, "b.d[2].e"));
	printf("%d\n", json(this->j, "nothing") == NULL);
	exit(0);
}
