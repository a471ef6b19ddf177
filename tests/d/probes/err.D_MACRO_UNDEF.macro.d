/* SPDX-License-Identifier: GPL-2.0-or-later */
pid$nosuch:::entry { trace(1); }
