/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The classic library's questions about symbols, types, objects and probes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names_impl.h"

/* ---- Objects ----------------------------------------------------------------------- */

/* The kernel's name of an object; NULL: an object that has nothing. "" means any. */
static const char *kernel_object(const char *object)
{
	if (object == DTRACE_OBJ_ANY || object == DTRACE_OBJ_KMODS)
		return "";
	if (object == DTRACE_OBJ_EXEC)
		return "vmlinux";
	if (object == DTRACE_OBJ_RTLD || object == DTRACE_OBJ_UMODS || object == DTRACE_OBJ_DEFS ||
	    object == DTRACE_OBJ_CDEFS || object == DTRACE_OBJ_DDEFS)
		return NULL;
	return object;
}

static int object_tell(dtrace_hdl_t *dtp, const dtrace_objinfo_t *o, dtrace_obj_f *func, void *arg)
{
	return func(dtp, o, arg);
}

static int tell_kernel(dtrace_hdl_t *dtp, dtrace_obj_f *func, void *arg)
{
	const struct dt_ksym *from = dt_ksym_find(dtp, "vmlinux", "_stext");
	const struct dt_ksym *to = dt_ksym_find(dtp, "vmlinux", "_etext");
	dtrace_objinfo_t o = { .dto_name = "vmlinux", .dto_file = "",
			       .dto_flags = DTRACE_OBJ_F_KERNEL | DTRACE_OBJ_F_PRIMARY };

	if (from && to && to->addr > from->addr) {
		o.dto_text_va = from->addr;
		o.dto_text_size = to->addr - from->addr;
	}
	return object_tell(dtp, &o, func, arg);
}

int dtrace_object_iter(dtrace_hdl_t *dtp, dtrace_obj_f *func, void *arg)
{
	FILE *fp = fopen("/proc/modules", "re");
	unsigned long long addr, size;
	char line[1024], name[128];
	int id = 1, rc = tell_kernel(dtp, func, arg);

	/* name size users used-by state address */
	while (fp && !rc && fgets(line, sizeof(line), fp)) {
		dtrace_objinfo_t o = { .dto_name = name, .dto_file = "", .dto_flags = DTRACE_OBJ_F_KERNEL };

		if (sscanf(line, "%127s %llu %*s %*s %*s %llx", name, &size, &addr) != 3)
			continue;
		o.dto_id = id++;
		o.dto_text_va = addr;
		o.dto_text_size = size;
		rc = object_tell(dtp, &o, func, arg);
	}
	if (fp)
		fclose(fp);
	return rc;
}

struct wanted {
	const char *name;
	dtrace_objinfo_t *ret;
};

static int take_object(dtrace_hdl_t *dtp, const dtrace_objinfo_t *o, void *arg)
{
	struct wanted *w = arg;
	char *name;

	if (strcmp(o->dto_name, w->name))
		return 0;
	name = strdup(o->dto_name);
	if (!name)
		return dt_set_errno(dtp, ENOMEM);
	free(dtp->objname);
	dtp->objname = name;
	*w->ret = *o;
	w->ret->dto_name = name;
	return 1;
}

int dtrace_object_info(dtrace_hdl_t *dtp, const char *object, dtrace_objinfo_t *dto)
{
	struct wanted w = { .ret = dto };
	int rc;

	w.name = kernel_object(object);
	rc = w.name ? dtrace_object_iter(dtp, take_object, &w) : 0;
	if (!rc)
		return dt_set_error(dtp, EDT_NOSYM, "there is no such object");
	return rc < 0 ? -1 : 0;
}

/* ---- Symbols -------------------------------------------------------------------------- */

int dtrace_lookup_by_name(dtrace_hdl_t *dtp, const char *object, const char *name, GElf_Sym *sym,
			  dtrace_syminfo_t *sip)
{
	const char *mod = kernel_object(object);
	const struct dt_ksym *s = mod ? dt_ksym_find(dtp, mod, name) : NULL;

	if (!s)
		return dt_set_error(dtp, EDT_NOSYM, "the kernel has no symbol %s", name);
	if (sym)
		*sym = (GElf_Sym){ .st_info = GELF_ST_INFO(s->global ? STB_GLOBAL : STB_LOCAL,
							   s->func ? STT_FUNC : STT_OBJECT),
				   .st_value = s->addr, .st_size = s->size };
	if (sip)
		*sip = (dtrace_syminfo_t){ .dts_object = s->mod, .dts_name = s->name };
	return 0;
}

/* ---- Types ------------------------------------------------------------------------------ */

static int give_type(dtrace_hdl_t *dtp, const struct dt_type *t, const char *object, dtrace_typeinfo_t *tip)
{
	if (tip)
		*tip = (dtrace_typeinfo_t){ .dtt_object = object, .dtt_type = (long)(intptr_t)t };
	return 0;
}

int dtrace_type_strcompile(dtrace_hdl_t *dtp, const char *s, dtrace_typeinfo_t *tip)
{
	struct dt_diag diag = { 0 };
	struct dt_parse p = { .types = dtp->types, .idents = dtp->idents, .diag = &diag, .src = 1 };
	const struct dt_type *t;

	p.arena = dt_arena_create();
	if (!p.arena)
		return dt_set_errno(dtp, ENOMEM);
	t = dt_parse_type(&p, s);
	dt_arena_destroy(p.arena);
	if (!t)
		return dt_set_error(dtp, EDT_NOTYPE, "%s", diag.msg[0] ? diag.msg : "no such type");
	return give_type(dtp, t, "D", tip);
}

int dtrace_type_fcompile(dtrace_hdl_t *dtp, FILE *fp, dtrace_typeinfo_t *tip)
{
	size_t len;
	char *text = dt_source_read(dtp, fp, &len);
	int rc = text ? dtrace_type_strcompile(dtp, text, tip) : -1;

	free(text);
	return rc;
}

/* "ext4`struct foo": what the object adds to a name. */
int dtrace_lookup_by_type(dtrace_hdl_t *dtp, const char *object, const char *name, dtrace_typeinfo_t *tip)
{
	static const struct { const char *word; enum dt_type_kind kind; } tags[] = {
		{ "struct ", DT_T_STRUCT }, { "union ", DT_T_UNION }, { "enum ", DT_T_ENUM }, { "", DT_T_TYPEDEF },
	};
	struct dt_names *names = dt_types_names(dtp->types);
	const char *mod = kernel_object(object);
	const struct dt_type *t = NULL;
	size_t i = 0;

	if (!mod || !*mod || !names)	/* any object, or D itself */
		return dtrace_type_strcompile(dtp, name, tip);
	while (strncmp(name, tags[i].word, strlen(tags[i].word)))
		i++;
	t = names->type(names->ctx, mod, tags[i].kind, name + strlen(tags[i].word));
	if (!t)
		return dt_set_error(dtp, EDT_NOTYPE, "%s has no type %s%s%s", mod, name,
				    names->why[0] ? ": " : "", names->why);
	return give_type(dtp, t, object == DTRACE_OBJ_EXEC ? "vmlinux" : object, tip);
}

int dtrace_symbol_type(dtrace_hdl_t *dtp, const GElf_Sym *sym, const dtrace_syminfo_t *sip, dtrace_typeinfo_t *tip)
{
	struct dt_names *names = dt_types_names(dtp->types);
	struct dt_symbol s = { 0 };

	if (!names || !names->symbol(names->ctx, sip->dts_object, sip->dts_name, &s) || !s.type)
		return dt_set_error(dtp, EDT_NOTYPE, "the type of %s is not known", sip->dts_name);
	return give_type(dtp, s.type, sip->dts_object, tip);
}

char *dtrace_type_name(dtrace_hdl_t *dtp, const dtrace_typeinfo_t *tip, char *buf, size_t len)
{
	if (tip->dtt_type)
		dt_type_name((const struct dt_type *)(intptr_t)tip->dtt_type, buf, len);
	else
		snprintf(buf, len, "(unknown)");
	return buf;
}

/* ---- Probes -------------------------------------------------------------------------------- */

static dtrace_attribute_t attribute(struct dt_attr a)
{
	return (dtrace_attribute_t){ a.name, a.data, a.cls };
}

static int give_info(dtrace_hdl_t *dtp, const struct dt_about *about, dtrace_probeinfo_t *pip)
{
	dtrace_typeinfo_t *argv = calloc(about->argc + 1, sizeof(*argv));

	if (!argv)
		return dt_set_errno(dtp, ENOMEM);
	for (uint32_t i = 0; i < about->argc; i++)
		give_type(dtp, about->argv[i], "", &argv[i]);
	free(dtp->argtypes);
	dtp->argtypes = argv;
	*pip = (dtrace_probeinfo_t){ .dtp_attr = attribute(about->name), .dtp_arga = attribute(about->args),
				     .dtp_argv = argv, .dtp_argc = (int)about->argc };
	return 0;
}

int dtrace_probe_info(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pdp, dtrace_probeinfo_t *pip)
{
	dtrace_probedesc_t pd = *pdp;
	struct dt_about about;

	if (pd.dtpd_id && !pd.dtpd_provider[0] && dtrace_id2desc(dtp, pd.dtpd_id, &pd))
		return -1;
	if (dt_about_probe(dtp->types, dtp->idents, &pd, &about))
		return dt_set_errno(dtp, ENOMEM);
	return give_info(dtp, &about, pip);
}

/* ---- Descriptions with macro variables ------------------------------------------------------- */

/* One "$name" or "$3" at *s, appended to buf; *s moves behind it. False: it means nothing. */
static bool expand_macro(dtrace_hdl_t *dtp, const char **s, int argc, char *const argv[], char *buf, size_t size)
{
	size_t n = strspn(*s + 1, "0123456789"), k = strlen(buf);
	char name[64];
	int64_t val;
	bool undef;

	if (n) {
		unsigned long i = strtoul(*s + 1, NULL, 10);

		*s += 1 + n;
		if (i >= (unsigned long)argc)
			return false;
		snprintf(buf + k, size - k, "%s", argv[i]);
		return true;
	}
	n = strspn(*s + 1, "abcdefghijklmnopqrstuvwxyz_");
	snprintf(name, sizeof(name), "%.*s", (int)n, *s + 1);
	*s += 1 + n;
	if (!dt_macro_lookup(dtp, name, &val, &undef) || undef)
		return false;
	snprintf(buf + k, size - k, "%lld", (long long)val);
	return true;
}

int dtrace_xstr2desc(dtrace_hdl_t *dtp, dtrace_probespec_t spec, const char *s, int argc, char *const argv[],
		     dtrace_probedesc_t *pdp)
{
	char buf[DTRACE_PROVNAMELEN + DTRACE_MODNAMELEN + DTRACE_FUNCNAMELEN + DTRACE_NAMELEN + 8] = "";
	const char *from = s;
	size_t k;

	while (*s) {
		if (*s == '$') {
			if (expand_macro(dtp, &s, argc, argv, buf, sizeof(buf)))
				continue;
			return dt_set_error(dtp, EDT_BADSPEC, "a macro variable in \"%s\" is not defined", from);
		}
		k = strlen(buf);
		if (k + 1 >= sizeof(buf))
			return dt_set_error(dtp, EDT_BADSPEC, "the probe description \"%s\" is too long", from);
		buf[k] = *s++;
		buf[k + 1] = 0;
	}
	return dtrace_str2desc(dtp, spec, buf, pdp);
}
