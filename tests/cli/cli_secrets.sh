#!/usr/bin/env bash
# Passwords and keys given in every way there is are nowhere to be seen: not in command lines, environments
# or memory of any process, core files, logs, outputs, the store, or what the server tells about clients.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"
# shellcheck source=tests/support/certificates.bash
. "$ETAS_SOURCE/tests/support/certificates.bash"

ulimit -c unlimited
# A user and a password for each way.
for way in file variable option url address embedded; do
    echo "s3cret-$way-$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')" >"$way.password"
    chmod 600 "$way.password"
done
make_certificates
cat ./*.password >secrets
sed -n 2p tls/client.key >>secrets
tls_port=
start_tls_redis r server
server() {
    redis-cli -s r/redis.sock "$@"
}
for way in file variable option url address; do
    server acl setuser $way on ">$(cat $way.password)" '~*' '&*' +@all >/dev/null
done
server config set rdbcompression no >/dev/null
server config set slowlog-log-slower-than 0 >/dev/null
server config set slowlog-max-len 100000 >/dev/null
server monitor >monitor.out &
children+=("$!")

# in_background NAME COMMAND...: with its output in NAME.log; sets pid_of[NAME].
declare -A pid_of
in_background() {
    local name=$1

    shift
    "$@" >>"$name.log" 2>&1 &
    pid_of[$name]=$!
    children+=("$!")
}
unseen() {
    python3 "$ETAS_SOURCE/tests/cli/find_secret.py" secrets "$@" >found || fail "seen: $(cat found)"
}

shows "the search finds what is there"
here=$(cat url.password) python3 -c 'import time; time.sleep(600)' &
children+=("$!")
wait_for "a process" sh -c "tr '\0' '\n' </proc/$!/environ | grep -q s3cret"
if python3 "$ETAS_SOURCE/tests/cli/find_secret.py" secrets $! >found; then
    fail "a secret in the environment is not found"
fi
grep -q environ found || fail "$(cat found)"
grep -q memory found || fail "$(cat found)"

make_long_config
shows "the processes of an embedded pool"
ETAS_REDIS_PASSWORD=$(cat embedded.password) in_background embedded etas forecast config.json -n 1000000000 --seed 1 -o embedded.csv \
    --embedded --processes 1 --task-duration 0.2s
# Driver, guardian, server, worker and its slot.
find_family() {
    local generation=("${pid_of[embedded]}")

    family=()
    while [ ${#generation[@]} -gt 0 ]; do
        family+=("${generation[@]}")
        mapfile -t generation < <(for pid in "${generation[@]}"; do pgrep -P "$pid" || true; done)
    done
    [ ${#family[@]} -ge 5 ]
}
wait_for "an embedded pool" find_family
unseen "${family[@]}"
kill -INT "${pid_of[embedded]}"
wait "${pid_of[embedded]}" || true
unset 'pid_of[embedded]'

shows "workers by file, variable and option, a manager that watches by URL and one by the environment's URL, a forecast"
socket=(--socket "$work/r/redis.sock")
tls=(--tls --port "$tls_port" --cacert tls/ca.crt --cert tls/client.crt --key tls/client.key)
in_background worker-file etas-redis-worker "${tls[@]}" --user file --password-file file.password --processes 1 --log-level debug
ETAS_REDIS_PASSWORD=$(cat variable.password) in_background worker-variable etas-redis-worker "${socket[@]}" --user variable \
    --processes 1 --log-level debug --log-format json
in_background worker-option etas-redis-worker "${socket[@]}" --user option --password "$(cat option.password)" --processes 1 \
    --log-level debug --log-file worker-option.file
in_background watch etas-redis-manager info --watch --url "rediss://url:$(cat url.password)@localhost:$tls_port" --cacert tls/ca.crt
ETAS_REDIS_URL=rediss://address:$(cat address.password)@localhost:$tls_port in_background watch-json etas-redis-manager info --watch \
    --json --cacert tls/ca.crt
for name in file variable option; do
    wait_for "worker $name" grep -qs connected "worker-$name.log" "worker-$name.file"
done
wait_for "the manager" grep -q '^Workers=3' watch.log
wait_for "the manager" grep -q '"workers":3' watch-json.log
ETAS_REDIS_PASSWORD=$(cat variable.password) in_background driver etas forecast config.json -n 1000000000 --seed 1 -o run.csv \
    "${socket[@]}" --user variable --task-duration 0.2s --log-level debug
wait_for "progress" grep -q 'Progress=[1-9]' watch.log
slots=()
for name in "${!pid_of[@]}"; do
    for pid in $(pgrep -P "${pid_of[$name]}"); do
        slots+=("$pid")
    done
done
[ ${#slots[@]} -ge 3 ] || fail "no slots"
unseen "${pid_of[@]}" "${slots[@]}"

shows "no core files while a secret is held"
crash() {
    kill -SEGV "$1"
    wait "$1" 2>/dev/null || true
    find . -maxdepth 1 -name 'core*' | grep -q .
}
in_background control etas-redis-worker --socket nobody.sock --processes 1
wait_for "a worker" grep -q 'trying again' control.log
if [[ $(cat /proc/sys/kernel/core_pattern) == core* ]] && crash "${pid_of[control]}"; then
    rm -f core*
    for name in worker-option worker-file driver watch; do
        kill -0 "${pid_of[$name]}" || fail "$name has ended: $(tail -n 3 "$name.log")"
        if crash "${pid_of[$name]}"; then
            fail "$name left a core file"
        fi
    done
else
    echo "  (this machine leaves no core files here in any case)"
fi

shows "logs, outputs, the store, and what the server knows"
expect 130 timeout --foreground --preserve-status --signal INT 5 etas forecast config.json -n 1000000000 -o run.csv --resume \
    "${socket[@]}" --user file --password-file file.password --task-duration 0.2s
server client list >client-list.out
server info everything >info.out
server slowlog get -1 >slowlog.out
server acl log >acl-log.out
server save >/dev/null
[ -s r/dump.rdb ] || fail "no dump"
[ -s run.csv.store ] || fail "no store"
grep -q '"auth"' monitor.out && fail "MONITOR shows AUTH: $(grep -m 1 '"auth"' monitor.out)"
grep -qi 'fcall' slowlog.out || fail "an empty slow log"
[ -s worker-option.file ] || fail "no log file"
if grep -rlaFf secrets . --exclude='*.password' --exclude=secrets --exclude-dir=tls; then
    fail "the files above hold a secret"
fi

shows "a wrong password is not repeated"
expect 1 etas-redis-manager info "${socket[@]}" --user file --password-file url.password
complains 'refused the user name or password'
expect 1 etas-redis-manager info --url "redis://file:$(cat url.password)@localhost:1" --log-level debug
if grep -qFf secrets stderr stdout; then
    fail "$(cat stderr)"
fi
done_testing
