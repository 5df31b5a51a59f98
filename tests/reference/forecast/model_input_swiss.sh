#!/usr/bin/env bash
# A real catalogue in QuakeML through the whole way of a HERMES model input: the same bytes as from
# a configuration with that file, and from one with a table that another XML reader made of it.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

data=$ETAS_SHARED/data
if [ ! -r "$data/catalog.xml" ] || ! command -v python3 >/dev/null; then
    echo "no catalog.xml at $ETAS_SHARED/data, or no python3: skipped"
    exit 77
fi
python3 - "$data" <<'PY'
import csv, json, struct, sys
import xml.etree.ElementTree as ET
data = sys.argv[1]
config = json.load(open(data + '/ch_forecast.json'))
for key in ('data_path', 'fn_store_simulation', 'forecast_duration', 'n_simulations'):
    del config[key]
bytes_ = open(data + '/ch_rect.npy', 'rb').read()
values = struct.unpack('<10d', bytes_[-80:])
ring = ', '.join('%r %r' % (values[i + 1], values[i]) for i in range(0, 10, 2))
config['shape_coords'] = 'POLYGON ((%s))' % ring
xml = open(data + '/catalog.xml', encoding='utf-8').read()

ns = '{http://quakeml.org/xmlns/bed/1.2}'
kept = 0
with open('table.csv', 'w', newline='') as out:
    table = csv.writer(out)
    table.writerow(['id', 'latitude', 'longitude', 'time', 'magnitude'])
    for event in ET.fromstring(xml.encode()).iter(ns + 'event'):
        if event.findtext(ns + 'type', 'earthquake').strip() != 'earthquake':
            continue
        def preferred(kind):
            wanted = event.findtext(ns + 'preferred%sID' % kind).strip()
            return next(x for x in event.iter(ns + kind.lower()) if x.get('publicID') == wanted)
        origin, magnitude = preferred('Origin'), preferred('Magnitude')
        value = lambda x, name: x.findtext('%s%s/%svalue' % (ns, name, ns)).strip()
        table.writerow([event.get('publicID'), value(origin, 'latitude'), value(origin, 'longitude'),
                        value(origin, 'time'), value(magnitude, 'mag')])
        kept += 1
assert kept == 1107, kept

json.dump({'forecast_start': '2022-01-01T00:00:00', 'forecast_end': '2022-01-31T00:00:00',
           'seismicity_observation': xml, 'bounding_polygon': config['shape_coords'], 'depth_min': 0, 'depth_max': 1,
           'model_parameters': {k: v for k, v in config.items() if k not in ('fn_catalog', 'shape_coords')},
           'model_settings': {'n_simulations': 2000}}, open('input.json', 'w'))
config.update(timewindow_end='2022-01-01 00:00:00', forecast_duration=30, n_simulations=2000)
for name, catalog in (('quakeml', data + '/catalog.xml'), ('table', 'table.csv')):
    json.dump({**config, 'fn_catalog': catalog}, open(name + '.json', 'w'))
PY

run() {
    expect 0 etas forecast "$@" --seed 5 --progress none --discard-store
    cat stdout
}
shows "observations inside the input, as a file, and as a table give the same bytes"
run --model-input input.json -o input.csv
grep -q '2000 catalogues' stdout || fail "not 2000 catalogues"
run quakeml.json -o quakeml.csv
cmp input.csv quakeml.csv || fail "other bytes from the file"
run table.json -o table-forecast.csv
cmp input.csv table-forecast.csv || fail "other bytes from the table"

shows "every catalogue is there, in order, within window and region"
awk -F, 'NR > 1 {
    if ($6 < last || $6 > last + 1) { print "catalogue " $6 " follows " last; exit 1 }
    last = $6
    if ($3 != "" && ($4 < "2022-01-01T00:00:00" || $4 > "2022-01-31T00:00:00" || $3 < 2.3)) { print; exit 1 }
    if ($3 != "") n++
} END { if (last != 1999 || n < 1000) { print last, n; exit 1 } }' input.csv || fail "an odd forecast"
done_testing
