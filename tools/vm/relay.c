// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * relay - run a command in the guest and carry its output to the host.
 *
 * Usage: relay ROOT CWD OUT ERR -- COMMAND...
 *
 * The command runs in ROOT with two pipes for its output, whose bytes are
 * copied to the virtio ports OUT and ERR.  It does not get the ports themselves
 * because a port opens only once, so that /dev/stdout would not work; and the
 * pipes are drained here, rather than by cat, because a process that the
 * command leaves behind may keep their other end open for ever.
 *
 * If OUT is a terminal (an interactive run), the command gets it as its
 * controlling terminal instead, and nothing is copied.
 *
 * Exit: the command's status, 128 + N if signal N ended it, 127 if it could not
 * be started, 125 if the guest could not be prepared.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct stream {
	int pipe[2];
	int port;
};

static void fail(const char *what)
{
	fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
	exit(125);
}

static void write_all(int fd, const char *data, ssize_t size)
{
	while (size > 0) {
		ssize_t done = write(fd, data, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			fail("write to the host");
		data += done;
		size -= done;
	}
}

/* Copy what is there; false at the end of the stream. */
static bool copy(struct stream *s)
{
	char buffer[65536];
	ssize_t size = read(s->pipe[0], buffer, sizeof(buffer));

	if (size < 0)
		return errno == EAGAIN || errno == EINTR;
	write_all(s->port, buffer, size);
	return size > 0;
}

static void on_child(int sig)
{
	(void)sig;
}

/* Copy until the command has ended, then whatever its pipes still hold. */
static int relay(struct stream *s, pid_t child, const sigset_t *unblocked)
{
	struct pollfd fds[2] = {
		{ .fd = s[0].pipe[0], .events = POLLIN },
		{ .fd = s[1].pipe[0], .events = POLLIN },
	};
	const struct timespec now = { 0 };
	int status = 0;
	bool ended = false;

	for (;;) {
		int ready;

		if (!ended && waitpid(child, &status, WNOHANG) == child)
			ended = true;
		/* SIGCHLD is let in only here, so that none is missed. */
		ready = ppoll(fds, 2, ended ? &now : NULL, unblocked);
		if (ready < 0 && errno != EINTR)
			fail("poll");
		if (ready == 0 && ended)
			return status;
		for (int i = 0; ready > 0 && i < 2; i++) {
			if (fds[i].revents && !copy(&s[i]))
				fds[i].fd = -1;
		}
	}
}

static void start(const char *root, const char *cwd, char **command)
{
	if (chroot(root) || chdir(cwd)) {
		perror(cwd);
		_exit(125);
	}
	execvp(command[0], command);
	fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
	_exit(127);
}

static int interactive(int port, const char *root, const char *cwd, char **command)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		fail("fork");
	if (child == 0) {
		setsid();
		if (ioctl(port, TIOCSCTTY, 0))
			perror("controlling terminal");
		for (int fd = 0; fd < 3; fd++)
			dup2(port, fd);
		start(root, cwd, command);
	}
	while (waitpid(child, &status, 0) < 0)
		;
	return status;
}

static int piped(struct stream *s, const char *root, const char *cwd, char **command)
{
	struct sigaction action = { .sa_handler = on_child };
	sigset_t blocked, unblocked;
	pid_t child;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigprocmask(SIG_BLOCK, &blocked, &unblocked);
	sigaction(SIGCHLD, &action, NULL);

	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		sigprocmask(SIG_SETMASK, &unblocked, NULL);
		signal(SIGCHLD, SIG_DFL);
		setsid();
		dup2(s[0].pipe[1], 1);
		dup2(s[1].pipe[1], 2);
		start(root, cwd, command);
	}
	close(s[0].pipe[1]);
	close(s[1].pipe[1]);
	return relay(s, child, &unblocked);
}

int main(int argc, char **argv)
{
	struct stream s[2];
	int status;

	if (argc < 7 || strcmp(argv[5], "--")) {
		fprintf(stderr, "usage: relay ROOT CWD OUT ERR -- COMMAND...\n");
		return 2;
	}
	for (int i = 0; i < 2; i++) {
		s[i].port = open(argv[3 + i], O_RDWR | O_CLOEXEC | O_NOCTTY);
		if (s[i].port < 0 || pipe2(s[i].pipe, O_CLOEXEC))
			fail(argv[3 + i]);
		fcntl(s[i].pipe[0], F_SETFL, O_NONBLOCK);
		if (isatty(s[i].port)) {
			status = interactive(s[i].port, argv[1], argv[2], argv + 6);
			return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		}
	}
	status = piped(s, argv[1], argv[2], argv + 6);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
