/* TLS: against redis-server's own port, and against a server of ours that does what a decent one
 * seldom does. */
#include "queue_pool.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

static char dir[] = "/tmp/etas-tls-XXXXXX", crt[64], key[64];

/* A certificate for localhost that vouches for itself. */
static int make_certificate(void **state)
{
    char line[512];

    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    (void)snprintf(crt, sizeof crt, "%s/crt", dir);
    (void)snprintf(key, sizeof key, "%s/key", dir);
    (void)snprintf(line, sizeof line,
                   "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
                   "-days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout %s "
                   "-out %s 2>/dev/null",
                   key, crt);
    return system(line) == 0 ? 0 : -1;
}

static int remove_certificate(void **state)
{
    (void)state;
    return unlink(crt) + unlink(key) + rmdir(dir);
}

static etas_redis_options tls_options(uint16_t port)
{
    etas_redis_options o = etas_redis_options_default();

    o.port = port;
    o.tls = true;
    o.ca_file = crt;
    o.connect_timeout_s = 5;
    return o;
}

static uint16_t listen_anywhere(int *fd)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;

    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(*fd, (const struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(*fd, 16), 0);
    assert_int_equal(getsockname(*fd, (struct sockaddr *)&at, &len), 0);
    return ntohs(at.sin_port);
}

/* ---- redis-server ---- */

typedef struct tls_pool {
    pool plain; /* the same server, by its socket; its queue is the one with TLS */
    redis_fixture fx;
    etas_redis_options options;
    char port[8];
} tls_pool;

static void start(tls_pool *self)
{
    int fd;
    const uint16_t port = listen_anywhere(&fd);
    const char *const extra[8] = {"--tls-port",     self->port, "--tls-cert-file",    crt,
                                  "--tls-key-file", key,        "--tls-auth-clients", "no"};

    close(fd);
    assert_int_equal(redis_fixture_init(&self->fx), 0);
    (void)snprintf(self->port, sizeof self->port, "%u", port);
    memcpy(self->fx.extra, extra, sizeof extra);
    assert_int_equal(redis_fixture_start(&self->fx), 0);
    self->options = tls_options(port);
    self->options.command_timeout_s = 10;
    self->plain = (pool){.fx = &self->fx, .run = pool_run(1, 1000), .agent = pool_agent(1, 1)};
    self->plain.raw = redisConnectUnix(self->fx.socket);
    check_ok(etas_queue_open(&self->plain.queue, &self->options, NULL), NULL);
}

static void finish(tls_pool *self)
{
    etas_queue_close(self->plain.queue);
    redisFree(self->plain.raw);
    assert_int_equal(redis_fixture_free(&self->fx), 0);
}

static void a_catalogue_as_large_as_they_come_goes_there_and_back(void **state)
{
    enum { BYTES = 48 << 20 };
    tls_pool t;
    etas_collected *items;
    etas_lease lease;
    size_t n;

    (void)state;
    start(&t);
    assert_string_equal(etas_queue_tls(t.plain.queue), "");
    t.plain.run.chunk_size = 1;
    t.plain.run.mark_bytes = 1 << 30;
    pool_begin(&t.plain, 10);
    assert_int_equal(strncmp(etas_queue_tls(t.plain.queue), "TLSv1.", 6), 0);
    lease = pool_claim(&t.plain);
    assert_int_equal(pool_commit(&t.plain, &lease, 1, BYTES), ETAS_VERDICT_OK);
    check_ok(etas_queue_collect(t.plain.queue, &t.plain.run, 1, &items, &n, NULL), NULL);
    assert_int_equal(n, 1);
    assert_int_equal(items[0].len, BYTES);
    for (size_t i = 0; i < BYTES; i++)
        if (items[0].bytes[i] != 0xc3)
            fail_msg("byte %zu is another one", i);
    etas_queue_collected_free(&items, &n);
    assert_int_equal(pool_take(&t.plain), 1);
    finish(&t);
}

static void hints_come_through_and_tickets_of_tls_are_none(void **state)
{
    tls_pool t;

    (void)state;
    start(&t);
    pool_begin(&t.plain, 100);
    (void)pool_raw(&t.plain, "DEL %swake", KEY);
    check_ok(etas_queue_hint_arm(t.plain.queue, NULL, 20, NULL), NULL);
    assert_false(pool_hint_within(t.plain.queue, 0.2));
    (void)pool_raw(&t.plain, "RPUSH %swake 1", KEY);
    assert_true(pool_hint_within(t.plain.queue, 5));
    check_ok(etas_queue_hint_arm(t.plain.queue, NULL, 0.1, NULL), NULL);
    assert_true(pool_hint_within(t.plain.queue, 5)); /* its time is over */
    finish(&t);
}

static void a_server_that_is_frozen_cut_off_or_killed_is_survived(void **state)
{
    tls_pool t;
    etas_queue *queue;
    double begin;

    (void)state;
    start(&t);
    pool_begin(&t.plain, 100);
    (void)pool_raw(&t.plain, "CLIENT KILL TYPE normal SKIPME yes");
    assert_int_equal(etas_queue_reap(t.plain.queue, NULL), ETAS_E_NET);
    pool_reap(&t.plain);
    t.options.command_timeout_s = t.options.connect_timeout_s = 0.3;
    check_ok(etas_queue_open(&queue, &t.options, NULL), NULL);
    check_ok(etas_queue_reap(queue, NULL), NULL);
    kill(t.fx.pid, SIGSTOP);
    begin = pool_seconds();
    assert_int_equal(etas_queue_reap(queue, NULL), ETAS_E_TIMEOUT);
    assert_int_equal(etas_queue_reap(queue, NULL), ETAS_E_TIMEOUT); /* in the handshake */
    assert_true(pool_seconds() - begin < 3);
    kill(t.fx.pid, SIGCONT);
    etas_queue_close(queue);
    redis_fixture_kill(&t.fx);
    assert_int_equal(etas_queue_reap(t.plain.queue, NULL), ETAS_E_NET);
    assert_int_equal(etas_queue_reap(t.plain.queue, NULL), ETAS_E_NET);
    assert_int_equal(redis_fixture_start(&t.fx), 0);
    check_ok(etas_queue_check(t.plain.queue, NULL), NULL);
    pool_reap(&t.plain);
    finish(&t);
}

/* ---- a server of ours ---- */

typedef enum manner {
    DECENT,
    RENEWS_KEYS,  /* after every word, and asks us to */
    SPELLS,       /* a record for every byte */
    HANGS_UP,     /* with close_notify, after the greeting */
    DROPS,        /* without it */
    NEVER_SHAKES, /* hands */
    TRICKLES,     /* a byte of the handshake at a time, and stops */
    ASKS_FOR_MORE /* renegotiation, TLS 1.2 */
} manner;

static void say(SSL *ssl, manner how, const char *text)
{
    const size_t len = strlen(text);

    if (how == SPELLS)
        for (size_t i = 0; i < len; i++)
            (void)SSL_write(ssl, text + i, 1);
    else
        (void)SSL_write(ssl, text, (int)len);
    if (how == RENEWS_KEYS) {
        (void)SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED);
        (void)SSL_do_handshake(ssl);
    }
    if (how == ASKS_FOR_MORE) {
        (void)SSL_renegotiate(ssl);
        (void)SSL_do_handshake(ssl);
    }
}

/* Each command comes alone, for the client waits for every answer. */
static void converse(SSL *ssl, manner how)
{
    char bytes[65536];
    int n;

    while ((n = SSL_read(ssl, bytes, sizeof bytes - 1)) > 0) {
        bytes[n] = '\0';
        if (strstr(bytes, "SETNAME") != NULL)
            say(ssl, how, "+OK\r\n");
        else if (strstr(bytes, "INFO") != NULL)
            say(ssl, how, "$21\r\nredis_version:7.0.15\n\r\n");
        else if (how == HANGS_UP)
            (void)SSL_shutdown(ssl);
        else if (how == DROPS)
            return;
        else
            say(ssl, how, "-ERR Function not found\r\n");
    }
}

static _Noreturn void serve(int listener, manner how, pid_t parent)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || SSL_CTX_use_certificate_file(ctx, crt, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        _exit(1);
    if (how == ASKS_FOR_MORE)
        (void)SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
    for (;;) {
        const int fd = accept(listener, NULL, NULL);
        SSL *ssl = SSL_new(ctx);

        (void)SSL_set_fd(ssl, fd);
        if (how == TRICKLES)
            (void)!write(fd, "\x16\x03\x03", 3);
        if (how == NEVER_SHAKES || how == TRICKLES)
            (void)pause();
        if (SSL_accept(ssl) == 1)
            converse(ssl, how);
        SSL_free(ssl);
        close(fd);
    }
}

typedef struct fake {
    pid_t pid;
    etas_queue *queue;
} fake;

static fake start_fake(manner how, double patience_s)
{
    int listener;
    etas_redis_options o = tls_options(listen_anywhere(&listener));
    const pid_t parent = getpid();
    fake self;

    self.pid = fork();
    if (self.pid == 0)
        serve(listener, how, parent);
    close(listener);
    o.connect_timeout_s = o.command_timeout_s = patience_s;
    check_ok(etas_queue_open(&self.queue, &o, NULL), NULL);
    return self;
}

static void end_fake(fake *self)
{
    etas_queue_close(self->queue);
    kill(self->pid, SIGKILL);
    waitpid(self->pid, NULL, 0);
}

/* One round trip. */
static etas_status look(fake *self, etas_error *err)
{
    etas_pool_info info;
    const etas_status st = etas_queue_info(self->queue, &info, err);

    if (st == ETAS_OK)
        etas_pool_info_free(&info);
    return st;
}

static void new_keys_in_mid_conversation_and_records_of_one_byte_change_nothing(void **state)
{
    static const manner manners[] = {DECENT, RENEWS_KEYS, SPELLS};

    (void)state;
    for (size_t i = 0; i < sizeof manners / sizeof manners[0]; i++) {
        fake f = start_fake(manners[i], 10);

        for (int k = 0; k < 20; k++)
            check_ok(look(&f, NULL), NULL);
        end_fake(&f);
    }
}

static void who_hangs_up_is_called_again(void **state)
{
    static const manner manners[] = {HANGS_UP, DROPS};

    (void)state;
    for (size_t i = 0; i < sizeof manners / sizeof manners[0]; i++) {
        fake f = start_fake(manners[i], 10);

        for (int k = 0; k < 5; k++) {
            etas_error err = {0};

            assert_int_equal(look(&f, &err), ETAS_E_NET);
            assert_string_equal(err.text, "the server closed the connection");
            assert_non_null(strstr(err.host, "localhost:"));
        }
        end_fake(&f);
    }
}

static void a_handshake_that_never_ends_is_given_up(void **state)
{
    static const manner manners[] = {NEVER_SHAKES, TRICKLES};

    (void)state;
    for (size_t i = 0; i < sizeof manners / sizeof manners[0]; i++) {
        fake f = start_fake(manners[i], 0.5);
        const double begin = pool_seconds();
        etas_error err = {0};

        assert_int_equal(look(&f, &err), ETAS_E_TIMEOUT);
        assert_non_null(strstr(err.text, "handshake"));
        assert_true(pool_seconds() - begin < 5);
        end_fake(&f);
    }
}

static void renegotiation_is_refused(void **state)
{
    fake f = start_fake(ASKS_FOR_MORE, 5);
    etas_status st = ETAS_OK;
    etas_error err = {0};

    (void)state;
    for (int i = 0; i < 5 && st == ETAS_OK; i++)
        st = look(&f, &err);
    assert_int_equal(st, ETAS_E_NET); /* the server insists, and this is the end of it */
    end_fake(&f);
}

/* Libraries must not rely on what their program does with the signal. */
static void writing_to_a_dead_server_raises_no_signal(void **state)
{
    fake f = start_fake(DECENT, 2);

    (void)state;
    (void)signal(SIGPIPE, SIG_DFL);
    check_ok(look(&f, NULL), NULL);
    kill(f.pid, SIGKILL);
    waitpid(f.pid, NULL, 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(look(&f, NULL), ETAS_E_NET);
    etas_queue_close(f.queue);
    (void)signal(SIGPIPE, SIG_IGN);
}

static void what_cannot_be_is_refused_before_there_is_a_connection(void **state)
{
    etas_redis_options o = tls_options(1);
    etas_error err = {0};
    etas_queue *queue;

    (void)state;
    o.socket_path = "/tmp/s";
    assert_int_equal(etas_queue_open(&queue, &o, NULL), ETAS_E_ARG);
    o = tls_options(1);
    o.cert_file = crt;
    assert_int_equal(etas_queue_open(&queue, &o, NULL), ETAS_E_ARG);
    o.key_file = "/nonexistent";
    assert_int_equal(etas_queue_open(&queue, &o, &err), ETAS_E_IO);
    assert_string_equal(err.file, "/nonexistent");
    o.key_file = key;
    check_ok(etas_queue_open(&queue, &o, NULL), NULL);
    etas_queue_close(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_is_refused_before_there_is_a_connection),
        cmocka_unit_test(a_catalogue_as_large_as_they_come_goes_there_and_back),
        cmocka_unit_test(hints_come_through_and_tickets_of_tls_are_none),
        cmocka_unit_test(a_server_that_is_frozen_cut_off_or_killed_is_survived),
        cmocka_unit_test(new_keys_in_mid_conversation_and_records_of_one_byte_change_nothing),
        cmocka_unit_test(who_hangs_up_is_called_again),
        cmocka_unit_test(a_handshake_that_never_ends_is_given_up),
        cmocka_unit_test(renegotiation_is_refused),
        cmocka_unit_test(writing_to_a_dead_server_raises_no_signal)};

    return cmocka_run_group_tests(tests, make_certificate, remove_certificate);
}
