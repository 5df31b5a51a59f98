#!/usr/bin/env bash
# The users of docker/users.acl.in on a real server: each can do its job, and nothing else.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

# as USER COMMAND...: a command of the server, as the user.
as() {
    REDISCLI_AUTH=$(<"secrets/$1.password") redis-cli -s r/redis.sock --user "$1" --no-auth-warning "${@:2}" 2>&1
}
refused() {
    local answer

    answer=$(as "$@")
    [[ $answer == *NOPERM* ]] || fail "not refused: $* ($answer)"
}
as_worker=(--socket "$work/r/redis.sock" --user worker --password-file "$work/secrets/worker.password")
as_driver=(--socket "$work/r/redis.sock" --user driver --password-file "$work/secrets/driver.password")
as_manager=(--socket "$work/r/redis.sock" --user manager --password-file "$work/secrets/manager.password")

shows "make-secrets: three passwords that are nowhere in the list of users, and are not overwritten"
expect 0 "$ETAS_SOURCE/docker/make-secrets" secrets
only_files secrets driver.password manager.password users.acl worker.password
[ "$(cat secrets/*.password | sort -u | grep -cE '^[0-9a-f]{64}$')" -eq 3 ] || fail "passwords"
[ "$(stat -c %a secrets)" = 700 ] || fail "others may enter the folder"
if cat secrets/*.password | grep -qFf - secrets/users.acl || grep -q '@[a-z]*@' secrets/users.acl; then
    fail "$(cat secrets/users.acl)"
fi
expect 1 "$ETAS_SOURCE/docker/make-secrets" secrets
expect 2 "$ETAS_SOURCE/docker/make-secrets" --help
mkdir r
redis-server --port 0 --unixsocket "$work/r/redis.sock" --dir "$work/r" --save '' --appendonly no \
    --aclfile "$work/secrets/users.acl" >r/redis.log 2>&1 &
children+=("$!")
guest() {
    redis-cli -s r/redis.sock --user health --pass none --no-auth-warning "$@" 2>&1
}
wait_for "redis-server" sh -c 'redis-cli -s r/redis.sock --user health --pass none --no-auth-warning ping | grep -q PONG'

shows "who has no password may ping by that name, and else nothing"
redis-cli -s r/redis.sock ping 2>&1 | grep -q NOAUTH || fail "anybody is let in"
for command in 'info' 'get x' 'acl whoami' 'function list' 'keys *' 'config get dir' 'shutdown' 'fcall etas_v1_info 1 etas:{default}:v1:pool'; do
    read -ra words <<<"$command"
    guest "${words[@]}" | grep -q NOPERM || fail "not refused: $command"
done

shows "the manager loads the library, the others may not"
expect 1 etas-redis-manager init "${as_worker[@]}"
expect 1 etas-redis-manager init "${as_driver[@]}"
expect 0 etas-redis-manager init "${as_manager[@]}"

shows "a worker, a driver and a manager do their jobs"
config=$ETAS_SOURCE/examples/forecast.json
etas forecast "$config" -n 200 --seed 1 -o good.csv --distribute serial --progress none >/dev/null 2>&1
etas-redis-worker "${as_worker[@]}" --processes 2 2>worker.log &
worker=$!
children+=("$worker")
expect 0 etas forecast "$config" -n 200 --seed 1 -o pool.csv --progress none --chunk-size 7 "${as_driver[@]}"
cmp good.csv pool.csv || fail "other bytes"
expect 0 etas-redis-manager info --check "${as_manager[@]}"
[[ $(head -n 1 stdout) == Workers=2\ * ]] || fail "$(cat stdout)"
expect 0 etas-redis-manager info "${as_worker[@]}" # what the check of its health asks
make_long_config
etas forecast config.json -n 1000000000 --seed 1 -o long.csv --task-duration 1s "${as_driver[@]}" >long.out 2>long.log &
driver=$!
children+=("$driver")
wait_for "progress" sh -c "etas-redis-manager info ${as_manager[*]} | head -n 1 | grep -q 'Progress=[1-9]'"
expect 0 etas-redis-manager reset-workers "${as_manager[@]}"
sleep 7 # a reap, a sweep, a prune
expect 0 etas-redis-manager stop --now "${as_manager[@]}"
wait_for "the worker's end" sh -c "! kill -0 $worker"
wait $worker || fail "the worker failed: $(cat worker.log)"
kill -INT $driver
wait $driver || true
expect 0 etas-redis-manager info --check "${as_manager[@]}"
if grep -q 'NOPERM\|the server answered' ./*.log; then
    fail "a right lacks: $(grep 'NOPERM\|the server answered' ./*.log)"
fi
if grep -qi 'password-file' worker.log; then
    fail "$(cat worker.log)"
fi

shows "the manual names the same rights as the file"
for user in worker driver manager; do
    sed -n "/^user $user on/s/.*resetchannels //p" "$ETAS_SOURCE/docker/users.acl.in" | tr ' ' '\n' | sort >in-file
    sed -n "/^    user $user\$/,/^\$/p" "$ETAS_SOURCE/docs/security.md" | tr -s ' ' '\n' | grep '^[~+%@-]' | sort >in-manual
    diff in-file in-manual || fail "docs/security.md has other rights for $user"
done

shows "nobody gets beyond the pool, or at the server"
P='etas:{default}:v1:'
for user in worker driver manager; do
    for command in 'config get maxmemory' 'config set maxmemory 1' 'acl list' 'acl whoami' 'flushall' 'flushdb' \
        'shutdown nosave' 'slowlog get' 'keys *' 'scan 0' 'monitor' 'client list' 'client kill id 1' 'eval 0 0' \
        'script load 0' 'function list' 'function flush' 'function delete etas_v1' 'replicaof no one' 'save' 'bgsave' \
        'publish x y' 'subscribe x' 'select 1' 'dump x' 'get x' 'set x y' 'del x' \
        'hset other x y' 'hget other x' 'blpop other 1' 'unlink other' \
        'hset etas:{mine}:v1:pool x y' 'hgetall etas:{mine}:v1:pool' 'zrange etas:{mine}:v1:runs 0 0' \
        'fcall etas_v2_info 1 etas:{default}:v1:pool' 'fcall something 0'; do
        read -ra words <<<"$command"
        refused $user "${words[@]}"
    done
done

shows "nobody does another's job"
refused worker function load '#!lua name=mine'
refused driver function load '#!lua name=mine'
for name in run submit check ban collect ackout mend finish audit dead model_put control cancel retry purge reset; do
    refused worker fcall etas_v1_$name 1 "${P}pool"
done
for name in hello bye claim beat commit fail model_get model_spoiled info versions control cancel retry reset; do
    refused driver fcall etas_v1_$name 1 "${P}pool"
done
for name in hello bye claim beat commit fail reap run submit check ban collect ackout mend finish model_put model_get model_spoiled; do
    refused manager fcall etas_v1_$name 1 "${P}pool"
done
refused manager blpop "${P}wake" 1
refused worker unlink "${P}summary:0"
refused worker hset "${P}summary:0" state x
[[ $(as worker hget "${P}model:0" 1) != *NOPERM* ]] || fail "a worker reads no models"
[[ $(redis-cli -s r/redis.sock --user worker --pass guess ping 2>&1) != *PONG* ]] || fail "a guessed password"
done_testing
