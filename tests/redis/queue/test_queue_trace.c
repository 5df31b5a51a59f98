/* Random traces of calls go to the Lua library and to a plain state machine (reference_pool.c):
 * each answer, and all that lies in the pool after it, must be the same. ETAS_TEST_SEED repeats a
 * run.
 *
 * The calls are made by hand, so that replies are compared word for word, and may name what is long
 * over: leases that were used up, serials and epochs of the past, results that were acked. Time
 * goes by where the trace says so, by moving the server's stamps.
 */
#include "trace_world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What an agent tells of itself. */
#define STATISTICS "9 1 100 50 0.5 0.25 4096"

enum { ROUNDS = 8, KNOWN = 5, FIRST = 10, STEPS = 2500 };

/* ---- moves of an agent ---- */

static size_t held_by(const trace *t, unsigned agent, size_t most, ref_lease out[])
{
    size_t n = 0;

    for (size_t i = 0; i < t->ref->n_leases && n < most; i++)
        if (t->ref->leases[i].agent == agent)
            out[n++] = t->ref->leases[i];
    return n;
}

/* A lease that somebody holds, or held once. */
static bool some_lease(trace *t, ref_lease *out)
{
    ref_lease *const old = &t->pictures[draw(t, PICTURES)];

    if (t->ref->n_leases == 0 || one_in(t, 8)) {
        *out = *old;
        return old->range.count > 0;
    }
    *out = t->ref->leases[draw(t, t->ref->n_leases)];
    if (one_in(t, 3))
        *old = *out;
    if (one_in(t, 40))
        out->range.count++; /* a range that it is not */
    if (one_in(t, 40))
        out->agent = (out->agent + 1) % REF_AGENTS;
    return true;
}

static void move_hello(trace *t, unsigned agent)
{
    ref_lease held[8];
    const size_t n = held_by(t, agent, one_in(t, 4) ? (size_t)draw(t, 4) : 8, held);
    const int64_t slots = 1 + (int64_t)draw(t, 5);
    uint64_t requeued;
    args a = {0};
    char want[32];

    add_agent(&a, agent);
    add(&a, "host%u", agent % REF_HOSTS);
    add(&a, "7");
    add(&a, "%lld", (long long)slots);
    add(&a, "0");
    add(&a, "0.1.0");
    add(&a, "3");
    add(&a, STATISTICS);
    for (size_t i = 0; i < n; i++)
        add_lease(&a, &held[i]);
    (void)ref_hello(t->ref, agent, slots, n, held, &requeued);
    (void)snprintf(want, sizeof want, "OK|%llu", (unsigned long long)requeued);
    expect(t, fcall(t, "hello", &a), want);
}

static void move_bye(trace *t, unsigned agent)
{
    uint64_t requeued;
    args a = {0};
    char want[32];

    add_agent(&a, agent);
    (void)ref_bye(t->ref, agent, &requeued);
    (void)snprintf(want, sizeof want, "OK|%llu", (unsigned long long)requeued);
    expect(t, fcall(t, "bye", &a), want);
}

static void move_claim(trace *t, unsigned agent)
{
    const double rate = (double)draw(t, 3) / 16, remaining = one_in(t, 4) ? 32 : INFINITY;
    const char *why, *got, *word;
    ref_lease lease;
    args a = {0};
    char want[256], text[160];

    add_agent(&a, agent);
    add(&a, "3");
    add(&a, "%.17g", rate);
    add(&a, "%.17g", remaining);
    word = ref_claim(t->ref, agent, rate, remaining, &lease, &why);
    got = fcall(t, "claim", &a);
    (void)snprintf(want, sizeof want, strcmp(word, "EMPTY") == 0 ? "%s|%s" : "%s", word, why);
    if (strcmp(word, "WORK") == 0) {
        expect_start(t, got, "WORK");
        lease.token = strtoull(got + 5, NULL, 10); /* the clock's business */
        assert_true(lease.token > t->ref->token);
        lease_text(&lease, sizeof text, text);
        (void)snprintf(want, sizeof want, "WORK|%s|77|%s|%s", text, pool_run(1, 1).model_sha256,
                       LEASE_MS);
        ref_claimed(t->ref, &lease);
    }
    expect(t, got, want);
}

static void move_beat(trace *t, unsigned agent)
{
    ref_lease held[8];
    size_t n = held_by(t, agent, 6, held);
    const char *verdicts[8], *word;
    args a = {0};
    char want[256];
    size_t at;

    if (some_lease(t, &held[n]))
        held[n++].agent = agent;
    add_agent(&a, agent);
    add(&a, "%zu", n);
    add(&a, STATISTICS);
    for (size_t i = 0; i < n; i++)
        add_lease(&a, &held[i]);
    word = ref_beat(t->ref, agent, n, held, verdicts);
    at = (size_t)snprintf(want, sizeof want, "%s", word);
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(want + at, sizeof want - at, "|%s", verdicts[i]);
    expect(t, fcall(t, "beat", &a), want);
}

static const char *commit(trace *t)
{
    const ref_lease *const lease = &t->committed;
    const ref_commit *const what = &t->commit;
    args a = {0};
    const char *got;

    add_agent(&a, lease->agent);
    add_lease(&a, lease);
    add(&a, "%llu", (unsigned long long)what->count);
    add(&a, "%d", what->give_back);
    add(&a, "%016llx", (unsigned long long)what->checksum);
    add(&a, "%.*s", (int)what->bytes,
        "0123456789012345678901234567890123456789012345678901234567890123");
    got = fcall(t, "commit", &a);
    expect(t, got, ref_take(t->ref, lease, what));
    return got;
}

static void move_commit(trace *t)
{
    ref_lease lease;

    if (!some_lease(t, &lease))
        return;
    t->committed = lease;
    t->commit = (ref_commit){.count = 1 + draw(t, t->committed.range.count),
                             .bytes = 1 + draw(t, one_in(t, 20) ? 60 : 12),
                             .checksum = draw(t, UINT64_MAX),
                             .give_back = one_in(t, 4)};
    (void)commit(t);
}

/* The reply was lost; meanwhile the slot has come to its end, or has not. */
static void move_repeat(trace *t)
{
    if (t->commit.count == 0)
        return;
    if (one_in(t, 2))
        t->commit.give_back = !t->commit.give_back;
    note("repeat", commit(t));
}

static void move_fail(trace *t)
{
    ref_failure why = {
        .drain = one_in(t, 3), .hopeless = one_in(t, 6), .signal = 11, .message = "it fell over"};
    ref_lease lease;
    args a = {0};

    if (!some_lease(t, &lease))
        return;
    why.reached = lease.range.first + (one_in(t, 2) ? 0 : draw(t, lease.range.count));
    add_agent(&a, lease.agent);
    add_lease(&a, &lease);
    add(&a, why.drain ? "drain" : why.hopeless ? "hopeless" : "error");
    add(&a, "%llu", (unsigned long long)why.reached);
    add(&a, "%d", why.signal);
    add(&a, "%s", why.message);
    expect(t, fcall(t, "fail", &a), ref_fail(t->ref, &lease, &why));
}

static void step(trace *t)
{
    const unsigned run = (unsigned)draw(t, REF_RUNS), agent = (unsigned)draw(t, REF_AGENTS);
    const uint64_t what = draw(t, 100);

    if (what < 20)
        move_claim(t, agent);
    else if (what < 36)
        move_commit(t);
    else if (what < 40)
        move_repeat(t);
    else if (what < 48)
        move_beat(t, agent);
    else if (what < 54)
        move_fail(t);
    else if (what < 60)
        move_hello(t, agent);
    else if (what < 62)
        move_bye(t, agent);
    else if (what < 69)
        move_expire(t);
    else if (what < 74)
        move_reap(t);
    else if (what < 76)
        move_silence(t, agent, run);
    else if (what < 82)
        move_run(t, run);
    else if (what < 86)
        move_submit(t, run);
    else if (what < 87)
        move_check(t, run);
    else if (what < 88)
        move_ban(t, run);
    else if (what < 95)
        move_ackout(t, run);
    else if (what < 97)
        move_manager(t, run);
    else if (what < 99)
        move_model(t);
    else if (one_in(t, 6))
        move_finish(t, run);
}

static void the_library_does_what_a_plain_state_machine_does(void **state)
{
    const char *given = getenv("ETAS_TEST_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 1000003u;
    static ref_pool ref;

    for (uint64_t round = 0; round < ROUNDS; round++, seed++) {
        trace t = {.p = pool_of(state), .ref = &ref, .random = seed};

        if (given == NULL && round < KNOWN)
            t.random = FIRST + round; /* these meet everything that there is */
        printf("ETAS_TEST_SEED=%llu\n", (unsigned long long)t.random);
        memset(&ref, 0, sizeof ref);
        (void)pool_raw(t.p, "FLUSHALL");
        check_ok(etas_queue_check(t.p->queue, NULL), NULL);
        for (unsigned i = 0; i < REF_RUNS; i++) {
            t.epoch[i] = 1;
            move_run(&t, i);
            move_submit(&t, i);
        }
        for (unsigned i = 0; i < REF_AGENTS; i++)
            move_hello(&t, i);
        move_reap(&t);
        for (int i = 0; i < STEPS; i++) {
            t.drought = i % 500 >= 250;
            step(&t);
            compare(&t);
        }
    }
    if (given == NULL)
        check_met();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(
        the_library_does_what_a_plain_state_machine_does, pool_setup, pool_teardown)};

    return cmocka_run_group_tests(tests, redis_group_setup, redis_group_teardown);
}
