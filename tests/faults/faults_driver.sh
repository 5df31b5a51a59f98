#!/usr/bin/env bash
# The driver is killed with SIGKILL and resumed, again and again, while slots and agents die, too.
# shellcheck disable=SC2119 # arguments of start_driver are optional
# shellcheck source=tests/faults/faults.bash
. "$ETAS_SOURCE/tests/faults/faults.bash"

RANDOM=${ETAS_FAULT_SEED:-$$}
echo "ETAS_FAULT_SEED=${ETAS_FAULT_SEED:-$$}"
make_long_config
n=$(number_lasting 95)
serial_run
start_redis r
start_agent 0
start_agent 1

shows "drivers killed while ranges are leased, and resumed: the bytes of the serial run"
drivers=0
start_driver
while true; do
    sleep "$((RANDOM % 5 + 4)).$((RANDOM % 10))"
    if ! kill -0 "$driver" 2>/dev/null; then
        break
    fi
    [ "$(leased)" -gt 0 ] || continue
    if kill -9 "$driver" 2>/dev/null; then
        wait "$driver" 2>/dev/null || true
        drivers=$((drivers + 1))
        slot=$(random_slot)
        [ -z "$slot" ] || kill -9 "$slot" 2>/dev/null || true
        [ -e pool.csv ] && fail "an unfinished output was written"
        start_driver --resume
    fi
done
driver_ends_well
echo "  killed: $drivers drivers"
[ $drivers -ge 5 ] || fail "only $drivers drivers died"
done_testing
