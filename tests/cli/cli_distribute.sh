#!/usr/bin/env bash
# A fit whose E-steps others compute: the same results to the last bit, whatever happens to them.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json} .
sed 's/"data_path": "output\/",//' "$ETAS_SOURCE/examples/forecast.json" >config.json

results() {
    jq -S 'del(.calculation_date, .invert_seconds, .fn_ip, .fn_src)' "$1/parameters_example.json"
}

# same_as WANTED GOT: all results but times and names.
same_as() {
    cmp <(results "$1") <(results "$2") || fail "other parameters: $2"
    cmp "$1/trig_and_bg_probs_example.csv" "$2/trig_and_bg_probs_example.csv" || fail "other targets: $2"
    cmp "$1/sources_example.csv" "$2/sources_example.csv" || fail "other sources: $2"
}

expect 0 etas invert config.json -o local

shows "processes and pools of any size give the results of this process alone"
for way in "processes --processes 1" "processes --processes 3" "processes --processes 2 --kernels scalar" \
    "redis --embedded --processes 2" "serial"; do
    # shellcheck disable=SC2086
    expect 0 etas invert config.json -o "other" --distribute $way
    same_as local other
done

shows "models with an input per event: completeness that varies, free background, free productivity"
python3 - <<'PY'
import csv, json
rows = list(csv.reader(open('catalog.csv')))
at = rows[0].index('magnitude')
with open('varying.csv', 'w') as out:
    w = csv.writer(out)
    w.writerow(rows[0] + ['mc_current'])
    for i, row in enumerate(rows[1:]):
        w.writerow(row + ['3.9' if i % 3 else '3.6'])
config = json.load(open('config.json'))
config['fn_catalog'] = 'varying.csv'
for name, more in (('var', {'mc': 'var', 'm_ref': 3.6}), ('background', {'free_background': True}),
                   ('productivity', {'free_productivity': True})):
    json.dump({**config, **more}, open(name + '.json', 'w'))
PY
for model in var background productivity; do
    expect 0 etas invert $model.json -o "$model-local" --tolerance 1e-4
    expect 0 etas invert $model.json -o "$model-other" --tolerance 1e-4 --distribute processes --processes 2
    same_as "$model-local" "$model-other"
done

# Many iterations, so that something can happen in the middle.
slow=(--plain-em --tolerance 1e-9)
expect 0 etas invert config.json -o slow "${slow[@]}"

shows "slots killed in the middle"
etas invert config.json -o killed "${slow[@]}" --distribute processes --processes 2 >killed.out 2>killed.log &
pid=$!
children+=("$pid")
for _ in 1 2 3 4 5; do
    sleep 0.2
    mapfile -t slots < <(pgrep --full '^etas-slot' --parent $pid || true)
    [ ${#slots[@]} -eq 0 ] || kill -9 "${slots[RANDOM % ${#slots[@]}]}" || true
done
wait $pid || fail "the fit ended with $?: $(tail -n 3 killed.log)"
same_as slow killed

shows "a worker of the pool killed in the middle, another one comes"
start_redis pool
etas-redis-worker --socket "$work/pool/redis.sock" --processes 2 >worker1.log 2>&1 &
worker=$!
children+=("$worker")
etas invert config.json -o pooled "${slow[@]}" --distribute redis --socket "$work/pool/redis.sock" >pooled.out 2>pooled.log &
pid=$!
children+=("$pid")
wait_for "the first E-steps" sh -c "grep -q 'model' worker1.log"
kill -9 $worker
etas-redis-worker --socket "$work/pool/redis.sock" --processes 2 --idle-timeout 10s >worker2.log 2>&1 &
children+=("$!")
etas-redis-manager reset-workers --socket "$work/pool/redis.sock" >/dev/null
wait $pid || fail "the fit ended with $?: $(tail -n 3 pooled.log)"
same_as slow pooled

shows "a bootstrap behind a distributed fit"
expect 0 etas invert config.json -o both --bootstrap 2 --seed 1 --distribute processes --processes 2 --progress none
cmp <(results local) <(results both | jq 'del(.bootstrap)') || fail "other parameters"

shows "an interrupted fit leaves with 130"
etas invert config.json -o stopped --plain-em --tolerance 1e-15 --distribute processes --processes 2 >stopped.out 2>stopped.log &
pid=$!
children+=("$pid")
wait_for "a slot" pgrep --full '^etas-slot' --parent $pid
kill -INT $pid
code=0
wait $pid || code=$?
[ $code -eq 130 ] || fail "exit code $code"
[ ! -e stopped/parameters_example.json ] || fail "results of an interrupted fit"
done_testing
