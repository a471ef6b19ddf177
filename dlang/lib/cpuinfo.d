/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CPUs: cpuinfo_t, and curcpu, the one that the probe fired on. */
#pragma D depends_on library types.d

inline int P_OFFLINE = 1;
inline int P_ONLINE = 2;

typedef struct processor_info {
	int pi_state;			/* P_* */
	char pi_processor_type[16];
	char pi_fputypes[32];
	int pi_clock;			/* MHz; not of Linux */
} processor_info_t;

typedef struct cpuinfo {
	processorid_t cpu_id;
	psetid_t cpu_pset;
	chipid_t cpu_chip;		/* package */
	lgrp_id_t cpu_lgrp;		/* NUMA node */
	processor_info_t cpu_info;
} cpuinfo_t;

/* The CPU that runs this is online. */
#pragma D binding "1.0" translator
translator processor_info_t < processorid_t C > {
	pi_state = P_ONLINE;
	pi_processor_type = "x86_64";
	pi_fputypes = "x86_64";
};

#pragma D binding "1.0" translator
translator cpuinfo_t < processorid_t C > {
	cpu_id = C;
	cpu_pset = pset;
	cpu_chip = chip;
	cpu_lgrp = lgrp;
	cpu_info = xlate <processor_info_t>(C);
};

inline cpuinfo_t *curcpu = xlate <cpuinfo_t *>(cpu);
#pragma D attributes Stable/Stable/Common curcpu
#pragma D binding "1.0" curcpu
