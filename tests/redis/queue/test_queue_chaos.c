/* A model checker: one driver, several agents, a manager and two runs act at random, with kills,
 * lost replies, repeats, late calls, lost data and a clock that jumps. ETAS_TEST_SEED repeats a
 * run.
 *
 * Oracles after every step, for each run: the conservation law; and every catalogue is stored by
 * the driver, or somewhere in the pool, or known to the driver as to be submitted. At the end,
 * without further faults, every catalogue is stored, from a frame that says exactly that catalogue.
 */
#include "chaos_world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STEPS = 4000, ROUNDS = 3, PATIENCE = 4000 };

/* ---- agents ---- */

static void agent_start(world *w, sim_agent *a)
{
    *a = (sim_agent){.id = pool_agent(w->next_id++, HELD)};
    a->id.host[5] = (char)('0' + draw(w, HOSTS)); /* node-N.example */
    check_ok(etas_queue_hello(w->p->queue, &a->id, 0, NULL, NULL), NULL);
}

static void agent_drop(sim_agent *a, size_t i)
{
    a->held[i] = a->held[--a->n];
}

static void agent_claim(world *w, sim_agent *a)
{
    const etas_claim_request request = {.rate = (double)draw(w, 3), .remaining_s = INFINITY};
    etas_claim claim;

    if (a->n == HELD)
        return;
    check_ok(etas_queue_claim(w->p->queue, &a->id, &request, &claim, NULL), NULL);
    if (claim.kind == ETAS_CLAIM_COMMAND && claim.command == ETAS_COMMAND_HELLO)
        check_ok(etas_queue_hello(w->p->queue, &a->id, a->n, a->held, NULL), NULL);
    else if (claim.kind == ETAS_CLAIM_COMMAND) {
        check_ok(etas_queue_bye(w->p->queue, &a->id, NULL), NULL);
        agent_start(w, a);
    } else if (claim.kind == ETAS_CLAIM_WORK && !fault(w, 10))
        a->held[a->n++] = claim.lease;
}

static void commit(world *w, sim_agent *a, etas_lease *lease, uint32_t count, bool give_back,
                   etas_verdict *verdict)
{
    const uint64_t name[2] = {frame_name(lease->run, lease->first, count), 0};
    const etas_commit what = {.count = count,
                              .give_back = give_back,
                              .checksum = name[0],
                              .len = sizeof name,
                              .bytes = (const uint8_t *)name};

    check_ok(etas_queue_commit(w->p->queue, &a->id, lease, &what, verdict, NULL), NULL);
}

static void agent_commit(world *w, sim_agent *a)
{
    const size_t i = a->n > 0 ? (size_t)draw(w, a->n) : 0;
    etas_verdict verdict;
    etas_lease before;
    uint32_t count;

    if (a->n == 0)
        return;
    before = a->held[i];
    count = (uint32_t)(1 + draw(w, before.count));
    commit(w, a, &a->held[i], count, draw(w, 8) == 0, &verdict);
    if (verdict == ETAS_VERDICT_OK && fault(w, 6)) { /* its reply was lost */
        a->held[i] = before;
        commit(w, a, &a->held[i], count, false, &verdict);
    }
    if (draw(w, 4) == 0)
        a->late = before;
    if (verdict == ETAS_VERDICT_LOST || verdict == ETAS_VERDICT_CANCEL || a->held[i].count == 0)
        agent_drop(a, i);
}

static void agent_fail(world *w, sim_agent *a)
{
    const size_t i = a->n > 0 ? (size_t)draw(w, a->n) : 0;
    etas_failure why = {.kind = draw(w, 2) ? ETAS_FAIL_ERROR : ETAS_FAIL_DRAIN, .message = "x y"};

    if (a->n == 0)
        return;
    why.reached = a->held[i].first + (draw(w, 2) ? draw(w, a->held[i].count) : 0);
    check_ok(etas_queue_fail(w->p->queue, &a->id, &a->held[i], &why, NULL), NULL);
    if (fault(w, 4))
        check_ok(etas_queue_fail(w->p->queue, &a->id, &a->held[i], &why, NULL), NULL);
    if (draw(w, 2) == 0)
        a->late = a->held[i];
    agent_drop(a, i);
}

static void agent_beat(world *w, sim_agent *a)
{
    etas_verdict verdicts[HELD];
    etas_beat beat = {.verdicts = verdicts};

    check_ok(etas_queue_beat(w->p->queue, &a->id, a->n, a->held, &beat, NULL), NULL);
    for (size_t i = a->n; i-- > 0;)
        if (verdicts[i] != ETAS_VERDICT_OK)
            agent_drop(a, i);
    if (beat.command == ETAS_COMMAND_HELLO)
        check_ok(etas_queue_hello(w->p->queue, &a->id, a->n, a->held, NULL), NULL);
}

/* Something about a lease that may be long over. */
static void agent_late(world *w, sim_agent *a)
{
    const etas_failure why = {.kind = ETAS_FAIL_ERROR, .reached = a->late.first};
    etas_verdict verdict;
    etas_lease lease = a->late;

    if (lease.count == 0)
        return;
    if (draw(w, 2))
        commit(w, a, &lease, (uint32_t)(1 + draw(w, lease.count)), false, &verdict);
    else
        check_ok(etas_queue_fail(w->p->queue, &a->id, &lease, &why, NULL), NULL);
}

static void agent_act(world *w)
{
    sim_agent *a = &w->agents[draw(w, AGENTS)];

    switch (draw(w, w->calm ? 6 : 12)) {
    case 0:
    case 1:
        agent_claim(w, a);
        break;
    case 2:
    case 3:
    case 4:
        agent_commit(w, a);
        break;
    case 5:
    case 6:
        agent_beat(w, a);
        break;
    case 7:
        agent_fail(w, a);
        break;
    case 8:
        check_ok(etas_queue_hello(w->p->queue, &a->id, a->n, a->held, NULL), NULL);
        break;
    case 9:
        agent_late(w, a);
        break;
    case 10:
        if (draw(w, 2) == 0)
            check_ok(etas_queue_bye(w->p->queue, &a->id, NULL), NULL);
        agent_start(w, a); /* without a bye: it was killed */
        break;
    default:
        if (draw(w, 5) == 0) /* the host forgot what it held, and says so */
            a->n = 0;
        break;
    }
}

/* ---- the world ---- */

/* Time goes by: every stamp on the server moves into the past (or the clock back: the future). */
static void pass_time(world *w, long long ms)
{
    pool *p = w->p;
    redisReply *all = redisCommand(p->raw, "ZRANGE %sleases 0 -1", KEY);

    for (size_t i = 0; i < all->elements; i++)
        freeReplyObject(
            redisCommand(p->raw, "ZINCRBY %sleases %lld %s", KEY, -ms, all->element[i]->str));
    freeReplyObject(all);
    for (unsigned i = 0; i < RUNS; i++)
        if (pool_raw_int(p, "EXISTS %srun:%s", KEY, w->runs[i].meta.id))
            (void)pool_raw(p, "HINCRBY %srun:%s beat %lld", KEY, w->runs[i].meta.id, -ms);
    if (pool_raw_int(p, "HEXISTS %spool reap", KEY)) {
        (void)pool_raw(p, "HINCRBY %spool reap %lld", KEY, -ms);
        (void)pool_raw(p, "HINCRBY %spool swept %lld", KEY, -ms);
    }
    for (int i = 0; i < AGENTS; i++)
        (void)pool_raw(p, "ZADD %sagents XX INCR %lld %s", KEY, -ms, w->agents[i].id.id);
}

static void manager_act(world *w)
{
    sim_run *r = &w->runs[draw(w, RUNS)];
    uint64_t n, m;

    switch (draw(w, 12)) {
    case 0:
        check_ok(etas_queue_reset(w->p->queue, &n, &m, NULL), NULL);
        break;
    case 1:
        check_ok(etas_queue_pause(w->p->queue, true, NULL), NULL);
        break;
    case 2:
        check_ok(etas_queue_stop(w->p->queue, draw(w, 2) == 0, 0, NULL, &n, NULL), NULL);
        break;
    case 3:
        (void)pool_raw(w->p, "FUNCTION FLUSH");
        break;
    case 4:
    case 5: /* all is lost, or a part that only an audit can find */
        if (draw(w, 8) == 0)
            (void)pool_raw(w->p, "FLUSHALL");
        else if (draw(w, 4) == 0) {
            static const char *const names[] = {"pending", "out",   "outmeta",
                                                "dead",    "check", "run"};

            (void)pool_raw(w->p, "DEL %s%s:%s", KEY, names[draw(w, 6)], r->meta.id);
            driver_beat(w, r);
            driver_audit(w, r);
        }
        memset(w->runs[0].owed, 1, SIZE); /* the driver audits whenever it hears of it */
        memset(w->runs[1].owed, 1, SIZE);
        for (int i = 0; i < RUNS; i++) {
            driver_beat(w, &w->runs[i]);
            driver_audit(w, &w->runs[i]);
        }
        break;
    default:
        check_ok(etas_queue_pause(w->p->queue, false, NULL), NULL);
        if (etas_queue_retry(w->p->queue, r->meta.id, &n, NULL) == ETAS_OK)
            break;
    }
}

static void step(world *w)
{
    sim_run *r = &w->runs[draw(w, RUNS)];
    const uint64_t what = draw(w, 100);

    if (what < 62)
        agent_act(w);
    else if (what < 72)
        driver_beat(w, r);
    else if (what < 84)
        driver_collect(w, r);
    else if (what < 86)
        submit_owed(w, r);
    else if (what < 87 && draw(w, 2) == 0)
        driver_late(w, r);
    else if (what < 87)
        driver_checks(w, r);
    else if (what < 88)
        driver_audit(w, r);
    else if (what < 97 || w->calm) {
        const long long most[] = {9000, 9000, 9000, 40000, 90000, 700000};

        pass_time(w, (long long)draw(w, (uint64_t)most[draw(w, w->calm ? 3 : 6)]));
        if (fault(w, 40))
            pass_time(w, -50000);
        pool_reap(w->p);
    } else
        manager_act(w);
}

static void check_world(world *w)
{
    for (int i = 0; i < RUNS; i++) {
        sim_run *r = &w->runs[i];
        uint8_t found[SIZE];
        bool conserved;

        if (!audit_run(w, r, found, &conserved))
            fail_msg("run %d is not there", i);
        if (!conserved)
            fail_msg("run %d: the law does not hold", i);
        for (int k = 0; k < SIZE; k++)
            if (!r->stored[k] && !found[k] && !r->owed[k])
                fail_msg("run %d: catalogue %d is lost", i, k);
    }
}

static size_t left(const world *w)
{
    size_t n = 0;

    for (int i = 0; i < RUNS; i++)
        for (int k = 0; k < SIZE; k++)
            n += !w->runs[i].stored[k];
    return n;
}

static void settle(world *w)
{
    uint64_t n;
    int tries = 0;

    w->calm = true;
    check_ok(etas_queue_pause(w->p->queue, false, NULL), NULL);
    for (int i = 0; i < RUNS; i++)
        check_ok(etas_queue_ban(w->p->queue, &w->runs[i].meta, 0, NULL, NULL), NULL);
    for (; left(w) > 0; tries++) {
        if (tries > PATIENCE)
            fail_msg("%zu catalogues never arrived", left(w));
        if (tries % 100 == 0)
            for (int i = 0; i < RUNS; i++) {
                driver_beat(w, &w->runs[i]);
                check_ok(etas_queue_retry(w->p->queue, w->runs[i].meta.id, &n, NULL), NULL);
                driver_audit(w, &w->runs[i]);
            }
        step(w);
        check_world(w);
    }
}

static void nothing_is_lost_whatever_happens_and_in_whatever_order(void **state)
{
    const char *given = getenv("ETAS_TEST_SEED");
    uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 1000003u;

    for (int round = 0; round < ROUNDS; round++, seed++) {
        world w = {.p = pool_of(state), .random = seed, .next_id = 1};

        printf("ETAS_TEST_SEED=%llu\n", (unsigned long long)seed);
        (void)pool_raw(w.p, "FLUSHALL");
        for (unsigned i = 0; i < RUNS; i++) {
            w.runs[i].meta = pool_run(i + 1, SIZE);
            w.runs[i].meta.mark_bytes = 160;
            w.runs[i].meta.max_lost = 3;
            w.runs[i].meta.chunk_size = i == 0 ? 0 : 13;
            driver_beat(&w, &w.runs[i]);
        }
        for (int i = 0; i < AGENTS; i++)
            agent_start(&w, &w.agents[i]);
        for (int i = 0; i < STEPS; i++) {
            step(&w);
            check_world(&w);
            if (left(&w) == 0) /* as if the runs had just begun: more to do */
                for (int k = 0; k < RUNS; k++) {
                    memset(w.runs[k].stored, 0, SIZE);
                    driver_audit(&w, &w.runs[k]);
                }
        }
        settle(&w);
        for (int i = 0; i < RUNS; i++)
            check_ok(etas_queue_run_finish(w.p->queue, &w.runs[i].meta, NULL), NULL);
        assert_int_equal(pool_raw_int(w.p, "EXISTS %sruns %sleases", KEY, KEY), 0);
    }
}

#define POOL_TEST(f) cmocka_unit_test_setup_teardown(f, pool_setup, pool_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(nothing_is_lost_whatever_happens_and_in_whatever_order),
    };

    return cmocka_run_group_tests(tests, redis_group_setup, redis_group_teardown);
}
