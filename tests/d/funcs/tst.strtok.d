/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	this->s = "a,b;;c";
	this->t = strtok(this->s, ",;");
	printf("%s\n", this->t);
	this->t = strtok(NULL, ",;");
	printf("%s\n", this->t);
	this->t = strtok(NULL, ",;");
	printf("%s\n", this->t);
	printf("%d\n", strtok(NULL, ",;") == NULL);
	exit(0);
}
