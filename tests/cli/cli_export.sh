#!/usr/bin/env bash
# A run's catalogues as files of other formats: at once, or later from its store.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

config=$ETAS_SOURCE/examples/forecast.json
python=/usr/bin/python3 # Debian's, which has h5py
forecast() {
    etas forecast "$config" --seed 42 --progress none --distribute serial "$@"
}
quiet() {
    "$@" >out.log 2>err.log || fail "exit code $?: $* ($(tail -n 3 err.log))"
}

shows "several files of one run, and the same bytes from its store"
quiet forecast -n 2000 -o run/f.csv --also run/f.h5 --also run/f.txt:reference --also run/g.x:hdf5 --columns generation,is_background
cmp run/f.h5 run/g.x || fail "two files of one format differ"
head -n 1 run/f.txt | grep -qx 'id,latitude,longitude,magnitude,time,is_background,generation,catalog_id' || fail "other columns"
for first in f.h5 f.csv f.txt; do
    format=()
    [ $first != f.txt ] || format=(--format reference)
    quiet etas export run/f.csv.store -o "later/$first" "${format[@]}" --also all/f.csv --also all/f.h5 \
        --also all/f.txt:reference --columns generation,is_background 2>stderr
    cmp "run/$first" "later/$first" || fail "other bytes alone: $first"
    for name in f.csv f.h5 f.txt; do
        cmp "run/$name" "all/$name" || fail "other bytes beside $first: $name"
    done
done
only_files later f.csv f.h5 f.txt
grep -q 'f.txt (reference): 2000 catalogues' err.log || fail "not told what was written"
[ ! -s out.log ] || fail "export wrote to stdout"

shows "the bytes do not depend on who made the catalogues and in what pieces"
for how in "--distribute processes --processes 3" "--distribute processes --chunk-size 7" "--distribute serial --kernels scalar"; do
    # shellcheck disable=SC2086 # words
    quiet etas forecast "$config" -n 2000 --seed 42 -o again.h5 --from-store run/f.csv.store --progress none $how
    cmp run/f.h5 again.h5 || fail "other bytes: $how"
done

shows "columns, offsets and attributes are what the CSV says"
"$python" - run/f.h5 run/f.txt <<'END' || fail "the HDF5 file says something else than the CSV"
import csv, json, sys
from datetime import datetime, timezone

import h5py

with h5py.File(sys.argv[1]) as f, open(sys.argv[2]) as text:
    rows = list(csv.DictReader(text))
    a = f.attrs
    assert a["n_catalogs"] == 2000 == len(f["offsets"]) - 1 and a["n_events"] == len(rows) == len(f["lon"])
    assert a["seed"] == 42 and a["first_catalog"] == 0
    assert a["start"] == "2020-01-01T00:00:00.000000" and a["end"] == "2020-01-31T00:00:00.000000"
    assert json.loads(a["configuration"])["mc"] == a["m_ref"] == 3.6
    assert a["region"].startswith("POLYGON ((") and a["etas_version"] and a["algorithm_version"] > 0
    assert set(f) == {"offsets", "time_ms", "lon", "lat", "mag", "depth", "generation", "flags"}
    offsets = f["offsets"][:]
    events = list(zip(f["time_ms"][:], f["lon"][:], f["lat"][:], f["mag"][:], f["generation"][:]))
    assert offsets[0] == 0 and offsets[-1] == len(rows) and any(offsets[1:] == offsets[:-1])
    at = 0
    for b in range(2000):
        for k in range(offsets[b], offsets[b + 1]):
            row, (t, lon, lat, mag, generation) = rows[k], events[k]
            when = datetime.fromisoformat(row["time"]).replace(tzinfo=timezone.utc)
            assert int(row["catalog_id"]) == b
            assert round(when.timestamp() * 1000) == t
            assert float(row["longitude"]) == lon and float(row["latitude"]) == lat
            assert abs(float(row["magnitude"]) - mag) < 1e-6
            assert int(row["generation"]) == generation
            assert row["is_background"] == str(generation == 0)
END
h5dump -d /offsets -c 3 run/f.h5 >dump
grep -q '(0): 0, ' dump || fail "h5dump reads something else"
h5dump -p -H run/f.h5 >dump
grep -q DEFLATE dump || fail "not compressed"

shows "a run of single catalogues keeps their numbers"
quiet forecast --only 17:3 --from-store run/f.csv.store -o only.csv --also only.h5
quiet etas export only.csv.store -o only2.h5 --also only2.csv
cmp only.csv only2.csv
cmp only.h5 only2.h5
"$python" -c 'import h5py; a = h5py.File("only.h5").attrs; assert a["first_catalog"] == 17 and a["n_catalogs"] == 3'

shows "parents in HDF5: of a run that is made with them"
quiet forecast -n 300 -o parents.h5 --columns parent
quiet etas export parents.h5.store -o parents.csv --format reference --columns generation,parent
"$python" - <<'END' || fail "other parents than the CSV's"
import csv

import h5py

with h5py.File("parents.h5") as f:
    offsets, parent, generation = f["offsets"][:], f["parent"][:], f["generation"][:]
rows = list(csv.DictReader(open("parents.csv")))
assert len(rows) == len(parent) and any(parent >= 0) and any(parent < -1) and any(parent == -1)
for row, p, g in zip(rows, parent, generation):
    first, p = int(offsets[int(row["catalog_id"])]), int(p)
    assert row["parent"] == (str(first + p) if p >= 0 else "")
    assert row["parent_source"] == (str(-2 - p) if p < -1 else "")
    assert p < 0 or generation[first + p] + 1 == g
END
expect 1 etas export run/f.csv.store -o none.h5 --columns parent --progress none
one_line
complains 'none.h5' 'without the parents of its events'
[ ! -e none.h5 ] || fail "a file without parents was written"

shows "an incomplete run is refused; what there is of it only on request"
cp run/f.csv.store part.store
missing=7
sqlite3 part.store "UPDATE part SET count = count - $missing WHERE first = (SELECT max(first) FROM part)"
expect 3 etas export part.store -o out/part.h5 --progress none
one_line
complains 'part.store' "$missing catalogues are missing" 'nothing is written'
[ ! -e out/part.h5 ] || fail "an incomplete run was written"
expect 3 etas export part.store -o out/part.h5 --also out/part.csv --allow-missing --progress none
complains "$missing of 2000 catalogues are missing" 'out/part.h5.missing.json'
[ "$(jq .n_missing out/part.h5.missing.json)" = $missing ] || fail "another number is listed"
only_files out part.csv part.h5 part.h5.missing.json
"$python" -c 'import h5py, sys; assert h5py.File("out/part.h5").attrs["n_catalogs"] == 2000 - int(sys.argv[1])' $missing

shows "wrong stores, names, formats and contradictions: one line, nothing is written"
mkdir wrong
echo 'no store' >text.store
wrong() { # CODE TEXT OPTIONS...
    local code=$1 text=$2

    shift 2
    expect "$code" etas export "$@"
    one_line
    complains "$text"
    only_files wrong
}
wrong 1 'not a store' text.store -o wrong/x.csv
wrong 1 'there is no store' nowhere.store -o wrong/x.csv
wrong 2 'the ending .xyz tells no format' run/f.csv.store -o wrong/x.xyz
wrong 2 'the ending .gz tells no format' run/f.csv.store -o wrong/x.csv --also wrong/y.csv.gz
wrong 2 '"hdf6" is not csep' run/f.csv.store -o wrong/x.csv --format hdf6
wrong 2 'named twice' run/f.csv.store -o wrong/x.csv --also wrong/x.csv:hdf5
wrong 2 'the same file' run/f.csv.store -o wrong/x.csv --also wrong/../wrong/./x.csv:hdf5
wrong 2 'the same file' run/f.csv.store -o wrong/new/x.csv --also "$PWD/wrong/new/deep/..//x.csv:hdf5"
ln -s wrong same
wrong 2 'the same file' run/f.csv.store -o wrong/x.csv --also same/x.csv:hdf5
mkdir linked
echo kept >linked/x.csv
ln -s x.csv linked/y.csv
wrong 2 'the same file' run/f.csv.store -o linked/x.csv --also linked/y.csv:hdf5
[ "$(cat linked/x.csv)" = kept ] || fail "the output was replaced"
wrong 2 '--columns belongs to' run/f.csv.store -o wrong/x.h5 --columns generation
wrong 2 '"depth" is not' run/f.csv.store -o wrong/x.csv --format reference --columns generation,depth
wrong 2 'use -o FILE' run/f.csv.store
wrong 2 'use -o FILE' run/f.csv.store -o ""
wrong 2 'usage: etas export STORE' -o wrong/x.csv
wrong 1 'device or pipe' run/f.csv.store -o /dev/null --format hdf5
wrong 2 'x.dat: --intervals: an interval ends after 4000 days' run/f.csv.store -o wrong/x.dat --intervals 4000
wrong 2 'x.dat: --mag-last: the last magnitude bin, at 1, lies below' run/f.csv.store -o wrong/x.dat --mag-last 1
wrong 2 'x.json: --thresholds: threshold 1:' run/f.csv.store -o wrong/x.json --thresholds 1,5
wrong 1 'standard output' run/f.csv.store -o - --format hdf5
wrong 2 '--allow-missing' run/f.csv.store -o - --allow-missing
cp run/f.csv.store self.csv
wrong 2 "is the run's store" self.csv -o ./self.csv
cmp self.csv run/f.csv.store || fail "the store was changed"
expect 2 forecast -n 10 -o wrong/x.xyz
complains 'the ending .xyz tells no format'
expect 2 forecast -n 10 -o wrong/x.csv --also wrong/x.csv.store:csep
complains "is the run's store"
expect 2 forecast -n 10 -o wrong/x.csv --also wrong/../wrong/x.csv.store:csep
complains "is the run's store"
only_files wrong

shows "the standard output is the file -, never one of this name"
for format in csep reference grid grid-csv grid-geojson summary summary-csv counts; do
    expect 0 etas export run/f.csv.store -o named --format $format
    expect 0 etas export run/f.csv.store -o - --format $format
    cmp named stdout || fail "$format"
done
expect 0 etas export run/f.csv.store -o named.h5 --also -:summary
cp stdout summary
expect 0 etas export run/f.csv.store -o - --format summary
cmp summary stdout
expect 1 bash -c 'etas export run/f.csv.store -o - >/dev/full'
complains 'No space left'
{ etas export run/f.csv.store -o - 2>left; echo $? >code; } | head -n 1 >/dev/null
[ "$(cat code)" = 0 ] || fail "a reader who has left: $(cat left)"
expect 2 forecast -n 10 -o -
complains 'etas export STORE -o -'
expect 2 forecast -n 10 -o some.csv --also -
expect 2 etas invert run/none.json -o -
complains 'name a folder'
[ ! -e ./- ] || fail "a file called -"
rm -f named named.h5 summary

shows "an output that is an input, under whatever name: the configuration, the catalogue, a grid, another run's store"
mkdir in
cp "$ETAS_SOURCE"/examples/{generic.json,catalog.csv,region.json} in/
printf '%s\n' latitude,longitude,rate 35,-120,1 35,-119,1 36,-120,2 36,-119,2 >in/rates.csv
jq '. + {bg_grid: "rates.csv"}' in/generic.json >in/grid.json
cp run/f.csv.store in/old.store
ln -s catalog.csv in/link.csv
sha256sum in/* >in.sums
refuses() {
    expect 2 etas forecast in/grid.json -n 10 --progress none --log-level warning --allow-supercritical --from-store in/old.store "$@"
    complains 'is an input'
    sha256sum --quiet -c in.sums || fail "$*: an input was changed"
    [ "$(find in -mindepth 1 | wc -l)" -eq "$(wc -l <in.sums)" ] || fail "$*: files were left: $(ls in)"
}
refuses -o in/grid.json
refuses -o in/../in/catalog.csv
refuses -o in/link.csv
refuses -o wrong/x.csv --also in/rates.csv
refuses -o wrong/x.csv --also in/region.json
refuses -o wrong/x.csv --also in/old.store:csep
only_files wrong

shows "a store of refits is none of catalogues"
quiet etas invert "$config" --bootstrap 2 --seed 1 --distribute serial --progress none -o refits
wrong 1 'makes refits, not catalogues' refits/bootstrap_*.store -o wrong/x.csv

shows "without permission to write: another user's store, a folder that is read-only"
if [ "$(id -u)" -eq 0 ] && mkdir fixed open && mount -t tmpfs tmpfs fixed 2>/dev/null; then
    mounted=$work/fixed
    cp run/f.csv.store fixed/f.store
    chmod 644 fixed/f.store
    mount -o remount,ro fixed
    chmod 777 open
    chmod 755 "$work"
    expect 0 setpriv --reuid=65534 --regid=65534 --clear-groups "$ETAS_BIN/etas" export fixed/f.store -o open/f.h5 --also open/f.csv --progress none
    cmp run/f.h5 open/f.h5
    cmp run/f.csv open/f.csv
    expect 1 etas export fixed/f.store -o fixed/f.h5 --progress none
    complains 'fixed/f.h5' 'Read-only file system'
    umount fixed
    mounted=
else
    echo "  (no tmpfs can be mounted here: not shown)"
fi

shows "a full disk: the reason, and no partial file, whatever the format"
if [ "$(id -u)" -eq 0 ] && mkdir full && mount -t tmpfs -o size=200k tmpfs full 2>/dev/null; then
    mounted=$work/full
    for files in "-o full/f.h5" "-o full/f.csv" "-o full/f.csv --also beside.h5" "-o beside.csv --also full/f.h5" \
        "-o full/f.dat" "-o full/f.geojson --cell-size 0.05" "-o full/f.x --format counts --also full/f.y:grid-csv"; do
        # shellcheck disable=SC2086 # words
        expect 1 etas export run/f.csv.store $files --progress none
        one_line
        complains 'full/f.' 'No space left on device'
        only_files full
        if [ -e beside.csv ] || [ -e beside.h5 ]; then fail "a file of a failed export: $files"; fi
    done
    umount full
    mounted=
else
    echo "  (no tmpfs can be mounted here: not shown)"
fi
expect 1 etas export run/f.csv.store -o /dev/full --progress none
complains '/dev/full' 'No space left on device'

shows "to a pipe, and to a reader who leaves"
etas export run/f.csv.store -o /dev/stdout --progress none 2>/dev/null | cmp - run/f.csv
code=0
{ etas export run/f.csv.store -o /dev/stdout --progress none 2>stderr || code=$?; echo $code >code; } | true
[ "$(cat code)" = 1 ] || fail "exit code $(cat code) for a closed pipe"
complains 'Broken pipe'

shows "memory does not grow with the run: two million events in 100 MB"
quiet forecast -n 420000 --from-store run/f.csv.store -o many.csv
for files in "-o many.h5" "-o many2.csv"; do
    # shellcheck disable=SC2086 # words
    "$python" - etas export many.csv.store $files --progress none 2>stderr <<'END' || fail "$files: $(cat stderr)"
import resource, subprocess, sys

subprocess.run(sys.argv[1:], check=True)
mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"  {' '.join(sys.argv[4:6])}: {mib:.0f} MiB")
assert mib < 100, mib
END
    grep -q '420000 catalogues, 2[0-9]\{6\} events' stderr || fail "not two million events"
done
cmp many.csv many2.csv
rm many*

shows "an interrupted export leaves nothing behind, and what was there stays"
cp run/f.csv kept.csv
mkfifo pipe
mkdir stopped
etas export run/f.csv.store -o stopped/kept.csv --also pipe:csep --progress none 2>stderr &
child=$!
children+=("$child")
exec 3<pipe
head -c 1000 <&3 >/dev/null
kill -INT "$child"
cat <&3 >/dev/null &
children+=("$!")
exec 3<&-
code=0
wait "$child" || code=$?
[ $code -eq 130 ] || fail "exit code $code after SIGINT"
only_files stopped
done_testing
