#!/usr/bin/env bash
# What the commands for catalogues find out and write: estimate-mc, catalog completeness.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

# Events, one an hour, with magnitudes 2.0, 2.1, ... in exact Gutenberg-Richter numbers (b = 1) from
# 2.5 on; below it, half of the events are missing.
awk 'BEGIN {
    print "id,latitude,place,longitude,time,magnitude"
    for (k = 0; k < 30; k++) {
        n[k] = 4000 * (10^(-k / 10) - 10^(-(k + 1) / 10))
        if (k < 5) n[k] /= 2
        n[k] = int(n[k] + 0.5); total += n[k]
    }
    for (i = 0; i < total; i++) {
        k = (i * 7) % 30
        while (n[k] == 0) k = (k + 1) % 30
        n[k]--
        printf "e%d,35.5,\"far, far away\",-118.25,2000-%02d-%02d %02d:00:00,%.1f\n", i, 1 + int(i / 672), 1 + int(i / 24) % 28, i % 24, 2 + k / 10
    }
}' >catalog.csv
all=$(($(wc -l <catalog.csv) - 1))

# The winning magnitude in stdout.
winner() {
    sed -n 's/^winner: mc \([0-9.]*\),.*/\1/p' stdout
}

shows "the first magnitude that the law explains wins, in a table and in JSON"
expect 0 etas estimate-mc catalog.csv --seed 1
[ "$(winner)" = 2.5 ] || fail "winner $(winner): $(cat stdout)"
complains 'delta_m 0.1'
grep -qE '^ +2\.4 .* no$' stdout || fail "2.4 passed"
grep -qE '^ +2\.5 +1260 .* yes$' stdout || fail "2.5 did not pass"
tail -n 1 stdout | grep -q "Shi & Bolt 1982.* of $all magnitudes" || fail "no summary"
cp stdout table
expect 0 etas estimate-mc catalog.csv --seed 1 --json --threads 1
grep -q '"winner": {"mc": 2.5, "n": 1260, ' stdout || fail "JSON: $(cat stdout)"
b=$(sed -n 's/.*"winner".*"b_value": \([0-9.]*\),.*/\1/p' stdout)
awk -v b="$b" 'BEGIN { exit !(b > 0.98 && b < 1.03) }' || fail "b = $b"

shows "the same seed gives the same table; without one it is drawn and printed"
expect 0 etas estimate-mc catalog.csv --seed 1 --threads 3
cmp table stdout
expect 0 etas estimate-mc catalog.csv --mc 2.5,2.6 --samples 50
seed=$(sed -n 's/^seed \([0-9]*\) (drawn.*/\1/p' stderr)
cp stdout table
expect 0 etas estimate-mc catalog.csv --mc 2.5,2.6 --samples 50 --seed "$seed"
cmp table stdout

shows "candidates, window and region are the user's; a configuration brings its own"
expect 0 etas estimate-mc catalog.csv --mc-min 2.6 --mc-max 3 --mc-step 0.2 --seed 1
[ "$(awk 'NR > 1 && $1 + 0 > 0 { printf "%s ", $1 }' stdout)" = "2.6 2.8 3 " ] || fail "candidates: $(cat stdout)"
expect 1 etas estimate-mc catalog.csv --mc 2.5 --seed 1 --start 2000-02-01 --end 2000-03-01T12:00
inside=$(awk -F, '$6 >= "2000-02-01 00:00:00" && $6 < "2000-03-01 12:00:00" && $7 >= 2.5' catalog.csv | wc -l)
[ "$(awk 'NR == 2 { print $2 }' stdout)" = "$inside" ] || fail "not $inside events in the window: $(cat stdout)"
echo '[[36, -119], [37, -119], [37, -118], [36, -118]]' >elsewhere.json
expect 1 etas estimate-mc catalog.csv --region elsewhere.json
complains 'catalog.csv' 'none of its'
expect 0 etas estimate-mc --config "$ETAS_SOURCE/examples/forecast.json" --seed 1
grep -q '^winner: mc ' stdout || fail "no winner from the configuration's catalogue"
echo '{"fn_catalog": "catalog.csv", "timewindow_end": "2000-02-01 00:00:00", "shape_coords": [[35, -119], [36, -119], [36, -118], [35, -118]]}' >little.json
expect 1 etas estimate-mc --config little.json --mc 2.5 --seed 1
inside=$(awk -F, '$6 < "2000-02-01 00:00:00" && $7 >= 2.5' catalog.csv | wc -l)
[ "$(awk 'NR == 2 { print $2 }' stdout)" = "$inside" ] || fail "not $inside events of the configuration: $(cat stdout)"
expect 1 etas estimate-mc --config little.json --end 2000-01-15 --mc 2.5 --seed 1
[ "$(awk 'NR == 2 { print $2 < '"$inside"' }' stdout)" = 1 ] || fail "--end was ignored: $(cat stdout)"
expect 0 etas estimate-mc catalog.csv --beta 2.302585 --mc 2.5 --seed 1
awk 'NR == 2 { exit !($4 == "-" && $5 == "2.3025850000") }' stdout || fail "beta: $(cat stdout)"

shows "nothing passes: the table, an error, exit code 1"
expect 1 etas estimate-mc catalog.csv --mc 2.0,2.1 --seed 1
[ "$(tail -n 1 stdout)" = "winner: none" ] || fail "$(cat stdout)"
complains 'catalog.csv' 'no candidate passes with p >= 0.05'

shows "steps that do not fit the magnitudes are warned about, once"
expect 1 etas estimate-mc catalog.csv --delta-m 0 --mc 2.5 --seed 1
complains 'the magnitudes look like multiples of 0.1, but delta_m is 0'
expect 1 etas estimate-mc catalog.csv --delta-m 0.2 --mc 2.6 --seed 1
complains '% of the magnitudes are no multiples of delta_m 0.2; they look like multiples of 0.1'
expect 0 etas estimate-mc catalog.csv --delta-m 0.1 --mc 2.5 --seed 1
[ ! -s stderr ] || fail "talk about a step that fits: $(cat stderr)"

shows "info: histogram, completeness by two methods, b, the same in JSON"
expect 0 etas catalog info catalog.csv
grep -Eq '^mc +2.5 by Kolmogorov-Smirnov: 1260 events, b (0.9[89]|1.0[012])[0-9]? \+- 0.0[0-9]+, p ' stdout || fail "$(cat stdout)"
# the most frequent magnitude is 2.0, corrected by 0.2
above=$(awk -F, '$7 > 2.15' catalog.csv | wc -l)
grep -q "^mc  *2.2 by maximum curvature + 0.2: $above events, b " stdout || fail "not $above: $(cat stdout)"
[ "$(awk '/^from_magnitude/ { on = 1; next } on { n += $2 } END { print n }' stdout)" = "$all" ] || fail "histogram: $(cat stdout)"
awk -F, 'NR > 1 { n[int(2 * $7 + 1e-6) / 2]++ } END { for (m in n) print m + 0, n[m] }' catalog.csv | sort -g >bins
awk '/^from_magnitude/ { on = 1; next } on { print $1, $2 }' stdout | cmp - bins
expect 0 etas catalog info catalog.csv --json
jq -e '.format == "csv" and .events == '"$all"' and .magnitude_step == 0.1 and .off_grid_share == 0 and .time.in_order
    and .mc_kolmogorov_smirnov.mc == 2.5 and .mc_kolmogorov_smirnov.n == 1260 and .mc_maximum_curvature.mc == 2.2
    and (.mc_kolmogorov_smirnov.b_error | . > 0 and . < 0.1) and ([.histogram.bins[].n] | add) == '"$all" stdout >/dev/null || fail "$(cat stdout)"

shows "info: pairs that may be one event, long intervals, magnitudes off the grid, what is skipped"
awk 'BEGIN {
    print "id,latitude,longitude,time,magnitude"
    for (i = 0; i < 400; i++) printf "e%d,%.1f,8,%s,%.1f\n", i, 46 + i % 3, strftime("%Y-%m-%dT%H:%M:%S", 1577836800 + 3600 * i + (i >= 200 ? 20 * 86400 : 0), 1), 2 + i % 7 / 10
    print "twin,46.1,8,2020-01-01T03:00:01.5,2.7"     # of e3: 11 km, 1.5 s, magnitudes 2.3 and 2.7
    print "far,48,8,2020-01-01T03:00:01,2.3"          # too far
    print "late,46,8,2020-01-01T03:00:04,2.3"         # too late for e3 and for twin
    print "strong,46,8,2020-01-01T06:00:00,4.25"      # too strong for e6; off the grid
}' >twins.csv
expect 0 etas catalog info twins.csv --delta-m 0.1
grep -qx 'duplicates?      1 pairs within 2 s, 25 km and 0.5 in magnitude' stdout || fail "$(cat stdout)"
grep -q '2020-01-01 03:00:00.000000: e3 and twin, 1.5 s, 11.1 km, magnitudes 2.3 and 2.7' stdout || fail "$(cat stdout)"
grep -q '^off_the_grid     1 magnitudes (0.248 %) are no multiples of 0.1' stdout || fail "$(cat stdout)"
grep -Eq '^longest_gaps +20.04 days after 2020-01-09 07:00:00, 2[0-9.]+ times the mean, p [0-9.]+e-' stdout || fail "$(cat stdout)"
expect 0 etas catalog info twins.csv --json
jq -e '.duplicates.pairs == 1 and .duplicates.first[0].second == "twin" and (.gaps | length) == 3 and .gaps[0].p < 1e-6' stdout >/dev/null || fail "$(cat stdout)"
head -n 1 twins.csv >nobody.csv
expect 0 etas catalog info nobody.csv --json
jq -e '.events == 0 and .time == null' stdout >/dev/null || fail "$(cat stdout)"
head -n 2 twins.csv >single.csv
expect 0 etas catalog info single.csv
if grep -q 'mc \|gaps\|nan' stdout; then fail "$(cat stdout)"; fi
expect 2 etas catalog info twins.csv --delta-m -1

shows "convert and completeness write to stdout as the file -"
mkdir dash
(cd dash && expect 0 etas catalog convert ../twins.csv -o - && mv stdout ../dash.out && expect 0 etas catalog completeness ../twins.csv --mc 2 -o - && mv stdout ../dash.mc && rm stderr)
only_files dash
[ "$(wc -l <dash.out)" = "$(wc -l <twins.csv)" ] || fail "convert -o -"
head -n 1 dash.mc | grep -q ',mc_current$' || fail "completeness -o -"

shows "mistakes get one line each"
refused() {
    local code=$1 text=$2

    shift 2
    expect "$code" etas estimate-mc --log-level error --seed 1 "$@"
    complains "$text"
    one_line
    [ ! -s stdout ] || fail "an error wrote to stdout"
}
refused 1 'No such file' nowhere.csv
refused 2 'usage' --samples 10
refused 2 '"x" is not a magnitude' catalog.csv --mc 2.4,x
refused 2 'expected ascending values' catalog.csv --mc 2.5,2.4
refused 2 'no multiple of delta_m 0.1' catalog.csv --mc 2.45
refused 2 '--mc-min 3 is above --mc-max 2' catalog.csv --mc-min 3 --mc-max 2
refused 2 'not both' catalog.csv --mc 2.5 --mc-min 2
refused 2 '--start: "soon"' catalog.csv --start soon
refused 2 '--end is not after --start' catalog.csv --start 2001-01-01 --end 2000-01-01
refused 2 '0 samples' catalog.csv --samples 0
refused 2 'p_pass' catalog.csv --p-pass 2
refused 2 'delta_m is -0.1' catalog.csv --mc 2.5 --delta-m -0.1
refused 2 'seed' catalog.csv --seed -1
refused 1 'too few events: fewer than 50' catalog.csv --mc-min 4.5
refused 1 'no candidate has two different magnitudes' catalog.csv --mc 6
head -n 1 catalog.csv >none.csv
refused 1 'there are no events' none.csv
echo '{}' >empty.json
refused 1 '"fn_catalog": missing' --config empty.json

shows "after large shocks the completeness is higher, and the rest of the file stays as it was"
cat >shocks.csv <<'CSV'
,latitude,longitude,time,magnitude,place
b,34.0,-118.0,2000-01-01 02:24:00.000000001,3.4,"a ""b"", c"
a,34.0,-118.0,2000-01-01 00:00:00,6.00,
c,34.0,-118.0,2000-01-01T12:00:00Z,2.5,x
d,34.0,-110.0,2000-01-01 02:24:00,3.0,x
CSV
expect 0 etas catalog completeness shocks.csv --mc 1.2 -o new.csv
complains '4 events, 1 shocks' 'raised for 2' 'highest 2.3'
cat >want.csv <<'CSV'
,latitude,longitude,time,magnitude,place,mc_current
b,34.0,-118.0,2000-01-01 02:24:00.000000001,3.4,"a ""b"", c",2.3
a,34.0,-118.0,2000-01-01 00:00:00,6.00,,1.2
c,34.0,-118.0,2000-01-01T12:00:00Z,2.5,x,1.8
d,34.0,-110.0,2000-01-01 02:24:00,3.0,x,1.2
CSV
cmp want.csv new.csv
expect 0 etas catalog completeness shocks.csv --mc 1.2 --everywhere --delta-m 0
sed -n 's/^[bcd],.*,//p' stdout >levels
awk '{ want = NR == 2 ? 1.5 - 0.75 * log(0.5) / log(10) : 2.25
       if ($1 - want > 1e-6 || want - $1 > 1e-6) exit 1 }' levels || fail "$(cat levels)"
expect 0 etas catalog completeness shocks.csv --mc 1.2 --shock-magnitude 6.1
[ "$(grep -c ',1.2$' stdout)" = 4 ] || fail "a small shock counted: $(cat stdout)"

shows "a column that is there is the background, and is replaced in its place"
expect 0 etas catalog completeness new.csv
cmp want.csv stdout
cp new.csv same.csv
expect 0 etas catalog completeness same.csv --offset 9 -o same.csv
cmp want.csv same.csv
expect 0 etas catalog completeness new.csv --mc 2 -o new.csv
[ "$(sed -n 's/^[abcd],.*,//p' new.csv | tr '\n' ' ')" = "2.3 2 2 2 " ] || fail "$(cat new.csv)"

shows "an inversion takes the column, and says when delta_m does not fit"
mkdir model
cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json} model/
sed 's/"catalog.csv"/"model\/mc.csv"/; s/"mc": 3.6/"mc": "var", "m_ref": 3.6/' "$ETAS_SOURCE/examples/forecast.json" >model/var.json
expect 0 etas catalog completeness model/catalog.csv --mc 3.6 -o model/mc.csv
[ "$(awk -F, '$7 > 3.65' model/mc.csv | wc -l)" -gt 5 ] || fail "no completeness was raised"
raised=$(awk -F, 'NR > 1 && $4 > $7 - 0.01 && $5 < "2020-01-01"' model/mc.csv | wc -l)
expect 0 etas invert model/var.json -o inverted
grep -q "^inverted $raised sources" stderr || fail "not $raised sources: $(cat stderr)"
sed 's/"catalog.csv"/"model\/mc.csv"/; s/"delta_m": 0.1/"delta_m": 0/' "$ETAS_SOURCE/examples/forecast.json" >model/continuous.json
expect 0 etas invert model/continuous.json -o inverted
complains 'model/mc.csv: the magnitudes look like multiples of 0.1, but delta_m is 0'

shows "mistakes leave nothing behind"
mkdir out
expect 1 etas catalog completeness shocks.csv -o out/x.csv
complains 'shocks.csv' '4 of 4 events have no completeness' '--mc'
expect 1 etas catalog completeness nowhere.csv --mc 2 -o out/x.csv
complains 'nowhere.csv' 'No such file'
one_line
expect 2 etas catalog completeness shocks.csv --mc two -o out/x.csv
complains '--mc: "two" is not a number'
expect 2 etas catalog completeness shocks.csv --slope 0 -o out/x.csv
expect 2 etas catalog completeness -o out/x.csv
expect 2 etas catalog frobnicate
complains 'unknown command "catalog frobnicate"'
expect 2 etas catalog
only_files out

if [ -f "$ETAS_SHARED/data/magnitudes.npy" ]; then
    shows "the figures of a real array of magnitudes"
    expect 0 etas estimate-mc "$ETAS_SHARED/data/magnitudes.npy" --mc 2.0,2.1,2.2,2.3,2.4,2.5 --seed 1
    [ "$(awk 'NR > 1 && NR < 8 { printf "%s ", $6 }' stdout)" = \
        "0.0238083633 0.0253267817 0.0280279620 0.0318292776 0.0233339051 0.0159225293 " ] || fail "$(cat stdout)"
    case $(winner) in 2.4 | 2.5) ;; *) fail "winner $(winner)" ;; esac
    refused 1 'need a catalogue' "$ETAS_SHARED/data/magnitudes.npy" --start 2000-01-01
fi
done_testing
