#!/usr/bin/env bash
# 200 agents of ten slots that only wait, and the real driver: a join storm, cut connections, half of
# the agents gone at once. Nothing is lost, the conservation law holds all the time, nothing is left.
set -euo pipefail
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

start_redis r
shows "200 agents join, lose their connections, and half of them vanish: the run is whole"
"$ETAS_BENCH_AGENTS" --socket "$work/r/redis.sock" --dir "$work" --agents 200 --task 1 --steady 2 --lease 3 \
    --reconnect --kill >agents.log || fail "$(grep BROKEN agents.log || tail -n 5 agents.log)"
grep -E '^(loss:|[0-9]+ (agents|catalogues))|after' agents.log

done_testing
