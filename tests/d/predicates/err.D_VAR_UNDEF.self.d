/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN /self->nothing/ { trace(1); }
