/* The HTTP server of the status page: a fixed set of paths, GET and HEAD, nothing from the disk. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "serve.h"

/* A client has PATIENCE_S for a request and its answer, less when most places are taken: who sends
 * a byte now and then, or reads none, holds up nobody. */
enum {
    CLIENTS = 128,
    CLIENTS_OF_ONE = 96, /* one address */
    CROWD = 80,
    PATIENCE_S = 20,
    CROWD_PATIENCE_S = 2,
    CLIENT_MEMORY = 16 * 1024,
    BACKLOG = 64
};

typedef struct client {
    int fd;         /* -1: the place is free */
    double since_s; /* monotonic: of the connection, or of its last complete answer */
} client;

struct serve_http {
    struct MHD_Daemon *daemon;
    serve_watch *watch;
    struct MHD_Response *page, *healthy, *sick, *no_path, *no_method, *no_host, *no_body;
    bool local;
    char url[128];
    pthread_mutex_t lock; /* of the clients: their sockets stay open while it is held */
    client clients[CLIENTS];
};

/* ---- answers ---- */

struct MHD_Response *serve_response(const char *type, size_t len, const char bytes[])
{
    static const char *const headers[][2] = {
        {MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
    };
    struct MHD_Response *made =
        MHD_create_response_from_buffer(len, (void *)(uintptr_t)bytes, MHD_RESPMEM_MUST_COPY);
    bool good = made != NULL && MHD_add_response_header(made, MHD_HTTP_HEADER_CONTENT_TYPE, type);

    for (size_t i = 0; good && i < sizeof headers / sizeof *headers; i++)
        good = MHD_add_response_header(made, headers[i][0], headers[i][1]) == MHD_YES;
    if (good)
        return made;
    if (made != NULL)
        MHD_destroy_response(made);
    return NULL;
}

static struct MHD_Response *line(const char *text)
{
    return serve_response("text/plain; charset=utf-8", strlen(text), text);
}

/* 'sha256-...' of a part of the page, as a content security policy names it. */
static bool hash_source(size_t len, const unsigned char bytes[], size_t capacity, char out[])
{
    unsigned char digest[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
    unsigned n = 0;

    if (EVP_Digest(bytes, len, digest, &n, EVP_sha256(), NULL) != 1)
        return false;
    (void)EVP_EncodeBlock(base64, digest, (int)n);
    (void)etas_format(capacity, out, "'sha256-%s'", (const char *)base64);
    return true;
}

/* The page with its style and script in it, and a policy that allows these two and nothing else. */
static struct MHD_Response *make_page(void)
{
    static const struct {
        const char *mark;
        const unsigned char *bytes;
        const size_t *len;
    } parts[] = {{"@STYLE@", serve_page_css, &serve_page_css_len},
                 {"@SCRIPT@", serve_page_js, &serve_page_js_len}};
    char sources[2][80], policy[512];
    const char *at = (const char *)serve_page_html;
    etas_text page = {0};
    struct MHD_Response *made = NULL;
    bool good = true;

    for (size_t i = 0; good && i < 2; i++) {
        const char *mark = strstr(at, parts[i].mark);

        good = mark != NULL &&
               hash_source(*parts[i].len, parts[i].bytes, sizeof sources[i], sources[i]) &&
               etas_text_append(&page, (size_t)(mark - at), at) == ETAS_OK &&
               etas_text_append(&page, *parts[i].len, (const char *)parts[i].bytes) == ETAS_OK;
        at = good ? mark + strlen(parts[i].mark) : at;
    }
    if (good && etas_text_append(&page, strlen(at), at) == ETAS_OK)
        made = serve_response("text/html; charset=utf-8", page.len, page.data);
    etas_text_free(&page);
    if (made == NULL)
        return NULL;
    (void)etas_format(sizeof policy, policy,
                      "default-src 'none'; style-src %s; script-src %s; connect-src 'self'; "
                      "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                      sources[0], sources[1]);
    if (MHD_add_response_header(made, "Content-Security-Policy", policy) == MHD_YES &&
        MHD_add_response_header(made, "X-Frame-Options", "DENY") == MHD_YES)
        return made;
    MHD_destroy_response(made);
    return NULL;
}

static bool make_answers(serve_http *self)
{
    self->page = make_page();
    self->healthy = line("ok\n");
    self->sick = line("the server does not get an answer\n");
    self->no_path = line("not found\n");
    self->no_method = line("GET and HEAD only\n");
    self->no_host = line("the Host header does not name this machine\n");
    self->no_body = line("a request has no body here\n");
    return self->page != NULL && self->healthy != NULL && self->sick != NULL &&
           self->no_path != NULL && self->no_method != NULL && self->no_host != NULL &&
           self->no_body != NULL &&
           MHD_add_response_header(self->no_method, MHD_HTTP_HEADER_ALLOW, "GET, HEAD") == MHD_YES;
}

/* ---- requests ---- */

/* Whether "Host: TEXT" is this machine. A page of another site whose name was made to mean
 * 127.0.0.1 (DNS rebinding) names that site. The port is anyone's: a tunnel may have its own. */
static bool is_this_machine(const char *text)
{
    const bool bracket = text[0] == '[';
    const char *end = bracket ? strchr(text, ']') : strchrnul(text, ':');
    const char *port = end != NULL && bracket ? end + 1 : end;
    unsigned char address[sizeof(struct in6_addr)];
    char name[64] = "";
    size_t len;

    if (end == NULL || (*port != '\0' && *port != ':') ||
        (*port == ':' && port[1 + strspn(port + 1, "0123456789")] != '\0'))
        return false;
    len = (size_t)(end - text) - bracket;
    if (len == 0 || len >= sizeof name)
        return false;
    memcpy(name, text + bracket, len);
    if (bracket)
        return inet_pton(AF_INET6, name, address) == 1 &&
               IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)(const void *)address);
    return strcasecmp(name, "localhost") == 0 ||
           (inet_pton(AF_INET, name, address) == 1 && address[0] == 127);
}

/* False when the answer cannot wait for the end of the request. */
static bool refuse(const serve_http *self, struct MHD_Connection *to, const char *method,
                   unsigned *code, struct MHD_Response **with)
{
    const char *host = MHD_lookup_connection_value(to, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    const char *len =
        MHD_lookup_connection_value(to, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

    if (self->local && (host == NULL || !is_this_machine(host))) {
        *code = MHD_HTTP_MISDIRECTED_REQUEST;
        *with = self->no_host;
    } else if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
               strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        *code = MHD_HTTP_METHOD_NOT_ALLOWED;
        *with = self->no_method;
    } else if ((len != NULL && strcmp(len, "0") != 0) ||
               MHD_lookup_connection_value(to, MHD_HEADER_KIND,
                                           MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL) {
        *code = MHD_HTTP_CONTENT_TOO_LARGE;
        *with = self->no_body;
    } else {
        return false;
    }
    return true;
}

/* The parameters are those of libmicrohttpd. */
/* NOLINTBEGIN(readability-function-size, readability-non-const-parameter) */
static enum MHD_Result answer(void *context, struct MHD_Connection *to, const char *path,
                              const char *method, const char *version, const char *body,
                              size_t *body_len, void **request)
/* NOLINTEND(readability-function-size, readability-non-const-parameter) */
{
    static const struct {
        const char *path;
        serve_body body;
    } paths[] = {{"/api/status", SERVE_STATUS},
                 {"/api/info", SERVE_INFO},
                 {"/api/history", SERVE_HISTORY},
                 {"/metrics", SERVE_METRICS}};
    static int seen; /* only its address */
    serve_http *self = context;
    struct MHD_Response *with = NULL;
    unsigned code = 0;

    (void)version;
    (void)body;
    (void)body_len;
    if (*request == NULL) {
        *request = &seen;
        /* What is answered here ends the connection, so that no body need be read. */
        return refuse(self, to, method, &code, &with) ? MHD_queue_response(to, code, with)
                                                      : MHD_YES;
    }
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (strcmp(path, paths[i].path) == 0)
            return serve_watch_answer(self->watch, to, paths[i].body);
    if (strcmp(path, "/") == 0)
        return MHD_queue_response(to, MHD_HTTP_OK, self->page);
    if (strcmp(path, "/healthz") != 0)
        return MHD_queue_response(to, MHD_HTTP_NOT_FOUND, self->no_path);
    if (serve_watch_alive(self->watch))
        return MHD_queue_response(to, MHD_HTTP_OK, self->healthy);
    return MHD_queue_response(to, MHD_HTTP_SERVICE_UNAVAILABLE, self->sick);
}

/* Paths are compared as they are sent: no %xx. */
static size_t keep_as_sent(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

/* ---- clients ---- */

static void came_or_went(void *context, struct MHD_Connection *connection, void **place,
                         enum MHD_ConnectionNotificationCode what)
{
    serve_http *self = context;

    (void)pthread_mutex_lock(&self->lock);
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*place != NULL)
            ((client *)*place)->fd = -1;
    } else {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

        for (size_t i = 0; i < CLIENTS && *place == NULL && info != NULL; i++)
            if (self->clients[i].fd < 0) {
                self->clients[i] = (client){info->connect_fd, talk_seconds()};
                *place = &self->clients[i];
            }
    }
    (void)pthread_mutex_unlock(&self->lock);
}

static void answered(void *context, struct MHD_Connection *connection, void **request,
                     enum MHD_RequestTerminationCode why)
{
    serve_http *self = context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    (void)request;
    (void)why;
    if (info == NULL || info->socket_context == NULL)
        return;
    (void)pthread_mutex_lock(&self->lock);
    ((client *)info->socket_context)->since_s = talk_seconds();
    (void)pthread_mutex_unlock(&self->lock);
}

void serve_http_sweep(serve_http *self)
{
    const double now = talk_seconds();
    size_t n = 0;

    (void)pthread_mutex_lock(&self->lock);
    for (size_t i = 0; i < CLIENTS; i++)
        n += self->clients[i].fd >= 0;
    for (size_t i = 0; i < CLIENTS; i++)
        if (self->clients[i].fd >= 0 &&
            now - self->clients[i].since_s > (n > CROWD ? CROWD_PATIENCE_S : PATIENCE_S))
            (void)shutdown(self->clients[i].fd, SHUT_RDWR); /* the daemon sees its end */
    (void)pthread_mutex_unlock(&self->lock);
}

/* ---- start and stop ---- */

typedef union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} address;

static bool parse_address(const char *text, uint16_t port, address *out, socklen_t *len)
{
    *out = (address){0};
    if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        *len = sizeof out->v4;
        return true;
    }
    if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) != 1)
        return false;
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons(port);
    *len = sizeof out->v6;
    return true;
}

static etas_status listen_on(serve_http *self, const char *text, uint16_t port, int *fd,
                             etas_error *err)
{
    static const int on = 1;
    address where;
    socklen_t len;
    char name[INET6_ADDRSTRLEN];

    *fd = -1;
    if (!parse_address(text, port, &where, &len))
        return etas_fail(err, ETAS_E_ARG, "\"%s\" is no IPv4 or IPv6 address", text);
    *fd = socket(where.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0 || setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(*fd, &where.any, len) != 0 || listen(*fd, BACKLOG) != 0 ||
        getsockname(*fd, &where.any, &len) != 0)
        return etas_fail(err, ETAS_E_IO, "%s port %u: %s", text, port, strerror(errno));
    if (where.any.sa_family == AF_INET) {
        self->local = ntohl(where.v4.sin_addr.s_addr) >> 24 == 127;
        (void)inet_ntop(AF_INET, &where.v4.sin_addr, name, sizeof name);
        (void)etas_format(sizeof self->url, self->url, "http://%s:%u/", name,
                          ntohs(where.v4.sin_port));
    } else {
        self->local = IN6_IS_ADDR_LOOPBACK(&where.v6.sin6_addr);
        (void)inet_ntop(AF_INET6, &where.v6.sin6_addr, name, sizeof name);
        (void)etas_format(sizeof self->url, self->url, "http://[%s]:%u/", name,
                          ntohs(where.v6.sin6_port));
    }
    return ETAS_OK;
}

static void note(void *context, const char *fmt, va_list ap)
{
    char text[512];

    (void)etas_vformat(sizeof text, text, fmt, ap);
    text[strcspn(text, "\r\n")] = '\0';
    etas_log_write(context, ETAS_LOG_DEBUG, "http: %s", text);
}

etas_status serve_http_start(serve_http **out, const manager *about, serve_watch *watch,
                             etas_error *err)
{
    serve_http *self = calloc(1, sizeof *self);
    etas_status st;
    int fd = -1;

    *out = NULL;
    if (self == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory");
    self->watch = watch;
    (void)pthread_mutex_init(&self->lock, NULL);
    for (size_t i = 0; i < CLIENTS; i++)
        self->clients[i].fd = -1;
    st = listen_on(self, about->bind, about->listen_port, &fd, err);
    if (st == ETAS_OK && !make_answers(self))
        st = etas_fail(err, ETAS_E_NOMEM, "out of memory");
    if (st == ETAS_OK) {
        self->daemon = MHD_start_daemon(
            MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL,
            answer, self, MHD_OPTION_EXTERNAL_LOGGER, note, (void *)(uintptr_t)&about->out.log,
            MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CLIENTS,
            MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)CLIENTS_OF_ONE,
            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)PATIENCE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
            (size_t)CLIENT_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1,
            MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_NOTIFY_CONNECTION, came_or_went, self,
            MHD_OPTION_NOTIFY_COMPLETED, answered, self, MHD_OPTION_UNESCAPE_CALLBACK, keep_as_sent,
            NULL, MHD_OPTION_END);
        if (self->daemon == NULL)
            st = etas_fail(err, ETAS_E_IO, "the HTTP server cannot be started");
    }
    if (st == ETAS_OK) {
        *out = self;
        return ETAS_OK;
    }
    if (fd >= 0)
        (void)close(fd);
    serve_http_stop(self);
    return st;
}

const char *serve_http_url(const serve_http *self)
{
    return self->url;
}

bool serve_http_is_local(const serve_http *self)
{
    return self->local;
}

void serve_http_stop(serve_http *self)
{
    struct MHD_Response *const answers[] = {self->page,    self->healthy,   self->sick,
                                            self->no_path, self->no_method, self->no_host,
                                            self->no_body};

    if (self->daemon != NULL)
        MHD_stop_daemon(self->daemon); /* closes the listening socket */
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        if (answers[i] != NULL)
            MHD_destroy_response(answers[i]);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
}
