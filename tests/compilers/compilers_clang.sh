#!/usr/bin/env bash
# The golden numbers of the tests were made by one compiler: another one must find the same bits.
#   compilers_clang.sh SOURCE
set -euo pipefail

source=$1
tests=(test_vmath_golden test_poisson test_reproducibility test_frame test_blob)

if ! command -v clang >/dev/null; then
    echo "clang is not installed"
    [ -z "${ETAS_SKIPS_AS_FAILS:-}" ] || exit 1
    exit 77
fi
build=$(mktemp -d "${TMPDIR:-/tmp}/etas-test-clang.XXXXXX")
trap 'rm -rf "$build"' EXIT

cmake -S "$source" -B "$build" -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DBUILD_TESTING=ON >/dev/null
cmake --build "$build" --target "${tests[@]}" | tail -n 1
cd "$build"
ctest --output-on-failure --no-tests=error -R "^($(IFS='|' && echo "${tests[*]}"))\$"
