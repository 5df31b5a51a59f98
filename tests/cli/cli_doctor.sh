#!/usr/bin/env bash
# The manager's check-up: each thing that may be wrong is made wrong, named, and put right again.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

server() {
    redis-cli -s "$work/r/redis.sock" "$@" >/dev/null
}
# doctor CODE ARGUMENTS...: runs it and keeps what it says in stdout.
doctor() {
    local code=$1

    shift
    expect "$code" etas-redis-manager doctor --socket "$work/r/redis.sock" "$@"
}
# says VERDICT CHECK TEXT
says() {
    grep -qE "^$1 +$2 .*$3" stdout || fail "no \"$1 $2 $3\": $(cat stdout)"
}

shows "no server: exit code 1"
expect 1 etas-redis-manager doctor --socket none.sock
says FAIL reachable 'none\.sock'
expect 1 etas-redis-manager doctor --json --socket none.sock
[ "$(jq -r '[.ok, .checks[0].verdict] | @csv' stdout)" = 'false,"FAIL"' ] || fail "$(cat stdout)"

shows "wrong command lines"
expect 2 etas-redis-manager doctor now
complains 'doctor takes no argument'
expect 2 etas-redis-manager doctor --watch
complains 'doctor has no --watch'

shows "an empty server is fit, with a word on what could be better; nothing is changed by looking"
start_redis r
doctor 0
says ok reachable "$work/r/redis.sock"
says ok latency 'median, .* worst of 100'
says ok clock 'ours'
says ok version 'Redis [0-9.]+'
says ok role primary
says ok policy noeviction
says warn library 'etas-redis-manager init'
says ok 'as worker' 'all [0-9]+ rights'
says ok 'as driver' 'all [0-9]+ rights'
says ok 'as manager' 'all [0-9]+ rights'
says warn persistence 'appendonly'
says ok transport 'unix socket'
says ok runs '0, none in trouble'
[ "$(redis-cli -s r/redis.sock dbsize)" = 0 ] || fail "keys were left"
expect 0 etas-redis-manager init --socket r/redis.sock
doctor 0 --json
jq -e '.ok and .pool == "default" and (.checks | length > 14) and
    (.checks[] | select(.check == "library") | .verdict == "ok")' stdout >/dev/null || fail "$(cat stdout)"

# wrong SETTING VALUE VERDICT CHECK TEXT: a setting that is wrong, then its old value again.
wrong() {
    local old

    old=$(redis-cli -s r/redis.sock config get "$1" | tail -n 1)
    server config set "$1" "$2"
    doctor $(($([ "$3" = FAIL ] && echo 1 || echo 0)))
    says "$3" "$4" "$5"
    server config set "$1" "$old"
}

shows "settings that do harm"
wrong maxmemory-policy allkeys-lru FAIL policy 'allkeys-lru may drop pieces .* noeviction'
used=$(redis-cli -s r/redis.sock info memory | sed -n 's/^used_memory:\([0-9]*\).*/\1/p')
wrong maxmemory $((used * 115 / 100)) warn memory 'are used: raise maxmemory'
wrong maxmemory 1000000 FAIL memory 'nothing can be submitted'
wrong timeout 5 warn timeouts 'idle for 5 s'
wrong tcp-keepalive 0 warn timeouts 'tcp-keepalive 0'
wrong appendonly yes ok persistence 'append-only file, fsync everysec'
wrong save '3600 1' warn persistence 'snapshots only'
server replicaof 127.0.0.1 1
doctor 1
says FAIL role 'replica'
server replicaof no one
doctor 0

shows "an older library"
redis-cli -s r/redis.sock function list withcode | grep -A 5000 '^#!lua' |
    sed 's/^local REVISION = .*/local REVISION = 1/' >old.lua
redis-cli -s r/redis.sock -x function load replace <old.lua >/dev/null || fail "the library does not load"
doctor 0
says warn library 'revision 1, this program brings [0-9]+'
expect 0 etas-redis-manager init --socket r/redis.sock
doctor 0
says ok library revision

shows "each user of docker/users.acl.in has the rights of its role; what one lacks is named"
sed -n 's/#@[a-z]*@/nopass/p' "$ETAS_SOURCE/docker/users.acl.in" >users
while read -r _ name rules; do
    # shellcheck disable=SC2086 # words
    server acl setuser "$name" $rules
    doctor 0 --user "$name" --password-file <(echo x)
    says ok "as $name" 'all [0-9]+ rights \(tried\)'
    says note "as $([ "$name" = worker ] && echo driver || echo worker)" 'this user lacks'
    server acl setuser "$name" -hget
    doctor 0 --user "$name" --password-file <(echo x)
    says warn "as $name" '1 of [0-9]+: \+hget$'
done <users
server acl setuser narrow on nopass '~other:*' +@all
doctor 1 --user narrow --password-file <(echo x)
says FAIL library 'may not call it'
says warn 'as worker' '~etas:\{default\}:\*'
expect 1 etas-redis-manager doctor --socket r/redis.sock --user nobody --password-file <(echo x)
says FAIL reachable 'user name or password'

shows "workers: paused, of another protocol"
expect 0 etas-redis-manager pause --socket r/redis.sock
doctor 0
says warn workers 'paused'
expect 0 etas-redis-manager resume --socket r/redis.sock
now=$(date +%s)000
server hset 'etas:{default}:versions' 0123456789abcdef0123456789abcdef "7 0.9.9 1 $now"
doctor 0
says warn versions '01234567 of release 0\.9\.9 speaks protocol 7'
server hdel 'etas:{default}:versions' 0123456789abcdef0123456789abcdef

shows "a run without its driver, with dead catalogues, at its mark, without its model, with broken books"
etas forecast "$ETAS_SOURCE/examples/forecast.json" -n 1000000000 --seed 1 -o gone.csv --socket r/redis.sock >/dev/null 2>gone.log &
gone=$!
children+=("$gone")
wait_for "the run" grep -q connected gone.log
doctor 0
says ok runs '1, none in trouble'
kill -9 $gone
run=$(redis-cli -s r/redis.sock zrange 'etas:{default}:v1:runs' 0 0)
key="etas:{default}:v1:run:$run"
server hset "$key" full 1 nomodel 1
doctor 0
says warn runs 'results wait at the mark'
says warn runs 'its model is missing'
server hset "$key" full 0 nomodel 0
server hincrby "$key" beat -150000
doctor 0
says warn runs "${run:0:8}: its driver on .* has been silent for 2\\.[0-9]+m"
server zadd "etas:{default}:v1:dead:$run" 5 '5 1 3 0 11 @there it fell over'
server hincrby "$key" submitted 1
doctor 0
says warn runs '1 catalogues are dead'
server hincrby "$key" submitted 1
doctor 1
says FAIL runs 'its books do not balance'
doctor 1 --json
jq -e '.ok == false' stdout >/dev/null || fail "$(cat stdout)"
done_testing
