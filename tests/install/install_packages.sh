#!/usr/bin/env bash
# The Debian packages can be made, keep Debian's rules and run.
# shellcheck source=tests/install/install.bash
. "$(dirname "$0")/install.bash"

command -v lintian >/dev/null || {
    echo "lintian is not installed"
    exit 77
}
"$source/scripts/package" "$build/package"
"$source/scripts/check-packages" "$build/package"
