#include "chaos_world.h"

#include <string.h>

uint64_t draw(world *w, uint64_t below)
{
    uint64_t x = w->random += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (x ^ (x >> 31)) % below;
}

bool fault(world *w, uint64_t one_in)
{
    return !w->calm && draw(w, one_in) == 0;
}

void submit_owed(world *w, sim_run *r)
{
    etas_range ranges[SIZE];
    size_t n = 0;
    etas_status st;

    for (uint64_t i = 0; i < SIZE; i++)
        if (r->owed[i] && n > 0 && ranges[n - 1].first + ranges[n - 1].count == i)
            ranges[n - 1].count++;
        else if (r->owed[i])
            ranges[n++] = (etas_range){i, 1};
    if (n == 0)
        return;
    r->serial++;
    st = etas_queue_submit(w->p->queue, &r->meta, r->serial, n, ranges, NULL);
    if (st == ETAS_E_AWAY)
        return; /* flushed: the next beat says so */
    check_ok(st, NULL);
    if (fault(w, 3)) /* its reply was lost */
        check_ok(etas_queue_submit(w->p->queue, &r->meta, r->serial, n, ranges, NULL), NULL);
    memset(r->owed, 0, sizeof r->owed);
}

static void find(const etas_ranges *ranges, uint8_t found[])
{
    for (size_t i = 0; i < ranges->n; i++)
        for (uint64_t k = 0; k < ranges->items[i].count; k++) {
            assert_true(ranges->items[i].first + k < SIZE);
            found[ranges->items[i].first + k] = 1;
        }
}

bool audit_run(world *w, sim_run *r, uint8_t found[], bool *conserved)
{
    etas_audit a;
    bool exists;

    check_ok(etas_queue_audit(w->p->queue, r->meta.id, &a, NULL), NULL);
    memset(found, 0, SIZE);
    find(&a.pending, found);
    find(&a.leased, found);
    find(&a.out, found);
    find(&a.dead, found);
    exists = a.exists;
    *conserved = a.conserved;
    etas_audit_free(&a);
    return exists;
}

void driver_audit(world *w, sim_run *r)
{
    uint8_t found[SIZE];
    bool conserved;

    if (!audit_run(w, r, found, &conserved))
        return;
    if (!conserved) {
        check_ok(etas_queue_mend(w->p->queue, &r->meta, NULL), NULL);
        assert_true(audit_run(w, r, found, &conserved));
        assert_true(conserved);
    }
    for (size_t i = 0; i < SIZE; i++)
        r->owed[i] = !r->stored[i] && !found[i];
    submit_owed(w, r);
}

void driver_beat(world *w, sim_run *r)
{
    static const uint8_t model[] = "model";
    etas_run_state s;

    if (fault(w, 20))
        r->meta.epoch++; /* it was killed and resumed */
    check_ok(etas_queue_run_beat(w->p->queue, &r->meta, &s, NULL), NULL);
    if (s.needs_model)
        check_ok(etas_queue_model_put(w->p->queue, r->meta.model_sha256, sizeof model, model, NULL),
                 NULL);
    if (s.lost)
        driver_audit(w, r);
}

uint64_t frame_name(const char *run, uint64_t first, uint64_t count)
{
    return ((uint64_t)run[31] << 48) ^ (first << 16) ^ count;
}

void driver_collect(world *w, sim_run *r)
{
    etas_collected *items;
    etas_ack acks[64];
    size_t n, n_acks;

    check_ok(etas_queue_collect(w->p->queue, &r->meta, 16 * (1 + draw(w, 7)), &items, &n, NULL),
             NULL);
    assert_true(n <= 64);
    n_acks = n;
    for (size_t i = 0; i < n; i++) {
        const etas_collected *f = &items[i];
        const uint64_t name = frame_name(r->meta.id, f->first, f->count);

        assert_int_equal(f->len, 16);
        assert_memory_equal(f->bytes, &name, 8);
        assert_true(f->checksum == name);
        acks[i] = (etas_ack){f->first, f->count, f->checksum, fault(w, 30)};
        for (uint64_t k = 0; k < f->count; k++) {
            if (!acks[i].discard)
                r->stored[f->first + k] = 1;
            else if (!r->stored[f->first + k])
                r->owed[f->first + k] = 1;
        }
    }
    etas_queue_collected_free(&items, &n);
    if (fault(w, 5))
        return; /* killed between its store and the ack */
    check_ok(etas_queue_ackout(w->p->queue, &r->meta, n_acks, acks, NULL), NULL);
    if (fault(w, 3)) { /* its reply was lost */
        memcpy(r->late, acks, n_acks * sizeof *acks);
        r->n_late = n_acks;
    }
}

void driver_checks(world *w, sim_run *r)
{
    static const char *const hosts[HOSTS] = {"node-0.example", "node-1.example", "node-2.example"};
    etas_check checks[4];
    size_t n = 0;
    etas_status st;

    for (int i = 0; i < 4; i++) {
        const uint64_t first = draw(w, SIZE), most = SIZE - first < 8 ? SIZE - first : 8;

        if (!r->stored[first])
            continue;
        checks[n] = (etas_check){.range = {first, 1 + draw(w, most)}};
        memcpy(checks[n++].maker, hosts[draw(w, HOSTS)], strlen(hosts[0]) + 1);
    }
    if (draw(w, 4) == 0) {
        st = etas_queue_ban(w->p->queue, &r->meta, draw(w, 2), hosts + draw(w, HOSTS), NULL);
        if (st != ETAS_E_AWAY)
            check_ok(st, NULL);
    }
    r->serial++;
    for (int i = 0; i < 2; i++) { /* the reply of the first was lost */
        st = etas_queue_submit_checks(w->p->queue, &r->meta, r->serial, n, checks, NULL);
        if (st != ETAS_E_AWAY && st != ETAS_E_LIMIT)
            check_ok(st, NULL);
    }
}

void driver_late(world *w, sim_run *r)
{
    check_ok(etas_queue_ackout(w->p->queue, &r->meta, r->n_late, r->late, NULL), NULL);
    r->n_late = 0;
}
