/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Processes and threads as the family's /proc shows them: psinfo_t, lwpsinfo_t,
 * and the current ones, curpsinfo and curlwpsinfo.
 *
 * What Linux has no like of (projects, tasks, pools) is not given a value: naming it is an
 * error, a record has 0 there. Of what lies in a process's own memory (the vectors of arguments
 * and environment, and how many arguments there are) only the current process is known.
 */
#pragma D depends_on library types.d
#pragma D depends_on library kernel.d

/* States of threads, pr_state, as letters pr_sname. */
inline char SSLEEP = 1;		/* S: asleep, interruptibly or not */
inline char SRUN = 2;		/* R: waits for a CPU */
inline char SZOMB = 3;		/* Z: has ended */
inline char SSTOP = 4;		/* T: stopped or traced */
inline char SIDL = 5;		/* I: being made */
inline char SONPROC = 6;	/* O: on a CPU */
inline char SWAIT = 7;		/* W: not of Linux */
#pragma D binding "1.0" SSLEEP
#pragma D binding "1.0" SRUN
#pragma D binding "1.0" SZOMB
#pragma D binding "1.0" SSTOP
#pragma D binding "1.0" SIDL
#pragma D binding "1.0" SONPROC
#pragma D binding "1.0" SWAIT

/* Flags of threads and processes, pr_flag. */
inline int PR_STOPPED = 0x00000001;
inline int PR_ISTOP = 0x00000002;
inline int PR_DSTOP = 0x00000004;
inline int PR_STEP = 0x00000008;
inline int PR_ASLEEP = 0x00000010;
inline int PR_PCINVAL = 0x00000020;
inline int PR_ASLWP = 0x00000040;
inline int PR_AGENT = 0x00000080;
inline int PR_DETACH = 0x00000100;
inline int PR_DAEMON = 0x00000200;
inline int PR_IDLE = 0x00000400;
inline int PR_ISSYS = 0x00001000;
inline int PR_VFORKP = 0x00002000;
inline int PR_ORPHAN = 0x00004000;
inline int PR_NOSIGCHLD = 0x00008000;
inline int PR_WAITPID = 0x00010000;
inline int PR_FORK = 0x00100000;
inline int PR_RLC = 0x00200000;
inline int PR_KLC = 0x00400000;
inline int PR_ASYNC = 0x00800000;
inline int PR_MSACCT = 0x01000000;
inline int PR_BPTADJ = 0x02000000;
inline int PR_PTRACE = 0x04000000;
inline int PR_MSFORK = 0x08000000;

inline char PR_MODEL_UNKNOWN = 0;
inline char PR_MODEL_ILP32 = 1;
inline char PR_MODEL_LP64 = 2;

/* Why a SIGCHLD came. */
inline int CLD_EXITED = 1;
inline int CLD_KILLED = 2;
inline int CLD_DUMPED = 3;
inline int CLD_TRAPPED = 4;
inline int CLD_STOPPED = 5;
inline int CLD_CONTINUED = 6;

inline dev_t PRNODEV = -1;	/* pr_ttydev of a process without a terminal */
inline processorid_t PBIND_NONE = -1;
inline psetid_t PS_NONE = -1;
#pragma D binding "1.0" PRNODEV
#pragma D binding "1.0" PBIND_NONE
#pragma D binding "1.0" PS_NONE

typedef struct lwpsinfo {
	int pr_flag;		/* PR_* */
	id_t pr_lwpid;		/* the thread's number */
	uintptr_t pr_addr;	/* its struct task_struct */
	uintptr_t pr_wchan;	/* not of Linux: a thread that sleeps does not say on what */
	char pr_stype;		/* not of Linux */
	char pr_state;		/* SRUN ... */
	char pr_sname;		/* a letter for it */
	char pr_nice;		/* -20 .. 19 */
	short pr_syscall;	/* number of the system call it is in; -1: none, or not the current thread */
	char pr_oldpri;		/* as pr_pri: there, too, less is more urgent */
	char pr_cpu;		/* 0 .. 127: share of the time that it ran recently */
	int pr_pri;		/* the kernel's priority: 0 .. 139, less is more urgent */
	ushort_t pr_pctcpu;	/* 0 .. 0x8000: the same share, finer */
	char pr_clname[8];	/* TS, FF, RR, BATCH, IDLE, DL */
	char pr_name[16];
	processorid_t pr_onpro;	/* the CPU it is or was on */
	processorid_t pr_bindpro;	/* the one CPU it may run on, or PBIND_NONE */
	psetid_t pr_bindpset;	/* PS_NONE: there are no sets to bind to */
	int pr_lgrp;		/* not of Linux; the variable lgrp is that of the CPU */
} lwpsinfo_t;

inline char kernel_task_onproc[struct task_struct *T] = T->on_cpu != 0;
/* __TASK_STOPPED | __TASK_TRACED; EXIT_DEAD | EXIT_ZOMBIE; TASK_NEW */
inline char kernel_task_prstate[struct task_struct *T] =
	T->exit_state & 0x30 ? SZOMB :
	kernel_task_state[T] & 0x0c ? SSTOP :
	kernel_task_state[T] & 0x03 ? SSLEEP :
	kernel_task_state[T] & 0x800 ? SIDL :
	T == curthread || kernel_task_onproc[T] ? SONPROC : SRUN;

#pragma D binding "1.0" translator
translator lwpsinfo_t < struct task_struct *T > {
	pr_flag = (kernel_task_state[T] & 0x0c ? PR_STOPPED : 0) | (kernel_task_state[T] & 0x03 ? PR_ASLEEP : 0) |
		(T->ptrace ? PR_PTRACE : 0) | (T->flags & 0x200000 ? PR_ISSYS : 0);
	pr_lwpid = T->pid;
	pr_addr = (uintptr_t)T;
	pr_state = kernel_task_prstate[T];
	pr_sname = kernel_task_prstate[T] == SSLEEP ? 'S' : kernel_task_prstate[T] == SRUN ? 'R' :
		kernel_task_prstate[T] == SZOMB ? 'Z' : kernel_task_prstate[T] == SSTOP ? 'T' :
		kernel_task_prstate[T] == SIDL ? 'I' : 'O';
	pr_nice = T->static_prio - 120;
	pr_syscall = T == curthread && T->mm != NULL && !(T->flags & 0x200000) && (long)uregs[R_ERR] >= 0 ?
		(short)uregs[R_ERR] : -1;
	pr_oldpri = T->prio;
	pr_cpu = T->se.avg.util_avg >= 1024 ? 127 : (char)(T->se.avg.util_avg >> 3);
	pr_pri = T->prio;
	pr_pctcpu = T->se.avg.util_avg >= 1024 ? 0x8000 : (ushort_t)(T->se.avg.util_avg << 5);
	pr_clname = T->policy == 1 ? "FF" : T->policy == 2 ? "RR" : T->policy == 3 ? "BATCH" :
		T->policy == 5 ? "IDLE" : T->policy == 6 ? "DL" : "TS";
	pr_name = T->comm;
	pr_onpro = kernel_task_cpu[T];
	pr_bindpro = T->nr_cpus_allowed == 1 ? kernel_task_cpu[T] : PBIND_NONE;
	pr_bindpset = PS_NONE;
};

/* The stack of a new program begins with argc, in a word of the program's size, then argv[], NULL, envp[]. */
inline char kernel_task_ilp32[struct task_struct *T] = T->mm != NULL && T->mm->task_size < 0x100000000;
inline int kernel_task_word[struct task_struct *T] = kernel_task_ilp32[T] ? 4 : 8;
inline char kernel_task_mine[struct task_struct *T] = T->mm != NULL && T->mm == curthread->mm;
inline int kernel_task_argc[struct task_struct *T] = *(int *)copyin(T->mm->start_stack, 4);

typedef struct psinfo {
	int pr_flag;		/* PR_* */
	int pr_nlwp;		/* threads */
	pid_t pr_pid;
	pid_t pr_ppid;
	pid_t pr_pgid;		/* the leader of the process group */
	pid_t pr_sid;		/* the leader of the session */
	uid_t pr_uid;
	uid_t pr_euid;
	gid_t pr_gid;
	gid_t pr_egid;
	uintptr_t pr_addr;	/* the struct task_struct of the first thread */
	size_t pr_size;		/* of its address space, in KiB */
	size_t pr_rssize;	/* of that in memory, in KiB */
	dev_t pr_ttydev;	/* the terminal that controls it, or PRNODEV */
	string pr_fname;	/* of the program, as execname */
	string pr_psargs;	/* command and arguments; of other processes than the current one "[name]" */
	uint_t pr_arglen;	/* bytes of them, with the NULs between */
	int pr_wstat;		/* of a zombie: what wait() will say; else 0 */
	int pr_argc;		/* arguments that it was started with; of other processes than the current one -1 */
	uintptr_t pr_argv;	/* address of the vector of arguments in the process */
	uintptr_t pr_envp;	/* address of the vector of the environment; of other processes than the current one 0 */
	char pr_dmodel;		/* PR_MODEL_ILP32 or PR_MODEL_LP64 */
	taskid_t pr_taskid;	/* not of Linux */
	projid_t pr_projid;	/* not of Linux */
	id_t pr_poolid;		/* not of Linux */
	zoneid_t pr_zoneid;	/* 0: as zonename, "global" */
	lwpsinfo_t pr_lwp;	/* of the thread */
} psinfo_t;

#pragma D binding "1.0" translator
translator psinfo_t < struct task_struct *T > {
	pr_flag = (T->group_leader->ptrace ? PR_PTRACE : 0) | (T->flags & 0x200000 ? PR_ISSYS : 0);
	pr_nlwp = T->signal->nr_threads;
	pr_pid = T->tgid;
	pr_ppid = T->real_parent->tgid;
	pr_pgid = T->signal->pids[2]->numbers[0].nr;
	pr_sid = T->signal->pids[3]->numbers[0].nr;
	pr_uid = T->real_cred->uid.val;
	pr_euid = T->real_cred->euid.val;
	pr_gid = T->real_cred->gid.val;
	pr_egid = T->real_cred->egid.val;
	pr_addr = (uintptr_t)T->group_leader;
	pr_fname = T->group_leader->comm;
	pr_psargs = T->tgid == curthread->tgid && T->mm != NULL ? execargs :
		strjoin("[", strjoin(T->group_leader->comm, "]"));
	pr_arglen = T->mm == NULL ? 0 : (uint_t)(T->mm->arg_end - T->mm->arg_start);
	pr_size = T->mm == NULL ? 0 : T->mm->total_vm << 2;
	pr_rssize = T->mm == NULL ? 0 : kernel_mm_pages[T->mm] << 2;
	pr_ttydev = T->signal->tty == NULL ? PRNODEV :
		((dev_t)T->signal->tty->driver->major << 20) + T->signal->tty->driver->minor_start + T->signal->tty->index;
	pr_wstat = T->group_leader->exit_state == 0 ? 0 :
		T->signal->flags & 0x4 ? T->signal->group_exit_code : T->group_leader->exit_code;
	pr_argc = T->mm == NULL ? 0 : kernel_task_mine[T] ? kernel_task_argc[T] : -1;
	pr_argv = T->mm == NULL ? 0 : T->mm->start_stack + kernel_task_word[T];
	pr_envp = !kernel_task_mine[T] ? 0 :
		T->mm->start_stack + kernel_task_word[T] * (kernel_task_argc[T] + 2);
	pr_dmodel = kernel_task_ilp32[T] ? PR_MODEL_ILP32 : PR_MODEL_LP64;
	pr_zoneid = 0;
	pr_lwp = xlate <lwpsinfo_t>(T);
};

inline psinfo_t *curpsinfo = xlate <psinfo_t *>(curthread);
#pragma D attributes Stable/Stable/Common curpsinfo
#pragma D binding "1.0" curpsinfo

inline lwpsinfo_t *curlwpsinfo = xlate <lwpsinfo_t *>(curthread);
#pragma D attributes Stable/Stable/Common curlwpsinfo
#pragma D binding "1.0" curlwpsinfo
