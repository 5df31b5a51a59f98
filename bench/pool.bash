# shellcheck shell=bash
# Sourced by the scripts that measure the pool: a folder of its own, a private server, processes
# that end with the script. Expects $root and $bin.

work=$(mktemp -d "${TMPDIR:-/tmp}/etas-bench-XXXXXX")
socket=$work/s
children=()
hz=$(getconf CLK_TCK)

clean_up() {
    { kill -CONT "${children[@]}" && kill -9 "${children[@]}"; wait; } 2>/dev/null || true
    cd /
    rm -rf "$work"
}
trap clean_up EXIT
cd "$work"

# Options of the server are in $server_options. Sets $server.
# shellcheck disable=SC2154 # $root, $bin and $server_options are the caller's
start_server() {
    redis-server --port 0 --unixsocket "$socket" --dir "$work" --save '' --appendonly no ${server_options[@]+"${server_options[@]}"} >"$work/redis.log" &
    server=$!
    children+=($server)
    until redis-cli -s "$socket" ping >/dev/null 2>&1; do sleep 0.05; done
}

# One agent with $1 slots. Sets $agent.
start_agent() {
    "$bin/etas-redis-worker" --socket "$socket" --processes "$1" 2>>"$work/worker.log" &
    agent=$!
    children+=($agent)
}

# Processor ticks of a process (threads included, children not).
ticks() {
    awk '{ print $14 + $15 }' "/proc/$1/stat"
}

# The example over $1 days with magnitudes from $2 on, in config.json.
make_config() {
    cp "$root"/examples/{catalog.csv,region.json} .
    sed "s/\"forecast_duration\": 30/\"forecast_duration\": $1, \"m_threshold\": $2/" \
        "$root/examples/forecast.json" >config.json
}

# Seconds of phase $1 in a program's log $2.
phase() {
    sed -n "s/^seconds: .*$1 \([0-9.]*\)[,.].*/\1/p;s/^seconds: .*$1 \([0-9.]*\)\$/\1/p" "$2" | tail -n 1
}
