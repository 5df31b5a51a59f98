#!/usr/bin/env bash
# slurm/worker.qsub as Grid Engine runs it: its variables, its options, its signals.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

script=$ETAS_SOURCE/slurm/worker.qsub
export ETAS_WORKER=$ETAS_BIN/etas-redis-worker
start_redis r
slots_are() {
    [ "$(slots)" = "$1" ]
}
slots() {
    etas-redis-manager info --socket r/redis.sock | sed -n '1s/^Workers=\([0-9]*\) .*/\1/p'
}

shows "a runtime that is none is refused"
for runtime in 4 h '4 h' -1h 1w; do
    ETAS_RUNTIME=$runtime expect 2 bash "$script" --socket "$work/r/redis.sock"
    complains ETAS_RUNTIME
done

shows "a task takes the slots that it was given, and each warning of Grid Engine makes it leave with 0"
for signal in USR2 USR1 TERM; do
    NSLOTS=3 bash "$script" --socket "$work/r/redis.sock" >task.log 2>&1 &
    task=$!
    children+=("$task")
    wait_for "three slots" slots_are 3
    kill -$signal $task
    code=0
    wait $task || code=$?
    [ $code -eq 0 ] || fail "exit code $code after $signal: $(cat task.log)"
    [ "$(slots)" = 0 ] || fail "a worker is left"
done

shows "the same when the whole group of the job is warned, as Grid Engine does, and warned again"
for signal in USR2 USR1; do
    NSLOTS=2 setsid bash "$script" --socket "$work/r/redis.sock" >task.log 2>&1 &
    task=$!
    children+=("$task")
    wait_for "two slots" slots_are 2
    kill -$signal -- -$task
    kill -$signal -- -$task 2>/dev/null || true
    code=0
    wait $task || code=$?
    [ $code -eq 0 ] || fail "exit code $code after $signal: $(cat task.log)"
    grep -q bye task.log || fail "$(cat task.log)"
done

shows "it leaves before the limit, without a signal"
ETAS_RUNTIME=5s expect 0 timeout 20 bash "$script" --socket "$work/r/redis.sock"
complains bye

shows "a driver is queued again until its run is over, and not for ever"
cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json} .
sed 's/"data_path": "output\/",//' "$ETAS_SOURCE/examples/forecast.json" >config.json
driver=("$ETAS_SOURCE/slurm/driver.qsub" forecast config.json -n 20 --seed 1 -o pool.csv --socket "$work/r/redis.sock")
export ETAS=$ETAS_BIN/etas
ETAS_RUNTIME=4 expect 2 bash "${driver[@]}"
complains ETAS_RUNTIME
rm -f etas-*.tries
JOB_ID=7 ETAS_RUNTIME=2s expect 99 bash "${driver[@]}" # there are no workers
JOB_ID=7 ETAS_RUNTIME=2s expect 99 bash "${driver[@]}"
grep -q 'start 2 of 20' stdout || fail "$(cat stdout)"
JOB_ID=7 ETAS_RUNTIME=2s ETAS_TRIES=3 expect 3 bash "${driver[@]}"
complains "not done after 3 starts"
JOB_ID=8 setsid bash "${driver[@]}" --restart >driver.log 2>&1 &
task=$!
children+=("$task")
wait_for "the run" grep -q 'no workers' driver.log
kill -USR2 -- -$task
code=0
wait $task || code=$?
[ $code -eq 99 ] || fail "exit code $code of a driver that was warned: $(cat driver.log)"
etas-redis-worker --socket r/redis.sock --processes 2 2>worker.log &
children+=("$!")
JOB_ID=8 expect 0 bash "${driver[@]}" --restart
expect 0 etas forecast config.json -n 20 --seed 1 -o serial.csv --distribute serial
cmp serial.csv pool.csv || fail "other bytes"
only=$(find . -name '*.tries')
[ -z "$only" ] || fail "left: $only"
JOB_ID=9 expect 1 bash "$ETAS_SOURCE/slurm/driver.qsub" forecast nowhere.json

shows "a worker that fails is a task that fails"
ETAS_WORKER=false expect 1 bash "$script"
expect 2 bash "$script" --no-such-option
done_testing
