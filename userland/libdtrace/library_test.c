/* SPDX-License-Identifier: GPL-2.0-or-later */
/* D libraries: order, what is left out, errors, versions of the kernel; and that the standard ones compile. */
#include <ftw.h>
#include <sys/stat.h>

#include "test_kernel.h"

static char dir[64];

static void write_file(const char *name, const char *text)
{
	char path[512];
	FILE *fp;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	*strrchr(path, '/') = '\0';
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fp = fopen(path, "w");
	assert_non_null(fp);
	assert_int_equal(fputs(text, fp) < 0, 0);
	assert_int_equal(fclose(fp), 0);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

static int make_folder(void **state)
{
	strcpy(dir, "/tmp/dtrace-library-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_folder(void **state)
{
	return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct tk *handle(void)
{
	struct tk *k = tk_new();

	assert_int_equal(dtrace_setopt(k->dtp, "libdir", dir), 0);
	return k;
}

static void compiles(struct tk *k, const char *text)
{
	if (!dtrace_program_strcompile(k->dtp, text, DTRACE_PROBESPEC_NAME, 0, 0, NULL))
		fail_msg("%s\n%s", text, dtrace_errmsg(k->dtp, dtrace_errno(k->dtp)));
}

static void fails(struct tk *k, const char *text, const char *says)
{
	assert_null(dtrace_program_strcompile(k->dtp, text, DTRACE_PROBESPEC_NAME, 0, 0, NULL));
	if (!strstr(dtrace_errmsg(k->dtp, dtrace_errno(k->dtp)), says))
		fail_msg("%s\n%s\ndoes not say: %s", text, dtrace_errmsg(k->dtp, dtrace_errno(k->dtp)), says);
}

static void order(void **state)
{
	struct tk *k = handle();

	write_file("a.d", "#pragma D depends_on library z.d\ninline int A = Z + 1;\n");
	write_file("m.d", "#pragma  D  depends_on  library  a.d\n#pragma D depends_on library z.d\n"
			  "inline int M = A + Z;\n");
	write_file("z.d", "inline int Z = 5;\n");
	write_file("notes.txt", "no D at all");
	compiles(k, "BEGIN / M == 11 / { exit(0); }");
	compiles(k, "BEGIN { trace(Z); }");	/* read once */
	tk_free(k);
}

static void left_out(void **state)
{
	struct tk *k = handle();

	write_file("a.d", "#pragma D depends_on library nosuch.d\ninline int A = 1;\n");
	write_file("b.d", "#pragma D depends_on module nosuch_module\ninline int B = 1;\n");
	write_file("c.d", "#pragma D depends_on library b.d\ninline int C = 1;\n");
	write_file("d.d", "#pragma D depends_on module kernel\ninline int D = 1;\n");
	compiles(k, "BEGIN { trace(D); }");
	fails(k, "BEGIN { trace(A); }", "A is not a variable");
	fails(k, "BEGIN { trace(B); }", "B is not a variable");
	fails(k, "BEGIN { trace(C); }", "C is not a variable");
	tk_free(k);
}

static void errors(void **state)
{
	struct tk *k = handle();

	write_file("bad.d", "\ninline int X = nosuch;\n");
	fails(k, "BEGIN { trace(1); }", "bad.d: line 2: ");
	tk_free(k);
	write_file("bad.d", "BEGIN { trace(1); }\n");
	k = handle();
	fails(k, "BEGIN { trace(1); }", "bad.d: a library cannot have clauses");
	tk_free(k);
	write_file("bad.d", "#pragma D depends_on library worse.d\n");
	write_file("worse.d", "#pragma D depends_on library bad.d\n");
	k = handle();
	fails(k, "BEGIN { trace(1); }", "depend on each other");
	tk_free(k);
	k = handle();
	assert_int_equal(dtrace_setopt(k->dtp, "libdir", "/nosuch/folder"), 0);
	remove_folder(NULL);
	assert_int_equal(mkdir(dir, 0700), 0);
	fails(k, "BEGIN { trace(1); }", "/nosuch/folder");
	tk_free(k);
	/* none at all are read */
	k = handle();
	write_file("bad.d", "nonsense");
	assert_int_equal(dtrace_setopt(k->dtp, "nolibs", NULL), 0);
	compiles(k, "BEGIN { trace(1); }");
	fails(k, "BEGIN { trace(SIGKILL); }", "SIGKILL is not a variable");
	tk_free(k);
}

static void versions(void **state)
{
	struct tk *k = handle();

	write_file("v.d", "inline int V = 1;\n");
	write_file("w.d", "inline int W = 1;\n");
	write_file("linux-2.6/v.d", "inline int V = 26;\n");
	write_file("linux-3.10/v.d", "inline int V = 310;\n");
	write_file("linux-999.1/v.d", "inline int V = 9991;\n");
	write_file("linux-x/v.d", "nonsense");
	compiles(k, "BEGIN / 1 / { trace(V); }");
	compiles(k, "BEGIN { trace(1 / (V == 310)); trace(W); }");
	tk_free(k);
}

/* A program's own come first, but not for what the library's are made of. */
static void own_names(void **state)
{
	struct tk *k = handle();

	write_file("l.d", "inline int BASE = 5;\ninline int SUM[int x] = BASE + x + pid * 0;\n"
			  "struct o { int a; }; translator struct o < int x > { a = BASE + pid * 0; };\n");
	compiles(k, "inline int BASE = 100; inline int SIGKILL = 3; "
		    "BEGIN { trace(1 / (BASE + SIGKILL == 103)); trace(SUM[1]); }");
	fails(k, "translator struct o < int x > { a = 7; }; BEGIN { trace(xlate <struct o>(1).a); }", "translator");
	tk_free(k);
}

static void pragmas(void **state)
{
	struct tk *k = handle();
	dtrace_proginfo_t info;
	dtrace_prog_t *prog;

	write_file("l.d", "inline long L = (long)curthread;\n#pragma D attributes Evolving/Stable/Common L\n"
			  "#pragma D binding \"1.5\" L\n");
	prog = dtrace_program_strcompile(k->dtp, "BEGIN { trace(L); }", DTRACE_PROBESPEC_NAME, 0, 0, NULL);
	assert_non_null(prog);
	dtrace_program_info(k->dtp, prog, &info);
	assert_int_equal(info.dpi_stmtattr.dtat_name, DTRACE_STABILITY_EVOLVING);
	assert_int_equal(info.dpi_stmtattr.dtat_data, DTRACE_STABILITY_STABLE);
	assert_int_equal(info.dpi_stmtattr.dtat_class, DTRACE_CLASS_COMMON);
	assert_int_equal(dtrace_setopt(k->dtp, "version", "1.4"), 0);
	fails(k, "BEGIN { trace(L); }", "L is not a variable");
	assert_int_equal(dtrace_setopt(k->dtp, "version", "1.5"), 0);
	compiles(k, "BEGIN { trace(L); }");
	tk_free(k);
}

/* Every member of every standard translator, if this machine has types of its kernel. */
static void standard(void **state)
{
	static const char *const cases[] = {
		"*curpsinfo", "*curlwpsinfo", "*curcpu", "fds[1]", "xlate <bufinfo_t>((struct bio *)arg0)",
		"xlate <devinfo_t>((struct bio *)arg0)", "xlate <pktinfo_t>((struct sk_buff *)arg0)",
		"xlate <csinfo_t>((struct sock *)arg0)", "xlate <ipinfo_t>((struct iphdr *)arg0)",
		"xlate <ipinfo_t>((struct ipv6hdr *)arg0)", "xlate <ifinfo_t>((struct net_device *)arg0)",
		"xlate <ipv4info_t>((struct iphdr *)arg0)", "xlate <ipv6info_t>((struct ipv6hdr *)arg0)",
		"xlate <tcpinfo_t>((struct tcphdr *)arg0)", "xlate <udpinfo_t>((struct udphdr *)arg0)",
		"xlate <tcpsinfo_t>((struct sock *)arg0)",
	};
	struct tk *k = tk_new();
	char text[256];

	compiles(k, "BEGIN / SIGKILL == 9 && ENOENT == 2 && O_CREAT == 0100 && IPPROTO_TCP == 6 / "
		    "{ trace(tcp_state_string[arg0]); }");
	if (access("/sys/kernel/btf/vmlinux", R_OK)) {
		fails(k, "BEGIN { trace(curpsinfo->pr_pid); }", "struct task_struct");
		tk_free(k);
		skip();
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "BEGIN { trace(%s); }", cases[i]);
		compiles(k, text);
	}
	tk_free(k);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		TEST(order), TEST(left_out), TEST(errors), TEST(versions), TEST(own_names), TEST(pragmas),
		TEST(standard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
