// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Notes: files made here, whole and damaged, and files of the distribution,
 * whose notes readelf (binutils) lists, too.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "statics.h"
#include "usdt.h"

/* ---- A file ------------------------------------------------------------------------ */

#define TEXT	0x401000
#define DATA	0x404000
#define BASE	0x401800
#define FILESZ	4096

struct file {
	union {
		Elf64_Ehdr eh;
		char bytes[FILESZ];
	};
	size_t notes;		/* where the notes end */
};
#define NOTES	1024
#define STRS	512

static void section(struct file *f, unsigned i, const char *name, unsigned *str, Elf64_Shdr sh)
{
	strcpy(f->bytes + STRS + *str, name);
	sh.sh_name = *str;
	*str += (unsigned)strlen(name) + 1;
	((Elf64_Shdr *)(f->bytes + 128 + 2 * sizeof(Elf64_Phdr)))[i] = sh;
}

static void begin(struct file *f)
{
	Elf64_Phdr *ph = (Elf64_Phdr *)(f->bytes + 128);

	memset(f, 0, sizeof(*f));
	memcpy(f->eh.e_ident, ELFMAG, SELFMAG);
	f->eh.e_ident[EI_CLASS] = ELFCLASS64;
	f->eh.e_ident[EI_DATA] = ELFDATA2LSB;
	f->eh.e_ident[EI_VERSION] = EV_CURRENT;
	f->eh.e_type = ET_DYN;
	f->eh.e_machine = EM_X86_64;
	f->eh.e_version = EV_CURRENT;
	f->eh.e_ehsize = sizeof(Elf64_Ehdr);
	f->eh.e_phoff = 128;
	f->eh.e_phentsize = sizeof(*ph);
	f->eh.e_phnum = 2;
	f->eh.e_shoff = 128 + 2 * sizeof(*ph);
	f->eh.e_shentsize = sizeof(Elf64_Shdr);
	f->eh.e_shnum = 4;
	f->eh.e_shstrndx = 1;
	ph[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = TEXT, .p_memsz = 0x1000 };
	ph[1] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_vaddr = DATA, .p_memsz = 0x1000 };
	f->notes = NOTES;
}

static void note(struct file *f, const char *owner, uint32_t type, const uint64_t *at, const char *strs, size_t nstrs)
{
	Elf64_Nhdr nh = { .n_namesz = (uint32_t)strlen(owner) + 1, .n_descsz = (uint32_t)(24 + nstrs), .n_type = type };
	char *p = f->bytes + f->notes;

	memcpy(p, &nh, sizeof(nh));
	memcpy(p + sizeof(nh), owner, nh.n_namesz);
	p += sizeof(nh) + ((nh.n_namesz + 3) & ~3u);
	memcpy(p, at, 24);
	memcpy(p + 24, strs, nstrs);
	f->notes = (size_t)(p + ((nh.n_descsz + 3) & ~3u) - f->bytes);
	assert_true(f->notes <= FILESZ);
}
#define NOTE(f, pc, base, sem, strs) note(f, "stapsdt", 3, (uint64_t[]){ pc, base, sem }, strs, sizeof(strs))

static void end(struct file *f, uint64_t base)
{
	unsigned str = 1;

	section(f, 1, ".shstrtab", &str, (Elf64_Shdr){ .sh_type = SHT_STRTAB, .sh_offset = STRS, .sh_size = 256 });
	section(f, 2, ".note.stapsdt", &str, (Elf64_Shdr){ .sh_type = SHT_NOTE, .sh_offset = NOTES,
		.sh_size = f->notes - NOTES, .sh_addralign = 4 });
	section(f, 3, ".stapsdt.base", &str, (Elf64_Shdr){ .sh_type = SHT_PROGBITS, .sh_offset = STRS, .sh_size = 1,
		.sh_addr = base });
}

/* "provider:name pc sem args\n" for each. */
struct list {
	char text[65536];
	size_t n, bad;
};

static int add(void *ctx, const struct dt_note *n)
{
	struct list *l = ctx;
	int k = snprintf(l->text + l->n, sizeof(l->text) - l->n, "%s:%s %lx %lx %s\n", n->provider, n->name, n->pc,
			 n->sem, n->args);

	if (k > 0 && l->n + (size_t)k < sizeof(l->text))
		l->n += (size_t)k;
	return 0;
}

static void read_file(struct file *f, struct list *l)
{
	Elf *elf = elf_memory(f->bytes, FILESZ);

	l->n = l->bad = 0;
	l->text[0] = 0;
	if (!elf)
		return;
	assert_int_equal(dt_notes_each(elf, add, l, &l->bad), 0);
	elf_end(elf);
}

static struct list list;

static void whole(void **state)
{
	static struct file f;

	(void)state;
	begin(&f);
	NOTE(&f, TEXT + 4, BASE, DATA + 2, "foo\0bar__baz\0" "8@%rdi -4@%esi");
	note(&f, "GNU", 3, (uint64_t[]){ 1, 2, 3 }, "x", 2);
	NOTE(&f, TEXT + 8, 0, 0, "foo\0empty\0");
	end(&f, BASE);
	read_file(&f, &list);
	assert_string_equal(list.text, "foo:bar__baz 401004 404002 8@%rdi -4@%esi\nfoo:empty 401008 0 \n");
	assert_int_equal(list.bad, 0);
	/* Moved since it was linked: by what the base is off. A note without a base stays. */
	begin(&f);
	NOTE(&f, TEXT + 4 - 0x100000, BASE - 0x100000, DATA + 2 - 0x100000, "foo\0bar\0");
	NOTE(&f, TEXT + 8, 0, 0, "foo\0here\0");
	end(&f, BASE);
	read_file(&f, &list);
	assert_string_equal(list.text, "foo:bar 401004 404002 \nfoo:here 401008 0 \n");
	assert_int_equal(list.bad, 0);
}

static void damaged(void **state)
{
	static struct file f;

	(void)state;
	begin(&f);
	NOTE(&f, 0, BASE, 0, "foo\0discarded\0");
	NOTE(&f, 0x10, BASE, 0, "foo\0discarded\0");
	end(&f, BASE);
	read_file(&f, &list);
	assert_string_equal(list.text, "");
	assert_int_equal(list.bad, 0);
	begin(&f);
	NOTE(&f, DATA, BASE, 0, "foo\0in__data\0");
	NOTE(&f, TEXT, BASE, TEXT + 2, "foo\0sem__in__text\0");
	NOTE(&f, TEXT, BASE, DATA + 1, "foo\0odd__sem\0");
	NOTE(&f, TEXT, BASE, DATA + 0x1000, "foo\0sem__behind\0");
	NOTE(&f, TEXT, BASE, 0, "\0noprovider\0");
	NOTE(&f, TEXT, BASE, 0, "foo\0a b\0");
	NOTE(&f, TEXT, BASE, 0, "foo\0a*\0");
	note(&f, "stapsdt", 3, (uint64_t[]){ TEXT, BASE, 0 }, "foo\0bar\0xx", 10);
	note(&f, "stapsdt", 3, (uint64_t[]){ TEXT, BASE, 0 }, "foo", 3);
	note(&f, "stapsdt", 3, (uint64_t[]){ TEXT, BASE, 0 }, "", 0);
	NOTE(&f, TEXT, BASE, 0, "foo\0good\0");
	end(&f, BASE);
	read_file(&f, &list);
	assert_string_equal(list.text, "foo:good 401000 0 \n");
	assert_int_equal(list.bad, 10);
	/* A note that runs over the section's end. */
	begin(&f);
	NOTE(&f, TEXT, BASE, 0, "foo\0good\0");
	f.notes -= 8;
	end(&f, BASE);
	read_file(&f, &list);
	assert_string_equal(list.text, "");
	assert_int_equal(list.bad, 1);
	/* Another machine's, and an object that is not linked yet. */
	begin(&f);
	NOTE(&f, TEXT, BASE, 0, "foo\0good\0");
	end(&f, BASE);
	f.eh.e_machine = EM_AARCH64;
	read_file(&f, &list);
	assert_string_equal(list.text, "");
	f.eh.e_machine = EM_X86_64;
	f.eh.e_type = ET_REL;
	read_file(&f, &list);
	assert_string_equal(list.text, "");
}

static void hostile(void **state)
{
	static struct file good, f;
	struct dt_argspecs a;

	(void)state;
	begin(&good);
	NOTE(&good, TEXT + 4, BASE, DATA + 2, "foo\0bar__baz\0" "8@%rdi -4@%esi 8@foo(%rip)");
	NOTE(&good, TEXT + 8, BASE, 0, "foo\0bar\0" "8@%fs:errs@tpoff");
	end(&good, BASE);
	srand(7);
	for (int i = 0; i < 60000; i++) {
		int n = 1 + rand() % 4;

		f = good;
		while (n--) {
			size_t at = (size_t)rand() % good.notes;
			char c = (char)(rand() % 3 ? rand() : rand() % 2 ? 0 : 0xff);

			memset(f.bytes + at, c, (size_t)(1 + rand() % 3));
		}
		read_file(&f, &list);
		dt_argspecs_parse(list.text, NULL, &a);
	}
}

/* ---- Files of the distribution ---------------------------------------------------------- */

/* What readelf says, in the list's form. */
static void readelf(const char *path, struct list *l)
{
	unsigned long pc = 0, sem = 0;
	char cmd[256], line[1024], prov[256] = "", name[256] = "", *p;
	FILE *fp;

	snprintf(cmd, sizeof(cmd), "readelf -nW %s 2>/dev/null", path);
	fp = popen(cmd, "r");
	assert_non_null(fp);
	l->n = 0;
	l->text[0] = 0;
	while (fgets(line, sizeof(line), fp)) {
		line[strcspn(line, "\n")] = 0;
		if ((p = strstr(line, "Provider: ")))
			snprintf(prov, sizeof(prov), "%.200s", p + 10);
		else if ((p = strstr(line, "    Name: ")))
			snprintf(name, sizeof(name), "%.200s", p + 10);
		else if ((p = strstr(line, "    Location: ")))
			sscanf(p, "    Location: %lx, Base: %*x, Semaphore: %lx", &pc, &sem);
		else if ((p = strstr(line, "    Arguments: ")))
			add(l, &(struct dt_note){ prov, name, p + 15, pc, sem });
	}
	pclose(fp);
}

static void real(void **state)
{
	static const char *const files[] = {
		"/usr/lib/x86_64-linux-gnu/libstdc++.so.6", "/usr/bin/python3", "/usr/bin/gcc",
		"/lib/x86_64-linux-gnu/libc.so.6", "/usr/bin/gdb", "/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0",
	};
	static struct list want;
	unsigned compared = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		int fd = open(files[i], O_RDONLY | O_CLOEXEC);
		Elf *elf = fd >= 0 ? elf_begin(fd, ELF_C_READ_MMAP, NULL) : NULL;

		if (elf) {
			list.n = 0;
			list.text[0] = 0;
			dt_notes_each(elf, add, &list, &list.bad);
			readelf(files[i], &want);
			assert_string_equal(list.text, want.text);
			assert_int_equal(list.bad, 0);
			assert_int_equal(dt_notes_any(elf), want.n > 0);
			assert_int_equal(dt_usdt_source.maybe(files[i]), want.n > 0);
			compared += want.n > 0;
			elf_end(elf);
		}
		if (fd >= 0)
			close(fd);
	}
	assert_true(compared > 0);
	assert_false(dt_usdt_source.maybe("/nonexistent"));
	assert_false(dt_usdt_source.maybe("/dev/zero"));
	assert_false(dt_usdt_source.maybe("/etc/passwd"));
}

/* ---- A process ----------------------------------------------------------------------------- */

struct walked {
	size_t sites;
	char names[4096];
};

static int took(void *ctx, const struct dt_static *s)
{
	struct walked *w = ctx;

	assert_true(s->nsite > 0);
	assert_string_equal(s->func, "");
	assert_null(strstr(s->name, "__"));
	for (size_t i = 0; i < s->nsite; i++) {
		assert_true(!i || s->site[i].addr > s->site[i - 1].addr);
		assert_true(s->site[i].nstep <= DTRACE_STEP_MAX);
	}
	for (size_t i = 0; i < s->nargtype; i++)
		assert_non_null(s->argtype[i]);
	w->sites += s->nsite;
	if (strlen(w->names) + strlen(s->name) + 2 < sizeof(w->names))
		sprintf(w->names + strlen(w->names), "%s ", s->name);
	return 0;
}

static int gives_up(void *ctx, const struct dt_static *s)
{
	++*(int *)ctx;
	return -EINTR;
}

/* Each note of each object of a process is a site, but for those that the python provider makes better. */
static void process(void **state)
{
	char *argv[] = { "gdb", "--version", NULL }, *other[] = { "/usr/bin/python3", "-c", "0", NULL };
	static struct list want;
	struct dt_proc *p;
	struct dt_err err;
	size_t sites = 0;
	int calls = 0;

	(void)state;
	if (dt_proc_create(argv, DT_EVAL_PREINIT, &p, &err) && dt_proc_create(other, DT_EVAL_PREINIT, &p, &err))
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < dt_proc_nobjects(p); i++) {
		struct dt_object *o = dt_proc_object(p, i);
		struct walked w = { 0 };
		size_t notes = 0;

		if (o->is_vdso || dt_object_elf(p, o, NULL))
			continue;
		readelf(o->path, &want);
		for (char *s = strtok(want.text, "\n"); s; s = strtok(NULL, "\n"))
			notes += strncmp(s, "python:function__", strlen("python:function__")) != 0;
		assert_int_equal(dt_usdt_source.walk(p, o, took, &w, &err), 0);
		assert_int_equal(w.sites, notes);
		sites += notes;
		if (notes) {
			assert_int_equal(dt_usdt_source.walk(p, o, gives_up, &calls, &err), -EINTR);
			assert_int_equal(calls, 1);
			calls = 0;
		}
	}
	assert_true(sites > 0);
	dt_proc_release(p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole), cmocka_unit_test(damaged), cmocka_unit_test(hostile), cmocka_unit_test(real),
		cmocka_unit_test(process),
	};

	elf_version(EV_CURRENT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
