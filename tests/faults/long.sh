#!/usr/bin/env bash
# long.sh MINUTES [SEED]: the storm of tests/faults for so long, with the programs of build/release; the figures at its end.
set -euo pipefail
[ $# -ge 1 ] || {
    echo "usage: tests/faults/long.sh MINUTES [SEED]" >&2
    exit 2
}
source=$(cd "$(dirname "$0")/../.." && pwd)
build=$source/build/release
export ETAS_BIN=$build/bin ETAS_FAULTS=$build/tests/faults ETAS_SOURCE=$source
exec python3 -B "$source/tests/faults/faults.py" storm --minutes "$1" ${2:+--seed "$2"} --keep
