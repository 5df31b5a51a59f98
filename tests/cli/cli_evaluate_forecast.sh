#!/usr/bin/env bash
# Tests of forecasts: by their definitions, of stores as of files, in bounded memory.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

config=$ETAS_SOURCE/examples/forecast.json
region=$ETAS_SOURCE/examples/region.json
python=/usr/bin/python3
forecast() {
    etas forecast "$config" --distribute serial --progress none "$@" >out.log 2>err.log || fail "exit code $?: $*"
}
# same ONE OTHER TEST...: results in two folders.
same() {
    local one=$1 other=$2 test

    shift 2
    for test in "$@"; do
        cmp "$one/${test}_test.json" "$other/${test}_test.json" || fail "$other: another result of $test"
    done
}

shows "statistics, quantiles and statuses of random forecasts are those of the definitions"
if "$python" -c "import numpy, scipy" 2>/dev/null; then
    mkdir random
    (cd random && "$python" "$ETAS_SOURCE/tests/cli/forecast_tests.py" 80) || fail "a definition"
else
    [ -z "${ETAS_SKIPS_AS_FAILS:-}" ] || fail "no python3 with numpy and scipy"
    echo "no python3 with numpy and scipy: not compared"
fi

shows "a store of events, one of counts, and the CSV of a forecast give the same bytes"
forecast --seed 5 -n 400 -o events/f.csv
forecast --seed 5 -n 400 -o chunks/f.csv --chunk-size 7
forecast --seed 5 -n 400 -o counts/f.dat --keep counts --intervals 1,7
mv counts/f.dat.store counts/f.csv.store
awk -F, 'NR == 1 || $6 == 12' events/f.csv >observed.csv
expect 0 etas evaluate events/f.csv --observed observed.csv -o of_store
grep -qF "7 events" stdout || fail "$(cat stdout)"
grep -qF "events/f.csv.store: 400 catalogues" stdout || fail "$(cat stdout)"
expect 0 etas evaluate chunks/f.csv.store --observed observed.csv -o of_chunks
expect 0 etas evaluate counts/f.csv.store --observed observed.csv -o of_counts
expect 0 etas evaluate events/f.csv --observed observed.csv -o of_file --config "$config" --progress none
grep -qF "events/f.csv: 400 catalogues" stdout || fail "$(cat stdout)"
mkdir alone
cp events/f.csv alone
expect 0 etas evaluate alone/f.csv --observed observed.csv -o of_polygon --polygon "$region" --start 2020-01-01 \
    --end 2020-01-31 --mag-first 3.6 --delta-m 0.1
for other in of_chunks of_counts of_file of_polygon; do
    same of_store $other n m s pl rm mll
done

shows "another seed changes the samples and nothing else"
expect 0 etas evaluate events/f.csv --observed observed.csv -o of_seed --seed 1
same of_store of_seed n m s pl
cmp -s of_store/rm_test.json of_seed/rm_test.json && fail "the seed changes nothing"
expect 0 etas evaluate events/f.csv --observed observed.csv -o of_few --tests n,rm --samples 10 --name few --json
[ "$(find of_few -type f | sort | xargs)" = "of_few/n_test.json of_few/rm_test.json" ] || fail "--tests"
"$python" - <<'END' || fail "the JSON"
import json

out, rm = json.load(open("stdout")), json.load(open("of_few/rm_test.json"))
assert len(rm["test_distribution"]) == 10 and rm["sim_name"] == "few" and rm["obs_name"] == "observed.csv"
assert out["forecast"]["n_catalogs"] == 400 and out["observed"]["n_events"] == 7
assert [t["name"] for t in out["tests"]] == ["Catalog N-Test", "Resampled M-Test"]
assert out["tests"][1]["quantile"] == rm["quantile"]
END

shows "observed events that do not count are told by their reason"
cat >mixed.csv <<'END'
id,latitude,longitude,time,magnitude
1,36.05,-118.05,2020-01-05 00:00:00,3.56
2,36.05,-118.05,2020-01-05 00:00:00,3.54
3,36.05,-118.05,2019-12-31 23:59:59.999999,4
4,36.05,-118.05,2020-01-01 00:00:00,4
5,36.05,-118.05,2020-01-31 00:00:00,4
6,10,10,2020-01-05 00:00:00,4
END
expect 0 etas evaluate events/f.csv --observed mixed.csv --tests n
grep -qF "mixed.csv: 2 events; not counted: 2 outside the time, 1 too small, 1 outside the region" stdout ||
    fail "$(cat stdout)"

shows "forecasts are compared, one of them a file of another program"
forecast --seed 6 -n 300 -o other/g.csv
cp other/g.csv alone
expect 0 etas evaluate events/f.csv --against other/g.csv --observed observed.csv -o pair_store
expect 0 etas evaluate events/f.csv --against alone/g.csv --observed observed.csv -o pair_file
cmp pair_store/t_test.json pair_file/t_test.json
cmp pair_store/w_test.json pair_file/w_test.json
expect 0 etas evaluate alone/g.csv --against events/f.csv --observed observed.csv -o turned
"$python" - <<'END' || fail "turned round the gain is another"
import json

a, b = (json.load(open(f"{d}/t_test.json")) for d in ("pair_store", "turned"))
assert a["sim_name"] == ["f", "g"] and b["sim_name"] == ["g", "f"], (a, b)
assert abs(a["observed_statistic"] + b["observed_statistic"]) < 1e-12
END
expect 0 etas evaluate events/f.csv --against chunks/f.csv --observed observed.csv
grep -qE "Paired T-Test +not-valid" stdout || fail "a forecast against itself: $(cat stdout)"

shows "a file of any size takes the memory of its largest catalogue"
awk 'BEGIN { print "lon,lat,mag,time_string,depth,catalog_id,event_id"; for (i = 0; i < 800000; i++)
    printf "%.6f,%.6f,3.%d,2020-01-%02dT00:00:00.123000,10.0,%d,%d\n", -118 - i % 97 / 50, 36 + i % 89 / 50, i % 10,
        1 + i % 30, i / 100, i }' >large.csv
"$python" - <<'END' || fail "memory"
import os, resource, subprocess

subprocess.run(["etas", "evaluate", "large.csv", "--observed", "observed.csv", "--config",
                os.environ["ETAS_SOURCE"] + "/examples/forecast.json", "--progress", "none"], check=True,
               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
peak, size = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024, os.path.getsize("large.csv")
print(f"  {size / 1e6:.0f} MB of catalogues, at most {peak / 1e6:.0f} MB of memory")
assert size > 45e6 and peak < 40e6, (size, peak)
END

shows "calibration puts results of one test together"
expect 0 etas evaluate --calibration of_*/s_test.json --json
grep -qF '"n_used": 6' stdout || fail "$(cat stdout)"
expect 1 etas evaluate --calibration of_store/s_test.json of_store/n_test.json
complains "S-Test" "Catalog N-Test"
expect 1 etas evaluate --calibration pair_store/t_test.json
complains "pair_store/t_test.json:2" "name"

shows "what is wrong is said with its place, and nothing is written"
expect 2 etas evaluate events/f.csv
complains "--observed"
expect 2 etas evaluate events/f.csv --observed observed.csv --tests n,q
complains '"q"'
expect 1 etas evaluate none.csv --observed observed.csv
complains "none.csv"
expect 1 etas evaluate events/f.csv --observed none.csv
complains "none.csv"
expect 1 etas evaluate alone/f.csv --observed observed.csv
complains "--polygon" "--config"
expect 1 etas evaluate alone/f.csv --observed observed.csv --polygon "$region"
complains "--start"
expect 1 etas evaluate alone/f.csv --observed observed.csv --polygon "$region" --start 2020-01-01 --end 2020-01-31
complains "--mag-first"
expect 1 etas evaluate counts/f.csv.store --observed observed.csv --cell-size 0.2
complains "--cell-size"
expect 1 etas evaluate alone --observed observed.csv --config "$config"
complains "regular file"
wrong() {
    local text=$1

    shift
    printf '%s\n' "$@" >wrong.csv
    expect 1 etas evaluate wrong.csv --observed observed.csv --config "$config" -o never --tests n
    complains "wrong.csv" "$text"
}
row=-118.05,36.05,4.0,2020-01-05T00:00:00,10.0
wrong "no catalogue" lon,lat,mag,time_string,depth,catalog_id,event_id
wrong "wrong.csv:2:44: \"catalog_id\"" "$row,1,0" "$row,0,0"
wrong "wrong.csv:1:44: \"catalog_id\"" "$row,x,0"
wrong "wrong.csv:1:9: \"lat\"" "-118.05,96,4.0,2020-01-05T00:00:00,10.0,0,0"
wrong "wrong.csv:2:21: \"time_string\"" "$row,0,0" "-118.05,36.05,4.0  ,5 January,10.0,0,0"
wrong "wrong.csv:1:1" "one,two"
wrong "below 2^32" "$row,4294967296,0"
[ ! -e never ] || fail "something was written"
if [ "$(id -u)" -eq 0 ] && mkdir full && mount -t tmpfs -o size=8k tmpfs full 2>/dev/null; then
    mounted=$work/full
    expect 1 etas evaluate events/f.csv --observed observed.csv -o full
    complains "No space left"
    [ -z "$(find full -name '*.tmp*')" ] || fail "$(find full)"
    umount full
    mounted=
else
    echo "  (no tmpfs can be mounted here: not shown)"
fi
done_testing
