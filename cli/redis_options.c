#include "redis_options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "etas/text.h"
#include "secret.h"

void redis_options_init(redis_options *self)
{
    *self = (redis_options){
        .queue = etas_redis_options_default(), .port = OPTION_UNSET, .db = OPTION_UNSET};
}

void redis_options_table(redis_options *self, option_spec out[REDIS_OPTIONS])
{
    const option_spec specs[REDIS_OPTIONS] = {
        {"url", 0, OPTION_TEXT, &self->url_text, "URL",
         "redis://[USER[:PASSWORD]@]HOST[:PORT][/DB], rediss://... with TLS, or\n"
         "unix:///PATH[?db=N] (default: environment ETAS_REDIS_URL)"},
        {"host", 0, OPTION_TEXT, &self->host_text, "HOST", "the server (default localhost)"},
        {"port", 0, OPTION_COUNT, &self->port, "PORT", "its port (default 6379)"},
        {"socket", 0, OPTION_TEXT, &self->socket_text, "PATH", "unix socket instead of HOST"},
        {"db", 0, OPTION_COUNT, &self->db, "N", "database number (default 0)"},
        {"user", 0, OPTION_TEXT, &self->user_text, "NAME", "ACL user"},
        {"password-file", 0, OPTION_TEXT, &self->file_text, "FILE",
         "password in the first line of FILE, which only its owner may read\n"
         "(default: environment ETAS_REDIS_PASSWORD)"},
        {"password", 0, OPTION_TEXT, &self->password_text, "TEXT",
         "password; others may see it in the list of processes"},
        {"pool", 0, OPTION_TEXT, &self->pool_text, "NAME",
         "pool of workers on that server (default \"default\")"},
        {"tls", 0, OPTION_FLAG, &self->tls, NULL,
         "TLS; the server's certificate and name are always checked"},
        {"cacert", 0, OPTION_TEXT, &self->cacert_text, "FILE",
         "TLS: certificates of who may vouch for the server\n"
         "(default: the authorities that the system knows)"},
        {"cert", 0, OPTION_TEXT, &self->cert_text, "FILE",
         "TLS: certificate of this client, for a server that wants one"},
        {"key", 0, OPTION_TEXT, &self->key_text, "FILE",
         "TLS: its key, without a passphrase, which only its owner may read"},
        {"tls-name", 0, OPTION_TEXT, &self->tls_name_text, "NAME",
         "TLS: name in the server's certificate (default: the host)"}};

    memcpy(out, specs, sizeof specs);
}

static bool copy(size_t capacity, char out[], size_t len, const char text[])
{
    if (len >= capacity)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decoded; false when it is malformed, holds a NUL or does not fit. */
static bool decode(size_t capacity, char out[], size_t len, const char text[])
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];

        if (c == '%') {
            const int high = i + 2 < len ? hex_digit(text[i + 1]) : -1;
            const int low = i + 2 < len ? hex_digit(text[i + 2]) : -1;

            if (high < 0 || low < 0 || high + low == 0)
                return false;
            c = (char)(16 * high + low);
            i += 2;
        }
        if (n + 1 >= capacity)
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    return true;
}

static bool parse_number(const char *text, size_t len, uint64_t max, uint64_t *out)
{
    return etas_parse_u64(text, len, out) && *out <= max;
}

/* HOST, HOST:PORT, [V6] or [V6]:PORT */
static bool url_host(redis_options *self, const char *text, size_t len, uint64_t *port)
{
    const char *host = text, *rest;
    size_t host_len;

    if (memchr(text, '?', len) != NULL || memchr(text, '#', len) != NULL)
        return false;
    if (len > 0 && text[0] == '[') {
        const char *close = memchr(text, ']', len);

        if (close == NULL)
            return false;
        host = text + 1;
        host_len = (size_t)(close - host);
        rest = close + 1;
    } else {
        const char *colon = memchr(text, ':', len);

        host_len = colon != NULL ? (size_t)(colon - text) : len;
        rest = text + host_len;
    }
    if (host_len > 0 && !copy(sizeof self->host, self->host, host_len, host))
        return false;
    len -= (size_t)(rest - text);
    return len == 0 || (rest[0] == ':' && parse_number(rest + 1, len - 1, UINT16_MAX, port));
}

static bool url_tcp(redis_options *self, const char *text, uint64_t *port, uint64_t *db)
{
    const char *slash = strchr(text, '/'), *end = slash != NULL ? slash : text + strlen(text);
    const char *at = memrchr(text, '@', (size_t)(end - text));

    if (at != NULL) {
        const char *colon = memchr(text, ':', (size_t)(at - text));
        const char *user_end = colon != NULL ? colon : at;

        if (!decode(sizeof self->user, self->user, (size_t)(user_end - text), text))
            return false;
        if (colon != NULL &&
            !decode(SECRET_BYTES, self->password, (size_t)(at - colon - 1), colon + 1))
            return false;
        text = at + 1;
    }
    if (!url_host(self, text, (size_t)(end - text), port))
        return false;
    return slash == NULL || slash[1] == '\0' ||
           parse_number(slash + 1, strlen(slash + 1), UINT32_MAX, db);
}

static bool url_unix(redis_options *self, const char *text, uint64_t *db)
{
    const char *query = strchr(text, '?');
    const size_t len = query != NULL ? (size_t)(query - text) : strlen(text);

    if (len == 0 || text[0] != '/' || !decode(sizeof self->socket, self->socket, len, text))
        return false;
    return query == NULL || (strncmp(query, "?db=", 4) == 0 &&
                             parse_number(query + 4, strlen(query + 4), UINT32_MAX, db));
}

static options_outcome take_url(redis_options *self, const command_usage *usage, const char *url,
                                const char *name)
{
    uint64_t port = self->queue.port, db = self->queue.db;
    bool good = false;

    if (strncmp(url, "redis://", 8) == 0)
        good = url_tcp(self, url + 8, &port, &db);
    else if (strncmp(url, "rediss://", 9) == 0)
        good = self->url_tls = url_tcp(self, url + 9, &port, &db);
    else if (strncmp(url, "unix://", 7) == 0)
        good = url_unix(self, url + 7, &db);
    if (!good || port == 0) /* not shown: it may hold a password */
        return options_complain(
            usage,
            "%s is not redis://[USER[:PASSWORD]@]HOST[:PORT][/DB] (rediss:// with TLS) or "
            "unix:///PATH[?db=N]",
            name);
    self->queue.port = (uint16_t)port;
    self->queue.db = (uint32_t)db;
    return OPTIONS_RUN;
}

/* The first line of the password file. */
static options_outcome read_password(redis_options *self, const command_usage *usage,
                                     const etas_log *log)
{
    const char *path = self->file_text;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat facts;
    ssize_t got;

    if (fd < 0)
        return options_complain(usage, "--password-file %s: %s", path, strerror(errno));
    if (fstat(fd, &facts) == 0 && (facts.st_mode & 077) != 0)
        etas_log_write(log, ETAS_LOG_WARN,
                       "--password-file %s: others may read it (mode %04o); chmod 600 it", path,
                       (unsigned)facts.st_mode & 07777U);
    got = read(fd, self->password, SECRET_BYTES);
    close(fd);
    if (got < 0)
        return options_complain(usage, "--password-file %s: %s", path, strerror(errno));
    if (got == SECRET_BYTES)
        return options_complain(usage, "--password-file %s: longer than %d bytes", path,
                                SECRET_BYTES - 1);
    self->password[got] = '\0';
    self->password[strcspn(self->password, "\r\n")] = '\0';
    if (self->password[0] == '\0')
        return options_complain(usage, "--password-file %s: the first line is empty", path);
    return OPTIONS_RUN;
}

static options_outcome take_password(redis_options *self, const command_usage *usage,
                                     const etas_log *log)
{
    const char *text = getenv("ETAS_REDIS_PASSWORD");

    if (self->password_text != NULL) {
        etas_log_write(log, ETAS_LOG_WARN,
                       "--password can be seen by others while the program starts; "
                       "--password-file or ETAS_REDIS_PASSWORD cannot");
        return OPTIONS_RUN; /* copied before it was wiped */
    }
    if (self->file_text != NULL)
        return read_password(self, usage, log);
    if (self->password[0] == '\0' && text != NULL &&
        !copy(SECRET_BYTES, self->password, strlen(text), text))
        return options_complain(usage, "ETAS_REDIS_PASSWORD is longer than %d bytes",
                                SECRET_BYTES - 1);
    return OPTIONS_RUN;
}

/* The options that are no part of a URL, or beat that part. */
static options_outcome take_options(redis_options *self, const command_usage *usage)
{
    const struct {
        const char *name, *text;
        char *out;
        size_t capacity;
    } texts[] = {{"--host", self->host_text, self->host, sizeof self->host},
                 {"--socket", self->socket_text, self->socket, sizeof self->socket},
                 {"--user", self->user_text, self->user, sizeof self->user},
                 {"--pool", self->pool_text, self->pool, sizeof self->pool}};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *text = texts[i].text;

        if (text == NULL)
            continue;
        if (text[0] == '\0' || !copy(texts[i].capacity, texts[i].out, strlen(text), text))
            return options_complain(usage, "%s is empty or longer than %zu bytes", texts[i].name,
                                    texts[i].capacity - 1);
    }
    if (self->host_text != NULL && self->socket_text != NULL)
        return options_complain(usage, "--host and --socket exclude each other");
    if (self->host_text != NULL)
        self->socket[0] = '\0'; /* beats the URL's */
    if (self->port != OPTION_UNSET && (self->port == 0 || self->port > UINT16_MAX))
        return options_complain(usage, "--port is not within 1 .. 65535");
    if (self->db != OPTION_UNSET && self->db > UINT32_MAX)
        return options_complain(usage, "--db is too large");
    if (self->port != OPTION_UNSET)
        self->queue.port = (uint16_t)self->port;
    if (self->db != OPTION_UNSET)
        self->queue.db = (uint32_t)self->db;
    return OPTIONS_RUN;
}

static options_outcome take_tls(redis_options *self, const command_usage *usage,
                                const etas_log *log)
{
    const struct {
        const char *name, *text;
        const char **out;
    } texts[] = {{"--cacert", self->cacert_text, &self->queue.ca_file},
                 {"--cert", self->cert_text, &self->queue.cert_file},
                 {"--key", self->key_text, &self->queue.key_file},
                 {"--tls-name", self->tls_name_text, &self->queue.tls_name}};
    struct stat facts;

    self->queue.tls = self->tls || (self->url_tls && self->socket[0] == '\0');
    if (self->tls && self->socket[0] != '\0')
        return options_complain(usage, "--tls: a unix socket has none");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i].out = texts[i].text;
        if (texts[i].text == NULL)
            continue;
        if (texts[i].text[0] == '\0')
            return options_complain(usage, "%s is empty", texts[i].name);
        if (!self->queue.tls)
            return options_complain(usage, "%s is of use with --tls or rediss:// only",
                                    texts[i].name);
    }
    if ((self->cert_text == NULL) != (self->key_text == NULL))
        return options_complain(usage, "--cert and --key go together");
    if (self->key_text != NULL && stat(self->key_text, &facts) == 0 && (facts.st_mode & 077) != 0)
        etas_log_write(log, ETAS_LOG_WARN, "--key %s: others may read it (mode %04o); chmod 600 it",
                       self->key_text, (unsigned)facts.st_mode & 07777U);
    return OPTIONS_RUN;
}

bool redis_options_given(const redis_options *self)
{
    const char *const texts[] = {self->url_text,  self->host_text,     self->socket_text,
                                 self->user_text, self->password_text, self->file_text,
                                 self->pool_text, self->cacert_text,   self->cert_text,
                                 self->key_text,  self->tls_name_text};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i] != NULL)
            return true;
    return self->tls || self->port != OPTION_UNSET || self->db != OPTION_UNSET;
}

/* --url or ETAS_REDIS_URL, which may hold a password and is then shown to nobody any more. */
static options_outcome start_url(redis_options *self, const command_usage *usage, int argc,
                                 char *argv[], const etas_log *log)
{
    const char *const url = self->url_text != NULL ? self->url_text : getenv("ETAS_REDIS_URL");
    options_outcome outcome = OPTIONS_RUN;

    self->named = self->given || (url != NULL && url[0] != '\0');
    if (url != NULL && url[0] != '\0')
        outcome = take_url(self, usage, url, self->url_text != NULL ? "--url" : "ETAS_REDIS_URL");
    if (self->url_text != NULL && self->password[0] != '\0')
        etas_log_write(log, ETAS_LOG_WARN,
                       "a password in --url can be seen by others while the program starts");
    if (self->url_text != NULL && strchr(self->url_text, '@') != NULL)
        secret_wipe_argument(argc, argv, self->url_text); /* also when it could not be read */
    return outcome;
}

/* What the environment says is known by now. */
static void wipe_environment(void)
{
    const char *const url = getenv("ETAS_REDIS_URL");

    secret_wipe_variable("ETAS_REDIS_PASSWORD");
    if (url != NULL && strchr(url, '@') != NULL)
        secret_wipe_variable("ETAS_REDIS_URL");
}

options_outcome redis_options_start(redis_options *self, const command_usage *usage, int argc,
                                    char *argv[], const etas_log *log)
{
    bool fits = true;
    options_outcome outcome;

    self->given = redis_options_given(self);
    self->password = secret_room();
    if (self->password == NULL)
        return options_complain(usage, "out of memory");
    outcome = start_url(self, usage, argc, argv, log);
    if (self->password_text != NULL)
        fits = copy(SECRET_BYTES, self->password, strlen(self->password_text), self->password_text);
    secret_wipe_argument(argc, argv, self->password_text);
    if (!fits)
        return options_complain(usage, "--password is longer than %d bytes", SECRET_BYTES - 1);
    if (outcome == OPTIONS_RUN)
        outcome = take_options(self, usage);
    if (outcome == OPTIONS_RUN)
        outcome = take_tls(self, usage, log);
    if (outcome == OPTIONS_RUN)
        outcome = take_password(self, usage, log);
    wipe_environment();
    if (self->password[0] != '\0' || self->key_text != NULL)
        secret_seal();
    if (self->host[0] != '\0')
        self->queue.host = self->host;
    if (self->socket[0] != '\0')
        self->queue.socket_path = self->socket;
    if (self->user[0] != '\0')
        self->queue.user = self->user;
    if (self->password[0] != '\0')
        self->queue.password = self->password;
    if (self->pool[0] != '\0')
        self->queue.pool = self->pool;
    self->queue.log = log;
    return outcome;
}
