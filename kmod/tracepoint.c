// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's static tracepoints by name. Most are not exported, but all can
 * be walked. Those of other modules cannot be found here (they may unload).
 *
 * Not with dtk_lock held: registering flips a static key, which takes the CPU
 * hotplug lock, and that comes before ours.
 */
#include <linux/tracepoint.h>

#include "dtk.h"

struct lookup {
	const char *name;
	struct tracepoint *tp;
};

static void compare(struct tracepoint *tp, void *arg)
{
	struct lookup *want = arg;

	if (!strcmp(tp->name, want->name))
		want->tp = tp;
}

static struct tracepoint *find(const char *name)
{
	struct lookup want = { .name = name };

	for_each_kernel_tracepoint(compare, &want);
	return want.tp;
}

/* @fn takes @data, then the tracepoint's own arguments. Context: may sleep. */
int dtk_tracepoint_register(const char *name, void *fn, void *data)
{
	struct tracepoint *tp = find(name);

	return tp ? tracepoint_probe_register(tp, fn, data) : -ENOENT;
}

/* On return @fn runs nowhere any more. */
void dtk_tracepoint_unregister(const char *name, void *fn, void *data)
{
	struct tracepoint *tp = find(name);

	if (!tp)
		return;
	tracepoint_probe_unregister(tp, fn, data);
	tracepoint_synchronize_unregister();
}
