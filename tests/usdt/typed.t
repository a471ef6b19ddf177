# SPDX-License-Identifier: GPL-2.0-or-later
# args[] has the types that the script's declaration of the provider says.
{ cat "$here/usdt/app.d"
cat <<'END'
struct app_thing { long a; long b; };
app$target:::query-done {
	this->t = (struct app_thing *)copyin((uintptr_t)args[2], sizeof(struct app_thing));
	@["done", args[0] == arg0, args[1] == (arg0 % 2 ? -1 : 0), this->t->b == -arg0] = count();
}
app$target:::query-start /copyinstr(arg1) == strjoin("query ", lltostr(args[0]))/ { @["start", 1, 1, 1] = count(); }
app$target:::kinds { @["kinds", sizeof(args[0]) == 1, sizeof(args[3]) == 2, args[4] == (int)arg4 && args[1] == arg1] = count(); }
END { printa("%s %d%d%d %@d\n", @); }
END
} >script.d
traced t -qCs script.d -c "$T/usdt/app run 25" || fail "$(cat t.err)"
quiet t
same "typed arguments" "$(grep -v '^$' t.out | sort)" "done 111 25
kinds 111 25
start 111 25"
# Without a declaration they have the widths and signs that the notes tell.
traced t -qn 'app$target:::kinds { @["kinds", sizeof(args[0]), sizeof(args[3]), args[4] == (int)arg4 && args[1] == arg1] = count(); }' \
	-n 'END { printa("%s %d %d %d %@d\n", @); }' -c "$T/usdt/app run 25" || fail "$(cat t.err)"
same "types of notes" "$(grep -v '^$' t.out)" "kinds 1 2 1 25"
start app "$T/usdt/app" wait 1 < <(sleep 60)
traced t -lvn "app$PID:::kinds" -p $PID || fail "$(cat t.err)"
same "-lv" "$(sed -n 's/^[[:space:]]*args\[[0-9]\]: //p' t.out | tr '\n' ' ')" \
	"int8_t uint8_t int16_t uint16_t int32_t uint32_t int64_t uint64_t uint64_t uint8_t "
kill $PID
