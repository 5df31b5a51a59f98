#!/usr/bin/env bash
# Every interleaving of the pool's moves at small sizes keeps the promises; each seeded mistake is found.
#   model_pool.sh MODEL
set -euo pipefail

model=$(realpath "$1")
for program in spin gcc; do
    if ! command -v "$program" >/dev/null; then
        echo "$program is not installed"
        [ -z "${ETAS_SKIPS_AS_FAILS:-}" ] || exit 1
        exit 77
    fi
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# explore OPTIMISATION DEFINITION...: all states; what was found is in the file found.
explore() {
    local optimisation=$1

    shift
    rm -f pan.* found
    spin -a -DLIVE "$@" "$model" >spin.log || { cat spin.log; exit 1; }
    gcc "$optimisation" -w -DCOLLAPSE -DMEMLIM=3000 -o pan pan.c
    ./pan -a -E -m200000 >found || true
    if ! grep -q 'errors: ' found || grep -qE 'max search depth too small|reached -DMEMLIM|out of memory' found; then
        echo "not all states were seen: $*"
        cat found
        exit 1
    fi
}

# holds DEFINITION...
holds() {
    explore -O2 "$@"
    if ! grep -q 'errors: 0$' found || grep -q 'Search not completed' found; then
        echo "broken: $*"
        cat found
        exit 1
    fi
    echo "holds: $* ($(awk '/states, stored/ {print $1}' found) states)"
}

# finds MISTAKE WHAT DEFINITION...: the search ends with this complaint.
finds() {
    local mistake=$1 what=$2

    shift 2
    explore -O0 -DFAULTS=1 "-DBUG_$mistake" "$@"
    if ! grep -q "^pan:1: $what" found; then
        echo "not found: $mistake"
        cat found
        exit 1
    fi
    echo "found: $mistake ($what)"
}

holds -DFAULTS=0 -DN=3 -DMARK=2
holds -DFAULTS=1 -DSERVER -DN=3 -DMARK=2
holds -DFAULTS=1 -DSERVER -DOLDER
holds -DFAULTS=2 -DSERVER

finds PUSH_LATER 'assertion violated'
finds TOKEN_ALONE 'assertion violated'
finds NO_FENCE 'assertion violated'
finds SUBMIT_NO_EPOCH 'assertion violated'
finds SUBMIT_REPEATS 'assertion violated'
finds ACK_BLIND 'assertion violated'
finds ACK_FIRST 'assertion violated'
finds STORE_NO_EPOCH 'assertion violated'
finds STORE_TWICE 'assertion violated'
finds NO_REAP 'acceptance cycle'
finds STAYS_FULL 'acceptance cycle'
finds NO_AUDIT 'acceptance cycle'
finds NO_MEND 'acceptance cycle' -DSERVER
