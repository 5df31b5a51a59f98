#!/usr/bin/env bash
# The Redis server is killed and comes back with its data, without it, and is flushed, in mid-run;
# the run ends by itself with the serial run's bytes.
# shellcheck disable=SC2119 # arguments of start_driver are optional
# shellcheck source=tests/faults/faults.bash
. "$ETAS_SOURCE/tests/faults/faults.bash"

make_long_config
n=$(number_lasting 30)
serial_run

# A run that $1 disturbs after a while; the rest are options of the server.
disturbed_run() {
    local how=$1

    shift
    start_redis r "$@"
    start_agent 0
    start_agent 1
    start_driver
    wait_for "ranges under lease" sh -c "etas-redis-manager info --json --socket $socket | jq -e '[.runs[].leased] | add > 0'"
    sleep 4
    "$how"
    driver_ends_well
    manager info --check >/dev/null || fail "the conservation law does not hold afterwards"
    kill -9 "${agents[@]}" "$redis_pid"
    wait "${agents[@]}" "$redis_pid" 2>/dev/null || true
    rm -rf pool.csv pool.csv.store r
}

restart_with_data() {
    kill -9 "$redis_pid"
    wait "$redis_pid" 2>/dev/null || true
    sleep 2
    start_redis r --appendonly yes
}

restart_without_data() {
    kill -9 "$redis_pid"
    wait "$redis_pid" 2>/dev/null || true
    sleep 2
    start_redis r
}

flush() {
    redis-cli -s "$socket" FLUSHALL >/dev/null
    redis-cli -s "$socket" FUNCTION FLUSH >/dev/null
}

shows "the server is killed and comes back with its append-only file"
disturbed_run restart_with_data --appendonly yes

shows "the server is killed and comes back empty"
disturbed_run restart_without_data

shows "everything in the server is flushed, the function library too"
disturbed_run flush
done_testing
