# SPDX-License-Identifier: GPL-2.0-or-later
# Structured output is one well-formed document with typed values.
run() { local n=$1; shift; traced "$n" "$@" || fail "$(cat "$n.err")"; }

run j -x oformat=json -n 'BEGIN { trace("a\"b\xff"); printf("%d!", -1); @a["k"] = quantize(5); printa(@a); exit(0); }'
same json "$(sed 's/"timestamp":[0-9]*/"timestamp":0/; s/"cpu":[0-9]*/"cpu":0/' j.out)" '{"dtrace":{"probes":[
{"timestamp":0,"cpu":0,"id":1,"provider":"dtrace","module":"","function":"","name":"BEGIN","output":[{"value":"a\"b�"},{"message":"-1!"},{"value":-1},{"aggregation-data":[{"keys":[{"value":"k"}],"buckets":[{"value":2,"count":0},{"value":4,"count":1},{"value":8,"count":0}]}],"aggregation-name":"a"}]}]}}'

run o -O -x oformat=json -n 'BEGIN { @[stack(3)] = count(); @b = avg(3); stack(); exit(0); }'
run x -O -x oformat=xml,pretty -n 'BEGIN { @[stack(3)] = count(); trace("<&>\1"); stack(); } BEGIN { trace(*(int *)8); } BEGIN { exit(0); }'
if command -v python3 >/dev/null; then
	python3 - <<'P' || fail "not well-formed, or not what was recorded"
import json, xml.etree.ElementTree as E
d = json.load(open('o.out'))['dtrace']['probes']
assert [p['name'] for p in d] == ['BEGIN', 'AGGREGATE'], d
frames = d[0]['output'][0]['stack-frames']
assert frames and all('symbol' in f and 'address' in f for f in frames)
aggs = {a['aggregation-name']: a['aggregation-data'] for a in d[1]['output']}
assert aggs['b'] == [{'keys': [], 'avg': 3}]
assert aggs[''][0]['count'] == 1 and len(aggs[''][0]['keys'][0]['stack-frames']) == 3
r = E.parse('x.out').getroot()
assert r.tag == 'dtrace'
names = [p.find('name').text for p in r.findall('probes')]
assert names == ['BEGIN', 'ERROR', 'BEGIN', 'AGGREGATE'], names
assert r.find('probes/output/value').text == '<&>\ufffd'
P
fi
# What is refused says why.
traced h -x oformat=html -n 'BEGIN { exit(0); }' && fail "html is accepted"
grep -q "oformat=html does not exist" h.err || fail "$(cat h.err)"
# Commands print into the document, not over it.
run s -w -q -x oformat=json -n 'BEGIN { system("printf \"a\\\"b\\n\""); exit(0); }'
grep -q '"output":\[{"system":"a\\"b\\n"}\]}\]}}$' s.out || fail "system: $(cat s.out)"
