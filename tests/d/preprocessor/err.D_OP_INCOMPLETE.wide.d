/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtrace: -C -I preprocessor */
#include "packed.h"

/* Its members are of types that D does not have. */
BEGIN
{
	trace(((struct dt_test_wide *)alloca(64))->y);
}
