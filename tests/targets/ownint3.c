// SPDX-License-Identifier: GPL-2.0-or-later
/* Executes its own int3 1000 times, in a probed function, and counts the SIGTRAPs it gets. */
#include "truth.h"
#include <signal.h>

TRUTH(trap_here);
static volatile long traps;

COUNTED void trap_here(void)
{
	ENTER(trap_here);
	__asm__ volatile("int3");
	LEAVE(trap_here);
}

static void on_trap(int sig)
{
	traps++;
}

int main(void)
{
	signal(SIGTRAP, on_trap);
	for (int i = 0; i < 1000; i++)
		trap_here();
	t_trap_here.addr = (void *)trap_here;
	struct truth *all[] = { &t_trap_here };
	truth_write(all, 1);
	printf("ownint3: %ld traps\n", traps);
	return traps != 1000;
}
