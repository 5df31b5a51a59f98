# shellcheck shell=bash
# Sourced by the fault tests: a run of a known length, its serial bytes, and two agents of three
# slots each that are started again whenever they are gone.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

socket=$work/r/redis.sock
seed=11
n=0 # catalogues of the run: set by the test

serial_run() {
    etas forecast config.json -n "$n" --seed $seed -o serial.csv --distribute serial >/dev/null 2>serial.log
    echo "  serial: $n catalogues, $(tail -n +2 serial.csv | grep -vc '^,,') events"
}

manager() {
    etas-redis-manager "$@" --socket "$socket"
}

# Catalogues under lease now; 0 when the server is away.
leased() {
    manager info --json 2>/dev/null | jq '[.runs[].leased] | add // 0' 2>/dev/null || echo 0
}

agents=()
start_agent() {
    etas-redis-worker --socket "$socket" --processes 3 >>worker.log 2>&1 &
    agents[$1]=$!
    children+=("$!")
}

start_driver() {
    etas forecast config.json -n "$n" --seed $seed -o pool.csv --socket "$socket" --task-duration 1s "$@" \
        >>driver.out 2>>driver.log &
    driver=$!
    children+=("$driver")
}

# A busy slot of an agent that is alive, or nothing.
random_slot() {
    local pids

    mapfile -t pids < <(pgrep --full '^etas-slot' --parent "$(IFS=,; echo "${agents[*]}")" || true)
    [ ${#pids[@]} -eq 0 ] || echo "${pids[RANDOM % ${#pids[@]}]}"
}

# The driver $driver ends well and left the serial run's bytes.
driver_ends_well() {
    local code=0

    wait "$driver" || code=$?
    [ $code -eq 0 ] || fail "the driver ended with $code: $(tail -n 5 driver.log)"
    cmp serial.csv pool.csv || fail "other bytes than the serial run's"
}
