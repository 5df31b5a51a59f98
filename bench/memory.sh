#!/usr/bin/env bash
# Memory of everybody while many events go through the server: a run that nothing delays, and one whose
# driver is stopped now and then, so that results pile up to the run's mark and the workers wait.
#   bench/memory.sh [EVENTS] [PRESET] [MAXMEMORY] [FOLDER]
# The store takes 12 bytes an event, in FOLDER (default: $TMPDIR), and is deleted. Small runs are
# compared with a serial one's bytes. Ends with 1 if the mark was passed or a run was not whole.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
events=${1:-100000000}
bin=${ETAS_BIN:-$root/build/${2:-release}/bin}
server_options=(--maxmemory "${3:-64mb}")
[ $# -lt 4 ] || TMPDIR=$4
# shellcheck source=bench/pool.bash
. "$root/bench/pool.bash"

make_config 3650 3.6
# shellcheck disable=SC2119
start_server
start_agent 2
bad=0

run() {
    exec "$bin/etas" forecast config.json --seed 1 --format summary --restart --progress none "$@" >/dev/null 2>>driver.log
}

# report NAME SAMPLES
report() {
    awk -v name="$1" '
        function mb(x) { return x / 1048576 }
        {
            for (i = 2; i <= 7; i++) if ($i > most[i]) most[i] = $i
            row[NR] = $3; used[NR] = $2; driver[NR] = $5; last = $1
        }
        END {
            printf "%s: %.1f s\n", name, last
            printf "  most results in the server %.1f MiB, mark %.1f MiB; used_memory at most %.1f MiB\n",
                mb(most[3]), mb(most[4]), mb(most[2])
            printf "  resident at most: driver %.1f MiB, agent %.1f MiB, one slot %.1f MiB\n", mb(most[5]), mb(most[6]), mb(most[7])
            printf "  by tenths of the run, most results and driver:"
            for (t = 0; t < 10; t++) {
                a = b = 0
                for (i = int(NR * t / 10) + 1; i <= int(NR * (t + 1) / 10); i++) {
                    if (row[i] > a) a = row[i]
                    if (driver[i] > b) b = driver[i]
                }
                printf " %.1f/%.0f", mb(a), mb(b)
            }
            printf " MiB\n"
            exit most[3] > most[4]
        }' "$2" || { echo "BROKEN: above the mark"; bad=1; }
}

# through_server NAME CATALOGUES STOPPED_S: with the driver stopped for so long, again and again.
through_server() {
    local driver code=0 waits

    (run -n "$2" --socket "$socket" -o "$1.json") &
    driver=$!
    children+=("$driver")
    /usr/bin/python3 "$root/bench/sample_memory.py" "$socket" "$driver" "$agent" >samples &
    children+=("$!")
    if [ "$3" != 0 ]; then
        until [ "$(redis-cli -s "$socket" zcard 'etas:{default}:v1:runs')" != 0 ] || ! kill -0 "$driver" 2>/dev/null; do
            sleep 0.02
        done
        while kill -STOP "$driver" 2>/dev/null; do
            sleep "$3"
            kill -CONT "$driver" 2>/dev/null || true
            sleep "$(awk -v s="$3" 'BEGIN { print s / 4 }')"
        done
    fi
    wait "$driver" || code=$?
    wait "$!" || true
    report "$1" samples
    waits=$(grep -c 'is above its mark' worker.log || true)
    echo "  $(sqlite3 "$1.json.store" "SELECT sum(count) || ' catalogues, ' || sum(events) || ' events' FROM task"), $(
        du -h "$1.json.store" | cut -f 1) of store; the agent was told to wait $waits times; exit code $code"
    rm "$1.json.store"
    [ $code -eq 0 ] || bad=1
    [ "$3" = 0 ] || [ "$waits" -gt 0 ] || { echo "BROKEN: the mark was never reached"; bad=1; }
    : >worker.log
}

(run -n 100 --distribute serial -o probe.json)
per_catalogue=$(sqlite3 probe.json.store 'SELECT 1.0 * sum(events) / sum(count) FROM task')
n=$(awk -v e="$events" -v p="$per_catalogue" 'BEGIN { printf "%.0f", e / p + 1 }')
slow_n=$((events > 20000000 ? n / 4 : n))
through_server undisturbed "$n" 0
through_server slowed "$slow_n" "$([ "$events" -gt 20000000 ] && echo 4 || echo 1)"
if [ "$events" -le 20000000 ]; then
    (run -n "$n" --distribute serial -o serial.json)
    for name in undisturbed slowed; do
        cmp serial.json $name.json || { echo "BROKEN: other bytes than the serial run's"; bad=1; }
    done
    echo "both are the serial run's bytes"
fi
exit $bad
