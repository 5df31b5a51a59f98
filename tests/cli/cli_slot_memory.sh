#!/usr/bin/env bash
# --slot-memory: what needs more than a slot may have is missing, and nothing else happens.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

cp "$ETAS_SOURCE/examples/region.json" .
# Above criticality: most catalogues die out, the others grow to as many events as there may be.
jq 'del(.fn_store) | .burn_start = "1989-01-01" | .primary_start = "1990-01-01" | .end = "2010-01-01" | .m_max = 5 |
    .parameters += {log10_mu: -10.3, log10_k0: -2.1, a: 1.5}' "$ETAS_SOURCE/examples/simulate.json" >wild.json
wild=(wild.json -n 50 --seed 5 --allow-supercritical --allow-missing --progress none)

# The limit in MiB, one above the least that a slot of program $1 takes; the program's other arguments follow.
little_more() {
    local least

    expect 1 "$@" --slot-memory 1M
    least=$(sed -n 's/.*a slot cannot work in 1.0 MiB of memory: it takes \([0-9]*\) MiB at the least/\1/p' stderr)
    [ -n "$least" ] || fail "no least: $(cat stderr)"
    echo $((least + 1))
}

shows "a limit in which no slot can start is refused before anything is done"
limit=$(little_more etas simulate "${wild[@]}" -o none.csv --distribute processes)
worker_limit=$(little_more etas-redis-worker --socket none.sock)
expect 1 etas simulate "${wild[@]}" -o none.csv --embedded --slot-memory 1M
complains "at the least"
expect 1 etas invert "$ETAS_SOURCE/examples/forecast.json" -o . --distribute processes --slot-memory 1M
complains "at the least"
only_files . region.json wild.json stdout stderr

shows "limits that are none, and limits for nobody"
for size in "" 12Q -1 -1M 1.5 big 1e400G; do
    expect 2 etas simulate "${wild[@]}" -o none.csv --slot-memory "$size"
    complains "--slot-memory"
    expect 2 etas-redis-worker --socket none.sock --slot-memory "$size"
    complains "--slot-memory"
done
expect 2 etas simulate "${wild[@]}" -o none.csv --distribute serial --slot-memory 1G
complains "--slot-memory"
expect 2 etas simulate "${wild[@]}" -o none.csv --socket none.sock --slot-memory 1G
complains "--slot-memory" etas-redis-worker
expect 2 etas invert "$ETAS_SOURCE/examples/forecast.json" -o . --slot-memory 1G
complains "--slot-memory belongs to"

# few_die FILE LIMIT LOG: catalogue 0 died of the limit, the rest is the serial run's.
few_die() {
    cmp serial.csv "$1" || fail "$1: other catalogues than the serial run's"
    complains "could not be made" "missing: catalogues 0 to 0"
    grep -q "catalogue 0.*: the slot's memory limit of $2.0 MiB was reached: no memory for" "$3" ||
        fail "$1: no word about the limit $2: $(cat "$3")"
}

expect 3 etas simulate "${wild[@]}" -o serial.csv --distribute serial
shows "processes: catalogues without limits die of theirs, the others are made"
expect 3 etas simulate "${wild[@]}" -o processes.csv --processes 2 --slot-memory "${limit}M"
few_die processes.csv "$limit" stderr

shows "one process has the limit too"
expect 3 etas simulate "${wild[@]}" -o one.csv --processes 1 --slot-memory "${limit}M"
few_die one.csv "$limit" stderr

shows "an embedded pool"
expect 3 etas simulate "${wild[@]}" -o embedded.csv --embedded --processes 2 --slot-memory "${limit}M"
few_die embedded.csv "$limit" stderr

shows "a worker outlives its slots' needs, and goes on"
start_redis r
etas-redis-worker --socket r/redis.sock --processes 2 --slot-memory "${worker_limit}M" 2>worker.log &
worker=$!
children+=("$worker")
expect 3 etas simulate "${wild[@]}" -o pool.csv --socket r/redis.sock
few_die pool.csv "$worker_limit" worker.log
kill -0 $worker || fail "the worker is gone: $(cat worker.log)"
sed 's/"log10_k0": -2.1/"log10_k0": -3.5/' wild.json >tame.json
expect 0 etas simulate tame.json -n 100 --seed 1 -o tame.csv --socket r/redis.sock
expect 0 etas simulate tame.json -n 100 --seed 1 -o tame-serial.csv --distribute serial
cmp tame.csv tame-serial.csv || fail "the next run has other catalogues"
[ "$(grep -c 'killed by signal' worker.log)" -eq 0 ] || fail "slot processes died: $(cat worker.log)"
done_testing
