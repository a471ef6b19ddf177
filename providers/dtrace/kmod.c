// SPDX-License-Identifier: GPL-2.0-only
/*
 * Provider dtrace: BEGIN, END and ERROR. The three probes exist once, but they
 * fire for one consumer at a time: when that consumer's session starts or
 * ends, and when one of its clauses faults. Nothing has to be armed.
 *
 * Source: Guide, chapter "dtrace Provider".
 */
#include "../../kmod/core.h"

static struct dtk_provider *provider;
static struct dtk_probe *begin, *end, *error;

static int nothing_to_enable(struct dtk_probe *probe)
{
	return 0;
}

static void nothing_to_disable(struct dtk_probe *probe)
{
}

static int nothing_to_sync(struct dtk_provider *prov)
{
	return 0;
}

static const struct dtk_provider_ops ops = {
	.enable = nothing_to_enable,
	.disable = nothing_to_disable,
	.sync = nothing_to_sync,
};

size_t dtk_end_bytes(const struct dtk_consumer *cons)
{
	const struct dtk_ecb *ecb;
	size_t n = 0;

	lockdep_assert_held(&dtk_lock);
	for (ecb = rcu_dereference_protected(end->ecbs, 1); ecb; ecb = ecb->next) {
		if (ecb->sink == &cons->sink)
			n += ecb->clause->size;
	}
	return n;
}

int dtk_fire_begin(struct dtk_consumer *cons)
{
	struct dtk_fire f = { .flags = DTK_FIRE_END };

	return dtk_fire_session(begin, &cons->sink, &f);
}

int dtk_fire_end(struct dtk_consumer *cons)
{
	struct dtk_fire f = { .flags = DTK_FIRE_END };

	return dtk_fire_session(end, &cons->sink, &f);
}

/* Probe context, within the firing that faulted. The engine has filled in arg1 to arg5. */
void dtk_error_fire(struct dtk_sink *sink, struct dtk_fire *err)
{
	err->flags |= DTK_FIRE_ERROR;
	dtk_fire_nested(error, sink, err);
}

static int create_probes(void)
{
	int err;

	err = dtk_provider_create("dtrace", "dtrace", NULL, &provider);
	if (err)
		return err;
	err = dtk_probe_create(provider, "", "", "BEGIN", NULL, &begin);
	if (!err)
		err = dtk_probe_create(provider, "", "", "END", NULL, &end);
	if (!err)
		err = dtk_probe_create(provider, "", "", "ERROR", NULL, &error);
	if (err)
		dtk_provider_destroy(provider);
	return err;
}

int dtk_prov_dtrace_init(void)
{
	int err;

	err = dtk_family_register("dtrace", &ops);
	if (err)
		return err;
	mutex_lock(&dtk_lock);
	err = create_probes();
	mutex_unlock(&dtk_lock);
	if (err)
		dtk_family_unregister("dtrace");
	return err;
}

void dtk_prov_dtrace_exit(void)
{
	mutex_lock(&dtk_lock);
	dtk_provider_destroy(provider);
	mutex_unlock(&dtk_lock);
	dtk_family_unregister("dtrace");
}
