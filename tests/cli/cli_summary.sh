#!/usr/bin/env bash
# Rates, summaries and counts: of events and of a run that keeps counts only.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

config=$ETAS_SOURCE/examples/forecast.json
python=/usr/bin/python3
all=(--also a.json --also a.geojson --also s.x:summary-csv --also g.x:grid-csv --also c.x:counts)
grid=(--cell-size 0.5 --mag-last 6.1 --intervals "1,7" --thresholds "3.6,4,5,6")
names=(a.dat a.json a.geojson s.x g.x c.x)
quiet() {
    "$@" >out.log 2>err.log || fail "exit code $?: $* ($(tail -n 3 err.log))"
}
forecast() {
    (cd "$1" && shift && etas forecast "$config" --seed 42 --progress none "$@")
}
same() {
    local name

    for name in "${names[@]}"; do
        cmp "events/$name" "$1/$name" || fail "$1/$name differs"
    done
}
mkdir events counts wrong

shows "a run of events writes rates, a summary and counts beside its catalogues"
quiet forecast events -n 3000 --distribute serial -o e.csv --also a.dat "${all[@]}" "${grid[@]}"
"$python" - <<'END' || fail "the files say something else than the catalogues"
import csv, json, math

n = 3000
events = [r for r in csv.DictReader(open("events/e.csv")) if r["mag"]]
dat = [[float(x) for x in line.split()] for line in open("events/a.dat")]
assert all(len(r) == 10 for r in dat) and len(dat) % 26 == 0
cells = {}
for r in dat:
    cells[round(r[0] * 10), round(r[2] * 10), round(r[6] * 10)] = r[8]
assert len(cells) == len(dat)
mags = sorted({k[2] for k in cells})
assert mags == list(range(36, 62)), mags
counted = dict.fromkeys(cells, 0)
outside = 0
for e in events:
    lon, lat = round(float(e["lon"]) * 1e6), round(float(e["lat"]) * 1e6)
    key = (lon // 500000 * 5, lat // 500000 * 5, min(round(float(e["mag"]) * 10), 61))
    if key in counted:
        counted[key] += 1
    else:
        outside += 1
assert all(cells[k] == counted[k] / n for k in cells)
assert 0 < outside < 0.1 * len(events)

by_interval = list(csv.DictReader(open("events/g.x")))
assert len(by_interval) == 3 * len(dat)
assert {(r["day_first"], r["day_last"]) for r in by_interval} == {("0", "1"), ("1", "7"), ("7", "30")}
assert {r["mag_max"] for r in by_interval if r["mag_min"] == "6.1"} == {"inf"}
assert abs(sum(float(r["rate"]) for r in by_interval) - sum(cells.values())) < 1e-9

features = json.load(open("events/a.geojson"))["features"]
assert len(features) == len(dat) // 26
for f in features:
    west, south = f["geometry"]["coordinates"][0][0]
    total = sum(counted[round(west * 10), round(south * 10), m] for m in mags)
    assert f["properties"]["rate"] == total / n and len(f["properties"]["rates"]) == 26

counts = list(csv.DictReader(open("events/c.x")))
assert sum(int(r["number"]) for r in counts) == sum(counted.values())
assert {int(r["catalog_id"]) for r in counts} == set(range(n))

summary = json.load(open("events/a.json"))
table = list(csv.DictReader(open("events/s.x")))
assert summary["seed"] == "42" and summary["n_catalogs"] == n and len(summary["summary"]) == len(table) == 12
for row, line in zip(summary["summary"], table):
    start = "2020-01-01T00:00:00"
    end = {1: "2020-01-02", 7: "2020-01-08", 30: "2020-01-31"}[row["days"]]
    number = [0] * n
    for e in events:
        if float(e["mag"]) > row["magnitude"] - 0.05 and e["time_string"] < end:
            number[int(e["catalog_id"])] += 1
    hits = sum(k > 0 for k in number)
    number.sort()
    assert abs(row["mean"] - sum(number) / n) < 1e-12
    assert row["numbers"] == [number[k - 1] for k in (75, 480, 1500, 2520, 2925)]
    assert row["probability"] == hits / n
    assert abs(row["probability_error"] - math.sqrt(hits / n * (1 - hits / n) / (n - 1))) < 1e-12
    assert abs(row["averaged"] - hits / n) < 4 * (row["averaged_error"] + row["probability_error"])
    assert 0 < row["averaged"] < 1 and row["n_certain"] <= hits
    assert float(line["averaged"]) == row["averaged"] and float(line["q50"]) == row["numbers"][2]
END

shows "thresholds between the bins of magnitudes count what the files report"
jq '.models[0].standard_parameters as $p | del(.models) + {mc: 4.6, delta_m: 0.2, standard_parameters: $p} + {fn_catalog: null, auxiliary_start: null}' \
    "$ETAS_SOURCE/examples/generic.json" >wide.json
cp "$ETAS_SOURCE/examples/region.json" .
quiet etas forecast wide.json -n 5000 --seed 3 --progress none --distribute serial -o wide.csv --also wide.x:summary-csv --also wide.dat
for threshold in 4.6 5 5.5 6.5; do
    counted=$(awk -F, -v m=$threshold 'NR > 1 && $3 != "" && $3 >= m - 1e-9 { n++ } END { print n / 5000 }' wide.csv)
    mean=$(awk -F, -v m=$threshold '$1 == m && $2 == 30 { print $4 }' wide.x)
    [ "$mean" = "$counted" ] || fail "from $threshold on: $mean in the summary, $counted in the file"
done
awk -F, 'NR > 1 && $2 == 30 && ($12 - $10)^2 > 16 * ($11^2 + $13^2) { exit 1 }' wide.x || fail "averages far from shares"
[ "$(awk '{ print $7 }' wide.dat | sort -nu | head -n 3 | tr '\n' ' ')" = "4.6 4.8 5 " ] || fail "rates have other bins than the reports"

shows "a run that keeps counts writes the same bytes, whoever makes it"
quiet forecast counts -n 3000 --distribute serial -o a.dat "${all[@]}" "${grid[@]}" --keep counts
same counts
[ "$(stat -c %s counts/a.dat.store)" -lt "$(stat -c %s events/e.csv.store)" ] || fail "counts are larger than events"
for how in "--distribute processes --processes 3" "--embedded --processes 2 --chunk-size 500" "--distribute serial --kernels scalar"; do
    rm -r counts && mkdir counts
    # shellcheck disable=SC2086 # words
    quiet forecast counts -n 3000 -o a.dat "${all[@]}" "${grid[@]}" --keep counts $how
    same counts
done
mkdir both
quiet forecast both -n 3000 -o a.dat "${all[@]}" --also e.csv "${grid[@]}" --keep both
same both
cmp events/e.csv both/e.csv

shows "stores of both kinds export them"
mkdir later again
(cd later && quiet etas export ../counts/a.dat.store -o a.dat "${all[@]}" --progress none)
same later
(cd again && quiet etas export ../events/e.csv.store -o a.dat "${all[@]}" "${grid[@]}" --progress none)
same again
expect 1 etas export counts/a.dat.store -o wrong/e.csv --progress none
complains 'e.csv' 'keeps counts'
expect 1 etas export counts/a.dat.store -o wrong/a.dat --cell-size 1 --progress none
complains 'a.dat.store' '--cell-size'
only_files wrong

shows "a run that keeps counts is resumed, and single catalogues are made again"
quiet forecast counts -n 3000 -o x.x --format counts "${grid[@]}" --keep counts
sqlite3 counts/x.x.store "DELETE FROM part WHERE first >= 1000; UPDATE meta SET value = 'incomplete' WHERE name = 'state'" 2>/dev/null ||
    fail "the store has other tables"
quiet forecast counts -o y.x --format counts --from-store x.x.store --only 1500:2 # the stored grid
grep -E '^150[01],' events/c.x | cut -d, -f2- >want
tail -n +2 counts/y.x | cut -d, -f2- >got
cmp want got || fail "other counts of single catalogues"
expect 1 forecast counts --resume -o x.x --format counts --keep events
complains 'keeps counts' '--keep'
expect 1 forecast counts --resume -o x.x --format csep
complains 'x.x' 'needs the events'
quiet forecast counts --resume -o x.x --format counts
cmp counts/x.x events/c.x || fail "other counts after --resume"

shows "what cannot be is refused before anything is made"
for options in "--keep all" "--keep counts -o wrong/e.csv" "--depth-range 5:1" "--thresholds 3,x" "--intervals 1,,2" "--cell-size 0"; do
    # shellcheck disable=SC2086 # words
    expect 2 etas forecast "$config" -n 5 -o wrong/a.dat $options
    one_line
done
for options in "--cell-size 400" "--cell-size 180.1" "--mag-last 1e9" "--mag-first -101" "--mag-step 101" \
    "--mag-last 3 --mag-first 4" "--mag-last 6.05 --mag-first 4 --mag-step 0.1"; do
    # shellcheck disable=SC2086 # words
    expect 2 etas forecast "$config" -n 5 -o wrong/a.dat $options
    one_line
    complains "${options%% *}: "
done
complains '6.05 is not a whole number of --mag-step'
expect 2 etas forecast "$config" -n 5 -o wrong/e.csv --cell-size 0.2
complains '--cell-size'
for options in "--thresholds 3,4" "--thresholds 5,4" "--intervals 7,1" "--intervals 31" "--mag-last 3" "--cell-size 170"; do
    # shellcheck disable=SC2086 # words
    expect 2 etas forecast "$config" -n 5 -o wrong/a.dat --log-level error --progress none $options
    one_line
    complains "${options%% *}: "
done
only_files wrong

echo "$passed passed"
