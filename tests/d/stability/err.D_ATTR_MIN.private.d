/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtrace: -x amin=Stable/Stable/Common */
BEGIN { trace(curthread); }
