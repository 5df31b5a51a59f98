#!/usr/bin/env bash
# TLS as a user meets it: what goes wrong has a message that says what to do, and a forecast over it has
# the bytes of any other.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"
# shellcheck source=tests/support/certificates.bash
. "$ETAS_SOURCE/tests/support/certificates.bash"

make_certificates
tls_port=
start_tls_redis r server
port=$tls_port
ca=(--cacert tls/ca.crt)
info() {
    etas-redis-manager info --tls --port "$port" "$@"
}
# refuses TEXT...: the last info failed within one line that says so, and where.
refuses() {
    complains "$@" ":$port"
    one_line
}

shows "a server whose certificate is good, by name, by address, by another name, by URL"
expect 0 info "${ca[@]}"
grep -q "localhost:$port, Redis .*, TLSv1.3" stdout || fail "$(cat stdout)"
expect 0 info "${ca[@]}" --host 127.0.0.1
expect 0 info "${ca[@]}" --tls-name redis.example
expect 0 info --cacert tls/both.crt
expect 0 etas-redis-manager info --url "rediss://localhost:$port" "${ca[@]}"
expect 0 etas-redis-manager doctor --url "rediss://localhost:$port" "${ca[@]}"
grep -qE '^ok +transport +TLSv1' stdout || fail "$(cat stdout)"
ETAS_REDIS_URL=rediss://localhost:$port expect 0 etas-redis-manager info "${ca[@]}"
SSL_CERT_FILE=tls/ca.crt expect 0 info # the system's store, which OpenSSL lets the environment name

shows "certificates that are not good"
expect 1 info
refuses 'nobody known here vouches' '--cacert'
expect 1 info --cacert tls/other.crt
refuses 'nobody known here vouches'
expect 1 info "${ca[@]}" --tls-name example.org
refuses 'not for "example.org"'
expect 1 info "${ca[@]}" --tls-name 127.0.0.2
refuses 'not for "127.0.0.2"'
tls_port=
start_tls_redis past past
port=$tls_port expect 1 info "${ca[@]}"
complains 'has expired'
tls_port=
start_tls_redis elsewhere elsewhere
port=$tls_port expect 1 info "${ca[@]}"
complains 'not for "localhost"' '--tls-name'
port=$tls_port expect 0 info "${ca[@]}" --tls-name elsewhere.example
tls_port=
start_tls_redis address address
port=$tls_port expect 1 info "${ca[@]}"
complains 'not for "localhost"'
port=$tls_port expect 0 info "${ca[@]}" --host 127.0.0.1

shows "plain and TLS mixed up"
plain_port=$(free_port)
start_redis plain --port "$plain_port"
expect 1 etas-redis-manager info --tls --port "$plain_port" "${ca[@]}"
complains 'no answer to the TLS handshake' "localhost:$plain_port"
expect 1 etas-redis-manager info --port "$port"
refuses 'use --tls'
python3 -c '
import socket, sys
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(9)
print(s.getsockname()[1], flush=True)
while True:
    c, _ = s.accept()
    c.sendall(b"-DENIED Redis is running in protected mode\r\n")
    c.close()' >other.port &
children+=("$!")
wait_for "a port" test -s other.port
expect 1 etas-redis-manager info --tls --port "$(cat other.port)" "${ca[@]}"
complains 'not a TLS server'
for protocols in TLSv1.2 TLSv1.1; do
    tls_port=
    start_tls_redis $protocols server --tls-protocols $protocols 2>/dev/null || continue
    if [ $protocols = TLSv1.2 ]; then
        port=$tls_port expect 0 info "${ca[@]}"
        grep -q 'TLSv1.2' stdout || fail "$(cat stdout)"
    else
        port=$tls_port expect 1 info "${ca[@]}"
    fi
done

shows "files that cannot be used: said before anything is sent"
for wrong in "--cacert tls/none.crt|none.crt|No such file" "--cacert /dev/null|/dev/null|" \
    "--cacert tls/ca.key|ca.key|" "--cert tls/none.crt --key tls/client.key|none.crt|No such file" \
    "--cert tls/client.crt --key tls/none.key|none.key|No such file" \
    "--cert tls/client.crt --key tls/locked.key|locked.key|passphrase" \
    "--cert tls/client.crt --key tls/server.key|server.key|does not belong" \
    "--cert tls/client.crt --key tls/client.crt|client.crt|"; do
    IFS='|' read -r options file text <<<"$wrong"
    for program in 'etas-redis-manager info' etas-redis-worker; do
        # shellcheck disable=SC2086 # words
        expect 1 timeout 10 $program --tls --port 1 $options </dev/null
        complains "$file" "$text"
    done
done
grep -q 'warn' stderr && fail "$(cat stderr)"
chmod 644 tls/client.key
expect 0 info "${ca[@]}" --cert tls/client.crt --key tls/client.key
complains 'tls/client.key: others may read it (mode 0644)'
chmod 600 tls/client.key

shows "a server that wants to know its clients"
for protocol in TLSv1.3 TLSv1.2; do
    tls_port=
    start_tls_redis "clients-$protocol" server --tls-auth-clients yes --tls-protocols $protocol
    port=$tls_port expect 1 info "${ca[@]}"
    complains 'client certificate' '--cert'
    port=$tls_port expect 1 info "${ca[@]}" --cert tls/other.crt --key tls/other.key
    complains 'refused the client certificate'
    port=$tls_port expect 0 info "${ca[@]}" --cert tls/client.crt --key tls/client.key
done
expect 1 etas-redis-worker --tls --port "$tls_port" "${ca[@]}" --processes 1
complains 'client certificate'

shows "a forecast over TLS has the bytes of a serial one, though the server dies in its midst"
as_client=(--tls --port "$tls_port" "${ca[@]}" --cert tls/client.crt --key tls/client.key)
forecast() {
    etas forecast "$ETAS_SOURCE/examples/forecast.json" -n 400 --seed 3 --progress none "$@"
}
expect 0 forecast -o serial.csv --distribute serial
for i in 1 2; do
    etas-redis-worker "${as_client[@]}" --processes 1 2>"worker$i.log" &
    children+=("$!")
    workers[i]=$!
    wait_for "the worker" grep -q connected "worker$i.log"
done
expect 0 etas-redis-manager pause "${as_client[@]}" # so that the run cannot be over before
forecast -o tls.csv --chunk-size 7 "${as_client[@]}" >driver.out 2>driver.log &
driver=$!
children+=("$driver")
wait_for "the run" sh -c "etas-redis-manager info ${as_client[*]} | head -n 1 | grep -q 'Progress=0/400'"
kill -9 "$redis_pid"
wait_for "the workers' complaints" sh -c 'grep -q "trying again" worker1.log && grep -q "trying again" worker2.log'
start_tls_redis again server --tls-auth-clients yes
code=0
wait $driver || code=$?
[ $code -eq 0 ] || fail "the driver: exit code $code: $(tail -n 3 driver.log)"
cmp serial.csv tls.csv || fail "other bytes"
for i in 1 2; do
    kill "${workers[i]}" || fail "worker $i has left: $(tail -n 3 "worker$i.log")"
    wait "${workers[i]}" || fail "worker $i: exit code $?"
done
done_testing
