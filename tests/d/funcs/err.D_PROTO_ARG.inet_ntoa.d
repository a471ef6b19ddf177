/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { trace(inet_ntoa(5)); }
