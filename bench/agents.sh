#!/usr/bin/env bash
# 1,000 agents of 10 slots on one server: chunks of 30 s with a join storm, a reconnect storm and the
# loss of half the agents (about five minutes), then chunks of 1 s, which is more than a server takes.
#   bench/agents.sh [AGENTS] [PRESET] [steady|stress|both]
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
agents=${1:-1000}
bin=$root/build/${2:-release}/bin
which=${3:-both}
# shellcheck source=bench/pool.bash
. "$root/bench/pool.bash"

start_server
if [ "$which" != stress ]; then
    "$bin/bench_agents" --socket "$socket" --dir . --agents "$agents" --task 30 --steady 60 --reconnect --kill
fi
if [ "$which" != steady ]; then
    echo
    "$bin/bench_agents" --socket "$socket" --dir . --agents "$agents" --task 1 --steady 15
fi
