/* SPDX-License-Identifier: GPL-2.0-or-later */
a:b:c:d:e { trace(1); }
