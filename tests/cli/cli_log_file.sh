#!/usr/bin/env bash
# --log-file: where the talk goes that nobody watches.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json} .
sed 's/"data_path": "output\/",//' "$ETAS_SOURCE/examples/forecast.json" >config.json
stamp='20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\.[0-9][0-9][0-9]Z'

# all_lines FILE PATTERN: every line of the file is one.
all_lines() {
    [ -s "$1" ] || fail "$1 is empty"
    if grep -vE "$2" "$1"; then
        fail "a line of $1 is not like $2"
    fi
}

shows "all lines go to the file, with times; stderr stays empty while nothing is wrong"
expect 0 etas forecast config.json -n 20 --seed 1 -o a.csv --log-file run.log
[ ! -s stderr ] || fail "stderr: $(cat stderr)"
all_lines run.log "^$stamp etas\[[0-9]+\] info: "
grep -q 'seed 1' run.log || fail "$(cat run.log)"
[ "$(stat -c %a run.log)" = 640 ] || [ "$(umask)" != 0022 ] || fail "mode $(stat -c %a run.log)"
TZ=Asia/Tokyo expect 0 etas forecast config.json -n 20 --seed 1 -o b.csv --log-file tokyo.log
[ "$(tail -n 1 tokyo.log | cut -c 1-13)" = "$(date -u +%Y-%m-%dT%H)" ] ||
    [ "$(date -u +%M)" = 00 ] || fail "not UTC: $(tail -n 1 tokyo.log)"

shows "it is appended to"
before=$(wc -l <run.log)
cp run.log before.log
expect 0 etas forecast config.json -n 20 --seed 1 -o a.csv --log-file run.log
[ "$(wc -l <run.log)" -gt "$before" ] || fail "nothing was appended"
cmp -n "$(stat -c %s before.log)" before.log run.log || fail "what was there is gone"

shows "errors and warnings are on stderr too, as without it"
expect 1 etas forecast missing.json -o c.csv --log-file error.log
complains missing.json
one_line
all_lines error.log "^$stamp etas\[[0-9]+\] error: .*missing.json"
expect 1 etas forecast missing.json -o c.csv --log-level error --log-format json --log-file error.json
complains '"level":"error"' missing.json
[ "$(jq -r '.level + .program + (.time | test("^[-0-9]+T[:0-9]+[.][0-9]{3}Z$") | tostring)' error.json)" = erroretastrue ] ||
    fail "$(cat error.json)"

shows "a file that cannot be had ends all three programs before anything starts"
mkdir folder
for program in "etas forecast config.json -o d.csv" "etas catalog info catalog.csv" "etas export a.csv.store -o e.csv" \
    "etas estimate-mc catalog.csv" "etas invert config.json -o ." "etas-redis-worker --socket none.sock" \
    "etas-redis-manager info --socket none.sock"; do
    for file in nowhere/run.log folder ""; do
        # shellcheck disable=SC2086
        expect 1 $program --log-file "$file"
        complains --log-file "$file:"
        one_line
    done
done
for file in d.csv.store e.csv nowhere; do
    [ ! -e $file ] || fail "something was started: $file"
done
if [ "$(id -u)" -ne 0 ]; then
    touch locked.log
    chmod 400 locked.log
    expect 1 etas forecast config.json -o d.csv --log-file locked.log
    complains 'Permission denied'
fi

shows "a disk that is full afterwards costs lines, not the run"
expect 0 etas forecast config.json -n 20 --seed 1 -o full.csv --log-file /dev/full
cmp a.csv full.csv || fail "other bytes"
one_line
complains /dev/full "No space left" "lines of the log are lost"

shows "a worker opens it anew after SIGHUP, and lives on"
start_redis r
etas-redis-worker --socket r/redis.sock --processes 1 --log-file worker.log --log-level debug 2>worker.err &
worker=$!
children+=("$worker")
wait_for "the worker's log" grep -q connected worker.log
mv worker.log worker.1
kill -HUP $worker
expect 0 etas forecast config.json -n 20 --seed 1 -o pool.csv --socket r/redis.sock
cmp a.csv pool.csv || fail "other bytes"
wait_for "the new log" test -s worker.log
kill -TERM $worker
wait $worker || fail "exit code $?"
grep -q bye worker.log || fail "$(cat worker.log)"
all_lines worker.1 "^$stamp etas-redis-worker\[$worker\] (info|debug): "
all_lines worker.log "^$stamp etas-redis-worker\[$worker\] (info|debug): "
[ ! -s worker.err ] || fail "$(cat worker.err)"

shows "so does a forecast, which SIGHUP interrupts otherwise"
etas forecast config.json -n 20 --seed 1 -o hup.csv --socket r/redis.sock --log-file hup.log 2>/dev/null &
driver=$!
children+=("$driver")
wait_for "the run to wait for workers" grep -q 'connected' hup.log
mv hup.log hup.1
kill -HUP $driver
etas-redis-worker --socket r/redis.sock --processes 1 2>/dev/null &
children+=("$!")
wait $driver || fail "exit code $? after SIGHUP"
cmp a.csv hup.csv || fail "other bytes"
grep -q 'seconds: load' hup.log || fail "the end is not in the new file: $(cat hup.log)"
kill -TERM "${children[-1]}"
wait "${children[-1]}" || fail "exit code $? of the worker"
etas forecast config.json -n 20 --seed 1 -o nohup.csv --socket r/redis.sock 2>nohup.log &
driver=$!
children+=("$driver")
wait_for "the run to wait for workers" grep -q 'connected' nohup.log
kill -HUP $driver
code=0
wait $driver || code=$?
[ $code -eq 130 ] || fail "exit code $code"

shows "the manager's too"
expect 0 etas-redis-manager info --socket r/redis.sock --log-file manager.log
expect 1 etas-redis-manager info --socket none.sock --log-file manager.log
all_lines manager.log "^$stamp etas-redis-manager\[[0-9]+\] error: .*none.sock"
done_testing
