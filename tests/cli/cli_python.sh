#!/usr/bin/env bash
# The pieces of Python in the documents do what they say.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

# has MODULE: sets python to an interpreter that has it; the first one need not be the system's.
has() {
    for python in python3 /usr/bin/python3; do
        "$python" -c "import $1" 2>/dev/null && return
    done
    return 1
}
has pandas || { echo "skipped: no python3 with pandas"; exit 77; }

# snippet NAME: the block behind the line <!-- test: NAME --> of a document.
snippet() {
    awk -v mark="<!-- test: $1 -->" '$0 == mark { found = 1 } found && /^```$/ { exit }
        inside { print } found && /^```python$/ { inside = 1 }' "$ETAS_SOURCE"/docs/{manual,formats}.md >"snippet_$1.py"
    [ -s "snippet_$1.py" ] || fail "the documents have no piece \"$1\""
}

cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json} .
# Few events in few days, so that many catalogues are empty, the last one among them.
sed 's/"forecast_duration": 30/"forecast_duration": 0.5/' "$ETAS_SOURCE/examples/forecast.json" >config.json
n=60
run() {
    etas forecast config.json -n $n --distribute serial --progress none --discard-store "$@" >/dev/null 2>log || fail "$(cat log)"
}
for seed in 1 2 3 4 5; do
    run --seed $seed -o forecast.csv
    tail -n 1 forecast.csv | grep -q "^,,,,,$((n - 1)),$" && break
done
tail -n 1 forecast.csv | grep -q "^,,,,,$((n - 1)),$" || fail "no last catalogue without events"
events=$(awk -F, 'NR > 1 && $3 != ""' forecast.csv | wc -l)
[ "$events" -gt 0 ] || fail "no event at all"

shows "pyCSEP's layout as a table, empty catalogues counted"
snippet csv
"$python" - <<PY
exec(open("snippet_csv.py").read())
assert n_catalogs == $n, n_catalogs
assert len(events) == $events, len(events)
assert len(events_per_catalog) == $n and events_per_catalog.sum() == $events
assert events_per_catalog[$n - 1] == 0 and (events_per_catalog == 0).sum() > 1
assert str(events.time_string.dtype).startswith('datetime64'), events.time_string.dtype
PY

if has h5py; then
    shows "an HDF5 file catalogue by catalogue"
    snippet hdf5
    run --seed "$seed" -o forecast.h5
    awk -F, 'NR > 1 && $3 != "" { print $6, $3 }' forecast.csv >want
    "$python" - <<PY
exec(open('snippet_hdf5.py').read())
assert len(magnitudes) == file.attrs['n_catalogs'] == $n
assert file.attrs['seed'] == $seed and file.attrs['n_events'] == $events
got = ['%d %.1f' % (k, m) for k, catalog in enumerate(magnitudes) for m in catalog]
assert got == ['%s %.1f' % (k, float(m)) for k, m in map(str.split, open('want'))], got
PY
elif [ -n "${ETAS_SKIPS_AS_FAILS:-}" ]; then
    fail "no python3 with h5py"
else
    echo "skipped: an HDF5 file, because there is no python3 with h5py"
fi
has pandas

shows "the entry point for HERMES"
snippet entrypoint
"$python" - "$n" <<'PY'
import csv, datetime, json, sys
exec(open("snippet_entrypoint.py").read())
config = json.load(open('config.json'))
event = ('<event publicID="e/{id}"><origin publicID="o/{id}"><time><value>{t}</value></time>'
         '<latitude><value>{latitude}</value></latitude><longitude><value>{longitude}</value></longitude></origin>'
         '<magnitude publicID="m/{id}"><mag><value>{magnitude}</value></mag></magnitude></event>')
rows = csv.DictReader(open('catalog.csv'))
start = datetime.datetime(2020, 1, 1)
ring = ', '.join('%r %r' % (lon, lat) for lat, lon in json.load(open('region.json')))
keys = ('auxiliary_start', 'timewindow_start', 'mc', 'delta_m', 'm_max', 'coppersmith_multiplier', 'estimator')
out = entrypoint({
    'forecast_start': start, 'forecast_end': start + datetime.timedelta(hours=12),
    'seismicity_observation': '<quakeml><eventParameters>%s</eventParameters></quakeml>' % ''.join(
        event.format(t=r['time'].replace(' ', 'T'), **r) for r in rows),
    'bounding_polygon': 'POLYGON ((%s))' % ring, 'depth_min': 0, 'depth_max': 1,
    'model_parameters': {**{k: config[k] for k in keys}, "m_thr": 3.6, "seed": 1},
    'model_settings': {'n_simulations': int(sys.argv[1])}})
assert len(out) == 1 and out[0].attrs['n_catalogs'] == int(sys.argv[1]), out[0].attrs
assert {'longitude', 'latitude', 'depth', 'time', 'magnitude', 'catalog_id'} <= set(out[0].columns)
assert len(out[0]) > 0 and out[0].magnitude.min() >= 3.55 and out[0].notna()[['longitude', 'time']].all(axis=None)
assert out[0].time.min() >= start and out[0].time.max() <= start + datetime.timedelta(hours=12)
assert out[0].catalog_id.max() < int(sys.argv[1]) and (out[0].depth == 0).all()
PY
done_testing
