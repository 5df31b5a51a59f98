#!/usr/bin/env bash
# The units of systemd/: what systemd says of them, and what a worker needs of them.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"

unit=$ETAS_SOURCE/systemd/etas-worker@.service
has() {
    grep -qxF -- "$1" "$unit" || fail "the worker's unit lacks $1"
}

shows "a worker's unit drains: SIGTERM to the agent alone, and more time than the agent takes"
has KillSignal=SIGTERM
has KillMode=mixed
has Restart=on-failure
[ "$(sed -n 's/^TimeoutStopSec=//p' "$unit")" -gt 20 ] || fail "TimeoutStopSec is too short"

shows "the status page's unit is for this machine alone, and small"
page=$ETAS_SOURCE/systemd/etas-pool-status.service
grep -qF "ExecStart=/usr/local/bin/etas-redis-manager serve --password-file %d/password " "$page" || fail "its command"
grep -qE '^MemoryMax=' "$page" || fail "its memory is not bounded"

shows "no password lies in a unit, nor in a command line"
has 'LoadCredential=password:/etc/etas/worker-%i.password'
if grep -riE '(password|requirepass|secret)[ =][^/]' "$ETAS_SOURCE/systemd" | grep -v '#' | grep -v LoadCredential |
    grep -vF -- '--password-file %d/password '; then
    fail "a password?"
fi

shows "the server's settings are those that a pool needs"
for option in '--maxmemory-policy noeviction' '--appendonly yes' '--aclfile '; do
    grep -qF -- "$option" "$ETAS_SOURCE/systemd/redis-server.service.d/etas.conf" || fail "lacks $option"
done

if ! command -v systemd-analyze >/dev/null; then
    echo "no systemd-analyze: its opinion is skipped"
    [ -z "${ETAS_SKIPS_AS_FAILS:-}" ] || fail "systemd is missing"
    exit 77
fi
shows "systemd-analyze verify has nothing to say"
mkdir -p units/redis-server.service.d
sed "s|/usr/local/bin/|$ETAS_BIN/|" "$unit" >units/etas-worker@.service
sed "s|/usr/local/bin/|$ETAS_BIN/|" "$page" >units/etas-pool-status.service
cp "$ETAS_SOURCE/systemd/redis-server.service.d/etas.conf" units/redis-server.service.d/
printf '[Service]\nType=notify\nExecStart=/bin/true\n' >units/redis-server.service
for name in etas-worker@default.service etas-pool-status.service redis-server.service; do
    SYSTEMD_UNIT_PATH=$work/units: systemd-analyze verify --man=no "units/${name/@default/@}" 2>stderr || fail "$name: $(cat stderr)"
    if grep -F -e etas -e redis stderr; then
        fail "$name"
    fi
done
# The sum of what systemd counts as exposure, from 0 (none) to 10 (all).
if systemd-analyze security --help 2>/dev/null | grep -q -- --offline; then
    shows "systemd-analyze security calls the units' exposure small"
    for name in etas-worker@ etas-pool-status; do
        systemd-analyze security --offline=yes --no-pager --threshold=30 units/$name.service >security.log 2>&1 ||
            fail "$(tail -n 1 security.log)"
    done
fi
done_testing
