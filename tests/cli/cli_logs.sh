#!/usr/bin/env bash
# --log-format json: every line of the three programs is one object with the same members.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

# objects FILE PROGRAM [SUBJECT]: all lines of the file are log lines of the program; those from the first that
# has the member SUBJECT on have it too.
objects() {
    python3 - "$@" <<'END' || fail "$1"
import json, re, sys
path, program, subject = sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None
ids = set()
with open(path, "rb") as file:
    lines = file.read()
assert lines.endswith(b"\n"), "no lines, or half a line"
for number, line in enumerate(lines[:-1].split(b"\n"), 1):
    item = json.loads(line.decode("utf-8"), object_pairs_hook=lambda pairs: pairs)
    keys = [key for key, _ in item]
    item = dict(item)
    want = ["time", "level", "program", "pid"] + [subject] * (subject in keys) + ["message"]
    assert keys == want, (number, keys)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", item["time"]), item
    assert item["level"] in ("error", "warning", "info", "debug"), item
    assert item["program"] == program and isinstance(item["pid"], int) and item["message"], item
    if subject in item:
        ids.add(item[subject])
        assert re.fullmatch(r"[0-9a-f]{32}", item[subject]), item
    assert not ids or subject in item, (number, item)
assert subject is None or len(ids) == 1, ids
END
}

start_redis r
json=(--log-format json --log-level debug)

shows "a worker's log, with its agent"
etas-redis-worker --socket r/redis.sock --processes 2 "${json[@]}" 2>worker.err &
worker=$!
children+=("$worker")
wait_for "a worker" sh -c 'etas-redis-manager info --socket r/redis.sock | head -n 1 | grep -q "^Workers=2 "'

shows "a driver's log, with its run; that of the server's page, too"
etas-redis-manager serve --port 0 --socket r/redis.sock "${json[@]}" >url 2>serve.err &
page=$!
children+=("$page")
etas forecast "$ETAS_SOURCE/examples/forecast.json" -n 2000 --seed 3 -o out.csv --socket r/redis.sock "${json[@]}" >/dev/null 2>driver.err
objects driver.err etas run
[ "$(jq -r 'select(.run) | .run' driver.err | sort -u)" = "$(sqlite3 out.csv.store "SELECT lower(hex(value)) FROM meta WHERE name = 'run_id'")" ] || fail "another run"
wait_for "the page's address" grep -q '^http' url
kill -9 "$redis_pid"
wait_for "the page to miss the server" grep -q 'the server is away' serve.err
kill -TERM $worker $page
wait $worker || true
wait $page
objects worker.err etas-redis-worker agent
objects serve.err etas-redis-manager

shows "errors, in every program"
expect 1 etas-redis-manager info --socket r/redis.sock "${json[@]}"
objects stderr etas-redis-manager
expect 1 etas forecast nothing.json "${json[@]}"
objects stderr etas
expect 1 etas invert nothing.json "${json[@]}"
objects stderr etas

shows "text that is no text: quotes, controls, and bytes that are no UTF-8"
name=$'no"\\\t\x01\x7f\xff\xc3\xa9\xc3\xed\xa0\x80\xf5\x80\x80\x80.json'
expect 1 etas forecast "$name" "${json[@]}"
objects stderr etas
jq -r .message stderr | grep -qF $'no"\\\t\x01\x7f' || fail "the name: $(cat stderr)"
jq -r .message stderr | grep -qF $'\xc3\xa9' || fail "its letters: $(cat stderr)"
expect 1 etas forecast "$(printf 'x\xc3\xa9%.0s' $(seq 600)).json" "${json[@]}"
objects stderr etas

shows "the same lines in a file"
etas forecast "$ETAS_SOURCE/examples/forecast.json" -n 100 --seed 3 -o two.csv --distribute serial "${json[@]}" --log-file etas.log >/dev/null 2>stderr
[ ! -s stderr ] || objects stderr etas run
objects etas.log etas run
done_testing
