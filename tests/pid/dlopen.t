# SPDX-License-Identifier: GPL-2.0-or-later
# Objects that come with dlopen have their probes before their constructors run, and again after each dlclose.
traced t -qZn 'pid$target:plugin.so:plugin_work:entry,pid$target:plugin.so:plugin_work:return{ @[probefunc, probename] = count(); }
	END{ printa("%s %s %@d\n", @); }' -c "$T/plug $T/plugin.so 20" || fail "dtrace ended with $?: $(cat t.err)"
quiet t
truth t.out dlopen
