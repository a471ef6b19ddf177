// SPDX-License-Identifier: GPL-2.0-or-later
/* A library one of whose notes about static probes makes no sense: that is no name of a provider. */
__attribute__((used)) static void place(void)
{
	__asm__ volatile ("990: nop\n"
		".pushsection .note.stapsdt,\"\",@note\n.balign 4\n.4byte 992f-991f,994f-993f,3\n"
		"991: .asciz \"stapsdt\"\n992: .balign 4\n993: .8byte 990b,0,0\n"
		".asciz \"no:name\"\n.asciz \"odd\"\n.asciz \"\"\n994: .balign 4\n.popsection");
}
