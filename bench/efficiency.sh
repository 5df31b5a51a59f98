#!/usr/bin/env bash
# Parallel efficiency of the pool on two cores by the duration of a chunk: two slots of one agent,
# the driver and the server share them. Magnitudes above 7 only: much to compute, little to store.
#   bench/efficiency.sh [SECONDS] [PRESET] [CHUNK_MS...]
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
seconds=${1:-10}
bin=$root/build/${2:-release}/bin
shift $(($# < 2 ? $# : 2))
[ $# -gt 0 ] || set -- 1 3 10 20 50 100 1000 10000
# shellcheck source=bench/pool.bash
. "$root/bench/pool.bash"

make_config 3650 7.0
start_server
start_agent 2

run() {
    "$bin/etas" forecast config.json --seed 1 -o out.csv --restart --progress none "$@" >/dev/null 2>driver.log
}

# Processor seconds of the driver in the command that follows, in $used.
timed() {
    local TIMEFORMAT='%U %S'

    used=$({ time "$@"; } 2>&1 | awk '{ print $1 + $2 }')
}

# Catalogues a second of one slot while both compute, and what the driver does but for the run.
probe=40000
run -n $probe --distribute processes --processes 2
rate=$(sqlite3 out.csv.store 'SELECT sum(count) / sum(cpu_s) FROM task')
timed run -n 1 --distribute serial
idle=$used

echo "two slots, runs of about $seconds s; $(awk -v r="$rate" 'BEGIN { printf "%.0f", 1e6 / r }') us per catalogue"
printf '%8s %8s %8s | %10s %8s | %10s %8s %8s %8s\n' chunk catalogs chunks efficiency ideal "us/chunk: " agent server driver
for ms in "$@"; do
    size=$(awk -v r="$rate" -v ms="$ms" 'BEGIN { s = r * ms / 1e3; printf "%.0f", s < 1 ? 1 : s }')
    n=$(awk -v r="$rate" -v s="$seconds" -v ms="$ms" -v size="$size" 'BEGIN {
        if (s < 4 * ms / 1e3) s = 4 * ms / 1e3
        printf "%.0f", int(2 * r * s / size / 2 + 0.5) * 2 * size }')
    run -n "$n" --distribute processes --processes 2
    local_s=$(phase simulate driver.log)
    agent_ticks=$(ticks $agent)
    server_ticks=$(ticks $server)
    timed run -n "$n" --chunk-size "$size" --socket "$socket"
    sqlite3 out.csv.store 'SELECT sum(cpu_s), count(DISTINCT first) FROM task' |
        awk -F '|' -v ms="$ms" -v size="$size" -v n="$n" -v wall="$(phase simulate driver.log)" -v local="$local_s" \
            -v a=$(($(ticks $agent) - agent_ticks)) -v s=$(($(ticks $server) - server_ticks)) -v hz="$hz" \
            -v d="$(awk -v a="$used" -v b="$idle" -v c="$(phase write driver.log)" 'BEGIN { print a - b - c }')" '{
            chunks = n / size
            printf "%5d ms %8d %8d | %9.1f%% %7.1f%% | %10s %8.0f %8.0f %8.0f\n", ms, size, chunks, 100 * $1 / 2 / wall,
                100 * local / wall, "", 1e6 * a / hz / chunks, 1e6 * s / hz / chunks, 1e6 * d / chunks
        }'
done
cat <<'TEXT'
efficiency: processor time of the slots in their chunks / (2 x wall time); ideal: wall time of the same catalogues
by two local processes without a server, in chunks as large as they like, / wall time. Processor time beside the slots is per chunk.
TEXT
