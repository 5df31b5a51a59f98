# shellcheck shell=bash disable=SC2154
# Certificates for tests of TLS, made by openssl in folder tls/: make_certificates. Small EC keys, so
# that this takes no time.

# certificate NAME SUBJECT EXTENSIONS [OPTIONS of openssl x509]: tls/NAME.crt and .key, by tls/ca.
certificate() {
    local name=$1 subject=$2 extensions=$3

    shift 3
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$subject" \
        -keyout "tls/$name.key" -out "tls/$name.csr" 2>/dev/null
    openssl x509 -req -in "tls/$name.csr" -CA tls/ca.crt -CAkey tls/ca.key -days 30 "$@" \
        -extfile <(printf '%b' "$extensions") -out "tls/$name.crt" 2>/dev/null
    rm "tls/$name.csr"
}

authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=$1" \
        -keyout "tls/$1.key" -out "tls/$1.crt" 2>/dev/null
}

make_certificates() {
    (
        umask 077
        mkdir tls
        authority ca
        authority other
        certificate server server 'subjectAltName=DNS:localhost,DNS:redis.example,IP:127.0.0.1'
        certificate address address 'subjectAltName=IP:127.0.0.1'
        certificate elsewhere elsewhere 'subjectAltName=DNS:elsewhere.example'
        certificate client client 'extendedKeyUsage=clientAuth'
        certificate past past 'subjectAltName=DNS:localhost,IP:127.0.0.1' -days -1
        openssl pkey -in tls/client.key -aes256 -passout pass:phrase -out tls/locked.key
        cat tls/ca.crt tls/other.crt >tls/both.crt
    )
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start_tls_redis NAME CERTIFICATE [OPTIONS]: a server with TLS on 127.0.0.1:$tls_port (chosen when
# empty) and a plain socket NAME/redis.sock to look at it.
start_tls_redis() {
    local name=$1 certificate=$2

    shift 2
    tls_port=${tls_port:-$(free_port)}
    start_redis "$name" --tls-port "$tls_port" --tls-cert-file "$work/tls/$certificate.crt" \
        --tls-key-file "$work/tls/$certificate.key" --tls-ca-cert-file "$work/tls/ca.crt" --tls-auth-clients no "$@"
}
