// SPDX-License-Identifier: GPL-2.0-or-later
/* A library with probes of its own: applib_work() fires one, and says how often it was asked for another. */
#include "applib.h"

long applib_calls, applib_enabled;

void applib_work(int n, char *name)
{
	applib_calls++;
	APPLIB_WORK(n, name);
	if (APPLIB_ASKED_ENABLED()) {
		applib_enabled++;
		APPLIB_ASKED(n);
	}
}
