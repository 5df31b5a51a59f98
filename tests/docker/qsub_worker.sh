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

shows "it leaves before the limit, without a signal"
ETAS_RUNTIME=5s expect 0 timeout 20 bash "$script" --socket "$work/r/redis.sock"
complains bye

shows "a worker that fails is a task that fails"
ETAS_WORKER=false expect 1 bash "$script"
expect 2 bash "$script" --no-such-option
done_testing
