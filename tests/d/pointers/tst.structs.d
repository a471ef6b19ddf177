/* SPDX-License-Identifier: GPL-2.0-or-later */
struct node { int value; struct node *next; };

BEGIN
{
	a = (struct node *)alloca(sizeof (struct node));
	b = (struct node *)alloca(sizeof (struct node));
	a->value = 1; a->next = b;
	b->value = 2; b->next = NULL;
	printf("%d %d %d\n", a->next->value, (*a).value, a->next->next == NULL);
	a->next->value = 5;
	printf("%d\n", b->value);
	p = &b->value;
	*p = 6;
	printf("%d\n", a->next->value);
	printf("%d\n", (char *)&a->next - (char *)a);
	*a = *b;
	printf("%d %d\n", a->value, a->next == NULL);
	exit(0);
}
