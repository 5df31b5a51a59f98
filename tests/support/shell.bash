# shellcheck shell=bash
# Sourced by the tests that run the programs as a user does. Expects ETAS_BIN (folder of the
# programs) and ETAS_SOURCE (the checkout). Works in a fresh folder that is removed at the end.
set -euo pipefail

PATH=$ETAS_BIN:$PATH
unset ETAS_REDIS_URL ETAS_REDIS_PASSWORD ETAS_DISTRIBUTE
work=$(mktemp -d /tmp/etas-test-XXXXXX)
children=()
passed=0
mounted= # a file system to be unmounted at the end

cleanup() {
    local code=$?

    for pid in "${children[@]}"; do
        kill -9 "$pid" 2>/dev/null || true
    done
    wait 2>/dev/null || true
    if [ $code -ne 0 ]; then
        echo "--- $work (last outputs)"
        tail -n 20 "$work"/*.log "$work"/*/*.log "$work"/stderr "$work"/stdout 2>/dev/null || true
    fi
    cd /
    [ -z "$mounted" ] || umount "$mounted" || true
    rm -rf "$work"
}
trap cleanup EXIT
cd "$work"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# What is being shown; the name of the following checks.
shows() {
    passed=$((passed + 1))
    echo "- $*"
}

# expect CODE COMMAND...: runs it, keeps stdout and stderr in files, checks the exit code.
expect() {
    local want=$1 got=0

    shift
    "$@" >stdout 2>stderr || got=$?
    [ "$got" -eq "$want" ] || fail "exit code $got, not $want: $* ($(tail -n 3 stderr))"
}

# The last stderr is one line (after lines of progress) that holds every given text.
complains() {
    local text

    for text in "$@"; do
        grep -qF -- "$text" stderr || fail "stderr lacks \"$text\": $(cat stderr)"
    done
}

one_line() {
    [ "$(wc -l <stderr)" -eq 1 ] || fail "more than one line: $(cat stderr)"
}

# Nothing was left behind in folder $1 but the named files.
only_files() {
    local folder=$1 there

    shift
    there=$(find "$folder" -mindepth 1 -printf '%P\n' | sort | tr '\n' ' ')
    [ "$there" = "$(printf '%s\n' "$@" | sort | tr '\n' ' ' | sed 's/^ $//')" ] || fail "left in $folder: $there"
}

# A private Redis server on socket $work/$1/redis.sock; more arguments go to the server. Sets
# redis_pid.
start_redis() {
    local dir=$work/$1

    shift
    mkdir -p "$dir"
    redis-server --port 0 --unixsocket "$dir/redis.sock" --dir "$dir" --save '' --appendonly no \
        --daemonize no "$@" >>"$dir/redis.log" 2>&1 &
    redis_pid=$!
    children+=("$redis_pid")
    wait_for "redis-server" redis-cli -s "$dir/redis.sock" ping
}

# wait_for WHAT COMMAND...: until the command succeeds, at most 20 seconds.
wait_for() {
    local what=$1 i

    shift
    for ((i = 0; i < 400; i++)); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.05
    done
    fail "waited in vain for $what"
}

# Much to compute, little to write: the example's model over ten years, reporting only magnitudes
# from 7 on, in config.json.
make_long_config() {
    cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json} .
    sed 's/"forecast_duration": 30/"forecast_duration": 3650, "m_threshold": 7.0/' \
        "$ETAS_SOURCE/examples/forecast.json" >config.json
}

# A number of catalogues of config.json that keeps all CPUs busy for about $1 seconds. The probe is
# long enough for the start of its processes not to matter.
number_lasting() {
    local probe=60000

    # The fastest of three: another process may have held up any of them, and the run would be too short.
    for _ in 1 2 3; do
        etas forecast config.json -n $probe --seed 1 -o probe.csv --distribute processes --processes "$(nproc)" \
            --discard-store >/dev/null 2>probe.log
        sed -n 's/^seconds: .*simulate \([0-9.]*\),.*/\1/p' probe.log
    done | sort -g | awk -v want="$1" -v probe=$probe 'NR == 1 { printf "%d\n", probe * want / $1 }'
}

done_testing() {
    echo "$passed shown"
}

# need_python_yaml: sets python to one that has yaml; skipped without.
need_python_yaml() {
    for python in python3 /usr/bin/python3; do
        "$python" -c 'import yaml' 2>/dev/null && return
    done
    echo "no python3 with yaml: skipped"
    [ -z "${ETAS_SKIPS_AS_FAILS:-}" ] || fail "python3-yaml is missing"
    exit 77
}
