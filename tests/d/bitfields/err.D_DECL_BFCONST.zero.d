/* SPDX-License-Identifier: GPL-2.0-or-later */
struct s { int i : 0; };

BEGIN
{
}
