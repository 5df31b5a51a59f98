#!/usr/bin/env bash
# A server that lies: none of the programs crashes, waits beyond its time, or grows. The lies are those of
# tests/support/hostile_server.py, in front of a real server, so that the programs get far enough to be lied to.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

export ETAS_TEST_SEED=${ETAS_TEST_SEED:-$RANDOM}
echo "ETAS_TEST_SEED=$ETAS_TEST_SEED"
most_mib=100 # of a process that is lied to
driver_mib=300

mode() {
    echo "$*" >mode.new
    mv mode.new mode
}
# peak PID: its largest memory so far in MiB
peak() {
    awk '/^VmHWM/ { print int($2 / 1024) }' "/proc/$1/status" 2>/dev/null || true
}
# bounded WHAT PID MIB
bounded() {
    local mib

    mib=$(peak "$2")
    [ -z "$mib" ] || [ "$mib" -le "$3" ] || fail "$1 has held $mib MiB"
    [ -z "$mib" ] || echo "  $1 held $mib MiB at most"
}
# ended WHAT PID: it has ended, or ends soon after SIGTERM; with an exit code of its own
ended() {
    local code=0 i

    kill -TERM "$2" 2>/dev/null || true
    for ((i = 0; i < 500; i++)); do
        kill -0 "$2" 2>/dev/null || break
        sleep 0.1
    done
    [ $i -lt 500 ] || fail "$1 does not end"
    wait "$2" || code=$?
    case $code in
    0 | 1 | 3 | 130) ;;
    *) fail "$1 ended with $code" ;;
    esac
}

start_redis r
mode honest
python3 "$ETAS_SOURCE/tests/support/hostile_server.py" liar.sock r/redis.sock mode 2>liar.log &
children+=($!)
wait_for "the liar" test -S liar.sock
make_long_config

lies='garbage spoiled numbers other_question endless_array long_array deep huge_string huge_part endless_line wrong_type half many pages'

shows "the manager's commands end with one line and exit code 1, or with sense"
mkdir commands
for lie in $lies; do
    mode "$lie"
    for command in 'info --json' 'workers' 'runs' 'stop' 'pause' 'reset-workers' 'init' 'doctor'; do
        # shellcheck disable=SC2086 # words
        (
            ulimit -v 400000
            exec timeout -k 1 40 etas-redis-manager $command --socket liar.sock
        ) >stdout 2>stderr && code=0 || code=$?
        [ "$code" -le 1 ] || fail "$lie: $command ended with $code: $(cat stderr)"
    done
done
mode drip
SECONDS=0
expect 1 etas-redis-manager info --socket liar.sock
[ $SECONDS -le 25 ] || fail "a slow answer took $SECONDS s"
mode honest
etas-redis-manager resume --socket r/redis.sock >/dev/null

shows "workers and drivers go on, or give up, whatever they are told"
for lie in $lies; do
    mode "$lie" 0.3
    redis-cli -s r/redis.sock FLUSHALL >/dev/null
    (ulimit -v 3000000; exec etas-redis-worker --socket liar.sock --processes 1) >worker.log 2>&1 &
    worker=$!
    (ulimit -v 6000000; exec etas forecast config.json -n 2000 --seed 3 -o "$lie.csv" --socket liar.sock --task-duration 1s --discard-store) >driver.out 2>driver.log &
    driver=$!
    children+=("$worker" "$driver")
    sleep 3
    bounded "the worker ($lie)" $worker $most_mib
    bounded "the driver ($lie)" $driver $driver_mib
    mode honest
    ended "the worker ($lie)" $worker
    ended "the driver ($lie)" $driver
    rm -f "$lie.csv"*
done

shows "a worker told anything for a while serves an honest server afterwards: the same bytes"
redis-cli -s r/redis.sock FLUSHALL >/dev/null
etas forecast config.json -n 3000 --seed 3 -o serial.csv --distribute serial >/dev/null 2>serial.log
mode half 0.2
etas-redis-worker --socket liar.sock --processes 2 >worker.log 2>&1 &
worker=$!
children+=("$worker")
etas forecast config.json -n 3000 --seed 3 -o pool.csv --socket liar.sock --task-duration 1s >driver.out 2>driver.log &
driver=$!
children+=("$driver")
sleep 4
mode honest
wait $driver || fail "the driver failed: $(tail -n 3 driver.log)"
cmp serial.csv pool.csv || fail "other bytes"
ended "the worker" $worker
done_testing
