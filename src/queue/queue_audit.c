/* Where a run's catalogues are. */
#include <stdlib.h>

#include "etas/text.h"
#include "queue/queue_link.h"
#include "queue/queue_reply.h"

static int by_first(const void *a, const void *b)
{
    const etas_range *x = a, *y = b;

    return (x->first > y->first) - (x->first < y->first);
}

/* "first count first count ..." in any order, perhaps overlapping. */
static bool read_ranges(const redisReply *reply, etas_ranges *out, etas_status *st)
{
    reply_fields at;
    etas_range *list = NULL;
    size_t n = 0, capacity = 0;
    bool sane = reply_fields_begin(reply, &at);

    while (sane && *st == ETAS_OK && !reply_fields_done(&at)) {
        etas_range r;

        sane = reply_take_u64(&at, ETAS_MAX_CATALOGS, &r.first) &&
               reply_take_u64(&at, ETAS_MAX_CATALOGS, &r.count) && r.count > 0 &&
               r.first + r.count <= ETAS_MAX_CATALOGS;
        if (!sane)
            break;
        *st = etas_array_reserve((void **)&list, &capacity, n + 1, sizeof *list);
        if (*st == ETAS_OK)
            list[n++] = r;
    }
    if (sane && *st == ETAS_OK && n > 0) {
        qsort(list, n, sizeof *list, by_first); /* then each addition is at the end */
        for (size_t i = 0; i < n && *st == ETAS_OK; i++)
            *st = etas_ranges_add(out, list[i]);
    }
    etas_array_free((void **)&list);
    return sane;
}

void etas_audit_free(etas_audit *self)
{
    etas_ranges_free(&self->pending);
    etas_ranges_free(&self->checks);
    etas_ranges_free(&self->leased);
    etas_ranges_free(&self->out);
    etas_ranges_free(&self->dead);
    *self = (etas_audit){0};
}

static bool read_audit(const redisReply *reply, etas_audit *out, etas_status *st)
{
    uint64_t *const numbers[] = {&out->submitted, &out->acked, &out->discarded, &out->n_pending,
                                 &out->n_leased,  &out->n_out, &out->n_dead,    &out->live_slots};
    etas_ranges *const ranges[] = {&out->pending, &out->leased, &out->out, &out->dead};
    size_t at = 1;

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!reply_u64(reply_at(reply, at++), UINT64_MAX, numbers[i]))
            return false;
    if (!reply_flag(reply_at(reply, at++), &out->conserved))
        return false;
    for (size_t i = 0; i < sizeof ranges / sizeof(etas_ranges *) && *st == ETAS_OK; i++)
        if (!read_ranges(reply_at(reply, at++), ranges[i], st))
            return false;
    if (*st != ETAS_OK || reply->elements == at) /* the first edition knew no checks */
        return true;
    return reply_u64(reply_at(reply, at), UINT64_MAX, &out->n_checks) &&
           read_ranges(reply_at(reply, at + 1), &out->checks, st);
}

etas_status etas_queue_audit(etas_queue *self, const char *run_id, etas_audit *out, etas_error *err)
{
    redisReply *reply;
    etas_status st;
    bool sane = true;

    *out = (etas_audit){0};
    if (!queue_is_hex(run_id, ETAS_ID_HEX - 1))
        return etas_fail(err, ETAS_E_ARG, "a run's id has 32 hexadecimal digits");
    queue_begin(self, "audit");
    queue_arg(self, run_id);
    st = queue_call(self, QUEUE_LOAD, &reply, err);
    if (st != ETAS_OK)
        return st;
    out->exists = reply_is(reply_at(reply, 0), "OK");
    if (out->exists)
        sane = read_audit(reply, out, &st);
    else
        sane = reply_is(reply_at(reply, 0), "GONE");
    freeReplyObject(reply);
    if (sane && st == ETAS_OK)
        return ETAS_OK;
    etas_audit_free(out);
    return sane ? etas_fail(err, st, "out of memory") : queue_damaged(self, "audit", err);
}

/* "first count errors lost signal message", the message perhaps after "@host ". */
static bool read_dead(const redisReply *reply, etas_dead *out)
{
    reply_fields at;
    uint64_t signal = 0;

    if (!reply_fields_begin(reply, &at) ||
        !reply_take_u64(&at, ETAS_MAX_CATALOGS, &out->range.first) ||
        !reply_take_u64(&at, ETAS_MAX_CATALOGS, &out->range.count) || out->range.count == 0 ||
        out->range.first + out->range.count > ETAS_MAX_CATALOGS ||
        !reply_take_u32(&at, &out->errors) || !reply_take_u32(&at, &out->lost) ||
        !reply_take_u64(&at, 1024, &signal))
        return false;
    out->signal = (int)signal;
    out->host[0] = '\0';
    if (at.end - at.at > 1 && at.at[1] == '@') {
        char word[sizeof out->host + 1];

        if (!reply_take_word(&at, sizeof word, word))
            return false;
        (void)etas_format(sizeof out->host, out->host, "%s", word + 1);
    }
    reply_take_rest(&at, sizeof out->why, out->why);
    return true;
}

etas_status etas_queue_dead(etas_queue *self, const char *run_id, etas_dead **items, size_t *n,
                            etas_error *err)
{
    size_t capacity = 0, got = 1;
    etas_status st = ETAS_OK;
    bool sane = true;

    *items = NULL;
    *n = 0;
    if (!queue_is_hex(run_id, ETAS_ID_HEX - 1))
        return etas_fail(err, ETAS_E_ARG, "a run's id has 32 hexadecimal digits");
    while (st == ETAS_OK && sane && got > 0) {
        redisReply *reply;

        queue_begin(self, "dead");
        queue_arg(self, run_id);
        queue_arg_u64(self, *n);
        st = queue_call(self, QUEUE_READ, &reply, err);
        if (st != ETAS_OK || reply == NULL)
            break;
        got = reply->elements - 1;
        sane = reply_is(reply_at(reply, 0), "OK") && *n + got <= QUEUE_LISTED;
        for (size_t i = 0; sane && st == ETAS_OK && i < got; i++) {
            st = etas_array_reserve((void **)items, &capacity, *n + 1, sizeof **items);
            if (st != ETAS_OK)
                (void)etas_fail(err, st, "out of memory");
            else
                sane = read_dead(reply_at(reply, i + 1), &(*items)[(*n)++]);
        }
        freeReplyObject(reply);
    }
    if (st == ETAS_OK && sane)
        return ETAS_OK;
    etas_array_free((void **)items);
    *n = 0;
    return sane ? st : queue_damaged(self, "dead", err);
}
