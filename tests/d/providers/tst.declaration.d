/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A provider of the program's own, as -h and -G take them; nothing matches it. */
struct info { int n; };

provider mine {
	probe start(int, string);
	probe done(int count) : (int count);
	probe none();
};

#pragma D attributes Evolving/Evolving/Common provider mine provider
#pragma D attributes Private/Private/Unknown provider mine module

BEGIN
{
	exit(0);
}
