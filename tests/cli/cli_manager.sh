#!/usr/bin/env bash
# What the manager says and does, from no server to a run in progress.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

manager() {
    etas-redis-manager "$@" --socket r/redis.sock
}
# First line of info.
line() {
    manager info | head -n 1
}
worker() {
    etas-redis-worker --socket r/redis.sock "$@" >>worker.log 2>&1 &
    worker_pid=$!
    children+=("$worker_pid")
}

shows "no server: exit code 1 and one line"
expect 1 etas-redis-manager info --socket r/redis.sock
complains 'r/redis.sock'
one_line

shows "an empty server"
start_redis r
[ "$(line)" = "Workers=0 Evaluations=0 Progress=0/0 (no run)" ] || fail "$(line)"
expect 0 etas-redis-manager info --check --socket r/redis.sock

shows "a driver that leaves with nothing stored leaves no run behind"
code=0
timeout --foreground --preserve-status --signal INT 2 etas forecast "$ETAS_SOURCE/examples/forecast.json" -n 100 --seed 3 \
    -o nothing.csv --socket r/redis.sock >/dev/null 2>nothing.log || code=$?
[ $code -eq 130 ] || fail "exit code $code: $(cat nothing.log)"
[ ! -e nothing.csv.store ] || fail "an empty store was left"
[ -z "$(redis-cli -s r/redis.sock keys 'etas:{default}:v1:run:*')" ] || fail "the run was left"
redis-cli -s r/redis.sock FLUSHALL >/dev/null

shows "an idle pool, before any driver"
worker --processes 3
first=$worker_pid
wait_for "three workers" sh -c 'etas-redis-manager info --socket r/redis.sock | head -n 1 | grep -q "^Workers=3 Evaluations=0 Progress=0/0 (no run)$"'

shows "a forecast in progress"
make_long_config
config=config.json
n=$(number_lasting 15)
etas forecast "$config" -n "$n" --seed 3 -o serial.csv --distribute serial >/dev/null 2>serial.log
etas forecast "$config" -n "$n" --seed 3 -o pool.csv --socket r/redis.sock --task-duration 1s >driver.out 2>driver.log &
driver=$!
children+=("$driver")
wait_for "progress" sh -c 'etas-redis-manager info --socket r/redis.sock | head -n 1 | grep -qE "^Workers=3 Evaluations=[1-9][0-9]* Progress=[1-9][0-9]*/[1-9][0-9]* \(run [0-9a-f]{6}, [0-9]+/s"'
expect 0 etas-redis-manager info --check --socket r/redis.sock
expect 0 etas-redis-manager info --json --socket r/redis.sock
grep -q '"leased"' stdout || fail "no numbers in --json"

shows "reset-workers in mid-run loses nothing"
expect 0 etas-redis-manager reset-workers --socket r/redis.sock
expect 0 etas-redis-manager info --check --socket r/redis.sock

shows "stop --now empties the pool; the run waits; zero workers is a state"
wait_for "the workers to be known again" sh -c 'etas-redis-manager info --socket r/redis.sock | head -n 1 | grep -q "^Workers=3 "'
expect 0 etas-redis-manager stop --now --socket r/redis.sock
code=0
wait $first || code=$?
[ $code -eq 0 ] || fail "a stopped worker exits with $code"
wait_for "no workers" sh -c 'etas-redis-manager info --socket r/redis.sock | head -n 1 | grep -q "^Workers=0 "'
kill -0 $driver || fail "the driver left"

shows "the run completes when workers return; plain stop lets them finish"
worker --processes 2
second=$worker_pid
wait_for "two workers" sh -c 'etas-redis-manager info --socket r/redis.sock | head -n 1 | grep -q "^Workers=2 "'
sleep 1
expect 0 etas-redis-manager stop --socket r/redis.sock
code=0
wait $second || code=$?
[ $code -eq 0 ] || fail "a stopped worker exits with $code"
worker --processes 2
wait $driver || fail "the driver failed: $(tail -n 3 driver.log)"
cmp serial.csv pool.csv || fail "other bytes after stop and reset"

shows "SIGTERM drains the worker: exit code 0"
kill -TERM $worker_pid
code=0
wait $worker_pid || code=$?
[ $code -eq 0 ] || fail "a drained worker exits with $code"

shows "an idle worker leaves after its idle timeout and at its runtime limit"
expect 0 etas-redis-worker --socket r/redis.sock --processes 1 --idle-timeout 1s
expect 0 etas-redis-worker --socket r/redis.sock --processes 1 --runtime 1s

shows "a finished run leaves a summary and no keys of its own"
[ -z "$(redis-cli -s r/redis.sock keys 'etas:{default}:v1:run:*')" ] || fail "keys of the run were left"
done_testing
