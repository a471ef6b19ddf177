// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * forker N: the parent calls work() 10 times around each of N forks; each child
 * calls work() 1000 times and tells through its exit status that it lived. Then N vforks
 * that call work() once in the child (which shares the parent's memory) and exec
 * /bin/true. Prints how often work() ran in this address space.
 */
#include "truth.h"
#include <sys/wait.h>
#include <unistd.h>

TRUTH(work);
static volatile long sink;

COUNTED long work(long x)
{
	ENTER(work);
	sink = x;
	LEAVE(work);
	return x + 1;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 20, status;
	volatile int bad = 0;

	for (int i = 0; i < n; i++) {
		pid_t pid;

		for (int j = 0; j < 10; j++)
			work(j);
		pid = fork();
		if (!pid) {
			for (int j = 0; j < 1000; j++)
				work(j);
			_exit(42);
		}
		waitpid(pid, &status, 0);
		bad += !WIFEXITED(status) || WEXITSTATUS(status) != 42;
	}
	for (int i = 0; i < n; i++) {
		pid_t pid = vfork();

		if (!pid) {
			work(i);
			execl("/bin/true", "true", (char *)NULL);
			_exit(1);
		}
		waitpid(pid, &status, 0);
		bad += !WIFEXITED(status) || WEXITSTATUS(status);
	}
	t_work.addr = (void *)work;
	struct truth *all[] = { &t_work };
	truth_write(all, 1);
	printf("forker: %d children died\n", bad);
	return bad != 0;
}
