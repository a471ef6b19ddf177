/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { switch (1) { case 1: trace(1); } }
