/* SPDX-License-Identifier: GPL-2.0-or-later */
char x[4294967296];

BEGIN
{
}
