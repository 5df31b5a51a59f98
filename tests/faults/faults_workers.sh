#!/usr/bin/env bash
# Slots and agents are killed with SIGKILL all the time; the forecast has the serial run's bytes.
# shellcheck disable=SC2119 # arguments of start_driver are optional
# shellcheck source=tests/faults/faults.bash
. "$ETAS_SOURCE/tests/faults/faults.bash"

RANDOM=${ETAS_FAULT_SEED:-$$}
echo "ETAS_FAULT_SEED=${ETAS_FAULT_SEED:-$$}"
make_long_config
n=$(number_lasting 110)
serial_run
start_redis r
start_agent 0
start_agent 1

shows "undisturbed, the run lasts 90 s or longer on six slots in two agents"
for attempt in 1 2 3; do # the machine may have been busier when its speed was measured
    begin=$(date +%s)
    start_driver
    driver_ends_well
    lasted=$(($(date +%s) - begin))
    echo "  $lasted s"
    [ $lasted -lt 90 ] || break
    [ "$attempt" -lt 3 ] || fail "too short: $lasted s for $n catalogues"
    n=$((n * 130 / lasted))
    rm pool.csv pool.csv.store serial.csv*
    serial_run
done
rm pool.csv pool.csv.store

shows "100 slots and 10 agents killed while ranges are leased: the bytes of the serial run"
slots=0
killed=0
start_driver
while kill -0 "$driver" 2>/dev/null; do
    sleep "0.$((RANDOM % 6 + 2))"
    [ "$(leased)" -gt 0 ] || continue
    if [ $((RANDOM % 7)) -eq 0 ]; then
        which=$((RANDOM % 2))
        if kill -9 "${agents[$which]}" 2>/dev/null; then
            killed=$((killed + 1))
            wait "${agents[$which]}" 2>/dev/null || true
            start_agent $which
        fi
    else
        slot=$(random_slot)
        if [ -n "$slot" ] && kill -9 "$slot" 2>/dev/null; then
            slots=$((slots + 1))
        fi
    fi
    manager info --check >/dev/null || fail "the conservation law does not hold: $(manager info)"
done
driver_ends_well
echo "  killed: $slots slots, $killed agents"
[ $slots -ge 100 ] || fail "only $slots slots died"
[ $killed -ge 10 ] || fail "only $killed agents died"
done_testing
