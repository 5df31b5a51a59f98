#!/usr/bin/env bash
# etas monitor: what a run's store tells of it, at the end and on the way.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

# number FILTER: of etas monitor --json FILE.
number() {
    etas monitor "$1" --json | jq -r "$2"
}
# as the store itself counts it
ask() {
    sqlite3 -readonly "$1" "$2"
}
have_sqlite=yes
command -v sqlite3 >/dev/null || have_sqlite=no

shows "wrong command lines, and files that are no store"
expect 2 etas monitor
expect 2 etas monitor a b
expect 2 etas monitor a --watch=never
complains '--watch'
expect 1 etas monitor nowhere.csv
complains 'there is no store here' 'nowhere.csv'
one_line
echo "catalog_id,time" >not.csv
expect 1 etas monitor not.csv
complains 'not a store of etas'
one_line
only_files . not.csv stdout stderr

shows "a finished run, by its store and by its output"
expect 0 etas forecast "$ETAS_SOURCE/examples/forecast.json" -n 800000 --seed 1 -o out.csv --processes 2 --chunk-size 10000
expect 0 etas monitor out.csv.store
cp stdout by_store
expect 0 etas monitor out.csv
cmp stdout by_store || fail "two answers"
grep -qE '^run [0-9a-f]{32} \(complete\), seed 1, model [0-9a-f]{16}$' stdout || fail "$(cat stdout)"
grep -qE '^release [0-9]+\.[0-9]+\.[0-9]+(\+[0-9a-f]+(\.changed)?)?$' stdout || fail "$(cat stdout)"
grep -qE '^progress: 800000/800000 \(100\.0 %\), 0 dead; [0-9.kM]+ events in ' stdout || fail "$(cat stdout)"
grep -qE '^phases: load .*\([0-9]+%\), prepare .*, invert .*, plan .*, simulate .*, write ' stdout || fail "$(cat stdout)"
grep -qE '^tasks: [1-9][0-9]*, mean .*, median .*, max .*, slowfac [1-9][0-9.]*, CPU [0-9]+%$' stdout || fail "$(cat stdout)"
grep -qE '^parallel efficiency: [0-9]+% of 2 slots over ' stdout || fail "$(cat stdout)"
grep -qE '^ *SLOWEST +CPU +HOST +PID +FIRST +CATALOGUES +EVENTS +BYTES +MEM +STARTED$' stdout || fail "$(cat stdout)"
grep -qE "^$(hostname | cut -c1-19).* +2 +" stdout || fail "$(cat stdout)"
[ "$(grep -cE '^ *[0-9.]+[mu]?s to +[0-9.]+[mu]?s +#* +[0-9]+$' stdout)" -eq 10 ] || fail "no histogram: $(cat stdout)"
[ "$(grep -v '^phases' stdout | wc -L)" -le 110 ] || fail "too wide"
etas monitor out.csv --json | jq -e '.state == "complete" and .stored == 800000 and .total == 800000 and .seed == "1" and
    (.tasks | .number == ([.durations[].tasks] | add) and .slots == 2 and .efficiency > 0 and .efficiency <= 1.001 and
        (.slowfac - .max_s / .mean_s | fabs) < 1e-6 and ([.hosts[].catalogues] | add) == 800000) and
    (.phases | map(.name)) == ["load", "prepare", "invert", "plan", "simulate", "write"] and .dead == []' >/dev/null ||
    fail "$(etas monitor out.csv --json)"
if [ $have_sqlite = yes ]; then
    [ "$(number out.csv .tasks.number)" = "$(ask out.csv.store 'select count(*) from task')" ] || fail "number of tasks"
    [ "$(number out.csv .events)" = "$(ask out.csv.store 'select sum(events) from task')" ] || fail "events"
    [ "$(number out.csv .tasks.received_bytes)" = "$(ask out.csv.store 'select sum(bytes) from task')" ] || fail "bytes"
    [ "$(number out.csv '.tasks.slowest[0].first')" = "$(ask out.csv.store 'select first from task order by wall_s desc limit 1')" ] ||
        fail "the slowest"
    awk -v a="$(number out.csv .tasks.mean_s)" -v b="$(ask out.csv.store 'select printf("%.17g", avg(wall_s)) from task')" \
        'BEGIN { exit !(a > 0 && (a - b) ^ 2 < (1e-9 * a) ^ 2) }' || fail "the mean"
else
    echo "  (no sqlite3 program: figures not compared with its)"
fi
etas monitor out.csv --watch 0.1 | cmp - by_store || fail "--watch of a run that is over does not end with one look"

shows "the store is only read: also where nothing may be written"
before=$(sha256sum <out.csv.store)
mkdir locked
cp out.csv.store locked/
chmod 500 locked
chmod 400 locked/out.csv.store
expect 0 etas monitor locked/out.csv.store
[ "$(find locked -type f | wc -l)" -eq 1 ] || fail "files were left beside the store"
[ "$(sha256sum <out.csv.store)" = "$before" ] || fail "the store was changed"
chmod 700 locked

shows "a run on its way: progress grows under the eyes of the watcher, who does not disturb it"
etas forecast "$ETAS_SOURCE/examples/forecast.json" -n 1000000000 --seed 1 -o long.csv --processes 2 >/dev/null 2>long.log &
long=$!
children+=("$long")
etas monitor long.csv --json --watch 0.1 >watch.out 2>watch.log & # from before there is a store
watch=$!
children+=("$watch")
results() {
    [ "$(grep -c '"stored":[1-9]' watch.out)" -ge 5 ]
}
wait_for "looks at results" results
kill -INT $watch
code=0
wait $watch || code=$?
[ $code -eq 0 ] || fail "exit code $code after ^C"
if grep -v 'there is no store here$\|the store holds no run' watch.log; then
    fail "it complained: $(cat watch.log)"
fi
jq -s -e '.[0].stored < .[-1].stored and ([.[].stored] == ([.[].stored] | sort)) and .[-1].tasks.number > 0' watch.out >/dev/null ||
    fail "no progress: $(cut -c1-300 watch.out)"
kill -0 $long || fail "the run ended: $(cat long.log)"

shows "a run whose driver was killed"
kill -9 $long
wait $long || true
expect 0 etas monitor long.csv
grep -qE '\(running\)' stdout || fail "$(cat stdout)"
expect 0 etas forecast "$ETAS_SOURCE/examples/forecast.json" -n 400 --seed 1 -o out.csv --processes 1 --restart

shows "an incomplete run: what is dead, and why"
cp "$ETAS_SOURCE/examples/region.json" .
jq 'del(.fn_store) | .burn_start = "1989-01-01" | .primary_start = "1990-01-01" | .end = "2010-01-01" | .m_max = 5 |
    .parameters += {log10_mu: -10.3, log10_k0: -2.1, a: 1.5}' "$ETAS_SOURCE/examples/simulate.json" >wild.json
start_redis r
etas-redis-worker --socket r/redis.sock --processes 2 --host-name there 2>worker.log &
children+=("$!")
expect 3 etas simulate wild.json -n 6 --seed 5 --allow-supercritical -o wild.csv --socket r/redis.sock
expect 0 etas monitor wild.csv
grep -q '(incomplete)' stdout || fail "$(cat stdout)"
grep -qE '^dead: 0\+1: .* \(on there\)$' stdout || fail "$(cat stdout)"
etas monitor wild.csv --json | jq -e '.state == "incomplete" and .n_dead > 0 and .n_dead + .stored == 6 and
    .dead[0].first == 0 and (.tasks.hosts | map(.host)) == ["there"]' >/dev/null || fail "$(etas monitor wild.csv --json)"
done_testing
