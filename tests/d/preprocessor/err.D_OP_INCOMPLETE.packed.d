/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtrace: -C -I preprocessor */
#include "packed.h"

/* Its members are not where D would look for them. */
BEGIN
{
	trace(((struct dt_test_packed *)alloca(16))->i);
}
