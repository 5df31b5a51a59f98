#include "queue/queue_tls.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

enum { SECURE_BYTES = 1 << 17, SECURE_LEAST = 32 };

struct queue_tls {
    SSL *ssl;
    BIO_METHOD *method;
    int fd;
    char name[256]; /* that the certificate must bear */
    bool certified; /* we have a certificate */
    bool up;        /* the handshake is over; OpenSSL forgets that when the connection fails */
    bool broken;    /* no goodbye */
};

/* ---- files ---- */

/* Of the oldest error that OpenSSL keeps, which is the cause of the others. */
static const char *reason(void)
{
    const unsigned long code = ERR_peek_error();
    const char *text;

    if (code != 0 && ERR_SYSTEM_ERROR(code))
        return strerror(ERR_GET_REASON(code));
    text = code != 0 ? ERR_reason_error_string(code) : NULL;
    return text != NULL ? text : "unknown error";
}

static etas_status bad_file(const char *path, const char *why, etas_error *err)
{
    (void)etas_fail(err, ETAS_E_IO, "%s", why);
    (void)etas_error_in_file(err, path);
    return ETAS_E_IO;
}

/* A program without a terminal cannot ask, and one with a terminal should not. */
static int refuse_passphrase(char *out, int capacity, int writing, void *asked)
{
    (void)writing;
    if (capacity > 0)
        out[0] = '\0';
    *(bool *)asked = true;
    return -1;
}

static etas_status load_key(SSL_CTX *ctx, const etas_redis_options *o, etas_error *err)
{
    bool asked = false;
    int got;

    /* Where OpenSSL then puts private keys: never swapped, in no core file. */
    if (!CRYPTO_secure_malloc_initialized())
        (void)CRYPTO_secure_malloc_init(SECURE_BYTES, SECURE_LEAST);
    SSL_CTX_set_default_passwd_cb(ctx, refuse_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(ctx, &asked);
    if (SSL_CTX_use_certificate_chain_file(ctx, o->cert_file) != 1)
        return bad_file(o->cert_file, reason(), err);
    ERR_clear_error();
    got = SSL_CTX_use_PrivateKey_file(ctx, o->key_file, SSL_FILETYPE_PEM);
    if (got != 1 && asked)
        return bad_file(o->key_file,
                        "the key is protected by a passphrase; give a file without one that only "
                        "you may read",
                        err);
    if (got != 1 && ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_VALUES_MISMATCH)
        return bad_file(o->key_file, "the key does not belong to the certificate", err);
    return got == 1 ? ETAS_OK : bad_file(o->key_file, reason(), err);
}

static etas_status make_context(const etas_redis_options *o, SSL_CTX **out, etas_error *err)
{
    SSL_CTX *ctx;
    etas_status st = ETAS_OK;

    *out = NULL;
    ERR_clear_error();
    ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1) {
        SSL_CTX_free(ctx);
        return etas_fail(err, ETAS_E_NOMEM, "TLS: %s", reason());
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    (void)SSL_CTX_set_mode(ctx,
                           SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (o->ca_file == NULL)
        (void)SSL_CTX_set_default_verify_paths(ctx); /* without any, nobody is known */
    else if (SSL_CTX_load_verify_file(ctx, o->ca_file) != 1)
        st = bad_file(o->ca_file, reason(), err);
    if (st == ETAS_OK && o->cert_file != NULL)
        st = load_key(ctx, o, err);
    ERR_clear_error();
    if (st == ETAS_OK)
        *out = ctx;
    else
        SSL_CTX_free(ctx);
    return st;
}

etas_status queue_tls_check(const etas_redis_options *options, etas_error *err)
{
    SSL_CTX *ctx;
    const etas_status st = make_context(options, &ctx, err);

    SSL_CTX_free(ctx);
    return st;
}

/* ---- the descriptor as OpenSSL sees it: its own kind of socket raises SIGPIPE ---- */

static int after(BIO *bio, ssize_t n, void (*retry)(BIO *bio))
{
    BIO_clear_retry_flags(bio);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        retry(bio);
    return (int)n;
}

static void retry_read(BIO *bio)
{
    BIO_set_retry_read(bio);
}

static void retry_write(BIO *bio)
{
    BIO_set_retry_write(bio);
}

static int take_bytes(BIO *bio, char *bytes, int capacity)
{
    const queue_tls *self = BIO_get_data(bio);

    return after(bio, recv(self->fd, bytes, (size_t)capacity, 0), retry_read);
}

static int give_bytes(BIO *bio, const char *bytes, int len)
{
    const queue_tls *self = BIO_get_data(bio);

    return after(bio, send(self->fd, bytes, (size_t)len, MSG_NOSIGNAL), retry_write);
}

static long control(BIO *bio, int what, long number, void *more)
{
    (void)bio;
    (void)number;
    (void)more;
    return what == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO *make_bio(queue_tls *self)
{
    BIO *bio;

    self->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "etas connection");
    if (self->method == NULL || BIO_meth_set_read(self->method, take_bytes) != 1 ||
        BIO_meth_set_write(self->method, give_bytes) != 1 ||
        BIO_meth_set_ctrl(self->method, control) != 1)
        return NULL;
    bio = BIO_new(self->method);
    if (bio == NULL)
        return NULL;
    BIO_set_data(bio, self);
    BIO_set_init(bio, 1);
    return bio;
}

/* ---- life ---- */

static bool set_name(queue_tls *self, const char *name)
{
    X509_VERIFY_PARAM *const param = SSL_get0_param(self->ssl);
    unsigned char address[sizeof(struct in6_addr)];
    const size_t len = strlen(name);

    if (len == 0 || len >= sizeof self->name)
        return false;
    memcpy(self->name, name, len + 1);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
    /* SSL_set_tlsext_host_name, whose macro drops the const */
    return SSL_set1_host(self->ssl, name) == 1 &&
           SSL_ctrl(self->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                    (void *)(uintptr_t)name) == 1;
}

etas_status queue_tls_open(const etas_redis_options *options, int fd, queue_tls **out,
                           etas_error *err)
{
    queue_tls *self;
    SSL_CTX *ctx;
    BIO *bio = NULL;
    const etas_status st = make_context(options, &ctx, err);

    *out = NULL;
    if (st != ETAS_OK)
        return st;
    self = calloc(1, sizeof *self);
    if (self == NULL) {
        SSL_CTX_free(ctx);
        return etas_fail(err, ETAS_E_NOMEM, "out of memory");
    }
    self->fd = fd;
    self->certified = options->cert_file != NULL;
    self->ssl = SSL_new(ctx);
    SSL_CTX_free(ctx); /* the connection keeps it */
    if (self->ssl != NULL)
        bio = make_bio(self);
    if (bio == NULL) {
        queue_tls_close(self);
        return etas_fail(err, ETAS_E_NOMEM, "out of memory");
    }
    SSL_set_bio(self->ssl, bio, bio);
    SSL_set_connect_state(self->ssl);
    if (!set_name(self, options->tls_name != NULL ? options->tls_name : options->host)) {
        queue_tls_close(self);
        return etas_fail(err, ETAS_E_ARG, "TLS: the server's name cannot be one");
    }
    *out = self;
    return ETAS_OK;
}

void queue_tls_close(queue_tls *self)
{
    if (self == NULL)
        return;
    if (self->ssl != NULL && !self->broken && self->up)
        (void)SSL_shutdown(self->ssl); /* close_notify; nobody waits for the other one */
    ERR_clear_error();
    SSL_free(self->ssl);
    BIO_meth_free(self->method);
    free(self);
}

bool queue_tls_is_up(const queue_tls *self)
{
    return self->up;
}

const char *queue_tls_version(const queue_tls *self)
{
    return SSL_get_version(self->ssl);
}

/* ---- what went wrong ---- */

static etas_status bad_certificate(const queue_tls *self, long result, etas_error *err)
{
    switch (result) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return etas_fail(err, ETAS_E_AUTH,
                         "the server's certificate is not for \"%s\"; --tls-name says another name",
                         self->name);
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return etas_fail(err, ETAS_E_AUTH, "the server's certificate has expired");
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return etas_fail(err, ETAS_E_AUTH, "the server's certificate is not valid yet");
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return etas_fail(err, ETAS_E_AUTH,
                         "nobody known here vouches for the server's certificate (%s); --cacert "
                         "names the certificate of who does",
                         X509_verify_cert_error_string(result));
    default:
        return etas_fail(err, ETAS_E_AUTH, "the server's certificate is not good: %s",
                         X509_verify_cert_error_string(result));
    }
}

static etas_status alerted(const queue_tls *self, int code, etas_error *err)
{
    static const int of_certificate[] = {
        SSL_R_TLSV1_ALERT_UNKNOWN_CA,          SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,
        SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED,
        SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
        SSL_R_TLSV1_ALERT_DECRYPT_ERROR,       SSL_R_TLSV1_ALERT_ACCESS_DENIED};

    if (code == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED)
        return etas_fail(err, ETAS_E_AUTH,
                         "the server wants a client certificate: give --cert and --key");
    for (size_t i = 0; i < sizeof of_certificate / sizeof of_certificate[0]; i++)
        if (code == of_certificate[i])
            return etas_fail(err, ETAS_E_AUTH, "the server refused the client certificate: %s",
                             reason());
    if (code == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE && !self->up)
        return etas_fail(err, ETAS_E_AUTH, "the server refused the TLS handshake%s",
                         self->certified ? ""
                                         : "; does it want a client certificate (--cert, --key)?");
    if (code == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION || code == SSL_R_UNSUPPORTED_PROTOCOL)
        return etas_fail(err, ETAS_E_AUTH, "the server has no TLS 1.2 or newer");
    return etas_fail(err, ETAS_E_NET, "TLS: %s", reason());
}

static etas_status failed(queue_tls *self, int kind, int saved_errno, etas_error *err)
{
    const unsigned long error = ERR_peek_error();
    const int code = error != 0 && ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;

    self->broken = true;
    if (kind == SSL_ERROR_SYSCALL && saved_errno == ETIMEDOUT)
        return etas_fail(err, ETAS_E_TIMEOUT, "no answer in time");
    if (kind == SSL_ERROR_SYSCALL && saved_errno != 0)
        return etas_fail(err, ETAS_E_NET, "%s", strerror(saved_errno));
    if (kind == SSL_ERROR_ZERO_RETURN || kind == SSL_ERROR_SYSCALL ||
        code == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return etas_fail(err, ETAS_E_NET, "the server closed the connection%s",
                         self->up ? "" : " in the TLS handshake");
    if (code == SSL_R_CERTIFICATE_VERIFY_FAILED)
        return bad_certificate(self, SSL_get_verify_result(self->ssl), err);
    if (!self->up && (code == SSL_R_WRONG_VERSION_NUMBER || code == SSL_R_PACKET_LENGTH_TOO_LONG))
        return etas_fail(err, ETAS_E_AUTH,
                         "not a TLS server: it says something else; leave out --tls, or is this "
                         "the wrong port?");
    return alerted(self, code, err);
}

/* Who could not write may still read why. */
static etas_status failed_to_write(queue_tls *self, int kind, int saved_errno, etas_error *err)
{
    size_t n;
    char byte;

    if (kind == SSL_ERROR_SYSCALL && SSL_read_ex(self->ssl, &byte, 1, &n) != 1 &&
        SSL_get_error(self->ssl, 0) == SSL_ERROR_SSL)
        kind = SSL_ERROR_SSL;
    return failed(self, kind, saved_errno, err);
}

/* ---- steps ---- */

/* Done, or to be tried again; else *kind says in what way it failed. */
static bool settled(const queue_tls *self, int result, queue_step *step, int *kind)
{
    *kind = SSL_get_error(self->ssl, result);
    step->wait = 0;
    if (*kind == SSL_ERROR_WANT_READ)
        step->wait = POLLIN;
    if (*kind == SSL_ERROR_WANT_WRITE)
        step->wait = POLLOUT;
    return *kind == SSL_ERROR_NONE || step->wait != 0;
}

static void begin(queue_step *step)
{
    step->done = 0;
    ERR_clear_error(); /* OpenSSL looks into it for the cause of a failure */
    errno = 0;
}

etas_status queue_tls_shake(queue_tls *self, queue_step *step, etas_error *err)
{
    int kind;

    begin(step);
    if (!settled(self, SSL_do_handshake(self->ssl), step, &kind))
        return failed(self, kind, errno, err);
    self->up = step->wait == 0;
    return ETAS_OK;
}

etas_status queue_tls_read(queue_tls *self, size_t capacity, char bytes[], queue_step *step,
                           etas_error *err)
{
    int kind;

    begin(step);
    return settled(self, SSL_read_ex(self->ssl, bytes, capacity, &step->done), step, &kind)
               ? ETAS_OK
               : failed(self, kind, errno, err);
}

etas_status queue_tls_write(queue_tls *self, size_t len, const char bytes[], queue_step *step,
                            etas_error *err)
{
    int kind;

    begin(step);
    return settled(self, SSL_write_ex(self->ssl, bytes, len, &step->done), step, &kind)
               ? ETAS_OK
               : failed_to_write(self, kind, errno, err);
}
