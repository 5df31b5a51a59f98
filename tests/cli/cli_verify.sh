#!/usr/bin/env bash
# --verify: tasks made again on another host, and a machine that computes wrong. Workers of one
# machine are on several hosts here because they say so.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json,forecast.json} .
many=(-n 3000 --seed 5 --progress none --chunk-size 50)
redis=(--socket "$work/pool/redis.sock")

worker() {
    etas-redis-worker "${redis[@]}" --processes 1 --host-name "$1" >>"$1.log" 2>&1 &
    children+=("$!")
}
same() {
    cmp serial.csv "$1" || fail "$1 is not what one process makes"
}

shows "what is no share of the tasks, and backends that have one host, are refused by name"
for share in 0 -0.5 1.01 nan half ''; do
    expect 2 etas forecast forecast.json "${many[@]}" "${redis[@]}" --verify "$share"
    complains --verify
    one_line
done
for backend in serial processes; do
    expect 2 etas forecast forecast.json "${many[@]}" --verify 0.5 --distribute $backend
    complains --verify "$backend"
    one_line
done
expect 2 etas forecast forecast.json "${many[@]}" --verify 0.5 --embedded
complains --verify --embedded
expect 2 etas invert forecast.json --verify 0.5 "${redis[@]}" --distribute redis
complains --verify --bootstrap
expect 2 etas-redis-worker "${redis[@]}" --host-name 'a b'
complains --host-name

expect 0 etas forecast forecast.json "${many[@]}" --distribute serial -o serial.csv
start_redis pool

shows "a machine that computes wrong is named, and the forecast is right"
"$ETAS_FAULTY_AGENT" "$work/pool/redis.sock" bad &
liar=$!
children+=("$liar")
etas forecast forecast.json "${many[@]}" "${redis[@]}" --verify 1 -o faulty.csv >faulty.out 2>faulty.log &
pid=$!
children+=("$pid")
some_are_stored() {
    etas-redis-manager info --json "${redis[@]}" | jq -e '.runs[0].stored >= 200'
}
wait_for "results of the faulty machine" some_are_stored
worker a
worker b
wait $pid || fail "the forecast ended with $?: $(tail -n 3 faulty.log)"
same faulty.csv
for words in "host bad (etas 6.6.6) has made catalogue" "host bad (etas 6.6.6) is faulty"; do
    grep -qF "warning: $words" faulty.log || fail "not said: $words ($(cat faulty.log))"
done
grep -q 'verified: 60 of 60 tasks were made again on another host (2 hosts in all)' faulty.log || fail "$(cat faulty.log)"
expect 0 etas-redis-manager info "${redis[@]}"
grep -q 'banned, for wrong results: bad$' stdout || fail "$(cat stdout)"
etas-redis-manager info --json "${redis[@]}" | jq -e '.runs[0].banned == ["bad"] and .runs[0].checks == 0' >/dev/null
[ "$(sqlite3 faulty.csv.store "SELECT count(*) FROM task WHERE host = 'bad' OR verified_by = 'bad'")" -eq 0 ]
[ "$(sqlite3 faulty.csv.store 'SELECT host FROM faulty')" = bad ]
expect 0 etas monitor faulty.csv
grep -q '^verified: 60 of 60 tasks were made again on another host' stdout || fail "$(cat stdout)"
grep -q '^FAULTY: host bad (release 6.6.6)' stdout || fail "$(cat stdout)"
etas monitor faulty.csv --json | jq -e '.tasks.verified == 60 and .faulty_hosts[0].host == "bad"' >/dev/null ||
    fail "$(etas monitor faulty.csv --json)"

shows "without it nothing is found; a share of the tasks is the same share every time"
kill -9 $liar 2>/dev/null || true
wait $liar 2>/dev/null || true
expect 0 etas-redis-manager reset-workers "${redis[@]}" # or it counts as alive for a minute
for i in 1 2; do
    expect 0 etas forecast forecast.json "${many[@]}" "${redis[@]}" --verify 0.25 -o share$i.csv
    same share$i.csv
    ! grep -q 'warning: ' stderr || fail "$(cat stderr)"
    sqlite3 share$i.csv.store 'SELECT first FROM task WHERE verified_by IS NOT NULL ORDER BY first' >share$i.txt
done
cmp share1.txt share2.txt
[ "$(wc -l <share1.txt)" -ge 5 ] && [ "$(wc -l <share1.txt)" -le 30 ]
grep -q "verified: $(wc -l <share1.txt) of 60 tasks" stderr || fail "$(cat stderr)"

shows "refits are verified as catalogues are"
expect 0 etas invert forecast.json -o refits --bootstrap 2 --seed 1 --progress none "${redis[@]}" --chunk-size 1 --verify 1
grep -q 'verified: 2 of 2 tasks' stderr || fail "$(cat stderr)"

shows "where there is one host, a warning says what could not be checked"
etas-redis-manager stop "${redis[@]}" >/dev/null
wait_for "an empty pool" sh -c "etas-redis-manager info --json ${redis[*]} | jq -e '.agents | length == 0'"
worker alone
expect 0 etas forecast forecast.json "${many[@]}" "${redis[@]}" --verify 0.5 -o alone.csv
same alone.csv
grep -q 'warning: verified: 0 of 60 tasks .* more should have been' stderr || fail "$(cat stderr)"

shows "--resume of that run verifies what is left"
worker late
expect 0 etas forecast forecast.json "${many[@]}" "${redis[@]}" --verify 0.5 -o alone.csv --resume
same alone.csv
grep -q 'verified: [1-9][0-9]* of 60 tasks' stderr || fail "$(cat stderr)"
! grep -q 'warning: ' stderr || fail "$(cat stderr)"
done_testing
