#!/usr/bin/env bash
# Forecasts as platforms ask for them: the bytes of the configuration that says the same.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

command -v python3 >/dev/null || { echo "skipped: python3 makes the inputs, and is not there"; exit 77; }
cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json} .

# The example as a configuration, as a HERMES model input and as the arguments of a floatCSEP model.
python3 - "$ETAS_SOURCE/examples/forecast.json" <<'PY'
import csv, json, os, sys
config = json.load(open(sys.argv[1]))
del config['data_path'], config['fn_store_simulation']
config.update(n_simulations=40, seed=12, forecast_duration=7.5, m_thr=4.0)
rows = list(csv.DictReader(open('catalog.csv')))
ring = json.load(open('region.json'))
config['shape_coords'] = 'POLYGON ((%s))' % ', '.join('%r %r' % (lon, lat) for lat, lon in ring)
json.dump(config, open('config.json', 'w'), indent=1)

event = '''<event publicID="e/{id}"><type>earthquake</type>
<origin publicID="o/{id}"><time><value>{t}</value></time><latitude><value>{latitude}</value></latitude>
<longitude><value>{longitude}</value></longitude><depth><value>9000</value></depth></origin>
<magnitude publicID="m/{id}"><mag><value>{magnitude}</value></mag><type>ML</type></magnitude></event>
'''
quakeml = ('<?xml version="1.0" encoding="UTF-8"?>\n<q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2"'
           ' xmlns="http://quakeml.org/xmlns/bed/1.2"><eventParameters publicID="p">\n'
           + ''.join(event.format(t=r['time'].replace(' ', 'T') + 'Z', **r) for r in rows)
           + '</eventParameters></q:quakeml>\n')
parameters = {k: v for k, v in config.items() if k not in
              ('fn_catalog', 'timewindow_end', 'forecast_duration', 'shape_coords', 'n_simulations')}
parameters['timewindow_end'] = '1999-01-01 00:00:00'
parameters['n_simulations'] = 7
json.dump({'forecast_start': '2020-01-01T00:00:00', 'forecast_end': '2020-01-08T12:00:00',
           'injection_observation': None, 'injection_plan': None,
           'seismicity_observation': quakeml, 'bounding_polygon': config['shape_coords'],
           'depth_min': 0, 'depth_max': 1, 'model_parameters': parameters,
           'model_settings': {'n_simulations': 40}}, open('input.json', 'w'), indent=1)

os.makedirs('mymodel/input')
base = {k: v for k, v in config.items() if k not in
        ('fn_catalog', 'timewindow_end', 'forecast_duration', 'n_simulations')}
json.dump(base, open('mymodel/base.json', 'w'), indent=1)
with open('mymodel/input/catalog.csv', 'w') as out:
    out.write('lon,lat,mag,time_string,depth,catalog_id,event_id\n')
    for r in rows:
        out.write('%s,%s,%s,%s,9.0,,%s\n' % (r['longitude'], r['latitude'], r['magnitude'],
                                             r['time'].replace(' ', 'T'), r['id']))
with open('mymodel/input/args.txt', 'w') as out:
    out.write('# arguments\nstart_date = 2020-01-01T00:00:00\nend_date = 2020-01-08T12:00:00\n'
              'config = ../base.json\nn_sims = 40\nseed = 12\n')
PY

quiet=(--distribute serial --progress none --discard-store)
expect 0 etas forecast config.json -o want.csv "${quiet[@]}"

shows "a HERMES model input: the bytes of the same configuration"
expect 0 etas forecast --model-input input.json -o hermes.csv "${quiet[@]}"
cmp want.csv hermes.csv || fail "other bytes"
grep -q '^lon,lat,mag,time_string,depth,catalog_id,event_id$' hermes.csv || fail "another layout"
grep -q 'ignored' stderr && fail "warned: $(cat stderr)"

shows "its store keeps the settings, not the observations"
expect 0 etas forecast --model-input input.json -o kept.csv --distribute serial --progress none
expect 0 etas forecast --model-input input.json -o kept.csv --distribute serial --progress none --restart
python3 -c "
import sqlite3
print(sqlite3.connect('kept.csv.store').execute(\"select value from meta where name='config'\").fetchone()[0])" >stored
grep -q '"forecast_duration": 7.5' stored || fail "stored: $(head -c 500 stored)"
grep -q quakeml stored && fail "stored: $(head -c 500 stored)"

shows "the arguments of a floatCSEP model: where the platform looks, from any folder, the same bytes"
expect 0 etas forecast --model-input mymodel/input/args.txt "${quiet[@]}"
cmp want.csv mymodel/forecasts/mymodel_2020-01-01T00-00-00_2020-01-08T12-00-00.csv || fail "other bytes"
(cd mymodel && expect 0 etas forecast --model-input input/args.txt -o ../float.csv "${quiet[@]}")
cmp want.csv float.csv || fail "other bytes"
sed -i 's/T12:00:00/T00:00:00/; s/^seed.*/seed=12\nmodel: other/' mymodel/input/args.txt
expect 0 etas forecast --model-input mymodel/input/args.txt "${quiet[@]}"
[ -s mymodel/forecasts/other_2020-01-01_2020-01-08.csv ] || fail "not there: $(ls mymodel/forecasts)"
python3 -c "
import json
json.dump({'start_date': '2020-01-01', 'end_date': '2020-01-08', 'config': '../base.json', 'n_sims': 40, 'seed': '12'},
          open('mymodel/input/args.json', 'w'))"
expect 0 etas forecast --model-input mymodel/input/args.json -o json.csv "${quiet[@]}"
cmp mymodel/forecasts/other_2020-01-01_2020-01-08.csv json.csv || fail "other bytes"

# wrong PYTHON TEXT...: the input changed by a statement is refused in one line that holds the texts.
wrong() {
    python3 -c "
import json
m = json.load(open('input.json'))
p = m['model_parameters']
$1
json.dump(m, open('wrong.json', 'w'), indent=1)"
    shift
    expect 1 etas forecast --model-input wrong.json -o wrong.csv "${quiet[@]}"
    sed -i '/is ignored/d' stderr
    one_line
    complains "$@"
    [ ! -e wrong.csv ] || fail "an output of an input that was refused"
}
shows "what is wrong is named with file and key, also inside the settings"
wrong "del m['forecast_end']" 'wrong.json' '"forecast_end"' missing
wrong "m['forecast_end'] = '2020-01-01'" 'wrong.json:3:' '"forecast_end"' 'forecast_start'
wrong "m['forecast_start'] = 'tomorrow'" 'wrong.json:2:' '"forecast_start"'
wrong "m['seismicity_observation'] = None" '"seismicity_observation"' QuakeML
wrong "m['seismicity_observation'] = 5" '"seismicity_observation"' 'the number 5'
wrong "m['seismicity_observation'] = m['seismicity_observation'][:3000]" 'wrong.json'
wrong "m['bounding_polygon'] = 'POLYGON ((0 0, 1 0))'" '"bounding_polygon"'
wrong "m['depth_max'] = -5" '"depth_max"' 'depth_min'
wrong "m['model_parameters'] = [1]" '"model_parameters"' 'a list'
wrong "p['delta_m'] = 'wide'" 'wrong.json:' '"delta_m"' 'wide'
grep -q 'wrong.json:[1-9][0-9]*:' stderr || fail "no line: $(cat stderr)"
wrong "p['theta_0'] = {'log10_mu': -6}" '"log10_k0"' missing
wrong "del p['auxiliary_start']" '"auxiliary_start"' missing
echo '{"a": 1}' >odd.json
expect 1 etas forecast --model-input odd.json -o wrong.csv
complains 'odd.json' 'forecast_start' 'start_date'
one_line
expect 1 etas forecast --model-input nowhere.json -o wrong.csv
complains 'nowhere.json' 'No such file'
printf 'start_date = 2020-01-01\nend_date = 2020-01-02\nn_sims = many\nconfig = base.json\n' >args.txt
cp mymodel/base.json .
expect 1 etas forecast --model-input args.txt -o wrong.csv
complains 'args.txt:3:' '"n_sims"'
printf 'start_date = 2020-01-01\nend_date\n' >args.txt
expect 1 etas forecast --model-input args.txt -o wrong.csv
complains 'args.txt:2:' 'key = value'
printf 'start_date = 2020-01-01\nend_date = 2020-01-02\nconfig = gone.json\n' >args.txt
expect 1 etas forecast --model-input args.txt -o wrong.csv
complains 'gone.json' 'No such file'

shows "a configuration or an input, not both; an input needs an output"
expect 2 etas forecast --model-input input.json config.json
expect 2 etas forecast -o x.csv
complains '--model-input'
expect 2 etas forecast --model-input input.json
complains '-o FILE'

shows "inputs of platforms are no outputs"
for file in input.json mymodel/input/args.txt mymodel/base.json mymodel/input/catalog.csv; do
    cp "$file" kept
    input=mymodel/input/args.txt
    [ $file != input.json ] || input=input.json
    expect 2 etas forecast --model-input $input -o "./$file" --format csep
    complains "$file is an input"
    cmp "$file" kept || fail "$file was replaced"
done
done_testing
