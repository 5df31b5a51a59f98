#include "trace_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ACKS = 4 };

/* ---- moves of a driver ---- */

void move_run(trace *t, unsigned run)
{
    const uint64_t wish = draw(t, 12);
    ref_run facts = {.epoch = t->epoch[run],
                     .n = SIZE,
                     .chunk = draw(t, 3) * 7,
                     .mark = 40,
                     .task_s = 128, /* four of them last longer than a trace */
                     .attempts = 2 + (unsigned)draw(t, 2),
                     .max_lost = 2 + (unsigned)draw(t, 2)};
    args a = {0};
    const char *word;
    bool lost = false;

    if (wish == 0)
        t->epoch[run] = ++facts.epoch; /* another driver */
    else if (wish == 1 && facts.epoch > 1)
        facts.epoch--; /* the one before */
    add_run(&a, run);
    add(&a, "%llu", (unsigned long long)facts.epoch);
    add(&a, "a-run");
    add(&a, "%llu", (unsigned long long)facts.n);
    add(&a, "0");
    add(&a, "77");
    add(&a, "3");
    add(&a, "%s", pool_run(1, 1).model_sha256);
    add(&a, "%llu", (unsigned long long)facts.chunk);
    add(&a, "%.0f", 1000 * facts.task_s);
    add(&a, "%u", facts.attempts);
    add(&a, "%u", facts.max_lost);
    add(&a, "%llu", (unsigned long long)facts.mark);
    add(&a, "%s", LEASE_MS);
    add(&a, "0.1.0");
    word = ref_beat_run(t->ref, run, &facts, &lost);
    expect_start(t, fcall(t, "run", &a), strcmp(word, "OK") == 0 ? (lost ? "OK|1" : "OK|0") : word);
}

void move_submit(trace *t, unsigned run)
{
    ref_range ranges[3];
    const size_t n = 1 + (size_t)draw(t, 3);
    const uint64_t epoch = t->epoch[run] - (t->epoch[run] > 1 && one_in(t, 10) ? 1 : 0);
    const uint64_t serial = one_in(t, 5) ? t->serial[run] : ++t->serial[run];
    args a = {0};

    add_run(&a, run);
    add(&a, "%llu", (unsigned long long)epoch);
    add(&a, "%llu", (unsigned long long)serial);
    for (size_t i = 0; i < n; i++) {
        ranges[i] = (ref_range){.first = draw(t, SIZE)};
        ranges[i].count = 1 + draw(t, SIZE - ranges[i].first);
        add(&a, "%llu", (unsigned long long)ranges[i].first);
        add(&a, "%llu", (unsigned long long)ranges[i].count);
    }
    if (t->ref->runs[run].pend > 300 || t->drought)
        return; /* enough to do */
    expect_start(t, fcall(t, "submit", &a), ref_submit(t->ref, run, epoch, serial, n, ranges));
}

/* Somebody else shall make it again. */
void move_check(trace *t, unsigned run)
{
    const uint64_t epoch = t->epoch[run];
    const uint64_t serial = one_in(t, 5) ? t->serial[run] : ++t->serial[run];
    const uint64_t first = draw(t, SIZE);
    const ref_check check = {first, 1 + draw(t, SIZE - first), (unsigned)draw(t, REF_HOSTS)};
    args a = {0};

    add_run(&a, run);
    add(&a, "%llu", (unsigned long long)epoch);
    add(&a, "%llu", (unsigned long long)serial);
    add(&a, "%llu", (unsigned long long)check.first);
    add(&a, "%llu", (unsigned long long)check.count);
    add(&a, "host%u", check.host);
    if (t->ref->runs[run].checks > 100 || t->drought)
        return;
    expect_start(t, fcall(t, "check", &a), ref_check_again(t->ref, run, epoch, serial, 1, &check));
}

void move_ban(trace *t, unsigned run)
{
    bool banned[REF_HOSTS] = {false};
    args a = {0};

    add_run(&a, run);
    add(&a, "%llu", (unsigned long long)t->epoch[run]);
    if (one_in(t, 3)) {
        const unsigned host = (unsigned)draw(t, REF_HOSTS);

        banned[host] = true;
        add(&a, "host%u", host);
    }
    expect_start(t, fcall(t, "ban", &a), ref_ban(t->ref, run, t->epoch[run], banned));
}

void move_ackout(trace *t, unsigned run)
{
    const ref_run *const r = &t->ref->runs[run];
    const uint64_t epoch = t->epoch[run] - (t->epoch[run] > 1 && one_in(t, 10) ? 1 : 0);
    ref_result names[ACKS] = {{0}};
    bool discard[ACKS];
    size_t n = 0, removed;
    args a = {0};
    const char *word;
    char want[32];

    add_run(&a, run);
    add(&a, "%llu", (unsigned long long)epoch);
    add(&a, "5");
    for (; n < ACKS && n < r->n_out; n++) {
        ref_result *const memory = &t->names[draw(t, PICTURES)];

        names[n] = one_in(t, 8) && memory->count > 0 ? *memory : r->out[n];
        discard[n] = one_in(t, 4);
        *memory = r->out[n];
        add(&a, "%llu", (unsigned long long)names[n].first);
        add(&a, "%llu", (unsigned long long)names[n].count);
        add(&a, "%016llx", (unsigned long long)names[n].checksum);
        add(&a, "%d", discard[n]);
    }
    word = ref_ackout(t->ref, run, epoch, n, names, discard, &removed);
    (void)snprintf(want, sizeof want, strcmp(word, "OK") == 0 ? "%s|%zu" : "%s", word, removed);
    expect_start(t, fcall(t, "ackout", &a), want);
}

void move_finish(trace *t, unsigned run)
{
    args a = {0};

    add_run(&a, run);
    add(&a, "%llu", (unsigned long long)t->epoch[run]);
    add(&a, "5");
    expect_start(t, fcall(t, "finish", &a), ref_finish(t->ref, run, t->epoch[run]));
    if (!one_in(t, 10))
        t->epoch[run]++; /* whoever goes on with a run that has ended is another driver */
}

void move_model(trace *t)
{
    args a = {0};

    if (one_in(t, 8)) {
        (void)pool_raw_int(t->p, "DEL %smodel:%s", KEY, pool_run(1, 1).model_sha256);
        t->ref->model = false;
        return;
    }
    add(&a, "%s", pool_run(1, 1).model_sha256);
    add(&a, "0");
    add(&a, "1");
    add(&a, "5");
    add(&a, "model");
    expect(t, fcall(t, "model_put", &a), "OK");
    t->ref->model = true;
}

/* ---- time ---- */

void move_expire(trace *t)
{
    ref_lease *l;
    char text[160], member[200];

    if (t->ref->n_leases == 0)
        return;
    l = &t->ref->leases[draw(t, t->ref->n_leases)];
    for (size_t i = 0; i < t->ref->n_leases && one_in(t, 2); i++) /* who was lost before is again */
        if (t->ref->leases[i].range.lost > l->range.lost)
            l = &t->ref->leases[i];
    l->expired = (double)++t->clock + (l->half ? 0.5 : 0);
    lease_text(l, sizeof text, text);
    (void)snprintf(member, sizeof member, "%s %s", text, pool_agent(l->agent, 1).id);
    freeReplyObject(redisCommand(t->p->raw, "ZADD %s %.1f %s", KEY "leases", l->expired, member));
}

void move_silence(trace *t, unsigned agent, unsigned run)
{
    const long long now = (long long)time(NULL) * 1000;
    ref_run *const r = &t->ref->runs[run];

    if (one_in(t, 2)) {
        if (t->ref->agents[agent].known)
            (void)pool_raw(t->p, "ZADD %sagents XX %lld %s", KEY, now - 120000,
                           pool_agent(agent, 1).id);
        t->ref->agents[agent].silent = t->ref->agents[agent].known;
    } else if (r->exists) {
        r->gone = one_in(t, 2);
        r->silent = true;
        (void)pool_raw(t->p, "HSET %srun:%s beat %lld", KEY, pool_run(run + 1, 1).id,
                       now - (r->gone ? 700000 : 120000));
    }
}

void move_reap(trace *t)
{
    const bool gap = one_in(t, 4);
    uint64_t back, dead, rearmed;
    const args none = {0};
    char want[96];

    (void)pool_raw(t->p, "HSET %spool swept 0", KEY);
    if (gap)
        (void)pool_raw(t->p, "HSET %spool reap 1", KEY);
    ref_reap(t->ref, gap, &back, &dead, &rearmed);
    (void)snprintf(want, sizeof want, "OK|%llu|%llu|%llu", (unsigned long long)back,
                   (unsigned long long)dead, (unsigned long long)rearmed);
    expect(t, fcall(t, "reap", &none), want);
}

/* ---- managers ---- */

void move_manager(trace *t, unsigned run)
{
    static const char *const words[] = {"pause", "resume", "resume", "resume", "stop", "now"};
    const size_t which = (size_t)draw(t, 9);
    uint64_t catalogs;
    const char *word;
    args a = {0};
    char want[64];

    if (which < 6) {
        add(&a, "%s", words[which]);
        ref_control(t->ref, words[which][0]);
        expect_start(t, fcall(t, "control", &a), "OK");
        return;
    }
    add_run(&a, run);
    if (which == 6 && one_in(t, 2)) {
        expect(t, fcall(t, "cancel", &a), ref_cancel(t->ref, run));
        return;
    }
    word = ref_retry(t->ref, run, &catalogs);
    (void)snprintf(want, sizeof want, strcmp(word, "OK") == 0 ? "%s|%llu" : "%s", word,
                   (unsigned long long)catalogs);
    expect_start(t, fcall(t, "retry", &a), want);
}
