#!/usr/bin/env bash
# Where the programs talk: full, closed and odd outputs.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

config=$ETAS_SOURCE/examples/forecast.json
forecast() {
    etas forecast "$config" -n 20 --seed 1 --distribute serial --progress none "$@"
}
forecast -o good.csv >/dev/null 2>&1

# full COMMAND...: fails when stdout is full, and says so.
full() {
    local code=0

    "$@" >/dev/full 2>stderr || code=$?
    [ $code -eq 1 ] || fail "exit code $code with a full stdout: $*"
    complains 'stdout' 'No space left'
}
shows "a stdout that takes nothing is an error"
full etas --help
full etas --version
full etas forecast --help
full forecast -o full.csv
full etas-redis-worker --help
full etas-redis-manager --help

shows "a reader of stdout that leaves early is not"
code=0
{ (sleep 0.3 && etas --help) || code=$?; echo $code >code; } | true
[ "$(cat code)" = 0 ] || fail "exit code $(cat code) for a closed pipe"

shows "closed standard files are not mistaken for others"
forecast -o closed.csv <&- >&- 2>&- || fail "exit code $? with closed standard files"
cmp good.csv closed.csv || fail "other bytes with closed standard files"
start_redis r
expect 0 etas-redis-manager init --socket r/redis.sock
redis-cli -s r/redis.sock config resetstat >/dev/null
etas-redis-manager info --socket r/redis.sock >&- || fail "exit code $? with a closed stdout"
if redis-cli -s r/redis.sock info errorstats | grep -q errorstat_ERR; then
    fail "the manager wrote its text to the server"
fi

shows "a forecast is not written to a device or pipe: its store lies beside it"
expect 1 forecast -o /dev/null
complains '/dev/null' 'store'
one_line
[ ! -e /dev/null.store ] || fail "a store was made in /dev"
mkfifo pipe
expect 1 timeout 20 etas forecast "$config" -n 20 -o pipe
complains 'pipe' 'store'
one_line
expect 2 forecast -o ""
complains '-o FILE'
done_testing
