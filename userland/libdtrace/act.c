/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the consumer does for each statement as its records are read: printing,
 * and the actions that are carried out here: on aggregations, options, the
 * output file, commands.
 *
 * freopen() puts another file under the output's descriptor, so that the caller's
 * FILE stays what it is; a duplicate of the first one waits for freopen("").
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dt_impl.h"

struct stmt {			/* records [i, i + n) of a firing */
	dtrace_hdl_t *dtp;
	FILE *fp;
	const dtrace_probedata_t *pd;
	const struct dt_stmt *st;
	uint32_t i, n;
};

static const dtrace_recdesc_t *rec_of(const struct stmt *s, uint32_t i)
{
	return &s->pd->dtpda_edesc->dtepd_rec[i];
}

static caddr_t rec_data(const struct stmt *s, const dtrace_recdesc_t *rec)
{
	return s->pd->dtpda_data + rec->dtrd_offset;
}

uint32_t dt_stmt_run(dtrace_hdl_t *dtp, const dtrace_eprobedesc_t *ed, uint32_t i)
{
	const struct dt_action *a = dt_cookie_action(dtp, ed->dtepd_rec[i].dtrd_uarg), *b;
	uint32_t n = 1;

	if (!a || !a->stmt)
		return 1;
	for (; i + n < ed->dtepd_nrecs; n++) {
		b = dt_cookie_action(dtp, ed->dtepd_rec[i + n].dtrd_uarg);
		if (!b || b->stmt != a->stmt)
			break;
	}
	return n;
}

/* ---- Formatted text ---------------------------------------------------------------- */

static int format(struct stmt *s, FILE *fp)
{
	struct dt_arg args[s->n];
	uint32_t k = 0;

	for (uint32_t j = s->i; j < s->i + s->n; j++) {
		const dtrace_recdesc_t *rec = rec_of(s, j);
		const struct dt_action *a = dt_cookie_action(s->dtp, rec->dtrd_uarg);

		if (!rec->dtrd_size)
			continue;
		args[k++] = (struct dt_arg){ .rec = rec, .type = a->type, .data = rec_data(s, rec) };
	}
	return s->st->fmt ? dt_format_print(s->dtp, fp, s->st->fmt, args, k, NULL, 0) : 0;
}

/* As a string of its own, malloc'ed; NULL: error set. */
static char *format_string(struct stmt *s)
{
	char *text = NULL;
	size_t n;
	FILE *fp = open_memstream(&text, &n);
	int rc = fp ? format(s, fp) : dt_set_errno(s->dtp, ENOMEM);

	if (fp && fclose(fp) && !rc)
		rc = dt_set_errno(s->dtp, ENOMEM);
	if (!rc)
		return text;
	free(text);
	return NULL;
}

/* ---- freopen(), ftruncate() --------------------------------------------------------- */

/* Put descriptor @fd under the stream, whose old file is kept for freopen(""). */
static int redirect(dtrace_hdl_t *dtp, FILE *fp, int fd)
{
	if (!dtp->first_output) {
		int dup = fcntl(fileno(fp), F_DUPFD_CLOEXEC, 3);

		if (dup < 0)
			return -1;
		dtp->first_output = dup + 1;
	}
	return dup2(fd, fileno(fp)) < 0 ? -1 : 0;
}

static int do_freopen(struct stmt *s)
{
	dtrace_hdl_t *dtp = s->dtp;
	char *path;
	int fd, rc = 0;

	if (!s->fp)
		return dt_handle_liberr(dtp, s->pd, "freopen() needs an output file, and the output goes to a program");
	path = format_string(s);
	if (!path)
		return -1;
	if (fflush(s->fp)) {
		free(path);
		return dt_set_error(dtp, EDT_IO, "the output cannot be written: %s", strerror(errno));
	}
	if (!*path) {
		fd = dtp->first_output - 1;
		if (fd < 0)
			rc = dt_handle_liberr(dtp, s->pd, "freopen(\"\") goes back to the first output, "
					      "and the output was not changed");
		else if (dup2(fd, fileno(s->fp)) < 0)
			rc = dt_set_errno(dtp, errno);
		free(path);
		return rc;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0 || redirect(dtp, s->fp, fd))
		rc = dt_handle_liberr(dtp, s->pd, "freopen(): cannot open %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(path);
	return rc;
}

static int do_ftruncate(struct stmt *s)
{
	if (!s->fp)
		return 0;
	if (fflush(s->fp))
		return dt_set_error(s->dtp, EDT_IO, "the output cannot be written: %s", strerror(errno));
	/* A terminal or a pipe has nothing to cut. */
	if (!ftruncate(fileno(s->fp), 0))
		rewind(s->fp);
	return 0;
}

/* ---- system() -------------------------------------------------------------------------- */

/* Start a shell; its output goes where ours does, or into a pipe. */
static int spawn_shell(const char *command, int out, pid_t *pid)
{
	char *argv[] = { "sh", "-c", (char *)command, NULL };
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t all;
	int rc;

	posix_spawn_file_actions_init(&fa);
	posix_spawnattr_init(&attr);
	sigfillset(&all);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	if (out != STDOUT_FILENO)
		posix_spawn_file_actions_adddup2(&fa, out, STDOUT_FILENO);
	rc = posix_spawn(pid, "/bin/sh", &fa, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&fa);
	return rc;
}

/* What the command prints becomes our output; -1: error set. */
static int take_output(dtrace_hdl_t *dtp, int fd)
{
	char buf[4096];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n < 0 && errno == EINTR)
		return 1;
	if (n <= 0)
		return 0;
	if (dt_oformat_on(dtp))
		return dt_oformat_output(dtp, buf, (size_t)n) ? -1 : 1;
	return dt_write(dtp, NULL, buf, (size_t)n) ? -1 : 1;
}

/* The kernel gives up consumers that it does not hear from: it hears from us while a command takes its time. */
static int await_command(dtrace_hdl_t *dtp, pid_t pid, int pipe)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), rc = 1, status;
	struct pollfd fds[] = { { .fd = pidfd, .events = POLLIN }, { .fd = pipe, .events = POLLIN } };
	struct dtrace_ioc_status st;

	while (pidfd >= 0 && !(fds[0].revents & POLLIN) && rc >= 0) {
		if (poll(fds, 2, 1000) < 0)
			fds[0].revents = fds[1].revents = 0;
		if (fds[1].revents)
			rc = take_output(dtp, pipe);
		if (!rc)
			fds[1].fd = -1;
		if (dtp->active && !dtp->stopped)
			dt_ioctl(dtp, DTRACEIOC_STATUS, &st);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	/* What it left in the pipe; a child of its own may hold the other end, and is not waited for. */
	while (rc > 0 && pipe >= 0 && poll(fds + 1, 1, 0) > 0 && fds[1].revents & POLLIN)
		rc = take_output(dtp, pipe);
	if (pidfd >= 0)
		close(pidfd);
	return rc < 0 ? -1 : 0;
}

static int do_system(struct stmt *s)
{
	dtrace_hdl_t *dtp = s->dtp;
	char *command = format_string(s);
	bool piped = !s->fp || dt_oformat_on(dtp);
	int fds[2] = { -1, -1 }, rc;
	pid_t pid;

	if (!command)
		return -1;
	if (s->fp && fflush(s->fp)) {
		free(command);
		return dt_set_error(dtp, EDT_IO, "the output cannot be written: %s", strerror(errno));
	}
	if (piped && pipe2(fds, O_CLOEXEC)) {
		free(command);
		return dt_set_errno(dtp, errno);
	}
	rc = spawn_shell(command, piped ? fds[1] : fileno(s->fp), &pid);
	if (fds[1] >= 0)
		close(fds[1]);
	rc = rc ? dt_handle_liberr(dtp, s->pd, "system(): cannot run a shell: %s", strerror(rc)) :
		  await_command(dtp, pid, fds[0]);
	if (!rc)
		rc = dt_oformat_output_end(dtp);
	if (fds[0] >= 0)
		close(fds[0]);
	free(command);
	return rc;
}

/* ---- setopt() ----------------------------------------------------------------------------- */

static int do_setopt(struct stmt *s)
{
	dtrace_setoptdata_t data = { .dtsda_handle = s->dtp, .dtsda_probe = s->pd };
	char arg[2][256] = { "", "" };
	uint32_t k = 0;

	for (uint32_t j = s->i; j < s->i + s->n; j++) {
		const dtrace_recdesc_t *rec = rec_of(s, j);

		if (rec->dtrd_size && k < 2)
			snprintf(arg[k++], sizeof(arg[0]), "%.*s", (int)rec->dtrd_size, rec_data(s, rec));
	}
	data.dtsda_option = arg[0];
	if (dtrace_getopt(s->dtp, arg[0], &data.dtsda_oldval) ||
	    dtrace_setopt(s->dtp, arg[0], k > 1 ? arg[1] : NULL) ||
	    dtrace_getopt(s->dtp, arg[0], &data.dtsda_newval))
		return dt_handle_liberr(s->dtp, s->pd, "setopt(): %s", dtrace_errmsg(s->dtp, dtrace_errno(s->dtp)));
	if (s->dtp->setoptfunc && s->dtp->setoptfunc(&data, s->dtp->setoptarg) == DTRACE_HANDLE_ABORT)
		return dt_set_errno(s->dtp, EDT_OPTABORT);
	return 0;
}

/* ---- On aggregations, and dispatch ------------------------------------------------------------ */

/* The number that an action on an aggregation carries, if it has one. */
static bool libact_value(struct stmt *s, int64_t *val)
{
	for (uint32_t j = s->i; j < s->i + s->n; j++) {
		const dtrace_recdesc_t *rec = rec_of(s, j);
		const struct dt_action *a = dt_cookie_action(s->dtp, rec->dtrd_uarg);
		const struct dt_type *t = a->type ? dt_type_resolve(a->type) : NULL;

		if (rec->dtrd_size != 1 && rec->dtrd_size != 2 && rec->dtrd_size != 4 && rec->dtrd_size != 8)
			continue;
		*val = dt_load_int(rec_data(s, rec), rec->dtrd_size, !t || t->is_signed || rec->dtrd_size == 8);
		return true;
	}
	return false;
}

static int do_aggact(struct stmt *s, uint64_t act)
{
	int64_t val = 0;
	bool has = libact_value(s, &val);
	dtrace_aggvarid_t var;

	if (!s->st->naggs)
		return dt_set_errno(s->dtp, EDT_BADRECORD);
	var = s->st->aggs[0]->id;
	switch (act) {
	case DT_ACT_CLEAR:
		return dt_aggact_clear(s->dtp, var);
	case DT_ACT_TRUNC:
		return dt_aggact_trunc(s->dtp, var, has, val);
	case DT_ACT_NORMALIZE:
		return dt_aggact_normalize(s->dtp, var, (uint64_t)val);
	case DT_ACT_DENORMALIZE:
		return dt_aggact_normalize(s->dtp, var, 1);
	default:
		return dt_set_errno(s->dtp, EDT_BADRECORD);
	}
}

static int do_libact(struct stmt *s)
{
	uint64_t act = rec_of(s, s->i)->dtrd_arg;

	switch (act) {
	case DT_ACT_SETOPT:
		return do_setopt(s);
	case DT_ACT_FTRUNCATE:
		return do_ftruncate(s);
	default:
		return do_aggact(s, act);
	}
}

/* Does the kernel alone act on it? Its record, if it has one, says nothing to a reader. */
bool dt_stmt_is_silent(uint16_t action)
{
	uint16_t class = DTRACEACT_CLASS(action);

	return action == DTRACEACT_EXIT || action == DTRACEACT_DEFAULT || class == DTRACEACT_SPECULATIVE ||
	       class == DTRACEACT_KERNEL_DESTRUCTIVE || action == DTRACEACT_STOP || action == DTRACEACT_RAISE;
}

int dt_stmt_consume(dtrace_hdl_t *dtp, FILE *fp, const dtrace_probedata_t *pd, uint32_t i, uint32_t n)
{
	const dtrace_recdesc_t *rec = &pd->dtpda_edesc->dtepd_rec[i];
	const struct dt_action *a = dt_cookie_action(dtp, rec->dtrd_uarg);
	struct stmt s = { .dtp = dtp, .fp = fp, .pd = pd, .st = a ? a->stmt : NULL, .i = i, .n = n };

	switch (s.st ? s.st->kind : DTRACEACT_NONE) {
	case DTRACEACT_PRINTF:
		if (dt_oformat_on(dtp))
			return dt_oformat_printf(dtp, pd, i, n, format_string(&s));
		return format(&s, fp);
	case DTRACEACT_PRINTA:
		return dt_aggact_printa(dtp, fp, s.st);
	case DTRACEACT_LIBACT:
		return do_libact(&s);
	case DTRACEACT_SYSTEM:
		return do_system(&s);
	case DTRACEACT_FREOPEN:
		return do_freopen(&s);
	}
	if (dt_stmt_is_silent(rec->dtrd_action))
		return 0;
	return dt_print_stmt(dtp, fp, pd, i, n);
}
