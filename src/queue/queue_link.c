#include "queue/queue_link.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/text.h"
#include "queue/queue_library.h"
#include "queue/queue_reply.h"

etas_redis_options etas_redis_options_default(void)
{
    return (etas_redis_options){.host = "localhost",
                                .port = 6379,
                                .pool = "default",
                                .connect_timeout_s = 5,
                                .command_timeout_s = 30};
}

static bool is_word_char(char c, const char *also)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr(also, c) != NULL);
}

static bool is_pool_name(const char *name)
{
    const size_t len = strlen(name);

    for (size_t i = 0; i < len; i++)
        if (!is_word_char(name[i], "-_."))
            return false;
    return len > 0 && len <= 64;
}

enum { N_TEXTS = 8 };

/* The strings of the options that are copied. */
static void texts_of(etas_redis_options *o, const char **out[N_TEXTS])
{
    const char **const texts[N_TEXTS] = {&o->host,      &o->socket_path, &o->user,
                                         &o->pool,      &o->tls_name,    &o->ca_file,
                                         &o->cert_file, &o->key_file};

    memcpy(out, texts, sizeof texts);
}

/* Each is a copy or NULL afterwards. */
static bool copy_texts(etas_redis_options *o)
{
    const char **texts[N_TEXTS];
    bool copied = true;

    texts_of(o, texts);
    for (size_t i = 0; i < N_TEXTS; i++)
        if (*texts[i] != NULL) {
            *texts[i] = strdup(*texts[i]);
            copied = *texts[i] != NULL && copied;
        }
    return copied;
}

static etas_status check_tls(const etas_redis_options *o, etas_error *err)
{
    if (o->socket_path != NULL)
        return etas_fail(err, ETAS_E_ARG, "a unix socket has no TLS");
    if ((o->cert_file == NULL) != (o->key_file == NULL))
        return etas_fail(err, ETAS_E_ARG, "a client's certificate and key go together");
    return queue_tls_check(o, err);
}

etas_status etas_queue_open(etas_queue **out, const etas_redis_options *options, etas_error *err)
{
    etas_queue *self;
    etas_redis_options *o;
    etas_status st = ETAS_OK;

    *out = NULL;
    if (options->pool == NULL || !is_pool_name(options->pool))
        return etas_fail(err, ETAS_E_ARG,
                         "a pool's name has 1 to 64 letters, digits, '-', '_' and '.'");
    if (!(options->connect_timeout_s > 0) || !(options->command_timeout_s > 0))
        return etas_fail(err, ETAS_E_ARG, "timeouts are positive");
    self = calloc(1, sizeof *self);
    if (self == NULL)
        return etas_fail(err, ETAS_E_NOMEM, "out of memory");
    o = &self->options;
    *o = *options;
    self->patience_s = o->command_timeout_s;
    self->reply_bytes = QUEUE_REPLY_BYTES;
    if (o->host == NULL)
        o->host = "localhost";
    if (!copy_texts(o))
        st = etas_fail(err, ETAS_E_NOMEM, "out of memory");
    else if (o->tls)
        st = check_tls(o, err);
    if (st != ETAS_OK) {
        etas_queue_close(self);
        return st;
    }
    (void)etas_format(sizeof self->key, self->key, "etas:{%s}:v%d:pool", o->pool,
                      ETAS_PROTOCOL_VERSION);
    if (o->socket_path != NULL)
        (void)etas_format(sizeof self->place, self->place, "%s", o->socket_path);
    else
        (void)etas_format(sizeof self->place, self->place,
                          strchr(o->host, ':') != NULL ? "[%s]:%u" : "%s:%u", o->host, o->port);
    *out = self;
    return ETAS_OK;
}

void etas_queue_disconnect(etas_queue *self)
{
    queue_wire_close(&self->link);
    queue_wire_close(&self->hint);
}

void etas_queue_close(etas_queue *self)
{
    const char **texts[N_TEXTS];

    if (self == NULL)
        return;
    etas_queue_disconnect(self);
    etas_arena_free(&self->args.arena);
    etas_array_free((void **)&self->args.argv);
    etas_array_free((void **)&self->args.lens);
    texts_of(&self->options, texts);
    for (size_t i = 0; i < N_TEXTS; i++)
        free((char *)(uintptr_t)*texts[i]); /* ours, made by strdup */
    free(self);
}

void etas_queue_set_patience(etas_queue *self, double seconds)
{
    self->patience_s = fmin(fmax(seconds, 0.01), self->options.command_timeout_s);
}

const char *etas_queue_host(const etas_queue *self)
{
    return self->place;
}

const char *etas_queue_tls(const etas_queue *self)
{
    return self->link.tls != NULL ? queue_tls_version(self->link.tls) : "";
}

bool etas_queue_memory_full(const etas_queue *self)
{
    return self->memory_full;
}

double etas_backoff_s(uint32_t attempt, double cap_s, uint64_t random)
{
    const double ceiling = fmin(cap_s, ldexp(0.1, attempt < 64 ? (int)attempt : 64));

    return ceiling * ((double)(random >> 11) * 0x1p-53);
}

/* ---- errors ---- */

static bool starts_with(const redisReply *reply, const char *word)
{
    const size_t len = strlen(word);

    return (size_t)reply->len >= len && memcmp(reply->str, word, len) == 0;
}

etas_status queue_classify(const etas_queue *self, const redisReply *reply, etas_error *err)
{
    static const struct {
        const char *start;
        etas_status status;
    } table[] = {
        {"MISCONF ", ETAS_E_AWAY},
        {"LOADING ", ETAS_E_AWAY},
        {"READONLY ", ETAS_E_AWAY},
        {"BUSY ", ETAS_E_AWAY},
        {"MASTERDOWN ", ETAS_E_AWAY},
        {"CLUSTERDOWN ", ETAS_E_AWAY},
        {"TRYAGAIN ", ETAS_E_AWAY},
        {"NOREPLICAS ", ETAS_E_AWAY},
        {"UNBLOCKED ", ETAS_E_AWAY},
        {"ERR max number of clients", ETAS_E_AWAY},
        {"ERR Function not found", ETAS_E_AWAY},
        {"NOAUTH ", ETAS_E_AUTH},
        {"WRONGPASS ", ETAS_E_AUTH},
        {"NOPERM ", ETAS_E_AUTH},
        {"DENIED ", ETAS_E_AUTH},
        {"ERR The user executing the script can't", ETAS_E_AUTH}, /* rights lack inside */
        {"ERR invalid password", ETAS_E_AUTH},
        {"ETAS ", ETAS_E_ARG},
    };
    etas_status st = ETAS_E_REFUSED;
    char text[200] = "";

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (starts_with(reply, table[i].start))
            st = table[i].status;
    for (size_t i = 0; i < (size_t)reply->len && i + 1 < sizeof text; i++) {
        const char c = reply->str[i];

        text[i] = c >= ' ' && c <= '~' ? c : '?';
        text[i + 1] = '\0';
    }
    (void)etas_fail(err, st, "the server answered: %s", text);
    (void)etas_error_on_host(err, self->place);
    return st;
}

etas_status queue_damaged(etas_queue *self, const char *call, etas_error *err)
{
    etas_queue_disconnect(self);
    (void)etas_fail(err, ETAS_E_CORRUPT, "the server's answer to %s makes no sense", call);
    (void)etas_error_on_host(err, self->place);
    return ETAS_E_CORRUPT;
}

/* ---- connecting ---- */

/* Whatever the server says about it is not repeated, for it might contain the secret. */
static etas_status authenticate(etas_queue *self, queue_wire *wire, etas_error *err)
{
    const etas_redis_options *o = &self->options;
    const char *argv[3] = {"AUTH", o->user != NULL ? o->user : o->password, o->password};
    const queue_command command = {.n = o->user != NULL ? 3 : 2, .argv = argv};
    redisReply *reply;
    etas_status st = queue_wire_ask(self, wire, &command, &reply, err);

    if (st == ETAS_OK && reply->type == REDIS_REPLY_ERROR) {
        etas_error dropped = {0};

        st = queue_classify(self, reply, &dropped);
        st = st == ETAS_E_AWAY ? st : ETAS_E_AUTH;
        (void)etas_fail(err, st, "%s",
                        st == ETAS_E_AWAY ? "the server is not ready"
                                          : "the server refused the user name or password");
    }
    if (reply != NULL)
        freeReplyObject(reply);
    return st;
}

/* What the server is; stays unknown where the user may not ask. */
static void learn(etas_queue *self, const redisReply *reply)
{
    char text[32] = "";

    self->policy[0] = self->version[0] = '\0';
    self->maxmemory = 0;
    if (reply->type != REDIS_REPLY_STRING)
        return;
    (void)reply_info(reply, "redis_version", sizeof self->version, self->version);
    (void)reply_info(reply, "maxmemory_policy", sizeof self->policy, self->policy);
    if (reply_info(reply, "maxmemory", sizeof text, text))
        (void)etas_parse_u64(text, strlen(text), &self->maxmemory);
}

/* The reply to at most three words. */
static etas_status ask(etas_queue *self, queue_wire *wire, const char *const words[3],
                       redisReply **out, etas_error *err)
{
    const char *argv[3] = {words[0], words[1], words[2]};
    queue_command command = {.argv = argv};

    while (command.n < 3 && argv[command.n] != NULL)
        command.n++;
    return queue_wire_ask(self, wire, &command, out, err);
}

static etas_status choose_db(etas_queue *self, queue_wire *wire, etas_error *err)
{
    char db[16];
    redisReply *reply;
    etas_status st;

    if (self->options.db == 0)
        return ETAS_OK;
    (void)etas_format(sizeof db, db, "%u", self->options.db);
    st = ask(self, wire, (const char *const[3]){"SELECT", db}, &reply, err);
    if (st != ETAS_OK)
        return st;
    if (reply->type == REDIS_REPLY_ERROR)
        st = queue_classify(self, reply, err);
    freeReplyObject(reply);
    return st;
}

static etas_status greet(etas_queue *self, queue_wire *wire, etas_error *err)
{
    char name[96];
    redisReply *reply;
    etas_status st = ETAS_OK;

    if (self->options.password != NULL)
        st = authenticate(self, wire, err);
    if (st == ETAS_OK)
        st = choose_db(self, wire, err);
    if (st != ETAS_OK)
        return st;
    (void)etas_format(sizeof name, name, "etas-%s", self->options.pool);
    /* for CLIENT LIST; not vital */
    st = ask(self, wire, (const char *const[3]){"CLIENT", "SETNAME", name}, &reply, err);
    if (st != ETAS_OK)
        return st;
    freeReplyObject(reply);
    st = ask(self, wire, (const char *const[3]){"INFO"}, &reply, err);
    if (st != ETAS_OK)
        return st;
    if (reply->type == REDIS_REPLY_ERROR && !starts_with(reply, "NOPERM"))
        st = queue_classify(self, reply, err);
    learn(self, reply);
    freeReplyObject(reply);
    return st;
}

etas_status queue_connect(etas_queue *self, queue_wire *wire, etas_error *err)
{
    etas_status st;

    if (wire->redis != NULL)
        return ETAS_OK;
    st = queue_wire_open(self, wire, err);
    if (st == ETAS_OK)
        st = greet(self, wire, err);
    if (st != ETAS_OK) {
        queue_wire_close(wire);
        (void)etas_error_on_host(err, self->place);
    }
    return st;
}
