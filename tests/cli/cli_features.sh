#!/usr/bin/env bash
# What a configuration can ask of the simulation: given parameters, mixtures, grids, zones, induced
# events, placement; each key once, and what is wrong with it.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

mkdir in
cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json} in/
awk 'BEGIN { print "longitude,latitude,total"; for (y = 0; y < 20; y++) for (x = 0; x < 20; x++) print -121.95 + x / 10 "," 35.05 + y / 10 "," (x == 3 && y >= 5) }' >in/cells.csv
theta='{log10_mu: -7.5, log10_k0: -2.49, a: 1.69, log10_c: -2.95, omega: -0.03, log10_tau: 3.99, log10_d: -0.35, gamma: 1.22, rho: 0.51}'
standard='{a: -2.23, p: 1.08, alpha: 1, log10_c: -2.06, log10_d: -0.35, gamma: 1.22, rho: 0.51, log10_mu: -7.5, m_ref: 4.5}'

# configure NAME SETTINGS: in/NAME.json, given parameters with a history, with the members of
# another object; a null takes a key away.
configure() {
    jq -n "{fn_catalog: \"catalog.csv\", shape_coords: \"region.json\", auxiliary_start: \"2000-01-01 00:00:00\",
        timewindow_end: \"2020-01-01 00:00:00\", mc: 3.6, delta_m: 0.1, m_max: 7.9, forecast_duration: 365, n_simulations: 60,
        beta: 2.302585092994046, parameters: $theta} + ${2:-"{}"} | del(.[] | nulls)" >"in/$1.json"
}

# forecast NAME OPTIONS...: NAME.csv, serial, seed 1.
forecast() {
    local name=$1

    shift
    rm -f "$name".csv*
    etas forecast "in/$name.json" --seed 1 --distribute serial --progress none -o "$name.csv" "$@" >"$name.out" 2>"$name.log" ||
        fail "forecast $name $*: $(tail -n 3 "$name.log")"
}

# mistaken SETTINGS TEXT...: the forecast fails, says so, and leaves nothing.
mistaken() {
    configure mistaken "$1"
    shift
    expect 1 etas forecast in/mistaken.json --seed 1 --distribute serial --progress none -o mistaken.csv
    complains "$@"
    [ -z "$(find . -maxdepth 1 -name 'mistaken.csv*')" ] || fail "something was left behind"
}

# same A B: the forecasts are the same, different A B: they are not.
same() {
    cmp "$1.csv" "$2.csv" || fail "$1 and $2 differ"
}
different() {
    ! cmp -s "$1.csv" "$2.csv" || fail "$1 and $2 do not differ"
}
events() {
    awk -F, 'NR > 1 && $1 != ""' "$1.csv"
}
true_that() {
    awk "BEGIN { exit !($1) }" || fail "not true: $1"
}

shows "a forecast from given parameters: with its history, without, from the globe"
configure given
forecast given
grep -q "^history: [0-9]* of the [0-9]* events of .*catalog.csv" given.log || fail "no word about the history: $(cat given.log)"
configure alone '{fn_catalog: null, auxiliary_start: null}'
forecast alone
[ "$(events alone | wc -l)" -lt "$(events given | wc -l)" ] || fail "the history triggers nothing"
configure globe '{fn_catalog: null, shape_coords: null, mc: null, m_ref: 3.6, n_simulations: 1, forecast_duration: 1}'
forecast globe
[ "$(events globe | wc -l)" -gt 5 ] || fail "the globe is quiet"

shows "given parameters make the forecast that an inversion's results make"
jq -n '{fn_catalog: "catalog.csv", shape_coords: "region.json", auxiliary_start: "2000-01-01 00:00:00", timewindow_start: "2003-01-01 00:00:00",
    timewindow_end: "2020-01-01 00:00:00", mc: 3.6, delta_m: 0.1, m_max: 7.9, estimator: "mle", fixed_parameters: {log10_tau: 3.99}, id: "fit", data_path: "out/"}' >in/fit.json
awk -F, -v OFS=, 'NR == 1 { print $0, "mc_current"; next } { print $0, (substr($5, 1, 4) >= 2012 ? 4.1 : 3.6) }' in/catalog.csv >in/var.csv
jq '. + {fn_catalog: "var.csv", mc: "var", m_ref: 3.6, id: "var"}' in/fit.json >in/var_fit.json
expect 0 etas invert in/fit.json --tolerance 1e-3
jq '. + {mc: "positive", m_ref: 3.6, id: "positive"}' in/fit.json >in/positive_fit.json
expect 0 etas invert in/var_fit.json --tolerance 1e-3
expect 0 etas invert in/positive_fit.json --tolerance 1e-3
for id in fit var positive; do
    jq -n "{fn_inversion_output: \"../out/parameters_$id.json\", forecast_duration: 365, n_simulations: 60, m_max: 7.9, bg_grid: \"cells.csv\"}" >"in/results_$id.json"
    forecast "results_$id" --allow-supercritical
    theirs=$(jq -c '{parameters: .final_parameters, beta, bg_grid: "cells.csv"}' "out/parameters_$id.json")
    [ $id != var ] || theirs="$theirs + {mc: \"var\", m_ref: 3.6, fn_catalog: \"var.csv\"}"
    [ $id != positive ] || theirs="$theirs + {mc: \"positive\", m_ref: 3.6}"
    configure "given_$id" "$theirs"
    forecast "given_$id" --allow-supercritical
    [ "$(events "given_$id" | wc -l)" -gt 100 ] || fail "hardly an event"
    same "given_$id" "results_$id"
done
different given_fit given_var
different given_fit given_positive

shows "a history that is complete above the reference magnitude only stands for what it hides"
configure high '{mc: 4.6, m_ref: 3.6, n_simulations: 400}'
configure full '{n_simulations: 400}'
configure deep '{mc: 3.0, m_ref: 3.6}'
forecast high
forecast full
forecast deep
same deep given # no event below the reference magnitude counts
grep -o 'history: [0-9]*' high.log >n_high
grep -o 'history: [0-9]*' full.log >n_full
true_that "10 * $(cut -d' ' -f2 n_high) < 3 * $(cut -d' ' -f2 n_full)"
true_that "$(events high | wc -l) > 0.8 * $(events full | wc -l) && $(events high | wc -l) < 1.25 * $(events full | wc -l)"

shows "the standard formulation, and parameters at another reference magnitude"
configure standard "{parameters: null, standard_parameters: $standard}"
configure by_hand "$(jq -nc "$standard | {beta: 2.302585092994046, parameters_m_ref: .m_ref, parameters: {log10_mu, log10_k0: (.a - ((3.141592653589793 / .rho) | log10) + .rho * .log10_d),
    a: (.alpha * 2.302585092994046 + .rho * .gamma), log10_c, omega: (.p - 1), log10_tau: \"inf\", log10_d, gamma, rho}}")"
forecast standard --allow-supercritical
forecast by_hand --allow-supercritical
paste -d, <(events standard) <(events by_hand) | awk -F, '$1 - $8 > 2e-6 || $8 - $1 > 2e-6 || $6 != $13 { exit 1 } END { exit NR < 100 }' ||
    fail "parameters by hand make another forecast"
configure here '{parameters_m_ref: 3.6}'
forecast here
same here given
configure elsewhere '{parameters_m_ref: 4.6, m_threshold: 4.6}'
forecast elsewhere
different elsewhere given

shows "a mixture: turns by weight, each catalogue that of its own model, whatever makes it"
configure first
configure second '{parameters: ('"$theta"' + {log10_mu: -7.1}), m_max: 7.2}'
configure mix '{models: [{name: "usual", weight: 4}, {name: "busy", weight: 2, parameters: ('"$theta"' + {log10_mu: -7.1}), m_max: 7.2}]}'
for name in first second mix; do forecast "$name"; done
grep -q 'model 2 of 2, busy: weight 2, branching ratio 0\.' mix.log || fail "no word about the models: $(cat mix.log)"
awk -F, 'FILENAME != last { last = FILENAME; file++ } FNR > 1 && $1 != "" {
        line = $1 "," $2 "," $3 "," $4
        if (file < 3) { made[file, $6] = made[file, $6] line "\n"; next }
        mixed[$6] = mixed[$6] line "\n" }
    END { for (id = 0; id < 60; id++) if (mixed[id] != made[id % 3 == 1 ? 2 : 1, id]) { print "catalogue " id; bad = 1 }; exit bad }' first.csv second.csv mix.csv ||
    fail "a catalogue is not that of its model"
mv mix.csv serial.csv
mv mix.csv.store serial.csv.store
expect 0 etas forecast in/mix.json --seed 1 --distribute processes --processes 3 --chunk-size 7 -o mix.csv
cmp mix.csv serial.csv
expect 0 etas forecast in/mix.json --seed 1 --embedded --processes 2 --chunk-size 11 --discard-store --kernels scalar -o mix.csv
cmp mix.csv serial.csv
expect 0 etas forecast in/mix.json --from-store serial.csv.store -n 60 --discard-store -o mix.csv
cmp mix.csv serial.csv
expect 0 etas forecast in/mix.json --seed 1 --only 31:5 --discard-store -o only.csv
awk -F, 'NR > 1 && $1 != "" && $6 >= 31 && $6 < 36 { print $1, $2, $3, $4 }' serial.csv >want
awk -F, 'NR > 1 && $1 != "" { print $1, $2, $3, $4 }' only.csv >got
cmp want got
expect 0 etas forecast in/mix.json --seed 1 -n 20 --discard-store -o mix.csv # more or fewer: ids keep their model
cmp <(head -n "$(wc -l <mix.csv)" serial.csv) mix.csv

shows "a mixture that was killed goes on with --resume"
for ((n = 40000; ; n *= 4)); do # until the machine takes long enough to be hit in the middle
    rm -f long.csv*
    jq ". + {n_simulations: $n}" in/mix.json >in/long.json
    etas forecast in/long.json --seed 1 --distribute processes --processes 2 --chunk-size 50 -o long.csv >/dev/null 2>long.log &
    pid=$!
    children+=("$pid")
    wait_for "stored frames" sh -c "sqlite3 -readonly long.csv.store 'select count(*) from part' | grep -qv '^0'"
    kill -9 $pid 2>/dev/null || true
    wait $pid 2>/dev/null || [ -e long.csv ] || break
done
expect 0 etas forecast in/long.json --resume --distribute processes --processes 2 -o long.csv
cmp <(head -n "$(wc -l <serial.csv)" long.csv) serial.csv
rm -f long.csv*

shows "models of an inversion, with and without its parameters"
jq '. + {beta: 2.3, forecast_duration: 365, n_simulations: 20, models: [{}, {parameters: '"$theta"'}, {bg_grid: "cells.csv"}]}' in/fit.json |
    sed 's/"fit"/"models"/' >in/models.json
forecast models --tolerance 1e-3

shows "a background grid: events of generation 0 lie in its cells"
inside() { # file, columns are the reference's: background events, all in longitudes $2 to $3, latitudes $4 to $5
    awk -F, -v w="$2" -v e="$3" -v s="$4" -v n="$5" 'NR > 1 && $6 == "True" { k++; if ($3 < w || $3 > e || $2 < s || $2 > n) bad++ } END { exit k < 100 || bad > 0 }' "$1" ||
        fail "background outside its cells"
}
configure grid '{bg_grid: "cells.csv", fn_catalog: null, auxiliary_start: null}'
forecast grid --format reference --columns is_background
inside grid.csv -121.7 -121.6 35.5 37.0
{
    echo "id,y,x,n,chosen"
    awk 'BEGIN { for (y = 0; y < 20; y++) for (x = 0; x < 20; x++) printf "%d,%.2f,%.2f,1,%s\n", x + 20 * y, 35.05 + y / 10, -121.95 + x / 10, y == 4 ? "True" : "False" }'
} >in/chosen.csv
configure named '{bg_grid: {path: "chosen.csv", latitude: "y", longitude: "x", rate: "n", select: "chosen"}, fn_catalog: null, auxiliary_start: null}'
forecast named --format reference --columns is_background
inside named.csv -122 -120 35.4 35.5

shows "induced events: as many as asked for, in their grid"
configure induced '{n_induced: 5, induced_grid: {path: "chosen.csv", latitude: "y", longitude: "x", rate: "n", select: "chosen"},
    fn_catalog: null, auxiliary_start: null, parameters: ('"$theta"' + {log10_mu: -10, log10_iota: -9})}'
forecast induced --format reference --columns is_background,generation
n=$(awk -F, 'NR > 1 && $7 == 0' induced.csv | wc -l)
true_that "($n - 300) ^ 2 < 16 * 300"
configure none '{n_induced: 0, fn_catalog: null, auxiliary_start: null, parameters: ('"$theta"' + {log10_iota: -9})}'
forecast none
same none alone

shows "magnitudes by zone: a table's bins, and no other magnitudes, where there is a zone"
awk 'BEGIN { print "longitude,latitude,zone"; for (y = 0; y < 30; y++) for (x = 0; x < 30; x++) print -127.5 + x "," 29.5 + y "," (y < 8 ? 26.0 : "") }' >in/map.csv
printf 'zone,magnitude,rate\n26,3.6,3\n26,3.7,0\n26,3.8,1\n' >in/tables.csv
configure zones '{mfd_zones: {map: "map.csv", tables: {path: "tables.csv"}}, fn_catalog: null, auxiliary_start: null}'
forecast zones
events zones | awk -F, '$2 < 36.9 { n[$3]++; next } { other[$3]++ } END { for (m in n) if (m != "3.6" && m != "3.8") exit 1; exit length(n) != 2 || length(other) < 5 }' ||
    fail "magnitudes are not the zone's"

shows "placement, gaussian_scale, filter_polygon, m_max"
configure flat '{placement: "reference"}'
forecast flat
different flat given
configure geodesic '{placement: "geodesic"}'
forecast geodesic
same geodesic given
configure open '{filter_polygon: false}'
forecast open
[ "$(events open | wc -l)" -gt "$(events given | wc -l)" ] || fail "no event outside the region"
jq '. + {gaussian_scale: 0}' in/models.json | jq 'del(.models)' >in/points.json
forecast points --tolerance 1e-3 --format reference --columns is_background
awk -F, 'FNR == NR { at[sprintf("%.4f %.4f", $2, $3)]; next } FNR > 1 && $6 == "True" { n++; if (!(sprintf("%.4f %.4f", $2, $3) in at)) bad++ } END { exit n < 20 || bad > 0 }' in/catalog.csv points.csv ||
    fail "background events are not where past ones were"
configure small '{m_max: 4.2}'
forecast small
events small | awk -F, '$3 > 4.2001 { exit 1 }' || fail "an event above m_max"

shows "a simulation takes them too"
jq 'del(.fn_store) + {burn_start: "2010-01-01 00:00:00", primary_start: "2015-01-01 00:00:00", bg_grid: "cells.csv", n_induced: 3, induced_grid: "cells.csv", placement: "reference",
    mfd_zones: {map: "map.csv", tables: "tables.csv"}, models: [{name: "a"}, {name: "b", m_max: 6}]}' "$ETAS_SOURCE/examples/simulate.json" >in/simulate.json
expect 0 etas simulate in/simulate.json -n 4 --seed 3 --progress none -o simulated.csv
grep -q 'model 2 of 2, b' stderr || fail "no mixture: $(cat stderr)"

shows "what is wrong is said with file, line, column and key"
mistaken '{beta: null}' 'mistaken.json' '"beta": missing'
mistaken '{fn_catalog: null, mc: null}' '"mc": missing' '"m_ref"'
mistaken '{auxiliary_start: null}' '"auxiliary_start": missing' 'fn_catalog'
mistaken '{parameters: {a: 1}}' 'mistaken.json:' 'missing in "parameters"'
mistaken '{parameters: 3}' '"parameters": found the number 3'
mistaken '{parameters: null, standard_parameters: {a: 1}}' 'mistaken.json:' '"p": missing in "standard_parameters"'
mistaken "{standard_parameters: $standard}" 'contradicts "parameters"'
mistaken '{parameters_m_ref: "x"}' '"parameters_m_ref": found the string "x"'
mistaken '{parameters_m_ref: 9}' '"m_max": 7.9 lies below the reference magnitude of the parameters (9)'
mistaken '{fn_inversion_output: "../out/parameters_fit.json"}' '"parameters": contradicts "fn_inversion_output"'
mistaken '{three_dim: true}' '"three_dim"' 'surface of the globe'
mistaken '{models: 3}' '"models": found the number 3, expected a list of objects'
mistaken '{models: [{}, 3]}' 'mistaken.json:' '"models": element 2 is the number 3'
mistaken '{models: [1]} | del(.parameters, .timewindow_start)' '"models": element 1 is the number 1'
mistaken '{models: [{weight: 0}]}' '"weight": 0'
mistaken '{models: [{}, {weight: 70000}]}' '"models": the weights of the models'
mistaken '{models: [{}, {parameters: {a: 1}}]}' 'missing in "parameters"'
mistaken '{models: [{}, {name: "loud", parameters: ('"$theta"' + {log10_k0: -1})}]}' '"loud": the branching ratio is' '--allow-supercritical'
mistaken '{placement: "anywhere"}' '"placement": found the string "anywhere", expected "geodesic" or "reference"'
mistaken '{gaussian_scale: -1}' '"gaussian_scale": -1'
mistaken '{n_induced: 3}' '"n_induced": needs "induced_grid"'
mistaken '{n_induced: -3}' '"n_induced": -3'
mistaken '{induced_grid: "cells.csv"}' '"induced_grid": needs "n_induced"'
mistaken "{parameters: ($theta + {log10_iota: -7})}" '"n_induced": missing' '"induced_grid"'
mistaken '{bg_grid: "nowhere.csv"}' 'nowhere.csv' 'No such file'
mistaken '{bg_grid: {rate: "n"}}' '"path": missing in "bg_grid"'
mistaken '{bg_grid: {path: "cells.csv", rate: "n"}}' 'in/cells.csv:1' '"n": there is no such column; the header has "longitude", "latitude", "total"'
sed '3s/,0$/,-1/' in/cells.csv >in/negative.csv
mistaken '{bg_grid: "negative.csv"}' 'in/negative.csv:3:' '"total": "-1" is outside'
sed '3s/35.05/35.067/' in/cells.csv >in/off.csv
mistaken '{bg_grid: "off.csv"}' 'in/off.csv:' '"bg_grid": lat' 'is not the centre of a cell'
sed '$s/36.95/36.85/' in/cells.csv >in/twice.csv
mistaken '{bg_grid: "twice.csv"}' 'in/twice.csv:401' 'a second cell at lat 36.85'
mistaken '{mfd_zones: {map: "map.csv"}}' '"tables": missing in "mfd_zones"'
sed 's/^26,3.7/26,3.75/' in/tables.csv >in/uneven.csv
mistaken '{mfd_zones: {map: "map.csv", tables: "uneven.csv"}}' 'in/uneven.csv:4' 'does not follow 3.75 by a bin of'
sed 's/^26,3.7/26,3.6/' in/tables.csv >in/double.csv
mistaken '{mfd_zones: {map: "map.csv", tables: "double.csv"}}' 'in/double.csv:3:4' 'zone "26" has magnitude 3.6 twice'
sed 's/^26/27/' in/tables.csv >in/other.csv
mistaken '{mfd_zones: {map: "map.csv", tables: "other.csv"}}' 'in/map.csv:2:' '"zone": found "26"'
configure warned '{models: [{wieght: 2}], bg_grid: {path: "cells.csv", colour: "total"}}'
forecast warned
grep -q 'warned.json:[0-9]*: unknown key "wieght" is ignored; did you mean "weight"?' warned.log || fail "no warning: $(cat warned.log)"
grep -q 'warned.json:[0-9]*: unknown key "colour" is ignored' warned.log || fail "no warning: $(cat warned.log)"
configure between '{mc: 3.65, n_simulations: 1}'
forecast between
grep -q '"mc" (3.65) is no multiple of "delta_m" (0.1)' between.log || fail "no warning: $(cat between.log)"
! grep -q 'no multiple' warned.log || fail "a warning without a reason: $(cat warned.log)"

shows "the recipes among the examples, on small tables made here or on other people's where they are"
mkdir recipes
cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json,generic.json,european.json,swiss.json} recipes/
awk 'BEGIN { print "latitude,longitude,total"; for (y = 0; y < 50; y++) for (x = 0; x < 90; x++) printf "%.2f,%.2f,%g\n", 35.25 + y / 2, -14.75 + x / 2, 1 + x % 7 }' >recipes/european_rates.csv
if [ -d "${ETAS_SHARED:-/nowhere}/data" ]; then
    cp "$ETAS_SHARED"/data/{europe_shape.npy,ch_catalog.csv,ch_rect.npy,SUIhaz2015_rates.csv} recipes/
    expect 0 etas forecast recipes/swiss.json -n 50 --seed 1 --progress none
    true_that "$(wc -l <output/forecast_swiss.csv) > 60"
else
    echo "[[-10, 36], [30, 36], [30, 60], [-10, 60]]" >recipes/europe_shape.npy
    echo "  (no Swiss data: not shown)"
fi
jq '{parameters, beta, delta_m, m_max, mc, shape_coords, polygon_axes, bg_grid, burn_start: "1970-01-01 00:00:00", primary_start: "1990-01-01 00:00:00", end: "2023-01-01 00:00:00"}' \
    recipes/european.json >recipes/simulate.json
expect 0 etas simulate recipes/simulate.json -n 1 --seed 3 --format reference --progress none -o recipes/european_catalog.csv
expect 0 etas forecast recipes/european.json -n 50 --seed 1 --progress none
grep -q "^history: \([0-9]*\) of the \1 events" stderr || fail "the history is not whole: $(cat stderr)"
# the month to come is like one of the past: a stationary process
true_that "$(wc -l <output/forecast_european.csv) / 50 / ($(wc -l <recipes/european_catalog.csv) / 33 / 12) > 0.7"
true_that "$(wc -l <output/forecast_european.csv) / 50 / ($(wc -l <recipes/european_catalog.csv) / 33 / 12) < 1.4"
expect 1 etas forecast recipes/generic.json -n 50 --seed 1 --progress none
complains '"a -2.46, p 0.96": the branching ratio is'
expect 0 etas forecast recipes/generic.json -n 50 --seed 1 --progress none --allow-supercritical
complains 'model 1 of 2, a -2.23, p 1.08: weight 1' 'model 2 of 2, a -2.46, p 0.96: weight 1'

done_testing
