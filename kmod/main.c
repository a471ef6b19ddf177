// SPDX-License-Identifier: GPL-2.0-only
/*
 * dtrace.ko: loading and unloading. The device comes last and goes first, so
 * nobody can ask for what is not there yet. An open file holds the module;
 * unloading therefore finds no consumer, and no probe enabled.
 */
#include <linux/module.h>

#include "core.h"

bool dtk_destructive = true;
module_param_named(destructive, dtk_destructive, bool, 0600);
MODULE_PARM_DESC(destructive, "0: refuse programs with destructive actions (default 1)");

static const struct {
	int (*init)(void);
	void (*exit)(void);
} rooms[] = {
	{ dtk_probes_init, dtk_probes_exit },
	{ dtk_text_init, dtk_text_exit },
	{ dtk_stack_init, dtk_stack_exit },
	{ dtk_path_init, dtk_path_exit },
	{ dtk_destroy_init, dtk_destroy_exit },
	{ dtk_enabling_init, dtk_enabling_exit },
	{ dtk_consumers_init, dtk_consumers_exit },
	{ dtk_prov_dtrace_init, dtk_prov_dtrace_exit },	/* first: BEGIN, END, ERROR are 1, 2, 3 */
	{ dtk_prov_profile_init, dtk_prov_profile_exit },
	{ dtk_prov_pid_init, dtk_prov_pid_exit },
	{ dtk_dev_init, dtk_dev_exit },
};

static void leave(size_t n)
{
	while (n--)
		rooms[n].exit();
}

static int __init dtrace_init(void)
{
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(rooms); i++) {
		err = rooms[i].init();
		if (err) {
			leave(i);
			return err;
		}
	}
	return 0;
}

static void __exit dtrace_exit(void)
{
	leave(ARRAY_SIZE(rooms));
}

module_init(dtrace_init);
module_exit(dtrace_exit);

MODULE_DESCRIPTION("Dynamic tracing: the D language's kernel side");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1");
