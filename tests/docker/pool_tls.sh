#!/usr/bin/env bash
# docker/compose.tls.yaml and docker/make-certificates without containers: the server with the options of the
# file, the programs with its environment.
# shellcheck source=tests/support/shell.bash
. "$ETAS_SOURCE/tests/support/shell.bash"
# shellcheck source=tests/support/certificates.bash
. "$ETAS_SOURCE/tests/support/certificates.bash"

need_python_yaml

shows "make-certificates: for the server's names, again without a new authority"
expect 0 "$ETAS_SOURCE/docker/make-secrets" secrets
expect 0 "$ETAS_SOURCE/docker/make-certificates" -o secrets head 10.0.0.1
openssl x509 -in secrets/server.crt -noout -ext subjectAltName >names
grep -q 'DNS:redis, DNS:localhost, DNS:head, IP Address:10.0.0.1' names || fail "$(cat names)"
cp secrets/authority.crt before.crt
expect 0 "$ETAS_SOURCE/docker/make-certificates" -o secrets
cmp before.crt secrets/authority.crt || fail "another authority"
openssl verify -CAfile secrets/authority.crt secrets/server.crt >/dev/null || fail "the certificate is not by the authority"
[ "$(stat -c %a secrets/authority.key)" = 600 ] || fail "others may read the authority's key"
expect 2 "$ETAS_SOURCE/docker/make-certificates" -o secrets --help

shows "the file with TLS changes what TLS needs, and the server starts with it"
tls_port=$(free_port)
"$python" - "$ETAS_SOURCE/docker" "$tls_port" >words <<'PYTHON' || fail "see above"
import sys, yaml

base, tls = (yaml.safe_load(open(f"{sys.argv[1]}/{name}")) for name in ("compose.yaml", "compose.tls.yaml"))
command, before = tls["services"]["redis"]["command"], base["services"]["redis"]["command"]
assert command[:len(before)] == before, "another server than that of compose.yaml"
secrets = {**base["secrets"], **tls["secrets"]}
for name, service in tls["services"].items():
    assert set(base["services"][name]["secrets"]) < set(service["secrets"]) <= set(secrets), name
    if name != "redis":
        plain = base["services"][name]["environment"]["ETAS_REDIS_URL"]
        wanted = {"ETAS_REDIS_URL": plain.replace("redis:", "rediss:", 1), "SSL_CERT_FILE": "/run/secrets/authority"}
        assert service["environment"] == wanted, name
for word in command:
    if word.startswith("/run/secrets/"):
        name = word.rsplit("/", 1)[1]
        assert name in tls["services"]["redis"]["secrets"], name
        word = secrets[name]["file"]
    print(sys.argv[2] if word == "6379" else word)
PYTHON
mapfile -t command <words
"${command[@]}" >redis.log 2>&1 &
children+=("$!")
wait_for "the server's health" sh -c "redis-cli -p $tls_port --tls --cacert secrets/authority.crt --user health \
    --pass none --no-auth-warning ping | grep -q PONG"

shows "manager, worker and driver by the file's environment"
export SSL_CERT_FILE=$work/secrets/authority.crt
# program USER COMMAND...
program() {
    ETAS_REDIS_URL=rediss://$1@localhost:$tls_port "${@:2}" --password-file "secrets/$1.password"
}
expect 0 program manager etas-redis-manager init
# Not by program: its shell would be killed at the end, and the worker stay.
ETAS_REDIS_URL=rediss://worker@localhost:$tls_port etas-redis-worker --processes 1 --password-file secrets/worker.password 2>worker.log &
children+=("$!")
wait_for "the worker" grep -q connected worker.log
expect 0 program driver etas forecast "$ETAS_SOURCE/examples/forecast.json" -n 50 --seed 1 -o pool.csv --progress none --distribute redis
expect 0 etas forecast "$ETAS_SOURCE/examples/forecast.json" -n 50 --seed 1 -o serial.csv --progress none --distribute serial
cmp serial.csv pool.csv || fail "other bytes"
expect 0 program manager etas-redis-manager info --check
grep -q 'TLSv1' stdout || fail "$(cat stdout)"
unset SSL_CERT_FILE
expect 1 program manager etas-redis-manager info
complains 'vouches'
done_testing
