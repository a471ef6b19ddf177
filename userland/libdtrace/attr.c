/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stability attributes and versions of the D interface, as words. Source: Guide, "Stability", "Versioning". */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dt_impl.h"

_Static_assert(DTRACE_STABILITY_MAX + 1 == DT_ST_WORDS && DTRACE_CLASS_MAX + 1 == DT_CL_WORDS,
	       "the compiler's stabilities are not the interface's");

const char *dtrace_stability_name(int stability)
{
	return stability >= 0 && stability <= DTRACE_STABILITY_MAX ? dt_stabilities[stability] : NULL;
}

const char *dtrace_class_name(int klass)
{
	return klass >= 0 && klass <= DTRACE_CLASS_MAX ? dt_classes[klass] : NULL;
}

char *dtrace_attr2str(dtrace_attribute_t attr, char *buf, size_t len)
{
	const char *name = dtrace_stability_name(attr.dtat_name), *data = dtrace_stability_name(attr.dtat_data);
	const char *klass = dtrace_class_name(attr.dtat_class);

	snprintf(buf, len, "%s/%s/%s", name ? name : "?", data ? data : "?", klass ? klass : "?");
	return buf;
}

/* One word of "a/b/c": *s moves behind it. -1: not one of @words. */
static int take_word(const char **s, const char *const *words, int n)
{
	size_t len;

	while (isspace((unsigned char)**s))
		++*s;
	len = strcspn(*s, "/ \t");
	for (int i = 0; i < n; i++) {
		if (strlen(words[i]) != len || strncasecmp(words[i], *s, len))
			continue;
		*s += len;
		while (isspace((unsigned char)**s))
			++*s;
		if (**s == '/')
			++*s;
		return i;
	}
	return -1;
}

int dtrace_str2attr(const char *s, dtrace_attribute_t *attr)
{
	int part[3] = { 0 };

	if (!s || !attr)
		return -1;
	for (int i = 0; i < 3 && *s; i++) {
		part[i] = i < 2 ? take_word(&s, dt_stabilities, DTRACE_STABILITY_MAX + 1) :
				  take_word(&s, dt_classes, DTRACE_CLASS_MAX + 1);
		if (part[i] < 0)
			return -1;
	}
	if (*s)
		return -1;
	*attr = (dtrace_attribute_t){ (uint8_t)part[0], (uint8_t)part[1], (uint8_t)part[2] };
	return 0;
}

#define LESSER(x, y) ((x) < (y) ? (x) : (y))
#define GREATER(x, y) ((x) > (y) ? (x) : (y))

dtrace_attribute_t dtrace_attr_min(dtrace_attribute_t a, dtrace_attribute_t b)
{
	return (dtrace_attribute_t){ LESSER(a.dtat_name, b.dtat_name), LESSER(a.dtat_data, b.dtat_data),
				     LESSER(a.dtat_class, b.dtat_class) };
}

dtrace_attribute_t dtrace_attr_max(dtrace_attribute_t a, dtrace_attribute_t b)
{
	return (dtrace_attribute_t){ GREATER(a.dtat_name, b.dtat_name), GREATER(a.dtat_data, b.dtat_data),
				     GREATER(a.dtat_class, b.dtat_class) };
}

/* ---- Versions --------------------------------------------------------------------- */

const char _dtrace_version[] = "D " DT_DVERSION_TEXT;

#define VERSION(major, minor, micro) ((uint32_t)(major) << 24 | (minor) << 12 | (micro))

/* "1.6.3"; the third number may be missing. */
int dt_str2version(const char *s, uint32_t *v)
{
	unsigned long part[3] = { 0 };
	char *end;

	for (int i = 0; i < 3; i++) {
		if (!isdigit((unsigned char)*s))
			return -1;
		part[i] = strtoul(s, &end, 10);
		if (part[i] > (i ? 0xfff : 0xff))
			return -1;
		s = end;
		if (!*s && i)
			break;
		if (*s++ != '.' || i == 2)
			return -1;
	}
	*v = VERSION(part[0], part[1], part[2]);
	return 0;
}

/* The versions that the family has had; each contains the ones before. */
bool dt_version_known(uint32_t v)
{
	static const uint32_t known[] = {
		VERSION(1, 0, 0), VERSION(1, 1, 0), VERSION(1, 2, 0), VERSION(1, 2, 1), VERSION(1, 2, 2),
		VERSION(1, 3, 0), VERSION(1, 4, 0), VERSION(1, 4, 1), VERSION(1, 5, 0), VERSION(1, 6, 0),
		VERSION(1, 6, 1), VERSION(1, 6, 2), VERSION(1, 6, 3), VERSION(1, 6, 4), VERSION(1, 7, 0),
		VERSION(1, 7, 1), VERSION(1, 8, 0), VERSION(1, 8, 1), VERSION(1, 9, 0), VERSION(1, 9, 1),
		VERSION(1, 10, 0), VERSION(1, 11, 0), VERSION(1, 12, 0), VERSION(1, 12, 1), VERSION(1, 13, 0),
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i] == v)
			return true;
	return false;
}
