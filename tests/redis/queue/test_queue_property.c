/* The function library under arguments at random: sensible ones, near misses and nonsense. Errors
 * are its own, the law holds for every run after every call, and no key lies outside the pool. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "etas/text.h"
#include "queue_pool.h"

enum { CALLS = 6000, MOST_ARGS = 24, TEXT = 160, RUNS = 3, AGENTS = 3, CHECK_EVERY = 5 };

typedef struct dice {
    uint64_t state, serial;
    char lease[TEXT], agent[TEXT]; /* chosen last */
} dice;

static uint64_t roll(dice *d, uint64_t below)
{
    d->state ^= d->state << 13;
    d->state ^= d->state >> 7;
    d->state ^= d->state << 17;
    return d->state % below;
}

/* ---- arguments ----
 * r run, a agent, e epoch, n small number, N any number, c one that rises, t word, l lease without
 * its agent, S statistics, p decimal, s digest, h checksum, b 0 or 1, k kind of control, K kind of
 * failure, =X is X itself; what is in brackets any number of times. The weight is how often it is
 * called. */
static const struct {
    const char *name, *shape;
    unsigned weight;
} functions[] = {
    {"run", "r e t =100 n N =2 s =0 =1000 =3 =10 =300 =60000 t", 8},
    {"run", "r e t n n N n s n n n n n n t", 2},
    {"submit", "r e c [ n n ]", 8},
    {"check", "r e c [ n n t ]", 3},
    {"ban", "r e [ t ]", 1},
    {"collect", "r e =100000", 4},
    {"ackout", "r e n [ n n h b ]", 8},
    {"mend", "r e", 1},
    {"finish", "r e n", 1},
    {"audit", "r", 1},
    {"dead", "r n", 2},
    {"model_put", "s =0 =1 =5 =frame", 4},
    {"model_put", "s n n n t", 1},
    {"model_get", "s =0", 2},
    {"model_spoiled", "a s t", 1},
    {"hello", "a t n =3 n t =2 S [ l ]", 8},
    {"bye", "a", 1},
    {"claim", "a =2 p =1e9", 16},
    {"claim", "a n p p", 2},
    {"beat", "a n S [ l ]", 6},
    {"commit", "A L =1 b h t", 12},
    {"commit", "a l n b h t", 2},
    {"fail", "A L K x n t", 6},
    {"fail", "a l K n n t", 2},
    {"reap", "", 2},
    {"info", "", 1},
    {"agents", "n", 1},
    {"versions", "", 1},
    {"control", "k [ a ]", 1},
    {"cancel", "r", 1},
    {"retry", "r", 3},
    {"purge", "r", 1},
    {"reset", "", 1},
    {"revision", "", 1},
    {"no_such", "t", 1},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

typedef struct call {
    size_t n;
    char text[MOST_ARGS][TEXT];
    size_t lens[MOST_ARGS];
} call;

static const char *pick(dice *d, size_t n, const char *const items[])
{
    return items[roll(d, n)];
}
#define PICK(d, ...) \
    pick(d, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *[]){__VA_ARGS__})

static void some_id(dice *d, const char *letter, uint64_t most, char out[TEXT])
{
    (void)snprintf(out, TEXT, "%s%031" PRIx64, letter, 1 + roll(d, most));
}

/* A lease that there is, where there is one; its agent apart. */
static void some_lease(pool *self, dice *d)
{
    redisReply *all = redisCommand(self->raw, "ZRANGE " KEY "leases 0 -1");
    char *agent = NULL;

    (void)snprintf(d->lease, TEXT, "%" PRIu64 " a%031d %" PRIu64 " %" PRIu64 " 0 0", roll(d, 99), 1,
                   roll(d, 99), roll(d, 9));
    some_id(d, "b", AGENTS, d->agent);
    assert_non_null(all);
    if (all->type == REDIS_REPLY_ARRAY && all->elements > 0) {
        (void)snprintf(d->lease, TEXT, "%s", all->element[roll(d, all->elements)]->str);
        agent = strrchr(d->lease, ' ');
    }
    if (agent != NULL) {
        (void)snprintf(d->agent, TEXT, "%.64s", agent + 1);
        *agent = '\0';
    }
    freeReplyObject(all);
}

/* A result's name, so that ackout and discards happen. */
static void some_checksum(dice *d, char out[TEXT])
{
    (void)snprintf(out, TEXT, "%016" PRIx64, roll(d, 3));
}

static void sensible(pool *self, dice *d, char letter, char out[TEXT])
{
    switch (letter) {
    case 'r':
        some_id(d, "a", RUNS, out);
        break;
    case 'a':
        some_id(d, "b", AGENTS, out);
        break;
    case 'e':
        (void)snprintf(out, TEXT, "%" PRIu64, 1 + roll(d, 2));
        break;
    case 'n':
        (void)snprintf(out, TEXT, "%" PRIu64, roll(d, 4) > 0 ? roll(d, 12) : roll(d, 100000));
        break;
    case 'N':
        (void)snprintf(out, TEXT, "%" PRIu64, d->state);
        break;
    case 'c':
        (void)snprintf(out, TEXT, "%" PRIu64, ++d->serial - roll(d, 2));
        break;
    case 'p':
        (void)snprintf(out, TEXT, "%.3f", (double)roll(d, 100000) / 7);
        break;
    case 's':
        (void)snprintf(out, TEXT, "%064" PRIx64, roll(d, 2));
        break;
    case 'h':
        some_checksum(d, out);
        break;
    case 'b':
        (void)snprintf(out, TEXT, "%" PRIu64, roll(d, 2));
        break;
    case 'A':
        some_lease(self, d);
        (void)snprintf(out, TEXT, "%s", d->agent);
        break;
    case 'L':
        (void)snprintf(out, TEXT, "%s", d->lease);
        break;
    case 'l':
        some_lease(self, d);
        (void)snprintf(out, TEXT, "%s", d->lease);
        break;
    case 'x': {
        unsigned long long first = 0;

        (void)sscanf(d->lease, "%*u %*s %llu", &first);
        (void)snprintf(out, TEXT, "%llu", first);
        break;
    }
    case 'S':
        (void)snprintf(out, TEXT, "%" PRIu64 " 1 2 3 4 5.5 0", roll(d, 99));
        break;
    case 'k':
        (void)snprintf(out, TEXT, "%s", PICK(d, "stop", "now", "pause", "resume", "resume"));
        break;
    case 'K':
        (void)snprintf(out, TEXT, "%s", PICK(d, "error", "hopeless", "drain"));
        break;
    default:
        (void)snprintf(out, TEXT, "%s", PICK(d, "host", "0.1.0", "x", "frame"));
    }
}

static size_t nonsense(dice *d, char out[TEXT])
{
    static const char *const words[] = {"",
                                        "-1",
                                        "1e3",
                                        "0x10",
                                        "nan",
                                        "inf",
                                        "-0",
                                        " 5",
                                        "5 ",
                                        "01",
                                        "1.5",
                                        "9007199254740992",
                                        "281474976710656",
                                        "18446744073709551616",
                                        "99999999999999999999999999999999999999999",
                                        "nil",
                                        "*",
                                        "a b c d e f g h",
                                        "0 0 0 0",
                                        "%d%s%n",
                                        "\r\n+OK",
                                        "']])--"};
    size_t len;

    if (roll(d, 3) > 0) {
        (void)snprintf(out, TEXT, "%s", words[roll(d, sizeof words / sizeof *words)]);
        return strlen(out);
    }
    len = roll(d, 40);
    for (size_t i = 0; i < len; i++)
        out[i] = (char)roll(d, 256);
    return len;
}

static void add(pool *self, dice *d, call *c, char letter, unsigned spoil)
{
    char *out = c->text[c->n];

    if (c->n >= MOST_ARGS)
        return;
    sensible(self, d, letter, out);
    c->lens[c->n] = strlen(out);
    if (roll(d, 100) < spoil)
        c->lens[c->n] = nonsense(d, out);
    c->n++;
}

static void compose(pool *self, dice *d, const char *shape, call *c)
{
    const unsigned spoil = roll(d, 4) == 0 ? 20 : 0; /* a quarter of the calls has nonsense in it */
    const char *again = NULL;                        /* the bracket */
    uint64_t times = 0;

    for (const char *at = shape; *at != '\0' && c->n < MOST_ARGS;) {
        const size_t len = strcspn(at, " ");
        const char *next = at + len + strspn(at + len, " ");

        if (*at == '[') {
            again = next;
            times = roll(d, 4);
            if (times == 0)
                next = strchrnul(at, ']') + 1;
        } else if (*at == ']') {
            next = --times > 0 ? again : next;
        } else if (*at == '=' && roll(d, 100) >= spoil) {
            c->lens[c->n] = len - 1;
            memcpy(c->text[c->n++], at + 1, len - 1);
        } else {
            add(self, d, c, *at, spoil);
        }
        at = next;
    }
    if (spoil > 0 && roll(d, 4) == 0)
        c->n = roll(d, c->n + 1);
}

/* ---- what must hold ---- */

static bool begins(const redisReply *reply, const char *text)
{
    return strncmp(reply->str, text, strlen(text)) == 0;
}

static size_t some_function(dice *d)
{
    uint64_t sum = 0, at;
    size_t which = 0;

    for (size_t i = 0; i < FUNCTIONS; i++)
        sum += functions[i].weight;
    at = roll(d, sum);
    while (at >= functions[which].weight)
        at -= functions[which++].weight;
    return which;
}

/* Counts in done[] what was not refused. */
static void make_call(pool *self, dice *d, unsigned done[FUNCTIONS])
{
    const size_t which = some_function(d);
    char name[64];
    const char *argv[4 + MOST_ARGS] = {"FCALL", name, "1", KEY "pool"};
    size_t lens[4 + MOST_ARGS];
    static call c;
    redisReply *reply;

    c.n = 0;
    (void)snprintf(name, sizeof name, "etas_v1_%s", functions[which].name);
    compose(self, d, functions[which].shape, &c);
    for (size_t i = 0; i < 4; i++)
        lens[i] = strlen(argv[i]);
    for (size_t i = 0; i < c.n; i++) {
        argv[4 + i] = c.text[i];
        lens[4 + i] = c.lens[i];
    }
    reply = redisCommandArgv(self->raw, (int)(4 + c.n), argv, lens);
    if (reply == NULL)
        fail_msg("%s: the server is gone: %s", name, self->raw->errstr);
    if (reply->type == REDIS_REPLY_ERROR) {
        const bool missing = strcmp(functions[which].name, "no_such") == 0;

        if (missing ? !begins(reply, "ERR Function not found") : !begins(reply, "ETAS "))
            fail_msg("%s answers: %s", name, reply->str);
    } else if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0 ||
               reply->element[0]->type != REDIS_REPLY_STRING) {
        fail_msg("%s answers with type %d", name, reply->type);
    } else {
        done[which] += strcmp(reply->element[0]->str, "OK") == 0 ||
                       strcmp(reply->element[0]->str, "WORK") == 0;
    }
    freeReplyObject(reply);
}

static void the_law_holds(pool *self, const char *after)
{
    for (unsigned i = 1; i <= RUNS; i++) {
        char id[ETAS_ID_HEX];
        etas_audit audit;
        etas_error err = {0};

        (void)snprintf(id, sizeof id, "a%031u", i);
        if (etas_queue_audit(self->queue, id, &audit, &err) != ETAS_OK)
            fail_msg("audit: %s", err.text);
        if (audit.exists && !audit.conserved)
            fail_msg("the law is broken after %s", after);
        etas_audit_free(&audit);
    }
}

static void all_keys_are_the_pools(pool *self)
{
    redisReply *keys = redisCommand(self->raw, "KEYS *");

    assert_non_null(keys);
    for (size_t i = 0; i < keys->elements; i++)
        if (strncmp(keys->element[i]->str, "etas:{default}:", 15) != 0)
            fail_msg("a key outside the pool: %s", keys->element[i]->str);
    freeReplyObject(keys);
}

static void arguments_at_random_break_nothing(void **state)
{
    const char *given = getenv("ETAS_TEST_SEED");
    const uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    dice d = {.state = seed * UINT64_C(0x9e3779b97f4a7c15) | 1};
    pool *self = pool_of(state);
    unsigned done[FUNCTIONS] = {0};

    printf("ETAS_TEST_SEED=%" PRIu64 "\n", seed);
    check_ok(etas_queue_check(self->queue, NULL), NULL);
    for (int i = 0; i < CALLS; i++) {
        char after[32];

        make_call(self, &d, done);
        (void)snprintf(after, sizeof after, "call %d", i);
        if (i % CHECK_EVERY == 0)
            the_law_holds(self, after);
    }
    all_keys_are_the_pools(self);
    the_law_holds(self, "all");
    for (size_t i = 0; i < FUNCTIONS; i++) /* or nothing was proved */
        if (functions[i].weight > 2 && done[i] == 0)
            fail_msg("%s %s was never done", functions[i].name, functions[i].shape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(arguments_at_random_break_nothing, pool_setup,
                                        pool_teardown),
    };

    return cmocka_run_group_tests(tests, redis_group_setup, redis_group_teardown);
}
