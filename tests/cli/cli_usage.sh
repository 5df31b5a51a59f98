#!/usr/bin/env bash
# Help, versions and wrong command lines.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

shows "every program and command prints help on stdout and exits with 0"
for command in "etas" "etas evaluate" "etas export" "etas forecast" "etas invert" "etas monitor" "etas series" "etas simulate" "etas estimate-mc" "etas catalog" "etas catalog completeness" etas-redis-worker etas-redis-manager; do
    # shellcheck disable=SC2086 # two words
    expect 0 $command --help
    grep -q '^usage: ' stdout || fail "$command --help has no usage line"
    [ ! -s stderr ] || fail "$command --help talks on stderr"
done
for command in etas etas-redis-worker etas-redis-manager; do
    expect 0 $command --version
    grep -qE '^etas.* [0-9]+\.[0-9]+\.[0-9]+$' stdout || fail "$command --version"
done

shows "a wrong command line is one line and exit code 2"
expect 2 etas
expect 2 etas frobnicate
complains 'unknown command "frobnicate"'
one_line
expect 2 etas forecast
expect 2 etas forecast a.json b.json
complains 'unexpected argument "b.json"'
expect 2 etas forecast --wrong a.json
complains '--wrong'
one_line
expect 2 etas forecast a.json -n ten
complains '"ten" is not a whole number'
expect 2 etas forecast a.json --task-duration 3y
complains '--task-duration' 'such as 30s'
expect 2 etas forecast "$ETAS_SOURCE/examples/forecast.json" -n 0
complains '-n 0'
expect 2 etas forecast "$ETAS_SOURCE/examples/forecast.json" --processes 0
complains '--processes'
expect 2 etas forecast "$ETAS_SOURCE/examples/forecast.json" --only 3
complains 'FIRST:COUNT'
expect 2 etas forecast "$ETAS_SOURCE/examples/forecast.json" --task-duration 0s
complains '--task-duration'
for command in forecast invert; do
    expect 2 etas $command "$ETAS_SOURCE/examples/forecast.json" --tolerance -1
    complains '--tolerance'
    expect 2 etas $command "$ETAS_SOURCE/examples/forecast.json" --kernels fast
    complains '--kernels' 'scalar, avx2 or avx512'
    for size in lots 2X G -1G 1e-9K 99999999T; do
        expect 2 etas $command "$ETAS_SOURCE/examples/forecast.json" --memory=$size
        complains '--memory' "\"$size\" is not a size such as 512M or 2G"
    done
done
expect 2 etas invert "$ETAS_SOURCE/examples/forecast.json" --distribute somewhere
complains '--distribute: "somewhere" is not auto, serial, processes or redis'
one_line
expect 2 etas simulate "$ETAS_SOURCE/examples/simulate.json" --kernels fast
complains '--kernels'
expect 2 etas-redis-manager
expect 2 etas-redis-manager frobnicate
expect 2 etas-redis-worker --processes none
expect 2 etas series config.json
complains '--from DATE and --to DATE'
one_line

shows "the quick start says what it does, and takes nothing else"
expect 0 "$ETAS_SOURCE/scripts/quickstart" --help
grep -q '^usage: scripts/quickstart' stdout || fail "$(cat stdout)"
for arguments in frobnicate "--help more" --wrong; do
    # shellcheck disable=SC2086 # words
    expect 2 "$ETAS_SOURCE/scripts/quickstart" $arguments
    one_line
done

shows "options that come later are refused by name"
expect 2 etas forecast a.json --model-input x
complains '--model-input takes the place of CONFIG'
expect 2 etas forecast a.json --cacert x
complains '--cacert' '--tls'
done_testing
