#!/usr/bin/env bash
# What a task costs that does nothing: this pool beside BullMQ, RQ and Celery, on one redis-server,
# with one worker process and with two. From the first submission until every result is stored.
#   bench/overhead.sh [TASKS] [PRESET]
# Needs node and npm (BullMQ goes to a temporary folder), and Debian's python3-rq and
# python3-celery; what is not there is left out and said.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
here=$root/bench/overhead
tasks=${1:-5000}
bin=$root/build/${2:-release}/bin
python=/usr/bin/python3
work=$(mktemp -d /tmp/etas-bench-XXXXXX)
socket=$work/s
workers=()
trap '{ kill -9 ${workers[@]+"${workers[@]}"} $server; wait; } 2>/dev/null; rm -rf "$work"' EXIT

redis-server --port 0 --unixsocket "$socket" --dir "$work" --save '' --appendonly no >"$work/redis.log" &
server=$!
cd "$work"

# Processor ticks of a process, of what it has waited for, and of its living children.
ticks() {
    local pid=$1 child sum

    sum=$(awk '{ print $14 + $15 + $16 + $17 }' "/proc/$pid/stat" 2>/dev/null || echo 0)
    for child in $(pgrep --parent "$pid" || true); do
        sum=$((sum + $(ticks "$child")))
    done
    echo "$sum"
}

all_ticks() {
    local pid sum=0

    for pid in "${workers[@]}"; do
        sum=$((sum + $(ticks "$pid")))
    done
    echo "$sum"
}

# row NAME WORKERS SUBMIT...: the workers run; the command prints the seconds that it took.
row() {
    local name=$1 n=$2 worker_ticks server_ticks took

    shift 2
    sleep 2 # until they wait for work
    worker_ticks=$(all_ticks)
    server_ticks=$(ticks $server)
    took=$("$@")
    awk -v name="$name" -v n="$n" -v took="$took" -v tasks="$tasks" -v hz="$(getconf CLK_TCK)" \
        -v w=$(($(all_ticks) - worker_ticks)) -v s=$(($(ticks $server) - server_ticks)) 'BEGIN {
        printf "%-40s %8d %10.0f %10.0f %12.0f %12.0f\n", name, n, tasks / took, 1e6 * took / tasks,
            1e6 * w / hz / tasks, 1e6 * s / hz / tasks
    }'
    kill -9 "${workers[@]}" 2>/dev/null || true
    wait "${workers[@]}" 2>/dev/null || true
    workers=()
    redis-cli -s "$socket" flushall >/dev/null
}

start() {
    "$@" >>workers.log 2>&1 &
    workers+=($!)
}

submit_etas() {
    etas forecast config.json -n "$tasks" --chunk-size 1 --seed 1 --socket "$socket" -o out.csv --restart \
        --discard-store --progress none >/dev/null 2>driver.log
    sed -n 's/^seconds: .*simulate \([0-9.]*\),.*/\1/p' driver.log
}

etas() {
    "$bin/etas" "$@"
}

# The example's model; catalogues of a day above magnitude 7 cost nothing and hold nothing.
make_config() {
    cp "$root"/examples/{catalog.csv,region.json} .
    sed 's/"forecast_duration": 30/"forecast_duration": 1, "m_threshold": 7.0/' \
        "$root/examples/forecast.json" >config.json
}

bullmq() {
    (cd npm && node "$here/bullmq.mjs" "$@")
}

start_bullmq() {
    cd npm
    start node "$here/bullmq.mjs" work "$socket" "$1"
    cd ..
}

printf '%d tasks\n%-40s %8s %10s %10s %12s %12s\n' "$tasks" "" processes "tasks/s" "us/task" "worker us" "server us"
make_config
for n in 1 2; do
    start "$bin/etas-redis-worker" --socket "$socket" --processes $n
    row "etas, chunks of one catalogue" $n submit_etas
done

if command -v npm >/dev/null && mkdir npm && (cd npm && npm install --silent --no-audit --no-fund bullmq ioredis) >npm.log 2>&1; then
    for concurrency in 1 50; do
        for n in 1 2; do
            for ((i = 0; i < n; i++)); do
                start_bullmq $concurrency
            done
            row "BullMQ $(node -p 'require("./npm/node_modules/bullmq/package.json").version'), concurrency $concurrency" $n \
                bullmq submit "$socket" "$tasks"
        done
    done
else
    echo "BullMQ: not here ($(tail -n 1 npm.log 2>/dev/null || echo no npm))"
fi

export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1
if version=$($python -c 'from importlib.metadata import version; print(version("rq"))' 2>/dev/null); then
    for class in SimpleWorker Worker; do
        for n in 1 2; do
            for ((i = 0; i < n; i++)); do
                start $python -m rq.cli worker --quiet --url "unix://$socket" --worker-class rq.worker.$class bench
            done
            row "RQ $version, $class$([ $class = SimpleWorker ] || echo ', a fork per task')" $n \
                $python "$here/submit_rq.py" "$socket" "$tasks"
        done
    done
else
    echo "RQ: not here (python3-rq)"
fi

export CELERY_SOCKET=$socket
if version=$($python -c 'from importlib.metadata import version; print(version("celery"))' 2>/dev/null); then
    for late in 0 1; do
        export CELERY_ACKS_LATE=$late
        for n in 1 2; do
            start $python -m celery --app celery_app worker --pool prefork --concurrency $n --loglevel ERROR
            row "Celery $version, prefork$([ $late = 0 ] || echo ', acks_late')" $n \
                $python "$here/submit_celery.py" "$socket" "$tasks"
        done
    done
else
    echo "Celery: not here (python3-celery)"
fi
