/* The library's calls to the server, timed; and who holds which part of the work. Linked with
 * --wrap for each of them. */
#include "agents.h"

#include "etas/queue.h"

#define AGENTS_WRAP(name, call, parameters, arguments)             \
    etas_status __real_etas_queue_##name parameters;               \
    etas_status __wrap_etas_queue_##name parameters;               \
    etas_status __wrap_etas_queue_##name parameters                \
    {                                                              \
        const double since_s = etas_clock_s();                     \
        const etas_status st = __real_etas_queue_##name arguments; \
                                                                   \
        note(call, since_s);                                       \
        return st;                                                 \
    }

agents_world *agents_shared;
uint32_t agents_farm;

static void note(agents_call call, double since_s)
{
    const double us = 1e6 * (etas_clock_s() - since_s);
    agents_histogram *const h =
        &agents_shared->histograms[atomic_load(&agents_shared->phase)][call];
    const uint64_t whole = us < 1 ? 1 : (uint64_t)us;
    uint64_t max = atomic_load(&h->max_us);
    uint32_t octave = 0, at;

    while (octave < 31 && whole >> (octave + 1) != 0)
        octave++;
    at = 8 * octave + (uint32_t)(8 * (whole - (UINT64_C(1) << octave)) >> octave);
    atomic_fetch_add(&h->count, 1);
    atomic_fetch_add(&h->buckets[at < HISTOGRAM_BUCKETS ? at : HISTOGRAM_BUCKETS - 1], 1);
    while (whole > max && !atomic_compare_exchange_weak(&h->max_us, &max, whole))
        continue;
}

double agents_quantile_ms(const agents_histogram *histogram, double share)
{
    const double want = share * (double)atomic_load(&histogram->count);
    const double max_ms = (double)atomic_load(&histogram->max_us) * 1e-3;
    double sum = 0;

    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        const double upper_us = (double)(UINT64_C(1) << (i / 8)) * (1 + (i % 8 + 1) / 8.0);

        sum += (double)atomic_load(&histogram->buckets[i]);
        if (sum > 0 && sum >= want)
            return upper_us * 1e-3 < max_ms ? upper_us * 1e-3 : max_ms;
    }
    return max_ms;
}

AGENTS_WRAP(hello, CALL_HELLO,
            (etas_queue * self, const etas_agent *agent, size_t n, const etas_lease held[],
             etas_error *err),
            (self, agent, n, held, err))
AGENTS_WRAP(bye, CALL_BYE, (etas_queue * self, const etas_agent *agent, etas_error *err),
            (self, agent, err))
AGENTS_WRAP(reap, CALL_REAP, (etas_queue * self, etas_error *err), (self, err))
AGENTS_WRAP(beat, CALL_BEAT,
            (etas_queue * self, const etas_agent *agent, size_t n, const etas_lease leases[],
             etas_beat *out, etas_error *err),
            (self, agent, n, leases, out, err))
AGENTS_WRAP(run_beat, CALL_RUN,
            (etas_queue * self, const etas_run_meta *run, etas_run_state *state, etas_error *err),
            (self, run, state, err))
AGENTS_WRAP(collect, CALL_COLLECT,
            (etas_queue * self, const etas_run_meta *run, size_t max_bytes, etas_collected **items,
             size_t *n, etas_error *err),
            (self, run, max_bytes, items, n, err))

/* The parts that a range touches. */
static agents_part *parts_of(uint64_t first, uint64_t count, uint64_t *n)
{
    const uint64_t size = PART_CATALOGS, from = first / size;

    *n = from < agents_shared->n_parts ? (first + count + size - 1) / size - from : 0;
    if (*n > agents_shared->n_parts - from)
        *n = agents_shared->n_parts - from;
    return agents_shared->parts + from;
}

etas_status __real_etas_queue_claim(etas_queue *self, const etas_agent *agent,
                                    const etas_claim_request *request, etas_claim *out,
                                    etas_error *err);
etas_status __wrap_etas_queue_claim(etas_queue *self, const etas_agent *agent,
                                    const etas_claim_request *request, etas_claim *out,
                                    etas_error *err);
etas_status __wrap_etas_queue_claim(etas_queue *self, const etas_agent *agent,
                                    const etas_claim_request *request, etas_claim *out,
                                    etas_error *err)
{
    const double since_s = etas_clock_s();
    const etas_status st = __real_etas_queue_claim(self, agent, request, out, err);
    uint64_t n;

    note(CALL_CLAIM, since_s);
    if (st == ETAS_OK && out->kind == ETAS_CLAIM_WORK) {
        agents_part *const parts = parts_of(out->lease.first, out->lease.count, &n);

        atomic_fetch_add(&agents_shared->claims, 1);
        for (uint64_t i = 0; i < n; i++)
            atomic_store(&parts[i].holder, agents_farm);
    }
    return st;
}

etas_status __real_etas_queue_commit(etas_queue *self, const etas_agent *agent, etas_lease *lease,
                                     const etas_commit *what, etas_verdict *verdict,
                                     etas_error *err);
etas_status __wrap_etas_queue_commit(etas_queue *self, const etas_agent *agent, etas_lease *lease,
                                     const etas_commit *what, etas_verdict *verdict,
                                     etas_error *err);
etas_status __wrap_etas_queue_commit(etas_queue *self, const etas_agent *agent, etas_lease *lease,
                                     const etas_commit *what, etas_verdict *verdict,
                                     etas_error *err)
{
    const double since_s = etas_clock_s();
    uint64_t n;
    agents_part *const parts = parts_of(lease->first, what->count, &n);
    etas_status st;

    for (uint64_t i = 0; i < n; i++)
        atomic_store(&parts[i].sent_s, since_s);
    st = __real_etas_queue_commit(self, agent, lease, what, verdict, err);
    note(CALL_COMMIT, since_s);
    if (st == ETAS_OK && *verdict == ETAS_VERDICT_OK) {
        atomic_fetch_add(&agents_shared->commits, 1);
        atomic_fetch_add(&agents_shared->bytes, what->len);
    }
    return st;
}

etas_status __real_etas_queue_ackout(etas_queue *self, const etas_run_meta *run, size_t n,
                                     const etas_ack acks[], etas_error *err);
etas_status __wrap_etas_queue_ackout(etas_queue *self, const etas_run_meta *run, size_t n,
                                     const etas_ack acks[], etas_error *err);
etas_status __wrap_etas_queue_ackout(etas_queue *self, const etas_run_meta *run, size_t n,
                                     const etas_ack acks[], etas_error *err)
{
    const double since_s = etas_clock_s();
    const etas_status st = __real_etas_queue_ackout(self, run, n, acks, err);

    note(CALL_ACKOUT, since_s);
    for (size_t i = 0; st == ETAS_OK && i < n; i++) {
        uint64_t k;
        agents_part *const parts = parts_of(acks[i].first, acks[i].count, &k);

        if (k > 0)
            note(CALL_LAG, atomic_load(&parts[0].sent_s));
        while (k > 0)
            atomic_fetch_add(&parts[--k].stored, 1);
    }
    return st;
}
