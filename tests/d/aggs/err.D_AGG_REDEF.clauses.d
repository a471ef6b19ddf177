/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { @a["x"] = min(1); } END { @a["x"] = max(2); }
