# shellcheck shell=bash
# Sourced by the tests of this folder: ETAS_BUILD is a build tree, ETAS_SOURCE the checkout.
set -euo pipefail
# shellcheck disable=SC2153 # set by CTest
build=$ETAS_BUILD source=$ETAS_SOURCE
scratch=$(mktemp -d "${TMPDIR:-/tmp}/etas-test-install.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

fail() {
    echo "FAIL: $*" >&2
    exit 1
}
