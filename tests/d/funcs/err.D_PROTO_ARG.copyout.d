/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtrace: -w */
BEGIN { copyout(5, 5, 5); }
