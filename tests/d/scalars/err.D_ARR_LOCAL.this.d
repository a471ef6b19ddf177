/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { this->x[1] = 5; trace(this->x[1]); }
