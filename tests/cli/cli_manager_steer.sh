#!/usr/bin/env bash
# The manager's tables, and every command that steers: used rightly, wrongly, and in mid-run.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

socket=(--socket r/redis.sock)
manager() {
    etas-redis-manager "$@" "${socket[@]}"
}
# of RUN FIELD: what runs says about it.
of() {
    manager runs --json | jq -r --arg run "$1" ".runs[] | select(.id == \$run) | $2"
}
# until WHAT JQ: runs --json satisfies the filter.
until_runs() {
    wait_for "$1" runs_are "$2"
}
runs_are() {
    manager runs --json | jq -e "$1"
}
# driver NAME CONFIG ARGUMENTS...: a forecast in the background; sets driver_pid and run.
driver() {
    local before

    before=$(manager runs --json | jq -c '[.runs[].id]')
    etas forecast "$2" -o "$1.csv" "${socket[@]}" "${@:3}" >"$1.out" 2>"$1.log" &
    driver_pid=$!
    children+=("$driver_pid")
    until_runs "run $1" "[.runs[].id] - $before | length == 1"
    run=$(manager runs --json | jq -r "[.runs[].id] - $before | .[0]")
}
worker() {
    etas-redis-worker "${socket[@]}" "$@" >>worker.log 2>&1 &
    worker_pid=$!
    children+=("$worker_pid")
}

shows "no server: exit code 1, one line that names it, whatever the command"
for command in info workers runs pause resume init reset-workers stop "cancel 1" "dead 1" "retry 1" "purge 1"; do
    # shellcheck disable=SC2086 # words
    expect 1 manager $command
    complains 'r/redis.sock' 'cannot connect'
    one_line
done

shows "wrong command lines: exit code 2"
for command in cancel dead retry purge; do
    expect 2 manager $command
    complains "$command: which run?"
    expect 2 manager $command one two
    complains "takes one run"
done
for command in workers runs pause resume info; do
    expect 2 manager $command x
    complains "$command takes no argument"
done
expect 2 manager pause --json
complains "pause has no --json"
expect 2 manager runs --hosts
complains "runs has no --hosts"
expect 2 manager stop --watch
complains "stop has no --watch"
expect 2 manager info --check --watch
complains "exclude each other"
for every in 0 0.01 -1 now; do
    expect 2 manager info --watch=$every
    complains "--watch"
done

shows "an empty server"
start_redis r
expect 0 manager workers
grep -q '^no workers in pool "default"' stdout || fail "$(cat stdout)"
expect 0 manager runs
grep -q '^no runs in pool "default"' stdout || fail "$(cat stdout)"
[ "$(manager workers --json | jq -c '.workers')" = '[]' ] || fail "workers --json"
[ "$(manager workers --hosts --json | jq -c '.hosts')" = '[]' ] || fail "workers --hosts --json"
[ "$(manager runs --json | jq -c '.runs')" = '[]' ] || fail "runs --json"
for command in cancel dead retry purge; do
    expect 1 manager $command 0123
    complains 'no run "0123" in pool "default"'
    one_line
done

shows "two runs, two hosts: tables of at most 100 columns"
make_long_config
expect 0 manager pause
worker --processes 1 --host-name one-host-with-a-long-name.example.org
worker --processes 1 --host-name other
first_worker=$worker_pid
driver a config.json -n 2000 --seed 1 --chunk-size 50
a=$run a_pid=$driver_pid
driver b config.json -n 1000000000 --seed 2 --chunk-size 50
b=$run b_pid=$driver_pid
until_runs "both submissions" '[.runs[].pending] | min > 0'
# Of run a 500 catalogues are there to be made; its driver will miss the others after a minute.
redis-cli -s r/redis.sock lset "etas:{default}:v1:pending:$a" 0 '0 500 0 0' >/dev/null
redis-cli -s r/redis.sock hset "etas:{default}:v1:run:$a" pend 500 submitted 500 >/dev/null
expect 0 manager resume
until_runs "a half of a" ".runs[] | select(.id == \"$a\" and .stored == 500)"
until_runs "progress of b" ".runs[] | select(.id == \"$b\" and .stored > 0)"
expect 0 manager workers
[ "$(wc -l <stdout)" -eq 3 ] || fail "$(cat stdout)"
grep -qE '^ID +HOST +PID +SLOTS +BUSY +EVALS +RATE +TASKS +SENT +EFF +MEM +RELEASE +SILENT +MARK$' stdout || fail "$(cat stdout)"
sed -n 2p stdout | grep -qE '^[0-9a-f]{8} +one-host-with-a~ +[0-9]+ +1 +[01] ' || fail "the first row: $(cat stdout)"
expect 0 manager workers --hosts
sed -n 2p stdout | grep -qE '^one-host-with-a-lon~ +1 +1 +[01] ' || fail "the first row: $(cat stdout)"
expect 0 manager runs
sed -n 2p stdout | grep -qE "^(${a:0:8}|${b:0:8}) +(open|full) +[1-9][0-9.kM]* " || fail "the first row: $(cat stdout)"
for command in workers runs "workers --hosts"; do
    # shellcheck disable=SC2086
    [ "$(manager $command | wc -L)" -le 100 ] || fail "$command is too wide: $(manager $command)"
done
manager workers --json | jq -e --arg pid "$first_worker" '.workers | length == 2 and .[1].host == "other" and
    (.[1].pid | tostring) == $pid and (map(.slots) | add) == 2 and all(.id | length == 32) and all(.mark == null)' >/dev/null ||
    fail "$(manager workers --json)"

shows "what the agents have told comes up with their next beats"
figures() {
    manager info --json | jq -e '.totals | .tasks > 0 and .sent_bytes > 0 and .received_bytes > 0 and
        .efficiency > 0 and .efficiency <= 1.05 and .peak_memory_bytes > 1000000'
}
for ((i = 0; i < 600; i++)); do # a beat is due every 10 s
    figures >/dev/null && break
    sleep 0.1
done
figures >/dev/null || fail "no figures: $(manager info --json)"
manager info --json | jq -e '(.hosts | length) == 2 and .misfits == [] and
    ([.runs[].tasks | .number > 0 and .slowfac >= 1 and (.slowest | length) == 3 and .slowest[0].wall_s >= .slowest[1].wall_s] | all)' >/dev/null ||
    fail "$(manager info --json)"
expect 0 manager info
grep -qE '^efficiency: [0-9]+% of the slots. time busy, [0-9]+% CPU; results sent ' stdout || fail "$(cat stdout)"
grep -qE '^  tasks: [0-9]+, mean .*, slowfac [0-9.]+, CPU [0-9]+%; received ' stdout || fail "$(cat stdout)"
grep -qE '^  slowest: .* on (other|one-host-with-a-long-name.example.org), catalogues [0-9]+\+[0-9]+$' stdout || fail "$(cat stdout)"
grep -qE '^HOST +AGENTS ' stdout || fail "no table of hosts: $(cat stdout)"

shows "info names who does not fit, and why"
now=$(date +%s)000
redis-cli -s r/redis.sock hset 'etas:{default}:versions' aaaabbbbccccddddaaaabbbbccccdddd "9 0.0.7 1 $now" \
    bbbbccccddddaaaabbbbccccddddaaaa "1 0.0.8 1 $now" >/dev/null
expect 0 manager info
grep -qE '^  incompatible: aaaabbbb, release 0\.0\.7, speaks protocol 9, this pool is of protocol 1 \(said [0-9]+ s ago\)$' stdout || fail "$(cat stdout)"
grep -qE '^  incompatible: bbbbcccc, release 0\.0\.8, has algorithm 1, run [0-9a-f]{6} wants [0-9]+ ' stdout || fail "$(cat stdout)"
[ "$(manager info --json | jq -c '[.misfits[].protocol]')" = '[9,1]' ] || fail "$(manager info --json)"
redis-cli -s r/redis.sock hdel 'etas:{default}:versions' aaaabbbbccccddddaaaabbbbccccdddd bbbbccccddddaaaabbbbccccddddaaaa >/dev/null

shows "pause: chunks are finished, and nothing more is made; resume: it goes on"
expect 0 manager pause
until_runs "the chunks" '.paused and ([.runs[].leased] | add) == 0 and ([.runs[].out] | add) == 0'
before=$(manager runs --json | jq '[.runs[].evaluations] | add')
sleep 1.5
[ "$(manager runs --json | jq '[.runs[].evaluations] | add')" = "$before" ] || fail "a paused pool simulates"
manager info | grep -q '^pool .*, paused$' || fail "$(manager info)"

shows "RUN by its start: of none, of several"
other=${a:0:8}0000000000000000000000ff
redis-cli -s r/redis.sock copy "etas:{default}:v1:run:$a" "etas:{default}:v1:run:$other" >/dev/null
redis-cli -s r/redis.sock zadd 'etas:{default}:v1:runs' 0 "$other" >/dev/null
for command in cancel dead retry purge; do
    expect 1 manager $command "${a:0:8}"
    complains "several runs \"${a:0:8}...\""
    one_line
    expect 1 manager $command ""
    complains 'no run ""'
done
redis-cli -s r/redis.sock del "etas:{default}:v1:run:$other" >/dev/null
redis-cli -s r/redis.sock zrem 'etas:{default}:v1:runs' "$other" >/dev/null

shows "purge of a run whose driver is alive is refused"
expect 1 manager purge "${a:0:8}"
complains "driver is alive: cancel the run first"
one_line

shows "cancel: its driver leaves with 130 and keeps its store, the other run does not notice"
expect 0 manager cancel "${a:0:8}"
grep -q "^run ${a:0:6} is cancelled; its driver on .* --resume goes on$" stdout || fail "$(cat stdout)"
code=0
wait "$a_pid" || code=$?
[ $code -eq 130 ] || fail "exit code $code after cancel: $(cat a.log)"
grep -q 'the run was cancelled by a pool manager' a.log || fail "no word about it: $(cat a.log)"
[ -e a.csv.store ] || fail "the store is gone"
[ ! -e a.csv ] || fail "there is an output"
[ "$(of "$a" .state)" = finished ] || fail "$(manager runs)"
for command in cancel retry; do
    expect 1 manager $command "$a"
    complains "run ${a:0:6} is finished"
done
expect 0 manager dead "$a"
grep -q "run ${a:0:6} has no dead catalogues" stdout || fail "$(cat stdout)"
[ "$(of "$b" '.state == "open" and .conserved and .driver_silent_s < 30')" = true ] || fail "$(manager runs)"
expect 0 manager resume
grep -q '^pool "default" is open' stdout || fail "$(cat stdout)"
before=$(of "$b" .stored)
until_runs "progress of b" ".runs[] | select(.id == \"$b\" and .stored > $before)"
kill -0 "$b_pid" || fail "the driver of b left: $(cat b.log)"

shows "a cancelled run resumes, also on the pool, and is the serial run"
etas forecast config.json --resume -o a.csv "${socket[@]}" >a.out 2>a.log || fail "resume: $(cat a.log)"
grep -q 'resuming: 500 of 2000' a.log || fail "it lost its store: $(cat a.log)"
etas forecast config.json -n 2000 --seed 1 -o serial.csv --distribute serial >/dev/null 2>serial.log
cmp a.csv serial.csv || fail "other bytes after cancel and resume"

shows "a finished run can be purged: its summary goes"
expect 0 manager purge "$a"
[ -z "$(of "$a" .id)" ] || fail "it is still there"
[ -z "$(redis-cli -s r/redis.sock keys "*$a*")" ] || fail "keys were left"

shows "a run whose driver is gone for good is purged, with all its keys"
kill -9 "$b_pid"
redis-cli -s r/redis.sock hincrby "etas:{default}:v1:run:$b" beat -150000 >/dev/null
manager runs | grep -qE "^${b:0:8} +silent " || fail "$(manager runs)"
expect 0 manager purge "${b:0:12}"
grep -q "^run ${b:0:6}: everything that the server had of it is deleted$" stdout || fail "$(cat stdout)"
wait_for "no keys" sh -c "[ -z \"\$(redis-cli -s r/redis.sock keys '*$b*')\" ]"

shows "dead catalogues are listed with where and why; retry tries them again"
expect 0 manager stop --now
wait_for "no workers" sh -c 'etas-redis-manager info --socket r/redis.sock | head -n 1 | grep -q "^Workers=0 "'
# Above criticality: most catalogues die out, the others grow to as many events as there may be.
jq 'del(.fn_store) | .burn_start = "1989-01-01" | .primary_start = "1990-01-01" | .end = "2010-01-01" | .m_max = 5 |
    .parameters += {log10_mu: -10.3, log10_k0: -2.1, a: 1.5}' "$ETAS_SOURCE/examples/simulate.json" >wild.json
etas simulate wild.json -n 6 --seed 5 --allow-supercritical -o wild.csv "${socket[@]}" >wild.out 2>wild.log &
wild=$!
children+=("$wild")
until_runs "the wild run" '.runs[] | select(.state == "open" and .pending == 6)'
run=$(manager runs --json | jq -r '.runs[] | select(.state == "open") | .id')
kill -STOP $wild # it would end with its last catalogue
worker --processes 2 --host-name there
until_runs "the dead" '.runs[] | select(.state == "open" and .dead > 0 and .pending + .leased == 0)'
dead=$(of "$run" .dead)
expect 0 manager dead "${run:0:7}"
grep -qE '^CATALOGUES +ATTEMPTS +LOST +SIGNAL +HOST +MESSAGE$' stdout || fail "$(cat stdout)"
grep -qE '^0 +3 +0 +- +there +.*events' stdout || fail "$(cat stdout)"
manager dead "$run" --json | jq -e --argjson n "$dead" '([.dead[].count] | add) == $n and
    (.dead[0] | .first == 0 and .attempts == 3 and .losses == 0 and .host == "there" and .signal == null)' >/dev/null ||
    fail "$(manager dead "$run" --json)"
expect 0 manager retry "$run"
grep -q "^run ${run:0:6}: $dead dead catalogues are pending again$" stdout || fail "$(cat stdout)"
until_runs "the second death" ".runs[] | select(.id == \"$run\" and .dead == $dead and .pending + .leased == 0)"
expect 0 manager info --check
kill -CONT $wild
code=0
wait $wild || code=$?
[ $code -eq 3 ] || fail "exit code $code: $(cat wild.log)"
expect 1 manager dead "$run"
complains "run ${run:0:6} is finished: its store names the $dead dead catalogues"
etas monitor wild.csv | grep -qE '^dead: 0[+]1: .* \(on there\)$' || fail "the store does not say where: $(etas monitor wild.csv)"

shows "--watch: blocks elsewhere than on a terminal, over a server that goes and comes back, until ^C: exit code 0"
etas-redis-manager runs --json --watch 0.1 "${socket[@]}" >watch.out 2>watch.log &
watch=$!
children+=("$watch")
# lines AT-LEAST
lines() {
    wait_for "$1 looks" sh -c "[ \$(wc -l <watch.out) -ge $1 ]"
}
lines 3
kill -9 "$redis_pid"
wait_for "a word about the server" grep -q 'error: .*r/redis.sock' watch.log
seen=$(wc -l <watch.out)
start_redis r
lines $((seen + 2))
kill -INT $watch
code=0
wait $watch || code=$?
[ $code -eq 0 ] || fail "exit code $code after ^C"
jq -s -e 'length >= 5 and all(.pool == "default")' watch.out >/dev/null || fail "not one JSON document a line"
manager info --watch 0.1 2>/dev/null | head -n 7 >blocks # a reader that leaves ends it
[ "$(grep -c '^Workers=' blocks)" -ge 2 ] || fail "no blocks: $(cat blocks)"
grep -q '^$' blocks || fail "nothing between blocks: $(cat blocks)"

shows "--watch: redrawn on a terminal"
code=0
script -qec "timeout --preserve-status -s INT 1 etas-redis-manager workers --watch 0.2 --socket r/redis.sock" typescript \
    >/dev/null </dev/null || code=$?
[ $code -eq 0 ] || fail "exit code $code on a terminal"
[ "$(grep -c $'\033\\[H\033\\[2J' typescript)" -ge 3 ] || fail "not redrawn: $(cat -v typescript)"
done_testing
