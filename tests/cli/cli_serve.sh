#!/usr/bin/env bash
# The status page's server: what it answers, to whom, and what it does when Redis goes or clients are hostile.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

command -v curl >/dev/null || {
    echo "no curl"
    exit 77
}
redis=(redis-cli -s r/redis.sock)
P='etas:{default}:v1:'

# serve OPTIONS...: in the background; sets url and serve_pid.
serve() {
    etas-redis-manager serve "$@" >url 2>>serve.log &
    serve_pid=$!
    children+=("$serve_pid")
    wait_for "the page's address" grep -q '^http' url
    url=$(cat url)
}
get() {
    curl -sS --max-time 10 "$url$1" "${@:2}"
}
# status CODE PATH [CURL OPTIONS]
status() {
    local got

    got=$(curl -sS --max-time 10 -o body -w '%{http_code}' "$url$2" "${@:3}")
    [ "$got" = "$1" ] || fail "$2 ${*:3}: $got, not $1"
}
# sample NAME LABELS: its value
sample() {
    get metrics | python3 "$ETAS_SOURCE/tests/cli/check_exposition.py" | jq -r --arg key "$1${2:-"{}"}" '.[$key]'
}
up_is() {
    [ "$(get api/status | jq -r .up)" = "$1" ]
}
# leaves SIGNAL: exit code 0, within seconds
leaves() {
    local code=0 start=$SECONDS

    kill "-$1" "$serve_pid"
    wait "$serve_pid" || code=$?
    [ $code -eq 0 ] || fail "exit code $code after SIG$1"
    [ $((SECONDS - start)) -lt 6 ] || fail "SIG$1 took $((SECONDS - start)) s"
}

shows "options that make no sense: exit code 2"
expect 2 etas-redis-manager serve --port 70000
expect 2 etas-redis-manager serve --redis-port 70000
expect 2 etas-redis-manager serve --bind example.org
complains 'example.org'
expect 2 etas-redis-manager serve now
expect 2 etas-redis-manager info --bind 127.0.0.1
expect 2 etas-redis-manager info --redis-port 1

shows "without a server it serves, and says so; it sees the server when it comes"
serve --port 0 --socket r/redis.sock
status 200 healthz
status 503 api/info
jq -e '.error | contains("redis.sock")' body >/dev/null || fail "no reason: $(cat body)"
[ "$(sample etas_redis_up)" = 0 ] || fail "etas_redis_up"
start_redis r
wait_for "it to see the server" up_is true
[ "$(sample etas_redis_up)" = 1 ] || fail "etas_redis_up"

shows "/api/info is what info --json says"
status 200 api/info
expect 0 etas-redis-manager info --json --socket r/redis.sock
cmp <(jq -S . body) <(jq -S . stdout) || fail "they differ"

shows "the page is one file, closed by its policy"
status 200 ''
get '' -D head >page
grep -qi '^content-type: text/html; charset=utf-8' head || fail "$(cat head)"
grep -qi "^content-security-policy: default-src 'none'; style-src 'sha256-[^']*'; script-src 'sha256-[^']*'; connect-src 'self'" head || fail "$(cat head)"
grep -qi '^x-content-type-options: nosniff' head || fail "$(cat head)"
if grep -oE '(https?:)?//[a-z0-9.]+' page | grep -v 'www.w3.org'; then
    fail "the page asks elsewhere"
fi
# The hashes are those of what is in the page.
python3 - page head <<'END' || fail "the policy's hashes"
import base64, hashlib, re, sys
page, head = open(sys.argv[1], encoding="utf-8").read(), open(sys.argv[2]).read()
for name in ("style", "script"):
    body = re.search(f"<{name}>(.*?)</{name}>", page, re.S)[1]
    want = "'sha256-" + base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() + "'"
    assert f"{name}-src {want}" in head, name
END

shows "other paths and methods are refused, whatever they are"
for path in nope api api/ api/info/x ../etc/passwd %2e%2e/%2e%2e/etc/passwd index.html metrics/ '/' '%00'; do
    status 404 "$path" --path-as-is
done
for method in POST PUT DELETE OPTIONS TRACE PATCH FOO; do
    status 405 api/info -X "$method"
done
status 405 '' -d 'a body'
status 413 '' -X GET -d 'a body'
get api/info -X POST -D head >/dev/null
grep -qi '^allow: GET, HEAD' head || fail "no Allow"

shows "HEAD is GET without its body"
for path in '' api/info api/status api/history metrics healthz; do
    code=$(get "$path" -I -o head -w '%{http_code}')
    [ "$code" = 200 ] || fail "HEAD $path: $code"
    [ "$(sed -n 's/^Content-Length: \([0-9]*\).*/\1/p' head)" -gt 0 ] || fail "HEAD $path: $(cat head)"
done

shows "on loopback only those who name this machine are answered"
for host in localhost LOCALHOST:80 127.0.0.1 127.1.2.3:9 '[::1]' '[::1]:9464'; do
    status 200 api/info -H "Host: $host"
done
for host in example.org 127.0.0.1.example.org localhost.example.org '[::1].example.org' 10.0.0.1 '[fe80::1]' '[::1' localhost:x ''; do
    status 421 api/info -H "Host: $host"
done

shows "a pool at work, in figures"
start_worker() {
    etas-redis-worker --socket r/redis.sock --processes 2 >>worker.log 2>&1 &
    worker_pid=$!
    children+=("$worker_pid")
}
start_worker
make_long_config
etas forecast config.json -n 100000000 --seed 3 -o pool.csv --socket r/redis.sock --task-duration 1s >driver.out 2>driver.log &
driver=$!
children+=("$driver")
wait_for "progress" sh -c "curl -s ${url}api/info | jq -e '.runs[0].stored > 0'"
run=$(get api/info | jq -r '.runs[0].id')
name=$(get api/info | jq -r '.runs[0].driver')
labels="{\"name\": \"$name\", \"run\": \"$run\"}"
[ "$(sample etas_pool_workers)" = 2 ] || fail "workers: $(sample etas_pool_workers)"
[ "$(sample etas_pool_agents '{"state": "busy"}')" = 1 ] || fail "busy agents"
[ "$(sample etas_run_catalogues_requested "$labels")" = 1e+08 ] || [ "$(sample etas_run_catalogues_requested "$labels")" = 100000000 ] || fail "requested"
[ "$(sample etas_run_catalogues_stored "$labels" | awk '{ print ($1 > 0) }')" = 1 ] || fail "stored"
[ "$(sample etas_run_mark_bytes "$labels" | awk '{ print ($1 > 0) }')" = 1 ] || fail "mark"
[ "$(sample etas_run_conserved "$labels")" = 1 ] || fail "conserved"
jq -e '.workers[0].slots == 2 and (.workers[0].host | length > 0)' <(get api/status) >/dev/null || fail "$(cat body)"
wait_for "a point of the chart" sh -c "curl -s ${url}api/history | jq -e '[.rate[] | numbers | select(. > 0)] | length > 0'"
jq -e '(.time | length) == (.rate | length) and (.time | length) == (.workers | length)' <(get api/history) >/dev/null || fail "columns"

shows "labels are escaped: a hostile name is a name"
kill -TERM $driver
wait $driver || true
"${redis[@]}" HSET "${P}run:$run" name 'a"b\c{}
d' >/dev/null
"${redis[@]}" EXISTS "${P}run:$run" >/dev/null
wait_for "the name" sh -c "curl -s ${url}api/info | jq -e '.runs[] | select(.driver | startswith(\"a\\\"b\"))'"
name=$(get api/info | jq '.runs[0].driver') # as JSON
[ "$(sample etas_run_cancelled "{\"name\": $name, \"run\": \"$run\"}")" = 0 ] || fail "the name in /metrics"

shows "any number of clients costs the server the same"
calls() {
    "${redis[@]}" INFO commandstats | sed -n 's/^cmdstat_fcall.*calls=\([0-9]*\),.*/\1/p' | awk '{ n += $1 } END { print n + 0 }'
}
kill -TERM $worker_pid
wait $worker_pid || true
before=$(calls)
for _ in $(seq 100); do
    get api/status >/dev/null
done
after=$(calls)
[ $((after - before)) -le 40 ] || fail "$((after - before)) calls for 100 clients"

shows "the server goes away: it says so, since when, and keeps what it saw; and comes back"
seen=$(get api/status | jq .info.evaluations)
kill -9 "$redis_pid"
wait_for "it to miss the server" up_is false
status 200 api/status
jq -e --argjson seen "$seen" '.info.evaluations == $seen and .since > .as_of and (.error | length > 0)' body >/dev/null || fail "$(cat body)"
status 503 api/info
status 200 healthz
get metrics | python3 "$ETAS_SOURCE/tests/cli/check_exposition.py" >samples
[ "$(jq -r '."etas_redis_up{}"' samples)" = 0 ] || fail "etas_redis_up"
if grep -q etas_pool samples; then
    fail "old figures of the pool"
fi
grep -q 'the server is away' serve.log || fail "not logged: $(cat serve.log)"
rm -f r/redis.sock
start_redis r
wait_for "it to see the server again" up_is true
grep -q 'the server is back' serve.log || fail "not logged: $(cat serve.log)"

shows "slow and silent clients hold up nobody"
python3 - "$url" <<'END' || fail "the server was held up"
import socket, sys, time, urllib.parse, urllib.request
place = urllib.parse.urlsplit(sys.argv[1])
def connect():
    return socket.create_connection((place.hostname, place.port), 5)
held = []
for i in range(110):
    held.append(connect())
    held[-1].setblocking(False)
start, deadline, answered = time.time(), time.time() + 25, None
while time.time() < deadline:
    for k, s in enumerate(held):  # a byte of a header now and then; every third one says nothing
        try:
            if k % 3:
                s.send(b"G" if k % 3 == 1 else b"GET / HTTP/1.1\r\nX: ")
        except OSError:
            pass
    try:
        with urllib.request.urlopen(sys.argv[1] + "healthz", timeout=5) as answer:
            assert answer.read() == b"ok\n"
            answered = time.time() - start
            break
    except OSError:
        time.sleep(0.2)
assert answered is not None, "no answer"
print(f"  answered after {answered:.1f} s among 110 slow clients")
END

shows "garbage, huge headers and half requests do no harm"
python3 - "$url" <<'END' || fail "garbage"
import os, socket, sys, urllib.parse
place = urllib.parse.urlsplit(sys.argv[1])
for text in (b"\0" * 100, os.urandom(4096), b"GET / HTTP/9.9\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 10000 + b"\r\n",
             b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
             b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", b"GET / HTTP/1.1\r\nHost: local"):
    with socket.create_connection((place.hostname, place.port), 5) as s:
        s.settimeout(5)
        try:
            s.sendall(text)
            s.shutdown(socket.SHUT_WR)
            answer = s.recv(100)
        except OSError:
            answer = b""
        assert not answer.startswith(b"HTTP/1.1 200"), (text[:60], answer)
END
status 200 healthz

shows "a port in use: exit code 1 and one line"
port=${url##*:}
expect 1 etas-redis-manager serve --port "${port%/}" --socket r/redis.sock
grep -q "127.0.0.1 port ${port%/}: Address already in use" stderr || fail "$(cat stderr)"

shows "it leaves on SIGTERM and SIGINT with exit code 0, also while the server hangs"
leaves TERM
serve --port 0 --socket r/redis.sock --bind ::1
case $url in 'http://[::1]:'*) ;; *) fail "$url" ;; esac
get healthz -g >/dev/null
leaves INT
serve --port 0 --socket r/redis.sock
kill -STOP "$redis_pid"
sleep 3
status 200 healthz
leaves TERM
kill -CONT "$redis_pid"

shows "another address is the user's decision: a warning; the name of the host is then free"
: >serve.log
serve --port 0 --bind 0.0.0.0 --socket r/redis.sock
wait_for "the warning" grep -q 'has no password' serve.log
url=http://127.0.0.1:${url##*:}
status 200 api/info -H 'Host: pool.example.org'
leaves TERM
done_testing
