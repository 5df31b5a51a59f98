#!/usr/bin/env bash
# Refits of simulated catalogues: whoever makes them and whatever happens meanwhile, the same bytes.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json} .
sed 's/"mc": 3.6/"mc": 3.9/; s/"data_path": "output\/",//' "$ETAS_SOURCE/examples/forecast.json" >config.json
n=24

# refit NAME OPTIONS...: into folder NAME; the refits and the results are those of the serial run.
refit() {
    local name=$1

    shift
    etas invert config.json -o "$name" --bootstrap $n --seed 42 --progress none "$@" >"$name.out" 2>"$name.log" ||
        fail "invert --bootstrap $* : $(tail -n 3 "$name.log")"
    same_as_serial "$name"
}

same_as_serial() {
    [ "$1" != serial ] || return 0
    cmp serial/bootstrap_example.csv "$1/bootstrap_example.csv" || fail "other refits: $1"
    cmp <(jq -S .bootstrap serial/parameters_example.json | grep -v fn_) \
        <(jq -S .bootstrap "$1/parameters_example.json" | grep -v fn_) || fail "another summary: $1"
}

shows "a row per refit, the summary in the parameters file and on stdout"
refit serial --distribute serial
[ "$(wc -l <serial/bootstrap_example.csv)" -eq $((n + 1)) ] || fail "not a row per refit"
[ "$(cut -d, -f1 serial/bootstrap_example.csv | tail -n +2 | tr '\n' ' ')" = "$(seq -s ' ' 0 $((n - 1))) " ] ||
    fail "the rows are not in order"
[ "$(jq '.bootstrap.n, .bootstrap.n_missing' serial/parameters_example.json | tr '\n' ' ')" = "$n 0 " ] || fail "numbers"
grep -q "^bootstrap  *$n refits" serial.out || fail "no table"
[ "$(tail -n +2 serial/bootstrap_example.csv | cut -d, -f3 | sort -u | wc -l)" -eq $n ] || fail "refits repeat"

shows "the figures of the summary are those of the rows"
python3 - <<'PY' || fail "other figures"
import csv, json, statistics
rows = [r for r in csv.DictReader(open('serial/bootstrap_example.csv')) if r['status'] == 'ok']
results = json.load(open('serial/parameters_example.json'))
for name in ('log10_mu', 'a', 'rho', 'beta', 'n_hat', 'branching_ratio'):
    said, x = results['bootstrap'][name], sorted(float(r[name]) for r in rows)
    def quantile(p):
        at = p * (len(x) - 1); i = int(at)
        return x[i] if i + 1 == len(x) else x[i] + (at - i) * (x[i + 1] - x[i])
    want = [statistics.fmean(x), statistics.fmean(x) - said['fitted'], statistics.stdev(x)]
    want += [quantile(p) for p in (0.025, 0.16, 0.5, 0.84, 0.975)]
    got = [said['mean'], said['bias'], said['std']] + said['quantiles']
    assert said['n'] == len(x), name
    assert all(abs(a - b) <= 1e-9 * max(1, abs(b)) for a, b in zip(got, want)), (name, got, want)
for name in ('log10_mu', 'a', 'rho'):
    assert results['bootstrap'][name]['fitted'] == results['final_parameters'][name]
assert abs(results['bootstrap']['beta']['fitted'] - results['beta']) == 0
PY

shows "one refit has no spread"
expect 0 etas invert config.json -o one --bootstrap 1 --seed 42 --progress none
grep -qE '^rho( +[-0-9.e]+){3} +-( +[-0-9.e]+){5}$' stdout || fail "the row of rho: $(grep '^rho' stdout)"
[ "$(jq '[.bootstrap.rho.n, .bootstrap.rho.std] | tostring' one/parameters_example.json)" = '"[1,null]"' ] || fail "its std"

shows "the rest of the parameters file is what it is without a bootstrap"
expect 0 etas invert config.json -o plain --progress none
cmp <(jq -S 'del(.calculation_date, .invert_seconds, .fn_ip, .fn_src)' plain/parameters_example.json) \
    <(jq -S 'del(.calculation_date, .invert_seconds, .fn_ip, .fn_src, .bootstrap)' serial/parameters_example.json) ||
    fail "the bootstrap changed other results"

shows "processes, chunks and a pool make the same bytes"
refit p2 --distribute processes --processes 2
refit p3c1 --distribute processes --processes 3 --chunk-size 1
refit p2c7 --distribute processes --processes 2 --chunk-size 7
refit r3 --embedded --processes 3
refit r2c5 --embedded --processes 2 --chunk-size 5
refit scalar --distribute serial --kernels scalar

# midway NAME OPTIONS...: the run in the background until some of its refits are stored.
midway() {
    local name=$1

    shift
    etas invert config.json -o "$name" --bootstrap $n --seed 42 --progress none "$@" >"$name.out" 2>"$name.log" &
    pid=$!
    children+=("$pid")
    wait_for "the first stored refits" sh -c \
        "sqlite3 -readonly $name/bootstrap_example.store 'select count(*) from part' | grep -qv '^0'"
}

shows "slots that are killed while they refit"
midway killed --distribute processes --processes 2 --chunk-size 4
for _ in 1 2 3; do
    mapfile -t slots < <(pgrep --full '^etas-slot' --parent $pid || true)
    [ ${#slots[@]} -eq 0 ] || kill -9 "${slots[0]}" || true
    sleep 0.1
done
wait $pid || fail "the run ended with $?: $(tail -n 3 killed.log)"
same_as_serial killed

shows "the driver killed, --resume: no other fit, the same bytes"
midway resumed --distribute processes --processes 1 --chunk-size 1
kill -9 $pid
wait $pid 2>/dev/null || true
[ ! -e resumed/bootstrap_example.csv ] || fail "an unfinished bootstrap was written"
expect 1 etas invert config.json -o resumed --bootstrap $n
complains '--resume' '--restart'
expect 1 etas invert config.json -o resumed --bootstrap $((n + 1)) --resume
complains "$n refits, not $((n + 1))"
expect 0 etas invert config.json -o resumed --bootstrap $n --resume --embedded --processes 2 --progress none
grep -q inverted stderr && fail "it inverted again"
complains 'resuming'
same_as_serial resumed

shows "a pool's worker killed while it refits"
start_redis pool
etas-redis-worker --socket "$work/pool/redis.sock" --processes 2 >worker1.log 2>&1 &
worker=$!
children+=("$worker")
midway pooled --socket "$work/pool/redis.sock" --chunk-size 3
kill -9 $worker
etas-redis-worker --socket "$work/pool/redis.sock" --processes 2 --idle-timeout 5s >worker2.log 2>&1 &
children+=("$!")
etas-redis-manager reset-workers --socket "$work/pool/redis.sock" >/dev/null
wait $pid || fail "the run ended with $?: $(tail -n 3 pooled.log)"
same_as_serial pooled
wait_for "the idle worker to leave" grep -q ' refits made, bye' worker2.log

shows "results of another fit do not get this one's bootstrap"
rm resumed/bootstrap_example.*
midway resumed --distribute processes --processes 1 --chunk-size 1
kill -9 $pid
wait $pid 2>/dev/null || true
sed -i 's/"log10_mu": -/"log10_mu": -1/' resumed/parameters_example.json
expect 1 etas invert config.json -o resumed --bootstrap $n --resume --progress none
complains 'resumed/parameters_example.json' 'final_parameters'

shows "a model that cannot be simulated is refused before it is fitted"
for option in '"free_background": true' '"free_productivity": true' '"mc": "positive"'; do
    jq ". + {$option}" config.json >odd.json
    expect 1 etas invert odd.json -o odd --bootstrap 2
    complains 'odd.json' "$(cut -d'"' -f2 <<<"$option")"
    [ ! -e odd/parameters_example.json ] || fail "it was fitted"
done

shows "options that belong to --bootstrap; a bootstrap of none"
expect 2 etas invert config.json --resume
complains '--resume belongs to --bootstrap'
expect 2 etas invert config.json --host localhost
complains 'belongs to --bootstrap'
expect 2 etas invert config.json --bootstrap 0
complains 'at least one'
done_testing
