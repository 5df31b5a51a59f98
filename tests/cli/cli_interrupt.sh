#!/usr/bin/env bash
# Signals during an inversion: exit code 130, one line that says so, no file.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

cp "$ETAS_SOURCE"/examples/{catalog.csv,region.json} .
# without "estimator" a line says when the inversion begins
sed -e 's/"data_path": "output\/"/"data_path": "results\/"/; s/"estimator": "mle",//' \
    "$ETAS_SOURCE/examples/forecast.json" >config.json
slow=(--plain-em --tolerance 1e-15 --memory 1K) # its pairs are found anew in every iteration

# interrupted SIGNAL COMMAND...: sent when the inversion has begun.
interrupted() {
    local name=$1 pid code=0

    shift
    : >stderr
    "$@" "${slow[@]}" >stdout 2>stderr &
    pid=$!
    children+=("$pid")
    wait_for "the inversion's begin" grep -q 'estimator' stderr
    sleep 0.3
    kill "-$name" $pid
    wait $pid || code=$?
    [ $code -eq 130 ] || fail "exit code $code after SIG$name: $*"
    complains 'error: interrupted in the inversion'
    [ ! -s stdout ] || fail "printed: $(cat stdout)"
}

rm -rf results
before=$(find . -type f | sort)
shows "an inversion that is interrupted leaves with 130 and no file"
for name in INT TERM HUP; do
    interrupted $name etas invert config.json --threads 2
    interrupted $name etas invert config.json -o results --store-pij --threads 1
done

shows "so does the inversion of a forecast and that before a bootstrap"
interrupted TERM etas forecast config.json -n 10 --seed 1 -o out.csv
interrupted INT etas invert config.json --bootstrap 3 --seed 1
rm -f stdout stderr
[ "$(find . -type f | sort)" = "$before" ] || fail "left behind: $(find . -type f)"
done_testing
