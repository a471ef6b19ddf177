# SPDX-License-Identifier: GPL-2.0-or-later
# mutex_owned() ... and rw_*() of locks that somebody holds: those that system calls hold while they work.
[ -r /sys/kernel/btf/vmlinux ] || skip "the kernel has no BTF"
command -v python3 >/dev/null || skip "there is no python3 for the programs to trace"
many=/dev/shm/locks-many
trap 'kill -KILL $PID 2>/dev/null; rm -rf $many' EXIT

# A file is locked for writing while it is written, by who writes it. The program only writes, and does nothing else.
cat >write.py <<'PY'
import os
fd = os.open("/dev/shm/locks-test", os.O_CREAT | os.O_RDWR)
os.unlink("/dev/shm/locks-test")
os.dup2(fd, 9)
data = b"x" * (16 << 20)
print("ready", flush=True)
while True:
    os.pwrite(9, data, 0)
PY
start write python3 write.py
traced w -qn 'profile-499 / pid == $1 / { this->s = &curthread->files->fdt->fd[9]->f_inode->i_rwsem;
		@[rw_read_held(this->s), rw_write_held(this->s), rw_iswriter(this->s)] = count(); ++n; }
	profile-499 / n > 300 / { exit(0); } END { printa("%d %d %d %@d\n", @); }' "$PID"
kill -KILL "$PID"
grep -v 'could not deliver' w.err | grep . && fail "$(cat w.err)"
grep -q '^0 1 1 ' w.out || fail "never held for writing: $(cat w.out)"
if grep . w.out | grep -Ev '^0 (1 1|0 0) '; then fail "neither held nor free: $(cat w.out)"; fi

# A folder is locked for reading while it is read.
mkdir -p $many; (cd $many && touch $(seq 3000))
cat >list.py <<'PY'
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECTORY)
os.dup2(fd, 9)
print("ready", flush=True)
while True:
    os.listdir(9)
PY
start list python3 list.py $many
traced r -qn 'profile-499 / pid == $1 / { this->s = &curthread->files->fdt->fd[9]->f_inode->i_rwsem;
		@[rw_read_held(this->s) != 0, rw_write_held(this->s), rw_iswriter(this->s)] = count(); ++n; }
	profile-499 / n > 300 / { exit(0); } END { printa("%d %d %d %@d\n", @); }' "$PID"
kill -KILL "$PID"
grep -q '^1 0 0 ' r.out || fail "never held for reading: $(cat r.out)"
if grep . r.out | grep -Ev '^[01] 0 0 '; then fail "held for writing: $(cat r.out)"; fi

# A pipe's mutex is held by who writes to it or reads from it.
cat >pipe.py <<'PY'
import os, sys
os.dup2(1, 9)
data = b"x" * (1 << 20)
sys.stderr.write("ready\n")
while True:
    os.write(9, data)
PY
python3 pipe.py 2>pipe.ready > >(exec cat >/dev/null) & PID=$!
awaits pipe.ready ready
traced m -qn 'profile-499 / pid == $1 / { this->m = &((struct pipe_inode_info *)curthread->files->fdt->fd[9]->private_data)->mutex;
		@[mutex_owned(this->m), mutex_owner(this->m) == curthread] = count(); ++n; }
	profile-499 / n > 500 / { exit(0); } END { printa("%d %d %@d\n", @); }' $PID
kill -KILL $PID
grep -q '^1 1 ' m.out || fail "never owned: $(cat m.out)"
if grep . m.out | grep -Ev '^(1 1|0 0) '; then fail "owned by two: $(cat m.out)"; fi
