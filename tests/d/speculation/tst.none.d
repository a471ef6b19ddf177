/* SPDX-License-Identifier: GPL-2.0-or-later */
/* needs: kernel */
/* One buffer (nspec): the second speculation() gets none, and what is speculated there is lost. */
/* dtrace: -x nspec=1 */
BEGIN
{
	self->a = speculation();
	self->b = speculation();
	printf("%d %d\n", self->a, self->b);
}

BEGIN { speculate(self->a); printf("first\n"); }
BEGIN { commit(self->a); }
BEGIN { exit(0); }
