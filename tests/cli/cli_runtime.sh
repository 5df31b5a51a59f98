#!/usr/bin/env bash
# --runtime and the end of a Slurm job: what is made is stored, and the printed command goes on.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json} .
sed 's/"data_path": "output\/",//' "$ETAS_SOURCE/examples/forecast.json" >config.json
jq 'del(.fn_store) + {m_threshold: 6}' "$ETAS_SOURCE/examples/simulate.json" >simulate.json
# So many catalogues that one process needs four seconds or more.
n=400
expect 0 etas simulate simulate.json -n $n --seed 7 -o serial.csv --distribute serial
n=$(awk -v n=$n -v took="$(sed -n 's/^seconds: .*simulate \([0-9.]*\),.*/\1/p' stderr)" 'BEGIN { printf "%d", n * (took < 4 ? 5 / (took + 0.01) : 1) }')
expect 0 etas simulate simulate.json -n "$n" --seed 7 -o serial.csv --distribute serial

# The command that the last stderr names.
next_command() {
    sed -n 's/^etas: warning: go on with: //p' stderr
}

# runs_out FILE COMMAND...: it ends with 3, says how far it is, and writes no output.
runs_out() {
    local file=$1

    shift
    expect 3 "$@"
    complains "of $n " "are stored in $file.store" "the runtime" "over" "go on with: etas "
    [ ! -e "$file" ] || fail "$file was written"
    [ -e "$file.store" ] || fail "no store"
}

# goes_on FILE: what the last stderr says is done three times, then without a limit.
goes_on() {
    local i code=3

    for ((i = 0; i < 3 && code == 3; i++)); do
        code=0
        eval "$(next_command)" >stdout 2>stderr || code=$?
    done
    [ $code -ne 3 ] || expect 0 eval "$(next_command | sed 's/ --runtime [0-9.]*s//')"
    [ $code -eq 0 ] || [ $code -eq 3 ] || fail "exit code $code: $(cat stderr)"
    cmp serial.csv "$1" || fail "$1: other bytes than the serial run's"
}

shows "serial, processes and an embedded pool: stopped and gone on with until the end"
runs_out serial2.csv etas simulate simulate.json -n "$n" --seed 7 -o serial2.csv --distribute serial --runtime 0.1s
goes_on serial2.csv
runs_out "it's two.csv" etas simulate simulate.json -n "$n" --seed 7 -o "it's two.csv" --processes 2 --runtime 0.1s --restart
[[ $(next_command) != *--restart* ]] || fail "$(next_command)"
goes_on "it's two.csv"
runs_out embedded.csv etas simulate simulate.json -n "$n" --seed 7 -o embedded.csv --embedded --processes 2 --runtime 0.6s
goes_on embedded.csv

shows "a pool without workers: nothing is made, and nothing is lost"
start_redis q --requirepass secret
runs_out pool.csv etas simulate simulate.json -n "$n" --seed 7 -o pool.csv --socket q/redis.sock --runtime 1s --password secret
[[ $(next_command) != *secret* && $(next_command) != *--password* ]] || fail "$(next_command)"
export ETAS_REDIS_PASSWORD=secret
etas-redis-worker --socket q/redis.sock --processes 2 2>worker.log &
worker=$!
children+=("$worker")
goes_on pool.csv
kill -TERM $worker
wait $worker || fail "exit code $? of the worker"
unset ETAS_REDIS_PASSWORD
start_redis r

shows "a runtime that ends with the inversion leaves the model in the store"
n=20
expect 0 etas forecast config.json -n $n --seed 1 -o forecast.csv --distribute serial
expect 3 etas forecast config.json -n $n --seed 1 -o stopped.csv --distribute serial --runtime 0.001s
complains "0 of $n catalogues are stored"
expect 0 etas forecast config.json -n $n --seed 1 -o stopped.csv --distribute serial --resume
if grep -q inverted stderr; then
    fail "inverted again: $(cat stderr)"
fi
cmp forecast.csv stopped.csv || fail "other bytes"

shows "refits"
mkdir once stopped
expect 0 etas invert config.json -o once --bootstrap 6 --seed 1 --processes 2
expect 3 etas invert config.json -o stopped --bootstrap 6 --seed 1 --processes 2 --runtime 0.001s
complains "0 of 6 refits are stored"
[ ! -e stopped/bootstrap_example.csv ] || fail "results were written"
command=$(next_command)
expect 0 eval "${command/ --runtime 0.001s/}"
cmp once/bootstrap_example.csv stopped/bootstrap_example.csv || fail "other refits"

in_job() {
    local seconds=$1

    shift
    SLURM_JOB_ID=4711 SLURM_JOB_END_TIME=$(($(date +%s) + seconds)) "$@"
}

shows "in a Slurm job driver and worker leave in time, unless told otherwise"
expect 3 in_job 3 timeout 20 etas forecast config.json -n $n --seed 1 -o job.csv --socket r/redis.sock
complains "job 4711 ends in" "the runtime"
expect 0 in_job 3 timeout 20 etas-redis-worker --socket r/redis.sock --processes 1
complains "job 4711 ends in" "the runtime is over" bye
expect 0 in_job 600 etas-redis-worker --socket r/redis.sock --processes 1 --runtime 1s
for program in "etas forecast config.json -n $n --seed 1 -o job.csv --restart" "etas-redis-worker --processes 1"; do
    code=0
    # shellcheck disable=SC2086
    in_job 2 timeout -s KILL 4 $program --socket r/redis.sock --runtime 0 2>stderr || code=$?
    [ $code -eq 137 ] || fail "it left in spite of --runtime 0: $(cat stderr)"
done

shows "an end that is none is told and not heeded"
for end in 33 soon "" -1 99999999999999999999; do
    SLURM_JOB_ID=4711 SLURM_JOB_END_TIME=$end expect 0 etas-redis-worker --socket r/redis.sock --idle-timeout 0.1s
    complains "SLURM_JOB_END_TIME=$end is not the end"
done
SLURM_JOB_ID=4711 SLURM_JOB_END_TIME=$(($(date +%s) + 365 * 86400)) expect 0 etas-redis-worker --socket r/redis.sock --idle-timeout 0.1s
if grep -q 4711 stderr; then
    fail "a job without a limit has one: $(cat stderr)"
fi

shows "runtimes that are none"
for runtime in -1 -1s 1w soon "" nan inf 1e400; do
    for program in "etas forecast config.json -o x.csv" "etas simulate simulate.json -o x.csv" "etas invert config.json --bootstrap 2" \
        etas-redis-worker; do
        # shellcheck disable=SC2086
        expect 2 $program --runtime "$runtime"
        complains --runtime
        one_line
    done
done
expect 2 etas invert config.json --runtime 1h
complains "--runtime belongs to --bootstrap"
done_testing
