#!/usr/bin/env bash
# Which server is meant, what a user of the server may do, and servers that are none.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

config=$ETAS_SOURCE/examples/forecast.json
forecast() {
    etas forecast "$config" -n 20 --seed 1 --progress none "$@"
}
forecast -o good.csv --distribute serial >/dev/null 2>&1

# A port that nobody listens at, or where somebody accepts and stays mute (with an argument).
take_port() {
    python3 -c '
import socket, sys, time
s = socket.socket()
s.bind(("127.0.0.1", 0))
if len(sys.argv) > 1:
    s.listen(9)
print(s.getsockname()[1], flush=True)
time.sleep(600)' "$@" >port &
    children+=("$!")
    wait_for "a port" test -s port
    port=$(cat port)
    : >port
}

shows "--embedded minds no server or password of the environment"
ETAS_REDIS_URL=redis://somebody:secret@localhost:1/3 ETAS_REDIS_PASSWORD=secret \
    expect 0 forecast -o embedded.csv --embedded --processes 1
cmp good.csv embedded.csv || fail "other bytes"
! grep -q 'no workers' stderr || fail "its workers are missed before they can be there: $(cat stderr)"
expect 2 forecast -o embedded.csv --embedded --port 7000
complains '--embedded'

shows "a server without workers is said to have none at once"
start_redis lonely
etas forecast "$config" -n 20 -o lonely.csv --socket lonely/redis.sock >/dev/null 2>lonely.log &
children+=("$!")
wait_for "the word about workers" grep -q 'no workers in pool "default" at .*lonely/redis.sock: waiting for some' lonely.log
kill -9 "${children[-1]}"

shows "a port, database, user or pool names a server too"
take_port
for option in "--port $port" "--pool mine --port $port" "--user me --port $port"; do
    # shellcheck disable=SC2086 # words
    etas forecast "$config" -n 20 -o named.csv --restart $option >/dev/null 2>named.log &
    children+=("$!")
    wait_for "the server's name" grep -q "localhost:$port" named.log
    kill -9 "${children[-1]}"
done

shows "a server that accepts and stays mute: the manager gives up, a second signal ends the forecast"
take_port mute
expect 1 timeout 20 etas-redis-manager info --host 127.0.0.1 --port "$port"
complains "127.0.0.1:$port" 'no answer'
one_line
etas forecast "$config" -n 20 --seed 1 -o mute.csv --port "$port" >driver.out 2>driver.log &
driver=$!
children+=("$driver")
wait_for "the model" grep -q ^model driver.log
kill -INT $driver
sleep 0.3
kill -INT $driver 2>/dev/null || true
code=0
wait_for "the end of the forecast" sh -c "! kill -0 $driver"
wait $driver || code=$?
[ $code -eq 130 ] || fail "exit code $code after two signals"

shows "the documented rights suffice: an agent, and a driver that may load the library"
documented=$(sed -n '/^Rights that an agent needs/,/^`+function/p' "$ETAS_SOURCE/docs/protocol.md" |
    grep -oE '[+][a-z|]+' | grep -v 'function|load' | sort -u)
start_redis r
server() {
    redis-cli -s r/redis.sock "$@"
}
# shellcheck disable=SC2086 # words
server acl setuser agent on '>a-secret' '~etas:{default}:*' $documented >/dev/null
# shellcheck disable=SC2086
server acl setuser driver on '>d-secret' '~etas:{default}:*' $documented '+function|load' >/dev/null
server acl setuser default off >/dev/null
(umask 077 && echo d-secret >driver.password)
as_driver=(--socket r/redis.sock --user driver --password-file driver.password)
expect 0 etas-redis-manager init "${as_driver[@]}"
ETAS_REDIS_PASSWORD=a-secret etas-redis-worker --url "unix://$work/r/redis.sock" --user agent \
    --processes 2 2>worker.log &
worker=$!
children+=("$worker")
expect 0 forecast -o acl.csv "${as_driver[@]}"
cmp good.csv acl.csv || fail "other bytes"
expect 0 etas-redis-manager info --check "${as_driver[@]}"
expect 0 etas-redis-manager reset-workers "${as_driver[@]}"
sleep 6 # a reap and a sweep
if grep -q 'the server answered' worker.log; then
    fail "the worker lacks a right: $(cat worker.log)"
fi

shows "a run without a driver says so; an IPv6 host stands in brackets"
etas forecast "$config" -n 1000000000 --seed 1 -o gone.csv "${as_driver[@]}" >/dev/null 2>gone.log &
gone=$!
children+=("$gone")
wait_for "the run" grep -q connected gone.log
kill -9 $gone
key=$(redis-cli -s r/redis.sock --user driver --pass d-secret --no-auth-warning zrange 'etas:{default}:v1:runs' 0 0)
redis-cli -s r/redis.sock --user driver --pass d-secret --no-auth-warning \
    hincrby "etas:{default}:v1:run:$key" beat -150000 >/dev/null
expect 0 etas-redis-manager info "${as_driver[@]}"
grep -q 'Progress=.* (run [0-9a-f]*, no driver for [23] min)$' stdout || fail "$(head -n 2 stdout)"
expect 1 etas-redis-manager info --host ::1 --port 1
complains '[::1]:1'

shows "no process of a slot knows the password, no command line shows it"
for pid in $(pgrep -P $worker); do
    if tr '\0' '\n' <"/proc/$pid/environ" | grep -q secret; then
        fail "a slot has the password in its environment"
    fi
done
etas-redis-worker --url "redis://u:hidden-1@localhost:$port" --password hidden-2 --processes 1 2>wiped.log &
wiped=$!
children+=("$wiped")
wait_for "the worker" grep -q '1 slots' wiped.log
if tr '\0' '\n' <"/proc/$wiped/cmdline" | grep -q hidden || grep -q hidden wiped.log; then
    fail "a password is shown"
fi
kill $wiped $worker
wait $worker || fail "the worker failed: $(cat worker.log)"
done_testing
