/* A faulty machine: an agent whose frames are whole, in time and wrong. */
#include "pool_helpers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "etas/array.h"
#include "etas/codec.h"
#include "etas/plan.h"
#include "etas/text.h"
#include "runner/agent.h"
#include "runner/maker.h"

typedef struct liar {
    etas_queue *queue;
    etas_agent self;
    etas_lease lease;
    etas_work work;
    char model[65]; /* that work is of */
    etas_maker maker;
    etas_events events;
    bool lost;
} liar;

static etas_status deliver(void *context, uint64_t first, uint32_t count, size_t len,
                           const uint8_t bytes[], etas_error *err)
{
    liar *const l = context;
    etas_frame_header header;
    etas_verdict verdict = ETAS_VERDICT_WAIT;
    etas_commit what = {.count = count};
    uint8_t *out = NULL;
    size_t at = 0;
    etas_status st = etas_frame_decode(len, bytes, &header, &l->events, err);

    (void)first;
    if (st != ETAS_OK || l->lost)
        return st;
    for (uint32_t i = 0; i < count; at += l->events.count[i], i++)
        if (l->events.count[i] > 0)
            l->events.mag[at]++;
    st = etas_array_alloc((void **)&out, etas_frame_bound(&l->events), 1);
    if (st == ETAS_OK)
        st = etas_frame_encode(&header, &l->events, 0, out, &what.len);
    what.bytes = out;
    what.checksum = header.checksum;
    while (st == ETAS_OK && verdict == ETAS_VERDICT_WAIT) {
        st = etas_queue_commit(l->queue, &l->self, &l->lease, &what, &verdict, err);
        if (verdict == ETAS_VERDICT_WAIT)
            pool_sleep(0.05);
    }
    l->lost = verdict != ETAS_VERDICT_OK;
    etas_array_free((void **)&out);
    return st;
}

static etas_status take_model(liar *l, const char *sha256)
{
    uint8_t *blob = NULL;
    size_t len = 0;
    etas_status st;

    if (strcmp(l->model, sha256) == 0)
        return ETAS_OK;
    etas_work_close(&l->work);
    st = etas_queue_model_get(l->queue, sha256, &blob, &len, NULL);
    if (st == ETAS_OK)
        st = etas_work_open(&l->work, len, blob, NULL, NULL);
    if (st == ETAS_OK)
        etas_format(sizeof l->model, l->model, "%s", sha256);
    etas_array_free((void **)&blob);
    return st;
}

static etas_status make(liar *l, const etas_claim *claim)
{
    etas_maker_task task = {.seed = claim->seed,
                            .first = claim->lease.first,
                            .count = claim->lease.count,
                            .frame_s = 1,
                            .host = l->self.host};
    etas_status st = take_model(l, claim->model_sha256);

    l->lease = claim->lease;
    l->lost = !agent_run_id(claim->lease.run, task.run);
    if (st == ETAS_OK)
        etas_maker_start(&l->maker, &l->work, &task);
    while (st == ETAS_OK && l->maker.next < l->maker.end && !l->lost)
        st = etas_maker_step(&l->maker, deliver, l, NULL);
    return st;
}

void pool_liar_serve(etas_queue *queue, const char *host, unsigned most)
{
    liar l = {.queue = queue,
              .self = {.slots = 1, .algorithm = ETAS_ALGORITHM_VERSION, .release = "6.6.6"}};
    const etas_claim_request request = {.remaining_s = INFINITY};
    unsigned made = 0;
    etas_status st;

    etas_format(sizeof l.self.id, l.self.id, "%032x", (unsigned)rand());
    etas_format(sizeof l.self.host, l.self.host, "%s", host);
    st = etas_queue_hello(queue, &l.self, 0, NULL, NULL);
    while (st == ETAS_OK) {
        etas_claim claim = {0};
        etas_beat beat = {0};

        if (made < most)
            st = etas_queue_claim(queue, &l.self, &request, &claim, NULL);
        if (st == ETAS_OK && claim.kind == ETAS_CLAIM_COMMAND)
            st = etas_queue_hello(queue, &l.self, 0, NULL, NULL);
        else if (st == ETAS_OK && claim.kind == ETAS_CLAIM_WORK)
            st = (made++, make(&l, &claim));
        else
            pool_sleep(0.02);
        if (st == ETAS_OK)
            st = etas_queue_beat(queue, &l.self, 0, NULL, &beat, NULL);
    }
    etas_work_close(&l.work);
    etas_maker_free(&l.maker);
    etas_events_free(&l.events);
    etas_queue_close(queue);
}
