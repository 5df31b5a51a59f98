#!/usr/bin/env bash
# Results of many events from the slots to the store, in events and bytes a second, and who is busy:
# with two real slots, then with slots that only copy, which shows what server and driver can take.
#   bench/throughput.sh [SECONDS] [PRESET]
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
seconds=${1:-10}
bin=$root/build/${2:-release}/bin
# shellcheck source=bench/pool.bash
. "$root/bench/pool.bash"

make_config 3650 3.6
start_server
start_agent 2

run() {
    "$bin/etas" forecast config.json --seed 1 --format summary -o out.json --restart --progress none "$@" >/dev/null 2>driver.log
}

slots_s() {
    sqlite3 out.json.store 'SELECT sum(cpu_s) FROM task'
}

# row NAME SERVER_TICKS AGENT_TICKS: of the last run.
row() {
    sqlite3 out.json.store 'SELECT sum(events), sum(bytes), sum(cpu_s) FROM task' |
        awk -F '|' -v name="$1" -v s="$2" -v a="$3" -v hz="$hz" -v wall="$(phase simulate driver.log)" '{
            printf "%-24s %8.2f %8.1f %8.2f %8.2f %8.2f\n", name, $1 / wall / 1e6, $2 / wall / 1e6, $3 / wall,
                s / hz / wall, a / hz / wall
        }'
}

run -n 500 --distribute processes --processes 2
n=$(sqlite3 out.json.store 'SELECT CAST(sum(count) / sum(cpu_s) AS INTEGER) FROM task' | awk -v s="$seconds" '{ printf "%d", 2 * s * $1 }')
printf '%-24s %8s %8s %8s %8s %8s\n' "$n catalogues" "Mevents/s" "MB/s" slots server agent
run -n "$n" --distribute processes --processes 2
row "two local processes" 0 0
server_ticks=$(ticks "$server")
agent_ticks=$(ticks "$agent")
run -n "$n" --socket "$socket"
row "two slots, server" $(($(ticks "$server") - server_ticks)) $(($(ticks "$agent") - agent_ticks))
kill "$agent"
wait "$agent" || true
echo "(slots, server, agent: cores that they kept busy)"
echo
mkdir agents
"$bin/bench_agents" --socket "$socket" --dir agents --agents 4 --slots 4 --task 0.05 --frame 900000 --steady "$seconds"
