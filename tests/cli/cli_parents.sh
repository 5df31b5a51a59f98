#!/usr/bin/env bash
# --columns parent: who triggered whom, by the ids of the file and the rows of the history.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

config=$ETAS_SOURCE/examples/forecast.json
quiet() {
    "$@" >out.log 2>err.log || fail "exit code $?: $* ($(tail -n 3 err.log))"
}

shows "every child comes after its parent, in the same catalogue and one generation below"
quiet etas forecast "$config" -n 3000 --seed 7 --progress none -o f.csv --format reference --columns generation,parent,is_background
head -n 1 f.csv | grep -qx 'id,latitude,longitude,magnitude,time,is_background,generation,parent,parent_source,catalog_id' || fail "other columns: $(head -n 1 f.csv)"
awk -F, 'NR == 1 { next }
    $1 != NR - 2 { print "id " $1 " in row " NR; exit 1 }
    { generation[$1] = $7; catalog[$1] = $10; time[$1] = $5 }
    $7 == 0 && ($8 != "" || $9 != "") { print "a parent of the background: " $0; exit 1 }
    $8 != "" && ($9 != "" || $8 >= $1 || catalog[$8] != $10 || generation[$8] != $7 - 1 || time[$8] > $5) { print "not its parent: " $0; exit 1 }
    $9 != "" && ($7 != 1 || $9 < 0) { print "not its past: " $0; exit 1 }
    { background += $7 == 0; children += $8 != ""; of_past += $9 != "" }
    END { print background, children, of_past; exit !(background > 100 && children > 100 && of_past > 100) }' f.csv >counts || fail "$(tail -n 1 counts)"

shows "the other columns are those of a run without parents, whoever makes it"
quiet etas forecast "$config" -n 3000 --seed 7 --progress none -o plain.csv --format reference --columns generation,is_background --distribute serial
cut -d, -f 1-7,10 f.csv | cmp - plain.csv || fail "parents change the events"
for how in "--distribute serial" "--distribute processes --processes 2 --chunk-size 77" "--distribute serial --kernels scalar"; do
    # shellcheck disable=SC2086 # words
    quiet etas forecast "$config" -n 3000 --seed 7 --progress none -o again.csv --format reference --columns is_background,generation,parent $how
    cmp f.csv again.csv || fail "other parents: $how"
done

shows "a store keeps them; one without says so"
quiet etas export f.csv.store -o later.csv --format reference --columns is_background,generation,parent
cmp f.csv later.csv || fail "other bytes from the store"
expect 1 etas export plain.csv.store -o never.csv --format reference --columns parent
complains "made without the parents" "never.csv"
[ ! -e never.csv ] || fail "something was left behind"

shows "simulate has them too"
quiet etas simulate "$ETAS_SOURCE/examples/simulate.json" -n 3 --seed 7 --progress none -o s.csv --format reference --columns parent
awk -F, 'NR > 1 && $7 != "" { exit 1 } NR > 1 && $6 != "" { n++ } END { exit !(n > 10) }' s.csv || fail "no parents, or a history where there is none"

done_testing
