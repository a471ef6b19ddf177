# SPDX-License-Identifier: GPL-2.0-or-later
# Types and symbols of the running kernel and of a program, against what the
# kernel says of itself elsewhere and what the program prints.

# The current task is the process that fires.
traced task -qn 'BEGIN {
	printf("%d %d\n", curthread->pid == tid, curthread->tgid == pid);
	printf("%d\n", stringof(curthread->comm) == execname);
	printf("%d\n", curthread->real_parent->tgid == ppid);
	printf("%d\n", ((struct task_struct *)curthread)->mm->mm_users.counter > 0);
	printf("%d %d\n", curthread->group_leader == curthread->group_leader->group_leader,
	    curthread->group_leader->pid == pid);
	printf("%s %s\n", stringof(curthread->fs->root.mnt->mnt_sb->s_type->name), curthread->nsproxy->uts_ns->name.release);
	exit(0); }' || fail "$(cat task.err)"
quiet task
same task "$(head -n 5 task.out | tr '\n' ' ')" "1 1 1 1 1 1 1 "
same filesystem "$(tail -n +6 task.out)" "$(awk '$2 == "/" { t = $3 } END { print t }' /proc/mounts) $(uname -r)"

# Variables.
traced vars -qn 'BEGIN { printf("%s", stringof(`linux_banner)); j0 = vmlinux`jiffies;
		printf("%d\n", `init_task.pid); printf("%d\n", *(int *)&`nr_threads > 1);
		printf("%d\n", (uint32_t)`jiffies_64 - (uint32_t)`jiffies < 2); }
	tick-200ms { printf("moved %d\n", `jiffies - j0 > 0); exit(0); }' || fail "$(cat vars.err)"
quiet vars
same banner "$(head -n 1 vars.out)" "$(cat /proc/version)"
same variables "$(tail -n +2 vars.out | grep . | tr '\n' ' ')" "0 1 1 moved 1 "

# Functions: the symbol's value and its address are what /proc/kallsyms says.
traced func -qn 'BEGIN { printf("%x %x\n", (uintptr_t)`vfs_read, (uintptr_t)&vmlinux`vfs_read); exit(0); }' || fail "$(cat func.err)"
addr=$(awk '$3 == "vfs_read" { sub(/^0*/, "", $1); print $1; exit }' /proc/kallsyms)
same function "$(cat func.out)" "$addr $addr"

# Per-CPU: this CPU's run queue knows its number.
traced rq -qn 'BEGIN { printf("%d\n", `runqueues.cpu == cpu); exit(0); }' || fail "$(cat rq.err)"
same percpu "$(cat rq.out)" 1

# A module's own types and symbols: this one's.
traced mod -qn 'BEGIN { printf("%d\n", (uintptr_t)&dtrace`dtk_fire != 0); exit(0); }' || fail "$(cat mod.err)"
same module "$(cat mod.out)" 1

# What a program's structures hold, by names that its debug information gives.
traced user -o user.d -qn 'pid$target:a.out:take:entry {
	this->t = (struct pid$target`typed`thing *)arg0;
	printf("%d %d %d %d ", this->t->low, this->t->mid, this->t->high, this->t->neg);
	printf("%d %d %d ", args[0]->id, this->t->number, this->t->half);
	printf("%d %s ", this->t->parts[1].weight, stringof(this->t->parts[1].label));
	printf("%d %s ", this->t->next->id, stringof(this->t->next->name));
	printf("%s %d ", stringof(((pid$target`typed`thing_t *)arg0)->name), this->t->colour);
	printf("%d\n", pid$target`typed`total); }
	pid$target:a.out:take:entry { printf("args %d %s %d %d\n", args[1], stringof(args[2]), args[3],
		sizeof(pid$target`typed`struct thing));
	printf("offsets %d %d\n", offsetof(struct pid$target`typed`thing, parts),
		offsetof(pid$target`typed`thing_t, ratio)); }
	pid$target:a.out:take:return { printf("ret %d\n", args[1]); }' -c "$T/typed" || fail "$(cat user.err)"
quiet user
same user "$(cat user.d)" "$(cat user.out)"

# Addresses of the kernel's variables have names, as those of functions have.
traced sym -qn 'BEGIN { sym((uintptr_t)&`init_task); printf(" %a ", (uintptr_t)&`init_task + 8);
	func((uintptr_t)&`schedule); exit(0); }' || fail "$(cat sym.err)"
quiet sym
same sym "$(cat sym.out)" 'vmlinux`init_task vmlinux`init_task+0x8 vmlinux`schedule'
