#!/usr/bin/env bash
# etas report: a page that stands alone, with the numbers that the exports have.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

command -v python3 >/dev/null || { echo "skipped: python3 checks the pages, and is not there"; exit 77; }

# page STORE OPTIONS...: made without complaint, in page.html; what it says in page.txt
page() {
    expect 0 etas report "$1" -o page.html --progress none "${@:2}"
    check
}
check() {
    python3 "$ETAS_SOURCE/tests/cli/check_page.py" page.html >page.txt 2>wrong || fail "$(head -5 wrong)"
}
has() {
    local text
    for text in "$@"; do
        grep -qF -- "$text" page.txt || fail "the page lacks \"$text\": $(head -c 3000 page.txt)"
    done
}
lacks() {
    ! grep -qF -- "$1" page.txt || fail "the page has \"$1\""
}
# saved NAME: what the link to NAME.csv saves
saved() {
    python3 - "$1" <<'END'
import re, sys, urllib.parse
with open("page.html", encoding="utf-8") as page:
    link, = re.findall(r'<a download="%s\.csv" href="data:text/csv;charset=utf-8,([^"]*)"' % sys.argv[1], page.read())
sys.stdout.write(urllib.parse.unquote(link))
END
}
# run NAME EDIT OPTIONS...: the example's forecast with its configuration changed by jq
run() {
    jq "$2" "$ETAS_SOURCE/examples/forecast.json" >config.json
    expect 0 etas forecast config.json -o "$1" --distribute serial --progress none "${@:3}"
}
cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json} .

shows "wrong command lines, and files that are no store"
expect 2 etas report
expect 2 etas report a b -o x.html
expect 2 etas report a.store
complains '-o FILE.html is missing'
one_line
expect 1 etas report nowhere.csv -o page.html
complains 'there is no store here' 'nowhere.csv'
one_line
expect 1 etas report catalog.csv -o page.html
complains 'not a store of etas'
[ ! -e page.html ] || fail "something was written"

shows "a forecast in words, pictures and tables"
run f.csv 'del(.fn_store_simulation)' -n 4000 --seed 3
page f.csv
has 'Example: a synthetic California' 'From 2020-01-01 00:00 to 2020-01-31 00:00 UTC' 'in the region drawn on the map' \
    'magnitude 4 or larger' 'magnitude 5 or larger' 'within 1 day' 'within 1 week' 'within 30 days' 'This is the 95' \
    'Parameters of the ETAS model' 'branching ratio' 'b-value' 'How the run went' 'Slowest tasks' 'Seed3' \
    'etas report f.csv -o page.html --progress none'
has "$(etas monitor f.csv --json | jq -r .model)" "$(etas monitor f.csv --json | jq -r .run)"
lacks 'not complete'
lacks 'Consistency tests'
cp page.html by_output.html
page f.csv.store
diff <(grep -v 'etas report\|UTC</dd>\|<dt>Store' page.html) <(grep -v 'etas report\|UTC</dd>\|<dt>Store' by_output.html) ||
    fail "another page for the same store"

shows "its numbers are those of the exports, to the last digit"
saved map >map.csv
expect 0 etas export f.csv.store -o s.x --format summary-csv --also cells.x:grid-csv --cell-size 0.2 --progress none
saved summary | cmp - s.x || fail "another summary"
saved numbers >numbers.csv
saved fan >fan.csv
saved magnitudes >mags.csv
python3 - <<'END' || fail "the figures' numbers"
import csv
def rows(name):
    with open(name, newline="") as file:
        return [{k: float(v or "nan") for k, v in row.items()} for row in csv.DictReader(file)]
def near(a, b):
    assert abs(a - b) <= 1e-9 * max(abs(a), abs(b)), (a, b)
with open("f.csv", newline="") as file:
    events = [row for row in csv.DictReader(file)]
counts = [0] * 4000
for row in events:
    if row["mag"]:
        counts[int(row["catalog_id"])] += 1
n = sum(counts)
for row in rows("numbers.csv"):
    assert counts.count(int(row["events"])) == row["catalogues"], row
assert sum(row["catalogues"] for row in rows("numbers.csv")) == 4000
fan = rows("fan.csv")
assert len(fan) == 200 and fan[-1]["days"] == 30
near(fan[-1]["mean"], n / 4000)
for name, share in (("q5", .05), ("q25", .25), ("q50", .5), ("q75", .75), ("q95", .95)):
    assert fan[-1][name] == sorted(counts)[round(share * 4000) - 1], name
for row in rows("mags.csv"):
    near(row["mean"] * 4000, sum(1 for e in events if e["mag"] and float(e["mag"]) > row["magnitude"] - 1e-6))
places, cells = rows("map.csv"), {}
west, south = min(p["lon_min"] for p in places), min(p["lat_min"] for p in places)
size = round(places[0]["lat_max"] - places[0]["lat_min"], 6)
assert size in (0.2, 0.4, 1), size
def place_of(row):  # by the middle of a small cell
    return int((row["lon_min"] + 0.1 - west) / size), int((row["lat_min"] + 0.1 - south) / size)
for row in rows("cells.x"):
    cells[place_of(row)] = cells.get(place_of(row), 0) + row["rate"]
assert len(cells) == len(places), (len(cells), len(places))
for place in places:
    near(place["rate"], cells[place_of(place)])
END

shows "thresholds of one's own"
page f.csv --thresholds 4,5.5
has 'magnitude 4 or larger'
lacks 'M ≥ 3.6'
expect 1 etas report f.csv -o page.html --thresholds 2,3 --progress none
complains 'threshold 2'
expect 2 etas report f.csv -o page.html --thresholds 5,x
complains '--thresholds'

shows "what was observed is drawn, counted and tested as etas evaluate does"
full=$(awk -F, 'NR > 1 && $3 != "" { n[$6]++ } END { for (k in n) if (n[k] == 8) { print k; exit } }' f.csv)
awk -F, -v k="$full" 'NR == 1 || $6 == k { OFS = ","; if (NR > 1) $6 = 0; print }' f.csv >seen.csv
n_seen=$(($(wc -l <seen.csv) - 1))
[ $n_seen -eq 8 ] || fail "catalogue $full holds $n_seen events"
page f.csv --observed seen.csv
has 'Consistency tests' "reaches: $n_seen." 'Catalog N-Test' 'M-Test' 'S-Test' 'PL-Test' '(test-m.csv)' '(test-s.csv)' '(test-pl.csv)' "Observed: $n_seen."
etas evaluate f.csv.store --observed seen.csv --tests n --json >tests.json
saved fan | tail -1 | grep -q ",$n_seen\$" || fail "the observed line ends elsewhere"
python3 - <<'END' || fail "other quantiles than etas evaluate"
import json, re
with open("tests.json") as file:
    text = file.read()
low, high = re.search(r'"quantile": *\[\s*([0-9.e-]+),\s*([0-9.e-]+)', text).groups()
with open("page.txt") as file:
    page = file.read()
for x in (float(low), float(high)):
    assert f"{x:.3g}" in page, (x, page[page.index("Consistency"):][:800])
END
head -1 seen.csv >none.csv
page f.csv --observed none.csv
has 'Nothing was observed' 'nothing to test'
expect 1 etas report f.csv -o page.html --observed nowhere.csv --progress none
complains 'nowhere.csv'

shows "the inversion adds standard errors and its pictures, another one is refused"
page f.csv --fit config.json --log-level error
has 'standard error' '(fit-time.csv)' '(fit-space.csv)' '(fit-productivity.csv)'
jq '.auxiliary_start = "1993-01-01 00:00:00" | .timewindow_start = "1999-01-01 00:00:00"' config.json >other.json
expect 1 etas report f.csv -o page.html --fit other.json --progress none --log-level error
complains 'other.json' 'is not the model of the forecast'

shows "a run that keeps counts: the same summary, and what is not known is said"
run c.json 'del(.fn_store_simulation)' -n 4000 --seed 3 --keep counts
page c.json
has 'The run keeps counts'
saved summary | cmp - s.x || fail "another summary from counts"
expect 1 etas report c.json -o page.html --thresholds 4,5
complains 'thresholds of its own'

shows "one catalogue; single catalogues; none with events"
run one.csv . -n 1 --seed 3
page one.csv
has '1 simulated continuation of'
run few.csv . --only 100:3 --seed 3
page few.csv
has '3 from 100 on'
run quiet.csv '.m_threshold = 7.8 | .forecast_duration = 0.01' -n 50 --seed 3
page quiet.csv
has '50 of them without any earthquake' '0 earthquakes of magnitude 7.8 or larger are expected' 'no cell had any' 'below'

shows "a mixture, the globe, a region across the antimeridian"
expect 0 etas forecast "$ETAS_SOURCE/examples/generic.json" --allow-supercritical -n 300 --seed 1 -o mix.csv --distribute serial
page mix.csv
has 'The catalogues come from 2 models in turn' 'model 1' 'model 2'
globe='del(.shape_coords, .fn_catalog, .timewindow_start, .data_path, .estimator) | .beta = 2.3 | .timewindow_end = "2020-01-01" |
    .parameters = {log10_mu: -8.5, log10_k0: -2.6, a: 1.7, log10_c: -2.9, omega: 0.05, log10_tau: 3.9, log10_d: -0.3, gamma: 1.2, rho: 0.6}'
run globe.csv "$globe" -n 20 --seed 1
page globe.csv
lacks 'in the region drawn'
run fiji.csv "$globe | .shape_coords = [[-20, 176], [-20, -178], [-14, -178], [-14, 176]] | .parameters.log10_mu = -7" -n 200 --seed 1
page fiji.csv
has '180°'
saved map | awk -F, 'NR > 1 { n++; wide += $2 - $1 > 2 } END { exit !(n > 20 && wide == 0) }' || fail "cells of the map"

shows "names are text, whatever they hold"
evil='<script>alert(1)</script><b>&amp;"'"'"
jq --arg evil "$evil" '.name = $evil' "$ETAS_SOURCE/examples/forecast.json" >config.json
expect 0 etas forecast config.json -n 50 --seed 1 -o evil.csv --distribute serial --progress none
head -1 seen.csv >"<i>&\"'seen.csv"
if command -v sqlite3 >/dev/null; then
    sqlite3 evil.csv.store "UPDATE task SET host = '<img src=x onerror=alert(1)>'; INSERT INTO dead VALUES (100, 1, '</table><script>alert(2)</script>');
        INSERT INTO faulty VALUES ('\"><svg onload=alert(3)>', 'x', 0, 1)"
fi
page evil.csv --observed "<i>&\"'seen.csv"
grep -qF '<title>&lt;script&gt;alert(1)&lt;/script&gt;' page.html || fail "$(grep '<title>' page.html | head -1)"
[ "$(grep -c '<script' page.html)" -eq 1 ] || fail "scripts of others"
! grep -qE '<(img|b|i)[ >]|<svg [^>]*onload' page.html || fail "markup of others"

shows "a run that is not complete says so at the top"
if command -v sqlite3 >/dev/null; then
    cp f.csv.store part.store
    sqlite3 part.store "UPDATE part SET count = count - 7 WHERE first = (SELECT max(first) FROM part)"
    expect 0 etas report part.store -o page.html --progress none --observed seen.csv
    complains '7 of 4000 catalogues are missing'
    check
    has 'The run is not complete' '3,993 of its 4,000 catalogues' 'The tests need all catalogues'
    sqlite3 part.store "DELETE FROM part; DELETE FROM task; DELETE FROM frame"
    expect 1 etas report part.store -o none.html --progress none
    complains 'part.store' 'there is no catalogue to report on'
    [ ! -e none.html ] || fail "a page about nothing"
else
    echo "  (no sqlite3 program: not shown)"
fi

shows "the page appears whole or not at all, and replaces no input"
sum=$(sha256sum <f.csv.store)
expect 2 etas report f.csv -o f.csv.store
complains "is the run's store"
expect 2 etas report f.csv -o seen.csv --observed seen.csv
complains 'seen.csv is an input'
[ "$(sha256sum <f.csv.store)" = "$sum" ] || fail "the store has changed"
expect 1 etas report f.csv -o catalog.csv/page.html
complains 'catalog.csv'
expect 1 etas report f.csv -o /dev/full --progress none
complains '/dev/full'
mkdir there
page f.csv
cp page.html there/page.html
if [ "$(id -u)" -eq 0 ] && mkdir full && mount -t tmpfs -o size=64k tmpfs full 2>/dev/null; then
    mounted=$work/full
    expect 1 etas report f.csv -o full/page.html --progress none
    complains 'full/page.html' 'No space left'
    only_files full
    umount full
    mounted=
else
    echo "  (no tmpfs can be mounted here: not shown)"
fi
etas report f.csv -o - --progress none >stdout.html 2>/dev/null
[ "$(head -c 15 stdout.html)" = '<!DOCTYPE html>' ] || fail "not to the standard output"
done_testing
