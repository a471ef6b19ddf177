// SPDX-License-Identifier: GPL-2.0-or-later
/* Probes that lack something: an argument in a vector register, one by a name that the file does not have, a place. */
#include <stdint.h>

#define PROBE(insn, name, args, ...) __asm__ volatile ("990: " insn "\n" \
	".pushsection .note.stapsdt,\"\",@note\n.balign 4\n.4byte 992f-991f,994f-993f,3\n" \
	"991: .asciz \"stapsdt\"\n992: .balign 4\n993: .8byte 990b,0,0\n" \
	".asciz \"lacks\"\n.asciz \"" name "\"\n.asciz \"" args "\"\n994: .balign 4\n.popsection" :: __VA_ARGS__)

int main(int argc, char **argv)
{
	for (uint64_t i = 0; i < 10; i++) {
		double d = i;

		PROBE("nop", "odd", "8@%0 8f@%1 -4@nowhere(%%rip)", "r" (i), "x" (d));
		PROBE("nop", "half", "8@%0", "r" (i));
		if (argc > 1)
			PROBE("int3", "half", "8@%0", "r" (i));
	}
	return 0;
}
