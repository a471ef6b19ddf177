/* SPDX-License-Identifier: GPL-2.0-or-later */
/* args: 5 */
BEGIN { trace(1); }
