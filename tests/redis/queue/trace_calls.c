#include "trace_world.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a trace must have met to prove anything: function and pattern of its reply. */
static struct {
    const char *name, *pattern;
    unsigned n;
} met[] = {{"run", "OK|1*", 0},           {"run", "OK|0*", 0},
           {"run", "SUPERSEDED*", 0},     {"submit", "OK*", 0},
           {"submit", "REPEAT*", 0},      {"submit", "SUPERSEDED*", 0},
           {"submit", "GONE*", 0},        {"ackout", "OK|0*", 0},
           {"ackout", "OK|[2-9]", 0},     {"ackout", "SUPERSEDED*", 0},
           {"finish", "OK*", 0},          {"check", "OK*", 0},
           {"check", "REPEAT*", 0},       {"ban", "OK*", 0},
           {"claim", "EMPTY|banned*", 0}, {"hello", "OK|0*", 0},
           {"hello", "OK|[1-9]*", 0},     {"bye", "OK|[1-9]*", 0},
           {"claim", "WORK*", 0},         {"claim", "EMPTY|none*", 0},
           {"claim", "EMPTY|paused*", 0}, {"claim", "EMPTY|full*", 0},
           {"claim", "EMPTY|silent*", 0}, {"claim", "EMPTY|cancelled*", 0},
           {"claim", "NOMODEL*", 0},      {"claim", "STOP*", 0},
           {"claim", "NOW*", 0},          {"claim", "HELLO*", 0},
           {"beat", "OK|OK*", 0},         {"beat", "OK|LOST*", 0},
           {"beat", "*|SPLIT*", 0},       {"beat", "OK|CANCEL*", 0},
           {"beat", "HELLO*", 0},         {"commit", "OK*", 0},
           {"commit", "LOST*", 0},        {"commit", "CANCEL*", 0},
           {"commit", "WAIT*", 0},        {"fail", "OK*", 0},
           {"fail", "LOST*", 0},          {"reap", "OK|0|0|0*", 0},
           {"reap", "OK|[1-9]*", 0},      {"reap", "OK|*|[1-9]*|*", 0},
           {"reap", "OK|*|*|[1-9]*", 0},  {"cancel", "OK*", 0},
           {"retry", "OK|[1-9]*", 0},     {"repeat", "OK*", 0},
           {"repeat", "LOST*", 0}};

void note(const char *name, const char *reply)
{
    for (size_t i = 0; i < sizeof met / sizeof met[0]; i++)
        if (strcmp(met[i].name, name) == 0 && fnmatch(met[i].pattern, reply, 0) == 0)
            met[i].n++;
}

uint64_t draw(trace *t, uint64_t below)
{
    uint64_t x = t->random += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (x ^ (x >> 31)) % below;
}

bool one_in(trace *t, uint64_t n)
{
    return draw(t, n) == 0;
}

void check_met(void)
{
    for (size_t i = 0; i < sizeof met / sizeof met[0]; i++)
        if (met[i].n == 0)
            fail_msg("no trace met %s: %s", met[i].name, met[i].pattern);
}

/* ---- calls ---- */

void add(args *a, const char *fmt, ...)
{
    va_list ap;

    assert_true(a->n < ARGS);
    va_start(ap, fmt);
    (void)vsnprintf(a->text[a->n++], sizeof a->text[0], fmt, ap);
    va_end(ap);
}

void add_run(args *a, unsigned run)
{
    add(a, "%s", pool_run(run + 1, 1).id);
}

void add_agent(args *a, unsigned agent)
{
    add(a, "%s", pool_agent(agent, 1).id);
}

void lease_text(const ref_lease *l, size_t capacity, char out[])
{
    (void)snprintf(out, capacity, "%llu %s %llu %llu %u %u", (unsigned long long)l->token,
                   pool_run(l->run + 1, 1).id, (unsigned long long)l->range.first,
                   (unsigned long long)l->range.count, l->range.errors, l->range.lost);
}

void add_lease(args *a, const ref_lease *l)
{
    char text[160];

    lease_text(l, sizeof text, text);
    add(a, "%s", text);
}

/* Makes the call; its answer as text, members separated by '|'. */
const char *fcall(trace *t, const char *name, const args *a)
{
    static char text[TEXT];
    char function[40];
    const char *argv[ARGS + 4] = {"FCALL", function, "1", KEY "pool"};
    size_t lens[ARGS + 4], at = 0, said = 0;
    redisReply *reply;

    (void)snprintf(function, sizeof function, "etas_v1_%s", name);
    said = (size_t)snprintf(t->call, sizeof t->call, "%s", name);
    for (size_t i = 0; i < a->n; i++) {
        argv[4 + i] = a->text[i];
        said += (size_t)snprintf(t->call + said, sizeof t->call - said, " [%s]", a->text[i]);
    }
    for (size_t i = 0; i < a->n + 4; i++)
        lens[i] = strlen(argv[i]);
    reply = redisCommandArgv(t->p->raw, (int)a->n + 4, argv, lens);
    assert_non_null(reply);
    if (reply->type != REDIS_REPLY_ARRAY)
        fail_msg("%s: %s", t->call, reply->str != NULL ? reply->str : "no array");
    text[0] = '\0';
    for (size_t i = 0; i < reply->elements; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", i > 0 ? "|" : "",
                               reply->element[i]->str);
    freeReplyObject(reply);
    note(name, text);
    return text;
}

void expect(const trace *t, const char *got, const char *want)
{
    if (strcmp(got, want) != 0)
        fail_msg("%s\n  server:    %s\n  reference: %s", t->call, got, want);
}

/* As long as the reference said. */
void expect_start(const trace *t, const char *got, const char *want)
{
    const size_t len = strlen(want);

    if (strncmp(got, want, len) != 0 || (got[len] != '\0' && got[len] != '|'))
        fail_msg("%s\n  server:    %s\n  reference: %s", t->call, got, want);
}

/* ---- the state ---- */

static void compare_list(const trace *t, const char *what, const char *got, const char *want)
{
    if (strcmp(got, want) != 0)
        fail_msg("%s\n  %s on the server: %s\n  in the reference: %s", t->call, what, got, want);
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(char *const *)x, *(char *const *)y);
}

/* The members of a list or sorted set, joined; sorted if asked for. */
static const char *members(const trace *t, bool sorted, const char *command)
{
    static char text[TEXT];
    char *items[REF_ROOM];
    redisReply *reply = redisCommand(t->p->raw, command);
    size_t at = 0;

    assert_true(reply != NULL && reply->elements < REF_ROOM);
    for (size_t i = 0; i < reply->elements; i++)
        items[i] = reply->element[i]->str;
    if (sorted)
        qsort(items, reply->elements, sizeof items[0], by_text);
    text[0] = '\0';
    for (size_t i = 0; i < reply->elements; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s,", items[i]);
    assert_true(at < sizeof text);
    freeReplyObject(reply);
    return text;
}

static void range_text(const ref_range *r, size_t capacity, char out[])
{
    (void)snprintf(out, capacity, "%llu %llu %u %u", (unsigned long long)r->first,
                   (unsigned long long)r->count, r->errors, r->lost);
}

static void compare_leases(const trace *t)
{
    static char lines[REF_ROOM][208], want[TEXT];
    char *items[REF_ROOM];
    size_t at = 0;

    for (size_t i = 0; i < t->ref->n_leases; i++) {
        char text[160];

        lease_text(&t->ref->leases[i], sizeof text, text);
        (void)snprintf(lines[i], sizeof lines[i], "%s %s", text,
                       pool_agent(t->ref->leases[i].agent, 1).id);
        items[i] = lines[i];
    }
    qsort(items, t->ref->n_leases, sizeof items[0], by_text);
    want[0] = '\0';
    for (size_t i = 0; i < t->ref->n_leases; i++)
        at += (size_t)snprintf(want + at, sizeof want - at, "%s,", items[i]);
    compare_list(t, "leases", members(t, true, "ZRANGE " KEY "leases 0 -1"), want);
}

static void compare_dead(const trace *t, unsigned run)
{
    static char lines[REF_ROOM][160], want[TEXT];
    const ref_run *const r = &t->ref->runs[run];
    char *items[REF_ROOM], command[96];
    size_t at = 0;

    for (size_t i = 0; i < r->n_dead; i++) {
        char text[80];

        range_text(&r->dead[i].range, sizeof text, text);
        (void)snprintf(lines[i], sizeof lines[i], "%s %d %s", text, r->dead[i].signal,
                       r->dead[i].message);
        items[i] = lines[i];
    }
    qsort(items, r->n_dead, sizeof items[0], by_text);
    want[0] = '\0';
    for (size_t i = 0; i < r->n_dead; i++)
        at += (size_t)snprintf(want + at, sizeof want - at, "%s,", items[i]);
    (void)snprintf(command, sizeof command, "ZRANGE %sdead:%s 0 -1", KEY, pool_run(run + 1, 1).id);
    compare_list(t, "dead", members(t, true, command), want);
}

static void compare_lists(const trace *t, unsigned run)
{
    static char want[TEXT];
    const ref_run *const r = &t->ref->runs[run];
    char command[96];
    size_t at = 0;

    want[0] = '\0';
    for (size_t i = 0; i < r->n_pending; i++) {
        char text[80];

        range_text(&r->pending[i], sizeof text, text);
        at += (size_t)snprintf(want + at, sizeof want - at, "%s,", text);
    }
    (void)snprintf(command, sizeof command, "LRANGE %spending:%s 0 -1", KEY,
                   pool_run(run + 1, 1).id);
    compare_list(t, "pending", members(t, false, command), want);
    want[0] = '\0';
    at = 0;
    for (size_t i = 0; i < r->n_checks; i++)
        at += (size_t)snprintf(want + at, sizeof want - at, "%llu %llu host%u,",
                               (unsigned long long)r->check[i].first,
                               (unsigned long long)r->check[i].count, r->check[i].host);
    (void)snprintf(command, sizeof command, "LRANGE %scheck:%s 0 -1", KEY, pool_run(run + 1, 1).id);
    compare_list(t, "checks", members(t, false, command), want);
    want[0] = '\0';
    at = 0;
    for (size_t i = 0; i < r->n_out; i++)
        at += (size_t)snprintf(
            want + at, sizeof want - at, "%llu %llu %016llx %llu %s,",
            (unsigned long long)r->out[i].first, (unsigned long long)r->out[i].count,
            (unsigned long long)r->out[i].checksum, (unsigned long long)r->out[i].bytes,
            pool_agent(r->out[i].agent, 1).id);
    (void)snprintf(command, sizeof command, "LRANGE %soutmeta:%s 0 -1", KEY,
                   pool_run(run + 1, 1).id);
    compare_list(t, "out", members(t, false, command), want);
}

static void compare_books(const trace *t, unsigned run)
{
    const ref_run *const r = &t->ref->runs[run];
    char command[256], want[320];
    const char *got;

    (void)snprintf(command, sizeof command, "EXISTS %srun:%s", KEY, pool_run(run + 1, 1).id);
    assert_int_equal(pool_raw_int(t->p, "%s", command), r->exists);
    if (!r->exists)
        return;
    (void)snprintf(command, sizeof command,
                   "HMGET %srun:%s epoch serial submitted acked discarded simulated repeated pend "
                   "checks bytes full state",
                   KEY, pool_run(run + 1, 1).id);
    got = members(t, false, command);
    (void)snprintf(want, sizeof want, "%llu,%llu,%llu,%llu,%llu,%llu,%llu,%llu,%llu,%llu,%d,%s,",
                   (unsigned long long)r->epoch, (unsigned long long)r->serial,
                   (unsigned long long)r->submitted, (unsigned long long)r->acked,
                   (unsigned long long)r->discarded, (unsigned long long)r->simulated,
                   (unsigned long long)r->repeated, (unsigned long long)r->pend,
                   (unsigned long long)r->checks, (unsigned long long)r->bytes, r->full,
                   r->cancelled ? "cancelled" : "open");
    compare_list(t, "books", got, want);
}

void compare(const trace *t)
{
    char want[32];

    compare_leases(t);
    for (unsigned i = 0; i < REF_RUNS; i++) {
        compare_books(t, i);
        compare_lists(t, i);
        compare_dead(t, i);
    }
    (void)snprintf(want, sizeof want, "%lld,", (long long)t->ref->slots);
    compare_list(t, "slots", members(t, false, "HMGET " KEY "pool slots"), want);
}
