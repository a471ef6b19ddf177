/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN { ; }
BEGIN { ;;; }
BEGIN { x = 1 }
BEGIN { x = 1; y = 2 }
BEGIN { x = 1;; y = 2;; }
BEGIN { (x); ((x = 3)); x, y++; }
BEGIN { printf("%d %d\n", x, y); exit(0) }
