/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma D option destructive
BEGIN
{
	speculate(1);
	breakpoint();
}
