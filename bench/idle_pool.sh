#!/usr/bin/env bash
# CPU seconds that an idle agent with 10 slots uses in a minute, per slot (agent included).
#   bench/idle_pool.sh [SECONDS] [PRESET]
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
seconds=${1:-60}
bin=$root/build/${2:-release}/bin
work=$(mktemp -d)
trap 'kill -9 $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT

redis-server --port 0 --unixsocket "$work/s" --dir "$work" --save '' --appendonly no >/dev/null &
sleep 1
"$bin/etas-redis-worker" --socket "$work/s" --processes 10 2>"$work/log" &
agent=$!
sleep 2

# user + system ticks of the agent and its slots
ticks() {
    local pid sum=0

    for pid in $agent $(pgrep --parent $agent); do
        sum=$((sum + $(awk '{ print $14 + $15 }' "/proc/$pid/stat")))
    done
    echo $sum
}
before=$(ticks)
sleep "$seconds"
awk -v used=$(($(ticks) - before)) -v hz="$(getconf CLK_TCK)" -v seconds="$seconds" 'BEGIN {
    printf "idle: %.4f CPU seconds per minute and slot\n", used / hz * 60 / seconds / 10
}'
