#!/usr/bin/env bash
# Runs that stop and go on.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

make_long_config
config=config.json
n=$(number_lasting 6)
etas forecast "$config" -n "$n" --seed 7 -o whole.csv --distribute serial >/dev/null 2>whole.log

# Kill the forecast with signal $1 while it simulates, more than once if it is too fast.
stop_midway() {
    local signal=$1 code=0

    shift
    etas forecast "$config" -n "$n" --seed 7 -o part.csv "$@" >out.log 2>err.log &
    pid=$!
    children+=("$pid")
    wait_for "the first stored frames" sh -c "sqlite3 -readonly part.csv.store 'select count(*) from part' | grep -qv '^0'"
    kill "-$signal" $pid
    wait $pid || code=$?
    echo $code
}

shows "SIGINT leaves with 130, keeps the store, writes no output"
code=$(stop_midway INT --distribute processes --processes 2)
[ "$code" = 130 ] || fail "exit code $code"
[ ! -e part.csv ] || fail "an unfinished output was written"
[ -e part.csv.store ] || fail "the store is gone"

shows "an unfinished store is not overwritten without being told to"
expect 1 etas forecast "$config" -n "$n" --seed 7 -o part.csv
complains '--resume' '--restart'
one_line

shows "--resume goes on where it was, without inverting again, to the same bytes"
expect 0 etas forecast "$config" -o part.csv --resume
complains 'resuming'
grep -q inverted stderr && fail "it inverted again"
cmp whole.csv part.csv || fail "other bytes after --resume"

shows "kill -9 and --resume"
rm part.csv part.csv.store*
stop_midway KILL --distribute processes --processes 2 >/dev/null
expect 0 etas forecast "$config" -o part.csv --resume --distribute serial
cmp whole.csv part.csv || fail "other bytes after kill -9"

shows "--resume of another number or seed is refused; without a store, too"
expect 1 etas forecast "$config" -o part2.csv --resume
complains 'part2.csv.store'

shows "--resume of single catalogues is not the whole run"
rm part.csv part.csv.store*
stop_midway KILL --distribute processes --processes 2 >/dev/null
expect 1 etas forecast "$config" -o part.csv --resume --only 3:5
complains '--only' 'part.csv.store'
expect 1 etas forecast "$config" -o part.csv --resume -n 5
complains '-n' 'part.csv.store'
expect 1 etas forecast "$config" -o part.csv --resume --seed 8
complains '--seed' 'part.csv.store'
[ ! -e part.csv ] || fail "an output was written"

shows "an empty file is no unfinished run"
: >empty.csv.store
expect 0 etas forecast "$config" -n 5 --seed 7 -o empty.csv

shows "--restart starts again"
expect 0 etas forecast "$config" -n 100 --seed 7 -o part.csv --restart
[ "$(tail -n 1 part.csv | cut -d, -f6)" = 99 ] || fail "--restart made another number of catalogues"

shows "--discard-store leaves the forecast alone"
expect 0 etas forecast "$config" -n 100 --seed 7 -o lone.csv --discard-store
[ ! -e lone.csv.store ] || fail "the store was kept"

shows "a seed that is drawn is printed, and repeats the run"
expect 0 etas forecast "$config" -n 100 -o drawn.csv
seed=$(sed -n 's/.*seed \([0-9]*\) (drawn.*/\1/p' stderr)
expect 0 etas forecast "$config" -n 100 -o again.csv --seed "$seed"
cmp drawn.csv again.csv || fail "the printed seed made another forecast"
done_testing
