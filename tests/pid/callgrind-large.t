# SPDX-License-Identifier: GPL-2.0-or-later
# The same of larger ones, with some hundred functions each: an interpreter, a database, cryptography.
. "$here/pid/callgrind.sh"
cat >script.sql <<'S'
create table t(a integer primary key, b text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 200) insert into t select i, 'x' || i * 7 from n;
create index tb on t(b);
select count(*), sum(a), max(b) from t where b like 'x1%';
select a, b from t order by b desc limit 5;
S
cat >script.pl <<'S'
my %h; $h{$_ % 7} .= "a$_" for 1 .. 200;
print join(",", map { length $h{$_} } sort keys %h), "\n"; print "$1\n" if "foobarbaz" =~ /o+(b.r)/;
S

program sqlite 'a.out libsqlite3' sqlite3 :memory: '.read script.sql'
program perl a.out perl script.pl
program sort a.out sort -r /etc/passwd
program openssl 'a.out libssl libcrypto' openssl dgst -sha256 script.sql
compare_all
