/* Memory that runs out at every single allocation of a call: it says so, and the same call works
 * afterwards. */
#include "queue_pool.h"
#include "support/exhaust.h"

#include <string.h>

static etas_status connect_and_check(void *context, etas_error *err)
{
    const pool *const p = context;
    etas_redis_options o = etas_redis_options_default();
    etas_queue *queue = NULL;
    etas_status st;

    o.socket_path = p->fx->socket;
    o.password = p->fx->password;
    st = etas_queue_open(&queue, &o, err);
    assert_true(st == ETAS_OK || queue == NULL);
    if (st == ETAS_OK)
        st = etas_queue_check(queue, err);
    etas_queue_close(queue);
    return st;
}

static void connecting(void **state)
{
    exhaust(connect_and_check, pool_of(state), 5);
}

/* With a link of its own, so that nothing is there yet that grows. */
static etas_status read_everything(void *context, etas_error *err)
{
    pool *const p = context;
    etas_audit audit = {0};
    etas_pool_info info = {0};
    etas_collected *collected = NULL;
    etas_dead *dead = NULL;
    uint8_t *model = NULL;
    size_t n = 0, len = 0;
    etas_queue *queue;
    etas_status st;

    exhaust_pause();
    queue = pool_connect(p->fx);
    exhaust_resume();
    st = etas_queue_model_get(queue, p->run.model_sha256, &model, &len, err);
    assert_true(st != ETAS_OK || len > 0);
    if (st == ETAS_OK)
        st = etas_queue_collect(queue, &p->run, 1 << 20, &collected, &n, err);
    assert_true(st != ETAS_OK || n == 1);
    if (st == ETAS_OK)
        st = etas_queue_audit(queue, p->run.id, &audit, err);
    if (st == ETAS_OK)
        st = etas_queue_dead(queue, p->run.id, &dead, &len, err);
    if (st == ETAS_OK)
        st = etas_queue_info(queue, &info, err);
    assert_true(st != ETAS_OK || (len == 1 && info.n_runs == 1));
    etas_pool_info_free(&info);
    etas_audit_free(&audit);
    etas_array_free((void **)&model);
    etas_array_free((void **)&dead);
    etas_queue_collected_free(&collected, &n);
    etas_queue_close(queue);
    return st;
}

static void reading(void **state)
{
    pool *const p = pool_of(state);
    etas_lease lease;

    pool_begin(p, 1000);
    lease = pool_claim(p);
    (void)pool_commit(p, &lease, 1, 100);
    check_ok(etas_queue_fail(p->queue, &p->agent, &lease,
                             &(etas_failure){ETAS_FAIL_HOPELESS, lease.first, 0, "too large"},
                             NULL),
             NULL);
    exhaust(read_everything, p, 10);
    (void)pool_check(p);
}

/* A driver's and an agent's calls, each new to its link; what one of them has not done the attempt
 * after it does. */
typedef struct work {
    pool *p;
    uint64_t serial, first;
} work;

static etas_status make_one(void *context, etas_error *err)
{
    work *const w = context;
    const etas_run_meta *const run = &w->p->run;
    const etas_range range = {w->first++, 1};
    const etas_claim_request request = {.remaining_s = 1e9};
    static const uint8_t frame[100];
    etas_run_state state;
    etas_claim claim = {0};
    etas_verdict verdict;
    etas_queue *queue;
    etas_status st;

    exhaust_pause();
    queue = pool_connect(w->p->fx);
    exhaust_resume();
    st = etas_queue_run_beat(queue, run, &state, err);
    if (st == ETAS_OK)
        st = etas_queue_submit(queue, run, ++w->serial, 1, &range, err);
    if (st == ETAS_OK)
        st = etas_queue_hello(queue, &w->p->agent, 0, NULL, err);
    if (st == ETAS_OK)
        st = etas_queue_claim(queue, &w->p->agent, &request, &claim, err);
    if (st == ETAS_OK) {
        const etas_commit what = {.count = 1, .checksum = 7, .len = sizeof frame, .bytes = frame};

        assert_int_equal(claim.kind, ETAS_CLAIM_WORK);
        st = etas_queue_commit(queue, &w->p->agent, &claim.lease, &what, &verdict, err);
        assert_true(st != ETAS_OK || verdict == ETAS_VERDICT_OK);
    }
    if (st == ETAS_OK)
        st = etas_queue_bye(queue, &w->p->agent, err);
    etas_queue_close(queue);
    return st;
}

static void working(void **state)
{
    static const uint8_t model[] = "model";
    pool *const p = pool_of(state);
    work w = {.p = p, .first = 100};

    (void)pool_beat(p);
    check_ok(etas_queue_model_put(p->queue, p->run.model_sha256, sizeof model, model, NULL), NULL);
    exhaust(make_one, &w, 5);
    (void)pool_check(p);
}

#define POOL_TEST(f) cmocka_unit_test_setup_teardown(f, pool_setup, pool_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POOL_TEST(connecting),
        POOL_TEST(reading),
        POOL_TEST(working),
    };

    return cmocka_run_group_tests(tests, redis_group_setup, redis_group_teardown);
}
