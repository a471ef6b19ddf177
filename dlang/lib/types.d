/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of types that the other libraries use, beside those that D has anyway. */
typedef int chipid_t;
typedef int lgrp_id_t;
typedef int netstackid_t;
typedef struct in6_addr in6_addr_t;
